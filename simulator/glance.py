"""What a gateway started here tells of a dialog that no provider's wire carries: the id, page and language of its
screen, and what a redial would find."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from sessions import Session
from ussd_engine import dialog
from ussd_engine.engine import Engine
from ussd_engine.model import Turn
from ussd_engine.place import Work
from ussd_engine.render import Frame
from ussd_engine.scope import Scope
from ussd_engine.view import Seen


class Kept(StrEnum):
    """What a redial finds."""

    NOTHING = "nothing"
    DRAFT = "draft"
    """What was begun, and is offered again."""
    ACT = "act"
    """Something that was sent, of which nobody knows yet what became of it."""
    LAST = "last"
    """Reference and PIN, for a short while."""


class Finds(NamedTuple):
    """What a redial finds, and how it gets there."""

    kept: Kept
    behind: str = ""
    """The code whose menu is shown first to who dials it; empty where the service answers its code itself."""
    way: str = ""
    """What leads to the service at once."""


class Glance(NamedTuple):
    """A screen, as the gateway knows it."""

    screen: str
    """`service/screen`."""
    locale: str
    page: int = 1
    """Counted from 1."""
    pages: int = 1


class Glass:
    """Is told of every turn by the gateway's `tap`; the last one is looked at."""

    def __init__(self) -> None:
        self._last: tuple[Turn, Seen] | None = None

    def tap(self, turn: Turn, seen: Seen) -> None:
        """Note a turn."""
        self._last = turn, seen

    async def look(self, engine: Engine) -> Glance | None:
        """The screen of the last turn; `None` where there was none since the last look."""
        if self._last is None:
            return None
        (turn, seen), self._last = self._last, None
        gateway, profile = engine.gateway, engine.channels[turn.channel].profile
        edition, session = gateway.editions.current, await _session(engine, turn)
        if session is None or f"{session.service}/{session.screen}" != seen.screen:
            return Glance(seen.screen, seen.locale)
        edition = gateway.editions.of(session.menu) or edition
        extra = {"code": edition.code(session.service, profile.passes_digits)}
        scope = Scope(edition, session, gateway.view.facts(edition, session), extra)
        pages = _pages(session, Frame(scope, profile))
        return Glance(seen.screen, seen.locale, min(session.page, pages - 1) + 1, pages)


async def kept(engine: Engine, turn: Turn) -> Finds:
    """What a redial finds after the dialogue of a turn. Raises `EngineError`."""
    session = await _session(engine, turn)
    if session is None:
        return Finds(Kept.NOTHING)
    if session.pending is not None:
        return Finds(Kept.ACT)
    gateway = engine.gateway
    edition = gateway.editions.of(session.menu) or gateway.editions.current
    if dialog.shows_last(edition.services[session.service], session, gateway.now_ms()):
        return Finds(Kept.LAST)
    if not session.drafts:
        return Finds(Kept.NOTHING)
    code, digits = edition.paths.get(session.service, ("", ()))
    way = edition.code(session.service, engine.channels[turn.channel].profile.passes_digits)
    return Finds(Kept.DRAFT, code if digits else "", way)


async def _session(engine: Engine, turn: Turn) -> Session | None:
    """What stands for the caller of a turn."""
    gateway, profile = engine.gateway, engine.channels[turn.channel].profile
    work = Work(turn, profile, Seen(), gateway.editions.current, gateway.now_ms(), gateway.places.teller)
    found = await gateway.sessions.load(await gateway.places.locate(work))
    return found.session if found else None


def _pages(session: Session, frame: Frame) -> int:
    """How many pages a screen has; of what an institution said, as many as were counted when it was read."""
    if frame.screen.kind == "read" and frame.screen.slow and session.rows:
        return int(session.rows[0][1])
    return max(1, len(frame.pages()))
