"""The clock of a case: until which day the number, the copies and the messages that belong to it are kept.

| a case that | is over |
| --- | --- |
| is closed, refused or decided | 90 days after that day |
| is answered, and the core never closes it | 90 days after the day on which it would be closed by time |
| its citizen took back; a compliment that was read | 90 days after the last change |
| nobody ends | 12 months after the last change of the core's and the last act of its own phone, whichever is later |
| the core has not got yet | never: what was promised by its reference stands in it |
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, and_, or_

from ussd_engine.ledger.tables import cases
from ussd_engine.lifecycle import STAYS_OPEN, WAITING
from ussd_engine.model import CaseState

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
NUMBER_KEPT: Final = timedelta(days=90)
"""After the last closing."""
IDLE_KEPT: Final = timedelta(days=365)
"""After anything happened with a case that nobody ends."""

DAYS: Final = ("state", "type", "rating", "ended", "changed", "touched")
"""The columns of a case that its clock reads."""


class Term(NamedTuple):
    """How long is kept what belongs to a case in one of some states, where other columns hold what they must."""

    states: frozenset[CaseState]
    since: tuple[str, ...]
    """Columns: the time runs from the latest of these days."""
    kept: timedelta
    holding: tuple[tuple[str, str], ...] = ()


TERMS: Final = (
    Term(frozenset({CaseState.CLOSED, CaseState.NOT_ACCEPTED, CaseState.APPEAL_DECIDED}), ("ended",), NUMBER_KEPT),
    *(
        Term(frozenset({CaseState.ANSWERED}), ("ended",), stays + NUMBER_KEPT, (("rating", said),))
        for said, stays in STAYS_OPEN.items()
    ),
    Term(frozenset({CaseState.WITHDRAWN}), ("changed",), NUMBER_KEPT),
    # A compliment goes no further.
    Term(frozenset({CaseState.OPENED}), ("changed",), NUMBER_KEPT, (("type", "compliment"),)),
    Term(WAITING - {CaseState.QUEUED}, ("changed", "touched"), IDLE_KEPT),
)


def over(today: date) -> ColumnElement[bool]:
    """The cases whose time is up on a day."""
    return or_(*(_is_up(term, today) for term in TERMS))


def last_day(case: Any) -> date | None:
    """The last day on which what belongs to a case is kept, by a row with `DAYS`; `None`: as long as it stands so."""
    return min(_last_days(case), default=None)


def _is_up(term: Term, today: date) -> ColumnElement[bool]:
    return and_(
        cases.c.state.in_(sorted(state.value for state in term.states)),
        *(cases.c[name] == value for name, value in term.holding),
        *(cases.c[name] < today - term.kept for name in term.since),
    )


def _last_days(case: Any) -> Iterator[date]:
    for term in TERMS:
        days = [getattr(case, name) for name in term.since]
        holds = all(getattr(case, name) == value for name, value in term.holding)
        if case.state in term.states and holds and None not in days:
            yield max(days) + term.kept
