"""PostgreSQL over asyncpg: a small pool, each connection tried before it is used."""

from __future__ import annotations

import asyncio

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import Engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from ussd_engine.ledger.database import Job, T, silence, verdict
from ussd_engine.ledger.faults import Faults

POOL = 5
CONNECT_S = 3.0
WRITE_S = 8.0
"""A transaction that takes longer is given up, and counts as unknown where its commit was under way."""
READ_S = 3.0
_FAILURES = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


class PostgresDatabase:
    """A database on a server."""

    def __init__(self, url: URL, faults: Faults | None = None) -> None:
        self._engine = create_async_engine(
            url.set(drivername="postgresql+asyncpg"),
            pool_size=POOL,
            max_overflow=0,
            pool_timeout=CONNECT_S,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"timeout": CONNECT_S},
        )
        if faults is not None:
            faults.install(self._engine.sync_engine)

    @property
    def engine(self) -> Engine:
        """The engine behind the pool."""
        return self._engine.sync_engine

    async def write(self, job: Job[T]) -> T:
        committing = False
        try:
            async with asyncio.timeout(WRITE_S), self._engine.connect() as conn:
                result = await conn.run_sync(job)
                committing = True
                await conn.commit()
                return result
        except _FAILURES as error:
            raise verdict(error, committing) from None

    async def read(self, job: Job[T]) -> T:
        try:
            async with asyncio.timeout(READ_S), self._engine.connect() as conn:
                return await conn.run_sync(job)
        except _FAILURES as error:
            raise silence(error) from None

    async def close(self) -> None:
        await self._engine.dispose()
