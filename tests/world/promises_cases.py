"""Promises about cases: what she does reaches the core, what happens there reaches her, and nobody else sees it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from tests.world import known
from tests.world.files import AGREED
from tests.world.promise import Broken, copies, owner, promise
from tests.world.run import Run
from tests.world.witness import Copy
from ussd_engine import gsm
from ussd_engine.model import CaseState
from ussd_engine.tracking import Append, AskHigher, Effect, Erase, OnCase, Rate, SetSms, Withdraw

CARRIED = Append | Rate | Withdraw | AskHigher
DONE = {"append", "rate", "withdraw", "appeal"}
LISTS = ("track_list", "erase_ref")
OPENED = (
    "case",
    "answer",
    "asked",
    "reply",
    "handlers",
    "add",
    "withdraw",
    "rate",
    "rate_no",
    "appeal_confirm",
    "appeal_done",
)
"""Screens on which something of a case stands, or what was done to it."""
SAID = re.compile(r"\bW\d+w\b")
REFERENCE = re.compile(r"\b\d{9}\b")
RECORDED = {Append: "addition", Withdraw: "withdrawn", Rate: "rated", AskHigher: "appealed"}


# what she does


@promise
def a_confirmed_act_is_in_the_core_once(run: Run) -> Broken:
    """What she was told is done is in the core: once, and what she did to a case in the order in which she did."""
    if not run.plan.core:
        return
    for reference in run.files.projected:
        queued = [key for key in run.files.queued[reference] if key not in run.files.dead]
        taken = run.files.taken[reference]
        if queued != taken:
            yield f"{reference} was to have {_short(queued)} and has {_short(taken)}"
    for copy in copies(run):
        for one in copy.known:
            if one.kind == "submit" and one.reference not in run.files.held:
                yield f"{copy} was told that {one.reference} is sent, and the core has no such case"
    for copy, act in _told(run):
        if act.key.hex() not in run.files.queued[act.reference]:
            yield f"{copy} was told that {type(act).__name__} is done, and nothing was sent to the core"


@promise
def the_core_does_an_act_once(run: Run) -> Broken:
    """The core's record has no act of hers more often than she did it, and her words as she typed them, in order."""
    asked: dict[str, Counter[str]] = {}
    said: dict[str, dict[str, str]] = {}
    for _, act in _acts(run).values():
        if isinstance(act, CARRIED) and act.key.hex() in run.files.taken[act.reference]:
            asked.setdefault(act.reference, Counter())[RECORDED[type(act)]] += 1
            if isinstance(act, Append | AskHigher):
                said.setdefault(act.reference, {})[act.key.hex()] = act.text
    for reference, done in run.files.done.items():
        may = asked.get(reference, Counter())
        for name in RECORDED.values():
            if done[name] > may[name]:
                yield f"{reference} has {done[name]} times {name!r}, and she did it {may[name]} times"
        words = [said[reference][key] for key in run.files.taken[reference] if key in said.get(reference, {})]
        if words != run.files.words[reference]:
            yield f"{reference} holds {run.files.words[reference]}, and she said {words}"


@promise
def what_she_adds_is_as_she_typed_it(run: Run) -> Broken:
    """Words on a case are hers, whole, and were typed once for it."""
    typed = Counter(gsm.clean(text).strip() for citizen in run.citizens for text in citizen.typed)
    for copy, act in _acts(run).values():
        if isinstance(act, Append | AskHigher) and act.text in run.files.words[act.reference]:
            stray = known.strayed(run, copy.leg) or known.glued(run, copy)
            if typed[act.text] != 1 and not stray:
                yield f"{act.reference} holds {act.text!r}, which nobody typed like that"


@promise
def not_sent_means_no_act(run: Run) -> Broken:
    """Who reads that nothing was changed has changed nothing."""
    for copy in copies(run):
        if copy.screen != "fail_act":
            continue
        for act in copy.acts:
            if not isinstance(act, OnCase | SetSms | Erase):
                continue
            lost = known.forgot(run, copy.leg.person, copy.leg.at_s, copy.answered_s or 0.0)
            # What she confirms afterwards has the same key, where it is that of a form.
            done = act.key in run.effects and run.begun[act.key] <= (copy.answered_s or 0.0)
            if done and not lost and not known.undone(run, copy.leg):
                yield f"{copy} says that nothing was changed, and {type(act).__name__} was done"


# what she sees


@promise
def nobody_is_shown_anothers_case(run: Run) -> Broken:
    """A list holds what was sent from its phone; on the screens of a case stand that case and what was said of it."""
    for copy in copies(run):
        if copy.screen in LISTS and not known.mistaken(run, copy):
            for reference in REFERENCE.findall(copy.text):
                if reference in run.submissions and copy.leg.person.phone not in _phones(run, reference):
                    yield f"{copy} lists {reference} of another phone"
        about = copy.session.about if copy.session else None
        if copy.screen in OPENED and about is not None:
            for reference in REFERENCE.findall(copy.text):
                if reference in run.submissions and reference != about.ref:
                    yield f"{copy} is about {about.ref} and shows {reference}"
        for mark in SAID.findall(copy.text):
            if about is None or not about.opened or run.witness.said[mark] != about.ref:
                yield f"{copy} shows words on {run.witness.said[mark]}"


@promise
def a_wrong_pin_opens_nothing(run: Run) -> Broken:
    """A case is open only where its PIN was typed on that phone before."""
    for copy in copies(run):
        for ask, looked in copy.looked:
            if looked.case is not None and ask.pin != run.files.pins[ask.reference]:
                yield f"{copy} opened {ask.reference} with the PIN {ask.pin}"
        about = copy.session.about if copy.session else None
        if about is None or not about.opened or copy.screen not in OPENED:
            continue
        pin = run.files.pins.get(about.ref)
        until_s = copy.answered_s or run.ended_s
        mine = (leg for leg in run.witness.legs if leg.person.phone == copy.leg.person.phone and leg.at_s <= until_s)
        if not any(leg.text == pin for leg in mine) and not known.mistaken(run, copy):
            yield f"{copy} shows {about.ref} at {copy.screen}, and nobody typed its PIN there"


@promise
def a_status_is_shown_as_it_was(run: Run) -> Broken:
    """The state that is shown of a case is one that it had while she asked, and none before one that was shown."""
    for reference, steps in run.files.steps.items():
        shown: list[tuple[Copy, int]] = []
        for copy, state in _shown(run, reference):
            answered_s = copy.answered_s or run.ended_s
            since = max((at for at, one in enumerate(steps) if one.at_s < copy.came_s), default=0)
            since = max([since, *(at for other, at in shown if (other.answered_s or 0.0) < copy.came_s)])
            stood = [at for at in range(since, len(steps)) if steps[at].at_s <= answered_s]
            at = next((at for at in stood if _word(steps[at].state) == state), None)
            if at is None:
                yield f"{copy} shows {reference} as {state}, and it was {_word(steps[since].state)}"
                break
            shown.append((copy, at))


@promise
def the_projection_never_goes_backward(run: Run) -> Broken:
    """The gateway's count of a case only grows."""
    for reference, steps in run.files.steps.items():
        counts = [one.sequence for one in steps]
        if counts != sorted(counts):
            yield f"{reference} went through {counts}"


@promise
def after_erasing_nothing_of_hers_is_shown(run: Run) -> Broken:
    """Once she is told that her number is erased, nothing that was sent before is shown on her phone by itself."""
    for phone in {citizen.person.phone for citizen in run.citizens}:
        erased = _erased_s(run, phone)
        if erased is None:
            continue
        begun_s, told_s = erased
        gone = {one for one in run.submissions if phone in _phones(run, one) and _begun_s(run, one) < begun_s}
        for copy in copies(run):
            if copy.leg.person.phone != phone or copy.leg.at_s <= told_s or copy.screen not in (*LISTS, "last"):
                continue
            for reference in gone.intersection(REFERENCE.findall(copy.text)):
                if not known.forgot(run, copy.leg.person, begun_s, copy.answered_s or run.ended_s):
                    yield f"{copy} shows {reference} at {copy.screen}, which was erased"


@promise
def projection_and_core_agree(run: Run) -> Broken:
    """Once nothing goes wrong, the core has every message, and the gateway knows of each case what the core holds."""
    if not run.plan.core:
        return
    for reference, projected in run.files.projected.items():
        held = run.files.held.get(reference)
        if held is None:
            yield f"{reference} is not in the core"
            continue
        for name in AGREED:
            if projected[name] != held[name]:
                yield f"{reference}: {name} is {projected[name]!r} here and {held[name]!r} in the core"


# what a run holds


def _acts(run: Run) -> dict[bytes, tuple[Copy, Effect]]:
    """Everything that was asked of the ledger, by its key, and done; of one key the first, with who asked."""
    found: dict[bytes, tuple[Copy, Effect]] = {}
    for leg in run.witness.legs:
        for copy in leg.copies:
            for act in copy.acts:
                if act.key in run.effects and run.effects[act.key].kind != "refused":
                    found.setdefault(act.key, (copy, act))
    return found


def _told(run: Run) -> Iterator[tuple[Copy, CARRIED]]:
    """Each act on a case of which a turn knew that it is done."""
    for copy in copies(run):
        kinds = {one.kind for one in copy.known} & DONE
        for act in copy.acts:
            result = run.effects.get(act.key)
            if kinds and isinstance(act, CARRIED) and result is not None and result.kind in DONE:
                yield copy, act


def _phones(run: Run, reference: str) -> set[int]:
    """From which phone a case was sent."""
    names = owner(run, run.submissions[reference].answers.get("message") or "")
    return {citizen.person.phone for citizen in run.citizens if citizen.person.name == names}


def _begun_s(run: Run, reference: str) -> float:
    return run.begun[bytes.fromhex(run.submissions[reference].idempotency_key)]


def _shown(run: Run, reference: str) -> Iterator[tuple[Copy, str]]:
    """Each copy that looked at a case anew and showed its state, in the order in which they came."""
    for copy in sorted(copies(run), key=lambda copy: copy.came_s):
        about = copy.session.about if copy.session else None
        fresh = any(case.reference == reference for case in copy.cases)
        if fresh and copy.screen == "case" and about is not None and about.ref == reference:
            yield copy, about.values.get("status") or ""


def _word(state: str) -> str:
    """The state that she is shown."""
    return CaseState.RECEIVED.value if state == CaseState.QUEUED.value else state


def _erased_s(run: Run, phone: int) -> tuple[float, float] | None:
    """When the first erasure of a phone was begun, and when it was told."""
    for copy in sorted(copies(run), key=lambda copy: copy.answered_s or 0.0):
        for act in copy.acts:
            if (
                isinstance(act, Erase)
                and copy.leg.person.phone == phone
                and copy.screen in ("erase_done", "erase_none")
            ):
                return act.at_ms / 1000, copy.answered_s or 0.0
    return None


def _short(keys: list[str]) -> str:
    return " ".join(key[:8] for key in keys) or "nothing"
