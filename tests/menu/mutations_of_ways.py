"""Mutations of where the shipped menu leads: lines, targets, questions, conditions, actions.

Each kind yields its places. A mutation makes its edit in the copy and says what the check has to tell.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tests.menu.shipped_copy import Entry, ShippedCopy, Told
from ussd_engine.screens.base import VERBS

DOORS = ("start", "first", "resume", "last", "too_many", "full", "none", "slow", "go")
BESIDE, GO, CHOOSE = ("full", "none", "slow"), "screens/*/go/*", "screens/*/choose/*"


class Mutation(NamedTuple):
    """One edit. `make` returns the fault that it must bring."""

    place: str
    make: Callable[[], Told]


Kind = Callable[[ShippedCopy], Iterator[Mutation]]


def misspelt(word: str) -> str:
    return word + word[-1]


def label(line: Entry) -> str:
    """What stands behind the number of a line."""
    return line.name.partition(". ")[2]


def mutation(entry: Entry, make: Callable[[], Told]) -> Mutation:
    return Mutation("/".join(entry.names), make)


# what is looked for


def defined(copy: ShippedCopy) -> dict[str, tuple[str, ...]]:
    """Screens, forms and actions by name."""
    return {entry.name: entry.names for entry in copy.entries("screens/*", "forms/*", "actions/*")}


def leads(entry: Entry) -> str:
    """The name to which an entry leads; empty where it leads nowhere by name."""
    names = entry.names
    if names[0] == "forms" and names[2:3] == ("ask",):
        return entry.text if len(names) == 4 else names[4] if len(names) == 5 else ""
    if names[0] == "actions" and len(names) > 2 and names[2] != "do" and not {"if", "unless"} & {*names}:
        return entry.text
    return entry.text if names[-1] in DOORS or names[0] == "system" or names[-2:-1] == ("go",) else ""


def place_of(reference: Entry) -> tuple[str, ...]:
    """Where a name that leads nowhere is told: what a screen shows beside itself is told at the screen."""
    return reference.names[:2] if reference.names[0] == "screens" and reference.name in BESIDE else reference.names


def conditions(copy: ShippedCopy) -> list[tuple[str, Entry]]:
    """Each value that a condition looks for, with the name of the answer."""
    found = []
    for entry in copy.entries():
        for word in {"if", "unless"} & {*entry.names}:
            answer = entry.names[entry.names.index(word) + 1 :]
            if answer and entry.text:
                found.append((answer[0], entry))
    return found


def saved(copy: ShippedCopy) -> dict[str, str]:
    """By screen: the one answer that it saves."""
    return {entry.names[1]: entry.text for entry in copy.entries("screens/*/save") if entry.text}


def given(copy: ShippedCopy) -> list[tuple[str, str, Entry]]:
    """Answer, value and place of everything that gives an answer a value of the menu's own."""
    saves = saved(copy)
    found = [(saves[entry.names[1]], entry.text, entry) for entry in copy.entries(CHOOSE, f"{CHOOSE}/is") if entry.text]
    return found + [(entry.name, entry.text, entry) for entry in copy.entries() if entry.names[-2:-1] == ("set",)]


# lines


def line_dropped_and_nothing_else_leads_there(copy: ShippedCopy) -> Iterator[Mutation]:
    known, every = defined(copy), copy.entries()
    for entry in (one for one in copy.entries(GO) if one.droppable):
        names = known.get(entry.text)
        if names is None or sum(leads(one) == entry.text for one in every) > 1:
            continue
        if any(one.names == (*names, "do") and one.text == "cancel" for one in every):  # `forget` does the same
            continue

        def make(entry: Entry = entry, names: tuple[str, ...] = names) -> Told:
            copy.drop(entry)
            return Told(*copy.line(names), f'"{names[-1]}" cannot be reached')

        yield mutation(entry, make)


def line_dropped_whose_answer_is_looked_for(copy: ShippedCopy) -> Iterator[Mutation]:
    gives = given(copy)
    lines = {line.names: line for line in copy.entries(CHOOSE)}
    for answer, value, entry in gives:
        looked = [one for name, one in conditions(copy) if name == answer and one.text == value]
        alone = sum((name, one) == (answer, value) for name, one, _ in gives) == 1
        line = lines.get(entry.names[:4])
        if looked and alone and line and line.droppable:

            def make(line: Entry = line, names: tuple[str, ...] = looked[0].names, value: str = value) -> Told:
                copy.drop(line)
                return Told(*copy.line(names), f'"{value}"')

            yield mutation(line, make)


def number_that_is_a_key(copy: ShippedCopy) -> Iterator[Mutation]:
    keys = [(entry.name, entry.text.split(".")[0]) for entry in copy.entries("keys/*")]
    for entry, (key, number) in zip(copy.entries(GO, CHOOSE), itertools.cycle(keys)):

        def make(entry: Entry = entry, key: str = key, number: str = number) -> Told:
            copy.rename(entry, f'"{number}. {label(entry)}"')
            return Told(entry.file, entry.line, f"{number} is the key for {key}")

        yield Mutation(f"{'/'.join(entry.names)} as {key}", make)


def number_twice(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries(GO, CHOOSE):
        if entry.before:

            def make(entry: Entry = entry) -> Told:
                number = copy.entries("/".join((*entry.names[:3], "*")))[0].name.partition(". ")[0]
                copy.rename(entry, f'"{number}. {label(entry)}"')
                return Told(entry.file, entry.line, f"the number {number} stands twice")

            yield mutation(entry, make)


def line_without_number(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries(GO, CHOOSE):

        def make(entry: Entry = entry) -> Told:
            copy.rename(entry, f'"{label(entry)}"')
            return Told(entry.file, entry.line, f'"{label(entry)}" is not a numbered line')

        yield mutation(entry, make)


# targets


def target_misspelt(copy: ShippedCopy) -> Iterator[Mutation]:
    known = defined(copy)
    for entry in copy.entries():
        if entry.text in known and leads(entry) == entry.text and entry.names[0] != "forms":

            def make(entry: Entry = entry) -> Told:
                copy.put(entry, misspelt(entry.text))
                return Told(*copy.line(place_of(entry)), f'"{misspelt(entry.text)}" does not exist')

            yield mutation(entry, make)


def verb_misspelt(copy: ShippedCopy) -> Iterator[Mutation]:
    known = defined(copy)
    for entry in copy.entries(GO):
        if entry.text and entry.text not in known:
            verb, _, rest = entry.text.partition(" ")

            def make(entry: Entry = entry, verb: str = misspelt(verb), rest: str = rest) -> Told:
                copy.put(entry, f"{verb} {rest}".strip())
                return Told(entry.file, entry.line, f'"{verb}')

            yield mutation(entry, make)


def changed_question_misspelt(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries(GO):
        if entry.text.startswith(("change ", "add ")):

            def make(entry: Entry = entry) -> Told:
                copy.put(entry, misspelt(entry.text))
                return Told(entry.file, entry.line, f'"{misspelt(entry.text).split()[1]}"')

            yield mutation(entry, make)


def screen_renamed(copy: ShippedCopy) -> Iterator[Mutation]:
    references = [one for one in copy.entries() if leads(one)]
    for entry in copy.entries("screens/*"):
        named = [one for one in references if leads(one) == entry.name]
        if named:

            def make(entry: Entry = entry, first: Entry = named[0]) -> Told:
                copy.rename(entry, misspelt(entry.name))
                fault = "needs a name behind it" if entry.name in VERBS else "does not exist"
                return Told(*copy.line(place_of(first)), f'"{entry.name}" {fault}')

            yield mutation(entry, make)


# forms


def question_misspelt(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries("forms/*/ask/*", "forms/*/ask/*/*"):
        if name := leads(entry):

            def make(entry: Entry = entry, name: str = misspelt(name)) -> Told:
                copy.put(entry, name) if entry.text else copy.rename(entry, name)
                return Told(entry.file, entry.line, f'"{name}" does not exist')

            yield mutation(entry, make)


def question_dropped_whose_answer_is_looked_at(copy: ShippedCopy) -> Iterator[Mutation]:
    saves = saved(copy)
    for entry in copy.entries("forms/*/ask/*"):
        form, index = entry.names[1], int(entry.names[3])
        answer = saves.get(entry.text)
        later = [one for name, one in conditions(copy) if name == answer and one.names[:2] == ("forms", form)]
        others = [one for one in copy.entries(f"forms/{form}/ask/*/*") if saves.get(one.name) == answer]
        if not later or others or int(later[0].names[3]) <= index or not entry.droppable:
            continue

        def make(entry: Entry = entry, later: Entry = later[0], answer: str = answer or "") -> Told:
            copy.drop(entry)
            if entry.text not in {leads(one) for one in copy.entries()}:
                return Told(*copy.line(("screens", entry.text)), f'"{entry.text}" stands outside a form')
            names = (*later.names[:3], str(int(later.names[3]) - 1), *later.names[4:])
            return Told(*copy.line(names), f'is never asked: nothing before it makes "{answer}"')

        yield mutation(entry, make)


def last_question_dropped(copy: ShippedCopy) -> Iterator[Mutation]:
    outer = {entry.text for entry in copy.entries(GO)}
    for entry in copy.entries("forms/*/ask/*"):
        if entry.after is None and entry.names[1] in outer:

            def make(entry: Entry = entry) -> Told:
                copy.drop(entry)
                last = copy.entries(*_items(entry))[-1]
                return Told(last.file, last.line, f'form "{entry.names[1]}" ends with "{leads(last)}"')

            yield mutation(entry, make)


def question_dropped_that_a_line_changes(copy: ShippedCopy) -> Iterator[Mutation]:
    changes = {entry.text.split()[1]: entry for entry in copy.entries("screens/review/go/*") if " " in entry.text}
    for entry in copy.entries("forms/*/ask/*"):
        if entry.text in changes and not any(leads(one) == "bribe_note" for one in copy.entries(*_items(entry))):

            def make(entry: Entry = entry, change: Entry = changes[entry.text]) -> Told:
                copy.drop(entry)
                return Told(
                    change.file, change.line, f'form "{entry.names[1]}" asks nothing by the name "{entry.text}"'
                )

            yield mutation(entry, make)


def _items(entry: Entry) -> tuple[str, str]:
    return (f"forms/{entry.names[1]}/ask/*", f"forms/{entry.names[1]}/ask/*/*")


def form_that_asks_itself(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries("forms/*/ask/0"):
        if entry.text:

            def make(entry: Entry = entry) -> Told:
                copy.put(entry, entry.names[1])
                return Told(entry.file, entry.line, f'form "{entry.names[1]}" asks itself')

            yield mutation(entry, make)


def condition_on_an_unknown_answer(copy: ShippedCopy) -> Iterator[Mutation]:
    for answer, entry in conditions(copy):
        if entry.names[-1] == answer:

            def make(entry: Entry = entry, answer: str = misspelt(answer)) -> Told:
                copy.rename(entry, answer)
                return Told(entry.file, entry.line, f'"{answer}"')

            yield mutation(entry, make)


def condition_on_an_unknown_value(copy: ShippedCopy) -> Iterator[Mutation]:
    for _, entry in conditions(copy):

        def make(entry: Entry = entry) -> Told:
            copy.put(entry, misspelt(entry.text))
            return Told(entry.file, entry.line, f'"{misspelt(entry.text)}"')

        yield mutation(entry, make)


# actions


def outcome_dropped(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries("actions/*/*"):
        if entry.name != "do":

            def make(entry: Entry = entry) -> Told:
                copy.drop(entry)
                return Told(*copy.line(entry.names[:2]), f'"{entry.name}"')

            yield mutation(entry, make)


def act_misspelt(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries("actions/*/do"):

        def make(entry: Entry = entry) -> Told:
            copy.put(entry, misspelt(entry.text))
            return Told(*copy.line(entry.names[:2]), f'"{misspelt(entry.text)}"')

        yield mutation(entry, make)


KINDS: tuple[Kind, ...] = (
    line_dropped_and_nothing_else_leads_there,
    line_dropped_whose_answer_is_looked_for,
    number_that_is_a_key,
    number_twice,
    line_without_number,
    target_misspelt,
    verb_misspelt,
    changed_question_misspelt,
    screen_renamed,
    question_misspelt,
    question_dropped_whose_answer_is_looked_at,
    last_question_dropped,
    question_dropped_that_a_line_changes,
    form_that_asks_itself,
    condition_on_an_unknown_answer,
    condition_on_an_unknown_value,
    outcome_dropped,
    act_misspelt,
)
