"""A gateway that carries SMS, a provider on loopback that plays the other side, and phones that write."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest
from sqlalchemy import func, select

from tests.gateway.house import NUMBER
from tests.gateway.test_http import Edge
from ussd_engine import app, config
from ussd_engine.feedback import Opener, open_feedback
from ussd_engine.ledger.tables import cases
from ussd_engine.sms.message import Progress
from ussd_engine.testing.provider import Asked, Provider, Says, playing

ROOT = Path(__file__).parents[2]
SHORT = "15200"
WAIT_S = 10.0
CHANNELS = ("loopback", "africastalking", "kannel", "mgov")
OFFICER = "officer@TANESCO"
COMPLAINT = "LALAMIKO TANESCO umeme umekatika siku tatu Mtumba"
JSON = {"Content-Type": "application/json"}
_ids = itertools.count(1)

Text = tuple[str, str]
"""To whom, and what."""


class Exchange:
    """What left, in its order; `refuse` answers instead of the provider where it is set."""

    def __init__(self) -> None:
        self.texts: list[Text] = []
        self.provider: Provider
        self.edge: Edge
        self.changed = asyncio.Event()
        self.read = 0

    def play(self, asked: Asked) -> Says:
        """The answer of whichever provider was asked."""
        path = urlsplit(asked.target).path
        if path == "/messaging":
            form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
            to = form["to"].split(",")
            rows = [
                {"statusCode": 101, "number": one, "status": "Success", "messageId": f"ATXid_{next(_ids)}"}
                for one in to
            ]
            said = Says(201, json.dumps({"SMSMessageData": {"Message": "Sent", "Recipients": rows}}).encode())
            self._keep([one.lstrip("+") for one in to], form["message"])
            return said
        if path == "/cgi-bin/sendsms":
            query = {name: values[0] for name, values in parse_qs(urlsplit(asked.target).query).items()}
            self._keep([query["to"]], query["text"])
            return Says(202, b"0: Accepted for delivery")
        sent = json.loads(asked.body)
        if path == "/v2/send-sms":
            self._keep(sent["recipients"].split(","), sent["message"])
            return Says(200, b'{"success":true}')
        self._keep([one["msisdn"] for one in sent["to"]], sent["text"])
        return Says(200, b"{}")

    def _keep(self, to: list[str], text: str) -> None:
        self.texts += [(one, text) for one in to]
        self.changed.set()

    async def next(self, count: int = 1, msisdn: str = NUMBER) -> list[str]:
        """The texts that left since the last call, as soon as there are so many, in order."""
        async with asyncio.timeout(WAIT_S):
            while len(self.texts) < self.read + count:
                self.changed.clear()
                await self.changed.wait()
        found = self.texts[self.read :]
        self.read = len(self.texts)
        assert {to for to, _ in found} == {msisdn}
        await self.settled()
        return [text for _, text in found]

    async def settled(self) -> None:
        """Return once it is written what came of all that left: what an SMS asks is open from then on."""
        async with asyncio.timeout(WAIT_S):
            while any(one.sending for one in await self.edge.engine.ledger.sms_view.messages([Progress.QUEUED])):
                pass


class Writer:
    """A phone that sends SMS to an edge."""

    def __init__(self, edge: Edge, exchange: Exchange, channel: str = "loopback", msisdn: str = NUMBER) -> None:
        self.edge = edge
        self.exchange = exchange
        self.channel = channel
        self.msisdn = msisdn

    async def write(self, text: str, *, id: str | None = None, replies: int = 1) -> list[str]:
        """Send an SMS; the replies, in order."""
        status, body = await self.post(text, id or f"in-{next(_ids)}")
        assert status == 200
        said = json.loads(body)["message"] if self.channel == "mgov" else ""
        if not said:
            return await self.exchange.next(replies, self.msisdn) if replies else []
        return [said, *(await self.exchange.next(replies - 1, self.msisdn) if replies > 1 else [])]

    async def post(self, text: str, id: str, token: str = "") -> tuple[int, str]:
        """The callback of the provider, in its form."""
        where = f"/sms/{self.channel}{token}"
        match self.channel:
            case "kannel":
                fields = {"id": id, "from": self.msisdn, "to": SHORT, "text": text, "charset": "UTF-8"}
                return await self.edge.get(f"{where}?{urlencode(fields)}")
            case "africastalking":
                fields = {
                    "id": id,
                    "from": f"+{self.msisdn}",
                    "to": SHORT,
                    "text": text,
                    "date": "2026-01-15T09:00:00Z",
                }
                form = {"Content-Type": "application/x-www-form-urlencoded"}
                return await self.edge.post(where, urlencode(fields).encode(), headers=form)
            case "mgov":
                fields = {"transaction_id": id, "msisdn": self.msisdn, "message": text}
            case _:
                fields = {"id": id, "from": self.msisdn, "to": SHORT, "text": text}
        body = json.dumps(fields).encode()
        return await self.edge.post(where, body, headers={"Content-Type": "application/json"})


def settings_of(url: str) -> dict[str, Any]:
    """The settings of each channel, for a provider at an address."""
    fast = {"per_second": 200}
    return {
        "loopback": {"sms": {"url": url, **fast}},
        "africastalking": {"sms": {"url": url, "username": "us", "api_key": "K", **fast}},
        "kannel": {"sms": {"url": url, "username": "us", "password": "p", "sender": SHORT, **fast}},
        "mgov": {"sms": {"url": url, "account": "em", "api_key": "K", "service_id": "9", "sender": SHORT, **fast}},
    }


def country_with_a_number(folder: Path) -> Path:
    """The shipped country, with a number that takes SMS."""
    shipped = (ROOT / "menus/countries/tanzania.yaml").read_text()
    assert 'sc: ""' in shipped
    made = folder / "country.yaml"
    made.write_text(shipped.replace('sc: ""', f"sc: {SHORT}"))
    return made


@contextlib.asynccontextmanager
async def carrying(
    folder: Path,
    channel: str = "loopback",
    own: Mapping[str, object] = {},
    open_core: Opener = open_feedback,
    beside: Mapping[str, Mapping[str, object]] = {},
    **changes: str,
) -> AsyncIterator[tuple[Edge, Exchange]]:
    """An edge whose SMS go by one channel, or by several behind blanks, with settings of its own; USSD by
    `africastalking`, too, and by the channels `beside`, with theirs."""
    exchange = Exchange()
    async with contextlib.AsyncExitStack() as stack:
        exchange.provider = await stack.enter_async_context(playing(exchange.play))
        known, names_of = settings_of(exchange.provider.url), channel.split()
        settings = {name: {"sms": known[name]["sms"] | own} for name in names_of}
        for name, its in beside.items():
            settings[name] = {**settings.get(name, {}), **its}
        names = {
            "var": str(folder),
            "country": str(country_with_a_number(folder)),
            "channels": " ".join(dict.fromkeys([*names_of, "africastalking", *beside])),
            "channel_settings": json.dumps(settings),
            **changes,
        }
        given = config.load({f"USSD_ENGINE_{name.upper()}": value for name, value in names.items()})
        edge = Edge(given, open_core=open_core)
        edge.url = await stack.enter_async_context(app.running(edge.app))
        edge.client = await stack.enter_async_context(aiohttp.ClientSession())
        exchange.edge = edge
        yield edge, exchange


async def sent(phone: Writer) -> str:
    """A first complaint by SMS; its reference."""
    received, first = await phone.write(COMPLAINT, replies=2)
    assert first.startswith("e-Mrejesho hutumia namba yako")
    return reference_in(received)


def reference_in(text: str) -> str:
    """The one reference in a text."""
    (found,) = set(re.findall(r"[0-9]{9}", text))
    return str(found)


async def count(edge: Edge) -> int:
    """How many cases there are."""
    query = select(func.count()).select_from(cases)
    found = await edge.engine.ledger.database.read(lambda conn: conn.scalar(query))
    return int(found or 0)


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[tuple[Edge, Exchange]]:
    """A gateway that carries SMS, and what its gateway of SMS gets."""
    async with carrying(tmp_path) as made:
        yield made


@pytest.fixture
def edge(made: tuple[Edge, Exchange]) -> Edge:
    """That gateway."""
    return made[0]


@pytest.fixture
def phone(made: tuple[Edge, Exchange]) -> Writer:
    """A phone that writes to it."""
    return Writer(*made)
