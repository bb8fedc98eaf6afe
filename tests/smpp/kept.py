"""A bind that is served, its SMSC, and what became of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from simulator.smsc import ACCEPTS
from ussd_engine.secret import Secret
from ussd_engine.smpp import pdu as p
from ussd_engine.smpp.account import Account
from ussd_engine.smpp.bind import Bind, Change
from ussd_engine.smpp.pdu import Sm

WAIT_S = 10.0
BODY = p.dump_sm(Sm(short=b"Asante"))
PASSWORD = "p4ssw0rd"


class Kept:
    """A bind that is served: what became of it, how long it rested, what it took."""

    def __init__(self, url: str, **changes: Any) -> None:
        host, _, port = url.partition("://")[2].rpartition(":")
        own: dict[str, Any] = {"host": host, "port": int(port), "tls": url.startswith("smpps"), **changes}
        self.account = Account(system_id="us", password=Secret(PASSWORD), **own)
        self.now = 0.0
        self.rests: list[float] = []
        self.changes: list[Change] = []
        self.changed = asyncio.Event()
        self.took: list[bytes] = []
        self.answer: Callable[[bytes], Any] = lambda _: p.OK
        self.bind = Bind(self.account, sleep=self._sleep, uniform=lambda least, most: most, now=lambda: self.now)

    async def _sleep(self, seconds: float) -> None:
        self.rests.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)

    async def take(self, octets: bytes) -> int:
        self.took.append(octets)
        said = self.answer(octets)
        return int(await said if asyncio.iscoroutine(said) else said)

    def tell(self, change: Change) -> None:
        self.changes.append(change)
        self.changed.set()

    async def until(self, wanted: Callable[[list[Change]], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not wanted(self.changes):
                self.changed.clear()
                await self.changed.wait()


@contextlib.asynccontextmanager
async def kept(url: str, **changes: Any) -> AsyncIterator[Kept]:
    found = Kept(url, **changes)
    serving = asyncio.create_task(found.bind.serve(found.take, found.tell))
    try:
        yield found
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


async def come(condition: Callable[[], bool]) -> None:
    """Return once it holds."""
    async with asyncio.timeout(WAIT_S):
        for _ in iter(condition, True):
            await asyncio.sleep(0)


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


@contextlib.asynccontextmanager
async def raw(serve: Serve) -> AsyncIterator[str]:
    """The address of an SMSC that does what it likes with a connection."""
    tasks: set[asyncio.Task[None]] = set()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(EOFError, OSError, asyncio.CancelledError):
            await serve(reader, writer)
        writer.close()
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()

    listener = await asyncio.start_server(served, "127.0.0.1", 0)
    try:
        yield f"smpp://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    finally:
        listener.close()
        for _ in range(ACCEPTS):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)
        for _ in range(ACCEPTS):
            await asyncio.sleep(0)


def bound(times: int = 1) -> Callable[[list[Change]], bool]:
    return lambda changes: changes.count(Change.BOUND) >= times
