"""Keywords as people type them: exact, but for l and r and doubled letters, or one slip away.

`find` says how near a word is; what a near word may do is the matter of `keywords`. Long words may have two slips. A
word as near to one action as to another is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum
from typing import Final, NamedTuple

from rapidfuzz.distance import OSA

from ussd_engine.menu.keywords import Entry, fold

_SOUNDS_FROM: Final = 3
_SLIP_FROM: Final = 4
_SLIPS_FROM: Final = 9
"""Letters from which on a word sounds like a keyword, has one slip, has two."""

_doubled = re.compile(r"(.)\1+")


class Nearness(IntEnum):
    """How a word is a keyword."""

    EXACT = 0
    SOUNDS = 1
    """The same but for l and r, and doubled letters."""
    SLIP = 2


class Match(NamedTuple):
    """A keyword that a word stands for."""

    entry: Entry
    locale: str
    """Of the keyword."""
    nearness: Nearness
    length: int
    """Letters of the keyword."""


class Spelling:
    """The keywords of a service."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._exact: dict[str, Match] = {}
        for entry in entries:
            for locale, words in entry.words.items():
                for word in map(fold, words):
                    self._exact[word] = Match(entry, locale, Nearness.EXACT, len(word))
        self._sounds: dict[str, list[Match]] = {}
        for word, match in self._exact.items():
            self._sounds.setdefault(sound(word), []).append(match)

    def exact(self, word: str) -> bool:
        """Whether a folded word is a keyword."""
        return word in self._exact

    def find(self, word: str) -> Match | None:
        """The keyword that a folded word stands for."""
        if word in self._exact or len(word) < _SOUNDS_FROM:
            return self._exact.get(word)
        heard = sound(word)
        same = self._sounds.get(heard, [])
        return _one(same, Nearness.SOUNDS) or (None if same else self._slipped(heard))

    def _slipped(self, heard: str) -> Match | None:
        most = _slips(len(heard))
        near: dict[int, list[Match]] = {}
        for known, matches in self._sounds.items() if most else ():
            slips = OSA.distance(heard, known, score_cutoff=most)
            if slips <= min(most, _slips(len(known))):
                near.setdefault(slips, []).extend(matches)
        return _one(near[min(near)], Nearness.SLIP) if near else None


def _slips(letters: int) -> int:
    return 0 if letters < _SLIP_FROM else 1 if letters < _SLIPS_FROM else 2


def _one(matches: list[Match], nearness: Nearness) -> Match | None:
    """The match, where all are of one action."""
    if len({match.entry.name for match in matches}) != 1:
        return None
    return matches[0]._replace(nearness=nearness)


def sound(word: str) -> str:
    """A folded word, without what people exchange: l and r, one letter and two."""
    return _doubled.sub(r"\1", word).replace("r", "l")
