"""The workers that carry messages from the outbox to the core, at least once, until the core has each.

A row has eight attempts, of which those do not count that the core's silence used up: where several in a row got no
answer and none got one, the fault is the route's. Then one row a minute asks whether it is open again.

Each institution whose service is hosted has a worker of its own beside the core's, which is to it what the core's is to
the core: how fast one answers, and whether it does, touches nobody else's rows.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, Literal, NamedTuple

from ussd_engine.errors import DeliveryError, EngineError, Rejected
from ussd_engine.feedback import FeedbackStore
from ussd_engine.ledger import Claim, Clock, Outbox
from ussd_engine.ledger.outbox import EVERYBODYS, LEASE_MS, Whose
from ussd_engine.logs import Notice
from ussd_engine.messages import Addition, Appeal, Erasure, Message, Rating, Withdrawal
from ussd_engine.model import Submission

Happening = Literal["delivered", "retried", "dead", "paused", "stale", "unsettled"]
"""What became of a row, for the counters: taken by the core; given back; given up; given back with the whole route
stopped; settled by another worker meanwhile; not settled, for the ledger did not answer."""

ATTEMPTS = 8
FIRST_MS = 20_000
CAP_MS = 15 * 60_000
"""The wait before the second attempt is drawn up to `FIRST_MS`, then up to twice as much each time, to this at most."""
PAUSE_MS = 60_000
LONGEST_MS = 24 * 3_600_000
"""What a core may ask for with Retry-After."""
SILENT = 3
"""So many failures without one answer between them, and the core is down."""
POLL_S = 2.0
"""How often rows of other processes are looked for."""
GATHER_S = 0.05
"""So long is waited for more rows before some are claimed: they go through the ledger together."""
MOST = 64
"""Rows of one addressee under way at once."""
CARRY_S = LEASE_MS / 1000 * 2 / 3
"""A core that answers later is taken as silent, while the lease still holds."""
DRAIN_S = 5.0

CAPABILITY: Final[dict[type[Message], str]] = {
    Addition: "append",
    Rating: "rate",
    Withdrawal: "withdraw",
    Appeal: "appeal",
    Erasure: "erase",
}
"""What a core must be able to do with a message that is no submission: the name of the method too."""


class Refused(Rejected):
    """What this worker will not carry; the words, which hold nothing of the row, say why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Failure(NamedTuple):
    """A row that the core has not taken."""

    claim: Claim
    error: Exception
    unheard: bool
    """Whoever was asked gave no answer to the row itself."""


class Delivery:
    """Claims, carries, settles, of one addressee. `count` is told what became of each row; `told` is what gave one up,
    and what stopped the route, once until the core answers again; `notice` that it does.

    `whose` says whose rows; `added` is set where some may be due, by default with the outbox's own event.
    """

    def __init__(
        self,
        outbox: Outbox,
        store: FeedbackStore,
        clock: Clock,
        *,
        uniform: Callable[[float, float], float] = random.uniform,
        count: Callable[[Happening], None] = lambda _: None,
        told: Callable[[Exception], None] = lambda _: None,
        notice: Callable[..., None] = lambda *_, **__: None,
        whose: Whose = EVERYBODYS,
        added: asyncio.Event | None = None,
    ) -> None:
        self._outbox = outbox
        self._whose = whose
        self._added = added or outbox.added
        self._store = store
        self._clock = clock
        self._uniform = uniform
        self._count = count
        self._told = told
        self._notice = notice
        self._paused_until_ms = 0
        self._paused_by: tuple[object, ...] = ()
        self._probing = False
        self._unheard = 0
        self._answered = False

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
        """One round: claim what is due, carry it, settle. Returns how many rows were claimed."""
        now_ms = self._clock()
        if now_ms < self._paused_until_ms:
            return 0
        claims = await self._outbox.claim(now_ms, 1 if self._probing else MOST, self._whose)
        self._answered = False
        failures = [failure for failure in await asyncio.gather(*map(self._deliver, claims)) if failure]
        self._unheard = 0 if self._answered else self._unheard + sum(failure.unheard for failure in failures)
        if self._probing and self._answered:
            self._probing = False
            self._notice(Notice.INSTITUTION_BACK if self._whose.of else Notice.CORE_BACK, place=self._whose.of)
        await asyncio.gather(*map(self._put_off, failures))
        return len(claims)

    async def begin_again(self) -> None:
        """The core answers again, as whoever brought it back knows: all that waits is due at once."""
        self._paused_until_ms, self._probing, self._unheard = 0, False, 0
        await self._outbox.hasten()

    async def _round(self) -> int:
        if self._added.is_set():
            await asyncio.sleep(GATHER_S)
        self._added.clear()
        try:
            return await self.step()
        except EngineError:
            # The ledger does not answer: the next round asks again, and no row is lost meanwhile.
            self._count("unsettled")
            return 0

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(POLL_S):
                await self._added.wait()
        except TimeoutError:
            return

    async def _deliver(self, claim: Claim) -> Failure | None:
        """Carry one row; what kept it from the core, where something did."""
        try:
            if claim.attempts > ATTEMPTS:
                raise Refused("its attempts are used up")
            message = await self._outbox.message(claim)
        except Exception as error:
            return Failure(claim, error, unheard=False)
        try:
            async with asyncio.timeout(CARRY_S):
                core_reference = await self._carry(message)
        except Exception as error:
            heard = isinstance(error, DeliveryError) and error.heard
            self._answered |= heard
            return Failure(claim, error, unheard=not heard)
        self._answered = True
        await self._settle(self._outbox.done(claim, core_reference), "delivered")
        return None

    async def _carry(self, message: Message) -> str | None:
        """Give a message to the core; the core's own reference of a submission."""
        if isinstance(message, Submission):
            return await self._store.submit(message)
        capability = CAPABILITY[type(message)]
        if capability in self._store.capabilities:
            await getattr(self._store, capability)(message)
        elif not isinstance(message, Erasure):
            raise Refused(f"the core cannot {capability}")
        return None

    async def _put_off(self, failure: Failure) -> None:
        claim, error, unheard = failure
        final = isinstance(error, DeliveryError) and not error.retry
        now_ms = self._clock()
        holds = (unheard and self._unheard >= SILENT) or (isinstance(error, DeliveryError) and error.pause)
        asked_ms = _asked_ms(error)
        if holds or asked_ms:
            self._pause(now_ms + max(asked_ms, PAUSE_MS if holds else 0), error)
        reason = (isinstance(error, DeliveryError) and error.reason) or type(error).__name__
        if final or (claim.attempts >= ATTEMPTS and not holds):
            self._told(error)
            await self._settle(self._outbox.dead(claim, reason, now_ms), "dead")
        elif holds:
            await self._later(claim, self._paused_until_ms, reason, counts=False, paused=True)
        else:
            next_ms = now_ms + max(asked_ms, self._backoff_ms(claim.attempts))
            await self._later(claim, next_ms, reason, counts=True, paused=bool(asked_ms))

    async def _later(self, claim: Claim, next_ms: int, reason: str, *, counts: bool, paused: bool) -> None:
        """Give a row back. That an institution's worker rests is not counted as the core's route that is stopped."""
        happening: Happening = "paused" if paused and not counts and not self._whose.of else "retried"
        await self._settle(self._outbox.later(claim, next_ms, reason, counts=counts, paused=paused), happening)

    def _pause(self, until_ms: int, error: Exception) -> None:
        why = type(error), getattr(error, "why", None)
        if not self._probing or why != self._paused_by:
            self._told(error)
        self._paused_by = why
        self._paused_until_ms = max(self._paused_until_ms, until_ms)
        self._probing = True

    def _backoff_ms(self, attempts: int) -> int:
        """Full jitter: what failed together does not come back together."""
        return round(self._uniform(0, min(CAP_MS, FIRST_MS * 2 ** (attempts - 1))))

    async def _settle(self, settling: Awaitable[bool], happening: Happening) -> None:
        try:
            self._count(happening if await settling else "stale")
        except EngineError:
            # The lease runs out and the row comes back; the core knows its key.
            self._count("unsettled")


class Deliveries:
    """The core's worker, and one for each service that is hosted, each as if it were alone."""

    def __init__(self, outbox: Outbox, hosted: Iterable[str], worker: Callable[..., Delivery]) -> None:
        """`worker` makes one, of `whose` and `added`."""
        services = tuple(hosted)
        routes = [Whose(but=services), *(Whose(of=service) for service in services)]
        self._outbox = outbox
        self._wakes = [asyncio.Event() for _ in routes]
        self._workers = [worker(whose=whose, added=wake) for whose, wake in zip(routes, self._wakes, strict=True)]

    async def run(self) -> None:
        """Deliver until cancelled, as each worker does."""
        try:
            async with asyncio.TaskGroup() as works:
                works.create_task(self._wake())
                for worker in self._workers:
                    works.create_task(worker.run())
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None

    async def step(self) -> int:
        """A round of each. Returns how many rows were claimed."""
        return sum(await asyncio.gather(*(worker.step() for worker in self._workers)))

    async def begin_again(self) -> None:
        """The core answers again: as a worker does."""
        for worker in self._workers:
            await worker.begin_again()

    async def _wake(self) -> None:
        while True:
            await self._outbox.added.wait()
            self._outbox.added.clear()
            for wake in self._wakes:
                wake.set()


def _asked_ms(error: Exception) -> int:
    """How long the core asks to be left alone."""
    after_s = error.after_s if isinstance(error, DeliveryError) else None
    return 0 if after_s is None else max(0, min(LONGEST_MS, round(after_s * 1000)))


async def _drained(under_way: asyncio.Task[int]) -> None:
    await asyncio.wait([under_way], timeout=DRAIN_S)
    under_way.cancel()
    await asyncio.gather(under_way, return_exceptions=True)
