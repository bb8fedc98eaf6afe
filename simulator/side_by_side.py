"""Two phones side by side: what is written and what is shown, with a mark at each row that differs.

The marks stand between the phones, so that nothing rests on colour: `!` a row that is another one, `<` a row that is
only written, `>` one that is only shown. What cannot be seen is written out, a blank at the end of a row as `\\x20`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import NamedTuple

import click
from rich.cells import cell_len, chop_cells

from simulator.player import Difference

BESIDE = 80
"""The columns from which on both phones stand beside each other; below that one stands below the other."""
NARROWEST = 24
_FRAME_BESIDE = 13
_FRAME_ALONE = 8
COLOURS = {"!": ("red", "green"), "<": ("red", None), ">": (None, "green")}


class Pair(NamedTuple):
    """One row of each phone; `None` where only the other one has it."""

    mark: str
    written: str | None
    shown: str | None


def pairs(written: str, shown: str) -> list[Pair]:
    """The rows of two screens, those that belong together beside each other."""
    left, right = written.split("\n"), shown.split("\n")
    found = []
    for kind, *span in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        a, b, c, d = span
        for one, other in zip_longest(left[a:b], right[c:d]):
            mark = "<" if other is None else ">" if one is None else " " if kind == "equal" else "!"
            found.append(Pair(mark, one, other))
    return found


def side_by_side(difference: Difference, width: int = BESIDE) -> list[str]:
    """The lines to print at `width` columns, in colour (`click.unstyle` takes it out)."""
    rows = pairs(difference.expected, difference.found)
    if width >= BESIDE:
        return list(_beside(rows, (BESIDE - _FRAME_BESIDE) // 2))
    inner = max(width, NARROWEST) - _FRAME_ALONE
    written = [(pair.mark, pair.written, 0) for pair in rows if pair.written is not None]
    shown = [(pair.mark, pair.shown, 1) for pair in rows if pair.shown is not None]
    return [*_alone("written", written, inner), *_alone("shown", shown, inner)]


def _beside(rows: list[Pair], inner: int) -> Iterator[str]:
    edge = f"  +{'-' * (inner + 2)}+   +{'-' * (inner + 2)}+"
    yield f"  {'written':{inner + 7}}shown"
    yield edge
    for pair in rows:
        left = [""] if pair.written is None else wrapped(visible(pair.written), inner)
        right = [""] if pair.shown is None else wrapped(visible(pair.shown), inner)
        for one, other in zip_longest(left, right, fillvalue=""):
            first, second = _coloured(one, pair.mark, 0, inner), _coloured(other, pair.mark, 1, inner)
            yield f"  | {first} | {pair.mark} | {second} |".rstrip()
    yield edge


def _alone(title: str, rows: list[tuple[str, str, int]], inner: int) -> Iterator[str]:
    edge = f"    +{'-' * (inner + 2)}+"
    yield f"    {title}"
    yield edge
    for mark, row, side in rows:
        for piece in wrapped(visible(row), inner):
            yield f"  {mark} | {_coloured(piece, mark, side, inner)} |"
    yield edge


def _coloured(text: str, mark: str, side: int, width: int) -> str:
    padded = text + " " * (width - cell_len(text))
    colour = COLOURS[mark][side] if mark in COLOURS else None
    return click.style(padded, fg=colour, bold=True) if colour else padded


def visible(row: str) -> str:
    """A row without what would steer the terminal or cannot be seen: that is written out."""
    kept = row.rstrip(" ")
    ends = r"\x20" * (len(row) - len(kept))
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in kept) + ends


def wrapped(row: str, width: int) -> list[str]:
    """A row in lines of at most `width` cells, broken behind words where that can be."""
    lines, line = list[str](), ""
    for piece in re.findall(r"\S+ *| +", row):
        if line and cell_len(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += piece
        while cell_len(line.rstrip()) > width:
            head = chop_cells(line, width)[0]
            lines.append(head)
            line = line[len(head) :]
    return [*lines, line.rstrip()]
