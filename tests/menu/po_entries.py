"""The entries of a gettext file as they stand, each with its lines, for a test that damages one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

FIELD = re.compile(r'(?P<name>msg[a-z_]+(?:\[\d\])?) "(?P<text>.*)"|"(?P<more>.*)"')


class PoEntry(NamedTuple):
    """One entry. `fields` holds what stands between the quotes, escapes as written."""

    file: str
    line: int
    """Where its text stands."""
    fields: dict[str, str]
    lines: list[str]
    """All of it, comments too."""

    @property
    def words(self) -> list[str]:
        """The names of the fields that hold its words."""
        return [name for name in self.fields if name.startswith("msgstr")]

    @property
    def said(self) -> str:
        """The first line of its text, as a fault names it."""
        return self.fields["msgid"].split("\\n")[0]

    def written(self, **fields: str) -> str:
        """The entry with other words, those of `name` for `msgstr`; names with brackets are given as `msgstr_1`."""
        changed = {re.sub(r"_(\d)$", r"[\1]", name): text for name, text in fields.items()}
        comments = [line for line in self.lines if line.startswith("#")]
        return "\n".join([*comments, *(f'{name} "{text}"' for name, text in {**self.fields, **changed}.items())])


def po_entries(file: str, text: str) -> Iterator[PoEntry]:
    """The entries of a file, without its head."""
    number = 1
    for block in text.split("\n\n"):
        lines = block.strip("\n").split("\n")
        fields: dict[str, str] = {}
        last = ""
        for line in lines:
            match = FIELD.fullmatch(line)
            if match and match["name"]:
                last = match["name"]
            if match:
                fields[last] = fields.get(last, "") + (match["text"] or match["more"] or "")
        if fields.get("msgid"):
            first = next(index for index, line in enumerate(lines) if line.startswith("msgid "))
            yield PoEntry(file, number + first, fields, lines)
        number += block.count("\n") + 2
