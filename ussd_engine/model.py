"""The words that the rooms of the engine exchange: frozen and typed. Times are Unix milliseconds."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Literal

import msgspec

Value = str | None
Answers = dict[str, Value]


class Phase(StrEnum):
    """Where in the provider's dialogue a callback stands."""

    START = "start"
    INPUT = "input"
    CLOSED = "closed"


class LegKind(StrEnum):
    """How a channel tells a repeat from a new answer that happens to be equal."""

    CUMULATIVE = "cumulative"
    """The text holds all inputs, joined by `*`; its hash is the leg."""
    SEQUENCE = "sequence"
    """The provider numbers its requests."""
    WINDOW = "window"
    """Nothing is given: the same input within a time is a repeat."""


class Quiet(msgspec.Struct, frozen=True):
    """Prints its name alone: what a citizen wrote, or her number, must not reach a log by way of a traceback."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class Turn(Quiet, frozen=True):
    """One callback of a provider, in our words. Nothing else in the engine knows a provider's field names."""

    channel: str
    dialogue: str
    """The provider's session id."""
    phase: Phase
    text: str
    """START: the digits dialled behind the code, joined by `*`, or empty. INPUT: the newest input, or on a cumulative
    channel the whole text as received."""
    service_code: str | None = None
    """Normalised: `*152*00#`."""
    msisdn: str | None = None
    """E.164 without the plus sign."""
    leg_kind: LegKind = LegKind.WINDOW
    sequence: int = 0
    operator: str | None = None
    echo: tuple[str, ...] = ()
    """What the provider wants back with the answer, as it came; for its channel alone."""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel's handsets and wire allow. Data, not code: one a channel, every field a setting."""

    septets: int = 160
    """Room of a screen in GSM-7."""
    units: int = 80
    """Room of a screen in UCS-2; 0 where the wire has GSM-7 alone."""
    repeat_window_s: float = 1.0
    hold_s: float = 6.0
    """0 where a provider is known never to repeat, and on channels with a leg identity."""
    session_s: float = 0.0
    """How long the provider lets a dialogue last; 0 where nothing is known of it."""
    reply_s: float = 0.0
    """How long it waits for an answer to a screen; 0 where nothing is known of it."""
    reply_full: int = 150
    """Letters from which on a reply filled the phone's screen."""
    code: str | None = None
    """The dialled code where the wire never carries it."""
    complete: bool = False
    """Every leg carries number and code, so nothing need be kept to find the session of a later leg."""
    passes_digits: bool = True
    """The provider hands over digits dialled behind the code, so `{code}` may hold the whole path."""


class Reply(Quiet, frozen=True):
    """What the citizen's phone is to show, and whether it may answer."""

    text: str
    ends: bool


class Mode(StrEnum):
    """Who may know who the citizen is."""

    CONFIDENTIAL = "confidential"
    NAMED = "named"
    ANONYMOUS = "anonymous"


class Submit(Quiet, frozen=True, kw_only=True):
    """The effect that stores a submission. Its key is the run of the form."""

    key: bytes
    case: bytes
    """16 random octets: the submission's internal id."""
    reference: str
    """9 digits, drawn before the act."""
    service: str
    type: str
    """complaint, opinion, question, compliment."""
    mode: Mode
    institution: str
    """Its code."""
    answers: Answers
    """All that the form sends, `message` among it."""
    locale: str
    channel: str
    msisdn: str | None
    """E.164 without plus; never set in `anonymous`. The ledger seals it, apart."""
    caller: str | None
    """The same number for the day's limit alone, in every mode; only its keyed hash of the day is kept."""
    at_ms: int
    due: date | None
    chose: bool = True
    """The language is one that she chose, and is remembered."""


class Cancel(Quiet, frozen=True, kw_only=True):
    """The effect that leaves a form. Its key is the run, so that of it and `Submit` only one can be."""

    key: bytes
    at_ms: int


class SetLanguage(Quiet, frozen=True, kw_only=True):
    """The effect that remembers a caller's language for 12 months."""

    key: bytes
    msisdn: str
    """Empty where the number did not reach us: nothing is remembered then."""
    locale: str
    at_ms: int


Act = Submit | Cancel | SetLanguage


class Committed(Quiet, frozen=True):
    """What the ledger holds under a key: the first effect that came with it, whatever the later ones were."""

    kind: Literal[
        "submit",
        "cancel",
        "set_language",
        "limit",
        "hour",
        "refused",
        "append",
        "rate",
        "withdraw",
        "appeal",
        "ask_pin",
        "show_pin",
        "set_sms",
        "erase",
        "finish_by_sms",
    ]
    """`limit`, `hour`: nothing was written, the caller's day or hour is full. `refused`: the case takes no such act
    now."""
    reference: str = ""
    case: bytes = b""
    due: date | None = None
    mode: str = ""
    until: date | None = None
    """The last day of the appeal window, after a rating."""
    generation: int = 0
    """Of the PIN to show, or that a screen shows again."""


class CaseState(StrEnum):
    """Where a case stands (the lifecycle of citizens' feedback)."""

    QUEUED = "queued"
    RECEIVED = "received"
    OPENED = "opened"
    IN_PROGRESS = "in_progress"
    NEED_INFO = "need_info"
    TRANSFERRED = "transferred"
    ANSWERED = "answered"
    CLOSED = "closed"
    NOT_ACCEPTED = "not_accepted"
    APPEALED = "appealed"
    APPEAL_DECIDED = "appeal_decided"
    WITHDRAWN = "withdrawn"


class Case(Quiet, frozen=True, kw_only=True):
    """The projection of a case: what lists, status and the menus read. No word of anybody stands in it."""

    reference: str
    case: bytes
    """The submission's internal id."""
    handle: str | None
    """Of the contact; `None` in `anonymous`, and once the number is erased."""
    service: str
    type: str
    mode: Mode
    institution: str
    """Who holds it now."""
    state: CaseState
    submitted: date
    changed: date
    """The day of the last change that the citizen may see."""
    due: date | None
    sequence: int
    """Of the last event applied; where the core counts none, its time."""
    event: str = ""
    """The id of the last event applied, where the core counts none; it tells two of one time apart."""
    core_reference: str | None = None
    leader: str = ""
    """The level to which it was addressed: `minister`, `region`, `district`; else empty."""
    moves: int = 0
    """How often it was transferred."""
    appeals: int = 0
    ended: date | None = None
    """The day of the last answer, decision, refusal or closing, from which the appeal window counts."""
    spoken: bool = False
    """The institution has said something that can be read: an answer, a reason, a decision; a question while it waits
    for her."""
    rating: str = ""
    """`yes`, `partly`, `no`, of the last answer; empty where she has not said."""
    overdue: bool = False
    """She was told that the due date has passed."""
    refused: str = ""
    """What of hers the core did not take, so that it was taken back here: `addition`, `rating`, `withdrawal`, `appeal`;
    empty once she has done something else, or the case has gone on."""


class Told(StrEnum):
    """What a citizen is told when her case changes; each is a row of the table of texts by mode and medium."""

    OPENED = "opened"
    COMPLIMENT_READ = "compliment_read"
    IN_PROGRESS = "in_progress"
    NEED_INFO = "need_info"
    TRANSFERRED = "transferred"
    DUE_CHANGED = "due_changed"
    OVERDUE = "overdue"
    ANSWERED = "answered"
    APPEAL_DECIDED = "appeal_decided"
    LEADER_ANSWERED = "leader_answered"
    LEADER_DIRECTIVE = "leader_directive"
    NOT_ACCEPTED = "not_accepted"
    CLOSED = "closed"


class Submission(Quiet, frozen=True, kw_only=True):
    """What a feedback store receives. `number` and `name` are set in `named` alone."""

    idempotency_key: str
    """Hex; a store takes a key once."""
    reference: str
    service: str
    type: str
    mode: Mode
    institution: str
    handle: str
    """The contact handle: 128 random bits in hex, one a case; empty in `anonymous`."""
    answers: Answers
    locale: str
    submitted: date
    due: date | None = None
    number: str | None = None
    name: str | None = None
