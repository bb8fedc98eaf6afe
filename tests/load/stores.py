"""The octets that the stores hold, taken while they are written to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
from redis.asyncio import Redis

from ussd_engine.ledger.schema import connect
from ussd_engine.testing.databases import dump


async def redis_octets(url: str) -> bytes:
    """Keys and values, as read and as dumped. Every key has its time to live."""
    found = []
    async with Redis.from_url(url) as redis:
        async for key in redis.scan_iter(count=1000):
            left_ms, value, dumped = await redis.pttl(key), await redis.get(key), await redis.dump(key)
            assert left_ms != -1
            found += [key, value or b"", dumped or b""]
    return b"\n".join(found)


def files_octets(folder: Path) -> bytes:
    """All that a server has written in its folder. One at least has something in it."""
    files = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]
    assert any(files)
    return b"\n".join(files)


def sqlite_octets(path: Path) -> bytes:
    """The database file with its log and that one's index."""
    files = [path.with_name(path.name + end) for end in ("", "-wal", "-shm")]
    return b"\n".join(file.read_bytes() for file in files)


class Wal:
    """What PostgreSQL writes ahead from here on: of every database of the server, rows that are gone included."""

    def __init__(self, connection: asyncpg.Connection, start: int, segment: int) -> None:
        self._connection = connection
        self._start = start
        self._segment = segment

    async def octets(self) -> bytes:
        """Up to now."""
        end, at, found = await _written(self._connection), self._start, []
        while at < end:
            size = min(end, at - at % self._segment + self._segment) - at
            found.append(await self._connection.fetchval(_READ, at % self._segment, size, at + 1))
            at += size
        return b"".join(found)


_READ = """SELECT pg_read_binary_file(
    'pg_wal/' || pg_walfile_name('0/0'::pg_lsn + $3::bigint), $1::bigint, $2::bigint)"""


async def _written(connection: asyncpg.Connection) -> int:
    found: int = await connection.fetchval("SELECT (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint")
    return found


@asynccontextmanager
async def postgres_wal(url: str) -> AsyncIterator[Wal]:
    """The log of the server behind `url`, from now on."""
    connection = await asyncpg.connect(url)
    try:
        segment = await connection.fetchval("SELECT setting::bigint FROM pg_settings WHERE name = 'wal_segment_size'")
        yield Wal(connection, await _written(connection), segment)
    finally:
        await connection.close()


async def postgres_rows(url: str) -> bytes:
    """Every row of every table."""
    database = connect(url)
    try:
        return (await dump(database)).encode()
    finally:
        await database.close()
