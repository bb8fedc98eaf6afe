"""A gateway whose turns stand still at the session store until a test lets them go on."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from ussd_engine.testing.wire import listening

WAIT_S = 60
HELD = """
import asyncio
from sessions import MemorySessions
from ussd_engine.cli import main

load = MemorySessions.load

async def held(self, key):
    reader, writer = await asyncio.open_connection("127.0.0.1", {port})
    await reader.read()
    writer.close()
    return await load(self, key)

MemorySessions.load = held
main()
"""


class Gate:
    """Every read of a session asks here, and goes on when the connection is closed: at once, or while it is shut, when
    it is opened again."""

    def __init__(self) -> None:
        self.port = 0
        self._waiting = 0
        self._came = asyncio.Event()
        self._open = asyncio.Event()
        self._open.set()

    @property
    def command(self) -> tuple[str, ...]:
        """How to start such a gateway."""
        return (sys.executable, "-c", HELD.format(port=self.port))

    def shut(self) -> None:
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    async def holds(self, count: int) -> None:
        """Wait until so many reads stand before the gate."""
        async with asyncio.timeout(WAIT_S):
            while self._waiting < count:
                self._came.clear()
                await self._came.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One read."""
        self._waiting += 1
        self._came.set()
        await self._open.wait()
        self._waiting -= 1


@asynccontextmanager
async def gate() -> AsyncIterator[Gate]:
    """An open gate on a free port."""
    found = Gate()
    async with listening(found):
        yield found


async def refused(url: str) -> None:
    """Knock until nobody listens."""
    place = urlsplit(url)
    # Who was queued when the door closed is reset.
    with suppress(ConnectionRefusedError, ConnectionResetError):
        async with asyncio.timeout(WAIT_S):
            while True:
                _, writer = await asyncio.open_connection(place.hostname, place.port)
                writer.close()
                with suppress(ConnectionResetError):
                    await writer.wait_closed()
