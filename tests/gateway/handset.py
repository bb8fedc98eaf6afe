"""An edge with the given settings, and handsets that dial it over HTTP; time moves when it is told to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from tests.gateway.house import CODE, NUMBER
from tests.gateway.test_http import Edge, Opens
from ussd_engine import app, config
from ussd_engine.channels.base import Dial, Kind, path

OTHER = "255700000002"
SERVICE = "*152*00*9*2#"
ENGLISH = ("9", "2", "2")
BUSY = "END The service is busy. Try again in 1 minute."
HASTY = (
    "END You gave many answers in a short time. What you wrote is not lost: "
    "dial *152*00# again after 1 minute to go on."
)


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opens]:
    """Starts an edge with the given settings."""
    async with AsyncExitStack() as stack:

        async def start(**changes: str) -> Edge:
            names = {f"USSD_ENGINE_{name.upper()}": value for name, value in changes.items()}
            edge = Edge(config.load({"USSD_ENGINE_VAR": str(tmp_path), **names}))
            edge.url = await stack.enter_async_context(app.running(edge.app))
            edge.client = await stack.enter_async_context(aiohttp.ClientSession())
            return edge

        yield start


class Handset:
    """A phone at an edge; no time passes while it types."""

    def __init__(self, edge: Edge, msisdn: str | None = NUMBER, channel: str = "africastalking") -> None:
        self.edge = edge
        self.msisdn = msisdn
        self.channel = edge.engine.channels[channel]
        self.inputs: tuple[str, ...] = ()
        self.dialled = CODE
        self.dialogues = 0

    async def dial(self, code: str = CODE) -> str:
        self.dialogues += 1
        self.dialled, self.inputs = code, ()
        return await self.leg()

    async def type(self, *texts: str) -> str:
        for text in texts:
            self.inputs = (*self.inputs, text)
            screen = await self.leg()
        return screen

    async def leg(self) -> str:
        """The newest leg, perhaps again."""
        dialogue = f"{self.msisdn}-{self.dialogues}"
        dial = Dial(dialogue=dialogue, dialled=self.dialled, msisdn=self.msisdn, inputs=self.inputs)
        request = self.channel.build(dial)
        where = path(self.channel.name, Kind.USSD) + (f"?{request.query}" if request.query else "")
        url = URL(self.edge.url + where, encoded=True)
        send = self.edge.client.request(request.method, url, data=request.body, headers=request.headers)
        async with send as answer:
            assert answer.status == 200
            return await answer.text()


async def numbers(edge: Edge) -> dict[str, float]:
    """Each series of `/metrics` with its value."""
    lines = (await edge.get("/metrics"))[1].splitlines()
    rows = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {series: float(value) for series, _, value in rows}
