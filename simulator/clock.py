"""A clock that can be moved on, so that a dialog of minutes is played in an instant."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Lets time pass between a screen and its answer."""

    async def leave(self, seconds: float) -> None: ...
    def now(self) -> float: ...


class MovedClock:
    """The local gateway's clock: real time, plus what it was moved on. `now` is Unix seconds."""

    def __init__(self) -> None:
        self.moved = 0.0

    def now(self) -> float:
        return time.time() + self.moved

    async def leave(self, seconds: float) -> None:
        self.moved += seconds


class RealClock:
    """For a gateway elsewhere, whose clock is its own: waiting is waiting."""

    def now(self) -> float:
        return time.time()

    async def leave(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
