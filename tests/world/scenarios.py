"""Three stories, each told with every pair of faults at the places that it meets, on each kind of channel."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations
from typing import NamedTuple

from tests.world.plan import CHANNELS, Channel, Person, Plan
from tests.world.run import Run, play
from tests.world.weather import KINDS, Fault, Point, kinds

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


@cache
def points(story: str, channel: Channel) -> list[Point]:
    """The places at which something can go wrong, in the order in which the story meets them."""
    return play(plan(story, channel)).weather.points


def faults_at(point: Point) -> list[Fault]:
    """All that can go wrong at a place."""
    return [Fault(point.place, point.nth, what) for what in kinds(point)]


# every pair of places


def pairs() -> Iterator[Plan]:
    """Every story on every channel with every pair of places, and a pair of kinds that changes from one to the next."""
    for story in STORIES:
        for channel in CHANNELS:
            for turn, (one, other) in enumerate(combinations(points(story, channel), 2)):
                yield plan(story, channel, (_rotated(one, turn), _rotated(other, turn // 3 + turn % 7)))


def _rotated(point: Point, turn: int) -> Fault:
    every = faults_at(point)
    return every[turn % len(every)]


# every pair of faults


class Row(NamedTuple):
    """One fault of a story, alone and with each fault at each place that the story meets after it."""

    story: str
    channel: Channel
    first: Fault

    @property
    def alone(self) -> Plan:
        return plan(self.story, self.channel, (self.first,))

    def later(self) -> list[Point]:
        """The places of the story that come after the first fault's."""
        return _after(self.first, points(self.story, self.channel))

    def pairs(self, alone: Run) -> Iterator[Plan]:
        """The pairs that are runs of their own, by what was met with the first fault alone.

        Until its second fault strikes a run is that of the first one alone: where the second place is not met there, or
        is met by a command to which that kind does nothing, the pair is that run over again.
        """
        met = {(point.place, point.nth): point for point in _after(self.first, alone.weather.points)}
        for printed in self.later():
            point = met.get((printed.place, printed.nth))
            for second in faults_at(point) if point else ():
                yield plan(self.story, self.channel, (self.first, second))


def _after(fault: Fault, points: list[Point]) -> list[Point]:
    where = next(at for at, point in enumerate(points) if (point.place, point.nth) == fault[:2])
    return points[where + 1 :]


def rows() -> list[Row]:
    """Every story on every channel with every fault."""
    return [
        Row(story, channel, fault)
        for story in STORIES
        for channel in CHANNELS
        for point in points(story, channel)
        for fault in faults_at(point)
    ]


def named() -> int:
    """How many plans have a name: each kind of fault at each place alone, and each pair at two places."""
    found = 0
    for story in STORIES:
        for channel in CHANNELS:
            wide = [len(KINDS[point.place]) for point in points(story, channel)]
            found += sum(wide) + sum(one * other for one, other in combinations(wide, 2))
    return found
