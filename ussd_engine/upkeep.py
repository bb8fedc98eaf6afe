"""What is done once a day: keys of days past are forgotten, in memory and in the file, and old rows are dropped."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

from ussd_engine.errors import EngineError
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger

LOOK_S = 600.0
"""How often it is looked whether a new day has begun, and what failed is tried again."""


class Upkeep:
    """Runs in the process that delivers. `keys` is the file of `keyring`; `today` is the country's day."""

    def __init__(self, ledger: Ledger, keyring: Keyring, keys: Path, today: Callable[[], date]) -> None:
        self._ledger = ledger
        self._keyring = keyring
        self._keys = keys
        self._today = today
        self._done: date | None = None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            with contextlib.suppress(EngineError, OSError):
                await self.step()
            await asyncio.sleep(LOOK_S)

    async def step(self) -> bool:
        """The day's work; false where it was done before."""
        today = self._today()
        if today == self._done:
            return False
        self._keyring.advance(today)
        await asyncio.to_thread(self._forget, today)
        await self._ledger.purge()
        self._done = today
        return True

    def _forget(self, today: date) -> None:
        # Read anew: keys may have been added to the file since this process read it.
        standing = Keyring.load(self._keys)
        standing.advance(today)
        standing.save(self._keys)
