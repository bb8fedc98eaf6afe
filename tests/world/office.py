"""The core of the world: the built-in one, reached over a way that fails, with an officer who acts on its cases."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar
from unittest.mock import patch

from tests.world.books import Books
from tests.world.loop import WorldLoop
from tests.world.plan import Errand
from tests.world.weather import Weather
from tests.world.witness import Witness
from ussd_engine import delivery, news
from ussd_engine.delivery import Delivery
from ussd_engine.errors import DeliveryError, EngineError, Rejected
from ussd_engine.feedback.access import Officer, Refused
from ussd_engine.feedback.base import Batch
from ussd_engine.feedback.desk import Desk
from ussd_engine.feedback.offices import Offices
from ussd_engine.feedback.sql import SqlStore
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.menu.edition import Edition
from ussd_engine.messages import Addition, Appeal, Erasure, Message, Rating, View, Withdrawal
from ussd_engine.model import Submission
from ussd_engine.news import News

SOURCE = "sql"
POLL_S = 15.0
"""In virtual time nothing is gained by asking more often."""
SLOW_S = 25.0
"""Longer than a worker waits for a core."""
STEPS: dict[str, tuple[str, ...]] = {
    "open": ("open",),
    "work": ("open", "progress"),
    "ask": ("open", "progress", "ask"),
    "answer": ("open", "progress", "answer"),
    "transfer": ("open", "transfer"),
    "refuse": ("open", "refuse"),
    "decide": ("decide",),
}
"""What each errand takes; a step that the case has behind it is refused, and the next one tried."""
WORDS = {"ask": "Swali W{}w: wapi hasa?", "answer": "Jibu W{}w: limekwisha.", "refuse": "Sababu W{}w: ni la mahakama."}
WORDS["decide"] = "Uamuzi W{}w: mlalamikaji ana haki."
THINKS_S = (0.2, 4.0)
T = TypeVar("T")
CORE_DOWN = "the world's core did not answer"


class Core:
    """What a worker reaches of the core: it may be silent, or take a message and not say so."""

    wants: frozenset[str] = frozenset()

    def __init__(self, store: SqlStore, weather: Weather, witness: Witness, asked: set[str]) -> None:
        """`asked`: the keys of what reached the core, by whichever worker."""
        self._store = store
        self._asked = asked
        self._weather = weather
        self._witness = witness
        self.capabilities = store.capabilities

    async def submit(self, submission: Submission) -> str:
        return await self._carried(submission, lambda: self._store.submit(submission))

    async def append(self, addition: Addition) -> None:
        await self._carried(addition, lambda: self._store.append(addition))

    async def rate(self, rating: Rating) -> None:
        await self._carried(rating, lambda: self._store.rate(rating))

    async def withdraw(self, withdrawal: Withdrawal) -> None:
        await self._carried(withdrawal, lambda: self._store.withdraw(withdrawal))

    async def appeal(self, appeal: Appeal) -> None:
        await self._carried(appeal, lambda: self._store.appeal(appeal))

    async def erase(self, erasure: Erasure) -> None:
        await self._carried(erasure, lambda: self._store.erase(erasure))

    async def view(self, reference: str) -> View | None:
        return await self._store.view(reference)

    async def events(self, mark: str, most: int) -> Batch:
        return await self._store.events(mark, most)

    async def close(self) -> None:
        await self._store.close()

    async def _carried(self, message: Message, take: Callable[[], Awaitable[T]]) -> T:
        key = message.idempotency_key
        named = f"{type(message).__name__.lower()} {key[:8]} of {message.reference}"
        what = self._weather.strikes("carry", named)
        if what == "rejected" and not isinstance(message, Submission) and key not in self._asked:
            self._witness.note(f"== the core rejects {named}")
            raise Rejected("the world's core does not take it")
        if what in ("down", "rejected"):
            raise DeliveryError(CORE_DOWN)
        self._asked.add(key)
        taken = await take()
        self._witness.note(f"== the core has {named}")
        if what == "slow":
            await asyncio.sleep(SLOW_S)
        if what == "unanswered":
            raise DeliveryError(CORE_DOWN)
        return taken


class Clerk:
    """An officer who does what the plan says, as whoever holds the case."""

    def __init__(self, desk: Desk, books: Books, witness: Witness, offices: Offices, seed: int) -> None:
        self._desk = desk
        self._books = books
        self._witness = witness
        self._offices = offices
        self._chance = random.Random(f"office {seed}")

    async def live(self, errands: tuple[Errand, ...]) -> None:
        """Every errand at its time, or once the one before is done."""
        start_s = asyncio.get_running_loop().time()
        for errand in errands:
            await asyncio.sleep(max(0.0, start_s + errand.at_s - asyncio.get_running_loop().time()))
            held = self._books.held()
            if held:
                reference = held[errand.case % len(held)]
                self._witness.note(f"++ an officer sets out to {errand.does} {reference}")
                for step in STEPS[errand.does]:
                    await asyncio.sleep(self._chance.uniform(*THINKS_S))
                    await self._step(step, reference)

    async def _step(self, step: str, reference: str) -> None:
        holder = self._books.holder(reference)
        officer = Officer("officer", holder)
        try:
            await getattr(self._desk, step)(officer, reference, *self._given(step, reference, holder))
        except Refused as refused:
            self._witness.note(f"++ {step} {reference}: {refused}")
        except EngineError as error:
            self._witness.note(f"++ {step} {reference}: {type(error).__name__}")
        else:
            self._witness.note(f"++ {step} {reference}: done by {officer}")

    def _given(self, step: str, reference: str, holder: str) -> list[str]:
        if step == "transfer":
            return [self._chance.choice([code for code in sorted(self._offices.codes)[:40] if code != holder])]
        if step not in WORDS:
            return []
        number = len(self._witness.said)
        self._witness.said[f"W{number}w"] = reference
        return [WORDS[step].format(number)]


class Office:
    """Everything beside the turns: a core a worker, what carries to it and hears from it, and the officer."""

    def __init__(
        self,
        ledgers: list[Ledger],
        keyring: Keyring,
        edition: Edition,
        weather: Weather,
        witness: Witness,
        loop: WorldLoop,
    ) -> None:
        def clock_ms() -> int:
            return int(loop.time() * 1000)

        def today() -> Any:
            return edition.country.today(clock_ms())

        self.offices = Offices.of(edition)
        self._keyring = keyring
        self._clock_ms = clock_ms
        self._ledgers = ledgers
        asked: set[str] = set()
        self.cores = [
            Core(SqlStore(one.database, keyring, lambda: self.offices, clock_ms), weather, witness, asked)
            for one in ledgers
        ]
        self._works: list[Any] = []
        for ledger, core in zip(ledgers, self.cores, strict=True):
            ledger.due, ledger.knows = edition.due, edition.knows
            self._works.append(Delivery(ledger.outbox, core, clock_ms))
            self._works.append(News(ledger, core, SOURCE, today))

    def clerk(self, books: Books, witness: Witness, seed: int) -> Clerk:
        """An officer, at the first worker's database."""
        desk = Desk(self._ledgers[0].database, self._keyring, self.offices, self._clock_ms)
        return Clerk(desk, books, witness, self.offices, seed)

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Carry and hear from here to the end of the block."""
        with patch.object(delivery, "POLL_S", POLL_S), patch.object(news, "POLL_S", POLL_S):
            tasks = [asyncio.create_task(one.run()) for one in self._works]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
