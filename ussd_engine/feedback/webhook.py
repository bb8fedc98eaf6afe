"""A core that is told by signed webhooks, and tells by them: Standard Webhooks over HTTPS, one address on each side.

    POST /feedback HTTP/1.1
    webhook-id: 5f0c…            the idempotency key: the same at every attempt
    webhook-timestamp: 1768458600
    webhook-signature: v1,dATTzv8CifOMVUhACnD2wyI/tZ/3KbgbXvUcde0omyw=

    {"type": "submission.created", "timestamp": "2026-01-15T00:00:00Z", "data": {"id": "5f0c…", …}}

2xx and 409 mean "I have it". 400, 422 and the like refuse this message for ever. 401 and 403 stop the route: one
message a minute asks whether that is mended. After 410 this store sends nothing more: the address may be another's by
now. Everything else, a redirect and silence too, is tried again, no sooner than `Retry-After` asks.

With `thin` payloads a message says its id alone. The core reads the rest by `message.read`, and is asked by `case.read`
for the words that the citizen wants to see, so that no words rest on the way.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime
from typing import Final, Literal, NamedTuple, TypeVar

import aiohttp
from yarl import URL

from ussd_engine.answered import retry_after, short_body
from ussd_engine.errors import (
    ConfigError,
    DeliveryError,
    EngineError,
    Gone,
    NotACallback,
    Rejected,
    RoutePaused,
    Why,
    did_you_mean,
)
from ussd_engine.feedback import address, wire
from ussd_engine.feedback.address import Lookup, Network
from ussd_engine.feedback.base import CAPABILITIES, Batch, Call, Surroundings
from ussd_engine.feedback.kept import Kept
from ussd_engine.feedback.signature import TOLERANCE_S, Signer
from ussd_engine.feedback.trust import authorities, not_trusted
from ussd_engine.gsm import clean
from ussd_engine.ledger import Clock
from ussd_engine.messages import Addition, Appeal, Erasure, Message, Rating, View, Withdrawal
from ussd_engine.model import Submission
from ussd_engine.secret import Secret

TIMEOUT_S: Final = 15.0
MOST_SENT: Final = 20_000
"""Octets of a message."""
OLDEST_MS: Final = 1_577_836_800_000
"""2020-01-01: no event of a case is older."""

HAVE_IT: Final = 409
NOT_THERE: Final = 404
STOP: Final = frozenset({401, 403})
GONE: Final = 410
AGAIN: Final = frozenset({NOT_THERE, 405, 408, 425, 429})
"""Of 4xx those that are not said of the message: an address that is not there yet, or too much at once."""

T = TypeVar("T")


class Options(NamedTuple):
    """What `feedback_settings` says of a webhook."""

    signer: Signer
    payload: Literal["full", "thin"] = "full"
    can: frozenset[str] = CAPABILITIES
    allow: tuple[Network, ...] = ()


class Answer(NamedTuple):
    """What a core answered; the body where it is short enough."""

    status: int
    body: bytes
    after_s: float | None

    def judge(self) -> None:
        """Raise what the status means, unless the core has the message."""
        if 200 <= self.status < 300 or self.status == HAVE_IT:
            return
        said = f"the core answered {self.status}"
        if self.status == GONE:
            raise Gone(said)
        if self.status in STOP:
            error: DeliveryError = RoutePaused(said)
        elif 400 <= self.status < 500 and self.status not in AGAIN:
            error = Rejected(said)
        else:
            error = DeliveryError(said)
            error.after_s = self.after_s
        # Its own words are not read: they may quote what was sent.
        error.reason = said
        raise error


class WebhookStore:
    """One core behind one address."""

    wants: frozenset[str] = frozenset()

    def __init__(self, url: URL, options: Options, kept: Kept, clock: Clock, day_of: Callable[[int], date]) -> None:
        """`day_of`: the country's day of a time in Unix milliseconds."""
        self._can = options.can
        self._url = url
        self._signer = options.signer
        self._thin = options.payload == "thin"
        self._kept = kept
        self._clock = clock
        self._day_of = day_of
        self._gone = False
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=Lookup(options.allow), ssl=authorities()),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )

    @property
    def capabilities(self) -> frozenset[str]:
        """What the settings say. Of an erasure the store itself must know while it keeps messages to be read."""
        return self._can | {"erase"} if self._thin else self._can

    async def submit(self, submission: Submission) -> str:
        """Send a new case; the core's own reference where its answer gives one."""
        return wire.taken(await self._send(submission)) or submission.reference

    async def append(self, addition: Addition) -> None:
        """Send more of the citizen's words."""
        await self._send(addition)

    async def rate(self, rating: Rating) -> None:
        """Send whether she is satisfied."""
        await self._send(rating)

    async def withdraw(self, withdrawal: Withdrawal) -> None:
        """Send that she takes her case back."""
        await self._send(withdrawal)

    async def appeal(self, appeal: Appeal) -> None:
        """Send that she asks a higher level."""
        await self._send(appeal)

    async def erase(self, erasure: Erasure) -> None:
        """Send that number and name are to be forgotten; what the core has yet to read loses them at once."""
        await _ours(self._kept.erase(erasure.reference))
        if "erase" in self._can:
            await self._send(erasure)

    async def view(self, reference: str) -> View | None:
        """What came with the events of a case; with thin payloads the core is asked."""
        if not self._thin:
            return await _ours(self._kept.view(reference))
        answer = await self._post(f"read_{secrets.token_hex(16)}", wire.question(reference, self._clock()))
        if answer.status in (204, NOT_THERE):
            return None
        answer.judge()
        try:
            return wire.read(answer.body)
        except ValueError:
            raise DeliveryError("what the core answers to case.read cannot be used") from None

    async def events(self, mark: str, most: int) -> Batch:
        """None: the core calls us."""
        return Batch((), mark)

    async def called(self, headers: Mapping[str, str], body: bytes) -> Call:
        """An event, whose words are kept, or a question for the rest of a thin message."""
        now_ms = self._clock()
        id = self._signer.verify(headers, body, now_ms / 1000)
        call = wire.parse(body)
        if isinstance(call, wire.MessageRead):
            found = await _ours(self._kept.message(call.data.id, now_ms))
            if found is None:
                raise NotACallback("data.id: no message waits under this id")
            return Call((), found)
        event = wire.event_of(call, id)
        if not OLDEST_MS <= event.at_ms <= now_ms + TOLERANCE_S * 1000:
            raise NotACallback("timestamp: expected the time at which it happened")
        if "read" in self._can and not self._thin:
            words, line = clean(call.data.words), wire.line_of(call.data, self._day_of(event.at_ms))
            await _ours(self._kept.keep_words(event, words, line))
        return Call((event,))

    async def close(self) -> None:
        """Close the connections; the database is the ledger's."""
        await self._session.close()

    async def _send(self, message: Message) -> bytes:
        day = message.submitted if isinstance(message, Submission) else self._day_of(message.at_ms)
        body = wire.full(message, day)
        if len(body) > MOST_SENT:
            error = Rejected(f"a message is larger than {MOST_SENT} octets")
            error.reason = str(error)
            raise error
        if self._thin:
            await _ours(self._kept.keep_message(message.idempotency_key, message.reference, body))
            body = wire.thin(message, day)
        answer = await self._post(message.idempotency_key, body)
        answer.judge()
        return answer.body

    async def _post(self, id: str, body: bytes) -> Answer:
        if self._gone:
            raise Gone("the core answered 410 before")
        headers = {
            "content-type": "application/json",
            "accept-encoding": "identity",
            **self._signer.headers(id, self._clock() // 1000, body),
        }
        try:
            async with self._session.post(self._url, data=body, headers=headers, allow_redirects=False) as response:
                after_s = retry_after(response.headers.get("retry-after", ""), self._clock() / 1000)
                self._gone |= response.status == GONE
                return Answer(response.status, await short_body(response.content), after_s)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise not_trusted(error) or _away() from error


async def open_store(setting: str, surroundings: Surroundings) -> WebhookStore:
    """`webhook+https://…`, with `secrets` in its settings. `ConfigError` where these cannot be used."""
    options = _options(surroundings.settings)
    url = address.parse(setting, production=surroundings.production, allow=options.allow)
    menus = surroundings.menus

    def day_of(at_ms: int) -> date:
        return menus().country.today(at_ms) if menus else datetime.fromtimestamp(at_ms / 1000, UTC).date()

    kept = Kept(surroundings.database, surroundings.keyring)
    return WebhookStore(url, options, kept, surroundings.clock, day_of)


def _options(settings: Mapping[str, object]) -> Options:
    """`ConfigError` with the setting's name, never with what it says."""
    given = dict(settings)
    try:
        signer = Signer([Secret(one) for one in _items(given.pop("secrets", []))])
        payload, can = given.pop("payload", "full"), frozenset(_items(given.pop("can", sorted(CAPABILITIES))))
        allow = tuple(map(ipaddress.ip_network, _items(given.pop("allow", []))))
    except ConfigError as error:
        raise ConfigError(f"feedback_settings: {error}") from None
    except ValueError:
        raise ConfigError("feedback_settings: expected texts, or lists of texts; `allow` names networks") from None
    if given:
        known = Options._fields[1:]
        raise ConfigError(f"feedback_settings: no such setting{did_you_mean(next(iter(given)), ('secrets', *known))}")
    if payload != "full" and payload != "thin":
        raise ConfigError("feedback_settings: payload: expected full or thin")
    if not can <= CAPABILITIES:
        raise ConfigError(f"feedback_settings: can: expected some of {', '.join(sorted(CAPABILITIES))}")
    return Options(signer, payload, can, allow)


def _items(value: object) -> list[str]:
    """A list, or a text with blanks or commas between; a secret is revealed."""
    if isinstance(value, list | tuple):
        return [item for one in value for item in _items(one)]
    text = value.reveal() if isinstance(value, Secret) else value
    if not isinstance(text, str):
        raise ValueError
    return [item for item in re.split(r"[,\s]+", text) if item]


def _away() -> DeliveryError:
    """Nobody is there: it is tried again, and the operator is told."""
    error = DeliveryError(Why.AWAY.value)
    error.why = Why.AWAY
    return error


async def _ours(work: Awaitable[T]) -> T:
    """What the gateway's own database gives; `DeliveryError` where it does not answer."""
    try:
        return await work
    except EngineError as error:
        raise DeliveryError("the gateway's own database did not answer") from error
