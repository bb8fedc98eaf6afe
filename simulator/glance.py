"""What a gateway started here tells of a screen that no provider's wire carries: its id, its page, its language."""

from __future__ import annotations

from typing import NamedTuple

from sessions import Session
from ussd_engine.engine import Engine
from ussd_engine.model import Turn
from ussd_engine.place import Work
from ussd_engine.render import Frame
from ussd_engine.scope import Scope
from ussd_engine.view import Seen


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
        edition, teller = gateway.editions.current, gateway.places.teller
        work = Work(turn, profile, Seen(), edition, gateway.now_ms(), teller)
        work.key = await gateway.places.locate(work)
        found = await gateway.sessions.load(work.key)
        session = found.session if found else None
        if session is None or f"{session.service}/{session.screen}" != seen.screen:
            return Glance(seen.screen, seen.locale)
        edition = gateway.editions.of(session.menu) or edition
        extra = {"code": edition.code(session.service, profile.passes_digits)}
        scope = Scope(edition, session, gateway.view.facts(edition, session), extra)
        pages = _pages(session, Frame(scope, profile))
        return Glance(seen.screen, seen.locale, min(session.page, pages - 1) + 1, pages)


def _pages(session: Session, frame: Frame) -> int:
    """How many pages a screen has; of what an institution said, as many as were counted when it was read."""
    if frame.screen.kind == "read" and frame.screen.slow and session.rows:
        return int(session.rows[0][1])
    return max(1, len(frame.pages()))
