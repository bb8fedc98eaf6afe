"""The prefix of a number that several services share, before each keyword that a text tells her to send.

Texts are written without it: which prefix there is, is not for menus to say. Keywords stand in capitals in them; a
choice stands behind a word that sends (`Tuma 1, 2 au 3`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from ussd_engine.menu.keywords import Keywords, fold

_token = re.compile(r"\{[^{}]*\}|[^\W\d_]+|(?<!\w)1(?!\w)")
_CHOICE = "1"


def prefixed(text: str, keywords: Keywords | None, prefix: str) -> Iterator[str]:
    """A text with its prefix at every place, then with ever fewer of them, from the end; at last without any."""
    places = list(_places(text, keywords, prefix)) if keywords and prefix else []
    for most in range(len(places), -1, -1):
        cut = [0, *places[:most], len(text)]
        yield f"{prefix} ".join(text[start:end] for start, end in pairwise(cut))


def _places(text: str, keywords: Keywords, prefix: str) -> Iterator[int]:
    known = {word for entry in keywords.entries for word in entry.spelt}
    before = ""
    for found in _token.finditer(text):
        word = fold(found.group())
        choice = word == _CHOICE and before in keywords.drop
        if (choice or (word in known and found.group().isupper())) and before != fold(prefix):
            yield found.start()
        before = word
