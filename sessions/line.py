"""A line to one Redis node: the commands of a tick travel together, one batch at a time, on one connection.

Replies carry no name: the n-th belongs to the n-th command, and one reply too many or too few would hand a caller what
was meant for another. So a connection on which anything went wrong, even a cancellation, is dropped with all that was
asked on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias

from hiredis import pack_command
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import AuthenticationError, ReadOnlyError, RedisError, ResponseError

from sessions.store import StoreUnavailable

# A batch has one deadline, so a single read has none. Push messages would come between replies, so RESP2 is spoken.
CONNECTION: dict[str, Any] = {"socket_timeout": None, "socket_connect_timeout": None, "protocol": 2}

Command: TypeAlias = tuple[bytes, ...]
Reply: TypeAlias = object
"""What Redis answered; a `ResponseError` is an answer too."""

Asked: TypeAlias = tuple[Command, "asyncio.Future[Reply]"]


class LineBroken(StoreUnavailable):
    """The connection failed under a command: it may have been carried out or not."""


class Line:
    """Sends commands, each with the future of its reply.

    `connect` makes an unconnected connection; `greeting` is sent whenever it was connected. A batch, with all that
    connecting takes, has `patience_s`; so a command is answered or `LineBroken` after at most twice that.
    """

    def __init__(self, connect: Callable[[], AbstractConnection], greeting: Command, patience_s: float) -> None:
        self._connect = connect
        self._greeting = greeting
        self._patience_s = patience_s
        self._connection: AbstractConnection | None = None
        self._waiting: list[Asked] = []
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def send(self, command: Command) -> asyncio.Future[Reply]:
        """Put `command` into the next batch. Commands sent without an `await` between them stay neighbours."""
        if self._closed:
            raise StoreUnavailable("closed")
        # Of a task that runs the loop is known; to ask for the running one is a system call on some Pythons.
        loop = self._task.get_loop() if self._task else asyncio.get_running_loop()
        future: asyncio.Future[Reply] = loop.create_future()
        self._waiting.append((command, future))
        if self._task is None:
            self._task = loop.create_task(self._run())
        return future

    async def close(self) -> None:
        """Let what was asked finish, then hang up."""
        self._closed = True
        if self._task is not None:
            await asyncio.wait([self._task])
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience_s):
                await self._drop()

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                await self._exchange(batch)
        finally:
            self._task = None
            _fail(self._waiting, "cancelled")
            self._waiting = []

    async def _exchange(self, batch: list[Asked]) -> None:
        try:
            async with _patience(self._patience_s):
                replies = await self._ask([command for command, _ in batch])
        except BaseException as error:
            await self._drop()
            _fail(batch, _reason(error))
            if not isinstance(error, Exception):
                raise
            return
        for (_, future), reply in zip(batch, replies, strict=True):
            if not future.done():
                future.set_result(reply)

    async def _ask(self, commands: list[Command]) -> list[Reply]:
        connection = await self._connected()
        await connection.send_packed_command(_packed(commands), check_health=False)
        replies = [await _reply(connection) for _ in commands]
        if any(isinstance(reply, ReadOnlyError) for reply in replies):
            # The master became a replica; its name may lead elsewhere by now.
            await self._drop()
        return replies

    async def _connected(self) -> AbstractConnection:
        if self._connection is None:
            self._connection = self._connect()
        if not self._connection.is_connected:
            await self._connection.connect()  # type: ignore[no-untyped-call]  # redis-py leaves it bare
            await self._connection.send_packed_command(_packed([self._greeting]))
            await _reply(self._connection)
        return self._connection

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(RedisError, OSError):
                await connection.disconnect(nowait=not self._closed)


@asynccontextmanager
async def _patience(seconds: float) -> AsyncIterator[None]:
    """As `asyncio.timeout`, but a reply that is already here wins: where this process was busy for long, its timers are
    due before what came meanwhile was read, and a Redis that answered in time would count as silent."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as timeout:
        handle = loop.call_later(seconds, lambda: loop.call_soon(loop.call_soon, _expire, timeout))
        try:
            yield
        finally:
            handle.cancel()


def _expire(timeout: asyncio.Timeout) -> None:
    with suppress(RuntimeError):  # it was left in the meantime
        timeout.reschedule(0)


def _packed(commands: list[Command]) -> bytes:
    return b"".join(pack_command(command) for command in commands)  # type: ignore[arg-type]  # its stub knows one part


async def _reply(connection: AbstractConnection) -> Reply:
    try:
        return await connection.read_response()
    except ResponseError as error:
        return error


def _fail(batch: list[Asked], reason: str) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(LineBroken(reason))


def _reason(error: BaseException) -> str:
    """Words for a log line. The error's own text may name a password's user, so only its kind is said."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, AuthenticationError):
        return "the credentials were refused"
    return f"the connection failed ({type(error).__name__})"
