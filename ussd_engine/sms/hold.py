"""The hold of one process on a route: who holds it sends, while the bind of its gateway stands.

Where an operator allows fewer binds than there are processes, some process has none. It may hold the route only as long
as no process asks for it whose bind stands, and sends nothing meanwhile: whoever takes it from there need not wait for
its lease to run out.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import msgspec

from ussd_engine.channels.sms import Gateway, unbound
from ussd_engine.errors import EngineError
from ussd_engine.ledger.smsroutes import Route, SmsRoutes

RENEW_MS: Final = 5_000


class Hold:
    """On the route of a gateway. `holder` names this process."""

    def __init__(self, routes: SmsRoutes, gateway: Gateway, holder: str) -> None:
        self._routes = routes
        self._gateway = gateway
        self._holder = holder
        self._renew_ms = 0
        self._unbound = ""
        self.route: Route | None = None
        """As it stood when it was last asked for; `None` where another process holds it."""

    @property
    def sends(self) -> bool:
        """Whether this process may send on it now."""
        held = self.route
        return held is not None and not held.stopped and not held.unbound and not unbound(self._gateway)

    async def renew(self, now_ms: int, *, busy: bool) -> Route | None:
        """Hold it on, or take it where that can be, every `RENEW_MS` and at each change of the bind. The route where it
        came to this process just now. `busy`: calls are under way. Raises `EngineError` where the ledger does not
        answer."""
        # What is under way may still leave once the bind is back, so nobody else is let in before it has ended.
        why = "" if busy else unbound(self._gateway)
        if now_ms < self._renew_ms and bool(why) is bool(self._unbound):
            return None
        before = self.route
        self.route = await self._routes.hold(self._gateway.name, self._holder, now_ms, why)
        self._renew_ms, self._unbound = now_ms + RENEW_MS, why
        came = self.route is not None and (before is None or before.token != self.route.token)
        return self.route if came else None

    async def stop(self, reason: str, now_ms: int) -> None:
        """Nothing is sent on it any more, by what its provider answered. Raises `EngineError`; this process knows."""
        if self.route is not None:
            self.route = msgspec.structs.replace(self.route, stopped=True)
        await self._routes.stop(self._gateway.name, reason, now_ms, by_hand=False)

    async def let_go(self) -> None:
        """Hold it no longer, so that another may at once."""
        if self.route is not None:
            self.route = None
            with suppress(EngineError):  # it ends by itself
                await self._routes.let_go(self._gateway.name, self._holder)
