"""The inbox of a provider is read for what no callback brought: once each, from where the last reading ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.gateway.house import NUMBER
from tests.gateway.test_http import Edge
from tests.gateway.texting import COMPLAINT, SHORT, WAIT_S, Exchange, carrying, count
from ussd_engine.channels.sms import Fetches
from ussd_engine.errors import RolledBack
from ussd_engine.ledger.database import Database
from ussd_engine.sms.clockwork import BEGINS_MS, EMPTY, InboxReader
from ussd_engine.sms.message import Incoming, RouteFault
from ussd_engine.testing.provider import Asked, Says

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PAGE = 2
DAY_S = 24 * 3600.0


class Inbox:
    """An inbox, its edge, and who reads it."""

    def __init__(self, edge: Edge, exchange: Exchange) -> None:
        self.edge = edge
        self.rows: list[dict[str, Any]] = []
        self.counted: list[str] = []
        self.asked: list[str] = []
        self._exchange = exchange
        exchange.provider.play = self._play

    def _play(self, asked: Asked) -> Says:
        if asked.method != "GET":
            return self._exchange.play(asked)
        (after,) = parse_qs(urlsplit(asked.target).query)["lastReceivedId"]
        self.asked.append(after)
        rows = [row for row in self.rows if row["id"] > int(after)][:PAGE]
        return Says(200, json.dumps({"SMSMessageData": {"Messages": rows}}).encode())

    def came(self, id: int, text: str, ago_s: float = 0, changes: Mapping[str, object] = {}) -> bytes:
        """An SMS stands in it from now on; the callback of the same, under another id."""
        date = f"{datetime.fromtimestamp(self.edge.now - ago_s, UTC):%Y-%m-%d %H:%M:%S}"
        fields = {"from": f"+{NUMBER}", "to": SHORT, "text": text, "date": date}
        self.rows.append({**fields, "id": id, "linkId": None, **changes})
        return urlencode({**fields, "id": f"ATXid_{id}"}).encode()

    async def called(self, callback: bytes) -> None:
        assert (await self.edge.post("/sms/africastalking", callback, headers=FORM))[0] == 200

    async def read(self, holder: str | None = None) -> None:
        """Read it once, in the name of who sends on the route."""
        engine = self.edge.engine
        async with asyncio.timeout(WAIT_S):
            while not (routes := await engine.ledger.sms_routes.all()):
                pass

        async def take(incoming: Incoming) -> Any:
            return await engine.answering.take(incoming, in_band=False)

        gateway = engine.gateways["africastalking"]
        assert isinstance(gateway, Fetches)
        await InboxReader(
            engine.ledger,
            "africastalking",
            gateway,
            engine.gateway.now_ms,
            routes[0].holder if holder is None else holder,
            take,
            count=self.counted.append,
            told=lambda _: None,
        ).step()

    async def mark(self) -> str:
        (route,) = await self.edge.engine.ledger.sms_routes.all()
        return str(route.inbox)


@pytest.fixture
async def inbox(tmp_path: Path) -> AsyncIterator[Inbox]:
    async with carrying(tmp_path, "africastalking", own={"inbox": True}) as (edge, exchange):
        yield Inbox(edge, exchange)


async def test_what_no_callback_brought_is_done_and_answered_once(inbox: Inbox) -> None:
    inbox.came(1, COMPLAINT)
    for _ in range(2):
        await inbox.read()
    assert await count(inbox.edge) == 1
    assert inbox.counted == ["new"]
    assert await inbox.mark() == "1"


async def test_what_a_callback_brought_is_passed_over_and_a_late_callback_too(inbox: Inbox) -> None:
    await inbox.called(inbox.came(1, COMPLAINT))
    await inbox.read()
    late = inbox.came(2, COMPLAINT + " na Iyumbu")
    await inbox.read()
    await inbox.called(late)
    assert await count(inbox.edge) == 2
    assert inbox.counted == ["new"]


async def test_an_inbox_is_read_page_by_page_from_where_it_was_read_last(inbox: Inbox) -> None:
    for id in range(1, 6):
        inbox.came(id, f"{COMPLAINT} mtaa wa {id}")
    await inbox.read()
    assert inbox.asked == ["0", "2", "4", "5"]
    inbox.came(6, f"{COMPLAINT} mtaa wa 6")
    await inbox.read()
    assert inbox.asked[4:] == ["5", "6"]
    assert inbox.counted == ["new"] * 6


async def test_what_is_of_another_time_is_passed_over_at_the_first_reading(inbox: Inbox) -> None:
    inbox.came(1, COMPLAINT, ago_s=BEGINS_MS / 1000 + 1)
    inbox.came(2, COMPLAINT, changes={"date": "leo"})
    inbox.came(3, COMPLAINT, ago_s=BEGINS_MS / 1000 - 60)
    await inbox.read()
    assert inbox.counted == ["new"]
    assert await inbox.mark() == "3"


async def test_what_came_while_nobody_read_is_read_later_whatever_its_age(inbox: Inbox) -> None:
    await inbox.read()
    assert await inbox.mark() == EMPTY
    inbox.edge.now += 2 * DAY_S
    inbox.came(1, COMPLAINT, ago_s=DAY_S)
    inbox.came(2, COMPLAINT, changes={"date": "leo"})
    await inbox.read()
    assert inbox.counted == ["new", "new"]
    inbox.came(3, COMPLAINT, ago_s=31 * DAY_S)
    await inbox.read()
    assert inbox.counted == ["new", "new"]
    assert await inbox.mark() == "3"


async def test_who_does_not_send_on_the_route_does_not_read(inbox: Inbox) -> None:
    inbox.came(1, COMPLAINT)
    await inbox.read(holder="another")
    assert inbox.asked == []


async def test_what_is_no_sms_or_of_nobody_holds_nothing_up(inbox: Inbox) -> None:
    inbox.came(1, COMPLAINT, changes={"from": None})
    inbox.came(2, "Ofa", changes={"from": "VODACOM"})
    inbox.came(3, COMPLAINT)
    await inbox.read()
    assert inbox.counted == ["abroad", "new"]
    assert await inbox.mark() == "3"


async def test_what_could_not_be_stored_is_read_again(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = inbox.edge.engine
    inbox.came(1, COMPLAINT)
    inbox.came(2, COMPLAINT + " na Iyumbu")
    monkeypatch.setattr("ussd_engine.sms.answering.TRIES_S", 0.0)
    real, left = type(engine.ledger.database).write, [0]

    async def away(self: Database, job: Any) -> Any:
        if "_write" in job.__qualname__:
            left[0] += 1
            if left[0] == 2:
                raise RolledBack("away on purpose")
        return await real(self, job)

    monkeypatch.setattr(type(engine.ledger.database), "write", away)
    await inbox.read()
    assert (inbox.counted, await inbox.mark()) == (["new"], "1")
    await inbox.read()
    assert (inbox.counted, await inbox.mark()) == (["new", "new"], "2")


async def test_a_provider_that_does_not_answer_loses_nothing(inbox: Inbox) -> None:
    inbox.came(1, COMPLAINT)
    play = inbox._exchange.provider.play
    inbox._exchange.provider.play = lambda _: Says(503)
    with pytest.raises(RouteFault):
        await inbox.read()
    inbox._exchange.provider.play = play
    await inbox.read()
    assert inbox.counted == ["new"]


async def test_an_inbox_is_read_only_where_that_is_set(tmp_path: Path) -> None:
    for own, reads in (({}, False), ({"inbox": True}, True)):
        async with carrying(tmp_path, "africastalking", own=own) as (edge, _):
            gateway = edge.engine.gateways["africastalking"]
            assert isinstance(gateway, Fetches)
            assert gateway.reads_inbox is reads
