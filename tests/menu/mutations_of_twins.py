"""Mutations by which something stands twice: a value, the words of a line, a row of a table."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from tests.menu.mutations_of_tables import TABLES
from tests.menu.mutations_of_ways import CHOOSE, GO, Kind, Mutation, label, mutation
from tests.menu.mutations_of_words import english, rewrite
from tests.menu.po_entries import PoEntry
from tests.menu.shipped_copy import Entry, ShippedCopy, Told


def neighbours(copy: ShippedCopy, *patterns: str) -> Iterator[tuple[Entry, Entry]]:
    """Two lines, one below the other, of which each is shown whatever was answered."""
    for one, other in itertools.pairwise(copy.entries(*patterns)):
        if one.names[:3] == other.names[:3] and one.text and other.text:
            yield one, other


def number(line: Entry) -> str:
    return line.name.partition(". ")[0]


def value_saved_twice(copy: ShippedCopy) -> Iterator[Mutation]:
    looked_for = {entry.text for entry in copy.entries() if {"if", "unless"} & {*entry.names}}
    for above, entry in neighbours(copy, CHOOSE):
        if entry.text not in looked_for and entry.names[1] != "lang":

            def make(above: Entry = above, entry: Entry = entry) -> Told:
                copy.put(entry, above.text)
                message = f'lines {number(above)} and {number(entry)} both save "{above.text}"'
                return Told(entry.file, entry.line, message)

            yield mutation(entry, make)


def words_of_a_line_twice(copy: ShippedCopy) -> Iterator[Mutation]:
    for above, entry in neighbours(copy, CHOOSE, GO):

        def make(above: Entry = above, entry: Entry = entry) -> Told:
            copy.rename(entry, f'"{number(entry)}. {label(above)}"')
            return Told(entry.file, entry.line, f"lines {number(above)} and {number(entry)} say the same in sw, en")

        yield mutation(entry, make)


def translation_of_a_line_twice(copy: ShippedCopy) -> Iterator[Mutation]:
    entries = {(one.fields["msgctxt"], one.fields["msgid"]): one for one in english(copy)}
    for above, line in neighbours(copy, CHOOSE, GO):
        said, repeated = (entries.get((one.names[1], label(one))) for one in (above, line))
        if said and repeated:

            def make(above: Entry = above, line: Entry = line, said: PoEntry = said, old: PoEntry = repeated) -> Told:
                rewrite(copy, old, old.written(msgstr=said.fields["msgstr"]))
                return Told(line.file, line.line, f"lines {number(above)} and {number(line)} say the same in en")

            yield mutation(line, make)


def row_twice(copy: ShippedCopy) -> Iterator[Mutation]:
    """A row copied to the end of its table."""
    for table in ("aliases", "topics", "roles", "stopwords"):
        file = f"{TABLES}/{table}.csv"
        lines = copy.read(file).splitlines()
        for at, row in enumerate(lines[1:], 2):

            def make(file: str = file, lines: list[str] = lines, at: int = at, row: str = row) -> Told:
                copy.write(file, "\n".join([*lines, row, ""]))
                return Told(file, len(lines) + 1, f'"{row}" stands in line {at} already')

            yield Mutation(f"{table}, row {at}", make)


KINDS: tuple[Kind, ...] = (
    value_saved_twice,
    words_of_a_line_twice,
    translation_of_a_line_twice,
    row_twice,
)
