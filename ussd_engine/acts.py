"""From a menu's action to an effect for the ledger, and from what the ledger holds back to an outcome."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from sessions import About, Draft, Outcome, Pending, Session
from ussd_engine import reference
from ussd_engine.actions import ACTIONS, ENDS_LEFT, OVERTAKEN
from ussd_engine.catalog import format_date
from ussd_engine.machine import FORGET, Intent, own
from ussd_engine.menu.compile import Menu, done_by
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Cancel, Committed, Mode, SetLanguage, Submit
from ussd_engine.scope import Facts, Scope, about_of, draft_of
from ussd_engine.screens.base import Dest, passes
from ussd_engine.tracking import (
    FINISH_HOURS,
    Append,
    AskHigher,
    AskNewPin,
    Effect,
    Erase,
    FinishBySms,
    OnCase,
    Rate,
    SetSms,
    ShowPin,
    Withdraw,
)
from ussd_engine.unfinished import encode, may_finish, unfinished
from ussd_engine.walk import SMS

Random = Callable[[int], bytes]
WITHOUT = {"submit": "cancelled", "cancel": "sent", "appeal": "refused", "finish_by_sms": "failed"}
"""The outcome of an act before which another came that the menu knows no more."""
APPEAL = "appeal"
"""What the deadlines of a service call a decision on an appeal."""
WAIT_HOURS = "1"
"""After so much of the same in an hour."""


def acting(edition: Edition, session: Session, facts: Facts) -> bool:
    """Whether an answer on the screen where the session stands can act, by a line that is shown or by what is typed."""
    scope = Scope(edition, session, facts)
    screen, service = scope.screen, scope.menu.service
    shown = (line.target for line in screen.lines if passes(line.tests, scope.look))
    return any(True for _ in done_by(service, (screen.then, *shown)))


def begin(session: Session, intent: Intent, random: Random, now_ms: int) -> Pending:
    """The act as it will stand in the session. What its outcome needs is drawn now."""
    draft = draft_of(session)
    key = session.dialog + session.step.to_bytes(4, "big")
    # The run of a form that she has left is not that of what she does outside it, unless it is the form that goes.
    if draft is not None and intent.do in OVERTAKEN and (intent.do in ENDS_LEFT or not draft.left):
        key = draft.run
    drawn: dict[str, str | None] = {}
    if intent.do == "submit":
        drawn = {"ref": reference.draw(), "case": random(16).hex()}
    elif intent.do == "set_sms":
        drawn = {SMS: "off" if session.values.get(SMS) == "on" else "on"}
    return Pending(intent.action, intent.do, key, 1, now_ms, drawn)


def moved(edition: Edition, session: Session) -> Session:
    """A session with an act under way, on an edition that is not its own: on a screen that has the action there.

    What she confirmed is left as it is. Where no screen leads to such an act any more the act is let go: its key is the
    run of the form, so whoever sends the same draft again gets what was committed.
    """
    session = own(session)
    pending, menu = session.pending, edition.services.get(session.service)
    session.pending = None
    if pending is None or menu is None:
        return session
    session.menu, session.page, session.line = edition.version, 0, ""
    same = [one.name for one in menu.service.actions.values() if one.do == pending.do]
    named = [pending.action] if pending.action in (FORGET, *same) else []
    for action in (*named, *same):
        has = menu.acting.get(Dest(FORGET) if action == FORGET else Dest("to", action))
        if has:
            session.pending = msgspec.structs.replace(pending, action=action)
            session.screen = session.screen if session.screen in has else has[0]
            return session
    return session


def effect(edition: Edition, session: Session, do: str, channel: str) -> Effect | None:
    """The effect of the session's pending act; `None` where what it would send is gone."""
    pending = session.pending
    assert pending is not None
    msisdn = str(session.msisdn) if session.msisdn else None
    key, at_ms = pending.key, pending.at_ms
    match do:
        case "cancel":
            return Cancel(key=key, at_ms=at_ms)
        case "set_language":
            return SetLanguage(key=key, msisdn=msisdn or "", locale=other_language(edition, session), at_ms=at_ms)
        case "set_sms":
            locale = Scope(edition, session, {}).locale
            return SetSms(key=key, msisdn=msisdn, on=pending.drawn.get(SMS) == "on", locale=locale, at_ms=at_ms)
        case "erase":
            return Erase(key=key, msisdn=msisdn, at_ms=at_ms)
        case "submit":
            draft = draft_of(session)
            return _submit(edition, session, pending, draft, msisdn, channel) if draft else None
        case "finish_by_sms":
            return _by_sms(edition, session, key, msisdn, at_ms) if draft_of(session) else None
    about = about_of(session)
    return _on_case(edition, session, do, about, msisdn) if about else None


def _on_case(edition: Edition, session: Session, do: str, about: About, msisdn: str | None) -> OnCase | None:
    """An act on the case that she asks about; all but a new PIN are for who has opened it."""
    pending = session.pending
    assert pending is not None
    key, reference, at_ms = pending.key, about.ref, pending.at_ms
    if do == "ask_new_pin":
        return AskNewPin(key=key, reference=reference, msisdn=msisdn, at_ms=at_ms)
    answers = Scope(edition, session, {}).answers
    given = [answers.get(name) for name in sorted(ACTIONS[do].needs)]
    if not about.opened or not all(given):
        return None
    match do, given:
        case "first_pin", []:
            return ShowPin(key=key, reference=reference, msisdn=msisdn, at_ms=at_ms)
        case "withdraw", []:
            return Withdraw(key=key, reference=reference, msisdn=msisdn, at_ms=at_ms)
        case "append", [str(text)]:
            return Append(key=key, reference=reference, msisdn=msisdn, text=text, at_ms=at_ms)
        case "rate", [("yes" | "partly" | "no") as rating]:
            return Rate(key=key, reference=reference, msisdn=msisdn, rating=rating, at_ms=at_ms)
        case "appeal", [str(text), ("unhappy" | "late" | "leak" | "other") as reason]:
            higher = about.values.get("higher") or ""
            until = edition.due(session.service, higher, APPEAL, edition.country.today(at_ms))
            return AskHigher(
                key=key,
                reference=reference,
                msisdn=msisdn,
                reason=reason,
                text=text,
                higher=higher,
                due=until,
                at_ms=at_ms,
            )
    return None


def _by_sms(edition: Edition, session: Session, key: bytes, msisdn: str | None, at_ms: int) -> FinishBySms:
    kept = unfinished(edition, session)
    return FinishBySms(
        key=key,
        msisdn=msisdn if may_finish(edition, session) else None,
        service=session.service,
        content=encode(kept),
        locale=kept.locale,
        at_ms=at_ms,
    )


def _submit(
    edition: Edition, session: Session, pending: Pending, draft: Draft, msisdn: str | None, channel: str
) -> Submit:
    scope = Scope(edition, session, {})
    form = scope.plan.sets if scope.plan else {}
    answers = {**form, **draft.answers}
    mode = Mode(answers.get("identity") or Mode.ANONYMOUS)
    institution = answers.get("institution") or ""
    type = answers.get("type") or draft.form
    return Submit(
        key=pending.key,
        case=bytes.fromhex(pending.drawn["case"] or ""),
        reference=pending.drawn["ref"] or "",
        service=draft.service,
        type=type,
        mode=mode,
        institution=institution,
        answers=answers,
        locale=scope.locale,
        channel=channel,
        msisdn=None if mode is Mode.ANONYMOUS else msisdn,
        caller=msisdn,
        at_ms=pending.at_ms,
        due=edition.due(draft.service, institution, type, edition.country.today(pending.at_ms)),
    )


def other_language(edition: Edition, session: Session) -> str:
    """The next of the service's languages after the one that is spoken."""
    languages = edition.languages[session.service]
    spoken = Scope(edition, session, {}).locale
    return languages[(languages.index(spoken) + 1) % len(languages)]


def outcome_of(menu: Menu, pending: Pending, committed: Committed) -> tuple[str, str]:
    """An action and its outcome, by what the key of the pending act holds: the first effect that came with it.

    Where another act of the same run came first, and the action has no outcome for that, it is the action of that act
    that has gone well: what is committed is what is shown.
    """
    do, kind = pending.do, committed.kind
    outcome = "ok"
    if kind in ("limit", "hour", "refused"):
        # Of what was refused nothing was sent: it can be left.
        if do != "cancel":
            outcome = kind if kind in ACTIONS[do].outcomes else "failed"
    elif overtaken(pending, committed):
        outcome = OVERTAKEN[do][kind]
    if not outcome:
        first = next((action.name for action in menu.service.actions.values() if action.do == kind), "")
        return (first, "ok") if first else (pending.action, WITHOUT[do])
    return pending.action, outcome


def overtaken(pending: Pending, committed: Committed) -> bool:
    """Whether another act of the same run of a form came before the pending one."""
    return committed.kind in OVERTAKEN.get(pending.do, ())


def result(edition: Edition, session: Session, do: str, committed: Committed, now_ms: int) -> Outcome:
    """What the screen of an outcome shows. The PIN is not among it: it is derived whenever it is shown."""
    locale = Scope(edition, session, {}).locale
    due, until = (format_date(locale, day) if day else "" for day in (committed.due, committed.until))
    values: dict[str, str | None]
    match committed.kind:
        case "submit":
            values = {"ref": committed.reference, "due": due, "identity": committed.mode}
            return Outcome(now_ms, values, committed.case, committed.generation)
        case "show_pin":
            return Outcome(now_ms, {"ref": committed.reference}, committed.case, committed.generation)
        case "set_language":
            return Outcome(now_ms, {"language": other_language(edition, session)})
        case "set_sms":
            return Outcome(now_ms, dict(session.pending.drawn) if session.pending else {})
        case "finish_by_sms":
            return Outcome(now_ms, {"hours": str(FINISH_HOURS)})
        case "rate":
            return Outcome(now_ms, {"appeal_until": until})
        case "appeal":
            return Outcome(now_ms, {"due": due})
        case "hour":
            return Outcome(now_ms, {"hours": WAIT_HOURS})
    return nothing(now_ms)


def nothing(now_ms: int) -> Outcome:
    """The result of an act of which nothing is known, or nothing was done."""
    return Outcome(now_ms, {})
