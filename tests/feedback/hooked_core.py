"""A core of somebody else, behind webhooks: it signs and checks with the package of those who wrote the standard."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import ClientSession, web
from standardwebhooks import Webhook

from ussd_engine.app import running
from ussd_engine.config import load
from ussd_engine.engine import Engine
from ussd_engine.events import ROUTE, add_events
from ussd_engine.feedback import Surroundings, open_feedback
from ussd_engine.feedback.base import FeedbackStore
from ussd_engine.feedback.webhook import WebhookStore
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Database, Heard, Ledger
from ussd_engine.messages import CaseEvent
from ussd_engine.metrics import Metrics
from ussd_engine.testing.specimens import DAY, submit

ACT_OF = {
    "addition.created": "append",
    "rating.created": "rate",
    "withdrawal.created": "withdraw",
    "appeal.created": "appeal",
    "erasure.created": "erase",
}
ENGINE: web.AppKey[Engine] = web.AppKey("engine", Engine)


def drawn() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def known(ledger: Ledger) -> str:
    """The reference of a case that the gateway has."""
    return (await ledger.act(submit(msisdn=None, caller=None))).reference


class Core:
    """Takes what is signed, once by its id. `says` answers instead, in turn, with status, headers, body."""

    def __init__(self) -> None:
        self.secret = drawn()
        self.address = ""
        self.gateway = ""
        self.numbers: dict[str, str] = {}
        self.messages: list[dict[str, Any]] = []
        self.requests: list[tuple[Mapping[str, str], bytes]] = []
        self.says: list[tuple[int, dict[str, str], bytes]] = []
        self.silent = asyncio.Event()
        self.silent.set()
        self.got_one = asyncio.Event()
        self.asks_back = False
        """Reads what a thin message left out before it takes it."""
        self.views: dict[str, bytes] = {}
        self._counts: Counter[str] = Counter()
        self._session: ClientSession | None = None

    async def acts(self, reference: str) -> list[str]:
        done = [message for message in self.messages if message["data"]["reference"] == reference]
        return [ACT_OF[message["type"]] for message in done if message["type"] in ACT_OF]

    async def held(self) -> int:
        return sum(message["type"] == "submission.created" for message in self.messages)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.requests.append((dict(request.headers), body))
        await self.silent.wait()
        if self.says:
            status, headers, text = self.says.pop(0)
            return web.Response(status=status, headers=headers, body=text)
        message = Webhook(self.secret).verify(body, dict(request.headers))
        if message["type"] == "case.read":
            view = self.views.get(message["data"]["reference"])
            return web.Response(status=404 if view is None else 200, body=view)
        return web.json_response({"reference": await self._once(request.headers["webhook-id"], message)})

    async def _once(self, id: str, message: dict[str, Any]) -> str:
        assert message["data"]["id"] == id
        whole = message
        if self.asks_back:
            status, text = await self.call("message.read", {"id": id})
            assert status == 200
            whole = json.loads(text)
        if id not in self.numbers:
            self.numbers[id] = f"EMR-{len(self.numbers) + 1}"
            self.messages.append(whole)
            self.got_one.set()
        return self.numbers[id]

    async def call(
        self, type: str, data: Mapping[str, Any], *, id: str = "", secret: str = "", at: datetime | None = None
    ) -> tuple[int, str]:
        """Call the gateway; status and body of its answer."""
        message = {"type": type, "timestamp": (at or datetime.now(UTC)).isoformat(), "data": data}
        return await self.post(json.dumps(message), id=id, secret=secret)

    async def post(self, body: str, *, id: str = "", secret: str = "") -> tuple[int, str]:
        id, now = id or f"evt_{secrets.token_hex(8)}", datetime.now(UTC)
        headers = {
            "webhook-id": id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret or self.secret).sign(id, now, body),
        }
        assert self._session is not None
        async with self._session.post(self.gateway + ROUTE, data=body.encode(), headers=headers) as answer:
            return answer.status, await answer.text()

    async def tell(self, reference: str, **change: Any) -> None:
        """Tell a change of a case, with the next number of its count."""
        self._counts[reference] += 1
        change = {"reference": reference, "sequence": self._counts[reference], **change}
        assert await self.call("case.changed", change) == (204, "")

    @asynccontextmanager
    async def standing(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_post("/hook", self.take)
        async with running(app) as address, ClientSession() as self._session:
            self.address = f"{address}/hook"
            yield
            self.silent.set()


class Clerk:
    """Works in the core. The gateway's ledger knows a case before its officer does."""

    def __init__(self, core: Core, ledger: Ledger) -> None:
        self.core = core
        self.ledger = ledger

    async def open(self, reference: str) -> None:
        await self.ledger.act(submit(reference=reference, msisdn=None, caller=None))
        await self.core.tell(reference, state="opened")

    async def answer(self, reference: str, words: str) -> None:
        await self.core.tell(reference, state="answered", words=words, by="head")


class Gateway:
    """The route for a core's calls, before a ledger; remembers what was told."""

    def __init__(self, ledger: Ledger) -> None:
        self.database: Database = ledger.database
        self.told: list[CaseEvent] = []
        self.failure: Exception | None = None
        self.metrics = Metrics()
        self._ledger = ledger

    async def tell(self, events: list[CaseEvent], source: str, mark: str | None = None) -> list[Heard]:
        if self.failure:
            raise self.failure
        self.told += events
        return await self._ledger.tell(events, source, mark)

    @asynccontextmanager
    async def standing(self, store: FeedbackStore) -> AsyncIterator[str]:
        config = load({"USSD_ENGINE_FEEDBACK": "webhook+https://core.example.org"})
        engine = SimpleNamespace(store=store, ledger=self, metrics=self.metrics, config=config)
        app = web.Application(client_max_size=64 * 1024)
        app[ENGINE] = cast(Engine, engine)
        add_events(app.router, ENGINE)
        async with running(app) as address:
            yield address


def settings(core: Core, **more: Any) -> dict[str, Any]:
    return {"secrets": [core.secret], **more}


async def opened(core: Core, ledger: Ledger, keyring: Keyring, **more: Any) -> WebhookStore:
    surroundings = Surroundings(ledger.database, keyring, now_ms, settings(core, **more))
    store = await open_feedback(f"webhook+{core.address}", surroundings)
    assert isinstance(store, WebhookStore)
    return store


class WebhookFixtures:
    more: dict[str, Any] = {}
    asks_back = False

    @pytest.fixture
    def keyring(self) -> Keyring:
        return Keyring.random(DAY)

    @pytest.fixture
    def url(self, sqlite_url: str) -> str:
        return sqlite_url

    @pytest.fixture
    async def ledger(self, url: str, keyring: Keyring) -> AsyncIterator[Ledger]:
        ledger = await Ledger.open(url, keyring, now_ms)
        yield ledger
        await ledger.close()

    @pytest.fixture
    async def core(self) -> AsyncIterator[Core]:
        core = Core()
        core.asks_back = self.asks_back
        async with core.standing():
            yield core

    @pytest.fixture
    async def store(self, core: Core, ledger: Ledger, keyring: Keyring) -> AsyncIterator[WebhookStore]:
        store = await opened(core, ledger, keyring, **self.more)
        yield store
        await store.close()

    @pytest.fixture(autouse=True)
    async def gateway(self, store: WebhookStore, core: Core, ledger: Ledger) -> AsyncIterator[Gateway]:
        gateway = Gateway(ledger)
        async with gateway.standing(store) as core.gateway:
            yield gateway

    @pytest.fixture
    def officer(self, core: Core, ledger: Ledger) -> Clerk:
        return Clerk(core, ledger)
