"""A text of a menu, cut into literals and placeholders once, at load.

Values are put in once and never read again as a text with placeholders.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

_SLOT = re.compile(r"\{([a-z_][a-z0-9_]*)(?:\.([a-z_][a-z0-9_]*))?(?::([0-9]{1,3}))?\}")


class Slot(NamedTuple):
    """`{name}`, `{name.column}`, `{name:width}`."""

    name: str
    column: str
    width: int
    """In septets; 0 where the text gives none."""


Part = str | Slot
Fill = Callable[[Slot], str]


class Template(NamedTuple):
    """Lines of parts. A line with a placeholder whose value is empty is left out."""

    lines: tuple[tuple[Part, ...], ...]
    slots: tuple[Slot, ...]
    plain: str
    """The text as it stands, where it has no slots."""

    def fill(self, fill: Fill) -> str:
        """The text with its values."""
        if not self.slots:
            return self.plain
        kept: list[str] = []
        for line in self.lines:
            if len(line) == 1 and isinstance(line[0], str):
                kept.append(line[0])
                continue
            parts = [part if isinstance(part, str) else fill(part) for part in line]
            if all(parts):
                kept.append("".join(parts))
        return "\n".join(kept)

    def fill_row(self, fill: Fill) -> str:
        """The text of a list's row with its values. A row is never left out: of an empty value only the blank before it
        goes too."""
        kept: list[str] = []
        for part in (part for line in self.lines for part in line):
            if text := part if isinstance(part, str) else fill(part):
                kept.append(text)
            elif kept:
                kept[-1] = kept[-1].removesuffix(" ")
        return "".join(kept).strip()


@lru_cache(maxsize=65536)
def template(text: str) -> Template:
    """The template of a text. A brace that opens no placeholder stays as it is; the proofs name it."""
    lines = tuple(_parts(line) for line in text.split("\n")) if text else ()
    return Template(lines, tuple(part for line in lines for part in line if isinstance(part, Slot)), text)


def _parts(line: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    at = 0
    for match in _SLOT.finditer(line):
        if match.start() > at:
            parts.append(line[at : match.start()])
        parts.append(Slot(match[1], match[2] or "", int(match[3] or 0)))
        at = match.end()
    if at < len(line) or not parts:
        parts.append(line[at:])
    return tuple(parts)
