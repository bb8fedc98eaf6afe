"""A form laid flat, and the one rule that walks it: next is the first question that applies and has no answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from ussd_engine.menu.schema import Form
from ussd_engine.model import Answers
from ussd_engine.screens.base import Fact, Screen, Tests, passes

Look = Callable[[str], Fact | None]


class Item(NamedTuple):
    """A question or a sub-form in its place; sub-forms stand before what they ask."""

    name: str
    tests: Tests
    end: int
    """The index behind it and all that it asks."""
    saves: tuple[str, ...]
    """The answers of a question; of a sub-form its own name, which counts as all of it."""
    asks: bool
    """A sub-form."""
    within: tuple[int, ...]
    """The sub-forms around it, outermost first."""


class Plan(NamedTuple):
    """A form with its sub-forms in one row."""

    form: str
    sets: Answers
    items: tuple[Item, ...]

    def first_unanswered(self, look: Look, answers: Mapping[str, object], start: int = 0, end: int = -1) -> int | None:
        """The index of the first question from `start` to `end` that applies and has no answer."""
        return self.survey(look, answers, start, end)[1]

    def applicable(self, look: Look, start: int = 0, end: int = -1) -> Iterator[int]:
        """The indices of the questions and sub-forms that apply, in order."""
        items = self.items
        index, stop = start, len(items) if end < 0 else end
        while index < stop:
            item = items[index]
            if item.tests and not passes(item.tests, look):
                index = item.end
            else:
                yield index
                index += 1

    def survey(
        self, look: Look, answers: Mapping[str, object], start: int = 0, end: int = -1
    ) -> tuple[set[str], int | None]:
        """In one pass the names of the answers that belong to what applies, and `first_unanswered`."""
        kept, first = set(self.sets), None
        index, stop, answered = start, len(self.items) if end < 0 else end, 0
        items = self.items
        while index < stop:
            name, tests, behind, saves, asks, _ = items[index]
            if tests and not passes(tests, look):
                index = behind
                continue
            kept.update(saves)
            if first is None and index >= answered:
                if asks:
                    answered = behind if name in answers else answered
                elif not saves or not answers.keys() >= set(saves):
                    first = index
            index += 1
        return kept, first

    def saved_by(self, index: int, look: Look) -> list[str]:
        """The answers that an item, with all that it asks and applies, gives."""
        names: list[str] = []
        for inner in self.applicable(look, index, self.items[index].end):
            names += [name for name in self.items[inner].saves if name not in names]
        return names

    def meant_by(self, name: str, look: Look) -> int | None:
        """What `change name` asks again: the item of that name, else the smallest that holds all who save it.

        Of several that do not stand in one sub-form it is the first that applies.
        """
        applicable = list(self.applicable(look))
        for index in applicable:
            if self.items[index].name == name:
                return index
        holder = self.holder_of(name)
        if holder in applicable:
            return holder
        return next((index for index in applicable if name in self.items[index].saves), None)

    def holder_of(self, name: str) -> int | None:
        """The smallest item that holds every question that saves `name`."""
        savers = [index for index, item in enumerate(self.items) if name in item.saves and not item.asks]
        if not savers:
            return None
        around = [(*self.items[index].within, index) for index in savers]
        shared = [index for index in around[0] if all(index in others for others in around)]
        return shared[-1] if shared else None


def lay_flat(form: Form, forms: Mapping[str, Form], screens: Mapping[str, Screen]) -> Plan:
    """The plan of a form whose names are known to exist and to have no circle."""
    items: list[Item] = []

    def put(asked: Form, within: tuple[int, ...]) -> None:
        for name, tests, _ in asked.ask:
            index = len(items)
            if name in forms:
                items.append(Item(name, tests, 0, (name,), True, within))
                put(forms[name], (*within, index))
                items[index] = items[index]._replace(end=len(items))
            else:
                items.append(Item(name, tests, index + 1, screens[name].answers, False, within))

    put(form, ())
    return Plan(form.name, form.set, tuple(items))


def all_tests(plan: Plan, item: Item) -> Tests:
    """The tests of an item and of the sub-forms around it."""
    around: Tests = ()
    for index in item.within:
        around += plan.items[index].tests
    return around + item.tests


def meant(plan: Plan, name: str) -> set[int]:
    """What `change name` may ask again (`Plan.meant_by` says which, by the answers)."""
    named = {index for index, item in enumerate(plan.items) if item.name == name}
    holder = plan.holder_of(name)
    if holder is not None:
        named.add(holder)
    if holder is None:
        named |= {index for index, item in enumerate(plan.items) if name in item.saves and not item.asks}
    return named
