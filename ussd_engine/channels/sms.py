"""What a provider's file must offer to carry SMS, what its settings say, and what all of them say alike.

A gateway reads callbacks like a channel: pure, without a clock, and everything on the wire ends as its type or as
`NotACallback`. What it sends, it awaits. What the provider says of one number is a `Sent`; what it says of the whole
call is a `RouteFault`, whose words never hold a number, a text or a key.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timezone
from typing import Annotated, ClassVar, Final, NamedTuple, NoReturn, Protocol, TypeVar, runtime_checkable
from urllib.parse import urlsplit

import msgspec

from ussd_engine.channels.base import Kind, Request, Response
from ussd_engine.errors import ConfigError, NotACallback, did_you_mean, misfit
from ussd_engine.network import is_ours
from ussd_engine.secret import Secret
from ussd_engine.smpp.bind import Bind
from ussd_engine.sms.message import Incoming, Outgoing, Progress, Report, Sent

CONNECT_S: Final = 5.0
TOTAL_S: Final = 20.0
LONGEST_ID: Final = 128
OLDEST: Final = 2000
"""No message was written before this year."""

_WORD = re.compile(r"[A-Za-z0-9_ .:/-]{1,40}")
_NUMBER = re.compile(r"[0-9]{5}")

_Own = TypeVar("_Own", bound="Options")


def wall_ms() -> int:
    """Now, in Unix milliseconds."""
    return time.time_ns() // 1_000_000


class SmsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway is made from."""

    name: str
    """As in its address, `/sms/NAME`."""
    msisdn: Callable[[str], str | None]
    """The country's reading of a phone number: E.164 without the plus sign, or `None`."""
    options: Mapping[str, object] = {}
    """The channel's table `sms`."""
    clock: Callable[[], int] = wall_ms
    """Unix milliseconds."""


class Limits(NamedTuple):
    """What a route may be given."""

    per_second: float
    """SMS in any second."""
    per_call: int
    """Numbers in one call; they get one text. What was refused together should be tried alone."""
    sender: str
    """A short code or a name; empty: the provider's own."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every gateway can be told; a provider's own options extend it."""

    url: str = ""
    """The base address, without a slash at its end."""
    sender: str = ""
    per_second: Annotated[float, msgspec.Meta(gt=0, le=10_000)] = 10.0
    per_call: Annotated[int, msgspec.Meta(ge=1, le=1)] = 1
    connect_s: Annotated[float, msgspec.Meta(gt=0, le=60)] = CONNECT_S
    total_s: Annotated[float, msgspec.Meta(gt=0, le=300)] = TOTAL_S

    over_http: ClassVar[bool] = True
    """Whether its addresses are such."""

    @property
    def limits(self) -> Limits:
        return Limits(self.per_second, self.per_call, self.sender)


class Gateway(Protocol):
    """A configured connection to a provider of SMS."""

    @property
    def name(self) -> str: ...

    @property
    def limits(self) -> Limits: ...

    @property
    def replies_in_band(self) -> bool:
        """Whether the reply to an incoming SMS travels in the HTTP answer to it."""

    async def send(self, batch: Sequence[Outgoing]) -> list[Sent]:
        """What the provider says of each SMS, in order. All texts of a batch are equal. Raises `RouteFault`, and then
        none of them counts as sent.

        A `link` that is none of this gateway's is not looked at. What is refused with a link may be tried again: it
        goes without one then. Where a provider tells nothing later, `sent` is the last that is known; else `accepted`.
        """

    def incoming(self, request: Request) -> Incoming:
        """The SMS that a callback brings. Raises `NotACallback`.

        Its `msisdn` is empty where the sender is no number of the country (a name, a foreign number): it is
        acknowledged, and nobody is answered.
        """

    def answer(self, incoming: Incoming | None, reply: str | None) -> Response:
        """What the provider is answered, `reply` inside where replies travel in band; `None` for `incoming` where it
        could not be dealt with."""

    def reports(self, request: Request) -> list[Report]:
        """What a callback tells of SMS that were sent. Raises `NotACallback`."""

    async def close(self) -> None:
        """Close the connections."""


@runtime_checkable
class Pulls(Protocol):
    """A gateway that can be asked for reports."""

    async def pull(self, pending: Sequence[tuple[str, str]]) -> list[Report]:
        """What is known of SMS by provider's id and number; those of which nothing is known are left out. Raises
        `RouteFault` where nothing could be learnt."""


class Fetched(NamedTuple):
    """One SMS of a provider's inbox."""

    id: str
    """Under which it stands there: what came later is asked for by it."""
    incoming: Incoming | None
    """`None` where it cannot be read."""


@runtime_checkable
class Fetches(Protocol):
    """A gateway whose inbox can be read, for SMS whose callback did not reach us."""

    @property
    def reads_inbox(self) -> bool:
        """Whether it is to be."""

    async def fetch(self, after: str) -> list[Fetched]:
        """What came after an id (empty: all that there is), the oldest first; not all of it where it is much. Raises
        `RouteFault`."""


@runtime_checkable
class TellsStops(Protocol):
    """A gateway that tells whom its provider sends nothing any more, for they told it so."""

    def stopped(self, request: Request) -> str:
        """The number that a callback names; empty where it is none of the country. Raises `NotACallback`."""


@runtime_checkable
class BoundGateway(Protocol):
    """A gateway that is reached over a bind, and at no address of ours: what comes is PDUs, as `delivered` makes
    requests of them."""

    bind: Bind

    def kind(self, octets: bytes) -> Kind:
        """Whether a PDU is an SMS or a report. Raises `NotACallback`."""


def unbound(gateway: Gateway) -> str:
    """Why its bind does not stand; empty where it does, or it has none."""
    return gateway.bind.reason if isinstance(gateway, BoundGateway) and not gateway.bind.stands else ""


@runtime_checkable
class Sandbox(Protocol):
    """A gateway that can be set to talk to a sandbox."""

    @property
    def sandbox(self) -> bool:
        """Whether nothing of what it takes reaches a phone."""


def reaches_phones(gateway: Gateway) -> bool:
    """Whether what it takes may reach a phone; a gateway that says nothing of it may."""
    return not (isinstance(gateway, Sandbox) and gateway.sandbox)


def configure(settings: SmsSettings, own: type[_Own]) -> _Own:
    """The options of a provider. Raises `ConfigError`."""
    place, known = f'channel "{settings.name}": sms', frozenset(own.__struct_fields__)
    for key in settings.options:
        if key not in known:
            raise ConfigError(f'{place}: setting "{key}" does not exist{did_you_mean(key, known)}')
    try:
        given = {key: one.reveal() if isinstance(one, Secret) else one for key, one in settings.options.items()}
        read = msgspec.convert(given, own, strict=False, dec_hook=_hidden)
        addresses = {name: one for name, one in _addresses(read) if one and own.over_http}
        return msgspec.structs.replace(read, **{name: _base(name, one) for name, one in addresses.items()})
    except (msgspec.ValidationError, ValueError) as error:
        raise ConfigError(f"{place}: {misfit(error, own)}") from None


def _hidden(kind: type, value: object) -> object:
    if not isinstance(value, str) or not value:
        raise ValueError("Expected a text that is not empty")
    return kind(value)


def _addresses(options: Options) -> Iterator[tuple[str, str]]:
    """Where a provider is; what is hidden is an address of ours."""
    for name in options.__struct_fields__:
        value = getattr(options, name)
        if name.endswith("url") and isinstance(value, str):
            yield name, value


def _base(name: str, text: str) -> str:
    """An address that may be sent numbers and texts: TLS, or a host of the operator's own."""
    parts = urlsplit(text)
    host = parts.hostname or ""
    if parts.scheme not in ("https", "http") or not host or parts.username or parts.query or parts.fragment:
        raise ValueError(f"{name}: expected an address, https://HOST/PATH, without user, query and fragment")
    if parts.scheme == "http" and not is_ours(host):
        raise ValueError(f"{name}: expected https://; without TLS only a host of your own network may be named")
    return text.rstrip("/")


UNNAMED: Final = "the answer does not name this number"
"""Of one number nothing was said where others were spoken of."""


def one_text(batch: Sequence[Outgoing]) -> str:
    """The text of a batch. `ValueError` where it has several, for one call would give them all the first."""
    texts = {one.text for one in batch}
    if len(texts) != 1:
        raise ValueError("a batch has one text")
    return texts.pop()


def all_as(batch: Sequence[Outgoing], progress: Progress, provider_id: str = "") -> list[Sent]:
    """The same said of each."""
    return [Sent(id=one.id, progress=progress, provider_id=provider_id) for one in batch]


def refused(batch: Sequence[Outgoing], reason: str) -> list[Sent]:
    """A refusal of a call: final for one SMS; of several nobody knows which was meant, so each may be tried again."""
    progress = Progress.REJECTED if len(batch) == 1 else Progress.FAILED
    return [Sent(id=one.id, progress=progress, reason=reason, again=len(batch) > 1) for one in batch]


def by_number(rows: list[object], field: str) -> dict[str, list[Mapping[str, object]]]:
    """A provider's rows by the number in one of their fields; a number may stand in a batch twice."""
    found: dict[str, list[Mapping[str, object]]] = {}
    for row in rows:
        if isinstance(row, dict):
            found.setdefault(str(row.get(field)).lstrip("+"), []).append(row)
    return found


def word(value: object) -> str:
    """A provider's code or word where it is one: short, plain, and no number of anybody; else nothing."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if _WORD.fullmatch(text) and not _NUMBER.search(text) else ""


def report(channel: str, provider_id: str, status: str, progress: Progress | None, reason: object = "") -> Report:
    """What a gateway told of one SMS, its words as they may be kept and shown; `progress` as in `Report`."""
    shown = word(status) or "unreadable"
    return Report(channel=channel, provider_id=provider_id, status=shown, progress=progress, reason=word(reason))


def identity(value: object) -> str:
    """A provider's id as text; empty where it is none, or longer than any."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if len(text) <= LONGEST_ID else ""


def identified(fields: Mapping[str, str], name: str) -> str:
    """The id that a callback names. Raises `NotACallback`."""
    id = identity(fields.get(name))
    if not id:
        raise NotACallback(f"field {name} holds no id")
    return id


def basic(user: str, password: Secret) -> dict[str, str]:
    """The header of HTTP Basic."""
    pair = base64.b64encode(f"{user}:{password.reveal()}".encode()).decode()
    return {"authorization": f"Basic {pair}"}


def moment(text: str, zone: timezone = UTC) -> int | None:
    """Unix milliseconds of a date and time in ISO 8601, in `zone` where it says none; `None` where it is none."""
    try:
        read = datetime.fromisoformat(text)
        at = read if read.tzinfo else read.replace(tzinfo=zone)
        return int(at.timestamp() * 1000) if at.year >= OLDEST else None
    except (ValueError, OverflowError):
        return None


def no_callback() -> NoReturn:
    """For an address at which a provider has nothing to say."""
    raise NotACallback("this provider calls no such address")
