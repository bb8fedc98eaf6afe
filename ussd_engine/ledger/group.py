"""Group commit: whoever waits shares one transaction, and so one wait for the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from ussd_engine.errors import RolledBack, Unknown

In = TypeVar("In")
Out = TypeVar("Out")

MOST = 256
"""Items of one transaction."""


class Group(Generic[In, Out]):
    """Gathers items while a transaction is under way, and hands them over together in the next one.

    `write` returns one result an item, in their order; an error among them is raised to its own caller alone, an error
    that `write` raises to all. A caller who stops waiting stops nothing.
    """

    def __init__(self, write: Callable[[list[In]], Awaitable[list[Out | Exception]]]) -> None:
        self._write = write
        self._waiting: list[tuple[In, asyncio.Future[Out]]] = []
        self._task: asyncio.Task[None] | None = None

    async def add(self, item: In) -> Out:
        """Write one item with whatever others wait, and return its result."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        return await asyncio.shield(future)

    async def close(self) -> None:
        """Return when nothing is under way."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _drain(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._commit(batch)
        finally:
            for _, future in self._waiting:
                future.set_exception(RolledBack("the process stopped before the transaction began"))
            self._waiting.clear()

    async def _commit(self, batch: list[tuple[In, asyncio.Future[Out]]]) -> None:
        results: list[Out | Exception] = [Unknown("the process stopped while the transaction ran")] * len(batch)
        try:
            results = await self._write([item for item, _ in batch])
        except Exception as error:
            results = [error] * len(batch)
        finally:
            for (_, future), result in zip(batch, results, strict=True):
                _settle(future, result)


def _settle(future: asyncio.Future[Out], result: Out | Exception) -> None:
    if isinstance(result, Exception):
        future.set_exception(result)
        # Who waited may have gone, and then nobody else would hear of it.
        future.exception()
    else:
        future.set_result(result)
