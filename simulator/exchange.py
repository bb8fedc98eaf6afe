"""The exchange of SMS behind a gateway started here, in the wire form of `loopback`: it takes what leaves, keeps it for
the phone that it is for, and brings what a phone writes."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Final, Literal, NamedTuple, get_args

from aiohttp import web

from simulator.clock import Clock
from simulator.phone import Line

PATH = "/sms"
INBOUND = "/sms/loopback"
REPORTS = "/sms/loopback/reports"
Report = Literal["delivered", "failed", "late", "twice"]
"""What may become of an SMS on its way: `late` is delivered an hour later, `twice` is reported so two times."""
HOWS: Final[tuple[Report, ...]] = get_args(Report)
LATE_S: Final = 3600.0


class Sms(NamedTuple):
    """One SMS on a phone. `id` is the gateway's, and names it in a delivery report."""

    id: str
    sender: str
    text: str


class Exchange:
    """Every phone's SMS, in the order in which they came. `url` is where the gateway posts them."""

    def __init__(self, shortcode: str) -> None:
        self.shortcode = shortcode
        self.url = ""
        self.inboxes: dict[str, list[Sms]] = {}
        self._read: dict[str, int] = {}

    async def _take(self, request: web.BaseRequest) -> web.StreamResponse:
        asked = json.loads(await request.read())
        for to in asked["to"]:
            self.inboxes.setdefault(to["msisdn"], []).append(Sms(to["id"], asked["from"], asked["text"]))
        return web.json_response({})

    def new(self, msisdn: str) -> list[Sms]:
        """What came to a phone since the last call for it."""
        inbox, read = self.inboxes.get(msisdn, []), self._read.get(msisdn, 0)
        self._read[msisdn] = len(inbox)
        return inbox[read:]

    async def bring(self, line: Line, msisdn: str, text: str, id: str) -> None:
        """Hand the gateway what a phone wrote; the same `id` is the same SMS once more. Raises `NoAnswer`."""
        await line.post(INBOUND, {"id": id, "from": msisdn, "to": self.shortcode, "text": text})

    async def report(self, line: Line, clock: Clock, id: str, how: Report) -> None:
        """Tell the gateway what became of an SMS. Raises `NoAnswer`."""
        if how == "late":
            await clock.leave(LATE_S)
        status = "failed" if how == "failed" else "delivered"
        for _ in range(2 if how == "twice" else 1):
            await line.post(REPORTS, {"id": id, "status": status, "reason": ""})


@contextlib.asynccontextmanager
async def exchange_for(shortcode: str) -> AsyncIterator[Exchange]:
    """An exchange on a free loopback port."""
    exchange = Exchange(shortcode)
    runner = web.ServerRunner(web.Server(exchange._take))
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        exchange.url = f"{site.name}{PATH}"
        yield exchange
    finally:
        await runner.cleanup()
