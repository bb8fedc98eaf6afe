"""The edge: callbacks over HTTP, whoever sends them and whatever is in them; health, readiness, numbers, logs."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import logging
import re
import socket
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from sessions import MemorySessions, Seal
from tests.gateway.house import CODE, NUMBER, REVIEW, SEND, WORDS
from ussd_engine import config, engine, machine
from ussd_engine.app import ENGINE, create_app, running
from ussd_engine.channels.base import Dial, Kind, path
from ussd_engine.config import Config
from ussd_engine.engine import Engine
from ussd_engine.errors import EngineError, RolledBack
from ussd_engine.feedback import Opener, open_feedback
from ussd_engine.ledger.database import Database
from ussd_engine.logs import Log, redirect
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Case, Reply, Submission
from ussd_engine.serve import serve

FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
TOKEN = "0123456789abcdef0123456789abcdef"


class Edge:
    """A gateway on a port, its clock, its log, and a client."""

    def __init__(self, settings: Config, level: str = "DEBUG", open_core: Opener = open_feedback) -> None:
        self.now = 1_768_467_600.0
        self.lines = io.BytesIO()
        self.log = Log(level, self.lines)
        self.stores: list[MemorySessions] = []
        parts = {"log": self.log, "open_store": self._store, "open_core": open_core, "proven": True}
        self.app = create_app(settings, clock=lambda: self.now, **parts)  # type: ignore[arg-type]
        self.url = ""
        self.client: aiohttp.ClientSession
        self.inputs: tuple[str, ...] = ()

    def _store(self, _: str, seal: Seal) -> MemorySessions:
        self.stores.append(MemorySessions(seal, lambda: self.now))
        return self.stores[0]

    @property
    def engine(self) -> Engine:
        return self.app[ENGINE]

    async def submission(self, reference: str) -> Submission:
        """What stands under a reference."""
        found = await self.engine.ledger.submission(reference)
        assert found is not None
        return found

    async def case(self, reference: str) -> Case:
        """The case of a reference."""
        found = await self.engine.ledger.case(reference)
        assert found is not None
        return found

    async def get(self, where: str, **options: Any) -> tuple[int, str]:
        async with self.client.get(self.url + where, **options) as answer:
            return answer.status, await answer.text()

    async def post(self, where: str, body: bytes = b"", **options: Any) -> tuple[int, str]:
        async with self.client.post(URL(self.url + where, encoded=True), data=body, **options) as answer:
            return answer.status, await answer.text()

    async def leg(self, name: str, *inputs: str, kind: Kind = Kind.USSD, token: str = "") -> tuple[int, str]:
        channel = self.engine.channels[name]
        dial = Dial(dialogue=f"dialogue-{name}", dialled=CODE, msisdn=NUMBER, inputs=inputs)
        request = channel.build(dial) if kind is Kind.USSD else channel.build_close(dial)
        assert request is not None
        self.now += 8
        where = path(name, kind, token) + (f"?{request.query}" if request.query else "")
        url = URL(self.url + where, encoded=True)
        async with self.client.request(request.method, url, data=request.body, headers=request.headers) as answer:
            return answer.status, await answer.text()

    async def dialog(self, name: str, *inputs: str) -> list[Reply]:
        """Every screen of a dialog."""
        screens = []
        for size in range(len(inputs) + 1):
            status, body = await self.leg(name, *inputs[:size])
            assert status == 200
            screens.append(Reply(body[4:], body.startswith("END ")))
        return screens


Opens = Callable[..., Awaitable[Edge]]
"""Starts an edge with the given settings."""


@pytest.fixture
async def opened(tmp_path: Path, edition: Edition, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Opens]:
    """Starts an edge with the given settings, on menus that are read once."""
    monkeypatch.setattr(engine, "read_menus", lambda settings: edition)
    async with AsyncExitStack() as stack:

        async def start(**changes: str) -> Edge:
            names = {f"USSD_ENGINE_{name.upper()}": value for name, value in changes.items()}
            settings = config.load({"USSD_ENGINE_VAR": str(tmp_path), **names})
            edge = Edge(settings)
            edge.url = await stack.enter_async_context(running(edge.app))
            edge.client = await stack.enter_async_context(aiohttp.ClientSession())
            return edge

        yield start


@pytest.fixture
async def edge(opened: Opens) -> Edge:
    return await opened()


@pytest.mark.parametrize("name", ["africastalking", "generic"])
async def test_a_dialog_over_http_ends_with_a_reference(edge: Edge, name: str) -> None:
    screens = await edge.dialog(name, *REVIEW, SEND)
    assert screens[-1].ends
    assert "Namba: " in screens[-1].text


@pytest.mark.parametrize("first", [0, 1, 7])
async def test_a_dialog_over_restcomm_goes_on_from_answer_0_whatever_number_the_dial_had(
    edge: Edge, first: int
) -> None:
    """Its stack gives our requests numbers of their own, from 0; the first request has the number of the network."""
    channel, texts = edge.engine.channels["restcomm"], [*REVIEW, SEND]
    for size in range(len(texts) + 1):
        request = channel.build(Dial(dialogue="1.1", dialled=CODE, msisdn=NUMBER, inputs=tuple(texts[:size])))
        body = re.sub(rb'invokeId="[0-9]+"', b'invokeId="%d"' % (size - 1 if size else first), request.body)
        edge.now += 8
        status, said = await edge.post(path("restcomm"), body, headers=dict(request.headers))
        assert status == 200
    assert "Namba: " in said


async def test_an_end_of_session_notice_is_acknowledged_and_counted(edge: Edge) -> None:
    await edge.leg("africastalking")
    assert await edge.leg("africastalking", kind=Kind.EVENTS) == (200, "")
    assert 'ussd_closed_total{channel="africastalking"} 1.0' in (await edge.get("/metrics"))[1]


@pytest.mark.parametrize(
    "where",
    ["/ussd/nobody", "/ussd/generic/wrong", "/ussd/generic/events/wrong", "/ussd/africastalking/x", "/ussd", "/"],
)
async def test_an_unknown_channel_or_token_is_not_found(edge: Edge, where: str) -> None:
    assert (await edge.get(where))[0] == 404
    assert (await edge.post(where))[0] == 404


async def test_a_token_opens_its_channel_and_two_are_valid_while_one_is_retired(opened: Opens) -> None:
    edge = await opened(channels=f"generic:{TOKEN},{TOKEN[::-1]}")
    for token, status in ((TOKEN, 200), (TOKEN[::-1], 200), ("", 404), (TOKEN[:-1], 404), (TOKEN + "0", 404)):
        assert (await edge.leg("generic", token=token))[0] == status
    assert "ussd_unknown_token_total" in (await edge.get("/metrics"))[1]


HOSTILE = [
    (b"", FORM),
    (b"\xff\xfe=\xff", FORM),
    (b"sessionId=%FF&text=&serviceCode=1&phoneNumber=", FORM),
    (b"sessionId=a&sessionId=b&text=&serviceCode=*152*00%23&phoneNumber=", FORM),
    (b"sessionId=a&text=&serviceCode=x&phoneNumber=", FORM),
    (b"{}", {"Content-Type": "application/json"}),
    (b"sessionId=a", {"Content-Type": "application/x-www-form-urlencoded; charset=utf-7"}),
    (b"sessionId=a", {"Content-Type": "application/x-www-form-urlencoded; charset=no-such"}),
    (b"--x\r\n", {"Content-Type": "multipart/form-data; boundary=x"}),
    (b"not gzip", {**FORM, "Content-Encoding": "gzip"}),
    (b"a=" + b"x" * 200_000, FORM),
    (b"&".join(b"f%d=1" % number for number in range(500)), FORM),
]


@pytest.mark.parametrize(("body", "headers"), HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("where", ["/ussd/africastalking", "/ussd/africastalking/events", "/ussd/generic"])
async def test_a_body_that_is_no_callback_is_a_bad_request_and_changes_nothing(
    edge: Edge, where: str, body: bytes, headers: dict[str, str]
) -> None:
    status, _ = await edge.post(where, body, headers=headers)
    assert status == 400
    assert len(edge.stores[0]) == 0


async def test_what_is_no_callback_is_counted(edge: Edge) -> None:
    await edge.post("/ussd/africastalking", b"text=1", headers=FORM)
    assert 'ussd_not_a_callback_total{channel="africastalking"} 1.0' in (await edge.get("/metrics"))[1]


@pytest.mark.parametrize(
    "request_",
    [
        b"GARBAGE\r\n\r\n",
        b"POST /ussd/generic HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /ussd/generic?id=%ZZ&new=1&text=%00&code=%2A152%2A00%23&msisdn=x HTTP/1.1\r\nHost: x\r\n"
        b"Connection: close\r\n\r\n",
        b"GET /ussd/%2e%2e/%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"DELETE /ussd/generic HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ],
    ids=["no HTTP", "bad chunk", "odd query", "odd path", "odd method"],
)
async def test_nothing_that_arrives_on_the_wire_is_a_fault_of_the_server(edge: Edge, request_: bytes) -> None:
    host, port = edge.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request_)
    status = int((await reader.readline()).split()[1])
    writer.close()
    await writer.wait_closed()
    assert status < 500


# faults of our own


@contextmanager
def libraries_heard(log: Log) -> Iterator[None]:
    """What libraries log goes to `log`, at every level, as in a process of its own."""
    root, hooks = logging.getLogger(), (sys.excepthook, sys.unraisablehook, threading.excepthook)
    handlers, level = root.handlers[:], root.level
    redirect(log, "DEBUG")
    try:
        yield
    finally:
        root.handlers[:] = handlers
        sys.excepthook, sys.unraisablehook, threading.excepthook = hooks
        root.setLevel(level)
        logging.captureWarnings(False)


async def test_a_fault_of_our_own_is_words_and_one_line_without_content(
    edge: Edge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError(f"{NUMBER} {WORDS}")

    with libraries_heard(edge.log):
        await edge.dialog("generic", *REVIEW[:-2])
        monkeypatch.setattr(machine, "step", broken)
        status, body = await edge.leg("generic", *REVIEW[:-1])
    assert status == 200
    assert body.startswith("END Samahani, kuna hitilafu")
    written = edge.lines.getvalue()
    assert b'"event":"fault"' in written
    assert b"ZeroDivisionError" in written
    for canary in (NUMBER, NUMBER[3:], WORDS, "tanesco", "Traceback"):
        assert canary.encode() not in written


async def test_no_log_line_of_a_whole_dialog_holds_number_words_or_reference(edge: Edge) -> None:
    with libraries_heard(edge.log):
        screens = await edge.dialog("africastalking", *REVIEW, SEND)
        await edge.post("/ussd/africastalking", f"text={WORDS}&phoneNumber={NUMBER}".encode(), headers=FORM)
    reference = screens[-1].text.split("Namba: ")[1][:9]
    written = edge.lines.getvalue().decode()
    assert written.count('"event":"turn"') == len(screens)
    for canary in (NUMBER, NUMBER[3:], WORDS, "tanesco", reference):
        assert canary not in written


async def test_numbers_for_operators_hold_nothing_of_a_citizen(edge: Edge) -> None:
    screens = await edge.dialog("generic", *REVIEW, SEND)
    status, text = await edge.get("/metrics")
    assert status == 200
    assert 'ussd_turns_total{channel="generic",outcome="ended"} 1.0' in text
    assert 'ussd_outbox_age_seconds{service="emrejesho"}' in text
    for canary in (NUMBER, NUMBER[3:], "tanesco", screens[-1].text.split("Namba: ")[1][:9]):
        assert canary.lower() not in text.lower()


# health


async def test_ready_tells_the_truth_of_sessions_and_ledger(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await edge.get("/readyz") == (200, "ready\n")

    async def dead(self: Database, job: object) -> object:
        raise RolledBack("the transaction was not committed")

    monkeypatch.setattr(type(edge.engine.ledger.database), "write", dead)
    await edge.stores[0].close()
    status, text = await edge.get("/readyz")
    assert status == 503
    assert [line.split(":")[0] for line in text.splitlines()] == ["sessions", "database"]
    assert await edge.get("/healthz") == (200, "ok\n")


async def test_a_process_that_only_carries_takes_no_callbacks_but_the_cores(tmp_path: Path) -> None:
    settings = dataclasses.replace(config.load({"USSD_ENGINE_VAR": str(tmp_path)}), role="worker")
    addresses = {resource.canonical for resource in create_app(settings).router.resources()}
    assert addresses == {"/healthz", "/readyz", "/metrics", "/feedback/events"}


# from where


@pytest.mark.parametrize(
    ("peers", "proxies", "forwarded", "status"),
    [
        ("127.0.0.0/8", "", [], 200),
        ("10.0.0.0/8", "", [], 404),
        ("10.0.0.0/8", "", ["10.0.0.1"], 404),
        ("10.0.0.0/8", "127.0.0.1/32", ["10.0.0.1"], 200),
        ("10.0.0.0/8", "127.0.0.1/32", ["10.0.0.1, 192.0.2.1"], 404),
        ("10.0.0.0/8", "127.0.0.1/32", ["192.0.2.1, 10.0.0.1"], 200),
        ("10.0.0.0/8", "127.0.0.1/32", ["192.0.2.1", "10.0.0.1"], 200),
        ("10.0.0.0/8", "127.0.0.1/32 192.0.2.0/24", ["10.0.0.1, 192.0.2.1"], 200),
        ("10.0.0.0/8", "127.0.0.1/32", ["10.0.0.1, nonsense"], 404),
        ("10.0.0.0/8", "127.0.0.1/32", [], 404),
        ("127.0.0.1/32", "127.0.0.1/32", [], 200),
    ],
)
async def test_callbacks_are_taken_from_allowed_addresses_counted_from_the_right(
    opened: Opens, peers: str, proxies: str, forwarded: list[str], status: int
) -> None:
    edge = await opened(peers=peers, proxies=proxies)
    headers = [("X-Forwarded-For", one) for one in forwarded]
    query = "/ussd/generic?id=S&msisdn=255700000001&new=1&code=%2A152%2A00%23&text="
    async with edge.client.get(URL(edge.url + query, encoded=True), headers=headers) as answer:
        assert answer.status == status


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = dataclasses.replace(config.load({"USSD_ENGINE_VAR": str(tmp_path)}), port=port)
        for workers in (1, 2):
            with pytest.raises(EngineError, match=rf"^127.0.0.1:{port}: Address already in use. Name another"):
                serve(dataclasses.replace(settings, workers=workers), print)
