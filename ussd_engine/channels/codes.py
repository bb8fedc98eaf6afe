"""Dialled codes: one spelling for each, and the digits that were typed behind it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ussd_engine.errors import EngineError

USUAL_SEGMENTS = 2
"""A short code is the first two segments (`*152*00#`) unless a served code says otherwise by its own length."""

MOST_SPELLINGS = 64
"""Of codes, that are remembered."""

_DIALLED = re.compile(r"[0-9]+(\*[0-9]*)*")
_LIKE_A_CODE = re.compile(r"\s*(?:[*#]|%2[Aa3])*[0-9]")
_ESCAPED = {"%23": "#", "%2A": "*", "%2a": "*"}


class NotACode(EngineError):
    """A text that nobody can have dialled."""


class Codes:
    """The codes that are served. One code reaches us as `152*00`, `*152*00`, `152*00#`, `*152*00#` or with `%23`."""

    def __init__(self, served: Iterable[str] = ()) -> None:
        segments = {tuple(_segments(code)) for code in served}
        self._served = sorted(segments, key=len, reverse=True)
        self._bare: dict[str, tuple[str, str]] = {}
        """Spellings of codes that came with no digits behind them, as nearly all do."""

    def split(self, dialled: str) -> tuple[str, str]:
        """The code, as `*152*00#`, and the digits behind it, joined by `*`. Raises `NotACode`.

        The longest served code decides how many segments belong to it.
        """
        found = self._bare.get(dialled)
        if found is None:
            found = self._split(dialled)
            if not found[1] and len(self._bare) < MOST_SPELLINGS and self.serves(found[0]):
                self._bare[dialled] = found
        return found

    def _split(self, dialled: str) -> tuple[str, str]:
        segments = _segments(dialled)
        size = next((len(code) for code in self._served if tuple(segments[: len(code)]) == code), USUAL_SEGMENTS)
        if not all(segments[:size]):
            raise NotACode("not a code that can be dialled: an empty segment")
        return f"*{'*'.join(segments[:size])}#", "*".join(segments[size:])

    def find(self, text: str) -> tuple[str, str] | None:
        """As `split`, where `text` is a served code, perhaps with digits behind it; else `None`."""
        if not _LIKE_A_CODE.match(text):
            return None
        try:
            code, dialled = self.split(text)
        except NotACode:
            return None
        return (code, dialled) if self.serves(code) else None

    def serves(self, code: str) -> bool:
        """Whether `code`, as `split` gives it, is one of ours."""
        return tuple(_segments(code)) in self._served


def behind(code: str, echoed: str) -> str:
    """The digits dialled behind `code`, `*152*00#`, in a field that echoes the end of what was dialled: `00*9*2` and
    `9*2` both tell `9*2`. Nothing where the field holds anything else than digits."""
    for escaped, plain in _ESCAPED.items():
        echoed = echoed.replace(escaped, plain)
    bare = echoed.strip().strip("*#")
    if not _DIALLED.fullmatch(bare):
        return ""
    segments, typed = code.strip("*#").split("*"), bare.split("*")
    for size in range(min(len(segments), len(typed)), 0, -1):
        if typed[:size] == segments[-size:]:
            return "*".join(typed[size:])
    return bare


def normalise(code: str) -> str:
    """The whole of `code` in the one spelling, `*152*00#`. Raises `NotACode`."""
    segments = _segments(code)
    if not all(segments):
        raise NotACode("not a code that can be dialled: an empty segment")
    return f"*{'*'.join(segments)}#"


def _segments(dialled: str) -> list[str]:
    for escaped, plain in _ESCAPED.items():
        dialled = dialled.replace(escaped, plain)
    bare = dialled.strip().strip("*#")
    if not _DIALLED.fullmatch(bare):
        raise NotACode("not a code that can be dialled: digits and * between * and #")
    return bare.split("*")
