"""Under which key a turn finds its session, and how the later legs of a dialogue find it too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sessions import Sealed, Session, SessionStore, dialogue_key, link_key, session_key
from ussd_engine.editions import Editions
from ussd_engine.leg import Leg, Teller
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Phase, Profile, Turn
from ussd_engine.view import KEPT_S, Seen


class DialogueKeys(Protocol):
    """What the places ask of the keyring; see `Keyring`."""

    @property
    def dialogue(self) -> bytes: ...
    def dialogues(self, now_s: float) -> Sequence[bytes]: ...


class Keys(DialogueKeys, Protocol):
    """What the gateway asks of the keyring."""

    @property
    def pin(self) -> bytes: ...


@dataclass
class Work:
    """One turn under way."""

    turn: Turn
    profile: Profile
    seen: Seen
    edition: Edition
    arrived_ms: int
    teller: Teller
    """Of the key under which this dialog began."""
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
    """Finds sessions. Everything here but `teller` raises `StoreUnavailable` where the store cannot tell.

    A dialog stays under the key under which it began, whatever key new ones begin under. `clock` gives Unix seconds.
    """

    def __init__(
        self, sessions: SessionStore, keys: DialogueKeys, clock: Callable[[], float], editions: Editions
    ) -> None:
        self._sessions = sessions
        self._keys = keys
        self._clock = clock
        self.editions = editions

    @property
    def teller(self) -> Teller:
        """Of the key under which a dialog begins now."""
        return Teller(self._keys.dialogue)

    async def locate(self, work: Work) -> bytes:
        """The key under which this dialog stands: caller and code, else what the small key says, else the dialogue."""
        if not work.turn.msisdn:
            work.count("no_number")
        secrets = self._keys.dialogues(self._clock())
        # All processes look in one order, whichever key they write with: of two dialogs all of them find the same.
        if len(secrets) > 1:
            for secret in secrets:
                work.teller = Teller(secret)
                key = await self._key(work)
                if await self._stands(work, key):
                    return key
            work.teller = self.teller
        return await self._key(work)

    async def _key(self, work: Work) -> bytes:
        turn = work.turn
        if turn.msisdn and work.code:
            return session_key(work.teller.secret, turn.msisdn, work.code)
        linked = None if turn.phase is Phase.START else await self._sessions.follow(self._link(work))
        return linked or self._own_key(work)

    async def _stands(self, work: Work, key: bytes) -> bool:
        linked = await self._sessions.follow(self._link(work)) if work.nameless_start else None
        return linked is not None or await self._sessions.load(key) is not None

    def _own_key(self, work: Work) -> bytes:
        """The key that a leg has by itself."""
        turn, secret = work.turn, work.teller.secret
        if not turn.msisdn:
            return dialogue_key(secret, turn.channel, turn.dialogue)
        return session_key(secret, turn.msisdn, work.code or next(iter(self.editions.current.codes)))

    def _link(self, work: Work) -> bytes:
        return link_key(work.teller.secret, work.turn.channel, work.turn.dialogue)

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
            linked = await self._sessions.follow(self._link(work))
            known = await self._sessions.load(linked) if linked else None
            return work.teller.nameless(turn, work.arrived_ms, session, known.session if known else None)
        return work.teller.tell(session, turn, work.profile, work.arrived_ms)

    async def adopt(self, work: Work) -> None:
        """Lead the later legs of a dialogue that begins here, which may lack number or code, to this session."""
        if work.profile.complete:
            return
        link = self._link(work)
        before = await self._sessions.follow(link)
        if before and before != work.key:
            work.count("session_mismatch")
        await self._sessions.link(link, work.key, KEPT_S)
