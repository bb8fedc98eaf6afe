"""A hostile SMSC changes nothing and stops nothing: each row is told what it is, and an honest dialog goes on."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.hostile.front import CODE, Front, opened
from tests.hostile.rows_smpp import ENQUIRE, MINE, SEQUENCE, TABLE, Row, pdu
from ussd_engine.channels.base import Dial, Response
from ussd_engine.smpp.pdu import HEADER

pytestmark = pytest.mark.asyncio(loop_scope="module")

WAIT_S = 20.0
HONEST = "255700000001"
BINDS, SUBMIT, UNBIND = (1, 2, 9), 4, 6


class Smsc:
    """Takes binds, and gives each connection over to a test."""

    def __init__(self) -> None:
        self.bound: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        self.ends: list[asyncio.StreamWriter] = []
        self.line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.ends.append(writer)
        _, command, _, sequence, _ = await read(reader)
        assert command in BINDS
        writer.write(struct.pack(">IIII", 18, command | 0x8000_0000, 0, sequence) + b"x\0")
        self.bound.put_nowait((reader, writer))

    async def current(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The connection that stands."""
        if self.line is None:
            async with asyncio.timeout(WAIT_S):
                self.line = await self.bound.get()
        return self.line


async def read(reader: asyncio.StreamReader) -> tuple[int, int, int, int, bytes]:
    head = await reader.readexactly(HEADER)
    length, command, status, sequence = struct.unpack(">IIII", head)
    return length, command, status, sequence, head + await reader.readexactly(length - HEADER)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def smsc() -> AsyncIterator[Smsc]:
    found = Smsc()
    listener = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = listener.sockets[0].getsockname()[1]  # type: ignore[attr-defined]  # told once it listens
    yield found
    listener.close()
    for writer in found.ends:
        writer.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bound(tmp_path_factory: Any, smsc: Any) -> AsyncIterator[Front]:
    patch = pytest.MonkeyPatch()
    for name, seconds in (("FIRST_S", 0.01), ("LONGEST_S", 0.01), ("CLOSE_S", 0.2)):
        patch.setattr(f"ussd_engine.smpp.bind.{name}", seconds)
    settings = {"smpp": {"url": f"smpp://127.0.0.1:{smsc.port}", "enquire_s": 0.3, "answer_s": 0.3}}
    async with opened(tmp_path_factory.mktemp("smsc"), channel_settings=json.dumps(settings)) as found:
        yield found
    patch.undo()


async def next_of(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sequence: int) -> tuple[int, int]:
    """What is said under a sequence number; enquiries of the gateway's are answered on the way."""
    async with asyncio.timeout(WAIT_S):
        while True:
            _, command, status, number, _ = await read(reader)
            if command == ENQUIRE:
                writer.write(struct.pack(">IIII", HEADER, ENQUIRE | 0x8000_0000, 0, number))
            elif number == sequence:
                return command, status


async def stands(smsc: Smsc) -> None:
    """The bind answers an enquiry."""
    reader, writer = await smsc.current()
    writer.write(struct.pack(">IIII", HEADER, ENQUIRE, 0, 5))
    assert await next_of(reader, writer, 5) == (ENQUIRE | 0x8000_0000, 0)


@pytest.mark.parametrize("row", TABLE, ids=[row.label for row in TABLE])
async def test_a_hostile_pdu_is_told_what_it_is_and_changes_nothing(bound: Front, smsc: Smsc, row: Row) -> None:
    reader, writer = await smsc.current()
    kept, said = await bound.rows(), len(bound.lines.getvalue())
    sessions = dict(bound.store._entries)
    writer.write(row.sent)
    if row.told is not None and row.breaks:
        sequence = int.from_bytes(row.sent[12:16])
        assert await next_of(reader, writer, sequence) == row.told
    elif row.told is not None:
        assert await next_of(reader, writer, SEQUENCE) == row.told
    if row.breaks:
        async with asyncio.timeout(WAIT_S):
            await reader.read(-1)
        writer.close()
        smsc.line = None
    await stands(smsc)
    log = bound.said(said)
    assert '"event":"fault"' not in log
    assert "Traceback" not in log
    assert MINE.decode() not in log
    assert await bound.rows() == kept
    assert bound.store._entries == sessions


async def test_a_hundred_thousand_octets_of_nothing_are_not_kept(bound: Front, smsc: Smsc) -> None:
    reader, writer = await smsc.current()
    writer.write(pdu(5, length=0x7FFF_FFFF) + b"x" * 100_000)
    async with asyncio.timeout(WAIT_S):
        assert len(await reader.read(-1)) < 100
    writer.close()
    smsc.line = None
    await stands(smsc)


async def test_an_honest_dialog_goes_on_as_if_nothing_had_been(bound: Front, smsc: Smsc) -> None:
    reader, writer = await smsc.current()
    channel: Any = bound.engine.channels["smpp"]
    request = channel.build(Dial(dialogue="7", dialled=CODE, msisdn=HONEST))
    writer.write(request.body)
    async with asyncio.timeout(WAIT_S):
        while True:
            _, command, _, number, octets = await read(reader)
            if command == ENQUIRE:
                writer.write(struct.pack(">IIII", HEADER, ENQUIRE | 0x8000_0000, 0, number))
            if command == SUBMIT:
                break
    assert "9. Maoni na mrejesho" in channel.read(Response(body=octets)).text


async def test_no_two_rows_are_the_same() -> None:
    labels = [row.label for row in TABLE]
    assert len(set(labels)) == len(labels) > 90
