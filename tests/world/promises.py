"""What every run must keep: every promise, and what a run broke of them."""

from . import promises_answers, promises_cases, promises_menus, promises_people  # noqa: F401  # they fill PROMISES
from .promise import PROMISES, broken

__all__ = ["PROMISES", "broken"]
