"""How fast a route may be used, and whether it may be used at all: a sliding second, and a circuit breaker.

Times are seconds of a clock that never goes back.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

SECOND: Final = 1.02
"""A little more than one: clocks here and there do not run alike."""
SILENT: Final = 3
"""So many calls in a row without an answer, and the route rests."""
FIRST_S: Final = 1.0
LONGEST_S: Final = 60.0
ASKED_S: Final = 24 * 3600.0
"""The most that a provider may ask for."""


class Pace:
    """Slots of one message each. A slot is free again a second after its call has *ended*: whenever within the call the
    provider saw the message, no second of the provider's holds more than the limit."""

    def __init__(
        self,
        per_second: float,
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.slots = max(1, int(per_second))
        self._window_s = SECOND * max(1.0, 1.0 / per_second)
        self._now = now
        self._sleep = sleep
        self._under_way = 0
        self._used: deque[tuple[float, int]] = deque()
        self._turn = asyncio.Lock()
        self._ended = asyncio.Event()

    @property
    def free(self) -> int:
        """How many messages may go at once, now."""
        while self._used and self._used[0][0] <= self._now():
            self._used.popleft()
        return self.slots - self._under_way - sum(count for _, count in self._used)

    def rest_s(self) -> float | None:
        """How long until a slot is free whose time is known; `None` where none has one."""
        return max(0.0, self._used[0][0] - self._now()) if self._used else None

    def fill(self) -> None:
        """Begin with a second in which nothing goes: somebody else may have used it."""
        self._used.append((self._now() + self._window_s, self.slots))

    async def take(self, count: int) -> None:
        """Wait for so many slots, at most `slots`, and take them."""
        async with self._turn:
            while self.free < count:
                rest_s = self.rest_s()
                if rest_s is None:
                    self._ended.clear()
                    await self._ended.wait()
                else:
                    await self._sleep(rest_s)
            self._under_way += count

    def give(self, count: int) -> None:
        """A call of so many has ended."""
        self._under_way -= count
        self._used.append((self._now() + self._window_s, count))
        self._ended.set()


class Breaker:
    """Lets a route rest that does not answer, longer each time, and then tries one message."""

    def __init__(self, now: Callable[[], float], uniform: Callable[[float, float], float]) -> None:
        self._now = now
        self._uniform = uniform
        self._faults = 0
        self._until_s = float("-inf")
        self._since_s: float | None = None

    def answered(self) -> None:
        """The provider took a call."""
        self._faults, self._since_s = 0, None

    def failed(self, after_s: float | None) -> None:
        """It did not. `after_s`: how long it asks to be left alone."""
        now_s = self._now()
        self._faults += 1
        rest_s = 0.0 if after_s is None else max(0.0, min(ASKED_S, after_s))
        if self._faults >= SILENT:
            self._since_s = now_s if self._since_s is None else self._since_s
            most_s = min(LONGEST_S, FIRST_S * 2.0 ** min(self._faults - SILENT, 10))
            rest_s = max(rest_s, self._uniform(most_s / 2, most_s))
        self._until_s = max(self._until_s, now_s + rest_s)

    def resume(self, rests_s: float, down_s: float | None) -> None:
        """Go on from what another breaker knew: how long the route rests at least, and for how long it has been down
        (`None`: it is not)."""
        now_s = self._now()
        self._until_s = max(self._until_s, now_s + min(ASKED_S, rests_s))
        self._faults = 0 if down_s is None else SILENT
        self._since_s = None if down_s is None else now_s - down_s

    @property
    def open(self) -> bool:
        """Whether it is taken to be down: one message at a time asks whether it is."""
        return self._since_s is not None

    @property
    def rests_s(self) -> float:
        """For how long nothing goes."""
        return max(0.0, self._until_s - self._now())

    @property
    def down_s(self) -> float:
        """For how long it has been taken to be down."""
        return 0.0 if self._since_s is None else self._now() - self._since_s

    @property
    def away_s(self) -> float:
        """For how long what waits may have to wait, or has waited."""
        return max(self.rests_s, self.down_s)
