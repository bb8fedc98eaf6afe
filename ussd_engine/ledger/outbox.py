"""The outbox: what the core has not got yet, lent to one worker at a time.

A worker's claim holds for `LEASE_MS` and carries a token. Whoever comes back with an older token changes nothing. Of a
case only the first message is lent; the next one when that is settled. While the submission is a dead letter, all that
is lent is an erasure: the core may have heard of the number all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import date
from operator import itemgetter
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import (
    Connection,
    Row,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from ussd_engine.errors import EngineError
from ussd_engine.keys import Keyring
from ussd_engine.ledger.backlog import Backlog, backlog
from ussd_engine.ledger.database import Database, Job
from ussd_engine.ledger.group import Group
from ussd_engine.ledger.queue import decoded, kind_of
from ussd_engine.ledger.tables import cases, contacts, dead_letters, outbox
from ussd_engine.ledger.terms import DAYS, last_day
from ussd_engine.ledger.undo import give_again, take_back
from ussd_engine.ledger.waiting import Waiting, query, waiting
from ussd_engine.lifecycle import TAKEN
from ussd_engine.messages import Message
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
    turn: int = 0
    """The place among the messages of its case."""
    queued_ms: int = 0
    passes: bool = False
    """Whether it goes though the submission is a dead letter."""
    undo: bytes = b""
    """How its case is brought back where the core never takes it."""
    service: str = ""
    """Of its case; empty in a letter of earlier versions."""


class Letter(msgspec.Struct, frozen=True):
    """A row that was given up, as an operator may see it: no word of the citizen's, no reference."""

    key: bytes
    kind: str
    """Of `queue.KINDS`; empty where the data key is not held."""
    reason: str
    attempts: int
    queued_ms: int
    at_ms: int
    """When it was given up."""
    service: str = ""
    """Of its case; empty where that is gone."""
    until: date | None = None
    """The last day on which it is kept, as its case stands now; `None`: until an operator has seen to it."""


class Whose(NamedTuple):
    """Rows by the service of their case. Claiming passes over no others, however many of them wait."""

    of: str = ""
    """This service's alone; empty: everybody's."""
    but: tuple[str, ...] = ()
    """None of these services'."""


EVERYBODYS: Final = Whose()


Settled = tuple[Claim, str | None]
"""A claim, and the core's own reference where it gave one."""


_other = outbox.alias("other")
_held_up = exists().where(
    _other.c.reference == outbox.c.reference,
    or_(_other.c.turn < outbox.c.turn, _other.c.lease_ms > bindparam("now")),
    _other.c.key != outbox.c.key,
)
_orphaned = exists().where(dead_letters.c.reference == outbox.c.reference, dead_letters.c.turn == 0)
# A submission is the first of its case; only what comes later looks for others.
_first = or_(outbox.c.turn == 0, and_(~_held_up, ~_orphaned), and_(outbox.c.passes, _orphaned))
_due = and_(outbox.c.service == bindparam("of"), outbox.c.next_ms <= bindparam("now"))
_by_age = (outbox.c.next_ms, outbox.c.queued_ms)
_free = select(outbox.c.key).where(_due, outbox.c.lease_ms <= bindparam("now"), _first)
_oldest = _free.order_by(*_by_age).limit(bindparam("most")).with_for_update(skip_locked=True).cte("due")
_CLAIM = (
    update(outbox)
    .where(outbox.c.key.in_(select(_oldest.c.key)))
    .values(lease_ms=bindparam("until"), token=outbox.c.token + 1, attempts=outbox.c.attempts + 1)
    .returning(*(outbox.c[name] for name in Claim.__struct_fields__))
)
# From one service to the next by the index: one look for each, whatever waits.
_named = select(func.min(outbox.c.service).label("service")).cte("named", recursive=True)
_next = select(func.min(outbox.c.service)).where(outbox.c.service > _named.c.service).scalar_subquery()
_named = _named.union_all(select(_next).where(_named.c.service.is_not(None)))
_heads = [
    select(column).where(outbox.c.service == _named.c.service).order_by(*_by_age).limit(1).scalar_subquery()
    for column in _by_age
]
_SERVICES = select(_named.c.service).where(_named.c.service.is_not(None)).order_by(*_heads)
"""That of the oldest row first."""
_REMOVE = delete(outbox).where(outbox.c.key == bindparam("lent"), outbox.c.token == bindparam("held"))
_lent = tuple_(outbox.c.key, outbox.c.token).in_(bindparam("held", expanding=True))
_REMOVE_ALL = delete(outbox).where(_lent).returning(outbox.c.key, outbox.c.token)
_received = case((cases.c.state == TAKEN[0].value, TAKEN[1].value), else_=cases.c.state)
_RECEIVE = (
    update(cases)
    .where(cases.c.reference == bindparam("ours"))
    .values(core_reference=bindparam("theirs"), state=_received)
)


_LETTERS = select(dead_letters, cases.c.service, *(cases.c[name] for name in DAYS)).join(
    cases, cases.c.reference == dead_letters.c.reference, isouter=True
)


class Outbox:
    """Claims rows and settles them. `added` is set whenever this process has queued a message."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._vault = Vault(keyring)
        self._done: Group[Settled, bool] = Group(
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

    async def claim(self, now_ms: int, most: int, whose: Whose = EVERYBODYS) -> list[Claim]:
        """At most so many rows that are due and that nobody holds, lent to the caller: of the service with the oldest
        row first."""
        return await self._database.write(lambda conn: _claim(conn, now_ms, most, whose))

    async def message(self, claim: Claim) -> Message:
        """What a claimed row carries. `CannotOpen` where a key is not held.

        In `named` a submission gets the number from its contact; where that was erased meanwhile, no name either.
        """
        message = decoded(self._keyring.open("outbox", claim.key, claim.sealed))
        if not isinstance(message, Submission) or message.mode != Mode.NAMED or not message.handle:
            return message
        number = await self._number(message.handle)
        name = None if number is None else message.name
        return msgspec.structs.replace(message, number=number, name=name)

    async def done(self, claim: Claim, core_reference: str | None) -> bool:
        """The core has it: the row goes, and where the core gave a reference the case is received.

        False where the claim is no longer the caller's.
        """
        return await self._done.add((claim, core_reference))

    async def later(
        self, claim: Claim, next_ms: int, error: str = "", *, counts: bool = True, paused: bool = False
    ) -> bool:
        """Give the row back until `next_ms`, with the kind of error that kept it. False as above.

        An attempt that does not count is taken back; `paused`: until then its addressee's route is stopped.
        """
        why = {"attempts": claim.attempts - (not counts), "error": error, "paused": paused}
        return await self._jobs.add(lambda conn: _later(conn, claim, {"next_ms": next_ms, "lease_ms": 0, **why}))

    async def dead(self, claim: Claim, reason: str, now_ms: int) -> bool:
        """Give the row up and keep it whole, sealed; `reason` holds nothing of it. False as above.

        Where it carried an act, the case goes back to where it was, and says so.
        """
        whole = self._keyring.seal("dead_letter", claim.key, msgspec.msgpack.encode(claim))
        place = {"key": claim.key, "reference": claim.reference, "turn": claim.turn}
        letter = {**place, "reason": reason, "sealed": whole, "at_ms": now_ms}
        # One case a transaction: many at once would be held in the order in which they came.
        return await self._database.write(lambda conn: _remove(conn, claim) and _bury(conn, claim, letter))

    async def hasten(self) -> None:
        """Let all that waits be due at once."""
        await self._database.write(lambda conn: conn.execute(update(outbox).values(next_ms=0, paused=False)))
        self.added.set()

    async def letters(self, most: int | None = None) -> list[Letter]:
        """What was given up, the latest first."""
        newest = (dead_letters.c.at_ms.desc(), dead_letters.c.key)
        found = await self._database.read(lambda conn: conn.execute(_LETTERS.order_by(*newest).limit(most)).all())
        return [self._letter(row) for row in found]

    async def waiting(self, most: int | None = None) -> list[Waiting]:
        """What the core has not got yet and why, the oldest first."""
        found = await self._database.read(lambda conn: conn.execute(query(most)).all())
        return [waiting(self._keyring, row) for row in found]

    async def retry(self, keys: Collection[bytes]) -> int:
        """Put dead letters back whole, in their old place of their case and with all attempts before them.

        Returns how many there were. `CannotOpen`, and nothing is changed, where the data key of one is not held.
        """
        query = select(dead_letters.c.key, dead_letters.c.sealed).where(dead_letters.c.key.in_(keys))
        found = await self._database.read(lambda conn: conn.execute(query).all())
        claims = [buried(self._keyring, row.key, row.sealed) for row in found]
        claims.sort(key=lambda claim: (claim.reference, claim.turn))
        count = await self._database.write(lambda conn: sum(_revive(conn, claim) for claim in claims))
        self.added.set()
        return count

    async def backlog(self) -> Backlog:
        """What waits and what was given up."""
        return await self._database.read(backlog)

    def _letter(self, row: Row[Any]) -> Letter:
        key, reason, at_ms, service = row.key, row.reason, row.at_ms, row.service or ""
        try:
            claim = buried(self._keyring, key, row.sealed)
            kind = kind_of(decoded(self._keyring.open("outbox", key, claim.sealed)))
        except (EngineError, KeyError):
            return Letter(key, "", reason, 0, at_ms, at_ms, service)
        promised = claim.turn == 0 and row.state != CaseState.WITHDRAWN
        until = None if claim.passes or promised or row.state is None else last_day(row)
        return Letter(key, kind, reason, claim.attempts, claim.queued_ms or at_ms, at_ms, service, until)

    async def _number(self, handle: str) -> str | None:
        query = select(contacts.c.sealed).where(contacts.c.handle == handle)
        sealed = await self._database.read(lambda conn: conn.scalar(query))
        return None if sealed is None else self._vault.open(sealed, bytes.fromhex(handle))


def buried(keyring: Keyring, key: bytes, sealed: bytes) -> Claim:
    """The row that a dead letter holds. `CannotOpen` where the data key is not held."""
    return msgspec.msgpack.decode(keyring.open("dead_letter", key, sealed), type=Claim)


def _claim(conn: Connection, now_ms: int, most: int, whose: Whose) -> list[Claim]:
    services = [whose.of] if whose.of else [one for one in conn.scalars(_SERVICES).all() if one not in whose.but]
    values: dict[str, object] = {"now": now_ms, "until": now_ms + LEASE_MS}
    claims: list[Claim] = []
    for service in services:
        if len(claims) < most:
            of = {"of": service, "most": most - len(claims)}
            claims += [Claim(*row) for row in conn.execute(_CLAIM, values | of)]
    return claims


def _remove(conn: Connection, claim: Claim) -> bool:
    return conn.execute(_REMOVE, {"lent": claim.key, "held": claim.token}).rowcount == 1


def _done(conn: Connection, taken: Sequence[Settled]) -> list[bool | Exception]:
    held = [(claim.key, claim.token) for claim, _ in taken]
    removed = set(map(tuple, conn.execute(_REMOVE_ALL, {"held": held})))
    ours = [(claim.key, claim.token) in removed for claim, _ in taken]
    received = [
        {"ours": claim.reference, "theirs": theirs}
        for (claim, theirs), mine in zip(taken, ours, strict=True)
        if mine and theirs is not None
    ]
    if received:
        # One order of references for everybody who holds cases, or two of them would wait for each other.
        conn.execute(_RECEIVE, sorted(received, key=itemgetter("ours")))
    return [*ours]


def _later(conn: Connection, claim: Claim, values: dict[str, object]) -> bool:
    row = update(outbox).where(outbox.c.key == claim.key, outbox.c.token == claim.token)
    return conn.execute(row.values(values)).rowcount == 1


def _bury(conn: Connection, claim: Claim, letter: dict[str, object]) -> bool:
    conn.execute(insert(dead_letters).values(letter))
    take_back(conn, claim.reference, claim.undo)
    return True


def _revive(conn: Connection, claim: Claim) -> bool:
    if conn.execute(delete(dead_letters).where(dead_letters.c.key == claim.key)).rowcount != 1:
        return False
    service = claim.service or conn.scalar(select(cases.c.service).where(cases.c.reference == claim.reference)) or ""
    row = msgspec.structs.asdict(claim) | {"attempts": 0, "next_ms": 0, "lease_ms": 0, "service": service}
    conn.execute(insert(outbox).values(row))
    give_again(conn, claim.reference, claim.undo)
    return True
