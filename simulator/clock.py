"""A clock that can be moved on, so that a dialog of minutes is played in an instant."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from simulator.speech import Note


class Clock(Protocol):
    """Lets time pass between a screen and its answer, for a reason. `real` is its time without what it was moved on."""

    async def leave(self, seconds: float, why: Note | None = None) -> None: ...
    def now(self) -> float: ...
    @property
    def real(self) -> float: ...


class MovedClock:
    """The clock of a gateway started here: `real`, plus what it was moved on. `now` is Unix seconds."""

    def __init__(self, real: Callable[[], float] = time.time) -> None:
        self._real = real
        self._moved = self._stood = 0.0
        self._holds: float | None = None

    def now(self) -> float:
        return self.real + self._moved

    async def leave(self, seconds: float, why: Note | None = None) -> None:
        self._moved += seconds

    @property
    def real(self) -> float:
        return self._real() - self._stood if self._holds is None else self._holds

    @property
    def held(self) -> bool:
        """It stands still, but for what it is moved on."""
        return self._holds is not None

    def hold(self) -> None:
        """Stand still from now on."""
        self._holds = self.real

    def go(self) -> None:
        """Go on as if no time had passed since `hold`."""
        if self._holds is not None:
            self._stood, self._holds = self._real() - self._holds, None


class RealClock:
    """For a gateway elsewhere, whose clock is its own: waiting is waiting, and `tell` is told for what."""

    def __init__(self, tell: Callable[[Note], object]) -> None:
        self._tell = tell

    def now(self) -> float:
        return time.time()

    @property
    def real(self) -> float:
        return time.time()

    async def leave(self, seconds: float, why: Note | None = None) -> None:
        if why and seconds > 0:
            self._tell(why)
        await asyncio.sleep(seconds)
