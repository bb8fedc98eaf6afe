"""Where each answer to a screen leads, found by the functions that make the machine's transitions, with the conditions.

What an answer may lead to is a row of ways, in the order in which the machine would look at them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from ussd_engine.actions import OVERTAKEN
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.graph import Graph
from ussd_engine.menu.plan import all_tests
from ussd_engine.menu.schema import Action
from ussd_engine.model import Value
from ussd_engine.registry import SOURCES
from ussd_engine.screens.base import Dest, Line, Screen, Target, Tests

TEXT, ROW, FULL, NONE, BACK, HOME, WRONG, ELSE = "text", "row", "full", "none", "back", "home", "wrong", "else"
"""What is not a numbered line: a typed text, a row of a list, a text that filled the phone, a list or an offer without
anything, the keys for back and home, too many wrong choices, and whatever else the machine may do."""
_BY_VERB = {"back": BACK, "home": HOME, "too_many": WRONG, "full": FULL, "none": NONE}

Tested = tuple[str, tuple[str, ...], bool]
"""Name, values, and whether one of them must be there."""


class Way(msgspec.Struct, frozen=True, omit_defaults=True):
    """One screen to which an answer may lead: by a transition `verb to`, or by the door of another service."""

    verb: str
    to: str
    tests: tuple[Tested, ...] = ()
    form: str = ""
    saves: tuple[str, ...] = ()
    """The answers of the question that stands there: a question that has them is passed over."""
    sets: tuple[tuple[str, Value], ...] = ()
    clears: tuple[str, ...] = ()
    """The answers that are asked again."""
    action: str = ""
    outcome: str = ""
    first: str = ""
    """It is shown as if this other action had gone well now, for that one came first."""
    instead: str = ""
    """Stands in the place of this screen, which found nothing or had no answer in time."""
    later: bool = False
    """Follows only where the questions between are answered already, as on the way back from a change."""


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that can be answered. `key` is what is typed, or one of the names above."""

    key: str
    ways: tuple[Way, ...]
    tests: tuple[Tested, ...] = ()
    saves: Mapping[str, str] = {}
    """Answers with their values, empty for what is typed or chosen from rows."""
    label: str = ""
    """The message id of the line."""


class Leads:
    """The answers to the screens of one service."""

    def __init__(self, menu: Menu) -> None:
        self.menu = menu
        self.service = menu.service
        self.graph = Graph(menu.service, menu.plans)

    def answers(self, name: str) -> list[Answer]:
        """All that can be answered to a screen, its lines first; together they take every transition of it."""
        screen = self.service.screens[name]
        found = [*self._printed(screen), *self._typed(screen)]
        taken = {(way.verb, way.to) for answer in found for way in answer.ways}
        rest: dict[str, dict[Way, None]] = {}
        for edge in sorted(edge for edge in self.menu.edges if edge.source == name):
            if (edge.verb, edge.dest) not in taken or edge.verb in _BY_VERB:
                rest.setdefault(_BY_VERB.get(edge.verb, ELSE), {})[Way(edge.verb, edge.dest)] = None
        return [*found, *(Answer(key, tuple(ways)) for key, ways in rest.items())]

    def _printed(self, screen: Screen) -> Iterator[Answer]:
        for line in screen.lines:
            saves = {} if line.value is None else {screen.answers[0]: line.value}
            ways = dict.fromkeys(self._line(screen, line, saves))
            yield Answer(line.number, tuple(ways), tested(line.tests), saves, line.label)
        if screen.skip:
            ways = dict.fromkeys(self._onward(screen, {}))
            yield Answer(screen.skip.number, tuple(ways), label=screen.skip.label)

    def _line(self, screen: Screen, line: Line, saves: Mapping[str, Value]) -> Iterator[Way]:
        if line.value is None:
            yield from self._target(screen, line.target)
        else:
            yield from self._onward(screen, saves)

    def _typed(self, screen: Screen) -> Iterator[Answer]:
        """What is no line: a text, or a row."""
        chosen = screen.source is not None and SOURCES[screen.source.source].chosen
        if screen.kind == "input" or chosen:
            key = ROW if chosen else TEXT
            saves = dict.fromkeys(screen.answers, "")
            yield Answer(key, tuple(dict.fromkeys(self._onward(screen, {}))), saves=saves)

    def _onward(self, screen: Screen, saves: Mapping[str, Value]) -> Iterator[Way]:
        """Behind an answer: the form's next question, or where the screen says."""
        if self.graph.homes[screen.name]:
            yield from self._asked(screen, True, saves)
        elif screen.name == self.service.first:
            doors = {edge.dest for edge in self.menu.edges if edge.source == screen.name and edge.verb == "open"}
            for door in sorted(doors, key=lambda door: (door != self.service.start, door)):
                yield Way("open", door)
        else:
            yield from self._target(screen, screen.then)

    def _target(self, screen: Screen, target: Target, action: str = "", outcome: str = "") -> Iterator[Way]:
        for case in target:
            for way in self._dest(screen, case.dest, case.set):
                tests = (*tested(case.tests), *way.tests)
                via = (action or way.action, outcome or way.outcome)
                yield msgspec.structs.replace(way, tests=tests, action=via[0], outcome=via[1])

    def _dest(self, screen: Screen, dest: Dest, sets: Mapping[str, Value]) -> Iterator[Way]:
        service = self.service
        if dest.verb == "to" and dest.name in service.actions:
            yield from self._action(screen, service.actions[dest.name])
        elif dest.verb == "to" and dest.name in self.menu.plans:
            for index in self.graph.courses[dest.name].entered(sets):
                fixed = {**self.menu.plans[dest.name].sets, **sets}
                yield from self._question(screen, "ask", dest.name, index, sets=fixed)
        elif dest.verb == "to":
            yield from self._shown(screen, Way("to", dest.name, sets=tuple(sets.items())))
        elif dest.verb in ("change", "add", "restart"):
            yield from self._again(screen, dest, sets)
        elif dest.verb in ("accept", "next"):
            yield from self._asked(screen, dest.verb == "accept", sets)
        elif dest.verb == "continue":
            for name, homes in self.graph.homes.items():
                if homes:
                    yield from self._shown(screen, Way("continue", name))
        elif dest.verb in ("start", "home"):
            yield Way(dest.verb, service.start)
        elif dest.verb == "forget":
            yield Way("start", service.start)
            for action in service.actions.values():
                if action.do == "cancel":
                    outcomes = {name: target for name, target in action.outcomes.items() if name != "ok"}
                    yield from self._outcomes(screen, action, outcomes)
        elif dest.verb == "service":
            yield Way("service", dest.name)

    def _action(self, screen: Screen, action: Action) -> Iterator[Way]:
        yield from self._outcomes(screen, action, action.outcomes)

    def _outcomes(self, screen: Screen, action: Action, outcomes: Mapping[str, Target]) -> Iterator[Way]:
        for outcome, target in outcomes.items():
            yield from self._target(screen, target, action.name, outcome)
        for other in self.service.actions.values():
            if OVERTAKEN.get(action.do, {}).get(other.do) == "":
                for way in self._target(screen, other.outcomes.get("ok", ()), action.name):
                    yield msgspec.structs.replace(way, first=other.name)

    def _again(self, screen: Screen, dest: Dest, sets: Mapping[str, Value]) -> Iterator[Way]:
        verb = "change" if dest.verb == "restart" else dest.verb
        for form, first, start, end in self.graph.again(screen.name, dest):
            items = self.menu.plans[form].items[start:end]
            clears = () if verb == "add" else tuple(dict.fromkeys(name for item in items for name in item.saves))
            yield from self._question(screen, verb, form, first, sets=sets, clears=clears)

    def _asked(self, screen: Screen, answers: bool, sets: Mapping[str, Value]) -> Iterator[Way]:
        ordinary = {form: self._ordinary(screen, form, sets) for form in self.graph.homes[screen.name]}
        for form, index in sorted(self.graph.following(screen.name, answers, sets)):
            for way in self._question(screen, "ask", form, index, sets=sets):
                yield msgspec.structs.replace(way, later=index not in ordinary[form])

    def _ordinary(self, screen: Screen, form: str, sets: Mapping[str, Value]) -> set[int]:
        """The questions of a form that may come next while nothing behind the screen is answered."""
        plan, course = self.menu.plans[form], self.graph.courses[form]
        anchor = self.graph.homes[screen.name][form]
        moved = course.moved({*sets, *plan.items[anchor].saves})
        tests = tuple(test for test in course.whole[anchor] if test.name not in moved)
        known = {**course.known, **course.certain(sets)}
        return set(course.first(plan.items[anchor].end, len(plan.items), tests, known, ()))

    def _question(
        self,
        screen: Screen,
        verb: str,
        form: str,
        index: int,
        *,
        sets: Mapping[str, Value],
        clears: tuple[str, ...] = (),
    ) -> Iterator[Way]:
        plan = self.menu.plans[form]
        item = plan.items[index]
        tests = tested(all_tests(plan, item))
        yield from self._shown(screen, Way(verb, item.name, tests, form, item.saves, tuple(sets.items()), clears))

    def _shown(self, screen: Screen, way: Way) -> Iterator[Way]:
        """A way, and those to what may stand in the place of its screen."""
        for edge in self.graph.shown(screen.name, way.verb, way.to):
            instead = way.to if edge.dest != way.to else ""
            yield msgspec.structs.replace(way, to=edge.dest, instead=instead)


def tested(tests: Tests) -> tuple[Tested, ...]:
    """Tests as data."""
    return tuple((test.name, test.values, test.holds) for test in tests)
