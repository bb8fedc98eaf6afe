"""The state of a database's tables, and the way to the newest."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from ussd_engine.errors import ConfigError
from ussd_engine.ledger.database import Database, parse_url
from ussd_engine.ledger.faults import Faults
from ussd_engine.ledger.sqlite import make_file

KINDS = {
    "sqlite": ("ussd_engine.ledger.sqlite", "SqliteDatabase"),
    "postgresql": ("ussd_engine.ledger.postgres", "PostgresDatabase"),
}
"""Module and class by the kind of database. Only what an address names is loaded: asyncpg and what SQLAlchemy brings
for it take 9 MiB."""
VERSIONS = Path(__file__).parent.parent / "migrations" / "versions"


def connect(url: str, faults: Faults | None = None) -> Database:
    """The database behind an address; nothing is asked of it yet. `ConfigError` for an address that is none."""
    parsed = parse_url(url)
    module, kind = KINDS[parsed.drivername]
    found: Database = getattr(import_module(module), kind)(parsed, faults)
    return found


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
    if await database.read(_revision) != newest():
        raise ConfigError("the database's tables are not of this version; run: ussd-engine db upgrade")


def _upgrade(conn: Connection) -> None:
    if _revision(conn) != newest():
        import_module("ussd_engine.ledger.upgrading").upgrade(conn)


def newest() -> str:
    """The version that the tables should have: that of the last of the migrations, whose files are `vNNNN_NAME.py`."""
    return max(file.stem[1:5] for file in VERSIONS.glob("v*.py"))


def _revision(conn: Connection) -> str | None:
    if not inspect(conn).has_table("alembic_version"):
        return None
    found = conn.scalar(text("SELECT version_num FROM alembic_version"))
    return None if found is None else str(found)
