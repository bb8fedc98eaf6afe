"""`make smsflood`: 10,000 notices against a provider that answers 429, 500, slowly, takes them and drops the line, and
refuses some of the numbers of a call.

The provider is an HTTP server on loopback; the sender and the ledger are the product's own. Exit code 1 where a notice
was not accepted, more came twice than were counted, a sliding second held more than the limit, a message was asked for
before one that was to go first, a number got another's text, or was given up that was not refused for good.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.smsflood_provider import Limits, Line, Provider, connected, is_blocked, text_of
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger, upgrade
from ussd_engine.ledger.smsqueue import Lent
from ussd_engine.sms.message import Notice, Outgoing, Priority, Sent
from ussd_engine.sms.sender import Sender
from ussd_engine.testing.databases import postgres_database
from ussd_engine.testing.specimens import DAY, NOON_MS

ON_DISK = Path("/var/tmp")
NOTICES, PER_SECOND = 10_000, 400
TEXTS: Final = 2
"""Where a call takes several numbers, which get one text."""
LATE_S: Final = 2.0
"""What is claimed together is asked for at once, and what was put off a moment comes in the next claim."""
LONGEST_S: Final = 900.0


class Flood(NamedTuple):
    """What is sent, how fast, and in which order trouble comes."""

    notices: int
    limits: Limits
    seed: int

    @property
    def texts(self) -> int:
        """Each its own where each has a call of its own."""
        return TEXTS if self.limits.per_call > 1 else self.notices


def notice(number: int) -> Notice:
    """Every tenth is a reply, every tenth bulk."""
    # The hundreds decide too: else one priority had all the numbers that are refused for good.
    priority = {0: Priority.REPLY, 1: Priority.BULK}.get((number + number // 100) % 10, Priority.NOTICE)
    return Notice(
        key=number.to_bytes(8, "big"),
        service="emrejesho",
        template="quiet_change",
        values={"ref": f"{number:09}"},
        locale="sw",
        priority=priority,
        push=True,
        at_ms=NOON_MS,
        msisdn=f"2557{number:08}",
    )


class Run(NamedTuple):
    """What came of it."""

    provider: Provider
    counts: Counter[str]
    seconds: float
    priorities: dict[str, int]
    """Of each SMS, by its id at the provider."""


async def flooded(url: str, flood: Flood) -> Run:
    """Queue them all, then send."""
    await upgrade(url)
    began = time.perf_counter()
    clock = lambda: NOON_MS + round((time.perf_counter() - began) * 1000)  # noqa: E731  # noon, wherever this runs
    ledger = await Ledger.open(url, Keyring.random(DAY), clock, routes=["flood"])
    for at in range(0, flood.notices, 500):
        some = [notice(one) for one in range(at, min(at + 500, flood.notices))]
        await ledger.database.write(lambda conn, some=some: ledger.sms.put(conn, some))  # type: ignore[misc]  # a default binds it
    provider, counts, priorities = Provider(flood.seed, flood.texts), Counter[str](), dict[str, int]()
    over = asyncio.Event()

    def counted(happening: str) -> None:
        counts[happening] += 1
        if counts["accepted"] + counts["dead"] >= flood.notices:
            over.set()

    async with connected(provider, flood.limits) as line:
        noting = _Noting(line, flood.texts, priorities)
        sender = Sender(
            ledger.sms,
            ledger.sms_routes,
            noting,
            noting.words,
            clock,
            holder="flood",
            count=counted,
        )
        task, began_s = asyncio.create_task(sender.run()), time.perf_counter()
        await asyncio.wait([task, asyncio.create_task(over.wait())], timeout=LONGEST_S, return_when="FIRST_COMPLETED")
        seconds = time.perf_counter() - began_s
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await ledger.close()
    return Run(provider, counts, seconds, priorities)


class _Noting:
    """A line that notes which priority the SMS of its calls have: the provider knows of none."""

    def __init__(self, line: Line, texts: int, priorities: dict[str, int]) -> None:
        self._line = line
        self._texts = texts
        self._by_number: dict[str, int] = {}
        self._priorities = priorities

    def __getattr__(self, name: str) -> Any:
        return getattr(self._line, name)

    async def words(self, lent: Lent) -> list[str]:
        self._by_number[lent.msisdn] = lent.priority
        return [text_of(int(lent.msisdn[4:]), self._texts)]

    async def send(self, batch: Sequence[Outgoing]) -> list[Sent]:
        for one in batch:
            self._priorities[one.id.hex()] = self._by_number[one.msisdn]
        return await self._line.send(batch)


def most_in_a_second(times: Sequence[float]) -> int:
    """Of the requests' SMS, in any sliding second."""
    ordered = sorted(times)
    return max((bisect_left(ordered, one + 1.0) - at for at, one in enumerate(ordered)), default=0)


def out_of_order_s(run: Run) -> float:
    """By how much a message was first asked for before one that was to go first."""
    first: dict[str, float] = {}
    for one in run.provider.asked:
        first.setdefault(one.id, one.at_s)
    late = 0.0
    for priority in (Priority.REPLY, Priority.NOTICE):
        these = [at_s for one, at_s in first.items() if run.priorities[one] == priority]
        later = [at_s for one, at_s in first.items() if run.priorities[one] > priority]
        late = max(late, max(these, default=0.0) - min(later, default=float("inf")))
    return late


def verdicts(run: Run, flood: Flood) -> list[tuple[str, bool]]:
    """In words, and whether it is as it must be."""
    provider, limit = run.provider, flood.limits.per_second
    taken = Counter(one.id for one in provider.asked if one.said == "taken")
    blocked = sum(map(is_blocked, range(flood.notices)))
    wanted, dead = flood.notices - blocked, run.counts["dead"]
    repeats, counted = sum(taken.values()) - len(taken), run.counts["perhaps_twice"]
    most, late_s = most_in_a_second([one.at_s for one in provider.asked]), out_of_order_s(run)
    return [
        (f"accepted at least once: {len(taken):,} of {wanted:,}", len(taken) == wanted),
        (f"came twice: {repeats}; counted as perhaps: {counted}", repeats <= counted),
        (f"most in a sliding second: {most}; limit {limit:g}", most <= limit),
        (f"asked for before what was to go first: by {late_s * 1000:,.0f} ms at most", late_s <= LATE_S),
        (f"with another's text: {provider.mixed_up}", provider.mixed_up == 0),
        (f"given up: {dead}; refused for good: {blocked}", dead == blocked),
    ]


def report(database: str, run: Run, flood: Flood) -> bool:
    """Print the figures; whether all is as it must be."""
    provider, limits = run.provider, flood.limits
    found = verdicts(run, flood)
    answers = ", ".join(f"{name} {count:,}" for name, count in sorted(provider.answers.items()))
    calls, asked = provider.answers.total(), len(provider.asked)
    print(f"{database}: {flood.notices:,} notices, {limits.per_second:g} a second, {limits.per_call} a call at most")
    print(f"the provider: {answers}; {asked / max(1, calls):.1f} SMS a call, {provider.at_once} calls at once")
    print(f"{run.seconds:.1f} s, {asked / run.seconds:,.0f} SMS a second")
    for words, holds in found:
        print(f"{'ok    ' if holds else 'MISSED'} {words}")
    return all(holds for _, holds in found)


def main(arguments: list[str] | None = None) -> int:
    """Flood, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notices", type=int, default=NOTICES)
    parser.add_argument("--per-second", type=float, default=PER_SECOND)
    parser.add_argument("--per-call", type=int, default=1, help="numbers of one call, at most")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL at 127.0.0.1:5432 as well")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    flood = Flood(asked.notices, Limits(asked.per_second, max(1, asked.per_call)), asked.seed)
    with tempfile.TemporaryDirectory(prefix="ussd-engine-flood-", dir=ON_DISK if ON_DISK.is_dir() else None) as folder:
        met = report("SQLite", asyncio.run(flooded(f"sqlite:///{folder}/ledger.db", flood)), flood)
    if asked.postgres:
        with postgres_database() as url:
            met = report("PostgreSQL", asyncio.run(flooded(url, flood)), flood) and met
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
