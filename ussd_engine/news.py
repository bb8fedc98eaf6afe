"""The worker that reads what the core tells of its cases, and what time does to them, into the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Final

from ussd_engine.errors import EngineError
from ussd_engine.feedback import FeedbackStore
from ussd_engine.ledger import Ledger

POLL_S: Final = 2.0
FAILED: Final = "failed"
MOST: Final = 200
"""Events that are asked for at once."""


class News:
    """Asks the core again and again. `count` is told what became of each event, and `failed` where the core could not
    be asked or its events not be kept; `today` is the country's day."""

    def __init__(
        self,
        ledger: Ledger,
        store: FeedbackStore,
        source: str,
        today: Callable[[], date],
        count: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._source = source
        self._today = today
        self._count = count
        self._looked: date | None = None

    async def run(self) -> None:
        """Until cancelled. A core or a ledger that does not answer is asked again: the mark stands where it stood."""
        while True:
            try:
                more = await self.step()
            except EngineError:
                self._count(FAILED)
                more = False
            if not more:
                await asyncio.sleep(POLL_S)

    async def step(self) -> bool:
        """One round; true where the core may have more to tell at once."""
        await self._look_at_the_calendar()
        mark = await self._ledger.mark(self._source)
        batch = await self._store.events(mark, MOST)
        if batch.mark == mark and not batch.events:
            return False
        for heard in await self._ledger.tell(batch.events, self._source, batch.mark):
            self._count(heard.verdict)
        return len(batch.events) == MOST

    async def _look_at_the_calendar(self) -> None:
        """Once a day: whose answer is late."""
        today = self._today()
        if today != self._looked:
            while await self._ledger.overdue():
                pass
            self._looked = today
