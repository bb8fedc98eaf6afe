"""One answer, one step: pure, synchronous, without a clock and without a log.

Every function takes a session and gives a new one; none touches the one that it was given. What must happen in the
world is handed back as an `Intent`. Ids that must be random are left empty for the gateway to draw.
"""

from __future__ import annotations

from hashlib import blake2b

from sessions import Outcome, Session
from ussd_engine import gsm
from ussd_engine.answer import answer
from ussd_engine.entry import enter as come_in
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Profile
from ussd_engine.registry import SPOKEN
from ussd_engine.render import Frame
from ussd_engine.scope import Facts, Scope, draft_of, own, plain
from ussd_engine.steps import Intent, Step
from ussd_engine.walk import FORGET, Walk

__all__ = ["FORGET", "Intent", "Step", "enter", "feed", "fetched", "move", "outcome", "own", "spoken", "step"]


def step(edition: Edition, session: Session, facts: Facts, text: str, profile: Profile) -> Step:
    """Take one answer on the screen where the session stands."""
    walk = Walk(edition, session, facts, profile)
    answer(walk, gsm.clean(text).strip())
    return walk.done()


def feed(edition: Edition, session: Session, facts: Facts, text: str, profile: Profile) -> Step:
    """Take what a cumulative text holds beyond the last leg.

    On a menu an answer holds no `*`: where one stands, legs were lost, and the answers are taken one by one. In free
    text it stays text.
    """
    found = Step(session)
    while True:
        screen = edition.services[found.session.service].screen(found.session.screen)
        head, star, rest = text.partition("*") if screen.kind != "input" else (text, "", "")
        taken = found.taken
        found = step(edition, found.session, facts, head, profile)
        found = found._replace(taken=(*taken, *found.taken))
        if not star or found.intent or found.arrives or found.session.wrong:
            return found
        text = rest


def enter(edition: Edition, session: Session, facts: Facts, profile: Profile, digits: tuple[str, ...] = ()) -> Step:
    """Begin a dialog at the root service on which the session stands, taking the digits that were dialled with it.

    The digits on the way to a service are its path. What is left must be one alias of that service, else it is ignored.
    """
    walk = Walk(edition, session, facts, profile)
    come_in(walk, digits)
    return walk.done()


def outcome(
    edition: Edition,
    session: Session,
    facts: Facts,
    profile: Profile,
    action: str,
    name: str,
    result: Outcome,
) -> Step:
    """Go where an action's outcome leads, with the values that its screen shows."""
    walk = Walk(edition, session, facts, profile)
    walk.outcome(action, name, result)
    return walk.done()


def fetched(edition: Edition, session: Session, facts: Facts, profile: Profile, rows: list[list[str]] | None) -> Step:
    """Show what has come from elsewhere for the screen on which the session stands; `None`: not in time."""
    walk = Walk(edition, session, facts, profile)
    walk.fetched(rows)
    return walk.done()._replace(arrives=False)


def spoken(edition: Edition, session: Session, facts: Facts, profile: Profile, words: str | None) -> Step:
    """As `fetched`, for a text: its pages are counted, and where it is another text it begins anew."""
    if not words:
        return fetched(edition, session, facts, profile, None)
    print_ = blake2b(words.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    if session.rows and session.rows[0][0] == print_:
        return Step(session)
    session = own(session)
    pages = Frame(Scope(edition, session, facts, {SPOKEN: plain(words)}), profile).pages()
    session.page = 0
    return fetched(edition, session, facts, profile, [[print_, str(len(pages))]])


def move(edition: Edition, session: Session, facts: Facts, profile: Profile) -> Session:
    """Bring a dialog of another edition to this one: to the first unanswered question of the same form.

    Changes under way are merged, so nothing that was answered is asked again.
    """
    session = own(session)
    session.menu = edition.version
    session.page, session.line, session.trail = 0, "", []
    session.drafts = [
        draft
        for draft in session.drafts
        if draft.service in edition.services and draft.form in edition.services[draft.service].plans
    ]
    if session.service not in edition.services:
        session.service = next(iter(edition.codes.values()))
    menu = edition.services[session.service]
    needs_draft = bool(menu.homes.get(session.screen)) or session.screen == menu.service.resume
    if (needs_draft and draft_of(session) is None) or session.screen not in menu.service.screens:
        session.screen = menu.service.resume if draft_of(session) and menu.service.resume else menu.service.start
    for service in dict.fromkeys(draft.service for draft in session.drafts):
        session = _placed(edition, session, facts, profile, service)
    return session


def _placed(edition: Edition, session: Session, facts: Facts, profile: Profile, service: str) -> Session:
    """The session with its draft of one service brought to an unanswered question of this edition."""
    here = session.service, session.screen
    if service != session.service:
        session.service, session.screen = service, edition.services[service].service.start
    walk = Walk(edition, session, facts, profile)
    walk.place()
    placed = walk.done().session
    if service != here[0]:
        placed.service, placed.screen = here
    return placed
