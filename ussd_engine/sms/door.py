"""SMS over HTTP: what citizens send, and what gateways tell later of what was sent.

Whoever may call is answered 200 as the gateway wants it: it must not take our trouble for its own. What cannot be its
callback is answered 400, and other callers 404.
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from ussd_engine.background import Told
from ussd_engine.callback import Callers, answered, received
from ussd_engine.channels.base import ACKNOWLEDGED, Kind
from ussd_engine.channels.sms import BoundGateway, Gateway, TellsStops, no_callback
from ussd_engine.counts import Count
from ussd_engine.engine import Engine
from ussd_engine.errors import NotACallback
from ussd_engine.peers import Peers
from ussd_engine.sms.taking import UNKEPT, Taking

STOPPED: Final = "stopped"
"""What is counted of who is sent nothing any more, by her own wish at the provider."""


class SmsDoor:
    """The callbacks of the gateways. `told` hears faults of our own."""

    def __init__(self, engine: Engine, told: Told) -> None:
        config = engine.config
        # What is reached over a bind has no address.
        called = {name for name, one in engine.gateways.items() if not isinstance(one, BoundGateway)}
        carrying = [one for one in config.channels if one.name in called]
        self._engine = engine
        known = (engine.answering, engine.ledger, engine.keyring, engine.gateway.now_ms, engine.metrics)
        self._taking = Taking(*known, told)
        self._callers = Callers(carrying, Peers(config.peers, config.proxies))

    async def incoming(self, request: web.Request) -> web.Response:
        """An SMS of a citizen."""
        gateway = self._gateway(request)
        try:
            incoming = gateway.incoming(await received(request, Kind.SMS))
        except NotACallback as error:
            raise self._no_callback(gateway, error) from None
        taken = await self._taking.incoming(gateway, incoming)
        return answered(gateway.answer(incoming if taken.kept else None, taken.reply))

    async def reports(self, request: web.Request) -> web.Response:
        """What became of SMS."""
        gateway = self._gateway(request)
        try:
            reports = gateway.reports(await received(request, Kind.REPORTS))
        except NotACallback as error:
            raise self._no_callback(gateway, error) from None
        await self._taking.reports(gateway, reports)
        return answered(ACKNOWLEDGED)

    async def stops(self, request: web.Request) -> web.Response:
        """Who told the provider that she wants no SMS."""
        gateway = self._gateway(request)
        try:
            if not isinstance(gateway, TellsStops):
                no_callback()
            msisdn = gateway.stopped(await received(request, Kind.STOPS))
        except NotACallback as error:
            raise self._no_callback(gateway, error) from None
        kept = not msisdn or await self._engine.answering.stopped(gateway.name, msisdn)
        self._engine.metrics.sms_arrived(gateway.name, STOPPED if kept else UNKEPT)
        return answered(ACKNOWLEDGED)

    def _gateway(self, request: web.Request) -> Gateway:
        """The gateway of the address, for one who may use it; else 404, whatever the reason."""
        name = self._callers.channel(request)
        if name is None:
            self._engine.metrics.count(Count.UNKNOWN_TOKEN)
            raise web.HTTPNotFound
        return self._engine.gateways[name]

    def _no_callback(self, gateway: Gateway, error: NotACallback) -> web.HTTPBadRequest:
        self._engine.metrics.count(Count.NOT_A_CALLBACK, gateway.name)
        return web.HTTPBadRequest(text=f"{error}\n")


def add_sms(router: web.UrlDispatcher, key: web.AppKey[SmsDoor]) -> None:
    """Serve the routes, by the door under a key of the application."""

    async def incoming(request: web.Request) -> web.Response:
        return await request.app[key].incoming(request)

    async def reports(request: web.Request) -> web.Response:
        return await request.app[key].reports(request)

    async def stops(request: web.Request) -> web.Response:
        return await request.app[key].stops(request)

    # "reports" and "stops" are no tokens (the settings refuse them), so the longer addresses stand first.
    for place, handler in (("/reports", reports), ("/stops", stops), ("", incoming)):
        for tail in (place, place + "/{token}"):
            router.add_post("/sms/{channel}" + tail, handler)
            router.add_get("/sms/{channel}" + tail, handler, allow_head=False)
