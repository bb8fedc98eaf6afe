"""The words of SMS, shared by gateways, queue and answers: frozen and typed. Times are Unix milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Final

from ussd_engine.errors import EngineError, Why
from ussd_engine.model import Quiet


class Priority(IntEnum):
    """What goes first on a route."""

    REPLY = 0
    """She waits for it: it answers what she did a moment ago."""
    NOTICE = 1
    BULK = 2


class Progress(StrEnum):
    """How far a message is; `lattice` orders them."""

    QUEUED = "queued"
    ACCEPTED = "accepted"
    """The gateway has it."""
    SENT = "sent"
    """It is on its way to the phone."""
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"
    REJECTED = "rejected"
    WITHHELD = "withheld"
    """Ours: it never left, for she had stopped SMS or was erased."""


FINAL: Final = frozenset({Progress.DELIVERED, Progress.FAILED, Progress.EXPIRED, Progress.REJECTED, Progress.WITHHELD})


class Notice(Quiet, frozen=True, kw_only=True):
    """What somebody is to be told, before it has words: they are made when it is sent.

    It goes to the contact of a case (`handle`) or to a number that wrote to us (`msisdn`); one of the two is set.
    """

    key: bytes
    """What it tells: of two with one key the first is kept."""
    service: str
    template: str
    values: Mapping[str, str]
    """As stored: codes of institutions, ISO dates, references."""
    locale: str
    """Empty: the one that stands for the number when it is sent, else the service's own."""
    priority: Priority
    push: bool
    """Nobody asked for it: it waits for the hours of the day, and STOP withholds it."""
    at_ms: int
    handle: str | None = None
    msisdn: str | None = None
    link: str = ""
    """As in `Incoming`, of the SMS that this replies to."""


class Outgoing(Quiet, frozen=True, kw_only=True):
    """One SMS for a gateway."""

    id: bytes
    """16 octets, ours: the same for every attempt of this SMS."""
    msisdn: str
    """E.164 without the plus sign."""
    text: str
    link: str = ""
    """As in `Incoming`, of the SMS that this replies to, at its first attempt; empty for all else."""


class Sent(Quiet, frozen=True, kw_only=True):
    """What a gateway said of one SMS."""

    id: bytes
    progress: Progress
    """`accepted`, `sent`, `rejected` or `failed`."""
    provider_id: str = ""
    """Under which its reports come; empty where there are none."""
    reason: str = ""
    """The provider's code or word; nothing of the citizen."""
    again: bool = False
    """It may be tried again."""


class Way(StrEnum):
    """How an SMS reaches us."""

    CALLED = "called"
    FETCHED = "fetched"


class Piece(Quiet, frozen=True, kw_only=True):
    """Which part of a long SMS an SMS is. Its other parts have the same reference, sender and receiver."""

    reference: int
    total: int
    number: int
    """From 1."""


class Incoming(Quiet, frozen=True, kw_only=True):
    """An SMS of a citizen, as a gateway handed it over."""

    channel: str
    id: str
    """The provider's; empty where it gives none."""
    msisdn: str
    to: str
    """The number that she wrote to; empty where the provider does not say."""
    text: str
    at_ms: int | None = None
    """When it was written, as the provider says."""
    link: str = ""
    """What the gateway wants back with the replies to it, in words of its own; empty: nothing."""
    came: Way | None = None
    """Where the provider's inbox is read beside its callbacks, by which of the two: it may come by the other, too."""
    piece: Piece | None = None
    """Where a gateway hands over a long SMS part by part: which one this is."""


class Report(Quiet, frozen=True, kw_only=True):
    """What a gateway told later of one SMS."""

    channel: str
    provider_id: str
    status: str
    """In the provider's own words."""
    progress: Progress | None
    """`None` for a status that nobody knows: it is kept and counted."""
    reason: str = ""


class RouteFault(EngineError):
    """The gateway did not take a whole call. `str` says why, in words for an operator."""

    def __init__(
        self,
        words: str,
        *,
        after_s: float | None = None,
        stop: bool = False,
        perhaps_taken: bool = False,
        why: Why | None = None,
    ) -> None:
        super().__init__(words)
        self.why = why
        """For the log, where it is one of these."""
        self.channel = ""
        """For the log: whose provider it was, where nobody else says it."""
        self.after_s = after_s
        """How long the provider asked to be left alone."""
        self.stop = stop
        """Nothing will be taken until somebody has mended it: no credit, a wrong key, an unknown sender."""
        self.perhaps_taken = perhaps_taken
        """The request may have arrived: what is sent again may come twice."""
