"""Whether what `change` and `add` name is asked, in every form in which their line stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ussd_engine.errors import Fault
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.lint.worlds import worlds
from ussd_engine.menu.plan import Plan, all_tests, meant
from ussd_engine.screens.base import Case, Screen, Tests, passes


class _Change(NamedTuple):
    """A case that asks something again, with the conditions under which it is shown."""

    screen: Screen
    case: Case
    tests: Tests


def unasked(menu: Menu) -> Iterator[Fault]:
    """A fault for each `change` or `add` that may find nothing to ask."""
    for change in _changes(menu):
        name, verb = change.case.dest.name, change.case.dest.verb
        for form, anchor in menu.homes[change.screen.name].items():
            plan = menu.plans[form]
            ways = list(_ways(menu, plan, name, typed=verb == "add"))
            given = (*all_tests(plan, plan.items[anchor]), *change.tests)
            where = f'screen "{change.screen.name}": form "{form}"'
            if not ways:
                what = "nothing that is typed" if verb == "add" else "nothing"
                yield Fault(*change.case.place, f'{where} asks {what} by the name "{name}"', "change")
            elif not _covered(given, ways):
                message = f'{where} does not always ask "{name}": give the line the condition of the question'
                yield Fault(*change.case.place, message, "change")


def _changes(menu: Menu) -> Iterator[_Change]:
    for screen in menu.service.screens.values():
        for line in screen.lines:
            for case in line.target:
                if case.dest.verb in ("change", "add"):
                    yield _Change(screen, case, (*line.tests, *case.tests))


def _ways(menu: Menu, plan: Plan, name: str, typed: bool) -> Iterator[Tests]:
    """The tests of each question that is asked where `name` is; a sub-form is as good as what it asks."""
    for index in meant(plan, name):
        for item in plan.items[index : plan.items[index].end]:
            if not item.asks and (
                not typed or (menu.screen(item.name).kind == "input" and item.name == plan.items[index].name)
            ):
                yield all_tests(plan, item)


def _covered(given: Tests, ways: list[Tests]) -> bool:
    """Whether one of the ways is open whenever `given` holds, whatever the answers and facts are."""
    for world in worlds([given, *ways]):
        if passes(given, world.get) and not any(passes(way, world.get) for way in ways):
            return False
    return True
