"""Stands between a gateway and its PostgreSQL, reads what the gateway says, and cuts the line at one statement."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Literal

from ussd_engine.testing.wire import Proxy, listening

STARTUP_HEAD, HEAD = 4, 5
"""A message is its length, four octets that count themselves; after the first ones a letter stands before it."""
TLS_WANTED = (80877103).to_bytes(4)
"""What a gateway may ask before its first message."""

How = Literal["instead", "behind", "silence"]
"""Where the line is cut: the statement never reaches the server; it is done, and its answer never comes; or it is done,
and nothing comes until `may_cut` is set."""


class PostgresProxy(Proxy):
    """Passes everything on until a message with an armed text comes from the gateway. One strike an arming."""

    def __init__(self, port: int) -> None:
        super().__init__("127.0.0.1", port)
        self.struck = 0
        self.striking = asyncio.Event()
        self._text: bytes | None = None
        self._how: How = "instead"
        self.may_cut = asyncio.Event()

    @property
    def url(self) -> str:
        """The server's one database, through here."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def arm(self, text: str, how: How) -> None:
        """Let the next message that holds this text meet its fate."""
        self._text, self._how = text.encode(), how

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the gateway."""
        there, to_server = await asyncio.open_connection(*self._target)
        answers = asyncio.ensure_future(_pass_on(there, writer))
        try:
            await self._questions(reader, to_server, there, answers)
        except (asyncio.IncompleteReadError, OSError):
            return
        finally:
            answers.cancel()
            await asyncio.gather(answers, return_exceptions=True)
            for each in (to_server, writer):
                each.close()

    async def _questions(
        self,
        reader: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
        there: asyncio.StreamReader,
        answers: asyncio.Future[None],
    ) -> None:
        head = STARTUP_HEAD
        while message := await _message(reader, head):
            if message[STARTUP_HEAD:] != TLS_WANTED:
                head = HEAD
            if self._text is None or self._text not in message:
                to_server.write(message)
                continue
            self._text = None
            self.struck += 1
            self.striking.set()
            if self._how == "instead":
                return
            # What was asked before has been answered: the gateway waits for each answer.
            answers.cancel()
            await asyncio.gather(answers, return_exceptions=True)
            to_server.write(message)
            assert await there.read(65536)
            if self._how == "silence":
                await self.may_cut.wait()
            return


async def _message(reader: asyncio.StreamReader, head: int) -> bytes:
    start = await reader.readexactly(head)
    return start + await reader.readexactly(int.from_bytes(start[-4:]) - 4)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while octets := await reader.read(65536):
            writer.write(octets)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def proxied(port: int) -> AsyncIterator[PostgresProxy]:
    """A proxy before the server at a port."""
    proxy = PostgresProxy(port)
    async with listening(proxy):
        yield proxy
