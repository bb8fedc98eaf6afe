"""The sender of one route: claims what is due, makes words of it, calls the gateway, writes what came of it.

One process at a time holds a route, so its pace is one process's matter. Replies go before notices, notices before
bulk: only as much is claimed as may be sent at once. What is perhaps sent twice is counted, each time: a claim that
finds a request of another sender's without its end, and a call of which it is not known whether it was taken.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from hashlib import blake2b
from typing import Final, Literal, NamedTuple

from ussd_engine.channels.sms import Gateway
from ussd_engine.errors import EngineError
from ussd_engine.ledger.smsoutcome import ATTEMPTS, Outcome
from ussd_engine.ledger.smsqueue import Lent, SmsQueue
from ussd_engine.ledger.smsroutes import SmsRoutes
from ussd_engine.sms.hold import Hold
from ussd_engine.sms.message import Outgoing, RouteFault, Sent
from ussd_engine.sms.pace import Pace
from ussd_engine.sms.rest import Rest

Happening = Literal[
    "accepted", "retried", "rerouted", "dead", "stale", "withheld", "perhaps_twice", "stopped", "closed", "unsettled"
]
"""What became of a message, for the counters. `perhaps_twice`: it may reach her more than once. `stopped`: the route,
until somebody has mended it. `closed`: no key here opens it. `unsettled`: the ledger did not answer. The others are
those of `smsoutcome`."""

FIRST_MS: Final = 5_000
CAP_MS: Final = 15 * 60_000
AT_ONCE: Final = 64
"""Messages of one claim."""
CALL_S: Final = 21.0
"""A gateway ends its calls by itself after 20."""
WORDS_S: Final = 3.0
POLL_S: Final = 2.0
LEAST_S: Final = 0.01
SETTLES: Final = 3
"""How often what came of a call is written, before it is left to the lease to run out."""
ELSEWHERE_S: Final = 600.0
"""What waits for a route that is down, or asks to be left alone, for so long goes to the next one."""
REPLIES_ELSEWHERE_S: Final = 60.0
"""So do replies; who wrote waits for them."""
DRAIN_S: Final = 25.0

Words = Callable[[Lent], Awaitable[Sequence[str]]]
"""A message in words, one text an SMS. Empty: there is nothing to say. Raises `EngineError` where they cannot be made
now."""


class _Job:
    """A message under way."""

    def __init__(self, lent: Lent, texts: Sequence[str]) -> None:
        self.lent = lent
        self.parts = len(texts)
        self.said: dict[int, Sent] = {}
        self.again = False
        self.counts = True
        self.after_ms: int | None = None
        self.reason = ""
        self.left = [part for part in range(len(texts)) if part not in lent.parts]
        self.open = len(self.left)


class _Piece(NamedTuple):
    """One SMS of it."""

    job: _Job
    part: int
    out: Outgoing


class Sender:
    """Sends on one route. `holder` names this process; `count` is told what happened, a word each time."""

    def __init__(
        self,
        queue: SmsQueue,
        routes: SmsRoutes,
        gateway: Gateway,
        words: Words,
        clock: Callable[[], int],
        *,
        holder: str,
        now_s: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
        count: Callable[[Happening], None] = lambda _: None,
    ) -> None:
        self._queue = queue
        self._gateway = gateway
        self._words = words
        self._clock = clock
        self._sleep = sleep
        self._uniform = uniform
        self._count = count
        self._pace = Pace(gateway.limits.per_second, now_s, sleep)
        self._breaker = Rest(routes, gateway.name, holder, clock, now_s, uniform)
        self._hold = Hold(routes, gateway, holder)
        self._under_way: set[asyncio.Task[None]] = set()
        self._claimed = 0
        """SMS that wait for a slot."""

    async def run(self) -> None:
        """Until cancelled; then what is under way is finished, for `DRAIN_S` at most, and the route let go."""
        try:
            while True:
                try:
                    lent = await self.step()
                except EngineError:
                    self._count("unsettled")
                    lent = 0
                await self._wait(lent)
        finally:
            await asyncio.shield(asyncio.ensure_future(self.close()))

    async def close(self) -> None:
        """Finish what is under way, and let the route go."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=DRAIN_S)
        await self._hold.let_go()

    async def settled(self) -> None:
        """Return once nothing is under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def step(self) -> int:
        """Claim what may go now, and begin to send it; how many messages."""
        now_ms, name, breaker, hold = self._clock(), self._gateway.name, self._breaker, self._hold
        if came := await hold.renew(now_ms, busy=bool(self._under_way)):
            self._pace.fill()
            breaker.taken(came)
        if hold.route is None or hold.route.stopped:
            return 0
        away_s = max(breaker.away_s, hold.route.unbound_s(now_ms))
        if away_s >= REPLIES_ELSEWHERE_S:
            await self._queue.hand_over(name, now_ms, replies_alone=away_s < ELSEWHERE_S)
        room = min(self._room, 1 if breaker.open else AT_ONCE)
        if breaker.rests_s > 0 or not hold.sends or room <= 0 or (breaker.open and self._under_way):
            return 0
        taken = await self._queue.take(name, now_ms, room)
        for word, times in (
            ("withheld", len(taken.withheld)),
            ("perhaps_twice", taken.perhaps_twice),
            ("closed", taken.closed),
        ):
            self._tell(word, times)  # type: ignore[arg-type]  # words of `Happening`
        if taken.lent:
            self._claimed += len(taken.lent)
            task = asyncio.create_task(self._carry(taken.lent))
            self._under_way.add(task)
            task.add_done_callback(self._done)
        return len(taken.lent) + len(taken.withheld)

    @property
    def _room(self) -> int:
        """Messages that could go at once."""
        return self._pace.free - self._claimed

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._queue.added.set()

    async def _wait(self, lent: int) -> None:
        """Until there may be something to do."""
        free, slot_s = self._room > 0, self._pace.rest_s()
        if lent and free:
            return
        # What is full, or rests, has a time at which it will not; for all else it is looked again and again.
        rest_s = POLL_S if free or slot_s is None else slot_s
        rest_s = max(min(rest_s, POLL_S, self._breaker.rests_s or POLL_S), LEAST_S)
        stirred = asyncio.ensure_future(self._queue.added.wait())
        slept = asyncio.ensure_future(self._sleep(rest_s))
        try:
            await asyncio.wait({stirred, slept}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._queue.added.clear()
            for one in (stirred, slept):
                one.cancel()

    async def _carry(self, lent: Sequence[Lent]) -> None:
        """Send some messages, and settle each as soon as all is known of it."""
        pieces: list[_Piece] = []
        try:
            worded = await asyncio.gather(*map(self._worded, lent))
            pieces = [piece for some in worded for piece in some]
        finally:
            self._claimed += len(pieces) - len(lent)
        await asyncio.gather(*map(self._call, self._calls(pieces)))

    async def _worded(self, lent: Lent) -> list[_Piece]:
        """The SMS of a message that its gateway has not taken yet; none, and it is settled, where there are none."""
        try:
            async with asyncio.timeout(WORDS_S):
                texts = await self._words(lent)
            job = _Job(lent, texts)
            job.reason = "" if texts else "there is nothing to say"
        except Exception as error:
            job = _Job(lent, ())
            job.again, job.reason = True, f"its words could not be made: {type(error).__name__}"
        if lent.attempts > ATTEMPTS:
            job.left, job.again, job.reason = [], False, "its attempts are used up"
        if not job.left:
            await self._settle(job, elsewhere=bool(job.parts))
        return [
            _Piece(job, part, Outgoing(id=_id(lent, part), msisdn=lent.msisdn, text=texts[part], link=lent.link))
            for part in job.left
        ]

    def _calls(self, pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
        """Pieces that go in one call: of equal text, as many as the gateway takes and the pace allows.

        What was not taken goes alone the next time: it may have been another's fault.
        """
        most = max(1, min(self._gateway.limits.per_call, self._pace.slots))
        equal: dict[tuple[str, bytes], list[_Piece]] = {}
        for piece in pieces:
            alone = most == 1 or piece.job.lent.attempts > 1 or bool(piece.out.link)
            equal.setdefault((piece.out.text, piece.out.id if alone else b""), []).append(piece)
        for some in equal.values():
            yield from (some[at : at + most] for at in range(0, len(some), most))

    async def _call(self, pieces: list[_Piece]) -> None:
        try:
            await self._pace.take(len(pieces))
        finally:
            self._claimed -= len(pieces)
        try:
            said = await self._asked(pieces)
            await self._breaker.write()
            for job, part, out in pieces:
                if (sent := said.get(out.id)) is not None:
                    job.said[part] = sent
                else:
                    job.again = True
                job.open -= 1
            done = {id(piece.job): piece.job for piece in pieces if not piece.job.open}
            await asyncio.gather(*map(self._settle, done.values()))
        finally:
            # Not before it is written: where the ledger is slow, no more is sent than it can mark.
            self._pace.give(len(pieces))

    async def _asked(self, pieces: list[_Piece]) -> dict[bytes, Sent]:
        """What the gateway said of each SMS; nothing of those that it did not take."""
        now_ms, route = self._clock(), self._hold.route
        ends_ms = min(piece.job.lent.lease_ms for piece in pieces) - round(CALL_S * 1000)
        # While it waited for its turn its lease may have come near its end, or the route may have stopped.
        away = route is None or not self._hold.sends or now_ms >= min(ends_ms, route.lease_ms)
        if away or self._breaker.rests_s > 0:
            for piece in pieces:
                piece.job.counts, piece.job.after_ms = False, round(self._breaker.rests_s * 1000)
                piece.job.reason = "it waited for its turn"
            return {}
        try:
            async with asyncio.timeout(CALL_S):
                sent = await self._gateway.send([piece.out for piece in pieces])
        except RouteFault as fault:
            await self._failed(pieces, fault)
            return {}
        except Exception as error:
            await self._failed(pieces, RouteFault(f"{type(error).__name__} in the call", perhaps_taken=True))
            return {}
        self._breaker.answered()
        return {one.id: one for one in sent}

    async def _failed(self, pieces: list[_Piece], fault: RouteFault) -> None:
        """The whole call was not taken, or that is not known."""
        self._breaker.failed(fault.after_s)
        if fault.perhaps_taken:
            self._tell("perhaps_twice", len(pieces))
        # What was perhaps taken is an attempt whatever it was that failed: else it could reach her without end.
        at_fault = fault.stop or fault.after_s is not None or self._breaker.open
        after_ms = 0 if fault.stop else None if fault.after_s is None else round(fault.after_s * 1000)
        for piece in pieces:
            piece.job.counts = fault.perhaps_taken or not at_fault
            piece.job.after_ms, piece.job.reason = after_ms, str(fault)
        if fault.stop:
            self._tell("stopped", 1)
            try:
                await self._hold.stop(str(fault), self._clock())
            except EngineError:
                self._count("unsettled")

    async def _settle(self, job: _Job, *, elsewhere: bool = True) -> None:
        now_ms, lent = self._clock(), job.lent
        after_ms = self._backoff_ms(lent.attempts) if job.after_ms is None else job.after_ms
        outcome = Outcome(
            id=lent.id,
            token=lent.token,
            attempts=lent.attempts,
            route=self._gateway.name,
            now_ms=now_ms,
            later_ms=now_ms + after_ms,
            said=job.said,
            parts=job.parts,
            again=job.again,
            counts=job.counts,
            elsewhere=elsewhere,
            reason=job.reason,
            opens=(lent.template, lent.msisdn, lent.service, lent.values.get("ref", "")),
        )
        for attempt in range(1, SETTLES + 1):
            try:
                self._count(await self._queue.settle(outcome))  # type: ignore[arg-type]  # words of `Happened`
                return
            except EngineError:
                # Left alone it comes back when its lease runs out, and may reach her twice.
                if attempt == SETTLES:
                    self._count("unsettled")
                await self._sleep(attempt * 0.2)

    def _backoff_ms(self, attempts: int) -> int:
        return round(self._uniform(0, min(CAP_MS, FIRST_MS * 2 ** (attempts - 1))))

    def _tell(self, happening: Happening, times: int) -> None:
        for _ in range(times):
            self._count(happening)


def _id(lent: Lent, part: int) -> bytes:
    """16 octets of one SMS, the same in every attempt; others once it was reported as failed, so that no report of the
    one that failed is taken for one of the next."""
    return blake2b(lent.id + part.to_bytes(2, "big") + lent.rounds.to_bytes(2, "big"), digest_size=16).digest()
