"""The outbox: what the core has not got yet, lent to one worker at a time.

A worker's claim holds for `LEASE_MS` and carries a token. Whoever comes back with an older token changes nothing.
"""

from __future__ import annotations

import asyncio

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from ussd_engine.keys import Keyring
from ussd_engine.ledger.database import Database
from ussd_engine.ledger.tables import cases, contacts, dead_letters, outbox
from ussd_engine.model import CaseState, Mode, Submission
from ussd_engine.vault import Vault

LEASE_MS = 30_000


class Claim(msgspec.Struct, frozen=True):
    """One row lent to this worker. `attempts` counts this one."""

    key: bytes
    reference: str
    sealed: bytes
    attempts: int
    token: int


class Backlog(msgspec.Struct, frozen=True):
    """How much waits, and since when (`None` where nothing does)."""

    waiting: int
    oldest_ms: int | None
    dead: int


class Outbox:
    """Claims rows and settles them. `added` is set whenever this process has queued a submission."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._vault = Vault(keyring)
        self.added = asyncio.Event()

    async def claim(self, now_ms: int, most: int) -> list[Claim]:
        """At most so many rows that are due and that nobody holds, lent to the caller."""
        return await self._database.write(lambda conn: _claim(conn, now_ms, most))

    async def submission(self, claim: Claim) -> Submission:
        """The submission in a claimed row, with the number in `named` alone. `CannotOpen` where a key is not held."""
        plain = self._keyring.open("outbox", claim.key, claim.sealed)
        submission = msgspec.msgpack.decode(plain, type=Submission)
        if submission.mode != Mode.NAMED or not submission.handle:
            return submission
        return msgspec.structs.replace(submission, number=await self._number(submission.handle))

    async def done(self, claim: Claim, core_reference: str) -> bool:
        """The core has it: the row goes, the case is received. False where the claim is no longer the caller's."""
        return await self._database.write(lambda conn: _done(conn, claim, core_reference))

    async def later(self, claim: Claim, next_ms: int, counts: bool = True) -> bool:
        """Give the row back until `next_ms`; an attempt that does not count is taken back. False as above."""
        return await self._database.write(lambda conn: _later(conn, claim, next_ms, counts))

    async def dead(self, claim: Claim, reason: str, now_ms: int) -> bool:
        """Give the row up and keep it whole, sealed. False as above."""
        whole = self._keyring.seal("dead_letter", claim.key, msgspec.msgpack.encode(claim))
        letter = {"key": claim.key, "reason": reason, "sealed": whole, "at_ms": now_ms}
        return await self._database.write(lambda conn: _remove(conn, claim) and _bury(conn, letter))

    async def backlog(self) -> Backlog:
        """What waits and what was given up."""
        return await self._database.read(_backlog)

    async def _number(self, handle: str) -> str | None:
        query = select(contacts.c.sealed).where(contacts.c.handle == handle)
        sealed = await self._database.read(lambda conn: conn.scalar(query))
        return None if sealed is None else self._vault.open(sealed, bytes.fromhex(handle))


def _claim(conn: Connection, now_ms: int, most: int) -> list[Claim]:
    free = select(outbox.c.key).where(outbox.c.next_ms <= now_ms, outbox.c.lease_ms <= now_ms)
    due = free.order_by(outbox.c.next_ms, outbox.c.queued_ms).limit(most).with_for_update(skip_locked=True).cte("due")
    change = {"lease_ms": now_ms + LEASE_MS, "token": outbox.c.token + 1, "attempts": outbox.c.attempts + 1}
    columns = (outbox.c.key, outbox.c.reference, outbox.c.sealed, outbox.c.attempts, outbox.c.token)
    statement = update(outbox).where(outbox.c.key.in_(select(due.c.key))).values(change).returning(*columns)
    return [_lent(row) for row in conn.execute(statement)]


def _lent(row: Row[tuple[bytes, str, bytes, int, int]]) -> Claim:
    return Claim(row.key, row.reference, row.sealed, row.attempts, row.token)


def _remove(conn: Connection, claim: Claim) -> bool:
    return conn.execute(delete(outbox).where(outbox.c.key == claim.key, outbox.c.token == claim.token)).rowcount == 1


def _done(conn: Connection, claim: Claim, core_reference: str) -> bool:
    if not _remove(conn, claim):
        return False
    case = update(cases).where(cases.c.reference == claim.reference)
    conn.execute(case.values(core_reference=core_reference))
    conn.execute(case.where(cases.c.state == CaseState.QUEUED).values(state=CaseState.RECEIVED.value))
    return True


def _later(conn: Connection, claim: Claim, next_ms: int, counts: bool) -> bool:
    row = update(outbox).where(outbox.c.key == claim.key, outbox.c.token == claim.token)
    attempts = claim.attempts if counts else claim.attempts - 1
    return conn.execute(row.values(next_ms=next_ms, lease_ms=0, attempts=attempts)).rowcount == 1


def _bury(conn: Connection, letter: dict[str, object]) -> bool:
    conn.execute(insert(dead_letters).values(letter))
    return True


def _backlog(conn: Connection) -> Backlog:
    waiting, oldest = conn.execute(select(func.count(), func.min(outbox.c.queued_ms))).one()
    return Backlog(waiting, oldest, conn.scalar(select(func.count()).select_from(dead_letters)) or 0)
