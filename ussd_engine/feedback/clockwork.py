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
_WAITING = [state.value for state in lifecycle.WAITING]


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
    # Said in SQL, for what `lifecycle.closes` would leave must not fill the page.
    answered = core_cases.c.state == CaseState.ANSWERED.value
    over = [
        and_(core_cases.c.rating == said, core_cases.c.ended < today - stays)
        for said, stays in lifecycle.STAYS_OPEN.items()
    ]
    query = select(*COLUMNS).where(answered, or_(*over))
    closing = [case_of(row) for row in book.conn.execute(query.limit(MOST))]
    for case in closing:
        book.happen(case, CORE, "closed", state=CaseState.CLOSED)
    return len(closing)
