"""The line to a node: batches, and what becomes of a connection that failed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, cast

import pytest

from sessions.line import Line, LineBroken
from sessions.redis import RedisSessions
from ussd_engine.testing.sessions_contract import new_key, new_session
from ussd_engine.testing.wire import Answers, greeted

Told = Callable[..., AbstractAsyncContextManager[tuple[RedisSessions, Answers]]]
Opened = Callable[..., RedisSessions]
TTL_S = 60


class Stubborn:
    """A connection that stays open after a failure, as no client promises otherwise."""

    def __init__(self) -> None:
        self.is_connected = False
        self.replies: list[object] = [b"greeted", RuntimeError("a fault in the client"), b"a reply too late"]

    async def connect(self) -> None:
        self.is_connected = True

    async def disconnect(self, nowait: bool) -> None:
        self.is_connected = False

    def pack_command(self, *command: bytes) -> list[bytes]:
        return list(command)

    def pack_commands(self, commands: list[list[bytes]]) -> list[bytes]:
        return [part for command in commands for part in command]

    async def send_packed_command(self, command: list[bytes], check_health: bool = True) -> None:
        assert self.is_connected

    async def read_response(self) -> object:
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


async def test_a_connection_on_which_anything_failed_is_never_used_again() -> None:
    made: list[Stubborn] = []

    def connect() -> Any:
        made.append(Stubborn())
        return made[-1]

    line = Line(connect, (b"SCRIPT",), patience_s=5)
    with pytest.raises(LineBroken):
        await line.send((b"PING",))
    assert not made[0].is_connected
    made_before = len(made)
    with pytest.raises(LineBroken):
        await line.send((b"PING",))
    assert (made_before, len(made)) == (1, 2)
    await line.close()


class Piped:
    """A connection whose replies are written by the test."""

    def __init__(self) -> None:
        self.theirs, ours = socket.socketpair()
        ours.setblocking(False)
        self._ours = ours
        self.is_connected = False
        self.greeted = False
        self.asked = asyncio.Event()

    async def connect(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(sock=self._ours)
        self.is_connected = True

    async def disconnect(self, nowait: bool) -> None:
        self.is_connected = False
        self._writer.close()

    async def send_packed_command(self, command: bytes, check_health: bool = True) -> None:
        assert self.is_connected

    async def read_response(self) -> object:
        if self.greeted:
            self.asked.set()
        self.greeted = True
        return (await self._reader.readline()).strip()


@pytest.mark.parametrize("came", [True, False])
async def test_a_reply_that_came_while_the_process_was_busy_counts(came: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Piped()
    line = Line(lambda: cast("Any", connection), (b"SCRIPT",), patience_s=5)
    connection.theirs.send(b"greeted\n")
    asked = line.send((b"GET",))
    await connection.asked.wait()
    loop = asyncio.get_running_loop()
    now = loop.time
    monkeypatch.setattr(loop, "time", lambda: now() + 60)
    if came:
        connection.theirs.send(b"a reply\n")
        assert await asked == b"a reply"
    else:
        with pytest.raises(LineBroken):
            await asked
    await line.close()
    connection.theirs.close()


async def test_what_stood_in_a_cancelled_batch_is_asked_again(told: Told) -> None:
    async with told(lambda command: b"$-1\r\n") as (store, server):
        await store.load(new_key())
        server.free.clear()
        server.arrived.clear()
        before = asyncio.all_tasks()
        asked = [asyncio.ensure_future(store.link(new_key(), new_key(), TTL_S)) for _ in range(3)]
        await server.arrived.wait()
        (running,) = asyncio.all_tasks() - before - set(asked)
        running.cancel()
        server.free.set()
        server.answer = greeted(lambda command: b"+OK\r\n")
        assert await asyncio.gather(*asked) == [None] * 3


async def test_the_commands_of_a_tick_travel_together_and_one_batch_at_a_time(told: Told) -> None:
    async with told(lambda command: b"$-1\r\n") as (store, server):
        await store.load(new_key())
        server.batches.clear()
        server.arrived.clear()
        server.free.clear()
        first = asyncio.gather(*(store.load(new_key()) for _ in range(3)))
        await server.arrived.wait()
        second = asyncio.gather(*(store.load(new_key()) for _ in range(20)))
        for _ in range(50):
            await asyncio.sleep(0)
        assert server.batches == [3]
        server.free.set()
        await first
        await second
        assert server.batches == [3, 20]


async def test_what_was_asked_before_the_close_is_answered(opened: Opened, redis_server: tuple[str, int]) -> None:
    host, port = redis_server
    store = opened(f"redis://{host}:{port}")
    asked = asyncio.gather(*(store.commit(new_key(), new_session(), None, TTL_S) for _ in range(5)))
    await asyncio.sleep(0)
    await store.close()
    assert all(await asked)
