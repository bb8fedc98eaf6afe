"""One connection to an SMSC: PDUs out and in, each answer to the question that it belongs to.

What comes is bounded: a PDU by its length, what is being taken by `MOST_TAKEN`, what waits to be written by the SMSC's
own reading. A length that none has ends the connection, for nobody knows where the next PDU begins; all else that is
wrong is told and passed over.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

from ussd_engine.errors import EngineError
from ussd_engine.smpp import pdu as p
from ussd_engine.smpp.pdu import BadPdu, Pdu

CLOSE_S: Final = 2.0
MOST_TAKEN: Final = 200
"""Delivered messages that are being taken at once; what comes on top is to be brought again."""
ACCEPTING: Final = frozenset({p.DELIVER_SM})
BOUND: Final = frozenset(mode | p.ANSWER for mode in (p.BIND_RECEIVER, p.BIND_TRANSMITTER, p.BIND_TRANSCEIVER))
SILENT: Final = frozenset({p.OUTBIND, p.ALERT})
"""What wants no answer."""

Take = Callable[[bytes], Awaitable[tuple[int, bytes]]]
"""Takes a whole PDU; gives status and body of the answer to it."""


class Broken(EngineError):
    """The connection ended. What was asked may have arrived."""


class Unanswered(EngineError):
    """No answer came in time. What was asked may have arrived."""


class Session:
    """Speaks on one connection, from either end of it: `take` says what is done with what is `accepting`, and what is
    answered."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        take: Take,
        *,
        answer_s: float,
        accepting: frozenset[int] = ACCEPTING,
    ) -> None:
        self.bound = False
        """Whether messages may come."""
        self.nacked = 0
        """PDUs that were none, or none for us."""
        self._reader = reader
        self._writer = writer
        self._take = take
        self._answer_s = answer_s
        self._accepting = accepting
        self._asked: dict[int, asyncio.Future[Pdu]] = {}
        self._sequence = 0
        self._taking: set[asyncio.Task[None]] = set()
        self._heard_s = 0.0

    async def run(self) -> None:
        """Read until the connection ends, by whomever. Never raises but when cancelled."""
        try:
            with contextlib.suppress(BadPdu, OSError, EOFError):
                while await self._next():
                    await self._writer.drain()
        finally:
            self.bound = False
            for waiting in self._asked.values():
                if not waiting.done():
                    waiting.set_exception(Broken("the connection ended"))
            self.close()

    async def _next(self) -> bool:
        """Take one PDU; whether there may be another."""
        octets = await self._reader.readexactly(p.HEADER)
        try:
            length, found = p.head(octets)
        except BadPdu as error:
            sequence = int.from_bytes(octets[12:], "big")
            self._nack(sequence, error.status)
            raise
        body = await self._reader.readexactly(length - p.HEADER)
        self._heard_s = asyncio.get_running_loop().time()
        return self._heed(found._replace(body=body), octets + body)

    def _heed(self, found: Pdu, octets: bytes) -> bool:
        if found.command & p.ANSWER:
            # What is delivered may stand right behind the answer to the bind.
            self.bound = self.bound or (found.command in BOUND and found.status == p.OK)
            waiting = self._asked.get(found.sequence)
            if waiting is not None and not waiting.done():
                waiting.set_result(found)
        elif found.command == p.ENQUIRE_LINK:
            self._answer(found, p.OK)
        elif found.command == p.UNBIND:
            self._answer(found, p.OK)
            return False
        elif found.command in self._accepting:
            self._accept(found, octets)
        elif found.command not in SILENT:
            self._nack(found.sequence, p.BAD_COMMAND)
        return True

    def _accept(self, found: Pdu, octets: bytes) -> None:
        try:
            p.parse_sm(found.body)
        except BadPdu as error:
            self._nack(found.sequence, error.status)
            return
        if not self.bound:
            self._answer(found, p.NOT_BOUND_SO, b"\0")
        elif len(self._taking) >= MOST_TAKEN:
            self._answer(found, p.QUEUE_FULL, b"\0")
        else:
            task = asyncio.create_task(self._taken(found, octets))
            self._taking.add(task)
            task.add_done_callback(self._taking.discard)

    async def _taken(self, found: Pdu, octets: bytes) -> None:
        status, body = await self._take(octets)
        self._answer(found, status, body)

    def _answer(self, found: Pdu, status: int, body: bytes = b"") -> None:
        self.write(Pdu(found.command | p.ANSWER, status, found.sequence, body))

    def _nack(self, sequence: int, status: int) -> None:
        self.nacked += 1
        self.write(Pdu(p.GENERIC_NACK, status, sequence))

    def write(self, pdu: Pdu) -> None:
        """Send a PDU, as soon as the SMSC reads."""
        if not self._writer.is_closing():
            self._writer.write(p.dump(pdu))

    async def ask(self, command: int, body: bytes = b"") -> Pdu:
        """Send a PDU; its answer. Raises `Broken` and `Unanswered`."""
        sequence = self._sequence = self._sequence % p.LAST_SEQUENCE + 1
        waiting: asyncio.Future[Pdu] = asyncio.get_running_loop().create_future()
        self._asked[sequence] = waiting
        try:
            if self._writer.is_closing():
                self.bound = False
                raise Broken("the connection ended")
            async with asyncio.timeout(self._answer_s):
                self.write(Pdu(command, p.OK, sequence, body))
                await self._writer.drain()
                return await waiting
        except TimeoutError:
            raise Unanswered("no answer came in time") from None
        except OSError:
            raise Broken("the connection ended") from None
        finally:
            del self._asked[sequence]
            waiting.cancel()

    async def watch(self, enquire_s: float) -> None:
        """Ask a line that is silent whether it stands; return once it does not."""
        loop = asyncio.get_running_loop()
        self._heard_s = loop.time()
        while True:
            silent_s = loop.time() - self._heard_s
            if silent_s < enquire_s:
                await asyncio.sleep(enquire_s - silent_s)
                continue
            try:
                await self.ask(p.ENQUIRE_LINK)
            except (Broken, Unanswered):
                return

    async def settled(self) -> None:
        """Return once all that was delivered is taken and answered."""
        while self._taking:
            await asyncio.wait(self._taking)

    async def unbind(self) -> None:
        """Say that this is the end, and hear it said."""
        with contextlib.suppress(Broken, Unanswered):
            await self.ask(p.UNBIND)

    def close(self) -> None:
        """End the connection. What is still to be written has `CLOSE_S`: whoever never reads would keep it for ever."""
        self._writer.close()
        asyncio.get_running_loop().call_later(CLOSE_S, self._writer.transport.abort)

    async def closed(self) -> None:
        """Return once it has ended."""
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()
