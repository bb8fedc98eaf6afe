"""Words as people type them: folded, without those that everybody uses, found by their beginning or over one slip."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from rapidfuzz.distance import OSA

_APOSTROPHES = str.maketrans("", "", "'`\u2018\u2019\u02bb\u02bc\u00b4")
_SLIPS_FROM = 4
"""The longer of two words has this many letters, or they count as two: short names of three are all one slip apart."""


def split(text: str, stopwords: Collection[str] = ()) -> list[str]:
    """The words of `text`: case, accents and apostrophes gone, anything but letters and digits a gap."""
    letters = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES))
    plain = unicodedata.normalize("NFKD", letters.casefold())
    kept = (letter if letter.isalnum() else " " for letter in plain if not unicodedata.combining(letter))
    return [word for word in "".join(kept).split() if word not in stopwords]


class Vocabulary:
    """A fixed set of words. `near` finds over one letter left out, put in, exchanged or swapped with its neighbour.

    Made for it at load: every word under each of its forms with one letter left out. Two words one slip apart always
    share such a form, so that a look-up is a few reads of a dict, whatever the number of words.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = sorted(set(words))
        self._known = frozenset(self._words)
        self._longest = max(map(len, self._words), default=0)
        self._shortened: dict[str, list[str]] = defaultdict(list)
        for word in self._words:
            if len(word) >= _SLIPS_FROM:
                for form in _shortened(word):
                    self._shortened[form].append(word)
        self._shortened.default_factory = None

    def __contains__(self, word: str) -> bool:
        return word in self._known

    def starting(self, start: str, most: int) -> list[str]:
        """Longer words that begin with `start`, in the order of the alphabet."""
        at = bisect_left(self._words, start)
        following = self._words[at : at + most + 1]
        return [word for word in following if word.startswith(start) and word != start][:most]

    def near(self, word: str, most: int) -> list[str]:
        """Other words that one slip leads to or comes from."""
        found = dict.fromkeys(other for other in self._candidates(word) if OSA.distance(word, other) == 1)
        return list(found)[:most]

    def _candidates(self, word: str) -> Iterator[str]:
        if len(word) > self._longest + 1:  # no slip leads that far, and its forms would be as many as its letters
            return
        forms = _shortened(word) if len(word) >= _SLIPS_FROM else []
        yield from (form for form in forms if form in self._known)
        for form in (word, *forms):
            yield from self._shortened.get(form, ())


def _shortened(word: str) -> list[str]:
    return list(dict.fromkeys(word[:at] + word[at + 1 :] for at in range(len(word))))
