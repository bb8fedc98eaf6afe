"""References in the text of an SMS: ours, the core's, and what should be one and is none.

A core names its cases as it likes. What has a usual shape (`EMR-2026-48213`) is seen in any text; what has another one
is known only where it is among the `cores` that a phone has, compared without blanks and signs, the letter O as 0.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import accumulate, islice
from typing import Final, NamedTuple

from ussd_engine import reference

_DIGITS: Final = 7
"""From which on a number should be a reference."""
_SHORTEST: Final = 4
"""Letters and digits of a core's reference: a shorter one may be any number in her words."""
_PIECES: Final = 6
"""Pieces in which a core's reference may be typed."""
_LOOKED_AT: Final = 64
"""Pieces of a text, from its front: behind them nobody puts the reference that she means."""

_like_a_number = re.compile(r"[0-9][0-9Oo \-]*[0-9]")
_ours = re.compile(r"(?<!\w)[1-9](?:[ \-\u00a0\u2010\u2011\u2013]{0,2}[0-9Oo]){8}(?!\w)")
_core = re.compile(r"(?<!\w)([A-Za-z]{2,8})[ \-/]?([0-9]{4})[ \-/]([0-9]{3,10})(?!\w)")
_piece = re.compile(r"[^\W_]+")


class Number(NamedTuple):
    """A reference, and where it stands; neither `ours` nor `core` where it is none."""

    start: int
    end: int
    ours: str = ""
    core: str = ""


def references(text: str, near: int, cores: Collection[str] = ()) -> Iterator[Number]:
    """What can be a reference behind at most `near` words: ours first, then one of `cores`, then one of the usual
    shape."""
    for found in _overlapping(_ours, text):
        ours = reference.parse(re.sub(r"\s", "", found.group()))
        if ours and _is_near(text, found.start(), near):
            yield Number(*found.span(), ours=ours)
    yield from _known(text, near, cores)
    for found in _core.finditer(text):
        if _is_near(text, found.start(), near):
            yield Number(*found.span(), core="-".join(found.groups()).upper())


def like_a_reference(text: str) -> Number | None:
    """The first number in a text, where it is long enough that it should be a reference."""
    found = _like_a_number.search(text)
    if found and sum(map(str.isdigit, found.group())) >= _DIGITS:
        return Number(*found.span())
    return None


def _known(text: str, near: int, cores: Collection[str]) -> Iterator[Number]:
    """Those of `cores` that stand in a text."""
    names = {_folded(core): core.upper() for core in cores if len(_folded(core)) >= _SHORTEST}
    pieces = list(islice(_piece.finditer(text), _LOOKED_AT)) if names else []
    for at, first in enumerate(pieces):
        if not _is_near(text, first.start(), near):
            break
        some = pieces[at : at + _PIECES]
        for last, joined in zip(some, accumulate(_folded(piece.group()) for piece in some), strict=True):
            if joined in names:
                yield Number(first.start(), last.end(), core=names[joined])


def _folded(core: str) -> str:
    return "".join(_piece.findall(core)).upper().replace("O", "0")


def _is_near(text: str, start: int, near: int) -> bool:
    # no more than the first few are parted: a text may be long, and this is asked at each of its pieces
    return start <= near or len(text[:start].split(None, near)) <= near


def _overlapping(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Every match, from wherever it begins."""
    at = 0
    while found := pattern.search(text, at):
        yield found
        at = found.start() + 1
