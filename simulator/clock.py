"""A clock that can be moved on, so that a dialog of minutes is played in an instant."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Lets time pass between a screen and its answer. `real` is its time without what it was moved on."""

    async def leave(self, seconds: float) -> None: ...
    def now(self) -> float: ...
    @property
    def real(self) -> float: ...


class MovedClock:
    """The clock of a gateway started here: `real`, plus what it was moved on. `now` is Unix seconds."""

    def __init__(self, real: Callable[[], float] = time.time) -> None:
        self._real = real
        self._moved = 0.0

    def now(self) -> float:
        return self._real() + self._moved

    async def leave(self, seconds: float) -> None:
        self._moved += seconds

    @property
    def real(self) -> float:
        return self._real()


class RealClock:
    """For a gateway elsewhere, whose clock is its own: waiting is waiting."""

    def now(self) -> float:
        return time.time()

    @property
    def real(self) -> float:
        return time.time()

    async def leave(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
