"""An event loop without threads, sockets or a clock: time is virtual, and a seed decides what runs next."""

from __future__ import annotations

import asyncio
import heapq
import random
from collections.abc import Callable
from typing import Any

MOST_STEPS = 400_000
"""Steps of one run after which it counts as stuck."""


class Stuck(BaseException):
    """Nothing is left that could go on, or it goes on without end."""


class WorldLoop(asyncio.BaseEventLoop):
    """At each step one of the callbacks that are ready is drawn; time moves on only when none is.

    `connect` opens what `asyncio.open_connection` asks for; `job` runs what was meant for a thread.
    """

    _timer_cancelled_count: int

    def __init__(self, seed: int, start_s: float) -> None:
        super().__init__()
        self._chance = random.Random(seed)
        self._now = start_s
        self._steps = 0
        self._resolution = 0.0
        self.connect: Callable[[asyncio.Protocol], asyncio.Transport] | None = None
        self.job: Callable[[Callable[..., Any], tuple[Any, ...]], asyncio.Future[Any]] | None = None
        self.escaped: list[str] = []
        self.set_exception_handler(self._note)

    def time(self) -> float:
        return self._now

    def _note(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.escaped.append(f"{context.get('message')}: {context.get('exception')!r}")

    def _run_once(self) -> None:
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise Stuck("the run goes on without end")
        ready: Any = self._ready  # type: ignore[attr-defined]
        while not ready:
            self._wake()
        index = self._chance.randrange(len(ready)) if len(ready) > 1 else 0
        handle = ready[index]
        del ready[index]
        if not handle._cancelled:
            handle._run()

    def _wake(self) -> None:
        """Move on to the next moment for which something was put off."""
        scheduled: list[Any] = self._scheduled  # type: ignore[attr-defined]
        if not scheduled and not self._stopping:  # type: ignore[attr-defined]
            raise Stuck("everybody waits for somebody else")
        first = True
        while scheduled and (first or scheduled[0]._when <= self._now):
            handle = heapq.heappop(scheduled)
            handle._scheduled = False
            if handle._cancelled:
                self._timer_cancelled_count = max(0, self._timer_cancelled_count - 1)
                continue
            self._now = max(self._now, handle._when)
            self._ready.append(handle)  # type: ignore[attr-defined]
            first = False

    def _write_to_self(self) -> None:
        """Nobody sleeps in a selector here."""

    def _process_events(self, event_list: Any) -> None:
        """There are none."""

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        assert self.job is not None
        return self.job(func, args)

    async def create_connection(self, protocol_factory: Any, *args: Any, **options: Any) -> Any:
        assert self.connect is not None
        protocol = protocol_factory()
        return self.connect(protocol), protocol
