"""Which screens may follow which: the transitions of a service, found from its forms and targets at load.

Inside a form a screen's followers are the questions that can be the first unanswered one after it; what is left out
is what its own conditions exclude. `draw` draws these edges, `check` walks them, and the shared machine runs on them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from ussd_engine.actions import OVERTAKEN
from ussd_engine.menu.answers import asked_in, beside_of
from ussd_engine.menu.course import Course
from ussd_engine.menu.plan import Item, Plan
from ussd_engine.menu.schema import Action, Service
from ussd_engine.menu.trail import Trail
from ussd_engine.model import Value
from ussd_engine.screens.base import Dest, Screen, Target, Tests


class Edge(NamedTuple):
    """One transition: its trigger is `verb dest`."""

    source: str
    verb: str
    dest: str
    label: str = ""
    """The printed line that takes it, where one does."""

    @property
    def trigger(self) -> str:
        return f"{self.verb} {self.dest}"


class Graph:
    """The edges of one service, with the forms in which each screen may stand."""

    def __init__(self, service: Service, plans: Mapping[str, Plan]) -> None:
        self.service = service
        self.plans = plans
        self.asked = asked_in(service)
        self.homes: dict[str, dict[str, int]] = {name: {} for name in service.screens}
        """Screen to the forms in which it may stand, each with the index of its question."""
        self.entered: set[tuple[str, Edge]] = set()
        """The edges into forms, each with its form, as far as they were found."""
        given = _given(service)
        self.courses = {form: Course(service, plan, given.get(form, ())) for form, plan in plans.items()}
        for form, plan in plans.items():
            for index, item in enumerate(plan.items):
                if not item.asks:
                    self._anchor(form, item.name, index)

    def _anchor(self, form: str, screen: str, index: int) -> None:
        if screen not in self.homes or form in self.homes[screen]:
            return
        self.homes[screen][form] = index
        for other in beside_of(self.service, self.asked, screen):
            self._anchor(form, other, index)

    def edges(self) -> set[Edge]:
        """All edges; those of `back` are the others turned round."""
        forward = {edge for screen in self.service.screens.values() for edge in self._of(screen)}
        turned = {
            (edge.dest, edge.source)
            for edge in forward
            if edge.verb in ("ask", "to", "change", "add", "full", "none")
            # what is shown behind the acts of a form lies outside of it
            and not (self.homes[edge.source] and not self.homes[edge.dest])
        }
        shut = {self.service.first, self.service.resume, self.service.last}
        silent = {self.service.start, *shut}
        silent |= {name for name, screen in self.service.screens.items() if screen.kind == "end"}
        turned |= set(self._behind(forward))
        # what was found there may be gone meanwhile, so that another screen stands in its place
        back = {
            edge
            for source, dest in turned
            if source not in silent and dest not in shut
            for edge in self.shown(source, "back", dest)
        }
        return forward | back | self._engine()

    def _behind(self, forward: Collection[Edge]) -> Iterator[tuple[str, str]]:
        """What lies behind the first questions of forms, and behind what stands outside forms, on the way there."""
        entries: dict[str, set[str]] = {}
        for form, edge in self.entered:
            entries.setdefault(form, set()).add(edge.source)
        leads = {(edge.source, edge.dest) for edge in forward if edge.verb == "to" and not self.homes[edge.dest]}
        trail = Trail(self.service, self.homes, entries, leads)
        for _, edge in self.entered:
            yield from ((edge.dest, one) for one in trail.under(edge.source))
            # who has come back to a form by a redial has the start behind her
            yield from [(edge.dest, self.service.start)] if self.service.resume else ()
        yield from trail.back()

    def _engine(self) -> set[Edge]:
        """What the engine does on every screen, and behind the first one."""
        service = self.service
        live = [name for name, screen in service.screens.items() if screen.kind != "end"]
        edges = {Edge(name, "home", service.start) for name in live}
        edges |= {Edge(name, "too_many", service.too_many) for name in live}
        if service.first:
            doors = {service.start, service.resume, *service.dial.values()} - {""}
            edges |= {Edge(service.first, "open", door) for door in doors}
        return edges

    def _of(self, screen: Screen) -> Iterator[Edge]:
        saves = bool(screen.answers)
        inside = self.homes[screen.name]
        for line in screen.lines:
            printed = f"{line.number}. {line.label}"
            if line.target:
                yield from self._target(screen.name, line.target, line.tests, printed)
            elif not inside and screen.then:
                yield from self._target(screen.name, screen.then, line.tests, printed)
        if not inside and screen.then and not any(line.value is not None for line in screen.lines):
            yield from self._target(screen.name, screen.then, ())
        if saves or screen.skip:
            yield from self._asked(screen.name, True, {})
        if screen.full:
            yield from self.shown(screen.name, "full", screen.full)
        for other in (screen.none, screen.slow):
            if other:
                yield from self.shown(screen.name, "none", other)

    def shown(self, source: str, verb: str, dest: str, label: str = "") -> Iterator[Edge]:
        """An edge to a screen, and one to each screen that may stand in its place."""
        if dest not in self.service.screens:
            return
        yield Edge(source, verb, dest, label)
        for other in (self.service.screens[dest].none, self.service.screens[dest].slow):
            if other and other != dest:
                yield from self.shown(source, verb, other, label)

    def _target(self, source: str, target: Target, tests: Tests, label: str = "") -> Iterator[Edge]:
        for case in target:
            yield from self._dest(source, case.dest, case.set, (*tests, *case.tests), label)

    def _dest(self, source: str, dest: Dest, sets: Mapping[str, Value], tests: Tests, label: str) -> Iterator[Edge]:
        service = self.service
        if dest.verb == "to" and dest.name in service.actions:
            for target in service.actions[dest.name].outcomes.values():
                yield from self._target(source, target, tests, label)
            yield from self._overtaken(source, service.actions[dest.name], tests, label)
        elif dest.verb == "to" and dest.name in self.plans:
            plan, course = self.plans[dest.name], self.courses[dest.name]
            for index in course.entered(sets):
                for edge in self.shown(source, "ask", plan.items[index].name, label):
                    self.entered.add((dest.name, edge))
                    yield edge
        elif dest.verb == "to":
            yield from self.shown(source, "to", dest.name, label)
        elif dest.verb in ("change", "add", "restart"):
            yield from self._again(source, dest, sets, label)
        elif dest.verb in ("accept", "next"):
            yield from self._asked(source, dest.verb == "accept", sets, label)
        elif dest.verb == "continue":
            for name, homes in self.homes.items():
                if homes:
                    yield from self.shown(source, "continue", name, label)
        elif dest.verb in ("start", "home"):
            yield Edge(source, dest.verb, service.start, label)
        elif dest.verb == "forget":
            yield Edge(source, "start", service.start, label)
            for action in service.actions.values():
                if action.do == "cancel":
                    for outcome in ("sent", "in_doubt"):
                        yield from self._target(source, action.outcomes.get(outcome, ()), tests, label)
                    yield from self._overtaken(source, action, tests, label)

    def _overtaken(self, source: str, action: Action, tests: Tests, label: str) -> Iterator[Edge]:
        """Where it is shown that another act of the same run came first, as if that had gone well now."""
        for other in self.service.actions.values():
            if OVERTAKEN.get(action.do, {}).get(other.do) == "":
                yield from self._target(source, other.outcomes.get("ok", ()), tests, label)

    def _again(self, source: str, dest: Dest, sets: Mapping[str, Value], label: str) -> Iterator[Edge]:
        verb = "change" if dest.verb == "restart" else dest.verb
        for form, first, _, _ in self.again(source, dest):
            yield from self.shown(source, verb, self.plans[form].items[first].name, label)
        for form, anchor in self.homes[source].items():
            asked = self.plans[form].items[anchor]
            if asked.saves and set(asked.saves) <= sets.keys():
                # back out of the change, the line has answered the question where it stands
                yield from self.shown(source, "back", asked.name)

    def again(self, source: str, dest: Dest) -> Iterator[tuple[str, int, int, int]]:
        """What a `change`, `add` or `restart` on a screen may ask: the form, the first question, and the part that is
        asked again, from an index to behind another."""
        for form, anchor in self.homes[source].items():
            course = self.courses[form]
            for start, end in course.spans(anchor, dest):
                yield from ((form, first, start, end) for first in course.first(start, end))

    def _asked(self, source: str, answers: bool, sets: Mapping[str, Value], label: str = "") -> Iterator[Edge]:
        for form, index in self.following(source, answers, sets):
            yield from self.shown(source, "ask", self.plans[form].items[index].name, label)

    def following(self, source: str, answers: bool, sets: Mapping[str, Value]) -> Iterator[tuple[str, int]]:
        """The questions that may come after a screen of a form was answered, or after its line set `sets`: each with
        the form in which it stands there."""
        for form, anchor in self.homes[source].items():
            plan, course = self.plans[form], self.courses[form]
            asked, screen = plan.items[anchor], self.service.screens[source]
            beside = set(screen.answers) - set(asked.saves) if answers else ()
            answered = self.service.screens[asked.name].full == source or (answers and self._answers(asked, screen))
            for index in course.after(anchor, answered, {**dict.fromkeys(beside), **sets}):
                yield form, index

    @staticmethod
    def _answers(asked: Item, screen: Screen) -> bool:
        """Whether an answer to `screen` answers the question beside which it stands."""
        return screen.name == asked.name or (bool(asked.saves) and set(asked.saves) <= set(screen.answers))


def _given(service: Service) -> dict[str, set[str]]:
    """By form: the answers that a line or an outcome brings along when it enters it."""
    screens, actions = service.screens.values(), service.actions.values()
    targets = [line.target for screen in screens for line in screen.lines]
    targets += [screen.then for screen in screens]
    targets += [target for action in actions for target in action.outcomes.values()]
    found: dict[str, set[str]] = {}
    for case in (case for target in targets for case in target if case.dest.verb == "to"):
        found.setdefault(case.dest.name, set()).update(case.set)
    return found
