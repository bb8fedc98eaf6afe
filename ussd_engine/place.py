"""Under which key a turn finds its session, and how the later legs of a dialogue find it too."""

from __future__ import annotations

from dataclasses import dataclass

from sessions import Sealed, Session, SessionStore, dialogue_key, link_key, session_key
from ussd_engine.editions import Editions
from ussd_engine.leg import Leg, Teller
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Phase, Profile, Turn
from ussd_engine.view import KEPT_S, Seen


@dataclass
class Work:
    """One turn under way."""

    turn: Turn
    profile: Profile
    seen: Seen
    edition: Edition
    arrived_ms: int
    deadline: float = 0.0
    """By the loop's clock."""
    key: bytes = b""
    found: Sealed | None = None
    words: str | None = None
    """What the institution said, where this turn has asked for it."""

    @property
    def session(self) -> Session | None:
        return self.found.session if self.found else None

    @property
    def code(self) -> str | None:
        """What was dialled."""
        return self.turn.service_code or self.profile.code

    @property
    def nameless_start(self) -> bool:
        return self.turn.phase is Phase.START and not self.turn.msisdn

    def count(self, name: str) -> None:
        self.seen.counts.append(name)


class Places:
    """Finds sessions. Everything here raises `StoreUnavailable` where the store cannot tell."""

    def __init__(self, sessions: SessionStore, teller: Teller, editions: Editions) -> None:
        self._sessions = sessions
        self._teller = teller
        self.editions = editions

    async def locate(self, work: Work) -> bytes:
        """The key under which this dialog stands: caller and code, else what the small key says, else the dialogue."""
        turn, secret = work.turn, self._teller.secret
        if not turn.msisdn:
            work.count("no_number")
        elif work.code:
            return session_key(secret, turn.msisdn, work.code)
        linked = None if turn.phase is Phase.START else await self._sessions.follow(self._link(turn))
        return linked or self._own_key(work)

    def _own_key(self, work: Work) -> bytes:
        """The key that a leg has by itself."""
        turn, secret = work.turn, self._teller.secret
        if not turn.msisdn:
            return dialogue_key(secret, turn.channel, turn.dialogue)
        return session_key(secret, turn.msisdn, work.code or next(iter(self.editions.current.codes)))

    def _link(self, turn: Turn) -> bytes:
        return link_key(self._teller.secret, turn.channel, turn.dialogue)

    async def load(self, work: Work) -> Leg:
        """Read what stands there, and tell which leg of it this is."""
        turn = work.turn
        work.found = await self._sessions.load(work.key)
        session = work.session
        if session and turn.msisdn and session.msisdn not in (0, int(turn.msisdn)):
            work.count("session_mismatch")
            work.key = self._own_key(work)
            work.found = await self._sessions.load(work.key)
            session = work.session
        if session:
            work.seen.locale, work.seen.service = session.locale, session.service
        if work.nameless_start:
            linked = await self._sessions.follow(self._link(turn))
            known = await self._sessions.load(linked) if linked else None
            return self._teller.nameless(turn, work.arrived_ms, session, known.session if known else None)
        return self._teller.tell(session, turn, work.profile, work.arrived_ms)

    async def adopt(self, work: Work) -> None:
        """Lead the later legs of a dialogue that begins here, which may lack number or code, to this session."""
        if work.profile.complete:
            return
        link = self._link(work.turn)
        before = await self._sessions.follow(link)
        if before and before != work.key:
            work.count("session_mismatch")
        await self._sessions.link(link, work.key, KEPT_S)
