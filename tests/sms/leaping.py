"""An event loop whose time leaps: nobody waits for a clock, only for what a thread still does."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    loop: LeapingLoop

    def select(self, timeout: float | None = None) -> Any:
        if self.loop.jobs:
            return super().select(timeout if timeout is not None and timeout <= 0 else None)
        if timeout is not None and timeout > 0:
            self.loop.now_s += timeout
            return super().select(0)
        return super().select(timeout)


class LeapingLoop(asyncio.SelectorEventLoop):
    """Its time stands still but for a leap to the next moment for which something was put off."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.jobs = 0
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self.now_s

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        self.jobs += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._ended)
        return future

    def _ended(self, _: object) -> None:
        self.jobs -= 1


def leap(job: Callable[[LeapingLoop], Coroutine[Any, Any, T]]) -> T:
    """Run to the end, without waiting."""
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, LeapingLoop)
        return runner.run(job(loop))
