"""What is kept no longer of SMS.

| what | how long |
| --- | --- |
| values and number of a message | until it is delivered, given up or withheld; 72 hours |
| that it was sent, and how far it came; reports of it | 30 days |
| what arrived, as a keyed hash | 30 days with an id, else 2 seconds |
| parts of a long SMS | until it is taken; that they came, 10 minutes more |
| open questions | their time |
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, or_, select, tuple_, update

from ussd_engine.ledger.smsrows import EMPTIED
from ussd_engine.ledger.smstables import conversations, sms, sms_in, sms_parts, sms_pieces, sms_reports
from ussd_engine.ledger.terms import DAY_MS, HOUR_MS
from ussd_engine.sms.message import Progress

VALUES_KEPT_MS: Final = 72 * HOUR_MS
ROW_KEPT_MS: Final = 30 * DAY_MS
PIECES_KEPT_MS: Final = 24 * HOUR_MS
"""What lacks a part is read as far as it came long before."""
TOO_OLD: Final = "not sent in 72 hours"

Job = Callable[[Connection, int, int], int]
"""Purges at most so many rows, now; returns how many."""


def _values(conn: Connection, now_ms: int, most: int) -> int:
    holds = or_(sms.c.sealed.is_not(None), sms.c.number.is_not(None))
    old = select(sms.c.id, sms.c.state).where(sms.c.queued_ms < now_ms - VALUES_KEPT_MS, holds)
    rows = conn.execute(old.order_by(sms.c.id).limit(most).with_for_update(skip_locked=True)).all()
    waiting = sorted(row.id for row in rows if row.state == Progress.QUEUED.value)
    never = {"state": Progress.EXPIRED.value, "changed_ms": now_ms, "sending": False, "reason": TOO_OLD}
    conn.execute(update(sms).where(sms.c.id.in_(waiting)).values(**never))
    conn.execute(update(sms).where(sms.c.id.in_(sorted(row.id for row in rows))).values(**EMPTIED))
    return len(rows)


def _rows(conn: Connection, now_ms: int, most: int) -> int:
    query = select(sms.c.id).where(sms.c.queued_ms < now_ms - ROW_KEPT_MS)
    ids = sorted(conn.scalars(query.order_by(sms.c.id).limit(most).with_for_update(skip_locked=True)))
    conn.execute(delete(sms_parts).where(sms_parts.c.sms.in_(ids)))
    return conn.execute(delete(sms).where(sms.c.id.in_(ids))).rowcount


def _reports(conn: Connection, now_ms: int, most: int) -> int:
    return _drop(conn, sms_reports, list(sms_reports.primary_key), sms_reports.c.at_ms < now_ms - ROW_KEPT_MS, most)


def _arrivals(conn: Connection, now_ms: int, most: int) -> int:
    return _drop(conn, sms_in, [sms_in.c.tag], sms_in.c.until_ms < now_ms, most)


def _pieces(conn: Connection, now_ms: int, most: int) -> int:
    return _drop(conn, sms_pieces, list(sms_pieces.primary_key), sms_pieces.c.at_ms < now_ms - PIECES_KEPT_MS, most)


def _conversations(conn: Connection, now_ms: int, most: int) -> int:
    return _drop(conn, conversations, [conversations.c.id], conversations.c.until_ms < now_ms, most)


def _drop(conn: Connection, table: Table, key: Sequence[Column[Any]], old: ColumnElement[bool], most: int) -> int:
    some = select(*key).where(old).limit(most).with_for_update(skip_locked=True)
    return conn.execute(delete(table).where(tuple_(*key).in_(some))).rowcount


SMS_PURGES: Final[dict[str, Job]] = {
    "values of SMS": _values,
    "SMS": _rows,
    "reports of SMS": _reports,
    "arrivals of SMS": _arrivals,
    "parts of SMS that came": _pieces,
    "open questions": _conversations,
}
"""What is purged, by the name under which it is counted."""
