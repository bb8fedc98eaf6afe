"""What every run must keep, a promise a function. Each yields what it finds broken, in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ussd_engine import gsm
from ussd_engine.model import Mode
from ussd_engine.scope import draft_of

from . import known
from .run import Run
from .witness import Copy, Leg, Written

Broken = Iterator[str]
PROMISES: list[Callable[[Run], Broken]] = []
TURN_S = 4.05
LAST_S, PENDING_S, KEPT_LIMIT_S = 180.0, 600.0, 600.0
ACTING = ("review", "settings", "resume")
NOT_KNOWN = ("fault", "old", "in_doubt", "busy")
TOKEN = re.compile(r"\b([A-F])\d+q\b")
PIN = re.compile(r"Namba: (\d{9})\nPIN: (\d{4})")


def promise(function: Callable[[Run], Broken]) -> Callable[[Run], Broken]:
    PROMISES.append(function)
    return function


def broken(run: Run) -> list[str]:
    """All that a run broke, by the name of the promise."""
    return [f"{one.__name__}: {words}" for one in PROMISES for words in one(run)]


# what a run holds


def copies(run: Run) -> Iterator[Copy]:
    """Every copy that was answered."""
    return (copy for leg in run.witness.legs for copy in leg.copies if copy.answered_s is not None)


def writes(run: Run) -> Iterator[tuple[bytes, Written]]:
    """What was written and not forgotten: what stood there before, and the session."""
    for write in (*run.cache.emptied, *run.cache.writes):
        if write.version in run.witness.written:
            yield write.before, run.witness.written[write.version]


def applied(run: Run, leg: Leg) -> list[Written]:
    """The writes that took this leg for an answer."""
    return [
        one
        for _, one in writes(run)
        if one.copy.leg is leg and one.base and one.session.step > run.witness.written[one.base].session.step
    ]


def owner(run: Run, text: str) -> str:
    """Whose words these are."""
    found = TOKEN.search(text)
    return found[1] if found else ""


# the promises


@promise
def nothing_escapes(run: Run) -> Broken:
    """No exception leaves `take_turn`, and none is left lying in the loop."""
    yield from (f"{copy}: {copy.escaped}" for leg in run.witness.legs for copy in leg.copies if copy.escaped)
    yield from run.escaped


@promise
def everything_is_answered_in_time(run: Run) -> Broken:
    """A turn is answered within its deadline."""
    for copy in copies(run):
        if (copy.answered_s or 0.0) - copy.came_s > TURN_S:
            yield f"{copy} took {(copy.answered_s or 0.0) - copy.came_s:.2f} s"


@promise
def every_screen_fits(run: Run) -> Broken:
    """A screen has at most 160 septets, or 80 units."""
    yield from (f"{copy}: {copy.screen}" for copy in copies(run) if not gsm.fits(copy.text, 160, 80))


@promise
def a_shown_reference_is_committed(run: Run) -> Broken:
    """A reference is shown only of what is committed."""
    for copy in copies(run):
        for reference, _ in PIN.findall(copy.text):
            if reference not in run.submissions:
                yield f"{copy} shows {reference}, which nobody has committed"


@promise
def what_is_sent_is_what_the_review_showed(run: Run) -> Broken:
    """A submission holds the text of a review that she read and confirmed."""
    if known.forgot(run):
        return
    confirmed = {
        (draft.answers.get("message"), (draft.answers.get("identity")))
        for leg in run.witness.legs
        if leg.text == "1" and leg.read and leg.read.screen == "review" and leg.read.session
        for draft in leg.read.session.drafts
    }
    for reference, submission in run.submissions.items():
        if (submission.answers.get("message"), submission.answers.get("identity")) not in confirmed:
            yield f"{reference} was sent, and no review that she confirmed had shown it"


@promise
def a_text_is_sent_as_it_was_typed(run: Run) -> Broken:
    """What is stored is what she typed: each part once, in its order, whatever stars or blanks it holds."""
    if known.forgot(run):
        return
    for reference, submission in run.submissions.items():
        message = submission.answers.get("message") or ""
        typed = [
            gsm.clean(text).strip()
            for citizen in run.citizens
            if citizen.person.name == owner(run, message)
            for text in citizen.typed
        ]
        mine = [leg for leg in run.witness.legs if leg.person.name == owner(run, message)]
        strayed = bool(mine) and known.strayed(run, mine[-1])
        if not strayed and message != " ".join(text for text in typed if text in message):
            yield f"{reference} holds {message!r}, and nobody has typed that"


@promise
def a_text_is_sent_once(run: Run) -> Broken:
    """One submission a run of the form."""
    seen: dict[str, str] = {}
    for reference, submission in run.submissions.items():
        for token in {found[0] for found in TOKEN.finditer(submission.answers.get("message") or "")}:
            if token in seen:
                yield f"{token} stands in {seen[token]} and in {reference}"
            seen[token] = reference


@promise
def nothing_was_sent_means_nothing_was_sent(run: Run) -> Broken:
    """Who reads `fail` or `cancelled` has no submission of that run, but one that she confirms afterwards."""
    if known.forgot(run):
        return
    for copy in copies(run):
        draft = draft_of(copy.session) if copy.session and copy.screen == "fail" else None
        keys = {act.key for one in copy.leg.copies for act in one.acts} if copy.screen == "cancelled" else set()
        for key in keys | ({draft.run} if draft else set()):
            sent = key in run.effects and run.effects[key].kind == "submit"
            if sent and run.begun[key] <= (copy.answered_s or 0.0) + 0.001:
                yield f"{copy} says {copy.screen}, and {run.effects[key].reference} was sent"


@promise
def an_answer_is_applied_once(run: Run) -> Broken:
    """However often a leg comes, it is one answer."""
    for leg in run.witness.legs:
        first, *more = applied(run, leg) or [None]
        for one in more:
            assert first is not None
            base = run.witness.written[one.base or b""].session
            acting = base.screen in ACTING or (base.screen == "home" and not run.plan.shipped)
            in_hold = acting and one.copy.came_s - first.copy.came_s < known.HOLD_S
            if in_hold or not known.strayed(run, leg):
                yield f"{leg} was applied again by copy {one.copy.number}, at {base.screen}"


@promise
def an_answer_is_not_lost(run: Run) -> Broken:
    """An answer to which she got another screen was applied."""
    if known.forgot(run):
        return
    for leg in run.witness.legs:
        copy = leg.shown
        if not leg.index or copy is None or applied(run, leg):
            continue
        why = known.troubled(run, copy) or known.raced(run, copy)
        if not why and not known.held(run, leg) and not known.strayed(run, leg):
            yield f"{leg} got {copy.screen} ({copy.seen.kind} {' '.join(copy.seen.counts)}) and was not applied"


@promise
def an_answer_meets_the_screen_that_she_read(run: Run) -> Broken:
    """An answer is applied to the screen to which it was given, in the state in which it was shown."""
    if known.forgot(run):
        return
    for leg in run.witness.legs:
        for one in applied(run, leg):
            base, read = run.witness.written[one.base or b""].session, leg.read and leg.read.session
            if read and not known.strayed(run, leg) and (base.step, base.screen) != (read.step, read.screen):
                yield f"{one.copy} answered {read.screen} (step {read.step}) and met {base.screen} (step {base.step})"


@promise
def a_dial_is_answered(run: Run) -> Broken:
    """A dial leads to a screen, never to an end without a reason."""
    if known.forgot(run):
        return
    for leg in run.witness.legs:
        copy = leg.shown
        if leg.index or copy is None or copy.screen not in ("fault", "old"):
            continue
        if not known.troubled(run, copy) and not (copy.screen == "old" and leg.person.number == "never"):
            yield f"{leg} got {copy.screen}"


@promise
def one_cut_costs_nothing(run: Run) -> Broken:
    """A connection that breaks once, and a look that is slow, cost nobody a screen."""
    if known.forgot(run):
        return
    mild = ("unanswered", "torn", "dead")
    for copy in copies(run):
        near = [
            fault
            for at_s, fault in run.weather.struck
            if fault.place != "leg" and copy.came_s - known.TROUBLE_BEFORE_S <= at_s <= (copy.answered_s or 0.0)
        ]
        light = len(near) == 1 and (near[0].place == "look" or (near[0].place == "redis" and near[0].what in mild))
        if copy.screen == "fault" and light:
            yield f"{copy} ended with a fault for one {near[0]}"


@promise
def nobody_reads_anothers_words(run: Run) -> Broken:
    """No screen holds another's text, and none another's reference but `last` on a phone that both use."""
    phones = {citizen.person.name: citizen.person.phone for citizen in run.citizens}
    whose = {one: owner(run, sent.answers.get("message") or "") for one, sent in run.submissions.items()}
    for copy in copies(run):
        me = copy.leg.person
        if known.mistaken(run, me):
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
    if known.forgot(run):
        return
    for reference, submission in run.submissions.items():
        mine = [one.person for one in run.citizens if one.person.name == owner(run, submission.answers["message"] or "")]
        if not mine or mine[0].number == "never":
            continue
        legs = [leg for leg in run.witness.legs if leg.person.phone == mine[0].phone]
        shown_s = min((leg.at_s for leg in legs if leg.shown and reference in leg.shown.text), default=float("inf"))
        dialled_s, until_s = _redialled(run, legs, reference, submission.idempotency_key)
        if not known.strayed(run, legs[-1]) and dialled_s < min(shown_s, until_s):
            yield f"{reference} of {mine[0].name} was committed, and the redial did not show it"


def _redialled(run: Run, legs: list[Leg], reference: str, key: str) -> tuple[float, float]:
    """When she first dialled after she had sent it, and until when a dial had to show it."""
    begun_s = run.begun[bytes.fromhex(key)]
    dials = [leg for leg in legs if not leg.index and leg.at_s > begun_s and leg.shown]
    dialled_s = next((leg.at_s for leg in dials if leg.shown and leg.shown.screen not in NOT_KNOWN), float("inf"))
    ends = [one.session.outcome for _, one in writes(run) if one.session.outcome]
    shown = [one.at_ms / 1000 for one in ends if one.values.get("ref") == reference]
    written_s = [at_s for at_s in shown if at_s <= dialled_s]
    return dialled_s, (min(written_s) + LAST_S if written_s else begun_s + PENDING_S) - 1.0


@promise
def the_same_leg_gets_the_same_screen(run: Run) -> Broken:
    """A copy of a leg after which nothing came gets what the leg got, to the letter; a last screen too."""
    if known.forgot(run):
        return
    for leg in run.witness.legs:
        answered = sorted((one for one in leg.copies if one.answered_s), key=lambda one: one.answered_s or 0.0)
        for before, copy in zip(answered, answered[1:], strict=False):
            late = known.late_repeat(before, copy) or copy.came_s - before.came_s > KEPT_LIMIT_S
            done = before.session is not None and (leg.index > 0 or leg.person.number != "never") and before.screen != "in_doubt" and copy.screen not in ("fault", "in_doubt")
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
            if whose.setdefault(act.key, copy.leg.person.phone) != copy.leg.person.phone:
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
