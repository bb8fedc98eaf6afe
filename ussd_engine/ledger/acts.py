"""Acts, many in one transaction: each key once, each caller so many cases a day, each reference one case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from operator import itemgetter

import msgspec
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from ussd_engine.errors import RolledBack
from ussd_engine.ledger.database import insert_new, refused, upsert
from ussd_engine.ledger.rows import Rows, Scribe
from ussd_engine.ledger.tables import cases, contacts, effects, languages, limits, outbox, submissions
from ussd_engine.model import Act, Cancel, Committed, SetLanguage, Submit

NEW_CASES = "cases"
LIMIT = Committed(kind="limit")
ATTEMPTS = 3
"""How often an act that met another process is tried again, alone."""
_ORDER = (effects, submissions, contacts, cases, outbox)


class Plan(msgspec.Struct, frozen=True):
    """An act, the day it counts for, and the tag of the day under which its caller is counted (`None`: nobody is)."""

    act: Act
    day: date
    tag: bytes | None


class Acts:
    """Writes plans. Holds no state of its own, so a job may be run again from the start."""

    def __init__(self, scribe: Scribe, draw_reference: Callable[[], str], cases_a_day: int) -> None:
        self._scribe = scribe
        self._draw = draw_reference
        self._most = cases_a_day

    def write(self, conn: Connection, plans: Sequence[Plan]) -> list[Committed | Exception]:
        """One result a plan. All go together; where that meets an obstacle each goes alone, and fails alone."""
        try:
            with conn.begin_nested():
                return list(self._together(conn, plans))
        except Exception as error:
            if _transaction_gone(conn, error):
                raise
            return [self._alone(conn, plan) for plan in plans]

    def _alone(self, conn: Connection, plan: Plan) -> Committed | Exception:
        failure: Exception = RolledBack("the act met other processes each time it was tried")
        for _ in range(ATTEMPTS):
            try:
                with conn.begin_nested():
                    return self._together(conn, [plan])[0]
            except Exception as error:
                if _transaction_gone(conn, error):
                    raise
                failure = RolledBack(f"the act was refused: {type(error).__name__}")
                if not (isinstance(error, IntegrityError) or refused(error)):
                    break
        return failure

    def _together(self, conn: Connection, plans: Sequence[Plan]) -> list[Committed]:
        # The counters are locked before the keys are read: a repeat that waited here for its first copy must see it.
        counts = _lock_counters(conn, plans)
        known = _known(conn, plans)
        free = _References(conn, self._draw, plans)
        before, rows, results = counts.copy(), Rows(), []
        for plan in plans:
            result = known.get(plan.act.key) or self._decide(plan, counts, free)
            results.append(result)
            if result is not LIMIT and plan.act.key not in known:
                known[plan.act.key] = result
                _extend(rows, self._scribe.write(plan.act, result, plan.day))
        _insert(conn, rows)
        _count(conn, counts, before, plans)
        return results

    def _decide(self, plan: Plan, counts: Counter[bytes], free: _References) -> Committed:
        match plan.act:
            case Submit() as act:
                if plan.tag is not None and counts[plan.tag] >= self._most:
                    return LIMIT
                if plan.tag is not None:
                    counts[plan.tag] += 1
                reference = free.take(act.reference)
                return Committed("submit", reference=reference, case=act.case, due=act.due, mode=act.mode.value)
            case Cancel():
                return Committed("cancel")
            case SetLanguage():
                return Committed("set_language")


class _References:
    """References that no case has, here or in this transaction."""

    def __init__(self, conn: Connection, draw: Callable[[], str], plans: Sequence[Plan]) -> None:
        self._conn = conn
        self._draw = draw
        self._taken = self._stored({plan.act.reference for plan in plans if isinstance(plan.act, Submit)})

    def take(self, reference: str) -> str:
        while reference in self._taken:
            reference = self._draw()
            self._taken |= self._stored({reference})
        self._taken.add(reference)
        return reference

    def _stored(self, references: set[str]) -> set[str]:
        if not references:
            return set()
        return set(self._conn.scalars(select(cases.c.reference).where(cases.c.reference.in_(sorted(references)))))


def _lock_counters(conn: Connection, plans: Iterable[Plan]) -> Counter[bytes]:
    days = {plan.tag: plan.day for plan in plans if plan.tag is not None}
    if not days:
        return Counter()
    tags = sorted(days)
    insert_new(conn, limits, [{"tag": tag, "what": NEW_CASES, "day": days[tag], "count": 0} for tag in tags])
    query = select(limits.c.tag, limits.c.count).where(limits.c.tag.in_(tags), limits.c.what == NEW_CASES)
    return Counter({row.tag: row.count for row in conn.execute(query.order_by(limits.c.tag).with_for_update())})


def _known(conn: Connection, plans: Iterable[Plan]) -> dict[bytes, Committed]:
    keys = sorted({plan.act.key for plan in plans})
    query = select(effects.c.key, effects.c.result).where(effects.c.key.in_(keys))
    return {key: msgspec.msgpack.decode(result, type=Committed) for key, result in conn.execute(query)}


def _extend(rows: Rows, more: Rows) -> None:
    for table, some in more.items():
        rows.setdefault(table, []).extend(some)


def _insert(conn: Connection, rows: Rows) -> None:
    # One order of tables and of keys for every process, or two of them would wait for each other.
    for table in _ORDER:
        if table in rows:
            by_key = itemgetter(table.primary_key.columns[0].name)
            conn.execute(insert(table), sorted(rows[table], key=by_key))
    latest = {row["tag"]: row for row in rows.get(languages, [])}
    upsert(conn, languages, [latest[tag] for tag in sorted(latest)], "locale", "touched")


def _count(conn: Connection, counts: Counter[bytes], before: Counter[bytes], plans: Iterable[Plan]) -> None:
    days = {plan.tag: plan.day for plan in plans if plan.tag is not None}
    changed = sorted(tag for tag in days if counts[tag] != before[tag])
    rows = [{"tag": tag, "what": NEW_CASES, "day": days[tag], "count": counts[tag]} for tag in changed]
    upsert(conn, limits, rows, "count")


def _transaction_gone(conn: Connection, error: Exception) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    # On a full disk SQLite ends the whole transaction by itself; a savepoint after that would be a commit of its own.
    return getattr(conn.connection.driver_connection, "in_transaction", True) is False
