"""The way to the newest tables, by Alembic, which is imported here alone: it takes 12 MiB and is seldom needed."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

MIGRATIONS = Path(__file__).parent.parent / "migrations"
LOCK = 7_355_608_152
"""Two processes that upgrade one PostgreSQL database at once take turns under this advisory lock."""


def upgrade(conn: Connection) -> None:
    """Bring the tables to the newest form, in the transaction of `conn`."""
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    settings = config()
    settings.attributes["connection"] = conn
    command.upgrade(settings, "head")


def config() -> Config:
    """Where Alembic finds the migrations."""
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    return made
