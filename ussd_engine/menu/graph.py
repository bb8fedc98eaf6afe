"""Which screens may follow which: the transitions of a service, found from its forms and targets at load.

Inside a form a screen's followers are the questions that can be the first unanswered one after it; what is left out
is what its own conditions exclude. `draw` draws these edges, `check` walks them, and the shared machine runs on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from ussd_engine.menu.conditions import Known, agree, certain, possible
from ussd_engine.menu.plan import Item, Plan
from ussd_engine.menu.schema import Service
from ussd_engine.registry import SOURCES
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
        self.homes: dict[str, dict[str, int]] = {name: {} for name in service.screens}
        """Screen to the forms in which it may stand, each with the index of its question."""
        self.changes = {form: _changes(service, plan) for form, plan in plans.items()}
        given = _given(service)
        self.maybe = {form: _shared(plan) | given.get(form, set()) for form, plan in plans.items()}
        """By form: the answers that may stand before their question is reached."""
        for form, plan in plans.items():
            for index, item in enumerate(plan.items):
                if not item.asks:
                    self._anchor(form, item.name, index)

    def _anchor(self, form: str, screen: str, index: int) -> None:
        if screen not in self.homes or form in self.homes[screen]:
            return
        self.homes[screen][form] = index
        for beside in _beside(self.service.screens[screen]):
            self._anchor(form, beside, index)

    def edges(self) -> set[Edge]:
        """All edges; those of `back` are the others turned round."""
        forward = {edge for screen in self.service.screens.values() for edge in self._of(screen)}
        silent = {self.service.start, self.service.first, self.service.resume, self.service.last}
        turned = {
            (edge.dest, edge.source)
            for edge in forward
            if edge.verb in ("ask", "to", "change", "add", "full", "none")
            and edge.dest not in silent
            and self.service.screens[edge.dest].kind != "end"
        }
        # what was found there may be gone meanwhile, so that another screen stands in its place
        back = {edge for source, dest in turned for edge in self._shown(source, "back", dest)}
        return forward | back | self._engine()

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
            yield from self._asked(screen.name)
        if screen.full:
            yield from self._shown(screen.name, "full", screen.full)
        for beside in (screen.none, screen.slow):
            if beside:
                yield from self._shown(screen.name, "none", beside)

    def _shown(self, source: str, verb: str, dest: str, label: str = "") -> Iterator[Edge]:
        """An edge to a screen, and one to each screen that may stand in its place."""
        if dest not in self.service.screens:
            return
        yield Edge(source, verb, dest, label)
        for beside in (self.service.screens[dest].none, self.service.screens[dest].slow):
            if beside and beside != dest:
                yield from self._shown(source, verb, beside, label)

    def _target(self, source: str, target: Target, tests: Tests, label: str = "") -> Iterator[Edge]:
        for case in target:
            known = {name: value for name, value in case.set.items() if value is not None}
            yield from self._dest(source, case.dest, known, (*tests, *case.tests), label)

    def _dest(self, source: str, dest: Dest, known: Known, tests: Tests, label: str) -> Iterator[Edge]:
        service = self.service
        if dest.verb == "to" and dest.name in service.actions:
            for target in service.actions[dest.name].outcomes.values():
                yield from self._target(source, target, tests, label)
        elif dest.verb == "to" and dest.name in self.plans:
            plan = self.plans[dest.name]
            for index in _first(plan, 0, len(plan.items), (), {**_known(plan), **known}, set()):
                yield from self._shown(source, "ask", plan.items[index].name, label)
        elif dest.verb == "to":
            yield from self._shown(source, "to", dest.name, label)
        elif dest.verb in ("change", "add", "restart"):
            yield from self._again(source, dest, label)
        elif dest.verb in ("accept", "next"):
            yield from self._asked(source, label, known)
        elif dest.verb == "continue":
            for name, homes in self.homes.items():
                if homes:
                    yield from self._shown(source, "continue", name, label)
        elif dest.verb in ("start", "home"):
            yield Edge(source, dest.verb, service.start, label)
        elif dest.verb == "forget":
            yield Edge(source, "start", service.start, label)
            for action in service.actions.values():
                if action.do == "cancel":
                    for outcome in ("sent", "in_doubt"):
                        yield from self._target(source, action.outcomes.get(outcome, ()), tests, label)

    def _again(self, source: str, dest: Dest, label: str) -> Iterator[Edge]:
        verb = "change" if dest.verb == "restart" else dest.verb
        for form, anchor in self.homes[source].items():
            plan = self.plans[form]
            for start, end in _spans(plan, anchor, dest):
                for first in _first(plan, start, end, (), _known(plan), self.maybe[form]):
                    yield from self._shown(source, verb, plan.items[first].name, label)

    def _asked(self, source: str, label: str = "", sets: Known = MappingProxyType({})) -> Iterator[Edge]:
        """The questions that may come after a screen of a form was answered, or after its line set `sets`."""
        for form, anchor in self.homes[source].items():
            plan = self.plans[form]
            for index in self._followers(form, plan, anchor, source, sets):
                yield from self._shown(source, "ask", plan.items[index].name, label)

    def _followers(self, form: str, plan: Plan, anchor: int, source: str, sets: Known) -> set[int]:
        item = plan.items[anchor]
        tests = tuple(test for test in all_tests(plan, item) if test.name not in sets)
        begin = item.end if self._answers(item, source) else anchor
        known = {**_known(plan), **sets}
        found = set(_first(plan, begin, len(plan.items), tests, known, self.maybe[form]))
        if sets:
            found |= self._behind_set(plan, anchor, known, sets)
        for changed, offered in self.changes[form]:
            found |= self._after_change(plan, changed, offered, anchor, tests)
        return found

    def _after_change(self, plan: Plan, changed: int, offered: set[int], anchor: int, tests: Tests) -> set[int]:
        """What may follow the anchor's question where it was asked because `changed` is asked again."""
        end = plan.items[changed].end
        names = {name for inner in plan.items[changed:end] for name in inner.saves}
        if changed <= anchor < end:
            return self._later(plan, end, tests, names, offered)
        opened = self._later(plan, end, (), names, offered)
        if anchor not in opened:
            return set()
        names.update(name for index in opened for name in plan.items[index].saves)
        return self._later(plan, anchor + 1, tests, names, offered)

    def _later(self, plan: Plan, start: int, tests: Tests, names: set[str], offered: set[int]) -> set[int]:
        """The questions from `start` on that answers of these names may open, and those from which it was offered."""
        found = set()
        names = set(names)
        for index in range(start, len(plan.items)):
            item = plan.items[index]
            whole = all_tests(plan, item)
            if item.asks or not agree(tests, whole):
                continue
            conditions = {test.name for test in whole}
            if index in offered and conditions & names:
                # It may apply no more, and then what follows it is asked.
                found |= set(_first(plan, item.end, len(plan.items), tests, _known(plan), self.maybe[plan.form]))
            looks = conditions | set(item.saves) | grounds(self.service.screens[item.name])
            if index in offered or looks & names:
                found.add(index)
                names.update(item.saves)
        return found

    def _answers(self, item: Item, source: str) -> bool:
        """Whether an answer to `source` answers the question beside which it stands."""
        asked, screen = self.service.screens[item.name], self.service.screens[source]
        return (
            source == item.name or asked.full == source or (bool(item.saves) and set(item.saves) <= set(screen.answers))
        )

    def _behind_set(self, plan: Plan, anchor: int, known: Known, sets: Known) -> set[int]:
        """Questions before the anchor that a line's `set` may make applicable, or whose ground it changes."""
        savers = [index for index, item in enumerate(plan.items) if not item.asks and set(item.saves) & set(sets)]
        found = set()
        for index in range(min(savers, default=anchor), anchor):
            item, whole = plan.items[index], all_tests(plan, plan.items[index])
            if item.asks or not possible(whole, known):
                continue
            looks = {test.name for test in whole} | grounds(self.service.screens[item.name])
            if looks & set(sets):
                found.add(index)
        return found


def grounds(screen: Screen) -> set[str]:
    """The answers on whose ground a list shows its rows or an offer is worked out."""
    if screen.offer:
        return set(screen.offer.args)
    if screen.source is None:
        return set()
    kinds = SOURCES[screen.source.source].args
    return {value for name, value in screen.source.args.items() if kinds[name] == "answer"}


def _beside(screen: Screen) -> Iterable[str]:
    return [name for name in (screen.full, screen.none) if name]


def _known(plan: Plan) -> dict[str, str]:
    return {name: value for name, value in plan.sets.items() if value is not None}


def all_tests(plan: Plan, item: Item) -> Tests:
    """The tests of an item and of the sub-forms around it."""
    around: Tests = ()
    for index in item.within:
        around += plan.items[index].tests
    return around + item.tests


def _shared(plan: Plan) -> set[str]:
    """Answers that several questions save: one of them may find its answer given already."""
    seen: dict[str, int] = {}
    for item in plan.items:
        for name in item.saves if not item.asks else ():
            seen[name] = seen.get(name, 0) + 1
    return {name for name, count in seen.items() if count > 1}


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


def meant(plan: Plan, name: str) -> set[int]:
    """What `change name` may ask again (`Plan.meant_by` says which, by the answers)."""
    named = {index for index, item in enumerate(plan.items) if item.name == name}
    holder = plan.holder_of(name)
    if holder is not None:
        named.add(holder)
    if holder is None:
        named |= {index for index, item in enumerate(plan.items) if name in item.saves and not item.asks}
    return named


def _spans(plan: Plan, anchor: int, dest: Dest) -> list[tuple[int, int]]:
    """The parts of a form that a `change`, `add` or `restart` may ask again: from an index to behind another."""
    if dest.verb != "restart":
        return [(index, plan.items[index].end) for index in meant(plan, dest.name)]
    within = plan.items[anchor].within
    return [(within[-1], plan.items[within[-1]].end)] if within else [(0, len(plan.items))]


def _changes(service: Service, plan: Plan) -> list[tuple[int, set[int]]]:
    """Each item that may be asked again, with the questions whose screens offer that."""
    found: dict[int, set[int]] = {}
    for index, item in enumerate(plan.items):
        if item.asks or item.name not in service.screens:
            continue
        screen = service.screens[item.name]
        shown = [screen, *(service.screens[name] for name in _beside(screen) if name in service.screens)]
        for line in (line for each in shown for line in each.lines):
            for case in line.target:
                if case.dest.verb in ("change", "add", "restart"):
                    for start, _ in _spans(plan, index, case.dest):
                        found.setdefault(start, set()).add(index)
    return list(found.items())


def _first(plan: Plan, start: int, end: int, tests: Tests, known: Known, maybe: set[str]) -> Iterator[int]:
    """The questions that can be the first unanswered one between `start` and `end`, given `tests` and `known`."""
    index = start
    while index < end:
        item = plan.items[index]
        whole = all_tests(plan, item)
        if not agree(tests, whole) or not possible(whole, known):
            index = item.end
            continue
        if item.asks:
            if item.name in known:
                index = item.end
            else:
                index += 1
            continue
        given = item.saves and all(name in known for name in item.saves)
        if not given:
            yield index
            if certain(whole, tests, known) and not (item.saves and set(item.saves) <= maybe):
                return
        index += 1
