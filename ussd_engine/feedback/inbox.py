"""Cases as an officer finds them: what lies with an office, and what may be seen of others. No text is opened.

Each query follows an index from its beginning and stops once a page is full, so a page costs the same however many
cases there are. What is passed over takes no place on a page: its length must not tell that something is hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, and_, select

from ussd_engine import lifecycle
from ussd_engine.feedback.access import Officer, seen, sight
from ussd_engine.feedback.case import COLUMNS, CoreCase, case_of
from ussd_engine.feedback.offices import Offices
from ussd_engine.feedback.tables import core_cases, core_seats
from ussd_engine.model import CaseState

WAITING = (*sorted(lifecycle.OPEN - {CaseState.QUEUED, CaseState.TRANSFERRED}), CaseState.APPEALED)
"""The states of what lies in an inbox."""
LEAST_READ: Final = 50
"""Cases of one query; a short page is not looked for one by one."""
_Found = dict[str, CoreCase]


def inbox(
    conn: Connection, officer: Officer, offices: Offices, states: Sequence[CaseState], most: int
) -> list[CoreCase]:
    """What an office is to act on, the oldest first."""
    mine = core_cases.c.institution == officer.office
    if officer.role == "district":
        to_us = (core_cases.c.leader == "district", core_cases.c.district == officer.office)
        mine = and_(core_cases.c.reference.in_(_of(officer.office)), *to_us)
    found: _Found = {}
    for state in states:
        query = select(*COLUMNS).where(mine, core_cases.c.state == state.value)
        query = query.order_by(core_cases.c.received, core_cases.c.reference)
        found |= _allowed(conn, query, lambda case: sight(officer, case, offices).acts, most)
    return sorted(found.values(), key=lambda case: (case.submitted, case.reference))[:most]


def newest(
    conn: Connection,
    officer: Officer,
    offices: Offices,
    institution: str | None = None,
    state: CaseState | None = None,
    most: int = 50,
) -> list[CoreCase]:
    """What an officer may see the state of, the newest first; of one institution, in one state, where given."""
    allowed = seen(officer, offices)
    wheres: list[ColumnElement[bool]] = []
    if institution is not None:
        wheres = [core_cases.c.institution == institution]
    elif allowed is None:
        wheres = [core_cases.c.received > date.min]
    else:
        wheres = [core_cases.c.institution == office for office in sorted(allowed)]
        wheres.append(core_cases.c.reference.in_(_of(*sorted(allowed))))
    found: _Found = {}
    for where in wheres:
        query = select(*COLUMNS).where(where)
        if state is not None:
            query = query.where(core_cases.c.state == state.value)
        query = query.order_by(core_cases.c.received.desc(), core_cases.c.reference.desc())
        found |= _allowed(conn, query, lambda case: sight(officer, case, offices).state, most)
    return sorted(found.values(), key=lambda case: (case.submitted, case.reference), reverse=True)[:most]


def _of(*offices: str) -> Select[tuple[str]]:
    return select(core_seats.c.reference).where(core_seats.c.office.in_(offices))


def _allowed(
    conn: Connection, query: Select[tuple[object, ...]], allowed: Callable[[CoreCase], bool], most: int
) -> _Found:
    """The first cases of a query that are allowed: `most` and perhaps some more, fewer only where there are no more."""
    found: _Found = {}
    size, offset = max(most, LEAST_READ), 0
    while True:
        page = [case_of(row) for row in conn.execute(query.offset(offset).limit(size))]
        found |= {case.reference: case for case in page if allowed(case)}
        offset += size
        if len(page) < size or len(found) >= most:
            return found
