"""What every run must keep: every promise, and what a run broke of them."""

from tests.world import promises_answers, promises_cases, promises_menus, promises_people  # noqa: F401  # they fill PROMISES
from tests.world.promise import PROMISES, broken

__all__ = ["PROMISES", "broken"]
