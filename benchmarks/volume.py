"""`make volume`: what a look-up, an inbox and the figures cost at 100,000 cases beside 1,000; exit code 1 where more
than 1.5 times as much.

Both databases are filled as the gateway fills them: by acts of the ledger and submissions to the built-in core. Then
each question is put to both in turn.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from rich.progress import Progress

from ussd_engine import config
from ussd_engine.engine import read_menus
from ussd_engine.feedback.access import Officer
from ussd_engine.feedback.desk import Desk
from ussd_engine.feedback.offices import Offices
from ussd_engine.feedback.sql import SqlStore
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger, upgrade
from ussd_engine.model import Submit
from ussd_engine.reference import derive_pin
from ussd_engine.testing.databases import postgres_database
from ussd_engine.testing.specimens import DAY, DAY_MS, NOON_MS, StoppedClock, submit
from ussd_engine.tracking import LookUp

ON_DISK = Path("/var/tmp")
SIZES = (1_000, 100_000)
ROUNDS = 300
TOGETHER = 100
MOST = 1.5
OVER_DAYS = 300

Ask = Callable[[], Awaitable[object]]


Questions = dict[str, Ask]


@asynccontextmanager
async def filled(url: str, size: int, progress: Progress) -> AsyncIterator[Questions]:
    """A database with so many cases, and the questions that are put to it."""
    await upgrade(url)
    edition = read_menus(config.load({}))
    offices = Offices.of(edition)
    keyring, clock = Keyring.random(DAY), StoppedClock(NOON_MS + OVER_DAYS * DAY_MS)
    ledger = await Ledger.open(url, keyring, clock)
    store = SqlStore(ledger.database, keyring, lambda: offices, clock)
    try:
        acts = [_act(number, sorted(offices.codes)) for number in range(size)]
        task = progress.add_task(f"{url.split(':')[0]}, {size:,} cases", total=size)
        for at in range(0, size, TOGETHER):
            some = acts[at : at + TOGETHER]
            await asyncio.gather(*map(ledger.act, some))
            claims = await ledger.outbox.claim(clock(), TOGETHER)
            messages = [await ledger.outbox.message(claim) for claim in claims]
            await asyncio.gather(*map(store.submit, messages))  # type: ignore[arg-type]  # they are submissions
            await asyncio.gather(*(ledger.outbox.done(claim, claim.reference) for claim in claims))
            progress.update(task, completed=at + len(some))
        yield _questions(ledger, Desk(ledger.database, keyring, offices, clock), keyring, acts)
    finally:
        await store.close()
        await ledger.close()


def _act(number: int, codes: Sequence[str]) -> Submit:
    day = number % OVER_DAYS
    return submit(
        msisdn=f"2556{number:08}",
        caller=None,
        # Half of all at one office: its page is full at either size.
        institution=codes[number % 97 if number % 2 else 0],
        at_ms=NOON_MS + day * DAY_MS,
        due=DAY + timedelta(days=day + 20),
    )


def _questions(ledger: Ledger, desk: Desk, keyring: Keyring, acts: Sequence[Submit]) -> Questions:
    officer = Officer("officer", acts[0].institution)
    times = iter(range(NOON_MS + OVER_DAYS * DAY_MS, 1 << 62))

    def look_up() -> Awaitable[object]:
        act = random.choice(acts[-1000:])
        pin = derive_pin(keyring.pin, act.case, 0).reveal()
        return ledger.look_up(LookUp(reference=act.reference, msisdn=act.msisdn, pin=pin, at_ms=next(times)))

    return {
        "a case by reference and PIN": look_up,
        "what one phone sent": lambda: ledger.own_cases(random.choice(acts[-1000:]).msisdn or ""),
        "an office's inbox": lambda: desk.inbox(officer),
        "the figures by institution": lambda: desk.figures(Officer("national", "UTUMISHI"), "institution"),
    }


async def compare(urls: Sequence[str], progress: Progress) -> dict[str, list[float]]:
    """The median seconds of each question, by size."""
    async with filled(urls[0], SIZES[0], progress) as small, filled(urls[1], SIZES[1], progress) as large:
        took: dict[str, list[list[float]]] = {name: [[], []] for name in small}
        for _ in range(ROUNDS):
            for name, times in took.items():
                for which, side in enumerate((small, large)):
                    began = time.perf_counter()
                    await side[name]()
                    times[which].append(time.perf_counter() - began)
        return {name: [statistics.median(side) for side in times] for name, times in took.items()}


def report(database: str, found: dict[str, list[float]]) -> bool:
    """Print the table; true where every bound is met."""
    met = True
    for name, (small, large) in found.items():
        ratio = large / small
        met = met and ratio <= MOST
        missed = "" if ratio <= MOST else "  MISSED"
        print(f"{database:<10} {name:<30} {small * 1000:7.2f} ms {large * 1000:7.2f} ms  {ratio:.2f}{missed}")
    return met


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="volume", description=__doc__)
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL at 127.0.0.1:5432 as well")
    asked = parser.parse_args(arguments)
    met = True
    with Progress() as progress:
        with tempfile.TemporaryDirectory(prefix="volume-", dir=ON_DISK if ON_DISK.is_dir() else None) as folder:
            urls = [f"sqlite:///{folder}/{size}.db" for size in SIZES]
            met = report("SQLite", asyncio.run(compare(urls, progress))) and met
        if asked.postgres:
            with postgres_database() as small, postgres_database() as large:
                met = report("PostgreSQL", asyncio.run(compare([small, large], progress))) and met
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
