"""What is done once a day: keys of days past are forgotten, in memory and in the file, and what is old goes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

from ussd_engine.errors import EngineError
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger, PurgeLog

LOOK_S = 600.0
"""How often it is looked whether a new day has begun, what was erased is written into the purge log, and what failed is
tried again."""


class Upkeep:
    """Runs in the process that delivers. `keys` is the file of `keyring`; `today` is the country's day.

    `tick` is what the built-in core does once a day; `told` hears what failed and is tried again.
    """

    def __init__(
        self,
        ledger: Ledger,
        keyring: Keyring,
        keys: Path,
        log: PurgeLog,
        today: Callable[[], date],
        *,
        tick: Callable[[date], Awaitable[object]] | None = None,
        told: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self._ledger = ledger
        self._keyring = keyring
        self._keys = keys
        self._log = log
        self._today = today
        self._tick = tick
        self._told = told
        self._done: date | None = None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.step()
            except (EngineError, OSError) as error:
                self._told(error)
            await asyncio.sleep(LOOK_S)

    async def step(self) -> bool:
        """The day's work; false where it was done before."""
        today = self._today()
        if today == self._done:
            await self._ledger.purging.note(self._log)
            return False
        self._keyring.advance(today)
        await asyncio.to_thread(self._forget, today)
        await self._ledger.purge(self._log)
        if self._tick is not None:
            await self._tick(today)
        self._done = today
        return True

    def _forget(self, today: date) -> None:
        def advanced(standing: Keyring) -> Keyring:
            standing.advance(today)
            return standing

        # Read anew: keys may have been added to the file since this process read it.
        Keyring.change(self._keys, advanced)
