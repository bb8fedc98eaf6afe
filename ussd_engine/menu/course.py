"""Which questions of a form may follow which, whatever the answers are.

Going forward it is the first question behind that applies. A question may also be asked while others behind it are
answered: because a part of the form is asked again (a `change`, an `add`), or because an answer that is given twice or
a line's `set` moves what it rests on. Then only what may have lost its answer meanwhile follows, up to the question
from which it was offered. A part that applies no more when it is answered leaves nothing: she is back where it was
offered.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import NamedTuple

from ussd_engine.facts import FACTS
from ussd_engine.menu.answers import asked_in, beside_of
from ussd_engine.menu.conditions import Known, agree, certain, possible
from ussd_engine.menu.plan import Plan, all_tests, meant
from ussd_engine.menu.schema import Service
from ussd_engine.model import Value
from ussd_engine.registry import SOURCES
from ussd_engine.screens.base import Case, Dest, Screen, Tests


class Again(NamedTuple):
    """Questions that are asked while some behind them are answered, and what comes of it."""

    span: range
    names: set[str]
    """The answers that may be others afterwards."""
    stays: set[int]
    """The open questions to which she comes back."""
    passes: set[int]
    """The questions that are answered by then, so that what follows them is asked."""
    opened: set[int]
    """The questions that may have lost their answer, or apply only now."""
    falls: set[str]
    """The answers by which it may apply no more, so that it leaves nothing."""


class Course:
    """The ways through one form. `given`: the answers that may stand when it is entered."""

    def __init__(self, service: Service, plan: Plan, given: Iterable[str]) -> None:
        self.plan = plan
        self.service = service
        self.forms = asked_in(service)
        self.screens = service.screens
        self.known = {name: value for name, value in plan.sets.items() if value is not None}
        self.asked = [index for index, item in enumerate(plan.items) if not item.asks]
        self.whole = {index: all_tests(plan, plan.items[index]) for index in range(len(plan.items))}
        self.saves = {index: set(plan.items[index].saves) for index in self.asked}
        self.grounds = {index: grounds(self.screens[plan.items[index].name]) for index in self.asked}
        self.tested = {
            index: {test.name for test in self.whole[index] if test.name not in FACTS} for index in self.asked
        }
        """The answers of a question's conditions."""
        self.settled = {index: self._settled(index) for index in self.asked}
        """The answers one of which, lost, may leave a question without an answer."""
        self.sets = {index: self._sets(index) for index in self.asked}
        changes = [*self._changes()]
        self.agains = [*changes, *self._moves()]
        self._open(changes)
        self.maybe = self._maybe(set(given))
        unsure = (index for index in self.asked if self.tested[index] or self.grounds[index])
        self.unsure = {name for index in unsure for name in self.saves[index]}
        """Answers that may be forgotten while a question that looks at them is answered."""
        self.base = {index: {*self.first(plan.items[index].end, len(plan.items))} for index in self.asked}
        self.later = {index: self._later(index) for index in self.asked}
        self.far: dict[int, set[int]] = {index: set() for index in self.asked}
        self.loose: dict[int, set[int]] = {index: set() for index in self.asked}
        """What follows where a change leaves nothing, so that the question's own conditions need not hold."""
        self._meet()

    def certain(self, sets: Mapping[str, Value]) -> dict[str, str]:
        """Of what is set the values that stand whatever applies: others are forgotten where their question does not."""
        asked = {name for index, item in enumerate(self.plan.items) if not self.whole[index] for name in item.saves}
        return {name: value for name, value in sets.items() if value is not None and name in asked}

    # what rests on what

    def _settled(self, index: int) -> set[str]:
        """Its own answers; and that of a sub-form around it, where another question gives that one."""
        found = set(self.saves[index])
        for outer in (self.plan.items[outer].name for outer in self.plan.items[index].within):
            for other in self.asked:
                late = other < index or self.tested[index]
                if outer in self.saves[other] and late and agree(self.whole[other], self.whole[index]):
                    found.add(outer)
        return found

    def _shown(self, index: int) -> list[Screen]:
        """The screens of a question."""
        found, todo = list[Screen](), [self.plan.items[index].name]
        while todo:
            screen = self.screens[todo.pop()]
            if screen not in found:
                found.append(screen)
                todo += beside_of(self.service, self.forms, screen.name)
        return found

    def _sets(self, index: int) -> list[Mapping[str, Value]]:
        """What lines on a question's screens set, and what its other screens save."""
        screens = self._shown(index)
        sets = [case.set for screen in screens for line in screen.lines for case in line.target]
        return [
            *filter(None, sets),
            *(dict.fromkeys(more) for screen in screens if (more := set(screen.answers) - self.saves[index])),
        ]

    def opened(self, names: Iterable[str], new: bool = False) -> set[int]:
        """The questions that may be asked once these answers are others, with what follows from those.

        `new`: there were none by these names.
        """
        moved, lost, found = set(names), set[str](), set[int]()
        while True:
            before = len(moved), len(lost), len(found)
            for index in self.asked:
                fallen = not new and self.grounds[index] & moved
                if fallen or self.tested[index] & moved or self.settled[index] & lost:
                    found.add(index)
                    moved |= self.saves[index]
                    lost |= self.saves[index] if fallen else set()
            if before == (len(moved), len(lost), len(found)):
                return found

    def moved(self, names: Iterable[str]) -> set[str]:
        """These answers, and all that may be others once they are."""
        return {*names, *(name for index in self.opened(names) for name in self.saves[index])}

    # what is asked again

    def _changes(self) -> Iterator[Again]:
        """Each part that a line asks again."""
        found: dict[tuple[int, int], Again] = {}
        for index, full, case in self._cases():
            for start, end in self.spans(index, case.dest):
                names = {name for item in self.plan.items[start:end] for name in item.saves}
                names |= {name for at in range(start, end) for sets in self.sets.get(at, ()) for name in sets}
                falls = {test.name for test in self.whole[start]}
                new = Again(range(start, end), names, set(), set(), set(), falls)
                again = found.setdefault((start, end), new)
                again.names.update(case.set)
                answered = self.saves[index] and self.saves[index] <= case.set.keys()
                (again.passes if full or answered or start <= index < end else again.stays).add(index)
        # to begin the whole form anew is no change of it
        return (again for again in found.values() if len(again.span) < len(self.plan.items))

    def _cases(self) -> Iterator[tuple[int, bool, Case]]:
        """By question where the lines of its screens lead, and whether they stand behind its answer."""
        for index in self.asked:
            name = self.plan.items[index].name
            for screen in self._shown(index):
                for case in (case for line in screen.lines for case in line.target):
                    yield index, screen.name == self.screens[name].full, case

    def _moves(self) -> Iterator[Again]:
        """Each question whose answer, or the `set` of its line, may move what questions before it rest on."""
        for index in self.asked:
            for sets in ({}, *self.sets[index]):
                if opened := self._before(index, sets):
                    names, stays = {*(sets or self.saves[index])}, {index} if sets else set[int]()
                    yield Again(range(index, index + 1), names, stays, {index}, opened, set())

    def _before(self, index: int, sets: Mapping[str, Value]) -> set[int]:
        """The questions before one that may be asked because of an answer to it, or of its line that `sets`."""
        known = {**self.known, **self.certain(sets)}
        opened = self.opened(sets or self.saves[index], new=not sets and len(self.saves[index]) < 2)
        return {other for other in opened if other < index and possible(self.whole[other], known)}

    def spans(self, anchor: int, dest: Dest) -> list[tuple[int, int]]:
        """The parts that a `change`, `add` or `restart` may ask again: from an index to behind another."""
        items = self.plan.items
        if dest.verb in ("change", "add"):
            meaning = meant(self.plan, dest.name)
            # only a question can be added to; a menu that adds to a sub-form is refused for that
            return [(index, items[index].end) for index in meaning if dest.verb == "change" or not items[index].asks]
        if dest.verb != "restart":
            return []
        within = items[anchor].within
        return [(within[-1], items[within[-1]].end)] if within else [(0, len(items))]

    def _maybe(self, given: set[str]) -> set[int]:
        """The questions that may have an answer before they are reached."""
        found = set()
        for index in self.asked:
            early = set(given)
            for other in self.asked:
                early |= self.saves[other].union(*self.sets[other]) if other < index else set()
            for again in self.agains:
                offered = (again.stays | again.passes) - {*again.span}
                early |= again.names if min(offered, default=index) < index else set()
            around = {self.plan.items[outer].name for outer in self.plan.items[index].within}
            if (self.saves[index] and self.saves[index] <= early) or around & early:
                found.add(index)
        return found

    def _open(self, changes: Iterable[Again]) -> None:
        """What each change opens; what is asked again beneath it counts too."""
        before = -1
        while before != (before := sum(len(again.names) for again in self.agains)):
            for again in changes:
                for other in self.agains:
                    if (other.stays | other.passes) & {*again.span}:
                        again.names.update(other.names)
        for again in changes:
            last = max(again.stays | again.passes)
            for index in self.opened(again.names):
                # behind the question that offers it nothing is answered, unless that one is asked again itself
                if index < last and (index not in again.span or self._from_outside(index, again)):
                    again.opened.add(index)

    def _from_outside(self, index: int, again: Again) -> bool:
        """Whether a question of the part itself rests on what the part moves outside."""
        outside = self.opened(again.names) - {*again.span}
        names = {name for other in outside for name in self.saves[other]}
        return bool((self.tested[index] | self.grounds[index]) & names)

    def _later(self, index: int) -> set[int]:
        """What may have lost its answer behind a question, when all up to it may have been answered anew."""
        names = set[str]()
        for before in (before for before in self.asked if before <= index):
            names |= self.saves[before].union(*self.sets[before])
        for again in self.agains:
            if min(again.stays | again.passes) <= index:
                names |= again.names
        return {other for other in self.opened(names) if other > index}

    # what follows

    def _meet(self) -> None:
        """Work out `far` and `loose`: each may lead on through others."""
        reach = [self._reach(again) for again in self.agains]
        late = set[int]().union(*reach)
        before = -1
        while before != (before := sum(len(self.far[index]) + len(self.loose[index]) for index in self.asked)):
            for index in self.asked:
                far = self.far[index]
                if index in late:
                    far |= self.later[index]
                for again, reached in zip(self.agains, reach, strict=True):
                    names = self.moved(again.names)
                    if index in reached:
                        far |= {other for other in self._resumed(again, None) if other > index}
                    if index not in again.span:
                        continue
                    if index in late or any(other >= again.span.stop for other in self.base[index]):
                        far |= again.opened | self._resumed(again, names)
                        self.loose[index].update(*(self.loose[other] for other in self._passed(again, names)))
                    if names & again.falls:
                        self.loose[index] |= self._resumed(again, names) | again.stays | again.passes

    def _reach(self, again: Again) -> set[int]:
        """The questions that may be asked, while others behind them are answered, on account of `again`.

        Back from one of them leads to those before it; the answer there may be one with which it applies no more.
        """
        found = set(again.opened)
        before = -1
        while before != (before := len(found)):
            last = max(again.stays | again.passes)
            found |= {other for index in found for other in self.later[index] if other < last}
            for index in self.asked:
                for other in self.base[index] & found:
                    if self.tested[other] or self.saves[index] & self.saves[other]:
                        found.add(index)
        return found

    def _resumed(self, again: Again, names: set[str] | None) -> set[int]:
        """Where she goes on after `again`, with `names` moved; by default any."""
        found = set(again.stays)
        for index in self._passed(again, names):
            inner = {*again.span} if index in again.passes and len(again.span) > 1 else set()
            found |= self._all(index) - inner
        return found

    def _passed(self, again: Again, names: set[str] | None) -> set[int]:
        """The questions to which she does not come back: answered by then, or applying no more."""
        tested = {index: self.tested[index] for index in again.stays}
        given = {index for index in again.stays if self.saves[index] and self.saves[index] <= again.names}
        return again.passes | given | {index for index, on in tested.items() if (on if names is None else on & names)}

    def _all(self, index: int) -> set[int]:
        before = set[int]().union(*(self._before(index, sets) for sets in ({}, *self.sets[index])))
        return self.base[index] | self.far[index] | self.loose[index] | before

    def after(self, anchor: int, answered: bool, sets: Mapping[str, Value]) -> set[int]:
        """The questions that may follow one, after an answer to it, or after a line that sets `sets`."""
        item = self.plan.items[anchor]
        moved = self.moved({*sets, *(item.saves if answered else ())})
        tests = tuple(test for test in self.whole[anchor] if test.name not in moved)
        known = {**self.known, **self.certain(sets)}
        begins = [item.end if answered or (item.saves and set(item.saves) <= sets.keys()) else anchor]
        begins += [self.plan.items[outer].end for outer in item.within if self.plan.items[outer].name in sets]
        found = {index for begin in begins for index in self.first(begin, len(self.plan.items), tests, known)}
        far = set(self.far[anchor])
        far |= self._before(anchor, {}) if answered else set()
        far |= self._before(anchor, sets) if sets else set()
        tests = tuple(test for test in tests if test.name not in self.unsure)
        found |= {other for other in far if agree(tests, self.whole[other]) and possible(self.whole[other], known)}
        return found | {other for other in self.loose[anchor] if possible(self.whole[other], self.known)}

    def entered(self, sets: Mapping[str, Value]) -> Iterator[int]:
        """The questions that may be asked first where the form is entered with these answers."""
        certain = self.certain(sets)
        maybe = self.maybe if sets.keys() - certain else ()
        return self.first(0, len(self.plan.items), (), {**self.known, **certain}, maybe)

    def first(
        self,
        start: int,
        end: int,
        tests: Tests = (),
        known: Known | None = None,
        maybe: Container[int] | None = None,
    ) -> Iterator[int]:
        """The questions that can be the first unanswered one from `start` to `end`, given `tests` and `known`.

        `maybe` has those that may be answered already; by default all that ever are before they are reached.
        """
        maybe = self.maybe if maybe is None else maybe
        known = self.known if known is None else known
        index = start
        while index < end:
            item, whole = self.plan.items[index], self.whole[index]
            if not agree(tests, whole) or not possible(whole, known) or (item.asks and item.name in known):
                index = item.end
                continue
            index += 1
            if item.asks or (item.saves and all(name in known for name in item.saves)):
                continue
            yield index - 1
            if certain(whole, tests, known) and index - 1 not in maybe:
                return


def grounds(screen: Screen) -> set[str]:
    """The answers on whose ground a list shows its rows or an offer is worked out."""
    if screen.offer:
        return set(screen.offer.args)
    if screen.source is None:
        return set()
    kinds = SOURCES[screen.source.source].args
    return {value for name, value in screen.source.args.items() if kinds[name] == "answer"}
