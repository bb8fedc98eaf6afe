"""Promises to people: what is theirs reaches them, and nobody else."""

from __future__ import annotations

from itertools import pairwise

from tests.world import known
from tests.world.promise import (
    KEPT_LIMIT_S,
    LAST_S,
    NOT_KNOWN,
    PENDING_S,
    PIN,
    TOKEN,
    Broken,
    copies,
    owner,
    promise,
    writes,
)
from tests.world.run import Run
from tests.world.witness import Copy, Leg
from ussd_engine.model import Mode


@promise
def nobody_reads_anothers_words(run: Run) -> Broken:
    """No screen holds another's text, and none another's reference but `last` on a phone that both use."""
    phones = {citizen.person.name: citizen.person.phone for citizen in run.citizens}
    whose = {one: owner(run, sent.answers.get("message") or "") for one, sent in run.submissions.items()}
    for copy in copies(run):
        me = copy.leg.person
        if known.mistaken(run, copy):
            continue
        for found in TOKEN.finditer(copy.text):
            if found[1] != me.name:
                yield f"{copy} at {copy.screen} shows the words of {found[1]}"
        for reference, _ in PIN.findall(copy.text):
            if phones.get(whose.get(reference, me.name), me.phone) != me.phone:
                yield f"{copy} shows a reference of {whose[reference]}"


@promise
def a_pin_stays(run: Run) -> Broken:
    """A PIN that is shown again is the same."""
    pins: dict[str, str] = {}
    for copy in copies(run):
        for reference, pin in PIN.findall(copy.text):
            if pins.setdefault(reference, pin) != pin:
                yield f"{copy} shows another PIN for {reference}"


@promise
def nobody_is_stuck(run: Run) -> Broken:
    """When nothing goes wrong any more, everybody can dial and send a complaint."""
    yield from (f"{name} cannot" for name, finished in run.finished.items() if not finished)


@promise
def what_is_committed_is_shown_or_found(run: Run) -> Broken:
    """A reference reaches her phone: at once, or by a redial within 3 min of its screen, 10 of a pending act."""
    for reference, submission in run.submissions.items():
        mine = [
            one.person for one in run.citizens if one.person.name == owner(run, submission.answers["message"] or "")
        ]
        if not mine or mine[0].number == "never":
            continue
        legs = [leg for leg in run.witness.legs if leg.person.phone == mine[0].phone]
        shown_s = min((leg.at_s for leg in legs if leg.shown and reference in leg.shown.text), default=float("inf"))
        begun_s = run.begun[bytes.fromhex(submission.idempotency_key)]
        dial = _redial(legs, begun_s)
        if dial is None or dial.shown is None or dial.at_s >= min(shown_s, _until(run, reference, begun_s, dial.at_s)):
            continue
        forgotten = known.forgot(run, mine[0], begun_s, dial.shown.answered_s or run.ended_s)
        if not forgotten and not known.nameless(run, mine[0], submission) and not known.strayed(run, legs[-1]):
            yield f"{reference} of {mine[0].name} was committed, and the redial did not show it"


def _redial(legs: list[Leg], begun_s: float) -> Leg | None:
    """Her first dial after she had sent it, of those that led somewhere."""
    dials = (leg for leg in legs if not leg.index and leg.at_s > begun_s and leg.shown)
    return next((leg for leg in dials if leg.shown and leg.shown.screen not in NOT_KNOWN), None)


def _until(run: Run, reference: str, begun_s: float, dialled_s: float) -> float:
    """Until when a dial had to show it."""
    ends = [one.session.outcome for _, one in writes(run) if one.session.outcome]
    shown = [one.at_ms / 1000 for one in ends if one.values.get("ref") == reference]
    written_s = [at_s for at_s in shown if at_s <= dialled_s]
    return (min(written_s) + LAST_S if written_s else begun_s + PENDING_S) - 1.0


@promise
def the_same_leg_gets_the_same_screen(run: Run) -> Broken:
    """A copy of a leg after which nothing came gets what the leg got, to the letter; a last screen too."""
    for leg in run.witness.legs:
        answered = sorted((one for one in leg.copies if one.answered_s), key=lambda one: one.answered_s or 0.0)
        for before, copy in pairwise(answered):
            late = known.late_repeat(before, copy) or copy.came_s - before.came_s > KEPT_LIMIT_S
            late = late or "menu_moved" in copy.seen.counts
            late = late or known.forgot(run, leg.person, before.came_s, copy.answered_s or run.ended_s)
            done = (
                before.session is not None
                and (leg.index > 0 or leg.person.number != "never")
                and before.screen != "in_doubt"
                and copy.screen not in ("fault", "in_doubt")
            )
            alone = not any(_between(other, before, copy) for other in run.witness.legs if other is not leg)
            if done and alone and not late and before.text != copy.text:
                yield f"{copy} got {copy.screen}, and before it {before.screen}"


def _between(other: Leg, before: Copy, copy: Copy) -> bool:
    mine = other.person.phone == copy.leg.person.phone or other.dialogue == copy.leg.dialogue
    return mine and any(before.came_s <= one.came_s <= (copy.answered_s or 0.0) for one in other.copies)


@promise
def an_older_leg_does_nothing(run: Run) -> Broken:
    """A leg that is older, or of a dialogue that was left, acts on nothing; a closed notice changes nothing."""
    for copy in copies(run):
        if copy.acts and copy.seen.kind in ("older", "old_dialogue"):
            yield f"{copy} is {copy.seen.kind} and acted"


@promise
def a_key_belongs_to_one_caller(run: Run) -> Broken:
    """No two callers' acts have one key."""
    whose: dict[bytes, int] = {}
    for copy in copies(run):
        for act in copy.acts:
            another = whose.setdefault(act.key, copy.leg.person.phone) != copy.leg.person.phone
            if another and not known.mistaken(run, copy):
                yield f"{copy} acted under another's key"


@promise
def what_is_known_to_be_committed_is_shown(run: Run) -> Broken:
    """A turn that knows of a commit shows its reference, whatever became of the session."""
    for copy in copies(run):
        for one in copy.known:
            if one.kind == "submit" and one.reference not in copy.text:
                yield f"{copy} knew of {one.reference} and showed {copy.screen}"


@promise
def an_act_that_was_begun_ends(run: Run) -> Broken:
    """What was asked of the database is done there, whatever became of the turn, unless the database failed."""
    if any(fault.place == "sql" and fault.what not in ("slow", "late") for _, fault in run.weather.struck):
        return
    for leg in run.witness.legs[: run.quiet_at]:
        for copy in leg.copies:
            if any(act.key not in run.settled for act in copy.acts):
                yield f"{copy} began an act that nobody ended"


@promise
def a_session_follows_the_one_that_was_read(run: Run) -> Broken:
    """Nothing is written over what a turn has not read, and what vanished does not come back."""
    for before, one in writes(run):
        if before != (one.base or b""):
            yield f"{one.copy} wrote {one.session.screen} over {'another session' if before else 'nothing'}"


@promise
def nothing_stays(run: Run) -> Broken:
    """In Redis everything is gone ten minutes after its last leg."""
    for entry in run.cache.entries().values():
        if entry.until_s > run.ended_s + KEPT_LIMIT_S:
            yield f"something stays for {entry.until_s - run.ended_s:.0f} s"


@promise
def without_a_number_all_is_anonymous(run: Run) -> Broken:
    """Who calls without a number sends anonymously."""
    silent = {citizen.person.name for citizen in run.citizens if citizen.person.number == "never"}
    for reference, one in run.submissions.items():
        if owner(run, one.answers.get("message") or "") in silent and one.mode is not Mode.ANONYMOUS:
            yield f"{reference} is {one.mode}"
