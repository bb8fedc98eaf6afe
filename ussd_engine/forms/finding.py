"""From what was typed or chosen elsewhere to a row of ours: an institution, a region."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from ussd_engine.registry import KINDS, Place, Row
from ussd_engine.sms import addressee
from ussd_engine.words import split

MOST: Final = 5
"""Institutions that are looked at where none is named."""


class Several(NamedTuple):
    """It is not clear which one is meant: the likeliest first."""

    rows: Sequence[Row]


Found = Row | Several | None


def _institution(place: Place, text: str) -> Found:
    """The one that is named, as an SMS may name it at its front; else the only one that a slip or a part can mean."""
    data = place.data
    words, read = split(text), addressee.split(data, text, place.locale)
    whole = [row for row in data.named(text) if words in map(split, row.names.values())]
    if len(whole) == 1:
        return whole[0]
    if read.sure and not read.message:
        return data.get(read.codes[0])
    meant = data.meant(text)
    if len(meant) == 1 and not data.named(text):
        return meant[0]
    rows = {row.code: row for row in (*data.named(text), *data.search(text, place.locale, MOST))}
    if len(rows) == 1 and read.codes == tuple(rows):
        return rows[read.codes[0]]
    return Several(list(rows.values())[:MOST]) if rows else None


def _region(place: Place, text: str) -> Found:
    wanted = split(text)
    return next((name for name in place.data.regions() if split(name) == wanted), None)


FINDERS: Final[dict[str, Callable[[Place, str], Found]]] = {"institution": _institution, "region": _region}
"""By the kind of row."""


def name_of(place: Place, kind: str, row: Row) -> str:
    """A name by which a row is found again: its short one, where that means no other one too."""
    columns = KINDS[kind].columns
    short = columns[""].read(row, place.locale)
    return (
        short
        if FINDERS[kind](place, short) == row or "name" not in columns
        else columns["name"].read(row, place.locale)
    )
