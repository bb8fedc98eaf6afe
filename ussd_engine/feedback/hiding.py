"""Which figures are hidden: every one under 5, and as many others as it takes that none of those can be worked out.

The tables of one officer count the same cases, so a figure that one of them hides may follow from what the others show.
They are told together, then, as a stream that nothing is added to and nothing is taken from: all cases part by region,
go on by institution, come together by kind, part again by type and by level, and return.

    start ─ regions ─▶ (region) ─ institutions ─▶ (kind) ─ kinds ─▶ · ─ types ─▶ · ─ levels ─▶ · ─ all ─▶ start

What the shown figures say of the hidden ones is that as much comes to each place as leaves it. So a hidden figure can
be worked out only where no ring of hidden figures leads back to it on which one case more fits, or one less. Where
there is none, the ring that takes the fewest other figures is hidden, of equal ones that with the smallest.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

LEAST: Final = 5
"""A smaller figure is hidden."""
TABLES: Final = ("region", "institution", "kind", "type", "level", "all")
"""In the order of the stream."""


class Part(NamedTuple):
    """Some cases, by all that they are told by: `place` has a name for each of `TABLES`.

    An institution has one region and one kind.
    """

    place: tuple[str, ...]
    cases: int


class Figure(NamedTuple):
    """One figure of one table, from one place of the stream to another."""

    table: str
    name: str
    tail: str
    head: str
    value: int


At = dict[str, list[Figure]]
"""The figures that come to a place or leave it."""
Cost = tuple[int, int]
"""How many figures that were shown a way takes, and their sum."""
FREE: Final[Cost] = (0, 0)


def told(parts: Iterable[Part]) -> list[Figure]:
    """Every figure of every table, by table and name."""
    sums: dict[tuple[str, str, str, str], int] = defaultdict(int)
    for place, cases in parts:
        for key in _stream(place):
            sums[key] += cases
    return sorted(Figure(*key, value) for key, value in sums.items())


def hidden(figures: Sequence[Figure]) -> set[Figure]:
    """Those that are not shown."""
    away = {figure for figure in figures if figure.value < LEAST}
    at: At = defaultdict(list)
    for figure in figures:
        at[figure.tail].append(figure)
        at[figure.head].append(figure)
    safe: set[Figure] = set()
    for figure in sorted(away):
        if figure not in safe:
            ring = _ring(figure, at, away)
            away.update(ring)
            safe.update(ring)
    return away


def _stream(place: tuple[str, ...]) -> Iterator[tuple[str, str, str, str]]:
    """Table, name, tail and head of each figure that counts a part."""
    named = dict(zip(TABLES, place, strict=True))
    nodes = ("start", f"region {named['region']}", f"kind {named['kind']}", "kinds", "types", "levels", "start")
    return zip(TABLES, place, nodes[:-1], nodes[1:], strict=True)


def _ring(figure: Figure, at: At, away: set[Figure]) -> list[Figure]:
    """The cheapest ring through a figure: with one case more of it, or with one less where there is one."""
    more = _way(figure.head, figure.tail, figure, at, away)
    if more[0] == FREE or not figure.value:
        return [figure, *more[1]]
    return [figure, *min(more, _way(figure.tail, figure.head, figure, at, away))[1]]


def _way(start: str, end: str, without: Figure, at: At, away: set[Figure]) -> tuple[Cost, list[Figure]]:
    """The cheapest way from one place to another; there is always the one that goes on with the stream.

    Along a figure one case more goes, against it one less, which a nought has not.
    """
    came: dict[str, tuple[str, Figure]] = {}
    open: list[tuple[Cost, str, str, Figure]] = [(FREE, start, "", without)]
    while open:
        cost, node, before, by = heapq.heappop(open)
        if node in came:
            continue
        came[node] = before, by
        if node == end:
            return cost, [*_back(came, start, end)]
        for figure in at[node]:
            along = figure.tail == node
            next = figure.head if along else figure.tail
            if next not in came and figure is not without and (along or figure.value):
                more = cost if figure in away else (cost[0] + 1, cost[1] + figure.value)
                heapq.heappush(open, (more, next, node, figure))
    raise AssertionError(f"no way from {start} to {end}")


def _back(came: dict[str, tuple[str, Figure]], start: str, node: str) -> Iterator[Figure]:
    while node != start:
        node, figure = came[node]
        yield figure
