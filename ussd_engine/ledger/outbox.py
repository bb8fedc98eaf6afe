"""The outbox: what the core has not got yet, lent to one worker at a time.

A worker's claim holds for `LEASE_MS` and carries a token. Whoever comes back with an older token changes nothing.
"""

from __future__ import annotations

import asyncio

import msgspec
from sqlalchemy import Connection, bindparam, case, delete, func, insert, select, tuple_, update

from ussd_engine.keys import Keyring
from ussd_engine.ledger.database import Database, Job
from ussd_engine.ledger.group import Group
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


_free = select(outbox.c.key).where(outbox.c.next_ms <= bindparam("now"), outbox.c.lease_ms <= bindparam("now"))
_oldest = _free.order_by(outbox.c.next_ms, outbox.c.queued_ms).limit(bindparam("most"))
_CLAIM = (
    update(outbox)
    .where(outbox.c.key.in_(select(_oldest.with_for_update(skip_locked=True).cte("due").c.key)))
    .values(lease_ms=bindparam("until"), token=outbox.c.token + 1, attempts=outbox.c.attempts + 1)
    .returning(outbox.c.key, outbox.c.reference, outbox.c.sealed, outbox.c.attempts, outbox.c.token)
)
_REMOVE = delete(outbox).where(outbox.c.key == bindparam("lent"), outbox.c.token == bindparam("held"))
_lent = tuple_(outbox.c.key, outbox.c.token).in_(bindparam("held", expanding=True))
_REMOVE_ALL = delete(outbox).where(_lent).returning(outbox.c.key, outbox.c.token)
_received = case((cases.c.state == CaseState.QUEUED.value, CaseState.RECEIVED.value), else_=cases.c.state)
_RECEIVE = (
    update(cases)
    .where(cases.c.reference == bindparam("ours"))
    .values(core_reference=bindparam("theirs"), state=_received)
)


class Outbox:
    """Claims rows and settles them. `added` is set whenever this process has queued a submission."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._vault = Vault(keyring)
        self._done: Group[tuple[Claim, str], bool] = Group(
            lambda taken: database.write(lambda conn: _done(conn, taken)),
        )
        self._jobs: Group[Job[bool], bool] = Group(
            lambda jobs: database.write(lambda conn: [job(conn) for job in jobs]),
        )
        self.added = asyncio.Event()

    async def close(self) -> None:
        """Finish what is under way."""
        await self._done.close()
        await self._jobs.close()

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
        return await self._done.add((claim, core_reference))

    async def later(self, claim: Claim, next_ms: int, counts: bool = True) -> bool:
        """Give the row back until `next_ms`; an attempt that does not count is taken back. False as above."""
        return await self._jobs.add(lambda conn: _later(conn, claim, next_ms, counts))

    async def dead(self, claim: Claim, reason: str, now_ms: int) -> bool:
        """Give the row up and keep it whole, sealed. False as above."""
        whole = self._keyring.seal("dead_letter", claim.key, msgspec.msgpack.encode(claim))
        letter = {"key": claim.key, "reason": reason, "sealed": whole, "at_ms": now_ms}
        return await self._jobs.add(lambda conn: _remove(conn, claim) and _bury(conn, letter))

    async def backlog(self) -> Backlog:
        """What waits and what was given up."""
        return await self._database.read(_backlog)

    async def _number(self, handle: str) -> str | None:
        query = select(contacts.c.sealed).where(contacts.c.handle == handle)
        sealed = await self._database.read(lambda conn: conn.scalar(query))
        return None if sealed is None else self._vault.open(sealed, bytes.fromhex(handle))


def _claim(conn: Connection, now_ms: int, most: int) -> list[Claim]:
    return [Claim(*row) for row in conn.execute(_CLAIM, {"now": now_ms, "until": now_ms + LEASE_MS, "most": most})]


def _remove(conn: Connection, claim: Claim) -> bool:
    return conn.execute(_REMOVE, {"lent": claim.key, "held": claim.token}).rowcount == 1


def _done(conn: Connection, taken: list[tuple[Claim, str]]) -> list[bool | Exception]:
    held = [(claim.key, claim.token) for claim, _ in taken]
    removed = set(map(tuple, conn.execute(_REMOVE_ALL, {"held": held})))
    ours = [(claim.key, claim.token) in removed for claim, _ in taken]
    received = [
        {"ours": claim.reference, "theirs": theirs} for (claim, theirs), mine in zip(taken, ours, strict=True) if mine
    ]
    if received:
        conn.execute(_RECEIVE, received)
    return [*ours]


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
