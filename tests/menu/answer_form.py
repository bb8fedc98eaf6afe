"""A form as the menu language describes it: its questions in a row, when each applies, and what depends on what.

Written anew from the words of the language, beside the engine's own plan and run, so that the one can be held against
the other. It reads a service as its files say it, and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ussd_engine.institutions import Institutions
from ussd_engine.menu.schema import Service
from ussd_engine.model import Answers, Value
from ussd_engine.registry import KINDS, OFFERS, SOURCES, Place, Row, key_of
from ussd_engine.scope import Facts
from ussd_engine.screens.base import Line, Screen, Tests

Known = Mapping[str, Value]
"""The answers, by name."""


class Item(NamedTuple):
    """A question or a sub-form in its place."""

    name: str
    tests: Tests
    """Its own and those of the sub-forms around it."""
    around: tuple[str, ...]
    """The sub-forms around it, outermost first."""
    begin: int
    end: int
    """The part of the form's questions that it is."""
    saves: tuple[str, ...]
    """The answers of a question; of a sub-form its own name, which answers it as a whole."""
    asks: bool
    """A sub-form."""


class Form:
    """A form of a service, with the data and the facts of one caller."""

    def __init__(self, service: Service, name: str, data: Institutions, facts: Facts) -> None:
        self.service = service
        self.name = name
        self.sets: Answers = dict(service.forms[name].set)
        self.facts = facts
        self.place = Place(data, service.language)
        self.found: dict[object, list[Row]] = {}
        """The rows of the lists that were shown; they are looked at often."""
        self.questions: list[Item] = []
        self.items: list[Item] = list(self._items(name, (), ()))

    def _items(self, form: str, tests: Tests, around: tuple[str, ...]) -> Iterator[Item]:
        """Everything that a form asks, a sub-form behind what it asks."""
        for asked in self.service.forms[form].ask:
            begin, whole = len(self.questions), (*tests, *asked.tests)
            if asked.name in self.service.forms:
                yield from self._items(asked.name, whole, (*around, asked.name))
                yield Item(asked.name, whole, around, begin, len(self.questions), (asked.name,), True)
            else:
                saves = self.service.screens[asked.name].answers
                self.questions.append(Item(asked.name, whole, around, begin, begin + 1, saves, False))
                yield self.questions[-1]

    # the rule

    def passes(self, tests: Tests, known: Known) -> bool:
        """All tests hold: an answer's value, else a fact's, is among the values; for facts with several, one is."""
        for test in tests:
            value = known[test.name] if known.get(test.name) is not None else self.facts.get(test.name)
            has = value if isinstance(value, frozenset) else {value}
            if any(one in test.values for one in has) != test.holds:
                return False
        return True

    def applicable(self, known: Known) -> list[Item]:
        return [question for question in self.questions if self.passes(question.tests, known)]

    def answered(self, question: Item, known: Known) -> bool:
        """It has all its answers, or a sub-form around it is answered as a whole."""
        whole = any(name in known for name in question.around)
        return whole or (bool(question.saves) and all(name in known for name in question.saves))

    def first(self, known: Known, part: Item | None = None) -> Item | None:
        """The first question, of the form or of a part of it, that applies and has no answer."""
        begin, end = (part.begin, part.end) if part else (0, len(self.questions))
        for question in self.questions[begin:end]:
            if self.passes(question.tests, known) and not self.answered(question, known):
                return question
        return None

    def kept(self, known: Known) -> set[str]:
        """The names of the answers that belong to what applies."""
        return {name for item in self.items if self.passes(item.tests, known) for name in item.saves} | self.sets.keys()

    def saved_by(self, part: Item, known: Known) -> set[str]:
        """The answers of all that applies in a part."""
        inner = [item for item in self.items if part.begin <= item.begin and item.end <= part.end]
        return {name for item in inner if self.passes(item.tests, known) for name in item.saves}

    def meant(self, name: str, known: Known) -> Item:
        """What `change name` asks: the item of that name; else the smallest that holds all who save it; else a saver.

        Only what applies can be meant, and of several the first.
        """
        applicable = [item for item in self.items if self.passes(item.tests, known)]
        applicable.sort(key=lambda item: (item.begin, -item.end))
        savers = {item.begin for item in self.questions if name in item.saves}
        named = [item for item in applicable if item.name == name]
        holders = [item for item in self.items if savers <= set(range(item.begin, item.end))]
        smallest = min(holders, key=_size, default=None)
        if named:
            return named[0]
        if smallest in applicable and savers:
            return smallest
        return next(item for item in applicable if name in item.saves)

    def around(self, screen: str) -> Item | None:
        """The innermost sub-form around the question of a screen."""
        question = next(item for item in self.questions if screen in self.beside(item.name))
        holders = [item for item in self.items if item.asks and item.begin <= question.begin < item.end]
        return min(holders, key=_size, default=None)

    def beside(self, screen: str) -> set[str]:
        """A question's screen with those that may stand in its place."""
        found: set[str] = set()
        todo = [screen]
        while todo:
            name = todo.pop()
            found.add(name)
            one = self.service.screens[name]
            todo += [other for other in (one.none, one.full) if other and other not in found]
        return found

    # lists and offers

    def rows(self, screen: Screen, known: Known) -> list[Row]:
        """The rows of a list."""
        assert screen.source is not None
        source = SOURCES[screen.source.source]
        args = {
            name: value if source.args[name] == "literal" else known.get(value) or ""
            for name, value in screen.source.args.items()
        }
        found = (screen.name, *sorted(args.items()))
        if found not in self.found:
            self.found[found] = list(source.rows(self.place, args))[: screen.most]
        return self.found[found]

    def saved(self, screen: Screen, row: Row) -> Answers:
        """What choosing a row saves."""
        assert screen.source is not None
        columns = KINDS[SOURCES[screen.source.source].kind].columns
        return {
            answer: key_of(row) if column in ("", "code") else columns[column].read(row, "")
            for answer, column in screen.save.items()
        }

    def offered(self, screen: Screen, known: Known) -> str | None:
        """The value that a screen offers."""
        assert screen.offer is not None
        row = OFFERS[screen.offer.function].work_out(self.place, [known.get(name) or "" for name in screen.offer.args])
        return None if row is None else key_of(row)

    def standing_for(self, name: str, known: Known) -> str:
        """The screen shown for a question: another one where its list or its offer finds nothing."""
        screen = self.service.screens[name]
        if screen.none and screen.source and not self.rows(screen, known):
            return self.standing_for(screen.none, known)
        if screen.none and screen.offer and self.offered(screen, known) is None:
            return self.standing_for(screen.none, known)
        return name

    # what depends on what

    def grounds(self, question: Item) -> set[str]:
        """The answers by which its list or its offer finds what it shows."""
        screen = self.service.screens[question.name]
        if screen.offer:
            return set(screen.offer.args)
        if screen.source is None:
            return set()
        kinds = SOURCES[screen.source.source].args
        return {value for name, value in screen.source.args.items() if kinds[name] == "answer"}

    def touched(self, names: set[str]) -> set[str]:
        """All answers that may be others once these are: by a condition or by a ground, and by what follows from it."""
        found = set(names)
        while True:
            more = {
                name
                for item in self.questions
                if found & ({test.name for test in item.tests} | self.grounds(item) | set(item.saves))
                for name in (*item.saves, *self._set_at(item))
            }
            if more <= found:
                return found
            found |= more

    def _set_at(self, question: Item) -> set[str]:
        """What lines on a question's screens set."""
        screens = [self.service.screens[name] for name in self.beside(question.name)]
        lines: list[Line] = [line for screen in screens for line in screen.lines]
        return {name for line in lines for case in line.target for name in case.set}


def _size(item: Item) -> int:
    return item.end - item.begin
