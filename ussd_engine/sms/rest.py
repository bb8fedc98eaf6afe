"""A circuit breaker that outlives its process: how long a route rests stands with the route, for who holds it next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ussd_engine.errors import EngineError
from ussd_engine.ledger.smsroutes import Route, SmsRoutes
from ussd_engine.sms.pace import Breaker

NEAR_S: Final = 1.0
"""What is longer by less than this is not written: calls that fail together each make a rest a little longer."""


class Rest(Breaker):
    """The breaker of the route `name` while `holder` sends on it. `clock` gives Unix milliseconds, `now` seconds of a
    clock that never goes back."""

    def __init__(
        self,
        routes: SmsRoutes,
        name: str,
        holder: str,
        clock: Callable[[], int],
        now: Callable[[], float],
        uniform: Callable[[float, float], float],
    ) -> None:
        super().__init__(now, uniform)
        self._routes = routes
        self._name = name
        self._holder = holder
        self._clock = clock
        self._known: tuple[float, bool] = (float("-inf"), False)

    def taken(self, route: Route) -> None:
        """This process begins to send on it: what was learnt before holds on."""
        now_ms = self._clock()
        down_s = max(0, now_ms - route.down_ms) / 1000 if route.down_ms else None
        self.resume(max(0, route.not_before_ms - now_ms) / 1000, down_s)
        self._known = self._until_s, self.open

    async def write(self) -> None:
        """Let the route know what has changed. Where the ledger does not answer, the next call tells it."""
        known = self._known
        if known[1] is self.open and self._until_s <= max(known[0] + NEAR_S, self._now()):
            return
        self._known = self._until_s, self.open
        now_ms = self._clock()
        down_ms = now_ms - round(self.down_s * 1000) if self.open else 0
        try:
            await self._routes.rest(self._name, self._holder, now_ms + round(self.rests_s * 1000), down_ms)
        except EngineError:
            self._known = known
