"""Which fault strikes where: places are counted as they are met, and each may have one fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

REDIS = ("slow", "unanswered", "torn", "dead", "down", "forget1", "forget3", "empty", "evict", "readonly", "oom")
SQL = ("lost", "unanswered", "unknown_rolled", "slow", "late")
LOOK = ("slow", "down")
CARRY = ("down", "unanswered", "slow", "rejected")
"""What a core does with a message: it does not answer, it takes it and does not say so, it takes it too late, it will
never take it (but for a submission, and for what it was asked before: then it does not answer)."""
CORE = ("lost", "unanswered", "unknown_rolled", "slow", "late", "hung")
"""What the database does to a transaction of the core, of an officer, of the outbox or of the news."""
NEWS = ("slow", "down")
LEG = ("drop", "twice", "again", "late", "stale", "slow", "behind", "mute", "closed", "kill")
"""What a provider does with a leg.

`drop`: its answer is lost, and she redials. `twice`: two copies at once. `again`: a copy a moment after the answer.
`late`: a copy seconds later, `stale`: a copy much later. `slow`: a second on the way. `behind`: so long on the
way that she has given up, and has perhaps dialled again. `mute`: the answer is lost, the
leg is sent again, and she sees the answer to that. `closed`: a notice that the dialogue is over, which it is not.
`kill`: the turn is cancelled on its way.
"""
KINDS = {"redis": REDIS, "sql": SQL, "look": LOOK, "leg": LEG, "carry": CARRY, "core": CORE, "news": NEWS}
WRITES_ONLY = ("readonly", "oom")
"""What a Redis answers to a write; a read it serves."""


class Point(NamedTuple):
    """A place at which a fault can strike, as a run met it, and what was done there."""

    place: str
    nth: int
    name: str


def kinds(point: Point) -> tuple[str, ...]:
    """What can go wrong at a place."""
    reads = point.place == "redis" and point.name == "GET"
    return tuple(what for what in KINDS[point.place] if not (reads and what in WRITES_ONLY))


class Fault(NamedTuple):
    """At the `nth` command, transaction, look or leg, this goes wrong."""

    place: str
    nth: int
    what: str

    def __str__(self) -> str:
        return f"{self.place} {self.nth} {self.what}"


class Weather:
    """The faults of one run, and the places that it met."""

    def __init__(self, faults: Iterable[Fault], note: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._faults = {(fault.place, fault.nth): fault.what for fault in faults}
        self._note = note
        self._clock = clock
        self._met: Counter[str] = Counter()
        self.calm = False
        self.points: list[Point] = []
        self.struck: list[tuple[float, Fault]] = []
        """What went wrong, and when."""

    def strikes(self, place: str, name: str) -> str:
        """What goes wrong here; empty where nothing does."""
        if self.calm:
            return ""
        index = self._met[place]
        self._met[place] += 1
        self.points.append(Point(place, index, name))
        what = self._faults.get((place, index), "")
        if what:
            self.struck.append((self._clock(), Fault(place, index, what)))
            self._note(f"!! {place} {index} {name}: {what}")
        return what
