"""`make lookups`: whether the time of a look-up tells what it was refused for; exit code 1 where it does.

Four ways to be refused, in turn and in a random order: a reference that nobody has, a wrong PIN, somebody else's phone
with a wrong PIN, a caller whose tries are used up. For each pair the two-sample test of Kolmogorov and Smirnov, with
its asymptotic p-value (Smirnov 1948).
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, count
from pathlib import Path

from benchmarks.rounds import percentile
from ussd_engine import reference
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger, upgrade
from ussd_engine.ledger.lookup import TRIES
from ussd_engine.testing.specimens import DAY, NOON_MS, StoppedClock, submit
from ussd_engine.tracking import LookUp

ON_DISK = Path("/var/tmp")
CASES = 500
LEAST_P = 0.01
MOST_GAP_S = 0.005
WRONG = "0000"
"""No case has this PIN."""


def p_value(first: Sequence[float], second: Sequence[float]) -> float:
    """That two samples of one distribution differ as much as these."""
    one, two = sorted(first), sorted(second)
    at, distance, i, j = sorted([*one, *two]), 0.0, 0, 0
    for value in at:
        while i < len(one) and one[i] <= value:
            i += 1
        while j < len(two) and two[j] <= value:
            j += 1
        distance = max(distance, abs(i / len(one) - j / len(two)))
    size = math.sqrt(len(one) * len(two) / (len(one) + len(two)))
    reach = (size + 0.12 + 0.11 / size) * distance
    tail = 2 * sum((-1) ** (term - 1) * math.exp(-2 * (term * reach) ** 2) for term in range(1, 101))
    return min(1.0, max(0.0, tail)) if reach > 0.2 else 1.0


class Refusals:
    """Look-ups that are refused, each for its reason and none like another."""

    def __init__(self, references: Sequence[str]) -> None:
        self._references = references
        self._callers = (f"2557{number:08}" for number in count(10_000_000))
        self._times = count(NOON_MS)
        # Tried as often as those that there are: what is counted on them must not differ.
        self._unknown = [reference.draw() for _ in references[50::2]]
        self._locked = [(next(self._callers), one) for one in references[:50]]

    def lock(self) -> Iterator[LookUp]:
        """What uses up the tries of those who are locked."""
        for caller, one in self._locked:
            for _ in range(TRIES + 1):
                yield self._ask(one, caller)

    def reasons(self) -> dict[str, Callable[[], LookUp]]:
        """By its name, what makes the next one."""
        return {
            "no such reference": lambda: self._ask(random.choice(self._unknown), next(self._callers)),
            "wrong PIN": lambda: self._ask(random.choice(self._references[50:]), next(self._callers)),
            "somebody else's": lambda: self._ask(random.choice(self._references[50:]), own(random.randrange(CASES))),
            "used up": lambda: self._ask(*reversed(random.choice(self._locked))),
        }

    def _ask(self, reference: str, caller: str) -> LookUp:
        # The tries fall on so many references that none but the locked ones is used up.
        return LookUp(reference=reference, msisdn=caller, pin=WRONG, at_ms=next(self._times))


def own(number: int) -> str:
    """The phone of a case."""
    return f"2556{number:08}"


async def measure(url: str, tries: int) -> dict[str, list[float]]:
    """Seconds of each look-up, by why it was refused."""
    await upgrade(url)
    ledger = await Ledger.open(url, Keyring.random(DAY), StoppedClock())
    try:
        acts = [submit(msisdn=own(number), caller=None) for number in range(CASES)]
        await asyncio.gather(*map(ledger.act, acts))
        refusals = Refusals([act.reference for act in acts])
        for locking in refusals.lock():
            await ledger.look_up(locking)
        reasons = refusals.reasons()
        found: dict[str, list[float]] = {reason: [] for reason in reasons}
        for done in range(tries):
            for reason in random.sample([*reasons], len(reasons)):
                ask = reasons[reason]()
                began = time.perf_counter()
                await ledger.look_up(ask)
                found[reason].append(time.perf_counter() - began)
            if done % 500 == 499:
                print(f"{done + 1} of {tries} tries of each kind", file=sys.stderr, flush=True)
        return found
    finally:
        await ledger.close()


def report(found: dict[str, list[float]]) -> bool:
    """Print the table; true where no two kinds can be told apart."""
    met = True
    for reason, times in found.items():
        ordered = sorted(times)
        middle, late = (percentile(ordered, share) * 1000 for share in (0.5, 0.95))
        print(f"{reason:<20} median {middle:6.2f} ms, p95 {late:6.2f} ms")
    for (one, first), (two, second) in combinations(found.items(), 2):
        p = p_value(first, second)
        gap = abs(percentile(sorted(first), 0.95) - percentile(sorted(second), 0.95))
        good = p > LEAST_P and gap < MOST_GAP_S
        met = met and good
        print(f"{one} / {two}: p {p:.3f}, gap at p95 {gap * 1000:.2f} ms{'' if good else '  MISSED'}")
    return met


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="lookups", description=__doc__)
    parser.add_argument("--tries", type=int, default=2000, help="of each kind")
    parser.add_argument("--database", help="an empty one; without it a SQLite file is made")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="lookups-", dir=ON_DISK if ON_DISK.is_dir() else None) as folder:
        found = asyncio.run(measure(asked.database or f"sqlite:///{folder}/ledger.db", max(1, asked.tries)))
    return 0 if report(found) else 1


if __name__ == "__main__":
    sys.exit(main())
