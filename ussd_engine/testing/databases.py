"""Databases for the contract suites: made, upgraded, emptied between tests, dropped.

A `conftest.py` that imports the fixtures has `sqlite_url` and `postgres_url`, each an empty database a test.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy import Connection, MetaData, select

from ussd_engine.feedback.kept import metadata as kept_metadata
from ussd_engine.feedback.sql import metadata as core_metadata
from ussd_engine.ledger import Database, upgrade
from ussd_engine.ledger.schema import connect
from ussd_engine.ledger.tables import metadata as ledger_metadata

POSTGRES = "postgresql://postgres@127.0.0.1:5432"
ALL: tuple[MetaData, ...] = (ledger_metadata, core_metadata, kept_metadata)


@contextmanager
def postgres_database() -> Iterator[str]:
    """The address of a new PostgreSQL database with the newest tables; it is dropped afterwards.

    Without a server the test is skipped, saying why; where `CI` is `true` it fails.
    """
    name = f"ussd_engine_{secrets.token_hex(6)}"
    try:
        asyncio.run(_admin(f'CREATE DATABASE "{name}"'))
    except (OSError, asyncpg.PostgresError) as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no PostgreSQL on 127.0.0.1:5432: {type(error).__name__}")
    try:
        asyncio.run(upgrade(f"{POSTGRES}/{name}"))
        yield f"{POSTGRES}/{name}"
    finally:
        asyncio.run(_admin(f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("ledger") / "template.db"
    asyncio.run(upgrade(f"sqlite:///{path}"))
    return path.read_bytes()


@pytest.fixture
def sqlite_path(tmp_path: Path, sqlite_template: bytes) -> Path:
    path = tmp_path / "ledger.db"
    path.write_bytes(sqlite_template)
    return path


@pytest.fixture
def sqlite_url(sqlite_path: Path) -> str:
    return f"sqlite:///{sqlite_path}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with postgres_database() as url:
        yield url


@pytest.fixture
async def postgres_url(postgres_server: str) -> AsyncIterator[str]:
    yield postgres_server
    database = connect(postgres_server)
    await empty(database)
    await database.close()


async def empty(database: Database) -> None:
    """Take every row away."""
    await database.write(_delete_all)


async def dump(database: Database) -> str:
    """Every row of every table, in one order, as text; octets in hex and as they read."""
    return await database.read(_dump)


async def _admin(statement: str) -> None:
    connection = await asyncpg.connect(f"{POSTGRES}/postgres", timeout=2)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _delete_all(conn: Connection) -> None:
    for metadata in ALL:
        for table in metadata.sorted_tables:
            conn.execute(table.delete())


def _dump(conn: Connection) -> str:
    tables = [table for metadata in ALL for table in metadata.sorted_tables]
    values = [value for table in tables for row in sorted(conn.execute(select(table)), key=str) for value in row]
    return "\n".join(f"{v.hex()} {v!r}" if isinstance(v, bytes) else str(v) for v in values)
