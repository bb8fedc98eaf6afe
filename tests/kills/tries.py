"""Which points a story has, and a run that was killed at one of them."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, Protocol, TypeVar

SHARE = 1 if os.environ.get("CI") == "true" else 4
"""Of the points, one in so many is tried where nobody waits for all; the last one always, for it leaves all done."""
TRACES = 5
"""Runs that nobody kills, to see which points every run reaches."""
TRIES = 10
"""Whether a reply of Redis comes in one piece or in two is chance: in one run of fifteen there is one wait more."""


class Ended(Protocol):
    """A run of a child: whether it was killed, and which points it reached."""

    killed: bool
    points: list[str]


Run_co = TypeVar("Run_co", bound=Ended, covariant=True)
Run = TypeVar("Run", bound=Ended)


class Playing(Protocol[Run_co]):
    """Who plays stories."""

    async def play(self, story: str, kill: str) -> Run_co:
        """Play a story in a child that is killed at a point, or at none."""


class Points(NamedTuple):
    """The points of a story, in their order."""

    every: list[str]
    """Those that all traces reached."""
    chance: list[str]
    """Those that some traces reached, and others not."""


def traced(found: Playing[Ended], story: str) -> Points:
    """A wait alone may be a matter of chance, and only one more at a place where every run waits."""
    traces = [asyncio.run(found.play(story, "")).points for _ in range(TRACES)]
    reached = Counter(point for trace in traces for point in trace)
    every = [point for point in traces[0] if reached[point] == TRACES]
    for point in reached.keys() - set(every):
        place, _, time = point.rpartition(" #")
        assert place.startswith(("asleep ", "awake ")), point
        assert int(time) > 1, point
        assert f"{place} #1" in every, point
    return Points(every, [point for point in reached if reached[point] < TRACES])


def killed(found: Playing[Run], story: str, point: str) -> Run | None:
    """A run that came to the point and ended there; `None` where none of some did."""
    for _ in range(TRIES):
        run = asyncio.run(found.play(story, point))
        if run.killed:
            return run
    return None


@contextmanager
def at(point: str) -> Iterator[None]:
    """Whatever fails in here names the point."""
    try:
        yield
    except Exception as error:
        error.add_note(f"killed at: {point}")
        raise
