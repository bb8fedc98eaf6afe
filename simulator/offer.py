"""What the menus of an installation offer: screens, lines, rows, outcomes, error and warning lines, by language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ussd_engine.facts import FACTS
from ussd_engine.machine import FORGET
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.edition import Edition
from ussd_engine.registry import SOURCES
from ussd_engine.render import possible_lines
from ussd_engine.screens.base import Fact, Line, Screen, Target, Tests

Facts = Mapping[str, Fact]
Taken = tuple[str, str]
"""What, and the language: `("line emrejesho/home 1", "sw")`."""

NO_TRIGGER = {
    "busy": "shed load alone brings it: more than is taken at once",
    "steps": "shed load alone brings it: more of one caller than is taken in a minute",
    "maint": "only an operator who stops the service brings it",
    "stopped": "only an operator who stops the service brings it",
    "not_served": "only a code that no service answers brings it",
}
"""System screens that no dialog by itself brings, each with the reason."""
LACKING = "this installation lacks what it asks for"


@dataclass
class Offer:
    """What can be taken, and what cannot with the reason."""

    counted: set[Taken] = field(default_factory=set)
    listed: dict[str, str] = field(default_factory=dict)


def offer(edition: Edition, facts: Facts) -> Offer:
    """What an installation with these facts, at their best, can show and do."""
    found = Offer()
    for name, menu in edition.services.items():
        part = _Part(edition, menu, facts)
        for what, screen in part.things():
            first = bool(screen) and screen == menu.service.first
            languages = edition.languages[name][:1] if first else edition.languages[name]
            found.counted |= {(what, language) for language in languages}
        found.listed |= part.listed()
    return found


class _Part:
    """One service, as far as its installation reaches."""

    def __init__(self, edition: Edition, menu: Menu, facts: Facts) -> None:
        self.edition = edition
        self.menu = menu
        self.facts = facts
        self.idle = {menu.service.system[name] for name in NO_TRIGGER if name in menu.service.system}
        self.reached = self._reached()

    def things(self) -> Iterator[tuple[str, str]]:
        """Everything that can be taken, with its screen; an outcome or a line above has none."""
        name = self.menu.name
        above: set[str] = set()
        for screen in map(self.menu.screen, sorted(self.reached)):
            yield f"screen {name}/{screen.name}", screen.name
            if screen.source and SOURCES[screen.source.source].chosen:
                yield f"row {name}/{screen.name}", screen.name
            for line in self._lines(screen):
                yield f"line {name}/{screen.name} {line.number}", screen.name
            above.update(possible_lines(self.menu, screen))
        yield from ((f"above {name}/{line}", "") for line in sorted(above))
        yield from ((f"outcome {name}/{action} {outcome}", "") for action, outcome in self._outcomes())

    def listed(self) -> dict[str, str]:
        """What stands in the menu and cannot be taken, with the reason."""
        menu, service = self.menu, self.menu.service
        screens = set(service.screens) - self.reached
        reasons = {service.system[name]: reason for name, reason in NO_TRIGGER.items() if name in service.system}
        found = {f"screen {menu.name}/{name}": reasons.get(name, LACKING) for name in sorted(screens)}
        for screen in map(menu.screen, sorted(self.reached)):
            for line in screen.lines:
                if not self._possible(line.tests):
                    found[f"line {menu.name}/{screen.name} {line.number}"] = LACKING
        return found

    def _possible(self, tests: Tests) -> bool:
        """Whether the facts leave `tests` a way to pass; answers can be anything."""
        return all(self._can_pass(test.name, test.values) for test in tests if test.holds and test.name in FACTS)

    def _can_pass(self, name: str, values: tuple[str, ...]) -> bool:
        has = self.facts.get(name, frozenset())
        return any(value in has if isinstance(has, frozenset) else value == has for value in values)

    def _lines(self, screen: Screen) -> list[Line]:
        lines = [line for line in screen.lines if self._possible(line.tests)]
        return [*lines, screen.skip] if screen.skip else lines

    def _reached(self) -> set[str]:
        """The screens to which a walk leads that takes only possible lines and questions."""
        service, barred = self.menu.service, self._barred() | self._undone()
        doors = {service.start, service.first, service.resume, service.last, service.too_many}
        waiting = [*doors, *service.dial.values(), *service.system.values()]
        found: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in service.screens and name not in found | barred | self.idle:
                found.add(name)
                waiting += self._next(service.screens[name])
        return found

    def _next(self, screen: Screen) -> list[str]:
        closed = {f"{line.number}. {line.label}" for line in screen.lines if not self._possible(line.tests)}
        edges = (edge for edge in self.menu.edges if edge.source == screen.name and edge.verb != "back")
        return [edge.dest for edge in edges if edge.label not in closed]

    def _barred(self) -> set[str]:
        """Questions that no form can come to."""
        asked: dict[str, bool] = {}
        for plan in self.menu.plans.values():
            for item in plan.items:
                around = [plan.items[index].tests for index in item.within]
                possible = all(map(self._possible, [item.tests, *around]))
                asked[item.name] = asked.get(item.name, False) or possible
        return {name for name, possible in asked.items() if not possible}

    def _undone(self) -> set[str]:
        """Screens behind nothing but actions that no possible line takes."""
        service = self.menu.service
        lines = [line for screen in service.screens.values() for line in screen.lines]
        possible = _names(line.target for line in lines if self._possible(line.tests))
        closed = _names(line.target for line in lines) - possible
        behind, otherwise = set[str](), set(possible)
        for action in service.actions.values():
            (behind if action.name in closed else otherwise).update(_names(action.outcomes.values()))
        return behind - otherwise

    def _outcomes(self) -> Iterator[tuple[str, str]]:
        actions = self.menu.service.actions
        dests = [dest for target in self._targets() for dest in (case.dest for case in target)]
        for name in sorted({dest.name for dest in dests if dest.verb == "to" and dest.name in actions}):
            yield from ((name, outcome) for outcome in actions[name].outcomes)
        if any(dest.verb == FORGET for dest in dests):
            cancel = next(action for action in actions.values() if action.do == "cancel")
            yield from ((FORGET, outcome) for outcome in cancel.outcomes)

    def _targets(self) -> Iterator[Target]:
        for screen in map(self.menu.screen, self.reached):
            yield screen.then
            yield from (line.target for line in self._lines(screen))
        for action in self.menu.service.actions.values():
            yield from action.outcomes.values()


def _names(targets: Iterable[Target]) -> set[str]:
    return {case.dest.name for target in targets for case in target}
