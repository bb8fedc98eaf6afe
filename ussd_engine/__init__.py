"""A session-aware USSD and SMS gateway for citizens' feedback."""

__version__ = "0.1.0"
