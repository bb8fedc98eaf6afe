"""SQLite: one file, one thread that writes, others that read. Every commit is on the disk before it is told."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from ussd_engine.errors import ConfigError
from ussd_engine.ledger.database import Job, T, silence, verdict
from ussd_engine.ledger.faults import Faults
from ussd_engine.ledger.reasons import SETTING

BUSY_MS = 2000
"""How long a writer of another process (an officer's command) is waited for."""
READERS = 2


class SqliteDatabase:
    """A database file that is there: `make_file` makes one, nothing else does."""

    def __init__(self, url: URL, faults: Faults | None = None) -> None:
        self._writing, self._reading = _engine(url, writes=True), _engine(url, writes=False)
        self._writer = ThreadPoolExecutor(1, "ledger-writer")
        self._readers = ThreadPoolExecutor(READERS, "ledger-reader")
        if faults is not None:
            faults.install(self._writing)

    @property
    def engine(self) -> Engine:
        """The engine that writes."""
        return self._writing

    async def write(self, job: Job[T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._transact, job)

    async def read(self, job: Job[T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._ask, job)

    async def close(self) -> None:
        for threads, engine in ((self._writer, self._writing), (self._readers, self._reading)):
            await asyncio.to_thread(threads.shutdown)
            engine.dispose()

    def _transact(self, job: Job[T]) -> T:
        committing = False
        try:
            with self._writing.connect() as conn:
                result = job(conn)
                committing = True
                conn.commit()
                return result
        except SQLAlchemyError as error:
            raise verdict(error, committing) from None

    def _ask(self, job: Job[T]) -> T:
        try:
            with self._reading.connect() as conn:
                return job(conn)
        except SQLAlchemyError as error:
            raise silence(error) from None


def make_file(path: Path) -> None:
    """Make an empty database, and the folder around it, where there is none. `ConfigError` where that cannot be."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{SETTING}: the folder {path.parent} cannot be made: {error.strerror}") from None
    with contextlib.suppress(OSError):  # who opens it then says why it cannot
        path.touch()


def _engine(url: URL, writes: bool) -> Engine:
    if not url.query:
        there = f"file:{quote(str(Path(url.database or '').absolute()))}"
        url = url.set(database=there, query={"mode": "rw", "uri": "true"})
    engine = create_engine(url, pool_size=1 if writes else READERS, hide_parameters=True)
    event.listen(engine, "connect", _prepare if writes else _prepare_reader)
    if writes:
        event.listen(engine, "begin", _begin)
    return engine


def _prepare(raw: sqlite3.Connection, _: Any) -> None:
    # The driver's own transactions begin late and let two writers meet half-way; ours begin at once.
    raw.isolation_level = None
    for pragma in (f"busy_timeout = {BUSY_MS}", "journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
        raw.execute(f"PRAGMA {pragma}")


def _prepare_reader(raw: sqlite3.Connection, record: Any) -> None:
    _prepare(raw, record)
    raw.execute("PRAGMA query_only = ON")


def _begin(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN IMMEDIATE")
