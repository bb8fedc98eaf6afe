"""Acts, many in one transaction: each key once, each caller so many cases a day, each reference one case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cache
from operator import itemgetter
from typing import Protocol

import msgspec
from sqlalchemy import Connection, bindparam, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError

from ussd_engine.errors import RolledBack
from ussd_engine.ledger.database import inserting, refused, upsert
from ussd_engine.ledger.rows import Rows, Scribe
from ussd_engine.ledger.tables import cases, contacts, effects, languages, limits, outbox, submissions
from ussd_engine.model import Act, Cancel, Committed, SetLanguage, Submit

NEW_CASES = "cases"
LIMIT = Committed(kind="limit")
ATTEMPTS = 3
"""How often an act that met another process is tried again, alone."""
_ORDER = (effects, submissions, contacts, cases, outbox)
_BY_KEY = {table: itemgetter(table.primary_key.columns[0].name) for table in _ORDER}
_INSERT = {table: insert(table) for table in _ORDER}
_STORED = select(cases.c.reference).where(cases.c.reference == bindparam("reference"))
_KNOWN = select(effects.c.key, effects.c.result).where(effects.c.key.in_(bindparam("keys", expanding=True)))

_decode = msgspec.msgpack.Decoder(Committed).decode


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
            return [*self._together(conn, plans, _Drawn())]
        except Exception as error:
            if _transaction_gone(conn, error):
                raise
            conn.rollback()
            # The locks of one plan are held to the end: one order for every process here too.
            order = sorted(range(len(plans)), key=lambda at: plans[at].tag or b"")
            alone = {at: self._alone(conn, plans[at]) for at in order}
            return [alone[at] for at in range(len(plans))]

    def _alone(self, conn: Connection, plan: Plan) -> Committed | Exception:
        failure: Exception = RolledBack("the act met other processes each time it was tried")
        for _ in range(ATTEMPTS):
            try:
                with conn.begin_nested():
                    return self._together(conn, [plan], _Stored(conn, self._draw))[0]
            except Exception as error:
                if _transaction_gone(conn, error):
                    raise
                failure = RolledBack(f"the act was refused: {type(error).__name__}")
                if not (isinstance(error, IntegrityError) or refused(error)):
                    break
        return failure

    def _together(self, conn: Connection, plans: Sequence[Plan], references: _References) -> list[Committed]:
        # The counters are locked before the keys are read: a repeat that waited here for its first copy must see it.
        asked = Counter(plan.tag for plan in plans if plan.tag is not None)
        counted = _count(conn, asked, plans)
        counts = counted - asked
        known = _known(conn, plans)
        rows, results = Rows(), []
        for plan in plans:
            result = known.get(plan.act.key) or self._decide(plan, counts, references)
            results.append(result)
            if result is not LIMIT and plan.act.key not in known:
                known[plan.act.key] = result
                _extend(rows, self._scribe.write(plan.act, result, plan.day))
        _insert(conn, rows)
        _correct(conn, counts, counted, plans)
        return results

    def _decide(self, plan: Plan, counts: Counter[bytes], references: _References) -> Committed:
        match plan.act:
            case Submit() as act:
                if plan.tag is not None and counts[plan.tag] >= self._most:
                    return LIMIT
                if plan.tag is not None:
                    counts[plan.tag] += 1
                reference = references.take(act.reference)
                return Committed("submit", reference=reference, case=act.case, due=act.due, mode=act.mode.value)
            case Cancel():
                return Committed("cancel")
            case SetLanguage():
                return Committed("set_language")


class _References(Protocol):
    def take(self, reference: str) -> str:
        """The reference that a case gets: the one that was drawn for it, or another where that one is taken."""


class _Drawn:
    """As they were drawn: of so many hardly any is taken, and where one is the database says so."""

    def take(self, reference: str) -> str:
        return reference


class _Stored:
    """Only those that no case has."""

    def __init__(self, conn: Connection, draw: Callable[[], str]) -> None:
        self._conn = conn
        self._draw = draw

    def take(self, reference: str) -> str:
        while self._conn.scalar(_STORED, {"reference": reference}) is not None:
            reference = self._draw()
        return reference


def _count(conn: Connection, asked: Counter[bytes], plans: Sequence[Plan]) -> Counter[bytes]:
    """Lock the counter of each caller, as if each of her plans counted. Returns how far they stand then."""
    if not asked:
        return Counter()
    rows = _counters(asked, plans)
    return Counter(dict(map(tuple, conn.execute(_counting(conn.dialect.name), rows))))


def _correct(conn: Connection, counts: Counter[bytes], counted: Counter[bytes], plans: Sequence[Plan]) -> None:
    """Set the counters of those whose plans did not all count."""
    differing = Counter({tag: counts[tag] for tag in counted if counts[tag] != counted[tag]})
    upsert(conn, limits, _counters(differing, plans), "count")


def _counters(counts: Counter[bytes], plans: Sequence[Plan]) -> list[dict[str, object]]:
    # One order of tags for every process, or two of them would wait for each other.
    days = {plan.tag: plan.day for plan in plans if plan.tag is not None}
    return [{"tag": tag, "what": NEW_CASES, "day": days[tag], "count": counts[tag]} for tag in sorted(counts)]


@cache
def _counting(dialect: str) -> postgresql.Insert | sqlite.Insert:
    statement = inserting(dialect, limits)
    more = {"count": limits.c.count + statement.excluded.count}
    added = statement.on_conflict_do_update(index_elements=list(limits.primary_key), set_=more)
    return added.returning(limits.c.tag, limits.c.count)  # type: ignore[return-value]  # still an insert


def _known(conn: Connection, plans: Iterable[Plan]) -> dict[bytes, Committed]:
    keys = sorted({plan.act.key for plan in plans})
    return {key: _decode(result) for key, result in conn.execute(_KNOWN, {"keys": keys})}


def _extend(rows: Rows, more: Rows) -> None:
    for table, some in more.items():
        rows.setdefault(table, []).extend(some)


def _insert(conn: Connection, rows: Rows) -> None:
    # One order of tables and of keys for every process, or two of them would wait for each other.
    for table in _ORDER:
        if table in rows:
            conn.execute(_INSERT[table], sorted(rows[table], key=_BY_KEY[table]))
    latest = {row["tag"]: row for row in rows.get(languages, [])}
    upsert(conn, languages, [latest[tag] for tag in sorted(latest)], "locale", "touched")


def _transaction_gone(conn: Connection, error: Exception) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    # On a full disk SQLite ends the whole transaction by itself; a savepoint after that would be a commit of its own.
    return getattr(conn.connection.driver_connection, "in_transaction", True) is False
