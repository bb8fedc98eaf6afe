"""What is kept no longer: numbers and names that were erased, by the citizen or by time, and what is old.

| what | how long |
| --- | --- |
| number and name | 90 days after the last closing, which an appeal takes back; or until the citizen erases them |
| our copy of what was sent | as long, and never while a message of the case has still to reach the core |
| language, and whether SMS are wanted | 12 months after the last use |
| counters of a day, tries | their day, and the day after for the mark of an erasure; 24 hours |
| results of acts | 30 days: whoever may ask again does so within the minutes that a session lives |

Cases and the core's events stay: no word of anybody stands in them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from secrets import token_hex
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    or_,
    select,
    tuple_,
    update,
)

from ussd_engine.keys import Keyring
from ussd_engine.ledger.database import insert_new
from ussd_engine.ledger.queue import enqueue, outbox_row
from ussd_engine.ledger.tables import (
    cases,
    contacts,
    dead_letters,
    effects,
    erased,
    languages,
    limits,
    outbox,
    submissions,
    tries,
)
from ussd_engine.lifecycle import APPEAL_WINDOW, CLOSED_AFTER
from ussd_engine.messages import Erasure
from ussd_engine.model import CaseState, Mode, Submission

NUMBER_KEPT: Final = timedelta(days=90)
"""After the last closing."""
LANGUAGE_KEPT: Final = timedelta(days=365)
TRY_KEPT_MS: Final = 24 * 3_600_000
EFFECT_KEPT_MS: Final = 30 * TRY_KEPT_MS
MOST: Final = 500
"""Rows of one transaction, so that no citizen waits long for the purge."""

_handles: BindParameter[Any] = bindparam("handles", expanding=True)
_COPIES = (
    select(cases.c.reference, submissions.c.case, submissions.c.sealed)
    .join(submissions, submissions.c.case == cases.c.case, isouter=True)
    .where(cases.c.handle.in_(_handles))
    .order_by(cases.c.reference)
)
_RESEAL = update(submissions).where(submissions.c.case == bindparam("this")).values(sealed=bindparam("again"))
_LET_GO = update(cases).where(cases.c.handle.in_(_handles)).values(handle=None)
_DROP = delete(contacts).where(contacts.c.handle.in_(_handles))


def forget(conn: Connection, keyring: Keyring, handles: Sequence[str], at_ms: int) -> list[str]:
    """Erase contacts, with the name in our copies of what they sent; returns the references of their cases."""
    asked = sorted(handles)
    if not asked:
        return []
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
    return [row.reference for row in copies]


class When(msgspec.Struct, frozen=True):
    """The moment of a purge: the country's day, and Unix milliseconds."""

    today: date
    at_ms: int


def over(today: date) -> ColumnElement[bool]:
    """The cases in which nothing can come any more, and whose time is up.

    An answer that its core never closes counts as closed on the day on which it would be.
    """
    last = today - NUMBER_KEPT
    ended = (CaseState.CLOSED, CaseState.NOT_ACCEPTED, CaseState.APPEAL_DECIDED)
    answered = cases.c.state == CaseState.ANSWERED.value
    return or_(
        and_(cases.c.state.in_([state.value for state in ended]), cases.c.ended < last),
        and_(answered, cases.c.ended < last - CLOSED_AFTER, cases.c.rating != "no"),
        and_(answered, cases.c.ended < last - APPEAL_WINDOW),
        and_(cases.c.state == CaseState.WITHDRAWN.value, cases.c.changed < last),
        # A compliment goes no further.
        and_(cases.c.state == CaseState.OPENED.value, cases.c.type == "compliment", cases.c.changed < last),
    )


def let_go(conn: Connection, keyring: Keyring, handles: Sequence[str], at_ms: int) -> None:
    """Erase contacts, and tell the core of those whose number it was given. Their cases' rows must be held."""
    named = select(cases.c.reference).where(cases.c.handle.in_(handles), cases.c.mode == Mode.NAMED.value)
    references = conn.scalars(named.order_by(cases.c.reference)).all()
    forget(conn, keyring, handles, at_ms)
    told = [Erasure(idempotency_key=token_hex(16), reference=one, at_ms=at_ms) for one in references]
    enqueue(conn, [outbox_row(keyring, one, at_ms) for one in told])


def _numbers(conn: Connection, keyring: Keyring, when: When) -> int:
    query = select(cases.c.handle).join(contacts, contacts.c.handle == cases.c.handle).where(over(when.today))
    first = query.order_by(cases.c.reference).limit(MOST).with_for_update(skip_locked=True, of=cases)
    handles = [handle for handle in conn.scalars(first) if handle]
    let_go(conn, keyring, handles, when.at_ms)
    return len(handles)


def _texts(conn: Connection, keyring: Keyring, when: When) -> int:
    """Drop our copies of what the core has had all of for so long."""
    waiting = [exists().where(table.c.reference == cases.c.reference) for table in (outbox, dead_letters)]
    query = select(submissions.c.case).join(cases, cases.c.case == submissions.c.case)
    old = query.where(over(when.today), *(~one for one in waiting)).limit(MOST)
    return conn.execute(delete(submissions).where(submissions.c.case.in_(old))).rowcount


def _results(conn: Connection, keyring: Keyring, when: When) -> int:
    old = select(effects.c.key).where(effects.c.at_ms < when.at_ms - EFFECT_KEPT_MS).limit(MOST)
    return conn.execute(delete(effects).where(effects.c.key.in_(old))).rowcount


def _languages(conn: Connection, keyring: Keyring, when: When) -> int:
    return _drop(conn, languages, [languages.c.tag], languages.c.touched < when.today - LANGUAGE_KEPT)


def _limits(conn: Connection, keyring: Keyring, when: When) -> int:
    return _drop(conn, limits, [limits.c.tag, limits.c.what], limits.c.day < when.today)


def _tries(conn: Connection, keyring: Keyring, when: When) -> int:
    return _drop(conn, tries, [tries.c.tag, tries.c.what, tries.c.at_ms], tries.c.at_ms < when.at_ms - TRY_KEPT_MS)


def _drop(conn: Connection, table: Table, key: Sequence[Column[Any]], old: ColumnElement[bool]) -> int:
    """Drop some of what is old; rows of one key go together. What an act holds is for another time."""
    some = select(*key).where(old).limit(MOST).with_for_update(skip_locked=True)
    return conn.execute(delete(table).where(tuple_(*key).in_(some))).rowcount


Job = Callable[[Connection, Keyring, When], int]
"""Purges something in one transaction, and says how many rows. `MOST` or more: there may be others."""

PURGES: Final[dict[str, Job]] = {
    "numbers": _numbers,
    "copies of submissions": _texts,
    "results of acts": _results,
    "languages": _languages,
    "counters": _limits,
    "tries": _tries,
}
"""What is purged, by the name under which it is counted. Numbers go first: what they leave to send holds the copies."""
