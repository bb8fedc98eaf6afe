"""Whether a question can ever be asked: what its condition looks for must be given before it in some form."""

from __future__ import annotations

from collections.abc import Iterator

from ussd_engine.errors import Fault
from ussd_engine.facts import FACTS
from ussd_engine.menu.compile import Menu, targets
from ussd_engine.menu.plan import Plan
from ussd_engine.screens.base import Test

_ANYTHING = None


def never_asked(menu: Menu) -> Iterator[Fault]:
    """A fault for each condition of a question that holds in none of the forms that ask it."""
    looks: dict[Test, list[str]] = {}
    held: set[Test] = set()
    for plan in menu.plans.values():
        for index, item in enumerate(plan.items):
            for test in item.tests:
                if test.holds and test.name not in FACTS:
                    looks.setdefault(test, []).append(item.name)
                    held |= {test} if _may_hold(menu, plan, index, test) else set()
    for test in looks.keys() - held:
        values = " or ".join(f'"{value}"' for value in test.values)
        message = f'question "{looks[test][0]}" is never asked: nothing before it makes "{test.name}" {values}'
        yield Fault(*test.place, message, "order")


def _may_hold(menu: Menu, plan: Plan, index: int, test: Test) -> bool:
    if plan.sets.get(test.name) in test.values:
        return True
    led = [case.set.get(test.name) for target in targets(menu.service) for case in target]
    if any(value in test.values for value in led):
        return True
    before = (item.name for item in plan.items[:index] if test.name in item.saves and not item.asks)
    return any(_gives(menu, name, test) for name in before)


def _gives(menu: Menu, question: str, test: Test) -> bool:
    values = _values(menu, question)
    return values is _ANYTHING or not values.isdisjoint(test.values)


def _values(menu: Menu, question: str) -> set[str] | None:
    """What a question can save; `None` where that is not written in the menu."""
    screen = menu.screen(question)
    if screen.kind != "menu" or screen.offer:
        return _ANYTHING
    return {line.value for line in screen.lines if line.value is not None}
