"""The rules of the turn, and for each a switch that leaves it out of the real code.

`docs/turn-rules.md` says them; a rule stands here by its number there. With its switch on, the world must find a run
that breaks a promise: so each rule is needed, and each is seen. An exception that escapes does not count: a switch that
no longer fits the code would raise one, and show nothing.
"""

from tests.world.rules import acts, cases, legs, load, menus, store  # noqa: F401  # they fill RULES
from tests.world.rules.rule import RULES, Rule

__all__ = ["RULES", "Rule"]
