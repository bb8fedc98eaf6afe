"""What a leg does to a session around its step: a dial, a redial, the ids that are drawn. Pure but for `random`."""

from __future__ import annotations

from collections.abc import Callable

from sessions import Session
from ussd_engine import acts, machine
from ussd_engine.leg import KEPT_DIALOGUES, Leg
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Profile
from ussd_engine.scope import Facts, draft_of, own

Random = Callable[[int], bytes]
ID_LENGTH = 8
LAST_S = 180.0
"""How long a redial shows reference and PIN again."""


def dialled(edition: Edition, code: str | None, locale: str, msisdn: str | None, random: Random) -> Session:
    """A new dialog at the root that answers `code`."""
    root = root_of(edition, code)
    return Session(random(ID_LENGTH), edition.version, root, "", locale, msisdn=int(msisdn or 0))


def root_of(edition: Edition, code: str | None) -> str:
    """The service that answers a dialled code; the first one where no code reached us. The door lets in no other."""
    return edition.codes[code] if code else next(iter(edition.codes.values()))


def brought(
    edition: Edition, session: Session, facts: Callable[[Edition, Session], Facts], profile: Profile
) -> Session:
    """A session whose own edition is gone, on this one. An act under way is carried through before anything moves."""
    session = acts.moved(edition, session)
    return session if session.pending else machine.move(edition, session, facts(edition, session), profile)


def stamp(session: Session, dialogue: bytes, leg: Leg, msisdn: str | None, now_ms: int) -> None:
    """Note the leg that the session answers now."""
    session.dialogue = dialogue
    session.leg, session.leg_length = leg.hash, leg.length
    session.touched_ms = now_ms
    if msisdn:
        session.msisdn = int(msisdn)


def left(session: Session, dialogue: bytes) -> Session:
    """The session when `dialogue` takes over: the one before is among those that it left."""
    session = own(session)
    before = dict.fromkeys([session.dialogue, *session.left])
    session.left = [one for one in before if one != dialogue][:KEPT_DIALOGUES]
    session.began = session.step
    session.held = False
    return session


def closed(session: Session) -> None:
    """Nothing is open any more: what was on the screen when the line broke is where her draft goes on."""
    draft = draft_of(session)
    if draft is not None and not draft.left:
        draft.left, draft.page = session.screen, session.page
    session.page, session.line, session.wrong, session.waiting = 0, "", 0, ""
    session.values, session.trail, session.outcome = {}, [], None
    session.about, session.rows = None, []


def ended(menu: Menu, session: Session) -> bool:
    """Whether the dialog is over: its last screen stands."""
    return menu.screen(session.screen).kind == "end"


def shows_last(menu: Menu, session: Session, arrived_ms: int) -> bool:
    """Whether a redial shows reference and PIN again: they were written a moment ago, and not answered since."""
    outcome = session.outcome
    if outcome is None or not outcome.case or "due" not in outcome.values or not menu.service.last:
        return False
    unanswered = session.screen == menu.service.last and session.first
    return (ended(menu, session) or unanswered) and arrived_ms - outcome.at_ms <= LAST_S * 1000


def draw(session: Session, random: Random) -> None:
    """Draw the ids that the pure step left open."""
    if not session.dialog:
        session.dialog = random(ID_LENGTH)
    for draft in session.drafts:
        if not draft.run:
            draft.run = random(ID_LENGTH)
