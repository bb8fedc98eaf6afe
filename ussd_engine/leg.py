"""Which request of a dialogue this is: a start, a redial, a repeat, an older leg, or a new answer. Pure.

Every channel has its own way to tell; what a repeat is must never be guessed from an equal input alone, for `1`, `1`
opens a form and ends it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from sessions import Session, digest
from ussd_engine.model import LegKind, Phase, Profile, Turn

RESTART_S = 15.0
"""A start of the running dialogue is a repeat of the first one while its last leg is younger."""
KEPT_DIALOGUES = 4


class Kind(StrEnum):
    """What a request is to the session that was found."""

    NEW = "new"
    """A start where no session stands."""
    REDIAL = "redial"
    """A start of another dialogue, or of the same one again."""
    REPEAT = "repeat"
    """The same leg: the same screen."""
    OLDER = "older"
    """An older leg: the current screen, no action."""
    OLD_DIALOGUE = "old_dialogue"
    """A leg of a dialogue that the session left: an END."""
    ANSWER = "answer"


class Leg(NamedTuple):
    """A request, told."""

    kind: Kind
    text: str = ""
    """The answer; at a start the digits dialled with it."""
    hash: bytes = b""
    length: int = 0
    """Bytes of a cumulative text; the number of a numbered leg."""
    counts: tuple[str, ...] = ()
    """What an operator wants counted: `prefix_mismatch`."""


class Teller:
    """Tells legs by keyed hashes, so that neither a text nor a provider's id stands in a session."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret

    def dialogue(self, turn: Turn) -> bytes:
        return digest(self.secret, turn.channel, turn.dialogue)

    def hash(self, text: str) -> bytes:
        return digest(self.secret, text)

    def tell(self, session: Session | None, turn: Turn, profile: Profile, now_ms: int) -> Leg:
        """What `turn` is. `session` is the one found for it, if any."""
        if session is None:
            return self.start(Kind.NEW, turn)
        dialogue = self.dialogue(turn)
        if dialogue in session.left:
            return Leg(Kind.OLD_DIALOGUE)
        if dialogue != session.dialogue:
            return self.start(Kind.REDIAL, turn)
        if turn.phase is Phase.START:
            young = now_ms - session.touched_ms < RESTART_S * 1000
            return self.start(Kind.REPEAT if session.first or young else Kind.REDIAL, turn)
        if turn.leg_kind is LegKind.CUMULATIVE:
            return self.cumulative(session, turn)
        if turn.leg_kind is LegKind.SEQUENCE:
            return self.sequence(session, turn)
        return self.window(session, turn, profile, now_ms)

    def start(self, kind: Kind, turn: Turn) -> Leg:
        """A first leg. An input of an unknown dialogue is one whose start was lost; only a whole text shows digits."""
        digits = turn.text if turn.phase is Phase.START or turn.leg_kind is LegKind.CUMULATIVE else ""
        if turn.leg_kind is LegKind.SEQUENCE:
            return Leg(kind, digits, b"", turn.sequence)
        if turn.leg_kind is LegKind.CUMULATIVE:
            return Leg(kind, digits, self.hash(turn.text), len(_octets(turn.text)))
        # An input that only opened the dialog is no answer, so its repeat must find its hash.
        return Leg(kind, digits, b"" if turn.phase is Phase.START else self.hash(turn.text))

    def sequence(self, session: Session, turn: Turn) -> Leg:
        if turn.sequence == session.leg_length:
            return Leg(Kind.REPEAT)
        if turn.sequence < session.leg_length:
            return Leg(Kind.OLDER)
        return Leg(Kind.ANSWER, turn.text, self.hash(turn.text), turn.sequence)

    def window(self, session: Session, turn: Turn, profile: Profile, now_ms: int) -> Leg:
        found = self.hash(turn.text)
        if found == session.leg and now_ms - session.touched_ms <= profile.repeat_window_s * 1000:
            return Leg(Kind.REPEAT)
        return Leg(Kind.ANSWER, turn.text, found)

    def cumulative(self, session: Session, turn: Turn) -> Leg:
        """The newest input is what follows the text of the last leg and one `*`; never found by splitting."""
        octets = _octets(turn.text)
        length, before = len(octets), session.leg_length
        found = self.hash(turn.text)
        if found == session.leg:
            return Leg(Kind.REPEAT)
        if before == 0:
            return Leg(Kind.ANSWER, turn.text, found, length)
        head, rest = _text(octets[:before]), _text(octets[before:])
        if length > before and self.hash(head) == session.leg:
            return Leg(Kind.ANSWER, rest.removeprefix("*"), found, length)
        if session.predialled:
            return Leg(Kind.ANSWER, turn.text, found, length)
        if length <= before:
            return Leg(Kind.OLDER)
        if rest.startswith("*"):
            return Leg(Kind.ANSWER, rest[1:], found, length, ("prefix_mismatch",))
        return Leg(Kind.OLDER, "", found, length, ("prefix_mismatch",))


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")
