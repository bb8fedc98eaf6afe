"""What a promise is, and how it reads a run. Each yields what it finds broken, in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from tests.world.people import RECEIPT
from tests.world.run import Run
from tests.world.witness import Copy, Leg, Written

Broken = Iterator[str]
PROMISES: list[Callable[[Run], Broken]] = []
TURN_S = 4.05
LAST_S, PENDING_S, KEPT_LIMIT_S = 180.0, 600.0, 600.0
NOT_KNOWN = ("fault", "old", "in_doubt", "busy")
TOKEN = re.compile(r"\b([A-F])\d+q\b")
PIN = RECEIPT


def promise(function: Callable[[Run], Broken]) -> Callable[[Run], Broken]:
    PROMISES.append(function)
    return function


def broken(run: Run) -> list[str]:
    """All that a run broke, by the name of the promise."""
    return [f"{one.__name__}: {words}" for one in PROMISES for words in one(run)]


# what a run holds


def copies(run: Run) -> Iterator[Copy]:
    """Every copy that was answered."""
    return (copy for leg in run.witness.legs for copy in leg.copies if copy.answered_s is not None)


def writes(run: Run) -> Iterator[tuple[bytes, Written]]:
    """What was written and not forgotten: what stood there before, and the session."""
    for write in (*run.cache.emptied, *run.cache.writes):
        if write.version in run.witness.written:
            yield write.before, run.witness.written[write.version]


def applied(run: Run, leg: Leg) -> list[Written]:
    """The writes that took this leg for an answer."""
    return [
        one
        for _, one in writes(run)
        if one.copy.leg is leg and one.base and one.session.step > run.witness.written[one.base].session.step
    ]


def owner(run: Run, text: str) -> str:
    """Whose words these are."""
    found = TOKEN.search(text)
    return found[1] if found else ""
