"""A bind that is kept up: opened again when it breaks, slower each time, and closed with a word.

    down ──connected, bound──▶ up ──broken, silent──▶ down …        a rest between two tries, twice as long each time
                          └──refused (0x0D, 0x0E, 0x0F)──▶ refused  somebody must mend it; tried again slowly

What is sent waits for a place in the window, for the end of a pause that the SMSC asked for (0x14, 0x58, 0x08), and for
a bind that stands, for as long as its sender gives it.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Final, NamedTuple

from ussd_engine.errors import EngineError
from ussd_engine.smpp import pdu as p
from ussd_engine.smpp.account import Account
from ussd_engine.smpp.pdu import BadPdu
from ussd_engine.smpp.session import CLOSE_S, Broken, Session, Unanswered

FIRST_S: Final = 1.0
LONGEST_S: Final = 60.0
LASTED_S: Final = 30.0
"""A bind that broke before this was none: the next rest is longer than the last."""
SLOWLY_S: Final = 300.0
"""Between two tries where the SMSC refuses the account: more of them may lock it."""
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 8.0
BUSY: Final = frozenset({p.QUEUE_FULL, p.THROTTLED, p.SYSTEM_ERROR})
REFUSALS: Final = {
    p.BIND_FAILED: "it refuses the bind",
    p.WRONG_PASSWORD: "the password is wrong",
    p.WRONG_SYSTEM_ID: "the system_id is wrong",
}
CONGESTED: Final = 90
"""Of 100, by an SMSC of 5.0: from there on it is given time."""


class Change(StrEnum):
    """What becomes of a bind, and what is counted of it."""

    BOUND = "bound"
    LOST = "lost"
    """It stood, and broke."""
    UNREACHED = "unreached"
    """No connection, or no answer to the bind."""
    REFUSED = "refused"
    """By a status that somebody must mend."""
    BUSY = "busy"
    """The SMSC asked for patience."""
    NACKED = "nacked"
    """It sent what is no PDU, or none for us."""


class NotSent(EngineError):
    """Nothing was sent: no bind stood in time, or its window was full."""


class Said(NamedTuple):
    """What the SMSC said of a message."""

    status: int
    body: bytes = b""


class Line(NamedTuple):
    """How often the connection was opened, and when it broke last, in seconds of a clock that never goes back."""

    opened: int
    broke_s: float


class Refused(EngineError):
    """The SMSC knows us and does not want us, or not so."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{REFUSALS.get(status, 'it does not bind')} (status 0x{status:02X})")
        self.status = status


Take = Callable[[bytes], Awaitable[int]]
"""Takes a delivered PDU; gives the status that the SMSC is told."""
Tell = Callable[[Change], None]


async def _nowhere(octets: bytes) -> int:
    return p.NOT_NOW


class Bind:
    """One bind of one process. Without `serve` it sends alone, and opens at the first message."""

    def __init__(
        self,
        account: Account,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.account = account
        self.reason = "it has not been opened yet"
        """Why it is down; words for an operator."""
        self.status = 0
        """By which the SMSC refused the last try; 0: it did not."""
        self.quiet = False
        """Nothing new is taken."""
        self._sleep = sleep
        self._uniform = uniform
        self._now = now
        self._take: Take = _nowhere
        self._tell: Tell = lambda _: None
        self._mode = p.BIND_TRANSMITTER
        self._session: Session | None = None
        self._reading: asyncio.Task[None] | None = None
        self._up = asyncio.Event()
        self._known = asyncio.Event()
        """It stands, or is refused: there is nothing to wait for."""
        self._slots = asyncio.Semaphore(account.window)
        self.line = Line(0, float("-inf"))
        self._pause_s = 0.0
        self._resume_s = float("-inf")
        self._faults = 0
        self._own: asyncio.Task[None] | None = None
        self._served = False

    @property
    def stands(self) -> bool:
        """Whether messages can go now."""
        return self._up.is_set()

    @property
    def rests_s(self) -> float:
        """For how long the SMSC asked to be left alone."""
        return max(0.0, self._resume_s - self._now())

    # in

    async def serve(self, take: Take, tell: Tell) -> None:
        """Keep it up in both directions until cancelled; then what is under way is finished, and it is unbound."""
        await self.close()
        self._take, self._tell, self._mode, self._served = take, tell, p.BIND_TRANSCEIVER, True
        self.quiet = False
        await self._kept_up()

    async def _kept_up(self) -> None:
        try:
            while True:
                await self._sleep(await self._once())
        finally:
            await asyncio.shield(asyncio.ensure_future(self._end()))

    async def _once(self) -> float:
        """Open it, and read until it breaks; how long to rest then."""
        began, self.status = self._now(), 0
        try:
            session = await self._opened()
        except Refused as error:
            self.status = error.status
            known = error.status in REFUSALS
            self._down(str(error), Change.REFUSED if known else Change.UNREACHED)
            if known:
                self._known.set()
            return self._uniform(SLOWLY_S / 2, SLOWLY_S) if known else self._rest_s()
        except (OSError, TimeoutError, BadPdu, Broken, Unanswered) as error:
            self._known.clear()
            self._down(f"it was not reached: {type(error).__name__}", Change.UNREACHED)
            return self._rest_s()
        self.reason = ""
        self.line = self.line._replace(opened=self.line.opened + 1)
        self._up.set()
        self._known.set()
        self._tell(Change.BOUND)
        try:
            await self._until_broken(session)
        finally:
            self._up.clear()
            self._known.clear()
            self.line = self.line._replace(broke_s=self._now())
        self.reason = "the connection broke"
        session.close()
        assert self._reading is not None
        await self._reading
        for _ in range(session.nacked):
            self._tell(Change.NACKED)
        self._down(self.reason, Change.LOST)
        if self._now() - began >= LASTED_S:
            self._faults = 0
        return self._rest_s()

    async def _until_broken(self, session: Session) -> None:
        reading = self._reading
        assert reading is not None
        watching = asyncio.create_task(session.watch(self.account.enquire_s))
        try:
            await asyncio.wait({reading, watching}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            watching.cancel()

    async def _opened(self) -> Session:
        account = self.account
        context = _context(account.ca) if account.tls else None
        async with asyncio.timeout(account.connect_s):
            reader, writer = await asyncio.open_connection(account.host, account.port, ssl=context)
        session = Session(reader, writer, self._taken, answer_s=account.answer_s)
        self._reading = asyncio.create_task(session.run())
        try:
            said = await session.ask(self._mode, self._credentials())
            if said.status != p.OK or said.command != self._mode | p.ANSWER:
                raise Refused(said.status or p.BIND_FAILED)
        except BaseException:
            session.close()
            self._reading.cancel()
            raise
        self._session = session
        return session

    def _credentials(self) -> bytes:
        account = self.account
        named = (account.system_id, account.password.reveal(), account.system_type)
        return b"".join([*map(p.text, named), bytes((account.version, 0, 0)), p.text("")])

    async def _taken(self, octets: bytes) -> tuple[int, bytes]:
        return p.NOT_NOW if self.quiet else await self._take(octets), p.text("")

    def _down(self, reason: str, change: Change) -> None:
        self._session = None
        self.reason = reason
        self._tell(change)

    def _rest_s(self) -> float:
        most = min(LONGEST_S, FIRST_S * 2.0 ** min(self._faults, 10))
        self._faults += 1
        return self._uniform(most / 2, most)

    # out

    async def up(self, within_s: float) -> None:
        """Return once it stands. Raises `NotSent` where that is not within a time, or the SMSC refuses it."""
        self._begin()
        try:
            async with asyncio.timeout(within_s):
                await self._known.wait()
        except TimeoutError:
            raise NotSent(self.reason) from None
        if not self.stands:
            raise NotSent(self.reason)

    async def submit(self, body: bytes, within_s: float) -> Said:
        """Send the body of a `submit_sm`, for `within_s` at most; what is said of it. Where the SMSC is busy it is sent
        again as long as there is time. Raises `NotSent`, `Broken` and `Unanswered`."""
        self._begin()
        ends = self._now() + within_s
        said: Said | None = None
        asking = False
        try:
            async with asyncio.timeout(within_s), self._slots:
                while said is None or (said.status in BUSY and self._resume_s < ends):
                    await self._passed()
                    asking = True
                    said = await self._asked(body)
                    asking = False
        except TimeoutError:
            if asking:
                raise Unanswered("no answer came in time") from None
            if said is None:
                raise NotSent(self.reason or "its window is full") from None
        assert said is not None
        return said

    async def _asked(self, body: bytes) -> Said:
        session = self._session
        assert session is not None
        answer = await session.ask(p.SUBMIT_SM, body)
        if answer.command == p.GENERIC_NACK:
            return Said(answer.status or p.BAD_COMMAND)
        if answer.command != p.SUBMIT_SM | p.ANSWER:
            raise Unanswered("another answer came")
        self._heed(answer.status, answer.body)
        return Said(answer.status, answer.body)

    async def _passed(self) -> None:
        """Return once something may be sent."""
        if self._session is not None and not self._session.bound:
            self._up.clear()  # it broke a moment ago
        while not (self.stands and self.rests_s <= 0):
            await self._up.wait()
            if self.rests_s > 0:
                await asyncio.sleep(self.rests_s)

    def _heed(self, status: int, body: bytes) -> None:
        state = p.options_behind_id(body).get(p.CONGESTION_STATE, b"\0")
        if status in BUSY or (len(state) == 1 and state[0] >= CONGESTED):
            if self.rests_s <= 0:
                self._pause_s = min(LONGEST_PAUSE_S, max(FIRST_PAUSE_S, 2 * self._pause_s))
                self._resume_s = self._now() + self._uniform(self._pause_s / 2, self._pause_s)
                self._tell(Change.BUSY)
        elif self.rests_s <= 0:
            self._pause_s = 0.0

    def _begin(self) -> None:
        if not self._served and self._own is None:
            self._own = asyncio.create_task(self._kept_up())

    # the end

    async def close(self) -> None:
        """End what `submit` began by itself; what is served ends with that."""
        own, self._own = self._own, None
        if own is not None:
            own.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await own

    async def _end(self) -> None:
        session, self._session, self.quiet = self._session, None, True
        self._served = False
        self._up.clear()
        if session is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await session.settled()
                await session.unbind()
        session.close()
        await session.closed()


def _context(ca: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca:
        context.load_verify_locations(ca)
    return context
