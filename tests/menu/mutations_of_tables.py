"""Mutations of the tables beside the shipped menu: institutions, and what names them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator

from tests.menu.mutations_of_ways import Kind, Mutation, misspelt
from tests.menu.shipped_copy import ShippedCopy, Told

TABLES = "menus/emrejesho"


def _cells(
    copy: ShippedCopy, table: str, change: Callable[[dict[str, str], dict[str, str]], str | None]
) -> Iterator[Mutation]:
    """A row changed in place; `change` gets it and the row before it, and gives what must be told, or `None`."""
    file = f"{TABLES}/{table}.csv"
    lines = copy.read(file).splitlines()
    rows = list(csv.DictReader(lines))
    assert len(rows) == len(lines) - 1, "a row of this table takes more than a line"
    for index in range(1, len(rows)):
        row = dict(rows[index])
        message = change(row, rows[index - 1])
        if message is not None:

            def make(index: int = index, row: dict[str, str] = row, message: str = message) -> Told:
                out = io.StringIO()
                csv.DictWriter(out, row, lineterminator="").writerow(row)
                copy.write(file, "\n".join([*lines[: index + 1], out.getvalue(), *lines[index + 2 :], ""]))
                return Told(file, index + 2, message)

            yield Mutation(f"{table}, row {index + 2}", make)


def code_twice(copy: ShippedCopy) -> Iterator[Mutation]:
    def change(row: dict[str, str], before: dict[str, str]) -> str:
        row["code"] = before["code"]
        return f'code: "{before["code"]}" stands in line'

    yield from _cells(copy, "institutions", change)


def name_missing_in_one_language(copy: ShippedCopy) -> Iterator[Mutation]:
    def change(row: dict[str, str], before: dict[str, str]) -> str:
        row["name_en"] = ""
        return "name_en: is empty"

    yield from _cells(copy, "institutions", change)


def kind_misspelt(copy: ShippedCopy) -> Iterator[Mutation]:
    def change(row: dict[str, str], before: dict[str, str]) -> str:
        row["kind"] = misspelt(row["kind"])
        return f'kind: "{row["kind"]}"'

    yield from _cells(copy, "institutions", change)


def parent_or_region_of_nobody(copy: ShippedCopy) -> Iterator[Mutation]:
    def change(row: dict[str, str], before: dict[str, str]) -> str | None:
        column = next((name for name in ("parent", "region") if row[name]), None)
        if column is None:
            return None
        row[column] = misspelt(row[column])
        return f'{column}: "{row[column]}"' if column == "region" else f'{column}: code "{row[column]}" is not known'

    yield from _cells(copy, "institutions", change)


def short_name_too_long(copy: ShippedCopy) -> Iterator[Mutation]:
    def change(row: dict[str, str], before: dict[str, str]) -> str:
        row["short"] = "N" * 40
        return "septets"

    yield from _cells(copy, "institutions", change)


def code_of_nobody_beside_the_institutions(copy: ShippedCopy) -> Iterator[Mutation]:
    for table, column in (("aliases", "code"), ("topics", "code"), ("deadlines", "for"), ("roles", "kind")):

        def change(row: dict[str, str], before: dict[str, str], column: str = column) -> str | None:
            if row[column] in ("", "*"):
                return None
            row[column] = misspelt(row[column])
            return f'"{row[column]}"'

        yield from _cells(copy, table, change)


KINDS: tuple[Kind, ...] = (
    code_twice,
    name_missing_in_one_language,
    kind_misspelt,
    parent_or_region_of_nobody,
    short_name_too_long,
    code_of_nobody_beside_the_institutions,
)
