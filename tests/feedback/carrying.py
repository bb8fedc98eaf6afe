"""A core that fails as it is told, a ledger whose clock moves, and the worker between them."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from ussd_engine.delivery import Delivery, Happening
from ussd_engine.feedback.base import CAPABILITIES, Batch
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.queue import enqueue, outbox_row
from ussd_engine.messages import Addition, Appeal, Erasure, Message, Rating, View, Withdrawal
from ussd_engine.model import CaseState, Submission
from ussd_engine.testing.specimens import DAY, StoppedClock, submit


class Core:
    """Takes what comes, or fails as it is told, with all rows or with those of `poison` alone; remembers both."""

    capabilities: frozenset[str] = CAPABILITIES
    wants: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.asked = 0
        self.failure: Exception | None = None
        self.poison: str | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.entered = asyncio.Event()
        self.got_one = asyncio.Event()
        self.under_way: Counter[str] = Counter()

    async def submit(self, submission: Submission) -> str:
        await self._take(submission)
        return f"EMR-{len(self.taken)}"

    async def append(self, addition: Addition) -> None:
        await self._take(addition)

    async def rate(self, rating: Rating) -> None:
        await self._take(rating)

    async def withdraw(self, withdrawal: Withdrawal) -> None:
        await self._take(withdrawal)

    async def appeal(self, appeal: Appeal) -> None:
        await self._take(appeal)

    async def erase(self, erasure: Erasure) -> None:
        await self._take(erasure)

    async def view(self, reference: str) -> View | None:
        return None

    async def events(self, mark: str, most: int) -> Batch:
        return Batch([], mark)

    async def close(self) -> None:
        return None

    async def _take(self, message: Message) -> None:
        self.entered.set()
        self.under_way[message.reference] += 1
        assert self.under_way[message.reference] == 1, "two messages of one case at once"
        try:
            await self.open.wait()
            if self.failure is not None and self.poison in (None, message.reference):
                self.asked += 1
                raise self.failure
            self.taken.append(message)
            self.got_one.set()
        finally:
            self.under_way[message.reference] -= 1


@pytest.fixture
def keyring() -> Keyring:
    return Keyring.random(DAY)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def core() -> Core:
    return Core()


@pytest.fixture
def counted() -> Counter[Happening]:
    return Counter()


@pytest.fixture
async def ledger(sqlite_url: str, keyring: Keyring, clock: StoppedClock) -> AsyncIterator[Ledger]:
    ledger = await Ledger.open(sqlite_url, keyring, clock)
    yield ledger
    await ledger.close()


@pytest.fixture
def worker(ledger: Ledger, core: Core, clock: StoppedClock, counted: Counter[Happening]) -> Delivery:
    def count(happening: Happening) -> None:
        counted[happening] += 1

    return Delivery(ledger.outbox, core, clock, uniform=lambda low, high: high, count=count)


async def queue(ledger: Ledger, keyring: Keyring, *messages: Message) -> None:
    """Put messages into the outbox, as the acts of citizens do."""
    rows = [outbox_row(keyring, message, ledger._clock()) for message in messages]
    await ledger.database.write(lambda conn: enqueue(conn, rows))


def addition(reference: str, text: str = "Bado") -> Addition:
    return Addition(idempotency_key=secrets.token_hex(16), reference=reference, text=text, at_ms=0)


async def poison(ledger: Ledger, core: Core, failure: Exception) -> None:
    """A submission that the core will not take while it takes others."""
    act = submit(caller=None)
    await ledger.act(act)
    core.failure, core.poison = failure, act.reference


async def state_of(ledger: Ledger, reference: str) -> CaseState:
    case = await ledger.case(reference)
    assert case is not None
    return case.state
