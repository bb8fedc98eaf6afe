"""An SMSC on a loopback port: takes the binds of gateways, hands them what phones write, and keeps what they send.

It speaks the engine's own PDUs from the other end. What it answers to a bind and to a message can be told.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import ssl
from collections.abc import AsyncIterator, Callable
from typing import Final

from ussd_engine.errors import EngineError
from ussd_engine.smpp import pdu as p
from ussd_engine.smpp.pdu import Pdu, Sm
from ussd_engine.smpp.session import Broken, Session, Unanswered

HOST: Final = "127.0.0.1"
BINDS: Final = (p.BIND_RECEIVER, p.BIND_TRANSMITTER, p.BIND_TRANSCEIVER)
BOUND_S: Final = 15.0
"""How long a gateway may take to bind; it tries again at most so late where it began a moment ago."""

ACCEPTS: Final = 5
"""Turns of the loop until what was accepted a moment ago is served, and what was closed is."""

Said = tuple[int, str]
"""A status, and the id under which a message is known."""
Credentials = tuple[str, str]


class NobodyBound(EngineError):
    """No gateway is bound that takes messages."""


class Smsc:
    """`play` says what is answered to a message; `admit` what to a bind, by its system_id and password."""

    def __init__(self) -> None:
        self.url = ""
        self.sent: asyncio.Queue[tuple[Sm, bytes]] = asyncio.Queue()
        """What gateways have sent and was taken, as it is and octet for octet."""
        self.tried: list[Credentials] = []
        self.binds: list[tuple[int, Session]] = []
        self.play: Callable[[Sm], Said] = lambda _: (p.OK, f"{next(self._ids):08X}")
        self.admit: Callable[[Credentials], int] = lambda _: p.OK
        self.heard: Callable[[Sm, bytes], object] = lambda sm, octets: self.sent.put_nowait((sm, octets))
        self._ids = itertools.count(1)
        self._listener: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._changed = asyncio.Event()

    async def open(self, port: int = 0, tls: ssl.SSLContext | None = None) -> str:
        """Listen on a port, 0 for a free one; the address."""
        self._listener = await asyncio.start_server(self._serve, HOST, port, ssl=tls)
        bound = self._listener.sockets[0].getsockname()[1]
        self.url = f"{'smpps' if tls else 'smpp'}://{HOST}:{bound}"
        return self.url

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            with contextlib.suppress(OSError, EOFError, EngineError, asyncio.CancelledError):
                await self._session(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()
                self._writers.discard(writer)
            self._tasks.discard(task)

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length, asked = p.head(await reader.readexactly(p.HEADER))
        body = p.Reader(await reader.readexactly(length - p.HEADER))
        who = body.text(16), body.text(9)
        self.tried.append(who)
        status = self.admit(who) if asked.command in BINDS else p.BAD_COMMAND
        writer.write(
            p.dump(Pdu(asked.command | p.ANSWER, status, asked.sequence, p.text("smsc") if not status else b""))
        )
        await writer.drain()
        if status:
            return
        session = Session(reader, writer, self._taken, answer_s=BOUND_S, accepting=frozenset({p.SUBMIT_SM}))
        session.bound = True
        entry = (asked.command, session)
        self.binds.append(entry)
        self._changed.set()
        try:
            await session.run()
        finally:
            self.binds = [one for one in self.binds if one is not entry]

    async def _taken(self, octets: bytes) -> tuple[int, bytes]:
        sm = p.parse_sm(p.parse(octets).body)
        status, id = self.play(sm)
        if status == p.OK:
            self.heard(sm, octets)
        return status, p.text(id) if status == p.OK else b""

    async def bound(self, least: int = 1, within_s: float | None = BOUND_S) -> None:
        """Return once so many gateways are bound that take messages. Raises `NobodyBound` where that is not within a
        time; `None`: whenever it is."""
        try:
            async with asyncio.timeout(within_s):
                while len(self.receiving) < least:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise NobodyBound(f"no gateway is bound to {self.url}") from None

    @property
    def receiving(self) -> list[Session]:
        """Gateways that take messages, in the order in which they were bound."""
        return [session for mode, session in self.binds if mode != p.BIND_TRANSMITTER]

    async def deliver(self, body: bytes) -> int:
        """Hand a gateway the body of a `deliver_sm`; the status that it answers. Raises `NobodyBound`."""
        await self.bound()
        try:
            return (await self.receiving[-1].ask(p.DELIVER_SM, body)).status
        except (Broken, Unanswered) as error:
            raise NobodyBound(f"the gateway at {self.url} took nothing: {error}") from None

    def drop(self) -> None:
        """Break every connection."""
        dropped, self.binds = self.binds, []
        for _, session in dropped:
            session.close()

    async def close(self) -> None:
        """Stop."""
        if self._listener is not None:
            self._listener.close()
            await _turns()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        await _turns()


async def _turns() -> None:
    for _ in range(ACCEPTS):
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def smsc_anywhere() -> AsyncIterator[Smsc]:
    """An SMSC on a free port."""
    smsc = Smsc()
    await smsc.open()
    try:
        yield smsc
    finally:
        await smsc.close()
