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
    "she leaves at the review": (0, 0, 0, 4),
    "she is cut off at the review, comes back and sends": (0, 0, 0, 10),
}
"""What she does at each screen, by the numbers of `people.MOVES`."""


def plan(story: str, channel: Channel, faults: tuple[Fault, ...] = ()) -> Plan:
    """A story on a channel, always on the same schedule."""
    return Plan(SEED, (Person("A", 1, channel, STORIES[story]),), faults, brief=True)


def points(story: str, channel: Channel) -> list[tuple[str, int, str]]:
    """The places at which something can go wrong, in the order in which the story meets them."""
    return play(plan(story, channel)).weather.points


def singles(story: str, channel: Channel) -> list[Fault]:
    """All that can go wrong alone."""
    return [Fault(place, index, what) for place, index, _ in points(story, channel) for what in KINDS[place]]


def rotated(story: str, channel: Channel) -> Iterator[tuple[Fault, Fault]]:
    """Every pair of places, with a pair of faults that changes from one to the next."""
    for turn, (one, other) in enumerate(combinations(points(story, channel), 2)):
        yield _fault(one, turn), _fault(other, turn // 3 + turn % 7)


def _fault(point: tuple[str, int, str], turn: int) -> Fault:
    place, index, _ = point
    return Fault(place, index, KINDS[place][turn % len(KINDS[place])])


def pairs() -> Iterator[Plan]:
    """Every story on every channel with every pair of places."""
    for story in STORIES:
        for channel in CHANNELS:
            yield from (plan(story, channel, pair) for pair in rotated(story, channel))


def every_pair() -> Iterator[Plan]:
    """Every story on every channel with every fault, and with every pair of faults."""
    for story in STORIES:
        for channel in CHANNELS:
            alone = singles(story, channel)
            yield from (plan(story, channel, (fault,)) for fault in alone)
            two = combinations(alone, 2)
            yield from (plan(story, channel, pair) for pair in two if pair[0][:2] != pair[1][:2])
