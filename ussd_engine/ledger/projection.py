"""What a core told of cases, and what time did to them, written into the projection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, Row, bindparam, select, update

from ussd_engine import lifecycle
from ussd_engine.ledger.database import upsert
from ussd_engine.ledger.tables import cases, marks, news
from ussd_engine.lifecycle import Applied, Due, Knows, Verdict, anybody
from ussd_engine.messages import CaseEvent
from ussd_engine.model import Case, Told

MOST = 500
"""Cases that one transaction looks at."""
_COLUMNS = [cases.c[name] for name in Case.__struct_fields__]
_THESE = select(*_COLUMNS).where(cases.c.reference.in_(bindparam("references", expanding=True))).order_by("reference")
_HEARD = select(news.c.reference, news.c.id).where(news.c.reference.in_(bindparam("references", expanding=True)))
_CHANGING = [name for name in Case.__struct_fields__ if name not in ("reference", "case", "handle", "core_reference")]
_CHANGE = (
    update(cases)
    .where(cases.c.reference == bindparam("this"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)
_LATE = (
    select(*_COLUMNS)
    .where(
        cases.c.state.in_(bindparam("states", expanding=True)),
        cases.c.due < bindparam("today"),
        cases.c.overdue.is_(False),
    )
    .order_by("reference")
    .limit(MOST)
)
_MARK = select(marks.c.mark).where(marks.c.source == bindparam("source"))

DayOf = Callable[[int], date]
"""The country's day of a time in Unix milliseconds."""


class Heard(NamedTuple):
    """What became of an event: the case afterwards (`None`: no case has that reference), what its citizen is told, and
    the case before."""

    event: CaseEvent
    case: Case | None
    told: Told | None
    verdict: Verdict
    before: Case | None = None


def case_of(row: Row[tuple[object, ...]]) -> Case:
    """The case of a row that has its columns."""
    return msgspec.convert({str(column): value for column, value in row._mapping.items()}, Case)


def standing(conn: Connection, references: Iterable[str], *, lock: bool = False) -> dict[str, Case]:
    """Cases by reference. `lock`: nobody else changes them until the transaction ends."""
    asked = sorted(set(references))
    query = _THESE.with_for_update() if lock else _THESE
    return {case.reference: case for case in map(case_of, conn.execute(query, {"references": asked}))}


def change(conn: Connection, changed: Sequence[Case]) -> None:
    """Write cases as they are now."""
    if changed:
        conn.execute(_CHANGE, [_changes(case) for case in sorted(changed, key=lambda case: case.reference)])


def tell(
    conn: Connection,
    events: Sequence[CaseEvent],
    day_of: DayOf,
    due: Due,
    source: str,
    mark: str | None,
    knows: Knows = anybody,
) -> list[Heard]:
    """Apply events in their order, keep a row of each, and note how far their source was read."""
    references = sorted({event.reference for event in events})
    known = standing(conn, references, lock=True)
    before = dict(known)
    heard = set(map(tuple, conn.execute(_HEARD, {"references": references})))
    found = []
    for event in events:
        found.append(_heard(event, known, heard, day_of, partial(lifecycle.apply, due=due, knows=knows)))
        heard.add((event.reference, event.id))
    change(conn, [case for reference, case in known.items() if case != before[reference]])
    fresh = {(one.event.reference, one.event.id): _row(one) for one in found if one.verdict is not Verdict.REPEAT}
    if fresh:
        conn.execute(news.insert(), [fresh[key] for key in sorted(fresh)])
    if mark is not None:
        upsert(conn, marks, [{"source": source, "mark": mark}], "mark")
    return found


def mark_of(conn: Connection, source: str) -> str:
    """How far a source was read; empty at first."""
    return conn.scalar(_MARK, {"source": source}) or ""


def overdue(conn: Connection, today: date) -> list[Case]:
    """The cases whose due date has passed and whose citizens are told so now, once; at most `MOST` of them."""
    waiting = sorted(state.value for state in lifecycle.WAITING)
    rows = conn.execute(_LATE.with_for_update(skip_locked=True), {"states": waiting, "today": today})
    found = [late for row in rows if (late := lifecycle.overdue(case_of(row), today))]
    change(conn, found)
    return found


def _heard(
    event: CaseEvent,
    known: dict[str, Case],
    heard: set[tuple[object, ...]],
    day_of: DayOf,
    apply: Callable[[Case, CaseEvent, date], Applied],
) -> Heard:
    case = known.get(event.reference)
    if (event.reference, event.id) in heard:
        return Heard(event, case, None, Verdict.REPEAT)
    if case is None:
        return Heard(event, None, None, Verdict.NO_CASE)
    applied = apply(case, event, day_of(event.at_ms))
    after = applied.case
    if after.state is not case.state:
        after = msgspec.structs.replace(after, refused="")  # what she is told of a case that stood elsewhere
    known[event.reference] = after
    return Heard(event, after, applied.told, applied.verdict, case)


def _row(heard: Heard) -> Mapping[str, object]:
    event = heard.event
    return {
        "reference": event.reference,
        "id": event.id,
        "sequence": event.sequence,
        "at_ms": event.at_ms,
        "state": event.state,
        "verdict": heard.verdict.value,
    }


def _changes(case: Case) -> dict[str, object]:
    values = {name: getattr(case, name) for name in _CHANGING}
    plain = values | {"mode": case.mode.value, "state": case.state.value}
    return {"this": case.reference, **{f"new_{name}": value for name, value in plain.items()}}
