"""A provider of SMS that does what it is told, and remembers what it was asked; and who sends to it."""

from __future__ import annotations

import asyncio
import random
import secrets
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import event

from tests.sms.leaping import LeapingLoop
from ussd_engine.channels.sms import Limits
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.smsqueue import Lent
from ussd_engine.sms.message import Notice, Outgoing, Priority, Progress, Sent
from ussd_engine.sms.sender import Sender
from ussd_engine.testing.sms_specimens import EAST, ROUTES
from ussd_engine.testing.specimens import DAY, NOON_MS


class Seen(NamedTuple):
    """One SMS, as it reached the provider."""

    at_s: float
    text: str
    msisdn: str
    id: bytes


Answer = Callable[[int, Sequence[Outgoing]], Awaitable[list[Sent] | None]]
"""Of the call of this number: `None` takes all. Raises what the gateway raises."""


Story = Callable[["Office", LeapingLoop], Awaitable[None]]
Tell = Callable[[Story], None]
"""Runs a story in an office of its own."""


async def takes_all(call: int, batch: Sequence[Outgoing]) -> None:
    """Everything is taken at once."""


class Provider:
    """A gateway of its own. What it has seen before it fails, it has seen: `answer` may raise afterwards."""

    def __init__(
        self, loop: LeapingLoop, answer: Answer = takes_all, name: str = "first", limits: Limits | None = None
    ):
        self.name = name
        self.limits = limits or Limits(1000, 1, "")
        self.seen: list[Seen] = []
        self.calls: list[tuple[float, int]] = []
        self.at_once = self._now = 0
        self._loop = loop
        self._answer = answer

    async def send(self, batch: Sequence[Outgoing]) -> list[Sent]:
        self.calls.append((self._loop.time(), len(batch)))
        self._now += 1
        self.at_once = max(self.at_once, self._now)
        try:
            said = await self._answer(len(self.calls), batch)
        finally:
            self._now -= 1
        if said is None:
            self.take(batch)
            said = [Sent(id=one.id, progress=Progress.ACCEPTED, provider_id=secrets.token_hex(8)) for one in batch]
        return said

    def take(self, batch: Sequence[Outgoing]) -> None:
        """These have reached it."""
        self.seen += [Seen(self._loop.time(), one.text, one.msisdn, one.id) for one in batch]

    @property
    def repeats(self) -> int:
        return len(self.seen) - len({one.id for one in self.seen})

    def most_in_a_second(self) -> int:
        """Of its messages, by the moments of its calls."""
        times = sorted(at_s for at_s, size in self.calls for _ in range(size))
        return max((sum(1 for other in times[at:] if other < one + 1.0) for at, one in enumerate(times)), default=0)


async def words_of(lent: Lent) -> list[str]:
    return [f"{lent.template} {lent.values.get('ref', '')}".strip()]


def notice_to(at: int, **changes: object) -> Notice:
    made: dict[str, object] = {
        "key": secrets.token_bytes(16),
        "service": "emrejesho",
        "template": "opened",
        "values": {"ref": f"{at:09}"},
        "locale": "sw",
        "priority": Priority.NOTICE,
        "push": True,
        "at_ms": NOON_MS,
        "msisdn": f"2557{at:08}",
    }
    return Notice(**(made | changes))  # type: ignore[arg-type]  # its fields


class Office:
    """A ledger, its clock, and what its senders count."""

    def __init__(self, loop: LeapingLoop, ledger: Ledger) -> None:
        self.ledger = ledger
        self.counts: Counter[str] = Counter()
        self._loop = loop

    def clock(self) -> int:
        return NOON_MS + round(self._loop.time() * 1000)

    async def queue(self, *notices: Notice, route: str | None = None) -> None:
        await self.ledger.database.write(lambda conn: self.ledger.sms.put(conn, notices, route))
        self.ledger.sms.added.set()

    def sender(self, provider: Provider, holder: str = "a", words: object = words_of, seed: int = 0) -> Sender:
        return Sender(
            self.ledger.sms,
            self.ledger.sms_routes,
            provider,  # type: ignore[arg-type]  # it sends, and no more is asked of it
            words,  # type: ignore[arg-type]  # as `words_of`
            self.clock,
            holder=holder,
            now_s=self._loop.time,
            uniform=random.Random(seed).uniform,
            count=lambda happening: self.counts.update([happening]),
        )

    async def states(self) -> Counter[str]:
        figures = await self.ledger.sms_view.figures(self.clock())
        found: Counter[str] = Counter()
        for (_, state), count in figures.states.items():
            found[state] += count
        return found


@asynccontextmanager
async def office(loop: LeapingLoop, template: bytes, folder: Path) -> AsyncIterator[Office]:
    """An empty ledger in a folder that is made anew."""
    url = _ledger(template, folder)
    clock: list[Callable[[], int]] = []
    ledger = await Ledger.open(url, Keyring.random(DAY), lambda: clock[0](), zone=EAST, routes=ROUTES)
    # Nobody pulls the plug here.
    event.listen(ledger.database.engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous = OFF"))
    made = Office(loop, ledger)
    clock.append(made.clock)
    try:
        yield made
    finally:
        await ledger.close()


def _ledger(template: bytes, folder: Path) -> str:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "ledger.db").write_bytes(template)
    return f"sqlite:///{folder / 'ledger.db'}"


async def run_for(seconds: float, *senders: Sender) -> None:
    """Let senders run, then end them."""
    tasks = [asyncio.create_task(sender.run()) for sender in senders]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def run_until(settled: int, office: Office, limit_s: float, *senders: Sender) -> None:
    """Let senders run until so many messages are given up or taken, or the time is over."""
    tasks = [asyncio.create_task(sender.run()) for sender in senders]
    for _ in range(round(limit_s / 30)):
        await asyncio.sleep(30)
        if office.counts["accepted"] + office.counts["dead"] >= settled:
            break
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def failing(*faults: Exception) -> Answer:
    """The first calls fail so."""

    async def answer(call: int, batch: Sequence[Outgoing]) -> None:
        if call <= len(faults):
            raise faults[call - 1]

    return answer
