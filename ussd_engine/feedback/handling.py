"""What an officer may do to a case, step by step, and what each step leaves. Refusals name the way out."""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from ussd_engine.errors import did_you_mean
from ussd_engine.feedback.access import LEADING, Officer, Refused, Sight
from ussd_engine.feedback.book import Actor, Book
from ussd_engine.feedback.case import CoreCase
from ussd_engine.lifecycle import (
    ANSWERED,
    APPEAL_DECIDED,
    CLOSED,
    IN_PROGRESS,
    MOST_MOVES,
    NEED_INFO,
    NOT_ACCEPTED,
    OPENED,
    STEPS,
    TRANSFERRED,
    appeal_until,
)
from ussd_engine.model import CaseState

LONGEST: Final = 1600
"""Letters of what an officer writes; on the phone some fourteen pages."""
SPEAKS: Final = {NEED_INFO: "question", ANSWERED: "answer", NOT_ACCEPTED: "reason", APPEAL_DECIDED: "decision"}
"""The steps that take words, and what these are."""
STANDS: Final = {
    CaseState.RECEIVED: "nobody has opened the case yet: `case open` comes first",
    CaseState.OPENED: "nobody works on the case yet: `case progress` comes first",
    CaseState.IN_PROGRESS: "the case is being worked on: `case ask`, `answer`, `transfer` or `refuse`",
    CaseState.NEED_INFO: "the case waits for the citizen; `case progress` goes on without her answer",
    CaseState.ANSWERED: "the case is answered; it can be closed with `case close`, or appealed by the citizen",
    CaseState.CLOSED: "the case is closed; only the citizen can go on, by an appeal",
    CaseState.NOT_ACCEPTED: "the case was not accepted; only the citizen can go on, by an appeal",
    CaseState.APPEALED: "the case is under appeal; `case decide` decides it",
    CaseState.APPEAL_DECIDED: "the appeal is decided; only the citizen can go on, by another",
    CaseState.WITHDRAWN: "the citizen took the case back",
}
"""How a case stands, and what can be done with it."""


def may_step(case: CoreCase, seen: Sight, to: CaseState, today: date) -> None:
    """`Refused` where a case cannot be taken to a state now, by who sees so much of it."""
    if not seen.acts:
        raise Refused(f"the case lies with {case.institution}: its officers act on it")
    if to not in STEPS[case.state]:
        raise Refused(f"not now: {STANDS[case.state]}")
    if case.type == "compliment" and case.state is OPENED:
        raise Refused("not now: a compliment ends when it was read; its writer was thanked")
    until = appeal_until(case)
    if to is CLOSED and case.rating == "no" and until is not None and today <= until:
        raise Refused(f"not now: the citizen is not content and may appeal until {until:%d/%m/%Y}")


def step(book: Book, case: CoreCase, seen: Sight, officer: Officer, to: CaseState, text: str = "") -> CoreCase:
    """One step of the table of states, with its words."""
    may_step(case, seen, to, book.today)
    if to in SPEAKS:
        book.say(case, Actor(*officer), SPEAKS[to], checked(text))
    return book.happen(case, Actor(*officer), to.value, state=to)


def progress(book: Book, case: CoreCase, seen: Sight, officer: Officer, due: date | None = None) -> CoreCase:
    """Into the state of being worked on; where it is there, or under appeal, the due date alone moves."""
    if due is None:
        return step(book, case, seen, officer, IN_PROGRESS)
    _may_be_due(case, due, book.today)
    if IN_PROGRESS in STEPS[case.state]:
        may_step(case, seen, IN_PROGRESS, book.today)
        return book.happen(case, Actor(*officer), IN_PROGRESS.value, state=IN_PROGRESS, due=due)
    if not seen.acts:
        raise Refused(f"the case lies with {case.institution}: its officers act on it")
    if not case.waiting:
        raise Refused(f"not now: {STANDS[case.state]}")
    return book.happen(case, Actor(*officer), "due", due=due)


def direct(book: Book, case: CoreCase, seen: Sight, officer: Officer, text: str) -> CoreCase:
    """A leader's directions to who holds the case; the citizen is told that there are some."""
    if not seen.directs:
        raise Refused(f"directions are given by leaders, {', '.join(LEADING)}, on what they may read")
    if not case.waiting:
        raise Refused(f"not now: {STANDS[case.state]}")
    book.say(case, Actor(*officer), "directive", checked(text))
    return book.happen(case, Actor(*officer), "directive", directive=True)


def transfer(book: Book, case: CoreCase, seen: Sight, officer: Officer, to: str) -> CoreCase:
    """To another institution, three times at most; then to the desk of last resort, which names who keeps it."""
    may_step(case, seen, TRANSFERRED, book.today)
    desk = book.offices.desk(case.service)
    names = bool(desk) and case.institution == desk and case.moves >= MOST_MOVES
    if case.kept:
        raise Refused(f"the feedback desk named {case.institution}, which keeps the case: `case answer` answers it")
    if case.moves >= MOST_MOVES and not names:
        to = desk
    if to == case.institution:
        raise Refused(f"the case lies with {to} already")
    if to in case.hidden:
        raise Refused(f"the case reports {to}, which must not see it: name another institution")
    if book.offices.get(case.service, to) is None:
        raise Refused(f'"{to}" is no institution{did_you_mean(to, book.offices.codes)}')
    due = book.offices.due(case.service, to, case.type, book.today)
    after = book.happen(case, Actor(*officer), TRANSFERRED.value, state=TRANSFERRED, institution=to, due=due)
    # The desk's own move does not count: the case was addressed to nobody.
    moves = case.moves if case.unaddressed else after.moves
    return book.change(after, msgspec.structs.replace(after, moves=moves, unaddressed=False, kept=names))


def checked(text: str) -> str:
    """What an officer wrote, as it is stored: as typed, but for blanks at its ends."""
    if not text.strip():
        raise Refused("there are no words: write them behind the reference, or give them on standard input")
    if len(text.strip()) > LONGEST:
        raise Refused(f"that are {len(text.strip())} letters, {LONGEST} at most: shorten it")
    return text.strip()


def _may_be_due(case: CoreCase, due: date, today: date) -> None:
    if case.due is None:
        raise Refused(f"there is no due date to move: none is set for this case, a {case.type}")
    if due == case.due:
        raise Refused(f"the case is due on {due:%d/%m/%Y} already")
    if due <= today:
        raise Refused("a due date lies in the future: write it as 31/01/2026")
