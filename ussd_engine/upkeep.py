"""What is done once a day: keys of days past are forgotten, in memory and in the file, and what is old goes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

from ussd_engine.errors import EngineError
from ussd_engine.feedback import kept
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger, PurgeLog

LOOK_S = 600.0
"""How often it is looked whether a new day has begun, what was erased is written into the purge log, and what failed is
tried again."""


class Upkeep:
    """Runs in the process that delivers. `keys` is the file of `keyring`; `today` is the country's day.

    `tick` is what the built-in core does once a day; `told` hears what failed and is tried again; `purged`, after each
    purge, how many rows went, and how many go within 30 days that no core has taken or read.
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
        purged: Callable[[int, int], None] = lambda *_: None,
    ) -> None:
        self._ledger = ledger
        self._keyring = keyring
        self._keys = keys
        self._log = log
        self._today = today
        self._tick = tick
        self._told = told
        self._purged = purged
        self._done: dict[str, date] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.step()
            except (EngineError, OSError) as error:
                self._told(error)
            await asyncio.sleep(LOOK_S)

    async def step(self) -> bool:
        """The day's work; false where it was done before. Each part for itself: one that fails stops no other."""
        today = self._today()
        left = [part for part in (self._advance, self._purge, self._ticked) if self._done.get(part.__name__) != today]
        failed: list[Exception] = []
        for part in left if self._purge in left else [self._note, *left]:
            try:
                await part(today)
                self._done[part.__name__] = today
            except (EngineError, OSError) as error:
                failed.append(error)
        for another in failed[1:]:
            self._told(another)
        if failed:
            raise failed[0]
        return bool(left)

    async def _advance(self, today: date) -> None:
        self._keyring.advance(today)
        await asyncio.to_thread(self._forget, today)

    async def _purge(self, today: date) -> None:
        counts = await self._ledger.purge(self._log, kept.PURGES)
        self._purged(sum(counts.values()), await self._ledger.purging.going(kept.GOING))

    async def _note(self, today: date) -> None:
        await self._ledger.purging.note(self._log)

    async def _ticked(self, today: date) -> None:
        if self._tick is not None:
            await self._tick(today)

    def _forget(self, today: date) -> None:
        def advanced(standing: Keyring) -> Keyring:
            standing.advance(today)
            return standing

        # Read anew: keys may have been added to the file since this process read it.
        Keyring.change(self._keys, advanced)
