"""Work beside the turns, that must go on: what fails of it is told, and begun again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final

AGAIN_S: Final = 5.0
"""After a fault of our own, so that one that stays does not fill the log."""

Work = Callable[[], Coroutine[Any, Any, None]]
"""Begins the work; it runs until it is cancelled."""
Told = Callable[[Exception], None]
Uniform = Callable[[float, float], float]
"""Draws a number between two."""


@contextlib.asynccontextmanager
async def at_work(*works: Work, told: Told) -> AsyncIterator[None]:
    """Let works run from here to the end of the block; each is let finish what it does when it is cancelled."""
    tasks = [asyncio.create_task(_kept_up(work, told), name=work.__qualname__) for work in works]
    try:
        yield
    finally:
        for task in reversed(tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _kept_up(work: Work, told: Told) -> None:
    while True:
        try:
            await work()
            return
        except Exception as error:
            told(error)
            await asyncio.sleep(AGAIN_S)
