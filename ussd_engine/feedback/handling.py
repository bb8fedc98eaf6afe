"""What an officer may do to a case, step by step, and what each step leaves. Refusals name the way out.

What is offered is what is not refused: one table, `ACTS`, by the rules of `lifecycle.steps`.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import msgspec

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
    OPEN,
    OPENED,
    RECEIVED,
    STEPS,
    TRANSFERRED,
    appeal_until,
    closes_from,
    steps,
)
from ussd_engine.model import CaseState

LONGEST: Final = 1600
"""Letters of what an officer writes; on the phone some fourteen pages."""
SPEAKS: Final = {NEED_INFO: "question", ANSWERED: "answer", NOT_ACCEPTED: "reason", APPEAL_DECIDED: "decision"}
"""The steps that take words, and what these are."""
ACTS: Final = {
    "open": OPENED,
    "progress": IN_PROGRESS,
    "ask": NEED_INFO,
    "answer": ANSWERED,
    "transfer": TRANSFERRED,
    "refuse": NOT_ACCEPTED,
    "decide": APPEAL_DECIDED,
    "close": CLOSED,
}
"""Commands that lead a case on, each to its state."""
LATEST: Final = timedelta(days=365)
"""A due date further away is a slip of the hand."""
MOVES_DUE: Final = "progress --due"
DIRECTS: Final = "progress --directive"
_STANDS: Final = {
    CaseState.RECEIVED: "nobody has opened the case yet",
    CaseState.OPENED: "the case is open, and nobody works on it yet",
    CaseState.IN_PROGRESS: "the case is being worked on",
    CaseState.NEED_INFO: "the case waits for the citizen; her answer takes it up again",
    CaseState.ANSWERED: "the case is answered",
    CaseState.CLOSED: "the case is closed",
    CaseState.NOT_ACCEPTED: "the case was not accepted",
    CaseState.APPEALED: "the case is under appeal",
    CaseState.APPEAL_DECIDED: "the appeal is decided",
    CaseState.WITHDRAWN: "the citizen took the case back",
}


def stands(case: CoreCase, today: date) -> str:
    """How a case stands, and whose turn it is where it is not the office's."""
    said = _STANDS[case.state]
    if case.type == "compliment" and case.state is OPENED:
        return "a compliment ends when it was read; its writer was thanked"
    if case.state is ANSWERED:
        return f"{said}; {_closing(case, today)}"
    until = appeal_until(case)
    if until is None:
        return said
    return f"{said}; the citizen may appeal until {until:%d/%m/%Y}" if today <= until else f"{said}, for good"


def _closing(case: CoreCase, today: date) -> str:
    day, until = closes_from(case), appeal_until(case)
    if day is None or today >= day:
        return "its time is over"
    if case.rating:
        return f"the citizen is not content and may appeal until {until:%d/%m/%Y}; it closes from {day:%d/%m/%Y} on"
    return f"it closes when the citizen is content, wholly or partly, and by itself from {day:%d/%m/%Y} on"


def offers(case: CoreCase, seen: Sight, today: date) -> tuple[str, ...]:
    """What may be done with a case now by who sees so much of it, as `ussd-engine case` names it."""
    found = [name for name, to in ACTS.items() if not _no_step(case, seen, to, today)]
    found += [MOVES_DUE] if not _no_due_date(case, seen, today) else []
    found += [DIRECTS] if not _no_direction(case, seen, today) else []
    return tuple(found)


def may_step(case: CoreCase, seen: Sight, to: CaseState, today: date) -> None:
    """`Refused` where a case cannot be taken to a state now, by who sees so much of it."""
    _refuse(_no_step(case, seen, to, today), case, seen, today)


def _refuse(why: str, case: CoreCase, seen: Sight, today: date) -> None:
    """`Refused` where there is a reason, with what may be done instead."""
    if not why:
        return
    instead = [f"`case {name}`" for name in offers(case, seen, today)]
    if not instead:
        raise Refused(why)
    *others, last = instead
    raise Refused(f"{why}. Now: {', '.join(others)} or {last}" if others else f"{why}. Now: {last}")


def _no_step(case: CoreCase, seen: Sight, to: CaseState, today: date) -> str:
    """Why a case cannot be taken to a state; empty where it can."""
    if not seen.acts:
        return _elsewhere(case)
    if to not in steps(case, today):
        return f"not now: {stands(case, today)}"
    if to is TRANSFERRED and case.kept:
        return f"the feedback desk named {case.institution}, which keeps the case"
    return ""


def _no_due_date(case: CoreCase, seen: Sight, today: date) -> str:
    """Why the due date of a case cannot be moved."""
    if not seen.acts:
        return _elsewhere(case)
    if not case.waiting:
        return f"not now: {stands(case, today)}"
    return "" if case.due else f"there is no due date to move: none is set for this case, a {case.type}"


def _no_direction(case: CoreCase, seen: Sight, today: date) -> str:
    """Why no directions can be given on a case."""
    if not seen.directs:
        return f"directions are given by leaders, {', '.join(LEADING)}, on what they may read"
    return "" if case.waiting else f"not now: {stands(case, today)}"


def _elsewhere(case: CoreCase) -> str:
    return f"the case lies with {case.institution}: its officers act on it"


def begin(book: Book, case: CoreCase, seen: Sight, officer: Officer) -> CoreCase:
    """Open a case; one that is open already is said to be so, and since when."""
    if seen.acts and case.state in OPEN - {RECEIVED} and (since := book.last(case, OPENED.value)):
        _refuse(f"the case is open already, since {since:%d/%m/%Y}: nothing was changed", case, seen, book.today)
    return step(book, case, seen, officer, OPENED)


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
    _refuse(_no_due_date(case, seen, book.today), case, seen, book.today)
    _may_be_due(case, due, book.today)
    if IN_PROGRESS in STEPS[case.state]:
        may_step(case, seen, IN_PROGRESS, book.today)
        return book.happen(case, Actor(*officer), IN_PROGRESS.value, state=IN_PROGRESS, due=due)
    return book.happen(case, Actor(*officer), "due", due=due)


def direct(book: Book, case: CoreCase, seen: Sight, officer: Officer, text: str) -> CoreCase:
    """A leader's directions to who holds the case; the citizen is told that there are some."""
    _refuse(_no_direction(case, seen, book.today), case, seen, book.today)
    book.say(case, Actor(*officer), "directive", checked(text))
    return book.happen(case, Actor(*officer), "directive", directive=True)


def transfer(book: Book, case: CoreCase, seen: Sight, officer: Officer, to: str) -> CoreCase:
    """To another institution, three times at most; then to the desk of last resort, which names who keeps it."""
    may_step(case, seen, TRANSFERRED, book.today)
    moved_out = case.moves >= MOST_MOVES
    desk = book.offices.last(case.service, case.hidden)
    if moved_out and not desk:
        raise Refused(
            f"three moves are the most, and no desk is left that may see the case: {case.institution} keeps it"
        )
    names = moved_out and case.institution == desk
    if moved_out and not names:
        to = desk
    if to == case.institution:
        raise Refused(f"the case lies with {to} already")
    if to in case.hidden:
        raise Refused(f"the case reports {to}, which must not see it: name another institution")
    if book.offices.get(case.service, to) is None:
        raise Refused(f'"{to}" is no institution{book.offices.hint(to)}: write its code')
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
        raise Refused(f"it has {len(text.strip())} letters, {LONGEST} at most: shorten it")
    return text.strip()


def _may_be_due(case: CoreCase, due: date, today: date) -> None:
    if due == case.due:
        raise Refused(f"the case is due on {due:%d/%m/%Y} already")
    if due <= today:
        raise Refused(f"a due date lies in the future: {today + timedelta(days=1):%d/%m/%Y} at the earliest")
    if due > today + LATEST:
        raise Refused(f"a due date lies within a year: {today + LATEST:%d/%m/%Y} at the latest")
