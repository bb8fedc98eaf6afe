"""The worker that carries submissions from the outbox to the core, at least once, until the core has each."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Literal

from ussd_engine.errors import DeliveryError, EngineError, Rejected
from ussd_engine.feedback import FeedbackStore
from ussd_engine.ledger import Claim, Clock, Outbox
from ussd_engine.ledger.outbox import LEASE_MS

Happening = Literal["delivered", "retried", "dead", "paused", "stale", "unsettled"]
"""What became of a row, for the counters: taken by the core; given back; given up; given back with the whole route
stopped; settled by another worker meanwhile; not settled, for the ledger did not answer."""

ATTEMPTS = 8
FIRST_MS = 5_000
CAP_MS = 15 * 60_000
PAUSE_MS = 60_000
POLL_S = 2.0
"""How often rows of other processes are looked for."""
GATHER_S = 0.05
"""So long is waited for more rows before some are claimed: they go through the ledger together."""
MOST = 64
"""Rows under way at once."""
SUBMIT_S = LEASE_MS / 1000 * 2 / 3
"""A core that answers later is taken as silent, while the lease still holds."""
DRAIN_S = 5.0


class Delivery:
    """Claims, submits, settles. `count` is told what became of each row."""

    def __init__(
        self,
        outbox: Outbox,
        store: FeedbackStore,
        clock: Clock,
        *,
        uniform: Callable[[float, float], float] = random.uniform,
        count: Callable[[Happening], None] = lambda _: None,
    ) -> None:
        self._outbox = outbox
        self._store = store
        self._clock = clock
        self._uniform = uniform
        self._count = count
        self._paused_until_ms = 0
        self._probing = False

    async def run(self) -> None:
        """Deliver until cancelled; then finish the round under way, for `DRAIN_S` at most, and begin no other."""
        while True:
            under_way = asyncio.create_task(self._round())
            try:
                claimed = await asyncio.shield(under_way)
            except asyncio.CancelledError:
                await _drained(under_way)
                raise
            if not claimed:
                await self._wait()

    async def step(self) -> int:
        """One round: claim what is due, submit, settle. Returns how many rows were claimed."""
        now_ms = self._clock()
        if now_ms < self._paused_until_ms:
            return 0
        claims = await self._outbox.claim(now_ms, 1 if self._probing else MOST)
        await asyncio.gather(*map(self._deliver, claims))
        return len(claims)

    async def _round(self) -> int:
        if self._outbox.added.is_set():
            await asyncio.sleep(GATHER_S)
        self._outbox.added.clear()
        try:
            return await self.step()
        except EngineError:
            # The ledger does not answer: the next round asks again, and no row is lost meanwhile.
            self._count("unsettled")
            return 0

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(POLL_S):
                await self._outbox.added.wait()
        except TimeoutError:
            return

    async def _deliver(self, claim: Claim) -> None:
        try:
            core_reference = await self._submit(claim)
            if core_reference is not None:
                self._probing = False
                self._tell(await self._outbox.done(claim, core_reference), "delivered")
        except EngineError:
            # The lease runs out and the row comes back; the core knows its key.
            self._count("unsettled")

    async def _submit(self, claim: Claim) -> str | None:
        try:
            if claim.attempts > ATTEMPTS:
                raise Rejected("its attempts are used up")
            submission = await self._outbox.submission(claim)
            async with asyncio.timeout(SUBMIT_S):
                return await self._store.submit(submission)
        except Exception as error:
            await self._put_off(claim, error)
            return None

    async def _put_off(self, claim: Claim, error: Exception) -> None:
        if isinstance(error, DeliveryError) and error.pause:
            await self._pause(claim)
        elif claim.attempts >= ATTEMPTS or (isinstance(error, DeliveryError) and not error.retry):
            self._tell(await self._outbox.dead(claim, type(error).__name__, self._clock()), "dead")
        else:
            self._tell(await self._outbox.later(claim, self._clock() + self._backoff_ms(claim.attempts)), "retried")

    async def _pause(self, claim: Claim) -> None:
        self._paused_until_ms = self._clock() + PAUSE_MS
        self._probing = True
        self._tell(await self._outbox.later(claim, self._paused_until_ms, counts=False), "paused")

    def _backoff_ms(self, attempts: int) -> int:
        return round(self._uniform(0, min(CAP_MS, FIRST_MS * 2 ** (attempts - 1))))

    def _tell(self, settled: bool, happening: Happening) -> None:
        self._count(happening if settled else "stale")


async def _drained(under_way: asyncio.Task[int]) -> None:
    await asyncio.wait([under_way], timeout=DRAIN_S)
    under_way.cancel()
    await asyncio.gather(under_way, return_exceptions=True)
