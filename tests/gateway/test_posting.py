"""A provider that has its screens posted: acknowledged at once, told the screen later, and what it makes of that."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from tests.gateway.handset import numbers
from tests.gateway.house import CODE, NUMBER
from tests.gateway.test_http import Edge, Opens
from ussd_engine.app import DOOR
from ussd_engine.channels.base import Dial, Request, Response, path

SOAP = "<s:Envelope xmlns:s='s'><s:Body><ussdresponse><errorCode>{}</errorCode></ussdresponse></s:Body></s:Envelope>"
NOT_POSTED = 'ussd_not_posted_total{channel="halotel"}'


class Halotel:
    """The operator's side: what was posted to it, and what it says of that."""

    def __init__(self) -> None:
        self.url = ""
        self.posted: list[tuple[web.BaseRequest, bytes]] = []
        self.arrived = asyncio.Event()
        self.says = SOAP.format(0)
        self.status = 200
        self.moved = ""

    async def take(self, request: web.BaseRequest) -> web.Response:
        self.posted.append((request, await request.read()))
        self.arrived.set()
        headers = {"Location": self.moved} if self.moved else {}
        return web.Response(text=self.says, content_type="text/xml", status=self.status, headers=headers)

    async def screen(self) -> bytes:
        async with asyncio.timeout(10):
            await self.arrived.wait()
        self.arrived.clear()
        return self.posted[-1][1]


@pytest.fixture
async def halotel() -> AsyncIterator[Halotel]:
    found = Halotel()
    runner = web.ServerRunner(web.Server(found.take))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/ussdgw"
    yield found
    await runner.cleanup()


@pytest.fixture
async def edge(opened: Opens, halotel: Halotel) -> Edge:
    options = {"url": halotel.url, "user": "u2", "password": "p2", "their_user": "u1", "their_password": "p1"}
    return await opened(channel_settings=json.dumps({"halotel": options}))


async def send(edge: Edge, request: Request) -> tuple[int, str]:
    return await edge.post(path("halotel"), request.body, headers=dict(request.headers))


async def leg(edge: Edge, *inputs: str) -> tuple[int, str]:
    edge.now += 8
    dial = Dial(dialogue="W1", dialled=CODE, msisdn=NUMBER, inputs=inputs)
    return await send(edge, edge.engine.channels["halotel"].build(dial))


async def settled(edge: Edge) -> None:
    """Return when nothing is on its way any more."""
    await edge.app[DOOR].posts.close()


async def test_a_callback_is_acknowledged_and_its_screen_posted(edge: Edge, halotel: Halotel) -> None:
    status, said = await leg(edge)
    assert status == 200
    assert "<errorCode>0</errorCode>" in said
    assert "Karibu" not in said
    body = await halotel.screen()
    request, _ = halotel.posted[0]
    assert request.headers["SOAPAction"] == '"http://tempuri.org/InsertMO"'
    assert request.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert b"<user>u2</user><pass>p2</pass>" in body
    assert f"<msisdn>{NUMBER}</msisdn>".encode() in body
    assert b"<transactionid>W1</transactionid><requestType>202</requestType>" in body


async def test_a_dialog_goes_on_though_its_number_is_told_once(edge: Edge, halotel: Halotel) -> None:
    await leg(edge)
    await halotel.screen()
    await leg(edge, "9")
    assert b"<msisdn>null</msisdn>" in await halotel.screen()
    await leg(edge, "9", "2")
    body = await halotel.screen()
    assert b"<requestType>200</requestType>" in body
    assert edge.engine.channels["halotel"].read(Response(body=body)).text.startswith("e-Mrejesho\nChagua lugha")
    assert len(edge.stores[0]._entries) == 2, "one session, and the small key that leads to it"


async def test_an_acknowledgement_waits_for_no_screen(
    edge: Edge, halotel: Halotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, take_turn = asyncio.Event(), edge.engine.gateway.take_turn

    async def held(*given: Any) -> Any:
        await free.wait()
        return await take_turn(*given)

    monkeypatch.setattr(edge.engine.gateway, "take_turn", held)
    assert (await leg(edge))[0] == 200
    assert halotel.posted == []
    free.set()
    assert b"<requestType>202</requestType>" in await halotel.screen()


async def test_what_is_under_way_is_posted_before_the_end(edge: Edge, halotel: Halotel) -> None:
    await leg(edge)
    await settled(edge)
    assert len(halotel.posted) == 1


async def test_a_receipt_is_counted_and_posts_nothing(edge: Edge, halotel: Halotel) -> None:
    request = edge.engine.channels["halotel"].build(Dial(dialogue="W1", dialled=CODE, inputs=("1",)))
    body = request.body.replace(b">101<", b">103<")
    assert (await edge.post(path("halotel"), body, headers=dict(request.headers)))[0] == 200
    await settled(edge)
    assert halotel.posted == []
    assert (await numbers(edge))['ussd_receipt_total{channel="halotel"}'] == 1


async def test_who_shows_wrong_credentials_is_told_so_and_gets_no_turn(edge: Edge, halotel: Halotel) -> None:
    request = edge.engine.channels["halotel"].build(Dial(dialogue="W1", dialled=CODE, msisdn=NUMBER))
    body = request.body.replace(b"<pass>p1<", b"<pass>p9<")
    status, said = await edge.post(path("halotel"), body, headers=dict(request.headers))
    assert status == 200
    assert "<errorCode>1</errorCode>" in said
    await settled(edge)
    assert halotel.posted == []
    assert edge.stores[0]._entries == {}


async def test_an_end_is_acknowledged_and_posts_nothing(edge: Edge, halotel: Halotel) -> None:
    close = edge.engine.channels["halotel"].build_close(Dial(dialogue="W1", dialled=CODE, msisdn=NUMBER))
    assert close is not None
    assert "<errorCode>0</errorCode>" in (await send(edge, close))[1]
    await settled(edge)
    assert halotel.posted == []


@pytest.mark.parametrize(("status", "code"), [(200, 1), (200, 2), (500, 0), (302, 0)])
async def test_a_screen_that_is_not_taken_is_counted_and_not_sent_elsewhere(
    edge: Edge, halotel: Halotel, status: int, code: int
) -> None:
    halotel.status, halotel.says, halotel.moved = status, SOAP.format(code), halotel.url if status == 302 else ""
    await leg(edge)
    await settled(edge)
    assert len(halotel.posted) == 1
    assert (await numbers(edge))[NOT_POSTED] == 1


async def test_nobody_there_is_counted_and_the_dialog_stands(opened: Opens, halotel: Halotel) -> None:
    closed = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = closed.sockets[0].getsockname()[1]
    closed.close()
    edge = await opened(channel_settings=json.dumps({"halotel": {"url": f"http://127.0.0.1:{port}/"}}))
    assert (await leg(edge))[0] == 200
    await settled(edge)
    assert (await numbers(edge))[NOT_POSTED] == 1
    assert len(edge.stores[0]._entries) == 2


async def test_a_connection_that_was_closed_meanwhile_loses_no_screen(opened: Opens) -> None:
    """A server that answers one request on a connection, and closes it when the next one comes."""
    taken: list[bytes] = []
    ack = SOAP.format(0).encode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        taken.append(await reader.readexactly(int(length.partition(b":")[2])))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(ack), ack))
        await reader.read(1)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        edge = await opened(channel_settings=json.dumps({"halotel": {"url": f"http://127.0.0.1:{port}/"}}))
        posts = edge.app[DOOR].posts
        for inputs in ((), ("9",)):
            await leg(edge, *inputs)
            await asyncio.wait(posts._tasks)
        assert len(taken) == 2
        assert NOT_POSTED not in await numbers(edge)


async def test_a_fault_on_the_way_is_logged_and_the_screen_counts_as_not_posted(
    edge: Edge, halotel: Halotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Response:
        raise ArithmeticError(NUMBER)

    monkeypatch.setattr(edge.engine.channels["halotel"], "reply", broken)
    assert (await leg(edge))[0] == 200
    await settled(edge)
    assert halotel.posted == []
    assert (await numbers(edge))[NOT_POSTED] == 1
    (fault,) = [line for line in map(json.loads, edge.lines.getvalue().splitlines()) if line["event"] == "fault"]
    assert fault["channel"] == "halotel"
    assert "ArithmeticError" in str(fault["chain"])
    assert NUMBER not in str(fault)
