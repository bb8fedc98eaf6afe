"""A long text in own parts: each an SMS by itself, cut at word ends, nothing lost.

`parts(text)` gives what stands as `{part}` in the template `answer_part`, in order. A phone never has to join them, and
one that is lost leaves the others readable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ussd_engine import gsm

SEPTETS: Final = 136
"""Of a part; what the template has beside it, `482173659 (1/3): `, takes at most 24."""
UNITS: Final = 46
"""Of a part with a character outside GSM-7: an SMS has 70 then."""

_blank = re.compile(r"\s+")
_last_blank = re.compile(r"\s+(?=\S*$)")


def parts(text: str) -> list[str]:
    """An officer's text, folded to GSM-7, in parts; none where there is no word in it."""
    return list(_cut(gsm.fold(text).strip()))


def _cut(rest: str) -> Iterator[str]:
    while rest:
        head = gsm.cut(rest, SEPTETS, UNITS)
        if len(head) < len(rest) and not rest[len(head)].isspace():
            head = _whole_words(head)
        yield head.rstrip()
        rest = rest[len(head) :].lstrip()


def _whole_words(head: str) -> str:
    """What was cut, up to its last word end; all of it where it is the beginning of one long word."""
    found = _last_blank.search(head)
    return head[: found.end()] if found and _blank.sub("", head[: found.start()]) else head
