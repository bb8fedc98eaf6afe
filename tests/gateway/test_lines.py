"""Connections that are kept open, against servers that answer in every way a server can."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from ussd_engine.answered import MOST_READ
from ussd_engine.lines import HungUp, Lines, Target

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Answers each request with the next of `says`, and hangs up where that is empty; `ends` closes after each."""

    def __init__(self, says: Sequence[bytes], *, ends: bool = False) -> None:
        self.says = list(says)
        self.ends = ends
        self.connections = 0
        self.taken: list[bytes] = []
        self.serving: list[asyncio.Task[None]] = []
        self.arrived = asyncio.Event()
        self.target = Target(False, "127.0.0.1", 0, "/way?a=%2A")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self.serving.append(task)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                self.taken.append(head + await reader.readexactly(int(length.partition(b":")[2])))
                self.arrived.set()
                said = self.says.pop(0)
                writer.write(said)
                if self.ends or not said:
                    break
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def _serving(*says: bytes, ends: bool = False) -> AsyncIterator[tuple[Server, Lines]]:
    played, lines = Server(says, ends=ends), Lines()
    server = await asyncio.start_server(played.serve, "127.0.0.1", 0)
    async with server:
        played.target = played.target._replace(port=server.sockets[0].getsockname()[1])
        yield played, lines
        lines.close()
        await asyncio.gather(*played.serving)


Serving = Callable[..., contextlib.AbstractAsyncContextManager[tuple[Server, Lines]]]


@pytest.fixture
def serving() -> Serving:
    return _serving


async def test_one_connection_carries_many_requests(serving: Serving) -> None:
    async with serving(PLAIN, PLAIN) as (server, lines):
        for body in (b"one", b"two"):
            answer = await lines.post(server.target, {"SOAPAction": "x"}, body)
            assert (answer.status, answer.body) == (200, b"ok")
        assert server.connections == 1
        first, second = server.taken
    assert first.startswith(b"POST /way?a=%2A HTTP/1.1\r\nhost: 127.0.0.1:")
    assert b"\r\nSOAPAction: x\r\n" in first
    assert first.endswith(b"\r\ncontent-length: 3\r\n\r\none")
    assert second.endswith(b"two")


@pytest.mark.parametrize(
    ("says", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n", 200, b"ok"),
        (b"HTTP/1.0 200 OK\r\n\r\nok", 200, b"ok"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", 200, b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n", 302, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN, 200, b"ok"),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno", 500, b"no"),
    ],
)
async def test_an_answer_is_read_however_it_is_written(serving: Serving, says: bytes, status: int, body: bytes) -> None:
    async with serving(says, ends=True) as (server, lines):
        answer = await lines.post(server.target, {}, b"x")
    assert (answer.status, answer.body) == (status, body)


@pytest.mark.parametrize(
    "says",
    [
        b"",
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + b"x" * (MOST_READ + 1),
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000,
    ],
)
async def test_what_is_no_whole_answer_is_an_end(serving: Serving, says: bytes) -> None:
    async with serving(says, ends=True) as (server, lines):
        with pytest.raises(HungUp):
            await lines.post(server.target, {}, b"x")
        assert len(server.taken) == 1, "nothing was kept before, so nothing is sent again"


async def test_who_gives_up_takes_the_connection_along(serving: Serving) -> None:
    async with serving(PLAIN, b"HTTP/1.1 200 OK\r\n", b"") as (server, lines):
        await lines.post(server.target, {}, b"x")
        server.arrived.clear()
        asking = asyncio.ensure_future(lines.post(server.target, {}, b"y"))
        await server.arrived.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert not any(lines._idle.values())


async def test_a_kept_connection_that_hung_up_without_a_word_loses_nothing(serving: Serving) -> None:
    async with serving(PLAIN, b"", PLAIN) as (server, lines):
        await lines.post(server.target, {}, b"x")
        assert (await lines.post(server.target, {}, b"y")).body == b"ok"
        assert server.connections == 2


async def test_a_connection_that_rested_too_long_is_left(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(PLAIN, PLAIN) as (server, lines):
        await lines.post(server.target, {}, b"x")
        monkeypatch.setattr("ussd_engine.lines.IDLE_S", 0.0)
        await lines.post(server.target, {}, b"y")
        assert server.connections == 2


async def test_at_once_each_has_a_connection_of_its_own(serving: Serving) -> None:
    async with serving(*[PLAIN] * 6) as (server, lines):
        await asyncio.gather(*(lines.post(server.target, {}, b"x") for _ in range(3)))
        await asyncio.gather(*(lines.post(server.target, {}, b"x") for _ in range(3)))
        assert server.connections == 3


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://h.example/a b", Target(False, "h.example", 80, "/a%20b")),
        ("https://h.example", Target(True, "h.example", 443, "/")),
        ("http://h.example:8081/x?y=1", Target(False, "h.example", 8081, "/x?y=1")),
        ("http://[::1]:8/", Target(False, "::1", 8, "/")),
    ],
)
def test_a_target_is_what_the_address_says(url: str, target: Target) -> None:
    assert Target.of(url) == target
