"""What time does to the cases of the built-in core, some at once."""

from __future__ import annotations

from collections import Counter
from datetime import date

from sqlalchemy import and_, or_, select

from ussd_engine import lifecycle
from ussd_engine.feedback.book import CORE, Book
from ussd_engine.feedback.case import COLUMNS, case_of
from ussd_engine.feedback.figures import Cell, count, moved
from ussd_engine.feedback.tables import core_cases
from ussd_engine.model import CaseState

MOST = 200
"""Cases of one transaction: an officer's act waits for it."""
_WAITING = [state.value for state in (*lifecycle.OPEN, lifecycle.APPEALED)]


def mark_overdue(book: Book, today: date) -> int:
    """Count cases as overdue whose due date has passed; the gateway tells their citizens. Returns how many."""
    late = select(*COLUMNS).where(
        core_cases.c.overdue.is_(False), core_cases.c.state.in_(_WAITING), core_cases.c.due < today
    )
    changes: Counter[Cell] = Counter()
    found = []
    for case in map(case_of, book.conn.execute(late.limit(MOST))):
        after = lifecycle.overdue(case, today)
        assert isinstance(after, type(case))
        changes.update(moved(case, after))
        found.append(case.reference)
    if found:
        these = core_cases.update().where(core_cases.c.reference.in_(found))
        book.conn.execute(these.values(overdue=True))
        count(book.conn, changes)
    return len(found)


def close_by_time(book: Book, today: date) -> int:
    """Close answers to which nobody reacted in time. Returns how many."""
    # `lifecycle.closes` in SQL: what it would leave must not fill the page.
    quiet = and_(core_cases.c.rating != "no", core_cases.c.ended < today - lifecycle.CLOSED_AFTER)
    unhappy = core_cases.c.ended < today - lifecycle.APPEAL_WINDOW
    query = select(*COLUMNS).where(core_cases.c.state == CaseState.ANSWERED.value, or_(quiet, unhappy))
    closing = [case_of(row) for row in book.conn.execute(query.limit(MOST))]
    for case in closing:
        book.happen(case, CORE, "closed", state=CaseState.CLOSED)
    return len(closing)
