"""The state of a database's tables, and the way to the newest."""

from __future__ import annotations

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from ussd_engine.errors import ConfigError
from ussd_engine.ledger.database import Database, parse_url
from ussd_engine.ledger.faults import Faults
from ussd_engine.ledger.postgres import PostgresDatabase
from ussd_engine.ledger.sqlite import SqliteDatabase, make_file

MIGRATIONS = Path(__file__).parent.parent / "migrations"
LOCK = 7_355_608_152
"""Two processes that upgrade one PostgreSQL database at once take turns under this advisory lock."""


def connect(url: str, faults: Faults | None = None) -> Database:
    """The database behind an address; nothing is asked of it yet. `ConfigError` for an address that is none."""
    parsed = parse_url(url)
    return SqliteDatabase(parsed, faults) if parsed.drivername == "sqlite" else PostgresDatabase(parsed, faults)


async def upgrade(url: str) -> None:
    """Bring a database's tables to the newest form; a file that is not there is made. `RolledBack` where it cannot be
    reached."""
    parsed = parse_url(url)
    if parsed.drivername == "sqlite":
        make_file(Path(parsed.database or ""))
    database = connect(url)
    try:
        await database.write(_upgrade)
    finally:
        await database.close()


async def check(database: Database) -> None:
    """`ConfigError`, with the way out, where a database's tables are not of this version."""
    if await database.read(_revision) != await asyncio.to_thread(_head):
        raise ConfigError("the database's tables are not of this version; run: ussd-engine db upgrade")


def _upgrade(conn: Connection) -> None:
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    config = _config()
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def _revision(conn: Connection) -> str | None:
    return MigrationContext.configure(conn).get_current_revision()


def _head() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
