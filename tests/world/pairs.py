"""Every pair of faults of the three stories, a row at a time, on all cores."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

from tests.world import scenarios
from tests.world.plan import Plan
from tests.world.promises import broken
from tests.world.run import StuckRun, play
from tests.world.scenarios import Row
from tests.world.shrink import judge

CHUNK = 4
TELL_EVERY = 100


class Failure(NamedTuple):
    plan: Plan
    broken: list[str]


class Told(NamedTuple):
    """What came of a row."""

    plans: int
    failures: list[Failure]


class Part(NamedTuple):
    """One of so many equal parts of all rows: each by itself is a sample of the whole."""

    number: int = 1
    of: int = 1

    @classmethod
    def read(cls, text: str) -> Part:
        """From `3/8`. Raises `ValueError` for anything else."""
        number, of = map(int, text.split("/"))
        if not 1 <= number <= of:
            raise ValueError(text)
        return cls(number, of)

    def rows(self, every: list[Row]) -> list[Row]:
        """Its rows, of all."""
        return every[self.number - 1 :: self.of]


def tell(row: Row) -> Told:
    """Run a row: its first fault alone, and every pair that is a run of its own."""
    try:
        alone = play(row.alone)
    except StuckRun as stuck:
        return Told(1, [Failure(row.alone, [f"nobody_waits_for_ever: {stuck}"])])
    told = Told(1, [])
    if words := broken(alone):
        told.failures.append(Failure(row.alone, words))
    for plan in row.pairs(alone):
        told = told._replace(plans=told.plans + 1)
        if words := judge(plan):
            told.failures.append(Failure(plan, words))
    return told


def walk(part: Part) -> Iterator[Told]:
    """Run all rows of a part, telling on stderr how far it is."""
    rows = part.rows(scenarios.rows())
    began, plans = time.monotonic(), 0
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        for done, told in enumerate(pool.map(tell, rows, chunksize=CHUNK), 1):
            plans += told.plans
            if done % TELL_EVERY == 0 or done == len(rows):
                spent_s = time.monotonic() - began
                left_min = spent_s / done * (len(rows) - done) / 60
                print(
                    f"{done} of {len(rows)} rows, {plans} plans, {left_min:.0f} min left", file=sys.stderr, flush=True
                )
            yield told
