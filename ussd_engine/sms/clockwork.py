"""What time brings to SMS: what is told days later, what is kept no longer, reports that must be asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from ussd_engine.channels.sms import Pulls
from ussd_engine.errors import EngineError
from ussd_engine.ledger import Clock, Ledger
from ussd_engine.ledger.smspurge import SMS_PURGES, Job
from ussd_engine.ledger.smsreports import Joined

LOOK_S: Final = 600.0
PULL_S: Final = 60.0
MOST: Final = 500
"""Rows of one transaction."""
ASKED: Final = 100
"""SMS that a gateway is asked about at once."""

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
        while True:
            await asyncio.sleep(PULL_S)
            try:
                await self.step()
            except EngineError as error:
                self._told(error)

    async def step(self) -> None:
        """Ask about some, the oldest first, and behind the last ones the next time. Raises as ledger and gateway do."""
        held = any(one.name == self._name and one.holder == self._holder for one in await self._ledger.sms_routes.all())
        if not held:
            return
        asked = await self._ledger.sms_view.pending(self._name, self._after, ASKED)
        self._after = asked[-1].message if len(asked) == ASKED else b""
        numbers = [(one.provider_id, await self._ledger.sms_view.number(one.message) or "") for one in asked]
        pending = [(provider_id, msisdn) for provider_id, msisdn in numbers if msisdn]
        if pending:
            reports = await self._gateway.pull(pending)
            for joined in await self._ledger.sms_reports.take(reports, self._clock()):
                self._count(joined)
