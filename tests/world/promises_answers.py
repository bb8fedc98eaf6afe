"""Promises about answers: once, in place, in time, and sent as they were confirmed."""

from __future__ import annotations

from collections.abc import Iterator

from sessions import Session
from tests.world import known
from tests.world.editions import REVIEWS, by_version
from tests.world.promise import (
    PIN,
    TOKEN,
    TURN_S,
    Broken,
    applied,
    copies,
    owner,
    promise,
)
from tests.world.run import Run
from tests.world.witness import Copy, Leg
from ussd_engine import gsm
from ussd_engine.acts import acting
from ussd_engine.facts import FACTS
from ussd_engine.model import Submission
from ussd_engine.scope import draft_of

EVERYTHING = {name: frozenset(values) for name, values in FACTS.items()}
"""Facts, as if each line were shown."""


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
    confirmed = {
        (draft.answers.get("message"), (draft.answers.get("identity")))
        for leg in run.witness.legs
        if leg.text == "1" and leg.read and leg.read.screen in REVIEWS and leg.read.session
        for draft in leg.read.session.drafts
    }
    for reference, submission in run.submissions.items():
        sent = submission.answers.get("message"), submission.answers.get("identity")
        if sent not in confirmed and not known.overtaken(run, *_sender(run, submission)):
            yield f"{reference} was sent, and no review that she confirmed had shown it"


def _sender(run: Run, submission: Submission) -> tuple[Leg, Copy]:
    """Who first asked for what was sent."""
    key = bytes.fromhex(submission.idempotency_key)
    every = (copy for leg in run.witness.legs for copy in leg.copies)
    first = next(copy for copy in every if any(act.key == key for act in copy.acts))
    return first.leg, first


@promise
def a_text_is_sent_as_it_was_typed(run: Run) -> Broken:
    """What is stored is what she typed: each part once, in its order, whatever stars or blanks it holds."""
    for reference, submission in run.submissions.items():
        message = submission.answers.get("message") or ""
        typed = [
            gsm.clean(text).strip()
            for citizen in run.citizens
            if citizen.person.name == owner(run, message)
            for text in citizen.typed
        ]
        mine = [leg for leg in run.witness.legs if leg.person.name == owner(run, message)]
        why = bool(mine) and known.strayed(run, mine[-1])
        why = why or any(known.glued(run, copy) for copy in _writers(run, message))
        if not why and message != " ".join(text for text in typed if text in message):
            yield f"{reference} holds {message!r}, and nobody has typed that"


def _writers(run: Run, message: str) -> Iterator[Copy]:
    """The turns that made an answer with which this text begins."""
    for one in run.witness.written.values():
        base = run.witness.written.get(one.base or b"")
        new = _messages(one.session) - (_messages(base.session) if base else set())
        if any(text and message.startswith(text) for text in new):
            yield one.copy


def _messages(session: Session) -> set[str | None]:
    return {draft.answers.get("message") for draft in session.drafts}


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
def failed_means_that_nothing_was_sent(run: Run) -> Broken:
    """Who reads `fail` has no submission of that run, but one that she confirms afterwards."""
    for copy in copies(run):
        draft = draft_of(copy.session) if copy.session and copy.screen == "fail" else None
        sent = draft is not None and draft.run in run.effects and run.effects[draft.run].kind == "submit"
        if not draft or not sent or run.begun[draft.run] > (copy.answered_s or 0.0) + 0.001:
            continue
        lost = known.forgot(run, copy.leg.person, run.begun[draft.run], copy.answered_s or 0.0)
        if not lost and not known.undone(run, copy.leg):
            yield f"{copy} says fail, and {run.effects[draft.run].reference} was sent"


@promise
def cancelled_means_that_nothing_was_sent(run: Run) -> Broken:
    """Who reads `cancelled` has no submission of that text, before or after, whatever Redis forgot."""
    sent = {submission.answers.get("message"): reference for reference, submission in run.submissions.items()}
    for copy in copies(run):
        if copy.screen != "cancelled":
            continue
        left = [one.session for one in run.witness.written.values() if one.copy.leg is copy.leg and one.session.pending]
        for text in {draft.answers.get("message") for session in left for draft in session.drafts}:
            if text in sent:
                yield f"{copy} says cancelled, and {sent[text]} was sent"


@promise
def an_answer_is_applied_once(run: Run) -> Broken:
    """However often a leg comes, it is one answer."""
    for leg in run.witness.legs:
        first, *more = applied(run, leg) or (None,)
        for one in more:
            assert first is not None
            base = run.witness.written[one.base or b""].session
            acts = acting(by_version()[base.menu], base, EVERYTHING)
            in_hold = acts and one.copy.came_s - first.copy.came_s < known.HOLD_S
            if in_hold or not known.strayed(run, leg):
                yield f"{leg} was applied again by copy {one.copy.number}, at {base.screen}"


@promise
def an_answer_is_not_lost(run: Run) -> Broken:
    """An answer to which she got another screen was applied."""
    for leg in run.witness.legs:
        copy = leg.shown
        if not leg.index or copy is None or applied(run, leg):
            continue
        if not known.not_applied(run, leg, copy):
            yield f"{leg} got {copy.screen} ({copy.seen.kind} {' '.join(copy.seen.counts)}) and was not applied"


@promise
def an_answer_meets_the_screen_that_she_read(run: Run) -> Broken:
    """An answer is applied to the screen to which it was given, in the state in which it was shown."""
    for leg in run.witness.legs:
        for one in applied(run, leg):
            base, read = run.witness.written[one.base or b""].session, leg.read.session if leg.read else None
            same = read is None or (base.step, base.screen) == (read.step, read.screen)
            if not same and not known.strayed(run, leg) and not known.overtaken(run, leg, one.copy):
                assert read is not None
                yield f"{one.copy} answered {read.screen} (step {read.step}) and met {base.screen} (step {base.step})"


@promise
def a_dial_is_answered(run: Run) -> Broken:
    """A dial leads to a screen, never to an end without a reason."""
    for leg in run.witness.legs:
        copy = leg.shown
        if leg.index or copy is None or copy.screen not in ("fault", "old"):
            continue
        if not known.troubled(run, copy) and not (copy.screen == "old" and leg.person.number == "never"):
            yield f"{leg} got {copy.screen}"


@promise
def one_cut_costs_nothing(run: Run) -> Broken:
    """A connection that breaks once, and a look that is slow, cost nobody a screen."""
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
def lost_answers_come_back(run: Run) -> Broken:
    """On a cumulative channel what Redis forgot comes again with the next answer, and is taken answer by answer."""
    for copy in copies(run):
        wrong = copy.session is not None and copy.session.line == "choice"
        straight = all(text == "1" or TOKEN.search(text) for text in copy.leg.inputs)
        why = known.changed(run, copy) or known.began_again(run, copy)
        if wrong and straight and not why and "legs_lost" in copy.seen.counts:
            yield f"{copy} brought lost answers, and got {copy.screen} with an error"
