"""What is kept no longer: numbers and names that were erased, by the citizen or by time, and what is old.

| what | how long |
| --- | --- |
| number and name | until the case is over (`ledger.terms`), or the citizen erases them |
| our copy of what was sent | as long, and never while a message of the case has still to reach the core |
| what the core never took | as long; a submission not taken back, and an erasure, until an operator has sent it again |
| language, and whether SMS are wanted | 12 months after the last use |
| counters of a day, tries | their day, and the day after for the mark of an erasure; 24 hours |
| phones of a pilot | 12 months after they were listed last |
| results of acts | 30 days: whoever may ask again does so within the minutes that a session lives |

Cases and the core's events stay: no word of anybody stands in them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from secrets import token_hex
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    bindparam,
    delete,
    exists,
    or_,
    select,
    tuple_,
    update,
)

from ussd_engine.errors import EngineError
from ussd_engine.keys import Keyring
from ussd_engine.ledger import smspurge
from ussd_engine.ledger.database import insert_new
from ussd_engine.ledger.outbox import buried
from ussd_engine.ledger.queue import enqueue, outbox_row
from ussd_engine.ledger.switches import LISTED_MS
from ussd_engine.ledger.tables import (
    cases,
    contacts,
    dead_letters,
    effects,
    erased,
    languages,
    limits,
    outbox,
    pilots,
    submissions,
    tries,
)
from ussd_engine.ledger.terms import over
from ussd_engine.messages import Erasure
from ussd_engine.model import CaseState, Mode, Submission

LANGUAGE_KEPT: Final = timedelta(days=365)
TRY_KEPT_MS: Final = 24 * 3_600_000
EFFECT_KEPT_MS: Final = 30 * TRY_KEPT_MS
WARNED: Final = timedelta(days=30)
"""So long before it goes, an operator is told of what no core has taken."""
MOST: Final = 500
"""Rows of one transaction, so that no citizen waits long for the purge."""

_handles: BindParameter[Any] = bindparam("handles", expanding=True)
_COPIES = (
    select(cases.c.reference, cases.c.mode, submissions.c.case, submissions.c.sealed)
    .join(submissions, submissions.c.case == cases.c.case, isouter=True)
    .where(cases.c.handle.in_(_handles))
    .order_by(cases.c.reference)
)
_RESEAL = update(submissions).where(submissions.c.case == bindparam("this")).values(sealed=bindparam("again"))
_LET_GO = update(cases).where(cases.c.handle.in_(_handles)).values(handle=None)
_DROP = delete(contacts).where(contacts.c.handle.in_(_handles))


class Forgotten(NamedTuple):
    """The references of cases whose contacts are gone, in order; and of those of which the core is to hear it.

    Of a confidential case a core has nothing to forget. It hears nothing: several erasures at one moment would tell it
    which of its cases are one person's, and one named case among them who that is.
    """

    all: Sequence[str]
    named: Sequence[str]


def forget(conn: Connection, keyring: Keyring, handles: Sequence[str], at_ms: int) -> Forgotten:
    """Erase contacts, with the name in our copies of what they sent."""
    asked = sorted(handles)
    if not asked:
        return Forgotten([], [])
    copies = conn.execute(_COPIES, {"handles": asked}).all()
    for row in copies:
        if row.sealed is not None:
            submission = msgspec.msgpack.decode(keyring.open("submission", row.case, row.sealed), type=Submission)
            nameless = msgspec.structs.replace(submission, handle="", name=None)
            sealed = keyring.seal("submission", row.case, msgspec.msgpack.encode(nameless))
            conn.execute(_RESEAL, {"this": row.case, "again": sealed})
    conn.execute(_LET_GO, {"handles": asked})
    conn.execute(_DROP, {"handles": asked})
    insert_new(conn, erased, [{"handle": handle, "at_ms": at_ms} for handle in asked])
    named = [row.reference for row in copies if row.mode == Mode.NAMED]
    return Forgotten([row.reference for row in copies], named)


class When(msgspec.Struct, frozen=True):
    """The moment of a purge: the country's day, and Unix milliseconds."""

    today: date
    at_ms: int


def let_go(conn: Connection, keyring: Keyring, handles: Sequence[str], at_ms: int) -> None:
    """Erase contacts, and tell the core of those whose number it was given. Their cases' rows must be held."""
    forgotten = forget(conn, keyring, handles, at_ms)
    told = [Erasure(idempotency_key=token_hex(16), reference=one, at_ms=at_ms) for one in forgotten.named]
    enqueue(conn, [outbox_row(keyring, one, at_ms) for one in told])


def _numbers(conn: Connection, keyring: Keyring, when: When) -> int:
    query = select(cases.c.handle).join(contacts, contacts.c.handle == cases.c.handle).where(over(when.today))
    first = query.order_by(cases.c.reference).limit(MOST).with_for_update(skip_locked=True, of=cases)
    handles = [handle for handle in conn.scalars(first) if handle]
    let_go(conn, keyring, handles, when.at_ms)
    return len(handles)


def _texts(conn: Connection, keyring: Keyring, when: When) -> int:
    """Drop our copies of what the core has had all of for so long."""
    waits = exists().where(outbox.c.reference == cases.c.reference)
    given_up = exists().where(dead_letters.c.reference == cases.c.reference, dead_letters.c.turn == 0)
    query = select(submissions.c.case).join(cases, cases.c.case == submissions.c.case)
    old = query.where(over(when.today), ~waits, ~given_up).limit(MOST)
    return conn.execute(delete(submissions).where(submissions.c.case.in_(old))).rowcount


def _letters(conn: Connection, keyring: Keyring, when: When) -> int:
    """Drop dead letters whose time is up; with a submission what waited for it, but for an erasure."""
    keys: list[bytes] = []
    for row in conn.execute(_going(when.today).order_by(dead_letters.c.key)):
        if len(keys) < MOST and not _stays(keyring, row.key, row.sealed):
            keys.append(row.key)
    dropping = delete(dead_letters).where(dead_letters.c.key.in_(keys))
    dropped = conn.execute(dropping.returning(dead_letters.c.reference, dead_letters.c.turn)).all()
    never_sent = [row.reference for row in dropped if row.turn == 0]
    conn.execute(delete(outbox).where(outbox.c.reference.in_(never_sent), ~outbox.c.passes))
    return len(dropped)


def _letters_going(conn: Connection, keyring: Keyring, when: When) -> int:
    rows = conn.execute(_going(when.today)).all()
    return sum(not _stays(keyring, row.key, row.sealed) for row in rows)


def _going(today: date) -> Select[Any]:
    """Dead letters of cases that are over, but for submissions that nobody took back."""
    theirs = cases.c.reference == dead_letters.c.reference
    query = select(dead_letters.c.key, dead_letters.c.sealed).join(cases, theirs)
    return query.where(over(today), or_(dead_letters.c.turn > 0, cases.c.state == CaseState.WITHDRAWN.value))


def _stays(keyring: Keyring, key: bytes, sealed: bytes) -> bool:
    """Whether an operator must see to a dead letter, however old; so too where it does not open here."""
    try:
        return buried(keyring, key, sealed).passes
    except EngineError:
        return True


def _results(conn: Connection, keyring: Keyring, when: When) -> int:
    old = select(effects.c.key).where(effects.c.at_ms < when.at_ms - EFFECT_KEPT_MS).limit(MOST)
    return conn.execute(delete(effects).where(effects.c.key.in_(old))).rowcount


def _languages(conn: Connection, keyring: Keyring, when: When) -> int:
    return _drop(conn, languages, [languages.c.tag], languages.c.touched < when.today - LANGUAGE_KEPT)


def _limits(conn: Connection, keyring: Keyring, when: When) -> int:
    return _drop(conn, limits, [limits.c.tag, limits.c.what], limits.c.day < when.today)


def _tries(conn: Connection, keyring: Keyring, when: When) -> int:
    return _drop(conn, tries, [tries.c.tag, tries.c.what, tries.c.at_ms], tries.c.at_ms < when.at_ms - TRY_KEPT_MS)


def _pilots(conn: Connection, keyring: Keyring, when: When) -> int:
    return _drop(conn, pilots, [pilots.c.service, pilots.c.tag], pilots.c.at_ms < when.at_ms - LISTED_MS)


def _drop(conn: Connection, table: Table, key: Sequence[Column[Any]], old: ColumnElement[bool]) -> int:
    """Drop some of what is old; rows of one key go together. What an act holds is for another time."""
    # Asked before: PostgreSQL may ask a sub-query with row locks again and again, and find other rows each time.
    some = conn.execute(select(*key).where(old).limit(MOST).with_for_update(skip_locked=True))
    found = sorted({tuple(row) for row in some})
    return conn.execute(delete(table).where(tuple_(*key).in_(found))).rowcount if found else 0


def _of_sms(job: smspurge.Job) -> Job:
    return lambda conn, keyring, when: job(conn, when.at_ms, MOST)


Job = Callable[[Connection, Keyring, When], int]
"""Purges something in one transaction, and says how many rows. `MOST` or more: there may be others."""

PURGES: Final[dict[str, Job]] = {
    "numbers": _numbers,
    "dead letters": _letters,
    "copies of submissions": _texts,
    "results of acts": _results,
    "languages": _languages,
    "counters": _limits,
    "tries": _tries,
    "phones of pilots": _pilots,
    **{name: _of_sms(job) for name, job in smspurge.SMS_PURGES.items()},
}
"""What is purged, by the name under which it is counted. Numbers go first: what they leave to send holds the copies."""

GOING: Final[dict[str, Job]] = {"dead letters": _letters_going}
"""What no core has taken and is purged some time: how much of it is purged at a time. Nothing is changed."""
