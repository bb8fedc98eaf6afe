"""What time brings to SMS: what is told days later, what is kept no longer, reports that must be asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from ussd_engine.channels.sms import Fetched, Fetches, Pulls
from ussd_engine.errors import EngineError
from ussd_engine.ledger import Clock, Ledger
from ussd_engine.ledger.smsinbox import ID_MS, MINUTE_MS, Arrival
from ussd_engine.ledger.smspurge import SMS_PURGES, Job
from ussd_engine.ledger.smsreports import Joined
from ussd_engine.ledger.smsroutes import Route
from ussd_engine.sms.answering import Answered
from ussd_engine.sms.message import Incoming, RouteFault
from ussd_engine.sms.pace import ASKED_S

LOOK_S: Final = 600.0
PULL_S: Final = 60.0
MOST: Final = 500
"""Rows of one transaction."""
ASKED: Final = 100
"""SMS that a gateway is asked about at once."""

PAGES: Final = 100
"""How often an inbox is asked for more at once."""
BEGINS_MS: Final = 10 * MINUTE_MS
"""What is older than this when an inbox is read for the first time is of another time: nobody answers it now."""
EMPTY: Final = "-"
"""How far an inbox was read in which there was nothing yet."""

Told = Callable[[Exception], None]


class Reminders:
    """Tells by SMS what time has brought, and drops what is kept for hours alone."""

    def __init__(self, ledger: Ledger, clock: Clock, told: Told) -> None:
        self._ledger = ledger
        self._clock = clock
        self._told = told

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.step()
            except EngineError as error:
                self._told(error)
            await asyncio.sleep(LOOK_S)

    async def step(self) -> None:
        """Once. Raises as the ledger does."""
        await self._ledger.remind()
        for job in SMS_PURGES.values():
            while await self._dropped(job) >= MOST:
                pass

    async def _dropped(self, job: Job) -> int:
        return await self._ledger.database.write(lambda conn: job(conn, self._clock(), MOST))


class Puller:
    """Asks a gateway for the reports of what it has taken, while this process, `holder`, sends on its route."""

    def __init__(
        self,
        ledger: Ledger,
        name: str,
        gateway: Pulls,
        clock: Clock,
        holder: str,
        *,
        count: Callable[[Joined], None],
        told: Told,
    ) -> None:
        self._ledger = ledger
        self._name = name
        self._gateway = gateway
        self._clock = clock
        self._holder = holder
        self._count = count
        self._told = told
        self._after = b""

    async def run(self) -> None:
        """Until cancelled."""
        await _again_and_again(self.step, self._told, self._name)

    async def step(self) -> None:
        """Ask about some, the oldest first, and behind the last ones the next time. Raises as ledger and gateway do."""
        if await _held(self._ledger, self._name, self._holder) is None:
            return
        asked = await self._ledger.sms_view.pending(self._name, self._after, ASKED)
        self._after = asked[-1].message if len(asked) == ASKED else b""
        numbers = [(one.provider_id, await self._ledger.sms_view.number(one.message) or "") for one in asked]
        pending = [(provider_id, msisdn) for provider_id, msisdn in numbers if msisdn]
        if pending:
            reports = await self._gateway.pull(pending)
            for joined in await self._ledger.sms_reports.take(reports, self._clock()):
                self._count(joined)


class InboxReader:
    """Reads the inbox of a gateway while this process, `holder`, sends on its route. `take` is that of `Answering`, to
    which what came by a callback too is one."""

    def __init__(
        self,
        ledger: Ledger,
        name: str,
        gateway: Fetches,
        clock: Clock,
        holder: str,
        take: Callable[[Incoming], Awaitable[Answered]],
        *,
        count: Callable[[str], None],
        told: Told,
    ) -> None:
        self._ledger = ledger
        self._name = name
        self._gateway = gateway
        self._clock = clock
        self._holder = holder
        self._take = take
        self._count = count
        self._told = told

    async def run(self) -> None:
        """Until cancelled."""
        await _again_and_again(self.step, self._told, self._name)

    async def step(self) -> None:
        """Read what has come since the last time. Raises as ledger and gateway do."""
        route = await _held(self._ledger, self._name, self._holder)
        if route is None:
            return
        since_ms = self._clock() - (ID_MS if route.inbox else BEGINS_MS)
        read, more = route.inbox, True
        for _ in range(PAGES):
            before, page = read, await self._gateway.fetch("" if read == EMPTY else read)
            for one in page:
                more = await self._taken(one, since_ms, first=not route.inbox)
                if not more:
                    break
                read = one.id
            read = read or (EMPTY if more else "")
            if read != before:
                await self._ledger.sms_routes.read_to(self._name, self._holder, read)
            if not more or read in (before, EMPTY):
                return

    async def _taken(self, one: Fetched, since_ms: int, *, first: bool) -> bool:
        """Whether one is done with; what is old, or of no known time at first, is passed over."""
        incoming = one.incoming
        if incoming is None or (first if incoming.at_ms is None else incoming.at_ms < since_ms):
            return True
        answered = await self._take(incoming)
        if answered.kept and answered.arrival is not Arrival.REPEAT:
            self._count(str(answered.arrival))
        return answered.kept


async def _again_and_again(step: Callable[[], Awaitable[None]], told: Told, name: str) -> None:
    """Each time after `PULL_S`, or after as long as the provider asked for."""
    rest_s = PULL_S
    while True:
        await asyncio.sleep(rest_s)
        rest_s = PULL_S
        try:
            await step()
        except EngineError as error:
            if isinstance(error, RouteFault):
                error.channel = name
            told(error)
            if isinstance(error, RouteFault) and error.after_s is not None:
                rest_s = max(PULL_S, min(ASKED_S, error.after_s))


async def _held(ledger: Ledger, name: str, holder: str) -> Route | None:
    """A route, where this holder sends on it."""
    for one in await ledger.sms_routes.all():
        if (one.name, one.holder) == (name, holder):
            return one
    return None
