"""Three stories, each told with every pair of faults at the places that it meets, on each kind of channel."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from .plan import CHANNELS, Channel, Person, Plan
from .run import play
from .weather import KINDS, Fault

SEED = 7
STORIES: dict[str, tuple[int, ...]] = {
    "she writes and sends": (),
    "she sends, after she changed her mind about leaving": (0, 0, 0, 4, 0, 0),
    "she is cut off at the review, and comes back": (0, 0, 0, 10, 0, 0),
}
"""What she does at each screen, by the numbers of `people.MOVES`."""
SHORT = {
    "redis": ("unanswered", "down", "forget1"),
    "sql": ("lost", "unanswered", "slow"),
    "look": ("slow",),
    "leg": ("drop", "twice", "late"),
}
"""The faults of the short form; the long one has all of them."""


def plan(story: str, channel: Channel, faults: tuple[Fault, ...] = ()) -> Plan:
    """A story on a channel, always on the same schedule."""
    return Plan(SEED, (Person("A", 1, channel, STORIES[story]),), faults, brief=True)


def points(story: str, channel: Channel) -> list[tuple[str, int, str]]:
    """The places at which something can go wrong, in the order in which the story meets them."""
    return play(plan(story, channel)).weather.points


def faults(story: str, channel: Channel, *, full: bool) -> list[Fault]:
    """All that can go wrong alone."""
    kinds = KINDS if full else SHORT
    return [Fault(place, index, what) for place, index, _ in points(story, channel) for what in kinds[place]]


def pairs(*, full: bool) -> Iterator[Plan]:
    """Every story on every channel with every fault and every pair of faults."""
    for story in STORIES:
        for channel in CHANNELS:
            single = faults(story, channel, full=full)
            yield from (plan(story, channel, (fault,)) for fault in single)
            yield from (plan(story, channel, pair) for pair in combinations(single, 2) if pair[0][:2] != pair[1][:2])
