"""What the citizen does to a case after she sent it, in the core. The gateway has judged by what it had been told."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from ussd_engine import lifecycle
from ussd_engine.errors import Rejected
from ussd_engine.feedback.book import CITIZEN, Book
from ussd_engine.feedback.case import CoreCase, kept
from ussd_engine.feedback.offices import Offices
from ussd_engine.feedback.tables import core_cases
from ussd_engine.lifecycle import MayAppeal
from ussd_engine.messages import Addition, Appeal, Erasure, Rating, Withdrawal
from ussd_engine.model import CaseState

_REFUSALS = {
    MayAppeal.TOO_LATE: "the time to appeal is over",
    MayAppeal.TOO_EARLY: "the institution still has time to answer",
    MayAppeal.TOP: "there is no higher level",
    MayAppeal.NEVER: "this case takes no appeal",
}


def add(book: Book, case: CoreCase, addition: Addition) -> None:
    """Her words are kept whatever the state is; an answer to a question takes the case up again."""
    book.say(case, CITIZEN, "addition", addition.text)
    if case.state is CaseState.NEED_INFO:
        book.happen(case, CITIZEN, "addition", state=CaseState.IN_PROGRESS)
    else:
        book.note(case, CITIZEN, "addition")


def rate(book: Book, case: CoreCase, rating: Rating) -> None:
    """Of the last answer, once. Where time has closed it meanwhile, what she says is kept."""
    if lifecycle.may_rate(case):
        after = kept(lifecycle.rated(case, rating.rating, book.offices.day(rating.at_ms)))
        if after.state is not case.state:
            book.become(case, after, "rated")
            return
    elif case.state is not CaseState.CLOSED or case.rating:
        return
    book.note(case, CITIZEN, "rated")
    book.change(case, msgspec.structs.replace(case, rating=rating.rating))


def withdraw(book: Book, case: CoreCase, withdrawal: Withdrawal) -> None:
    """Nothing where it was answered meanwhile."""
    if lifecycle.may_withdraw(case):
        book.become(case, kept(lifecycle.withdrawn(case, book.offices.day(withdrawal.at_ms))), "withdrawn")


def appeal(book: Book, case: CoreCase, asked: Appeal) -> None:
    """To a higher level; where her identity was leaked, out of sight of all who ever had it. `Rejected` in words."""
    day = book.offices.day(asked.at_ms)
    leak = asked.reason == "leak"
    hidden = case.hidden | (book.holders(case) | ({case.district} - {""}) if leak else set())
    higher = _higher(book.offices, case, asked.institution, hidden)
    if leak and asked.institution and not higher:
        higher = _remaining(book.offices, case, asked.institution, hidden)
    may = lifecycle.may_appeal(case, day, higher, leak)
    # A due date that was moved a moment ago was not known where she was told that she may.
    unheard = may is MayAppeal.TOO_EARLY and case.changed >= day
    if may is not MayAppeal.OK and not unheard:
        raise Rejected(f"no appeal: {_REFUSALS[may]}")
    due = asked.due or book.offices.due(case.service, higher, "appeal", day)
    after = kept(lifecycle.appealed(case, higher, due, day))
    passed = (*case.passed, *(() if case.institution in case.passed else (case.institution,)))
    book.say(case, CITIZEN, "appeal", asked.text, asked.reason)
    book.become(case, msgspec.structs.replace(after, passed=passed, hidden=hidden - {higher}), "appealed")


def _higher(offices: Offices, case: CoreCase, asked: str, hidden: Collection[str]) -> str:
    """Who is to decide: as the gateway says, unless the case moved there meanwhile, or is hidden there; else above."""
    known = offices.get(case.service, asked) is not None or not offices.codes
    if known and asked != case.institution and asked not in hidden:
        return asked
    higher = offices.higher(case.service, case.institution)
    while higher in hidden:
        higher = offices.higher(case.service, higher)
    return higher


def _remaining(offices: Offices, case: CoreCase, asked: str, hidden: Collection[str]) -> str:
    """Who is told of a leak where all above had the case: she was promised that somebody is, and it is never lost.

    The desk of last resort, or at the worst the office that the gateway named."""
    return offices.last(case.service, hidden) or _higher(offices, case, asked, case.hidden)


def erase(book: Book, case: CoreCase, _: Erasure) -> None:
    """Number and name of a `named` case."""
    book.note(case, CITIZEN, "erased")
    book.conn.execute(core_cases.update().where(core_cases.c.reference == case.reference).values(identity=None))
