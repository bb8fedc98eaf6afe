"""Which request of a dialogue this is: a start, a redial, a repeat, an older leg, or a new answer. Pure.

Every channel has its own way to tell; what a repeat is must never be guessed from an equal input alone, for `1`, `1`
opens a form and ends it. Where a provider gives nothing, the time of arrival decides, and what would act is held.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from sessions import Session, digest
from ussd_engine.model import LegKind, Phase, Profile, Turn

RESTART_S = 15.0
"""A start of the running dialogue is a repeat of the first one while its last leg is younger."""
KEPT_DIALOGUES = 4
MOST_BLANKS = 32
"""Blanks at the end of an input that a provider may drop when it sends the whole text again."""


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

    def __repr__(self) -> str:
        return f"Leg({self.kind})"  # never what was typed


class Teller:
    """Tells legs by keyed hashes, so that neither a text nor a provider's id stands in a session."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret

    def dialogue(self, turn: Turn) -> bytes:
        return digest(self.secret, turn.channel, turn.dialogue)

    def hash(self, text: str) -> bytes:
        return digest(self.secret, text)

    def tell(self, session: Session | None, turn: Turn, profile: Profile, arrived_ms: int) -> Leg:
        """What `turn` is, by the time it arrived. `session` is the one found for it, if any."""
        if session is None:
            return self.start(Kind.NEW, turn)
        dialogue = self.dialogue(turn)
        if dialogue in session.left:
            return Leg(Kind.OLD_DIALOGUE)
        if dialogue != session.dialogue:
            return self.start(Kind.REDIAL, turn)
        if turn.phase is Phase.START:
            start = self.start(Kind.REPEAT, turn)
            last = (start.hash, start.length) == (session.leg, session.leg_length)
            return start if last or _lately(session, arrived_ms) else start._replace(kind=Kind.REDIAL)
        if turn.leg_kind is LegKind.CUMULATIVE:
            return self.cumulative(session, turn)
        if turn.leg_kind is LegKind.SEQUENCE:
            return self.sequence(session, turn)
        return self.window(session, turn, profile, arrived_ms)

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

    def window(self, session: Session, turn: Turn, profile: Profile, arrived_ms: int) -> Leg:
        found = self.hash(turn.text)
        if found == session.leg and arrived_ms - session.touched_ms <= profile.repeat_window_s * 1000:
            return Leg(Kind.REPEAT)
        return Leg(Kind.ANSWER, turn.text, found)

    def cumulative(self, session: Session, turn: Turn) -> Leg:
        """The newest input is what follows the text of the last leg and one `*`; never found by splitting."""
        octets, before = _octets(turn.text), session.leg_length
        answer = Leg(Kind.ANSWER, turn.text, self.hash(turn.text), len(octets))
        if answer.hash == session.leg:
            return Leg(Kind.REPEAT)
        if before == 0:
            return answer
        rest = octets[before:]
        continues = rest.startswith(b"*")
        if continues and self.hash(_text(octets[:before])) == session.leg:
            return answer._replace(text=_text(rest[1:]))
        if session.predialled:
            return answer
        changed = answer._replace(counts=("prefix_mismatch",))
        trimmed = self._after_trimmed(session, octets)
        if trimmed is not None:
            return changed._replace(text=trimmed)
        if len(octets) <= before:
            return Leg(Kind.OLDER)
        if continues:
            return changed._replace(text=_text(rest[1:]))
        return changed._replace(kind=Kind.OLDER, text="")

    def _after_trimmed(self, session: Session, octets: bytes) -> str | None:
        """What follows the last text where that has lost the blanks at its end since; the hash proves that it had."""
        for blanks in range(1, min(MOST_BLANKS, session.leg_length) + 1):
            size = session.leg_length - blanks
            stands = octets[size : size + 1] == b"*"
            if stands and self.hash(_text(octets[:size]) + " " * blanks) == session.leg:
                return _text(octets[size + 1 :])
        return None

    # a start without number

    def nameless(self, turn: Turn, arrived_ms: int, *found: Session | None) -> Leg:
        """A start without number, where `found` stands under its dialogue: a repeat of it, or a dialog of its own."""
        dialogue = self.dialogue(turn)
        for session in found:
            if session and dialogue in session.left:
                return Leg(Kind.OLD_DIALOGUE)
            if session and dialogue == session.dialogue and _lately(session, arrived_ms):
                return Leg(Kind.OLD_DIALOGUE)
        return self.start(Kind.NEW, turn)


def _lately(session: Session, arrived_ms: int) -> bool:
    """Whether a leg of the session's dialogue came a moment ago."""
    return arrived_ms - session.touched_ms < RESTART_S * 1000


# Channels without leg identity: an answer may be the late repeat of an equal one.


def equals_recent(session: Session, turn: Turn, leg: Leg, profile: Profile, arrived_ms: int) -> bool:
    """Whether an equal answer of this dialog arrived less than `hold_s` before."""
    if turn.leg_kind is not LegKind.WINDOW:
        return False
    return any(found == leg.hash for found, _ in _recent(session, profile, arrived_ms))


def remember(session: Session, turn: Turn, leg: Leg, profile: Profile, arrived_ms: int) -> None:
    """Keep an input among the recent ones, for as long as its repeat may come."""
    if turn.leg_kind is LegKind.WINDOW and turn.phase is Phase.INPUT and profile.hold_s:
        session.recent = [*_recent(session, profile, arrived_ms), (leg.hash, arrived_ms)]


def _recent(session: Session, profile: Profile, arrived_ms: int) -> list[tuple[bytes, int]]:
    since = arrived_ms - profile.hold_s * 1000
    return [(found, at) for found, at in session.recent if at > since]


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")
