"""Two servers for tests of what stands behind a TCP connection: one that spoils it, one that answers as told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from ssl import SSLContext
from typing import Protocol

import hiredis

Answer = Callable[[list[bytes]], bytes]


class Server(Protocol):
    """What talks on each connection to its port."""

    port: int

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until it is over."""


class Proxy:
    """Passes octets on to a server and back, until told to spoil them.

    `cut_after`: the connection is cut after so many octets of replies; `always`: every connection, else the first
    only. `silent`: requests go through, replies do not.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self.port = 0
        self.cut_after: int | None = None
        self.always = False
        self.silent = False
        self.passed = 0
        self.connections = 0
        self._left = 0

    def spoil(self, cut_after: int | None = None, *, always: bool = False, silent: bool = False) -> None:
        """Set what happens from now on; without arguments all is well again."""
        self.cut_after, self.always, self.silent = cut_after, always, silent
        self._left = cut_after or 0
        self.passed = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client."""
        self.connections += 1
        if self.always:
            self._left = self.cut_after or 0
        there, to_server = await asyncio.open_connection(*self._target)
        tasks = {asyncio.ensure_future(_pump(reader, to_server)), asyncio.ensure_future(self._replies(there, writer))}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await _hang_up(to_server)

    async def _replies(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await there.read(65536):
            if self.silent:
                continue
            kept = data if self.cut_after is None else data[: self._left]
            self.passed += len(kept)
            self._left -= len(kept)
            writer.write(kept)
            await writer.drain()
            if self.cut_after is not None and self._left == 0:
                if not self.always:
                    self.cut_after = None
                return


class Answers:
    """Speaks the Redis protocol and answers each command with what `answer` returns, octets of RESP.

    An empty answer hangs up. `asked` are the commands, `batches` how many came at once; `arrived` is set by each
    batch; while `free` is cleared, no answer leaves.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.port = 0
        self.asked: list[list[bytes]] = []
        self.batches: list[int] = []
        self.arrived = asyncio.Event()
        self.free = asyncio.Event()
        self.free.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client."""
        commands = hiredis.Reader()
        while data := await reader.read(65536):
            commands.feed(data)
            batch = list(iter(commands.gets, False))
            self.asked += batch
            self.batches.append(len(batch))
            self.arrived.set()
            await self.free.wait()
            for command in batch:
                answer = self.answer(command)
                if not answer:
                    return
                writer.write(answer)


def bulk(octets: bytes) -> bytes:
    """`octets` as a reply."""
    return b"$%d\r\n%s\r\n" % (len(octets), octets)


def greeted(answer: Answer) -> Answer:
    """Lets a session store come in, and answers the rest as `answer` says."""

    def answer_all(command: list[bytes]) -> bytes:
        if command[:1] == [b"CLIENT"]:
            return b"+OK\r\n"
        if command[:2] == [b"SCRIPT", b"LOAD"]:
            return bulk(b"sha")
        return answer(command)

    return answer_all


@asynccontextmanager
async def listening(server: Server, tls: SSLContext | None = None) -> AsyncIterator[int]:
    """Let `server` listen on a free loopback port, which is its `port` too."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(OSError, asyncio.CancelledError):
            await server.serve(reader, writer)
        await _hang_up(writer)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server.port
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
