"""What design and documents accept: where one of these happened, a promise that it breaks is not held to it."""

from __future__ import annotations

from enum import StrEnum

from .plan import Person
from .run import Run
from .witness import Copy, Leg


class Known(StrEnum):
    """The sentences of `docs/known-limits.md` and `docs/turn-rules.md`, and nothing else."""

    FORGOTTEN = (
        "After a fail-over that lost Redis's last writes a shown `fail` may yet have been sent; one answer may then"
        " meet the screen before. Where Redis was emptied the dialog begins again."
    )
    LATE_REPEAT = "Without leg identity a repeat later than its window is an answer; it acts only later than `hold_s`."
    HELD = "Without leg identity an input that may be a late repeat and would act gets the screen once more."
    RACED = "Who loses a race has her input not applied; she gets the screen that is there."
    TROUBLE = (
        "Where the store or the database does not answer in time, the turn ends with words, and she dials again; an"
        " answer that finds an act still pending ends that act."
    )
    LATE_START = "A copy of a start that is more than 15 s late counts as a redial, and one answer lands on `resume`."
    TOO_LATE = (
        "A redial later than 3 minutes after the last screen, or 10 after a pending, does not show the reference."
    )
    NO_NUMBER = "A dialog without a number cannot be resumed, and its last screen is not shown again."
    REUSED = (
        "Where a provider names callers by no number, gives an id of the last minutes to another, and a fail-over"
        " brings back the writes of the first, the second can see them: nothing on the wire tells the two apart."
    )


FORGETS = ("forget1", "forget3", "empty", "evict")
TROUBLE_BEFORE_S = 4.0
HOLD_S, WINDOW_S, RESTART_S = 6.0, 1.0, 15.0


def forgot(run: Run) -> bool:
    """`Known.FORGOTTEN`"""
    return any(fault.what in FORGETS for _, fault in run.weather.struck)


def troubled(run: Run, copy: Copy) -> bool:
    """`Known.TROUBLE`"""
    if "pending_resumed" in copy.seen.counts:
        return True
    until_s = copy.answered_s or run.ended_s
    return any(
        fault.place != "leg" and copy.came_s - TROUBLE_BEFORE_S <= at_s <= until_s for at_s, fault in run.weather.struck
    )


def late_repeat(first: Copy, copy: Copy) -> bool:
    """`Known.LATE_REPEAT`"""
    answered_s = first.answered_s
    return copy.leg.person.channel == "window" and (answered_s is None or copy.came_s - answered_s > WINDOW_S)


def strayed(run: Run, leg: Leg) -> bool:
    """`Known.LATE_REPEAT`, `Known.LATE_START`: one came before this leg, and may have moved her dialog."""
    mine = [one for one in run.witness.legs if one.person.phone == leg.person.phone]
    earlier = [one for one in mine if one.number <= leg.number]
    return any(_stray(one.copies[0], copy) for one in earlier for copy in one.copies[1:])


def _stray(first: Copy, copy: Copy) -> bool:
    late_start = copy.leg.index == 0 and copy.came_s - first.came_s > RESTART_S
    return late_start or late_repeat(first, copy)


def held(run: Run, leg: Leg) -> bool:
    """`Known.HELD`: an equal answer came a moment ago, or the one before this was such a one."""
    if not any("held" in copy.seen.counts for copy in leg.copies):
        return False
    mine = [one for one in run.witness.legs if one.person.phone == leg.person.phone and one.index]
    before = [one for one in mine if one.number < leg.number]
    return leg.person.channel == "window" and (_equals(mine, leg) or (bool(before) and _equals(mine, before[-1])))


def _equals(mine: list[Leg], leg: Leg) -> bool:
    arrivals = [copy.came_s for one in mine if one.text == leg.text for copy in one.copies]
    return any(at_s < copy.came_s < at_s + HOLD_S + WINDOW_S for copy in leg.copies for at_s in arrivals)


def mistaken(run: Run, person: Person) -> bool:
    """`Known.REUSED`"""
    return person.ids == "pool" and person.number != "always" and forgot(run)


def raced(run: Run, copy: Copy) -> bool:
    """`Known.RACED`: another copy of this or of another leg of hers was under way."""
    others = [
        other
        for leg in run.witness.legs
        if leg.person.phone == copy.leg.person.phone or leg.dialogue == copy.leg.dialogue
        for other in leg.copies
        if other is not copy
    ]
    until_s = copy.answered_s or run.ended_s
    return any(other.came_s <= until_s and (other.answered_s or run.ended_s) >= copy.came_s for other in others)
