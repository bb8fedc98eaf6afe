"""The record of who did what to a case and who read its text: append-only, each row bound to all before it.

A row's hash is SHA-256 over the hash before it and the row's own fields as MessagePack. The number and the hash of the
last row stand sealed with the data key, so nobody without it can cut rows off or write others; who holds the key is
caught by a head that was noted elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, func, select

from ussd_engine.feedback.tables import core_cases, core_head, core_record
from ussd_engine.keys import CannotOpen, Keyring
from ussd_engine.ledger import Database
from ussd_engine.ledger.database import insert_new

ROW = 1
"""The id of the only row of `core_head`."""
BATCH = 1000
_PLACE, _HEAD_ID = "core_record", b"head"
_HEAD = select(core_head.c.sealed).where(core_head.c.id == ROW)
_FORM = re.compile(r"([0-9]{1,18}):([0-9a-f]{64}|)")
"""A number and a hash of 32 bytes, which before the first row there is not."""
_ENDS = select(_HEAD.scalar_subquery(), select(func.max(core_record.c.number)).scalar_subquery())
"""Both in one statement, so that they are of one moment."""


class Head(NamedTuple):
    """The number and the hash of the last row; 0 and nothing before the first."""

    number: int = 0
    hash: bytes = b""

    def __str__(self) -> str:
        return f"{self.number}:{self.hash.hex()}"

    @classmethod
    def parse(cls, text: str) -> Head | None:
        """The head that was written as NUMBER:HASH; `None` for what cannot be one."""
        found = _FORM.fullmatch(text.strip().lower())
        if found is None or (int(found[1]) == 0) is not (found[2] == ""):
            return None
        return cls(int(found[1]), bytes.fromhex(found[2]))


class Entry(NamedTuple):
    """A row as it is hashed."""

    number: int
    at_ms: int
    role: str
    office: str
    act: str
    purpose: str
    key: bytes

    def hash(self, before: bytes) -> bytes:
        """The hash of this row behind that of the row before."""
        return hashlib.sha256(before + msgspec.msgpack.encode(tuple(self))).digest()


class Record:
    """The record inside one transaction, which has it alone until its end."""

    def __init__(self, conn: Connection, keyring: Keyring) -> None:
        insert_new(conn, core_head, [{"id": ROW, "sealed": b""}])
        self._conn = conn
        self._keyring = keyring
        self.head = _opened(keyring, conn.scalar(_HEAD.with_for_update()) or b"")

    def add(self, at_ms: int, role: str, office: str, act: str, purpose: str, key: bytes) -> int:
        """Write a row; returns its number."""
        entry = Entry(self.head.number + 1, at_ms, role, office, act, purpose, key)
        self.head = Head(entry.number, entry.hash(self.head.hash))
        self._conn.execute(core_record.insert().values({**entry._asdict(), "hash": self.head.hash}))
        sealed = self._keyring.seal(_PLACE, _HEAD_ID, msgspec.msgpack.encode(tuple(self.head)))
        self._conn.execute(core_head.update().values(sealed=sealed))
        return entry.number


class Verified(NamedTuple):
    """What a look through the whole record found."""

    rows: int
    faults: list[str]
    """In words, each with the number of a row; empty where nothing was changed."""
    head: Head | None
    """Of the last row, to be noted elsewhere and given to a later look; `None` where it cannot be read."""


async def verify(
    database: Database,
    keyring: Keyring,
    noted: Head | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Verified:
    """Read the record from its beginning to its head. `noted` is the head that an earlier look told.

    A row that was changed, removed, added or put elsewhere is found by its number. `progress` is told how many rows of
    how many were read.
    """
    sealed, last = await database.read(lambda conn: conn.execute(_ENDS).one())
    try:
        head = _opened(keyring, sealed or b"")
    except CannotOpen:
        return Verified(0, ["the record's head was changed, or its data key is not held"], None)
    look = _Look(noted or Head())
    if (last or 0) > head.number:
        look.faults.append(f"row {last} was added after the last one that was written")
    while True:
        rows = await database.read(lambda conn: _rows(conn, look.at, head.number))
        for row in rows:
            look.take(row)
        progress(look.at, head.number)
        if len(rows) < BATCH:
            break
    look.end(head)
    if silent := await database.read(_without_record):
        look.faults.append(f"{silent} case{'s' if silent > 1 else ''} changed without a row of the record")
    return Verified(look.count, look.faults, head)


class _Look:
    """Follows the chain, row by row."""

    def __init__(self, noted: Head) -> None:
        self.noted = noted
        self.faults: list[str] = []
        self.at = self.count = 0
        self.before = b""

    def take(self, row: Row[Any]) -> None:
        entry = Entry(*(getattr(row, name) for name in Entry._fields))
        if entry.number > self.at + 1:
            self._missing(self.at + 1, entry.number - 1)
        elif not hmac.compare_digest(entry.hash(self.before), row.hash):
            self.faults.append(f"row {entry.number} was changed, or put where another stood")
        if entry.number == self.noted.number and row.hash != self.noted.hash:
            self.faults.append(f"row {entry.number} is not the one that was noted")
        self.at, self.before = entry.number, row.hash
        self.count += 1

    def end(self, head: Head) -> None:
        if self.at < head.number:
            self._missing(self.at + 1, head.number)
        elif self.before != head.hash:
            self.faults.append(f"row {head.number} is not the one that was written last")
        if self.noted.number > head.number:
            self.faults.append(f"row {self.noted.number}, which was noted, is missing")

    def _missing(self, first: int, last: int) -> None:
        self.faults.append(f"row {first} is missing" if first == last else f"rows {first} to {last} are missing")


def _opened(keyring: Keyring, sealed: bytes) -> Head:
    return Head(*msgspec.msgpack.decode(keyring.open(_PLACE, _HEAD_ID, sealed))) if sealed else Head()


def _rows(conn: Connection, after: int, until: int) -> list[Row[Any]]:
    query = select(core_record).where(core_record.c.number > after, core_record.c.number <= until)
    return list(conn.execute(query.order_by(core_record.c.number).limit(BATCH)))


def _without_record(conn: Connection) -> int:
    known = select(core_record.c.key).where(core_record.c.key == core_cases.c.key)
    query = select(func.count()).select_from(core_cases).where(core_cases.c.sequence > 0, ~known.exists())
    return conn.scalar(query) or 0
