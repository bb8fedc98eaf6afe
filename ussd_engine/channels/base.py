"""What a provider's file must offer, and the shapes of its wire.

A channel is a pure translator: it opens no socket, keeps no state and knows no clock. Everything it may meet on the
wire ends as a `Turn` or as `NotACallback`, never as another exception.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final, Protocol, TypeVar, runtime_checkable

import msgspec

from ussd_engine.channels.codes import Codes, NotACode, normalise
from ussd_engine.counts import Count
from ussd_engine.errors import ConfigError, EngineError, NotACallback, did_you_mean, misfit
from ussd_engine.model import LegKind, Profile, Reply, Turn
from ussd_engine.secret import Secret
from ussd_engine.smpp.account import Account

DELIVERED: Final = "DELIVER_SM"
"""The method of what comes over a bind."""

_Own = TypeVar("_Own", bound=msgspec.Struct)


class Kind(StrEnum):
    """Which of a channel's addresses a request came to."""

    USSD = "ussd"
    EVENTS = "events"
    SMS = "sms"
    REPORTS = "reports"
    STOPS = "stops"
    FORMS = "forms"
    CHECK = "check"


_PLACES = {
    Kind.USSD: ("ussd",),
    Kind.EVENTS: ("ussd", "events"),
    Kind.SMS: ("sms",),
    Kind.REPORTS: ("sms", "reports"),
    Kind.STOPS: ("sms", "stops"),
    Kind.FORMS: ("forms",),
    Kind.CHECK: ("forms", "check"),
}


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request, as received. `query` is raw, still percent-encoded; headers are asked for by their names in
    lower case."""

    method: str
    kind: Kind = Kind.USSD
    query: str = ""
    headers: Mapping[str, str] = {}
    body: bytes = b""

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP answer."""

    body: bytes
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = {}
    status: int = 200


ACKNOWLEDGED = Response(body=b"")


class Answered(EngineError):
    """A provider's callback that asks for no turn: its answer, and what is counted."""

    def __init__(self, response: Response, count: Count) -> None:
        super().__init__(str(count))
        self.response = response
        self.count = count


class Closing(StrEnum):
    """Why a provider says that a dialogue is over: `Turn.text` of a turn that is closed."""

    COMPLETED = "completed"
    INCOMPLETE = "incomplete"
    """Cancelled or timed out; the provider does not tell which."""
    USER_CANCELLED = "user_cancelled"
    TIMEOUT = "timeout"
    NETWORK_ERROR = "network_error"
    CHARGE_FAILED = "charge_failed"
    UNKNOWN = "unknown"


class Dial(msgspec.Struct, frozen=True, kw_only=True):
    """A dialogue as the phone has it so far, from which a channel makes the provider's next request."""

    dialogue: str
    dialled: str
    """As typed, perhaps with digits behind the code: `*152*00*9*2#`."""
    msisdn: str | None = None
    """E.164 without the plus sign."""
    inputs: tuple[str, ...] = ()
    """All that was typed since, the newest last; empty at the start."""
    operator: str = ""


class UnreadableReply(EngineError):
    """An answer that the provider could not show."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel is made from."""

    name: str
    """As in its address, `/ussd/NAME`."""
    msisdn: Callable[[str], str | None]
    """The country's reading of a phone number: E.164 without the plus sign, or `None`."""
    codes: Codes
    networks: Mapping[str, str] = {}
    """Names of operators by the provider's number for them."""
    options: Mapping[str, object] = {}
    """Fields of `Profile` and the provider's own, by name."""

    def dialled(self, text: str, place: str) -> tuple[str, str]:
        """The code that was dialled, `*152*00#`, and the digits behind it, joined by `*`. Raises `NotACallback`, which
        names the place where the text stood."""
        try:
            return self.codes.split(text)
        except NotACode as error:
            raise NotACallback(f"{place}: {error}") from None


class Channel(Protocol):
    """A configured connection to a provider."""

    @property
    def name(self) -> str: ...

    @property
    def profile(self) -> Profile: ...

    def parse(self, request: Request) -> Turn:
        """The turn that a callback asks for, a close in band among them. Raises `NotACallback` and `Answered`."""

    def parse_event(self, request: Request) -> Turn:
        """The closed turn that an end-of-session notice tells. Raises `NotACallback`."""

    def reply(self, reply: Reply, turn: Turn | None) -> Response:
        """The answer in the provider's envelope; to a closed turn its acknowledgement, whatever `reply` holds.

        `turn` is `None` where none could be had (a fault before it); providers that want something echoed get nothing.
        """

    def build(self, dial: Dial) -> Request:
        """The request that this provider would make for the newest input of `dial`, or for its start."""

    def build_close(self, dial: Dial) -> Request | None:
        """The notice that `dial` is over; `None` where the provider sends none."""

    def read(self, response: Response) -> Reply:
        """What the provider would show of an answer. Raises `UnreadableReply`."""


@runtime_checkable
class Posting(Protocol):
    """What a channel has besides, whose provider takes each screen in a request of ours: its callback is answered with
    `acknowledged` at once, and `reply` gives the body of the request that follows."""

    acknowledged: Response
    url: str
    """Where screens are posted; http or https."""
    post_headers: Mapping[str, str]
    post_s: float
    """How long the provider may take to answer."""

    def fault(self, answer: Response) -> str:
        """Why a screen was not taken, by the provider's answer; the same of our own. Empty where it was."""

    def addressee(self, posted: bytes) -> str:
        """The dialogue for which a screen was posted. Raises `NotACallback`."""


@runtime_checkable
class Bound(Protocol):
    """What a channel has besides that is reached over a bind, and at no address of ours: its requests are the PDUs that
    are delivered, as `delivered` makes them; its replies are those that are sent, and follow the acknowledgement."""

    account: Account | None
    """Of the bind; `None` where it is not set, so that there is none."""
    post_s: float
    """How long a screen may take to be sent."""

    def addressee(self, posted: bytes) -> str:
        """As of `Posting`."""


def delivered(octets: bytes, kind: Kind = Kind.USSD) -> Request:
    """The request that came over a bind as this PDU."""
    return Request(method=DELIVERED, kind=kind, body=octets)


def path(channel: str, kind: Kind = Kind.USSD, token: str = "") -> str:
    """The address at which a channel is served."""
    room, *last = _PLACES[kind]
    return "/" + "/".join([room, channel, *last, *([token] if token else [])])


def configure(settings: Settings, profile: Profile, own: type[_Own]) -> tuple[Profile, _Own]:
    """`profile` with the settings laid over it, and the provider's own options. Raises `ConfigError`."""
    ours, theirs = frozenset(profile.__struct_fields__), frozenset(own.__struct_fields__)
    place = f'channel "{settings.name}"'
    for key in settings.options:
        if key not in ours | theirs:
            raise ConfigError(f'{place}: setting "{key}" does not exist{did_you_mean(key, ours | theirs)}')
    plain = {key: one.reveal() if isinstance(one, Secret) else one for key, one in settings.options.items()}
    given = {key: value for key, value in plain.items() if key in ours}
    try:
        laid = msgspec.convert({**msgspec.to_builtins(profile), **given}, Profile, strict=False)
        rest = {key: value for key, value in plain.items() if key in theirs}
        return _with_code(laid), msgspec.convert(rest, own, strict=False, dec_hook=_hidden)
    except (msgspec.ValidationError, NotACode) as error:
        raise ConfigError(f"{place}: {misfit(error, own)}") from None


def _hidden(kind: type, value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("Expected a text")  # msgspec tells it with the setting's place
    return kind(value)


def _with_code(profile: Profile) -> Profile:
    return msgspec.structs.replace(profile, code=normalise(profile.code)) if profile.code else profile


def numbered(settings: Settings, profile: Profile, legs: str) -> tuple[Profile, LegKind]:
    """Of a provider whose requests carry a number: its profile and how its legs are told, where `legs` says whether the
    number can be relied upon, `numbered` or `window`. What is numbered holds nothing, unless it is set."""
    kind = LegKind.SEQUENCE if legs == "numbered" else LegKind.WINDOW
    holds = "hold_s" in settings.options or kind is LegKind.WINDOW
    return profile if holds else msgspec.structs.replace(profile, hold_s=0.0), kind


class NoOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For a provider with nothing of its own to set."""
