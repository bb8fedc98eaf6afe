"""What design and documents accept: where one of these happened, a promise that it breaks is not held to it."""

from __future__ import annotations

from enum import StrEnum

from tests.world.plan import Person
from tests.world.run import Run
from tests.world.witness import Copy, Leg
from ussd_engine.model import Submission


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
    REOPENED = (
        "Where a provider begins again under an id that it has used before, and Redis lost that start or answers before"
        " it, an answer may be taken for a repeat or for an older leg: she gets the screen once more."
    )
    MOVED = (
        "An answer that finds the menus of its dialog gone is not applied: it gets the screen that comes next on the"
        " new ones. Answers that a whole text brings again may not suit them."
    )
    OUSTED = (
        "Where Redis was emptied, it forgot the dialogues that were left too: a late leg of one of them takes the"
        " dialog over, and she dials again."
    )
    REUSED = (
        "Where a provider names callers by no number, gives an id of the last minutes to another, and a fail-over"
        " brings back the writes of the first, the second can see them: nothing on the wire tells the two apart."
    )


TROUBLE_BEFORE_S = 4.0
HOLD_S, WINDOW_S, RESTART_S = 6.0, 1.0, 15.0


def forgot(run: Run, person: Person, since_s: float, until_s: float) -> bool:
    """`Known.FORGOTTEN`: something that Redis kept for her was lost in that time."""
    lost = (loss.keys for loss in run.cache.losses if since_s <= loss.at_s <= until_s)
    return any(person.phone in run.witness.keys[key] for keys in lost for key in keys)


def overtaken(run: Run, leg: Leg, copy: Copy) -> bool:
    """`Known.FORGOTTEN`: what she had read, or what this turn had, was lost before the turn was over."""
    since_s = leg.read.came_s if leg.read else leg.at_s
    return forgot(run, leg.person, since_s, copy.answered_s or run.ended_s)


def glued(run: Run, copy: Copy) -> bool:
    """`Known.FORGOTTEN`: a whole text brought what was lost once more, and in free text it stays text."""
    leg = copy.leg
    mine = [one for one in run.witness.legs if one.dialogue == leg.dialogue and one.person == leg.person]
    since_s = max(one.at_s for one in mine if not one.index and one.number <= leg.number)
    whole = leg.person.channel == "cumulative" and forgot(run, leg.person, since_s, copy.answered_s or run.ended_s)
    return whole or overtaken(run, leg, copy)


def began_again(run: Run, copy: Copy) -> bool:
    """`Known.FORGOTTEN`: nothing of her dialog was left, and an answer opened it anew before this one came."""
    before = [leg for leg in run.witness.legs if leg.dialogue == copy.leg.dialogue and 0 < leg.index < copy.leg.index]
    return any(one.seen.kind == "new" for leg in before for one in leg.copies)


def undone(run: Run, leg: Leg) -> bool:
    """`Known.FORGOTTEN`: what this leg had written was lost."""
    written = (run.witness.written.get(write.version) for write in run.cache.undone)
    return any(one is not None and one.copy.leg is leg for one in written)


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
    """`Known.HELD`: an equal answer came a moment ago, or the one that was applied before this was such a one."""
    if not any("held" in copy.seen.counts for copy in leg.copies):
        return False
    mine = [one for one in run.witness.legs if one.person.phone == leg.person.phone and one.index]
    before = [one for one in mine if one.number < leg.number and not _passed_over(one)]
    return leg.person.channel == "window" and (_equals(mine, leg) or (bool(before) and _equals(mine, before[-1])))


def _passed_over(leg: Leg) -> bool:
    return any("not_applied" in copy.seen.counts for copy in leg.copies)


def _equals(mine: list[Leg], leg: Leg) -> bool:
    arrivals = [copy.came_s for one in mine if one.text == leg.text for copy in one.copies]
    return any(at_s < copy.came_s < at_s + HOLD_S + WINDOW_S for copy in leg.copies for at_s in arrivals)


def nameless(run: Run, person: Person, submission: Submission) -> bool:
    """`Known.NO_NUMBER`: her number comes with the first leg only, and what led the later ones to it was lost."""
    begun_s = run.begun[bytes.fromhex(submission.idempotency_key)]
    return person.number == "first" and submission.mode == "anonymous" and forgot(run, person, 0.0, begun_s)


def reopened(run: Run, leg: Leg) -> bool:
    """`Known.REOPENED`"""
    same = [one for one in run.witness.legs[: leg.number] if one.dialogue == leg.dialogue and one.person == leg.person]
    start = next((one for one in reversed(same) if not one.index), None)
    if start is None or leg.person.ids == "own":
        return False
    repeats = start.copies[0].seen.kind == "repeat" and forgot(run, leg.person, 0.0, start.at_s)
    return repeats or undone(run, start)


def ousted(run: Run, copy: Copy) -> bool:
    """`Known.OUSTED`"""
    mine = (one for leg in run.witness.legs if leg.person.phone == copy.leg.person.phone for one in leg.copies)
    takes_over = (one for one in mine if one.seen.kind == "redial" and (one.number or one.leg.index))
    late = [one for one in takes_over if one.came_s <= copy.came_s]
    emptied = bool(late) and forgot(run, copy.leg.person, late[-1].leg.at_s, late[-1].came_s)
    return copy.seen.kind == "old_dialogue" and emptied


def moved(leg: Leg) -> bool:
    """`Known.MOVED`"""
    return any("menu_moved" in copy.seen.counts for copy in leg.copies)


def changed(run: Run, copy: Copy) -> bool:
    """`Known.MOVED`: the dialogue saw more than one edition."""
    every = (one for leg in run.witness.legs if leg.dialogue == copy.leg.dialogue for one in leg.copies)
    return len({one.session.menu for one in every if one.session}) > 1


def mistaken(run: Run, copy: Copy) -> bool:
    """`Known.REUSED`"""
    person = copy.leg.person
    reused = person.ids == "pool" and person.number != "always"
    return reused and forgot(run, person, 0.0, copy.answered_s or run.ended_s)


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


def not_applied(run: Run, leg: Leg, copy: Copy) -> bool:
    """Whether any of these says why an answer, to which she got this, was not applied."""
    lost = undone(run, leg) or overtaken(run, leg, copy) or reopened(run, leg) or ousted(run, copy)
    waits = troubled(run, copy) or raced(run, copy) or held(run, leg)
    return lost or waits or strayed(run, leg) or moved(leg)
