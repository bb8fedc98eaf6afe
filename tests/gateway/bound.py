"""A gateway that is bound: to an SMSC for USSD and to another for SMS, both on loopback, with phones behind them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp

from simulator.smsc import Smsc, smsc_anywhere
from tests.gateway.house import CODE, COMPLAINT, HOME, NUMBER
from tests.gateway.test_http import Edge
from tests.gateway.texting import SHORT, WAIT_S, country_with_a_number, reference_in
from ussd_engine import app, config
from ussd_engine.channels.base import Dial, Response
from ussd_engine.model import Reply
from ussd_engine.smpp import pdu as p
from ussd_engine.smpp.alphabet import decoded
from ussd_engine.smpp.pdu import Address, Sm

RECEIPT = "id:{id} sub:001 dlvrd:001 submit date:2601150930 done date:2601150931 stat:{stat} err:000 text:Tumepokea"
_dialogues = itertools.count(1)


class Bound:
    """The gateway between its two SMSCs."""

    def __init__(self, edge: Edge, network: Smsc, centre: Smsc, environ: Mapping[str, str]) -> None:
        self.edge = edge
        self.environ = environ
        """In which commands find what it has written."""
        self.network = network
        self.centre = centre
        self.dial_: Dial = Dial(dialogue="0", dialled=CODE, msisdn=NUMBER)

    # USSD

    @property
    def channel(self) -> Any:
        return self.edge.engine.channels["smpp"]

    async def dial(self, code: str = CODE, msisdn: str | None = NUMBER) -> Reply:
        self.dial_ = Dial(dialogue=f"{next(_dialogues) % 256:x}", dialled=code, msisdn=msisdn)
        return await self.leg()

    async def type(self, *texts: str) -> Reply:
        for text in texts:
            self.edge.now += 8
            before = self.dial_
            self.dial_ = Dial(
                dialogue=before.dialogue, dialled=before.dialled, msisdn=before.msisdn, inputs=(*before.inputs, text)
            )
            screen = await self.leg()
        return screen

    async def complain(self, msisdn: str = NUMBER) -> str:
        """The reference of a complaint of a new phone; its receipt goes by SMS."""
        await self.dial(msisdn=msisdn)
        await self.type(*HOME, *COMPLAINT, "2", "Asha Juma")
        return reference_in((await self.type("1")).text)

    async def leg(self) -> Reply:
        """The newest leg, perhaps again."""
        assert await self.bring() == p.OK
        return await self.screen()

    async def bring(self) -> int:
        """The newest leg, whatever follows; how it is acknowledged."""
        return await self.network.deliver(self.channel.build(self.dial_).body[p.HEADER :])

    async def screen(self) -> Reply:
        async with asyncio.timeout(WAIT_S):
            _, octets = await self.network.sent.get()
        return self.channel.read(Response(body=octets))  # type: ignore[no-any-return]  # `channel` is any

    # SMS

    async def write(self, text: str | bytes, msisdn: str = NUMBER, **fields: Any) -> int:
        """An SMS of a phone; how it is acknowledged."""
        short = text.encode() if isinstance(text, str) else text
        sm = Sm(source=Address(msisdn, 1, 1), destination=Address(SHORT), short=short, **fields)
        return await self.centre.deliver(p.dump_sm(sm))

    async def report(self, id: str, stat: str = "DELIVRD", **fields: Any) -> int:
        return await self.write(RECEIPT.format(id=id, stat=stat), esm_class=p.RECEIPT, **fields)

    async def next(self) -> tuple[str, Sm]:
        """What left next, and how."""
        async with asyncio.timeout(WAIT_S):
            sm, _ = await self.centre.sent.get()
        return decoded(sm.message, sm.coding, "gsm7"), sm


@contextlib.asynccontextmanager
async def bound_edge(folder: Path, own: dict[str, Any] | None = None, **changes: Any) -> AsyncIterator[Bound]:
    """An edge whose binds stand. `own`: settings of the USSD side; `sms` in it: of the other one."""
    async with smsc_anywhere() as network, smsc_anywhere() as centre, contextlib.AsyncExitStack() as stack:
        given = own or {}
        texts = {"url": centre.url, "system_id": "sms", "password": "p2", "sender": SHORT, "per_second": 200}
        ussd = {"url": network.url, "system_id": "ussd", "password": "p1", **given}
        ussd["sms"] = {**texts, **given.get("sms", {})}
        names = {
            "var": str(folder),
            "country": str(country_with_a_number(folder)),
            "channels": "smpp",
            "channel_settings": json.dumps({"smpp": ussd}),
            **changes,
        }
        environ = {f"USSD_ENGINE_{name.upper()}": value for name, value in names.items()}
        edge = Edge(config.load(environ))
        edge.url = await stack.enter_async_context(app.running(edge.app))
        edge.client = await stack.enter_async_context(aiohttp.ClientSession())
        yield Bound(edge, network, centre, environ)
