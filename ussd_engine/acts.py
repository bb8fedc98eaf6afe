"""From a menu's action to an effect for the ledger, and from what the ledger holds back to an outcome."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import msgspec

from sessions import Draft, Outcome, Pending, Session
from ussd_engine import reference
from ussd_engine.catalog import format_date
from ussd_engine.machine import FORGET, Intent, own
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Act, Cancel, Committed, Mode, SetLanguage, Submit
from ussd_engine.registry import ACTIONS
from ussd_engine.scope import Scope, draft_of
from ussd_engine.screens.base import Dest

Random = Callable[[int], bytes]


def dests(menu: Menu, screen: str) -> list[Dest]:
    """All that an answer on a screen can lead to."""
    shown = menu.screen(screen)
    targets = [shown.then, *(line.target for line in shown.lines)]
    return [case.dest for target in targets for case in target]


def acting(menu: Menu, screen: str) -> bool:
    """Whether an answer on a screen can act, by a line or by what is typed."""
    actions = menu.service.actions
    return any(
        dest.verb == FORGET or (dest.verb == "to" and dest.name in actions and ACTIONS[actions[dest.name].do].acts)
        for dest in dests(menu, screen)
    )


def begin(session: Session, intent: Intent, random: Random, now_ms: int) -> Pending:
    """The act as it will stand in the session. What its outcome needs is drawn now."""
    draft = draft_of(session)
    if intent.do in ("submit", "cancel") and draft is not None:
        key = draft.run
    else:
        key = session.dialog + session.step.to_bytes(4, "big")
    drawn = {"ref": reference.draw(), "case": random(16).hex()} if intent.do == "submit" else {}
    return Pending(intent.action, intent.do, key, 1, now_ms, dict(drawn))


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


def effect(edition: Edition, session: Session, do: str, channel: str) -> Act | None:
    """The effect of the session's pending act; `None` where what it would send is gone."""
    pending = session.pending
    assert pending is not None
    if do == "cancel":
        return Cancel(key=pending.key, at_ms=pending.at_ms)
    msisdn = str(session.msisdn) if session.msisdn else None
    if do == "set_language":
        return SetLanguage(
            key=pending.key, msisdn=msisdn or "", locale=other_language(edition, session), at_ms=pending.at_ms
        )
    draft = draft_of(session)
    return _submit(edition, session, pending, draft, msisdn, channel) if draft else None


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
        due=due(edition, draft.service, institution, type, pending.at_ms),
    )


def due(edition: Edition, service: str, institution: str, type: str, at_ms: int) -> date | None:
    """The day by which an answer is due, by the service's table; `None` where none is."""
    data, deadlines = edition.data.get(service), edition.deadlines.get(service)
    row = data.get(institution) if data else None
    if row is None or deadlines is None:
        return None
    return deadlines.due(row, type, edition.country.today(at_ms), edition.country)


def other_language(edition: Edition, session: Session) -> str:
    """The next of the service's languages after the one that is spoken."""
    languages = edition.languages[session.service]
    spoken = Scope(edition, session, {}).locale
    return languages[(languages.index(spoken) + 1) % len(languages)]


def outcome_of(do: str, committed: Committed) -> str:
    """The outcome of an action, by what its key holds: the first effect that came with it."""
    if committed.kind == "limit":
        return "limit"
    if do == "submit":
        return "ok" if committed.kind == "submit" else "cancelled"
    if do == "cancel":
        return "sent" if committed.kind == "submit" else "ok"
    return "ok"


def result(edition: Edition, session: Session, do: str, committed: Committed, now_ms: int) -> Outcome:
    """What the screen of an outcome shows. The PIN is not among it: it is derived whenever it is shown."""
    values: dict[str, str | None] = {}
    if committed.kind == "submit":
        locale = Scope(edition, session, {}).locale
        values = {
            "ref": committed.reference,
            "due": format_date(locale, committed.due) if committed.due else "",
            "identity": committed.mode,
        }
    elif do == "set_language":
        values = {"language": other_language(edition, session)}
    return Outcome(now_ms, values, committed.case)


def nothing(now_ms: int) -> Outcome:
    """The result of an act of which nothing is known, or nothing was done."""
    return Outcome(now_ms, {})
