"""A gateway on a port for those who mean harm, and for an honest citizen who is in the middle of a dialog."""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote_plus, urlencode

import aiohttp
from sqlalchemy import func, select
from yarl import URL

from sessions import MemorySessions, Seal
from ussd_engine import config
from ussd_engine.app import ENGINE, create_app, running
from ussd_engine.engine import Engine
from ussd_engine.ledger.tables import metadata
from ussd_engine.logs import Log

CODE = "*152*00#"
NOON_S = 1_768_467_600.0
"""2026-01-15, 12:00 in Dar es Salaam."""
FORM = "application/x-www-form-urlencoded"
TO_MESSAGE = ("9", "2", "1", "1", "1", "tanesco", "1", "1")
"""Through the root, with a language, into a complaint, to the question for its words."""
UNLIMITED = {"steps_a_minute": "0", "dials_a_day": "0"}
"""A hundred hostile callers behind one number, and a citizen who asks after each, are not to be told to wait."""
PATIENCE_S = 20.0
"""No answer takes as long; whoever waits longer waits for nothing."""


class Answer:
    """What came back on a connection: every status in turn, and all of the bytes."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.statuses: list[int] = []
        at = 0
        while raw.startswith(b"HTTP/", at):
            head, _, _ = raw[at:].partition(b"\r\n\r\n")
            length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
            self.statuses.append(int(head.split()[1]))
            at += len(head) + 4 + (int(length[1]) if length else 0)

    @property
    def status(self) -> int:
        """The last one; 0 where the connection was closed without a word."""
        return self.statuses[-1] if self.statuses else 0

    @property
    def body(self) -> bytes:
        return self.raw.rpartition(b"\r\n\r\n")[2]


class Front:
    """The gateway. Its clock stands still, so that no session grows old; its log is kept at the lowest level."""

    def __init__(self, engine: Engine, url: str, store: MemorySessions, lines: io.BytesIO) -> None:
        self.engine = engine
        self.url = url
        self.store = store
        self.lines = lines

    async def exchange(self, raw: bytes, half_closed: bool = False) -> Answer:
        """Send bytes as they are and read until the gateway closes. `half_closed`: say that no more will come."""
        host, port = self.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            writer.write(raw)
            if half_closed:
                writer.write_eof()
            async with asyncio.timeout(PATIENCE_S):
                return Answer(await _rest(reader))
        finally:
            writer.close()
            # it may have been closed from there, which is an answer too
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def rows(self) -> dict[str, int]:
        """How many rows each table of the ledger has."""
        tables = list(metadata.tables.values())
        found = await self.engine.ledger.database.read(
            lambda conn: [conn.scalar(select(func.count()).select_from(table)) for table in tables]
        )
        return {table.name: int(count or 0) for table, count in zip(tables, found, strict=True)}

    def said(self, start: int = 0) -> str:
        """What was logged behind the first `start` octets."""
        return self.lines.getvalue()[start:].decode()


async def _rest(reader: asyncio.StreamReader) -> bytes:
    found = b""
    # it may be closed with bytes of ours unread
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(65536):
            found += part
    return found


@contextlib.asynccontextmanager
async def opened(folder: Path, **settings: str) -> AsyncIterator[Front]:
    """A gateway with the shipped menus, sessions in memory and a ledger in `folder`."""
    stores: list[MemorySessions] = []
    lines = io.BytesIO()

    def open_store(_: str, seal: Seal) -> MemorySessions:
        stores.append(MemorySessions(seal, lambda: NOON_S))
        return stores[0]

    given = {f"USSD_ENGINE_{name.upper()}": value for name, value in {**UNLIMITED, **settings}.items()}
    loaded = config.load({"USSD_ENGINE_VAR": str(folder), **given})
    log = Log("DEBUG", lines)
    app = create_app(loaded, clock=lambda: NOON_S, log=log, open_store=open_store, proven=True)
    async with running(app) as url:
        yield Front(app[ENGINE], url, stores[0], lines)


class Citizen:
    """A phone on the cumulative channel."""

    def __init__(self, url: str, client: aiohttp.ClientSession, msisdn: str) -> None:
        self.url = url
        self.client = client
        self.msisdn = msisdn
        self.number = f"+{msisdn}"
        """As its network spells it."""
        self.dialogue = f"dialogue-{msisdn}"
        self.text = ""
        self.screen = ""

    async def dial(self) -> str:
        self.dialogue += "'"
        self.text = ""
        return await self.leg()

    async def type(self, *answers: str | bytes) -> str:
        """Answers as typed; bytes are sent as they stand."""
        for answer in answers:
            typed = quote_plus(answer)
            self.text = f"{self.text}*{typed}" if self.text else typed
            self.screen = await self.leg()
        return self.screen

    async def leg(self) -> str:
        """The newest leg, perhaps again."""
        fields = {"sessionId": self.dialogue, "phoneNumber": self.number, "serviceCode": CODE}
        body = f"{urlencode(fields)}&text={self.text}"
        url = URL(f"{self.url}/ussd/africastalking", encoded=True)
        async with self.client.post(url, data=body.encode(), headers={"Content-Type": FORM}) as answer:
            found = await answer.text()
            assert answer.status == 200, f"{answer.status}: {found[:200]}"
            return found
