"""Mutations of how the shipped files are written: YAML, names, values, checks, columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tests.menu.mutations_of_ways import CHOOSE, GO, Kind, Mutation, misspelt, mutation
from tests.menu.mutations_of_words import HEADS
from tests.menu.shipped_copy import Entry, ShippedCopy, Told, entries_of

MOUNT = "menus/gmp.yaml"


def _each(
    copy: ShippedCopy, patterns: tuple[str, ...], put: Callable[[Entry], str], message: str
) -> Iterator[Mutation]:
    """Another value at each place; the message may hold `{name}` and `{value}`, the value that was put."""
    for entry in copy.entries(*patterns):

        def make(entry: Entry = entry) -> Told:
            value = put(entry)
            copy.put(entry, value)
            return Told(entry.file, entry.line, message.format(name=entry.name, value=value))

        yield mutation(entry, make)


# YAML


def anchor(copy: ShippedCopy) -> Iterator[Mutation]:
    yield from _each(copy, HEADS, lambda entry: "&words x", "uses an anchor")


def alias_to_nothing(copy: ShippedCopy) -> Iterator[Mutation]:
    yield from _each(copy, (*HEADS, CHOOSE, GO), lambda entry: "*nowhere", "uses an anchor")


def tag(copy: ShippedCopy) -> Iterator[Mutation]:
    yield from _each(copy, HEADS, lambda entry: "!!python/name:os.system x", "uses a tag")


def too_deep(copy: ShippedCopy) -> Iterator[Mutation]:
    yield from _each(copy, HEADS, lambda entry: "[" * 25 + "x" + "]" * 25, "is nested deeper than 20 levels")


def colon_in_a_text(copy: ShippedCopy) -> Iterator[Mutation]:
    yield from _each(copy, UNQUOTED, lambda entry: "Kwa nani: wewe?", "is not YAML")


UNQUOTED = ("screens/*/menu", "screens/*/input")


def quote_not_closed(copy: ShippedCopy) -> Iterator[Mutation]:
    """The last value of a file, so that the quote cannot end at the next one."""
    for entry in copy.entries("screens/*/*"):
        whole = copy.read(entry.file)
        if entry.line == whole.count("\n"):

            def make(entry: Entry = entry) -> Told:
                copy.put(entry, '"x')
                return Told(entry.file, entry.line, "the quote that begins here is not closed")

            yield mutation(entry, make)


def line_pushed_in(copy: ShippedCopy) -> Iterator[Mutation]:
    """A blank too many before a name that follows another one."""
    for entry in copy.entries("screens/*/save", "screens/*/check"):
        if entry.before and not entry.flow:

            def make(entry: Entry = entry) -> Told:
                start = entry.key.start_mark.index
                copy.replace(entry.file, start, start, " ")
                return Told(entry.file, entry.line, "is not YAML")

            yield mutation(entry, make)


def tab_for_blanks(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries("screens/*/save", "screens/*/from"):

        def make(entry: Entry = entry) -> Told:
            start = entry.key.start_mark.index
            copy.replace(entry.file, start - entry.key.start_mark.column, start, "\t")
            return Told(entry.file, entry.line, "indent with spaces")

        yield mutation(entry, make)


def value_lost(copy: ShippedCopy) -> Iterator[Mutation]:
    yield from _each(copy, ("screens/*/save", "start", "too_many"), lambda entry: "", '"{name}" has no value')


def bare_number_or_truth(copy: ShippedCopy) -> Iterator[Mutation]:
    values = ("no", "00", "12:30", "010", "yes", "~", "0x1F", "2026-01-15")
    for index, entry in enumerate(copy.entries(CHOOSE)):
        value = values[index % len(values)]

        def make(entry: Entry = entry, value: str = value) -> Told:
            copy.put(entry, value)
            return Told(entry.file, entry.line, f'{value}: write it in quotes, as "{value}"')

        yield mutation(entry, make)


def home_without_quotes(copy: ShippedCopy) -> Iterator[Mutation]:
    yield from _each(copy, ("keys/home",), lambda entry: "00", '00: write it in quotes, as "00"')


def name_twice(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries("screens/*", "forms/*", "actions/*", "screens/*/save", "errors/*"):
        if not entry.flow:

            def make(entry: Entry = entry) -> Told:
                return Told(entry.file, copy.double(entry), f'"{entry.name}" stands twice (first in line {entry.line})')

            yield mutation(entry, make)


def key_misspelt(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries("screens/*/save", "screens/*/check", "screens/*/from", "forms/*/set", "screens/*/warn"):

        def make(entry: Entry = entry) -> Told:
            copy.rename(entry, misspelt(entry.name))
            return Told(
                entry.file, entry.line, f'key "{misspelt(entry.name)}" is not known (did you mean "{entry.name}"?)'
            )

        yield mutation(entry, make)


# keys, checks, sources


def home_is_back(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries("keys/back", "keys/more"):

        def make(entry: Entry = entry) -> Told:
            number = entry.text.split(".")[0]
            copy.put(copy.entries("keys/home")[0], f'"{number}"')
            return Told(*copy.line(("keys",)), f"{entry.name} and home have the same key, {number}")

        yield mutation(entry, make)


def check_misspelt(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries("screens/*/check/*"):

        def make(entry: Entry = entry) -> Told:
            copy.rename(entry, misspelt(entry.name))
            return Told(*copy.line(entry.names[:3]), f'"{misspelt(entry.name)}"')

        yield mutation(entry, make)


def bounds_reversed(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries("screens/*/check/letters"):
        if not entry.text:

            def make(entry: Entry = entry) -> Told:
                copy.put(entry, "[80, 2]")
                return Told(*copy.line(entry.names[:3]), "letters")

            yield mutation(entry, make)


def bound_that_is_none(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries("screens/*/check/*"):

        def make(entry: Entry = entry) -> Told:
            copy.put(entry, "many")
            return Told(*copy.line(entry.names[:3]), entry.name)

        yield mutation(entry, make)


def warning_misspelt(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries("screens/*/warn"):

        def make(entry: Entry = entry) -> Told:
            copy.put(entry, misspelt(entry.text))
            return Told(*copy.line(entry.names[:2]), f'"{misspelt(entry.text)}"')

        yield mutation(entry, make)


def source_misspelt(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries("screens/*/from", "screens/*/from/*", "screens/*/offer/*/*", "screens/*/from/*/*"):

        def make(entry: Entry = entry) -> Told:
            name = misspelt(entry.text if entry.name == "from" else entry.name)
            copy.put(entry, name) if entry.name == "from" else copy.rename(entry, name)
            # what is wrong with an offer is told at its screen
            return Told(*copy.line(entry.names[: 2 if "offer" in entry.names else 3]), f'"{name}"')

        if entry.text or entry.name != "from":
            yield mutation(entry, make)


def argument_that_nobody_answers(copy: ShippedCopy) -> Iterator[Mutation]:
    """Where an argument names an answer, or a kind of institution."""
    for entry in copy.entries("screens/*/from/*/*"):

        def make(entry: Entry = entry) -> Told:
            copy.put(entry, misspelt(entry.text))
            return Told(*copy.line(entry.names[:2]), misspelt(entry.text))

        yield mutation(entry, make)


def column_that_the_rows_lack(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries("screens/*/save/*"):

        def make(entry: Entry = entry) -> Told:
            copy.put(entry, misspelt(entry.text))
            return Told(*copy.line(entry.names[:2]), f'"{misspelt(entry.text)}"')

        yield mutation(entry, make)


def shown_column_that_the_rows_lack(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in copy.entries("screens/*/menu", "screens/*/row"):
        found = re.search(r"\{([a-z]+\.)?([a-z]+)\}", entry.text)
        if found and (found[1] or entry.name == "row"):

            def make(entry: Entry = entry, old: str = found[2]) -> Told:
                start, end = entry.value.start_mark.index, entry.value.end_mark.index
                copy.replace(entry.file, start, end, copy.read(entry.file)[start:end].replace(old, misspelt(old), 1))
                # a row that shows nothing but columns is no text: it is told at its screen
                return Told(*copy.line(entry.names if entry.name == "menu" else entry.names[:2]), misspelt(old))

            yield mutation(entry, make)


def service_misspelt_where_it_is_mounted(copy: ShippedCopy) -> Iterator[Mutation]:
    for entry in entries_of(MOUNT, copy.read(MOUNT)):
        if entry.text.startswith("service "):

            def make(entry: Entry = entry) -> Told:
                copy.put(entry, misspelt(entry.text))
                return Told(MOUNT, entry.line, f'service "{misspelt(entry.text.split()[1])}" does not exist')

            yield mutation(entry, make)


KINDS: tuple[Kind, ...] = (
    anchor,
    alias_to_nothing,
    tag,
    too_deep,
    colon_in_a_text,
    quote_not_closed,
    line_pushed_in,
    tab_for_blanks,
    value_lost,
    bare_number_or_truth,
    home_without_quotes,
    name_twice,
    key_misspelt,
    home_is_back,
    check_misspelt,
    bounds_reversed,
    bound_that_is_none,
    warning_misspelt,
    source_misspelt,
    argument_that_nobody_answers,
    column_that_the_rows_lack,
    shown_column_that_the_rows_lack,
    service_misspelt_where_it_is_mounted,
)
