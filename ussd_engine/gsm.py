"""GSM 03.38: what a screen or an SMS costs, where it may be cut, and what makes it dear.

A character of the default alphabet costs one septet, one of the extension table two (an escape goes before it). One
character outside both turns the whole text into UCS-2, where a UTF-16 code unit is the measure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"
CUT = "..."
"""Stands where a text was cut; an ellipsis would make the screen UCS-2."""

_Cost = Callable[[str], int]

_basic_only = re.compile(f"[{re.escape(BASIC)}]*").fullmatch
_extension = re.compile(f"[{re.escape(EXTENSION)}]").findall
_outside = re.compile(f"[^{re.escape(BASIC + EXTENSION)}]").search


class Size(NamedTuple):
    """What a text takes: septets in GSM-7, UTF-16 code units in UCS-2."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int


def measure(text: str) -> Size:
    """The encoding that `text` needs and its length there."""
    if _basic_only(text):
        return Size("GSM-7", len(text))
    if _outside(text):
        return Size("UCS-2", sum(map(_units, text)))
    return Size("GSM-7", len(text) + len(_extension(text)))


def fits(text: str, septets: int = 160, units: int = 80) -> bool:
    """Whether `text` stays within `septets`, or within `units` where it needs UCS-2."""
    size = measure(text)
    return size.units <= (septets if size.encoding == "GSM-7" else units)


def culprit(text: str) -> str | None:
    """The first character that forces UCS-2; `None` where there is none."""
    found = _outside(text)
    return found.group() if found else None


def cut(text: str, septets: int, units: int | None = None) -> str:
    """The longest beginning of `text` that fits; `units` is the room in UCS-2, by default half of `septets`."""
    room = septets // 2 if units is None else units
    if fits(text, septets, room):
        return text
    outside = _outside(text)
    if outside is None:
        return _head(text, septets, _septets)
    dear = _head(text, room, _units)
    return dear if len(dear) > outside.start() else _head(text[: outside.start()], septets, _septets)


def shorten(text: str, width: int, *, words: bool = False) -> str:
    """`text` in so many septets, or half as many units in UCS-2; where it is cut, that is seen. `words`: it is cut
    behind a word, unless its first is longer than that."""
    if fits(text, width, width // 2):
        return text
    kept = cut(text, width - len(CUT))
    if words and not text[len(kept) :][:1].isspace():
        kept = kept.rpartition(" ")[0].strip() or kept
    return kept.rstrip(" .") + CUT


def segments(text: str) -> list[str]:
    """The parts in which an SMS leaves: one of 160 septets or 70 units, else parts of 153 or 67."""
    if fits(text, 160, 70):
        return [text]
    if measure(text).encoding == "GSM-7":
        return list(_parts(text, 153, _septets))
    return list(_parts(text, 67, _units))


def _septets(character: str) -> int:
    return 2 if character in EXTENSION else 1


def _units(character: str) -> int:
    return 2 if character > "\uffff" else 1


def _head(text: str, width: int, cost: _Cost) -> str:
    return next(_parts(text, width, cost), "") if width > 0 else ""


def _parts(text: str, width: int, cost: _Cost) -> Iterator[str]:
    start = used = 0
    for at, character in enumerate(text):
        used += cost(character)
        if used > width:
            yield text[start:at]
            start, used = at, cost(character)
    yield text[start:]


_FOLDED = {
    "'": "\u2018\u2019\u201a\u201b\u2032\u02bb\u02bc`\u00b4",
    '"': "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2022",
    "...": "\u2026",
    ".": "\u00b7\u2024",
    " ": "\u00a0\u2007\u2008\u2009\u200a\u202f\u3000",
    "": "\u00ad\u200b\u200c\u200d\u2060\ufeff",
}
_FOLDS = str.maketrans({character: plain for plain, characters in _FOLDED.items() for character in characters})


def fold(text: str) -> str:
    """`text` for a screen: composed (NFC), with typographic quotes, dashes, dots and blanks in ASCII."""
    if _basic_only(text):
        return text
    return unicodedata.normalize("NFC", text).translate(_FOLDS)


_breaks = re.compile("\r\n|[\t\n\v\f\r\x85\u2028\u2029]")
_unwanted = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str) -> str:
    """What a citizen typed, as it is stored: NFC, a line break as a blank, without NUL, controls, lone surrogates
    and bidi embeddings and overrides."""
    if text.isascii() and text.isprintable():
        return text
    # Removal comes first: what stood apart through a control may compose after it.
    return unicodedata.normalize("NFC", _unwanted.sub("", _breaks.sub(" ", text)))
