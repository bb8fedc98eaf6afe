"""Cases as an officer finds them: what lies with an office, and what may be seen of others. No text is opened.

Each query follows an index from its beginning and stops, so a page costs the same however many cases there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import ColumnElement, Connection, Select, select

from ussd_engine import lifecycle
from ussd_engine.feedback.access import INSIDE, Officer, seen, sight
from ussd_engine.feedback.case import COLUMNS, CoreCase, case_of
from ussd_engine.feedback.offices import Offices
from ussd_engine.feedback.tables import core_cases, core_seats
from ussd_engine.model import CaseState

WAITING = (*sorted(lifecycle.OPEN - {CaseState.QUEUED, CaseState.TRANSFERRED}), CaseState.APPEALED)
"""The states of what lies in an inbox."""
_Found = dict[str, CoreCase]


def inbox(
    conn: Connection, officer: Officer, offices: Offices, states: Sequence[CaseState], most: int
) -> list[CoreCase]:
    """What an office is to act on, the oldest first."""
    mine = core_cases.c.institution == officer.office
    if officer.role == "district":
        mine = core_cases.c.reference.in_(_of(officer.office))
    found: _Found = {}
    for state in states:
        query = select(*COLUMNS).where(mine, core_cases.c.state == state.value)
        found |= _page(conn, query.order_by(core_cases.c.received, core_cases.c.reference), most)
    acting = [case for case in found.values() if sight(officer, case, offices).acts]
    return sorted(acting, key=lambda case: (case.submitted, case.reference))[:most]


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
        found |= _visible(conn, query, officer, offices, most)
    return sorted(found.values(), key=lambda case: (case.submitted, case.reference), reverse=True)[:most]


def _of(*offices: str) -> Select[tuple[str]]:
    return select(core_seats.c.reference).where(core_seats.c.office.in_(offices))


def _visible(
    conn: Connection, query: Select[tuple[object, ...]], officer: Officer, offices: Offices, most: int
) -> _Found:
    """A page of what may be seen; who sees all but a few looks further where a few were passed over."""
    found: _Found = {}
    offset = 0
    while True:
        page = _page(conn, query.offset(offset), most)
        found |= _seen(page.values(), officer, offices)
        offset += most
        if len(page) < most or len(found) >= most or officer.role in INSIDE:
            return found


def _seen(cases: Iterable[CoreCase], officer: Officer, offices: Offices) -> _Found:
    return {case.reference: case for case in cases if sight(officer, case, offices).state}


def _page(conn: Connection, query: Select[tuple[object, ...]], most: int) -> _Found:
    return {case.reference: case for case in map(case_of, conn.execute(query.limit(most)))}
