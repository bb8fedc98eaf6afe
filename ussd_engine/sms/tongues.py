"""The language of an SMS that has no keyword, by the words of the service itself.

tongues = Tongues(edition, "emrejesho")
tongues.of("the water in our street is gone")   # "en"

The texts of the menus and of the SMS, as they are and as they are translated, hold the everyday words of each language:
which has more of the text's words is its language. Words that stand in the texts of several count for that one in which
they are much more common; where none has more, nothing is told.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Final

from ussd_engine.menu.edition import Edition
from ussd_engine.words import split

_MUCH_MORE: Final = 4
"""So many times as often as in any other language a word stands in that to which it belongs: the texts of one quote the
keywords and names of another."""
_placeholder = re.compile(r"\{[^{}]*\}")


class Tongues:
    """The words of a service by their language. Made once for an edition."""

    def __init__(self, edition: Edition, service: str) -> None:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for language, text in edition.catalog.said(service, edition.services[service].service.language):
            for word in split(_placeholder.sub(" ", text)):
                counts[word][language] += 1
        self._language = {word: language for word, by in counts.items() if (language := _one(by))}

    def of(self, text: str) -> str:
        """The language of a text; empty where its words do not tell."""
        found = Counter(self._language[word] for word in set(split(text)) if word in self._language)
        (first, most), (_, other) = (*found.most_common(2), ("", 0), ("", 0))[:2]
        return first if most > other else ""


def _one(counts: Counter[str]) -> str:
    (first, most), (_, other) = (*counts.most_common(2), ("", 0))[:2]
    return first if most >= _MUCH_MORE * other else ""
