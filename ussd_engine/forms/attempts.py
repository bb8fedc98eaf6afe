"""Attempts at the ledger: for as long as a platform waits, and what has to be done after that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from ussd_engine.errors import EngineError

T = TypeVar("T")
Attempt = Callable[[], Coroutine[Any, Any, T]]
WAIT_S: Final = 4.0
"""How long a platform waits for its answer."""
LATER_S: Final = 60.0
"""How long is tried on what nobody waits for."""
FIRST_S: Final = 0.1
LONGEST_S: Final = 5.0
MOST: Final = 1_000
"""Under way at once; what comes on top is not tried on later."""


class Attempts:
    """Those under way in this process."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[Any]] = set()

    async def within(self, ends_s: float, attempt: Attempt[T]) -> T | None:
        """What an attempt gives, once the database lets it; `None` where it does not by then, in the loop's time. What
        has begun is not broken off."""
        loop, rest_s = asyncio.get_running_loop(), FIRST_S
        while True:
            task = self._begun(attempt())
            try:
                async with asyncio.timeout_at(ends_s):
                    return await asyncio.shield(task)
            except TimeoutError:
                return None
            except EngineError:
                if loop.time() + rest_s >= ends_s:
                    return None
            await asyncio.sleep(rest_s)
            rest_s = min(LONGEST_S, rest_s * 2)

    def later(self, attempt: Attempt[object]) -> None:
        """Go on trying, though nobody waits."""
        if len(self._under_way) < MOST:
            self._begun(self.within(asyncio.get_running_loop().time() + LATER_S, attempt))

    async def drain(self) -> None:
        """Wait a moment for what is under way; the rest is let go."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=WAIT_S)
        for task in self._under_way:
            task.cancel()

    def _begun(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()
