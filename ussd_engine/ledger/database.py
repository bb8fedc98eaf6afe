"""What the ledger asks of a database: one durable transaction at a time, and an honest word on how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol, TypeVar

from sqlalchemy import BigInteger, Connection, Engine, Table, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from ussd_engine.errors import ConfigError, LedgerUnavailable, RolledBack, Unknown, did_you_mean
from ussd_engine.ledger.reasons import SETTING, reason

T = TypeVar("T")
Job = Callable[[Connection], T]
"""Work inside one transaction, synchronous, without a commit of its own. It may be run again from the start."""

OPTIONS = {
    "sqlite": frozenset[str](),
    "postgresql": frozenset({"host", "port", "passfile", "prepared_statement_cache_size", "ssl"}),
}
"""What may stand behind the `?` of an address, by its kind of database."""
_REFUSED = {"SQLITE_FULL", "SQLITE_BUSY"}
_REFUSED_CLASSES = ("23", "40", "53")
_COMPLETION_UNKNOWN = "40003"


class Database(Protocol):
    """One database, with its writers and its readers."""

    @property
    def engine(self) -> Engine:
        """The engine that writes, for those who watch it."""

    async def write(self, job: Job[T]) -> T:
        """Run a job in one transaction and return when it is on the disk.

        `RolledBack` where it is known that nothing was written, `Unknown` where that is not known.
        """

    async def read(self, job: Job[T]) -> T:
        """Run a job that only reads. `LedgerUnavailable` where the database does not answer."""

    async def close(self) -> None:
        """End what runs and give back what is held."""


def parse_url(url: str) -> URL:
    """A database's address: `sqlite:///PATH` or `postgresql://…`. `ConfigError` for any other."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ConfigError(
            f"{SETTING}: the database's address is none; write sqlite:///PATH or postgresql://HOST/NAME"
        ) from None
    known = OPTIONS.get(parsed.drivername)
    if known is None:
        raise ConfigError(f"{parsed.drivername}: not a database of the ledger; use sqlite or postgresql")
    for name in sorted(set(parsed.query) - known):
        raise ConfigError(f'{SETTING}: {parsed.drivername} has no option "{name}"{did_you_mean(name, known)}')
    if parsed.drivername == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise ConfigError("a SQLite ledger needs a file: sqlite:///PATH")
    return parsed


def verdict(error: Exception, committing: bool) -> RolledBack | Unknown:
    """What an error says of its transaction."""
    if not committing:
        return RolledBack(f"the database wrote nothing: {reason(error)}")
    if refused(error):
        return RolledBack(f"the database refused the commit: {reason(error)}")
    return Unknown(f"the database did not answer the commit: {reason(error)}")


def silence(error: Exception) -> LedgerUnavailable:
    """What an error says of a question that only reads."""
    return LedgerUnavailable(f"the database did not answer: {reason(error)}")


def refused(error: Exception) -> bool:
    """Whether the database itself said no, on a connection that lives."""
    if not isinstance(error, DBAPIError) or error.connection_invalidated:
        return False
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if state == _COMPLETION_UNKNOWN:
        return False
    return state.startswith(_REFUSED_CLASSES) or getattr(error.orig, "sqlite_errorname", "") in _REFUSED


def insert_new(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, passing over those that a unique column of another row forbids."""
    if rows:
        conn.execute(_inserting_new(conn.dialect.name, table), list(rows))


def upsert(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *columns: str) -> None:
    """Insert rows; where the primary key stands already, overwrite these columns."""
    if rows:
        conn.execute(_upserting(conn.dialect.name, table, columns), list(rows))


_HOLD = select(func.pg_advisory_xact_lock(bindparam("held", type_=BigInteger)))


def hold(conn: Connection, tags: Sequence[bytes]) -> None:
    """Whoever holds one of these tags (8 octets or more) too waits here until that transaction has ended.

    It leaves no row and takes as long for every tag. SQLite has one writer at a time, who holds everything.
    """
    if conn.dialect.name == "postgresql":
        for tag in sorted(tags):  # one order for everybody, or two would wait for each other
            conn.execute(_HOLD, {"held": int.from_bytes(tag[:8], "big", signed=True)})


# Statements are built once: building one costs as much as carrying it out.


@cache
def _inserting_new(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    return inserting(dialect, table).on_conflict_do_nothing()


@cache
def _upserting(dialect: str, table: Table, columns: tuple[str, ...]) -> postgresql.Insert | sqlite.Insert:
    statement = inserting(dialect, table)
    changes = {column: statement.excluded[column] for column in columns}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=changes)


def inserting(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that may say what happens where a row stands already."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
