"""How a case changes: what an event does to it, what the citizen is told, what she may do. Pure, without a clock.

Events are ordered by the core's own count of a case, else by time and id, and apply only if greater: a repeat or a late
one changes nothing and tells nothing. The table of states validates, it does not order: a core that tells only some of
its steps is followed, one that tells the impossible is not.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from ussd_engine.messages import CaseEvent
from ussd_engine.model import Case, CaseState, Told

APPEAL_WINDOW: Final = timedelta(days=30)
"""After an answer, a refusal, a decision, or the closing."""
STAYS_OPEN: Final = {"": timedelta(days=14), "no": APPEAL_WINDOW}
"""For how long an answer is not closed, by what its citizen says of it: nothing, or that she is not content. With any
other word she closes it herself."""
MOST_MOVES: Final = 3
"""The next transfer goes to the desk of last resort, which names the institution that keeps the case."""

QUEUED, RECEIVED, OPENED = CaseState.QUEUED, CaseState.RECEIVED, CaseState.OPENED
IN_PROGRESS, NEED_INFO, TRANSFERRED = CaseState.IN_PROGRESS, CaseState.NEED_INFO, CaseState.TRANSFERRED
ANSWERED, CLOSED, NOT_ACCEPTED = CaseState.ANSWERED, CaseState.CLOSED, CaseState.NOT_ACCEPTED
APPEALED, APPEAL_DECIDED, WITHDRAWN = CaseState.APPEALED, CaseState.APPEAL_DECIDED, CaseState.WITHDRAWN

STEPS: Final[dict[CaseState, frozenset[CaseState]]] = {
    QUEUED: frozenset({RECEIVED}),
    RECEIVED: frozenset({OPENED, TRANSFERRED}),
    OPENED: frozenset({IN_PROGRESS, TRANSFERRED, NOT_ACCEPTED}),
    IN_PROGRESS: frozenset({NEED_INFO, TRANSFERRED, NOT_ACCEPTED, ANSWERED}),
    NEED_INFO: frozenset({IN_PROGRESS}),
    TRANSFERRED: frozenset({RECEIVED}),
    ANSWERED: frozenset({CLOSED, APPEALED}),
    CLOSED: frozenset({APPEALED}),
    NOT_ACCEPTED: frozenset({APPEALED}),
    APPEALED: frozenset({APPEAL_DECIDED}),
    APPEAL_DECIDED: frozenset({APPEALED}),
    WITHDRAWN: frozenset(),
}
"""The steps of the offices, as cores tell them: `steps` says which of them is due. What the citizen does is
`may_withdraw`, `may_appeal`, `rated`."""

TAKEN: Final = (QUEUED, RECEIVED)
"""The one step that the gateway sees by itself: from where to where a case goes when the core has taken it."""
OPEN: Final = frozenset({QUEUED, RECEIVED, OPENED, IN_PROGRESS, NEED_INFO, TRANSFERRED})
"""Nobody has answered yet."""
WAITING: Final = OPEN | {APPEALED}
"""Somebody is to answer or to decide."""
WITHDRAWABLE: Final = frozenset({QUEUED, RECEIVED, OPENED, IN_PROGRESS, NEED_INFO})
ENDED: Final = frozenset({ANSWERED, CLOSED, NOT_ACCEPTED, APPEAL_DECIDED})
"""The appeal window counts from here."""
_SPOKEN: Final = frozenset({NEED_INFO, ANSWERED, NOT_ACCEPTED, APPEAL_DECIDED})
_STAYS_SAID: Final = _SPOKEN - {NEED_INFO}  # a question is read while it is open, and is no answer afterwards

BUCKETS: Final[dict[str, frozenset[CaseState]]] = {
    "open": frozenset({QUEUED, RECEIVED, OPENED, TRANSFERRED}),
    "in_progress": frozenset({IN_PROGRESS, NEED_INFO, APPEALED}),
    "completed": frozenset({ANSWERED, CLOSED, NOT_ACCEPTED, APPEAL_DECIDED, WITHDRAWN}),
}
"""How figures count a state."""

_TOLD: Final[dict[CaseState, Told]] = {
    OPENED: Told.OPENED,
    IN_PROGRESS: Told.IN_PROGRESS,
    NEED_INFO: Told.NEED_INFO,
    ANSWERED: Told.ANSWERED,
    CLOSED: Told.CLOSED,
    NOT_ACCEPTED: Told.NOT_ACCEPTED,
    APPEAL_DECIDED: Told.APPEAL_DECIDED,
}

Due = Callable[[str, str, str, date], date | None]
"""Service, institution, type, day: the day by which an answer is due by our own table; `None` where none is."""
Knows = Callable[[str, str], bool]
"""Service and code: whether the service has such an institution."""


class Verdict(StrEnum):
    """What became of an event, for the record and the counters."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    """The newest, and it changes nothing that anybody sees."""
    REPEAT = "repeat"
    LATE = "late"
    REFUSED = "refused"
    """A state that cannot follow: kept for the operator."""
    UNKNOWN = "unknown"
    """A state or an institution that nobody knows: kept for the operator."""
    NO_CASE = "no_case"
    """A reference that is not ours: kept for the operator."""


class Applied(NamedTuple):
    """The case afterwards, what the citizen is told of it (`None`: nothing), what became of the event."""

    case: Case
    told: Told | None
    verdict: Verdict


def may_follow(state: CaseState, next: CaseState) -> bool:
    """Whether offices can lead a case from one state to the other, in one step or in several that were not told.

    No office appeals: that the case is appealed is told by itself, or not at all.
    """
    if next is APPEALED:
        return next in STEPS[state]
    reached, look = set[CaseState](), [state]
    while look:
        for step in STEPS[look.pop()] - reached - {APPEALED}:
            reached.add(step)
            if step is not TRANSFERRED:  # what comes behind a transfer is told of another institution
                look.append(step)
    return next in reached


_FOLLOWS: Final = frozenset(
    {(state, next) for state in CaseState for next in CaseState if may_follow(state, next)}
    # She took it back while the answer was on its way: what the core says was said first, and can be read.
    | {(WITHDRAWN, ANSWERED), (WITHDRAWN, NOT_ACCEPTED)}
)


def anybody(service: str, institution: str) -> bool:
    """`Knows`, where there is no list of institutions."""
    return True


def apply(case: Case, event: CaseEvent, day: date, due: Due, knows: Knows = anybody) -> Applied:
    """What an event of the core does to a case, on the day it happened. `due` is our own table of deadlines."""
    order = (event.at_ms, event.id) if event.sequence is None else (event.sequence, "")
    last = (case.sequence, case.event)
    if last != (0, "") and (event.sequence is None) is not bool(case.event):
        return Applied(case, None, Verdict.REFUSED)  # counted and uncounted events have no order among them
    if order <= last:
        return Applied(_spoken(case, event), None, Verdict.REPEAT if order == last else Verdict.LATE)
    seen = msgspec.structs.replace(case, sequence=order[0], event=order[1])
    try:
        state = CaseState(event.state or case.state)
    except ValueError:
        return Applied(seen, None, Verdict.UNKNOWN)
    moved = bool(event.institution) and event.institution != case.institution
    if moved and not knows(case.service, event.institution):
        return Applied(seen, None, Verdict.UNKNOWN)  # her case would stand where nobody is above it, and show no holder
    if moved and state in (case.state, RECEIVED) and state is not APPEALED:
        state = TRANSFERRED
    if state is not case.state and (case.state, state) not in _FOLLOWS:
        found = _overtaken(seen, event, state, day, due)
        return Applied(found, None, Verdict.REFUSED if found == seen else Verdict.APPLIED)
    if state is TRANSFERRED:
        return _moved(seen, event, day, due)
    changed, told = seen, None
    if moved:
        changed = msgspec.structs.replace(changed, institution=event.institution, changed=day)
        told = Told.TRANSFERRED
    if state is not case.state:
        changed = _entered(changed, state, day)
        told = _told(changed, state)
    elif event.directive:
        changed, told = msgspec.structs.replace(changed, changed=day), Told.LEADER_DIRECTIVE
    if event.due is not None and event.due != case.due:
        changed = msgspec.structs.replace(changed, due=event.due, overdue=False, changed=day)
        told = told or Told.DUE_CHANGED
    same = told is None and changed.state is case.state
    return Applied(changed, told, Verdict.UNCHANGED if same else Verdict.APPLIED)


def _spoken(case: Case, event: CaseEvent) -> Case:
    """A late answer changes no state, but it is there to be read."""
    late = event.state in _STAYS_SAID and not case.spoken
    return msgspec.structs.replace(case, spoken=True) if late else case


def _overtaken(case: Case, event: CaseEvent, state: CaseState, day: date, due: Due) -> Case:
    """She took it back, or appealed, while this was on its way: the state stays hers, what else was said holds."""
    if case.state is not APPEALED and (case.state is not WITHDRAWN or state not in OPEN):
        return case
    after = _moved(case, event, day, due).case if state is TRANSFERRED else _entered(case, state, day)
    after = msgspec.structs.replace(after, spoken=case.spoken or state in _STAYS_SAID)
    if case.state is APPEALED:
        return msgspec.structs.replace(case, moves=after.moves, spoken=after.spoken)
    until = event.due or after.due
    return msgspec.structs.replace(after, state=case.state, changed=case.changed, ended=case.ended, due=until)


def _entered(case: Case, state: CaseState, day: date) -> Case:
    """The case in another state."""
    ended = day if state in ENDED else None if state in OPEN or state is APPEALED else case.ended
    if state is CLOSED and case.rating == "no":
        ended = case.ended or day  # she was told until when she may appeal
    rating = "" if state in (ANSWERED, APPEAL_DECIDED) else case.rating
    left = _left(case, state, day)
    spoken, appeals = left.spoken or state in _SPOKEN, case.appeals + (state is APPEALED)
    return msgspec.structs.replace(left, ended=ended, rating=rating, spoken=spoken, appeals=appeals)


def _left(case: Case, state: CaseState, day: date) -> Case:
    """The case out of its state, with which a question goes that was open in it."""
    spoken = case.spoken and case.state is not NEED_INFO
    return msgspec.structs.replace(case, state=state, changed=day, spoken=spoken)


def _moved(case: Case, event: CaseEvent, day: date, due: Due) -> Applied:
    """At another institution, which receives it: the reference stays, the due date begins anew."""
    institution = event.institution or case.institution
    until = event.due or due(case.service, institution, case.type, day)
    found = msgspec.structs.replace(
        _entered(case, RECEIVED, day), institution=institution, due=until, moves=case.moves + 1, overdue=False
    )
    return Applied(found, Told.TRANSFERRED, Verdict.APPLIED)


def _told(case: Case, state: CaseState) -> Told | None:
    if case.type == "compliment":
        return Told.COMPLIMENT_READ if state is OPENED else None
    if state is ANSWERED and case.leader:
        return Told.LEADER_ANSWERED
    until = appeal_until(case)
    if state is CLOSED and until is not None and case.changed > until:
        return None  # what is told of a closing is until when she may appeal
    return _TOLD.get(state)


# what time does


def overdue(case: Case, today: date) -> Case | None:
    """The case once its citizen is told that the due date has passed; `None` where that is not so, or was told."""
    if case.overdue or case.state not in WAITING or case.due is None or today <= case.due:
        return None
    return msgspec.structs.replace(case, overdue=True)


def closes_from(case: Case) -> date | None:
    """The first day on which an answer may be closed without its citizen; `None` where there is none to close."""
    stays = STAYS_OPEN.get(case.rating)
    if case.state is not ANSWERED or case.ended is None or stays is None:
        return None
    return case.ended + stays + timedelta(days=1)


def closes(case: Case, today: date) -> bool:
    """Whether an answer is closed by time: nobody reacted, or she was not content and did not appeal."""
    day = closes_from(case)
    return day is not None and today >= day


# what an office may do


def steps(case: Case, today: date) -> frozenset[CaseState]:
    """The states to which who holds a case may lead it on a day. An answer is the citizen's to close, then time's."""
    if case.type == "compliment" and case.state is OPENED:
        return frozenset()
    found = STEPS[case.state] - {APPEALED}
    return found if closes(case, today) else found - {CLOSED}


# what the citizen may do


class MayAppeal(StrEnum):
    """Whether a case may go to a higher level now."""

    OK = "ok"
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"
    TOP = "top"
    """There is no higher level."""
    NEVER = "never"


def appeal_until(case: Case) -> date | None:
    """The last day of the appeal window; `None` while there is nothing to appeal against."""
    return None if case.ended is None else case.ended + APPEAL_WINDOW


def may_appeal(case: Case, today: date, higher: str, leak: bool = False) -> MayAppeal:
    """`higher` is the code of the next level, empty where there is none. A leak may be told at any time."""
    if not leak and (case.type == "compliment" or case.state is WITHDRAWN):
        return MayAppeal.NEVER
    if not higher:
        return MayAppeal.TOP
    if leak:
        return MayAppeal.OK
    until = appeal_until(case)
    if case.state in ENDED and until is not None:
        return MayAppeal.OK if today <= until else MayAppeal.TOO_LATE
    return MayAppeal.OK if case.due is not None and today > case.due else MayAppeal.TOO_EARLY


def may_rate(case: Case) -> bool:
    """Whether she is asked if she is content with the answer."""
    return case.state is ANSWERED and not case.rating


def may_withdraw(case: Case) -> bool:
    """Whether she may take her case back."""
    return case.state in WITHDRAWABLE


def may_add(case: Case) -> bool:
    """Whether more words still reach somebody."""
    return case.state in WAITING


def can(case: Case) -> frozenset[str]:
    """What the menu offers on a case: the fact `can` of its screen."""
    may = {
        "read": case.spoken,
        "add": may_add(case),
        "rate": may_rate(case),
        "withdraw": may_withdraw(case),
        "appeal": case.type != "compliment" and case.state is not WITHDRAWN,
    }
    return frozenset(name for name, holds in may.items() if holds)


def rated(case: Case, rating: str, today: date) -> Case:
    """Content, or partly: it closes. Not: it stays answered, and the appeal is offered."""
    found = msgspec.structs.replace(case, rating=rating)
    if rating == "no":
        return found
    return msgspec.structs.replace(found, state=CLOSED, changed=today, ended=today)


def added(case: Case, today: date) -> Case:
    """More words. Where the office asked for them it goes on, which is no news to her when the core tells it."""
    return _left(case, IN_PROGRESS, today) if case.state is NEED_INFO else case


def withdrawn(case: Case, today: date) -> Case:
    """Taken back."""
    return _left(case, WITHDRAWN, today)


def appealed(case: Case, higher: str, due: date | None, today: date) -> Case:
    """At a higher level, with a due date of its own."""
    left = _left(case, APPEALED, today)
    return msgspec.structs.replace(
        left, institution=higher, due=due, ended=None, appeals=case.appeals + 1, overdue=False
    )
