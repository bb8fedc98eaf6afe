"""What a provider's file must offer, and the shapes of its wire.

A channel is a pure translator: it opens no socket, keeps no state and knows no clock. Everything it may meet on the
wire ends as a `Turn` or as `NotACallback`, never as another exception.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Protocol, TypeVar

import msgspec

from ussd_engine.channels.codes import Codes, NotACode, normalise
from ussd_engine.errors import ConfigError, EngineError, did_you_mean
from ussd_engine.model import Profile, Reply, Turn

_Own = TypeVar("_Own", bound=msgspec.Struct)


class Kind(StrEnum):
    """Which of a channel's addresses a request came to."""

    USSD = "ussd"
    EVENTS = "events"
    SMS = "sms"
    REPORTS = "reports"


_PLACES = {
    Kind.USSD: ("ussd",),
    Kind.EVENTS: ("ussd", "events"),
    Kind.SMS: ("sms",),
    Kind.REPORTS: ("sms", "reports"),
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


class Channel(Protocol):
    """A configured connection to a provider."""

    @property
    def name(self) -> str: ...

    @property
    def profile(self) -> Profile: ...

    def parse(self, request: Request) -> Turn:
        """The turn that a callback asks for, a close in band among them. Raises `NotACallback`."""

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
    given = {key: value for key, value in settings.options.items() if key in ours}
    try:
        laid = msgspec.convert({**msgspec.to_builtins(profile), **given}, Profile, strict=False)
        options = msgspec.convert({k: v for k, v in settings.options.items() if k in theirs}, own, strict=False)
        return _with_code(laid), options
    except (msgspec.ValidationError, NotACode) as error:
        raise ConfigError(f"{place}: {error}") from None


def _with_code(profile: Profile) -> Profile:
    return msgspec.structs.replace(profile, code=normalise(profile.code)) if profile.code else profile


class NoOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For a provider with nothing of its own to set."""
