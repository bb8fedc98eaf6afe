"""Acts on their way into the ledger, which nothing stops: no deadline, no lost connection, no cancelled request."""

from __future__ import annotations

import asyncio
from typing import Protocol

from ussd_engine.model import Case, Committed
from ussd_engine.tracking import Effect, LookedUp, LookUp


class Ledger(Protocol):
    """What a turn asks of the ledger."""

    async def act(self, act: Effect) -> Committed: ...
    async def language(self, msisdn: str) -> str | None: ...
    async def sms_on(self, msisdn: str) -> bool: ...
    async def own_cases(self, msisdn: str) -> list[Case]: ...
    async def look_up(self, ask: LookUp) -> LookedUp: ...
    async def case(self, reference: str) -> Case | None: ...
    async def seen(self, reference: str, msisdn: str) -> None: ...


class Commits:
    """Runs each act in a task of its own."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._tasks: set[asyncio.Task[Committed]] = set()

    async def run(self, act: Effect, until: float) -> Committed:
        """What the act's key holds. Raises as the ledger does, and `TimeoutError` at `until`, by the loop's clock."""
        task = asyncio.create_task(self._ledger.act(act))
        self._tasks.add(task)
        task.add_done_callback(self._over)
        async with asyncio.timeout_at(until):
            return await asyncio.shield(task)

    async def drain(self) -> None:
        """Wait for those that are under way."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _over(self, task: asyncio.Task[Committed]) -> None:
        self._tasks.discard(task)
        # Who waited may have gone: the fault is theirs to hear, and nobody's to be told twice.
        if not task.cancelled():
            task.exception()
