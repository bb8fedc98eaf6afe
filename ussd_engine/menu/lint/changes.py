"""Whether what `change` and `add` name is asked, in every form in which their line stands."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from ussd_engine.errors import Fault
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.graph import all_tests, meant
from ussd_engine.menu.plan import Plan
from ussd_engine.registry import FACTS
from ussd_engine.screens.base import Case, Fact, Screen, Tests, passes


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
    for world in _worlds([given, *ways]):
        if passes(given, world.get) and not any(passes(way, world.get) for way in ways):
            return False
    return True


def _worlds(all_tests: Iterable[Tests]) -> Iterator[Mapping[str, Fact | None]]:
    """Every combination of the values that the tests tell apart."""
    values: dict[str, set[str]] = {}
    for test in itertools.chain.from_iterable(all_tests):
        values.setdefault(test.name, set()).update(test.values)
    choices = [_subsets(found) if name in FACTS else [None, *sorted(found)] for name, found in values.items()]
    for combination in itertools.product(*choices):
        yield dict(zip(values, combination, strict=True))


def _subsets(values: set[str]) -> list[Fact | None]:
    ordered = sorted(values)
    sizes = range(len(ordered) + 1)
    return [frozenset(some) for size in sizes for some in itertools.combinations(ordered, size)]
