"""Empty databases, one of each kind; a ledger of which time may pass."""

from tests.ledger.retained import clock, keyring, ledger, log, url
from ussd_engine.testing.databases import postgres_server, postgres_url, sqlite_path, sqlite_template, sqlite_url

__all__ = [
    "clock",
    "keyring",
    "ledger",
    "log",
    "postgres_server",
    "postgres_url",
    "sqlite_path",
    "sqlite_template",
    "sqlite_url",
    "url",
]
