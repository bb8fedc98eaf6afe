"""The built-in core: cases in the ledger's own database, every text sealed with the data key.

Institution, type, mode, state and dates stay readable; words, names and numbers do not. In `named` the number and the
name stand sealed in a column of their own, so that they can be erased alone.
"""

from __future__ import annotations

from datetime import date
from operator import itemgetter

import msgspec
from sqlalchemy import Column, Connection, Date, Index, LargeBinary, MetaData, Row, Table, Text, bindparam, select

from ussd_engine.errors import ConfigError, DeliveryError, Rejected, RolledBack, Unknown
from ussd_engine.feedback.base import Surroundings
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Database
from ussd_engine.ledger.database import insert_new
from ussd_engine.ledger.group import Group
from ussd_engine.model import CaseState, Mode, Submission

metadata = MetaData()

core_cases = Table(
    "core_cases",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("key", LargeBinary, nullable=False, unique=True),
    Column("service", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("institution", Text, nullable=False),
    Column("handle", Text),
    Column("state", Text, nullable=False),
    Column("received", Date, nullable=False),
    Column("due", Date),
    Column("sealed", LargeBinary, nullable=False),
    Column("identity", LargeBinary),
    Index("ix_core_cases_inbox", "institution", "state", "received"),
)

_HELD = select(core_cases.c.key, core_cases.c.reference).where(core_cases.c.key.in_(bindparam("keys", expanding=True)))
_READABLE = [column for column in core_cases.c if column.name not in ("key", "sealed", "identity")]


class CoreCase(msgspec.Struct, frozen=True, kw_only=True):
    """What may be read of a case without a key."""

    reference: str
    service: str
    type: str
    mode: Mode
    institution: str
    handle: str | None
    state: CaseState
    received: date
    due: date | None


class SqlStore:
    """The core that is always there. Its reference of a case is ours."""

    capabilities: frozenset[str] = frozenset()

    def __init__(self, database: Database, keyring: Keyring, wants: frozenset[str] = frozenset()) -> None:
        self._database = database
        self._keyring = keyring
        self.wants = wants
        self._taking: Group[dict[str, object], str | None] = Group(self._take)

    async def submit(self, submission: Submission) -> str:
        """Take a submission once. `Rejected` where another case has its reference."""
        row = self._row(submission)
        try:
            taken = await self._taken(row)
        except (RolledBack, Unknown) as error:
            raise DeliveryError("the built-in core's database did not take it") from error
        if taken is None:
            raise Rejected("the built-in core has another case under this reference")
        return taken

    async def _take(self, rows: list[dict[str, object]]) -> list[str | Exception | None]:
        return [*await self._database.write(lambda conn: _take(conn, rows))]

    async def _taken(self, row: dict[str, object]) -> str | None:
        try:
            return await self._taking.add(row)
        except RolledBack:
            # What was refused may have been the row of another.
            return (await self._database.write(lambda conn: _take(conn, [row])))[0]

    async def list(
        self, institution: str | None = None, state: CaseState | None = None, limit: int = 50
    ) -> list[CoreCase]:
        """Cases, the newest first; of one institution, in one state, where these are given."""
        query = select(*_READABLE).order_by(core_cases.c.received.desc(), core_cases.c.reference).limit(limit)
        if institution is not None:
            query = query.where(core_cases.c.institution == institution)
        if state is not None:
            query = query.where(core_cases.c.state == state.value)
        return [_core_case(row) for row in await self._database.read(lambda conn: conn.execute(query).all())]

    async def show(self, reference: str) -> tuple[CoreCase, Submission] | None:
        """A case and what was sent, opened. `CannotOpen` where the data key is not held."""
        query = select(core_cases).where(core_cases.c.reference == reference)
        row = await self._database.read(lambda conn: conn.execute(query).one_or_none())
        return None if row is None else (_core_case(row), self._opened(row))

    async def close(self) -> None:
        """Finish what is under way; the database is the ledger's."""
        await self._taking.close()

    def _row(self, submission: Submission) -> dict[str, object]:
        key = bytes.fromhex(submission.idempotency_key)
        plain = msgspec.structs.replace(submission, number=None, name=None)
        return {
            "reference": submission.reference,
            "key": key,
            "service": submission.service,
            "type": submission.type,
            "mode": submission.mode.value,
            "institution": submission.institution,
            "handle": submission.handle or None,
            "state": CaseState.RECEIVED.value,
            "received": submission.submitted,
            "due": submission.due,
            "sealed": self._keyring.seal("core", key, msgspec.msgpack.encode(plain)),
            "identity": self._identity(submission, key),
        }

    def _identity(self, submission: Submission, key: bytes) -> bytes | None:
        if submission.mode != Mode.NAMED:
            return None
        return self._keyring.seal("core_identity", key, msgspec.msgpack.encode((submission.number, submission.name)))

    def _opened(self, row: Row[tuple[object, ...]]) -> Submission:
        plain = self._keyring.open("core", row.key, row.sealed)
        submission = msgspec.msgpack.decode(plain, type=Submission)
        if row.identity is None:
            return submission
        number, name = msgspec.msgpack.decode(self._keyring.open("core_identity", row.key, row.identity))
        return msgspec.structs.replace(submission, number=number, name=name)


async def open_store(setting: str, surroundings: Surroundings) -> SqlStore:
    """The built-in core. Its setting is the word `sql`."""
    if setting != "sql":
        raise ConfigError("feedback: the built-in core is set as `sql`, without an address: it uses the ledger's")
    return SqlStore(surroundings.database, surroundings.keyring)


def _take(conn: Connection, rows: list[dict[str, object]]) -> list[str | None]:
    """The reference that each row's key holds afterwards; `None` where another case has the one that was asked for."""
    insert_new(conn, core_cases, sorted(rows, key=itemgetter("reference")))
    held = dict(map(tuple, conn.execute(_HELD, {"keys": [row["key"] for row in rows]})))
    return [held.get(row["key"]) for row in rows]


def _core_case(row: Row[tuple[object, ...]]) -> CoreCase:
    readable = {str(column.name): row._mapping[column] for column in _READABLE}
    return msgspec.convert(readable, CoreCase)
