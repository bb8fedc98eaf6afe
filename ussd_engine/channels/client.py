"""The one HTTP client of the gateways: what may be taken from an answer, and what it says of the whole call."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, NoReturn

import aiohttp
import msgspec
from yarl import URL

from ussd_engine.answered import retry_after, short_body
from ussd_engine.channels.sms import Options, SmsSettings
from ussd_engine.errors import Why
from ussd_engine.model import Quiet
from ussd_engine.sms.message import Progress, RouteFault, Sent

TAKEN: Final = frozenset({Progress.ACCEPTED, Progress.SENT})

BUSY: Final = frozenset({429, 503})
STOP: Final = frozenset({401, 402, 403})
"""Said of our account, whatever the message."""
NOT_NOW: Final = frozenset({404, 405, 407, 408, 410, 425})
"""Of 4xx those that are not said of the message."""


class Answer(Quiet, frozen=True, kw_only=True):
    """What a provider answered: 2xx, or a refusal (4xx) that may be said of the message."""

    status: int
    body: bytes
    """Empty where it was too long."""

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300

    def object(self) -> dict[str, object]:
        """The JSON object in it, whatever its content type says; empty where there is none."""
        try:
            value = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


class HungUp(aiohttp.ClientError):
    """The connection ended without an answer."""


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Sends a request, and never again by itself as aiohttp would a GET that nobody answered: Kannel's sends an SMS."""
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        raise HungUp from None


class Client:
    """Speaks HTTP to one provider. It follows no redirects, and reads no more of an answer than `MOST_READ`.

    No connection is used twice: one that has gone stale would leave open whether a message was taken.
    """

    def __init__(self, settings: SmsSettings, options: Options) -> None:
        self._name = settings.name
        self._clock = settings.clock
        self._timeout = aiohttp.ClientTimeout(total=options.total_s, connect=options.connect_s)
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, method: str, url: str, *, headers: Mapping[str, str] = {}, body: bytes = b"") -> Answer:
        """One request, its query encoded already. Raises `RouteFault` for all that is not said of the message."""
        try:
            async with self._open().request(
                method, URL(url, encoded=True), headers=headers, data=body or None, allow_redirects=False
            ) as response:
                after_s = retry_after(response.headers.get("retry-after", ""), self._clock() / 1000)
                answer = Answer(status=response.status, body=await short_body(response.content))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise RouteFault(f"{self._name} was not reached: {type(error).__name__}", why=Why.PROVIDER_AWAY) from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            words = f"{self._name} did not answer: {type(error).__name__}"
            raise RouteFault(words, perhaps_taken=True, why=Why.PROVIDER_AWAY) from None
        self._judge(answer.status, after_s)
        return answer

    def _judge(self, status: int, after_s: float | None) -> None:
        said = f"{self._name} answered {status}"
        if status in BUSY:
            raise RouteFault(said, after_s=after_s, why=Why.PROVIDER_BUSY)
        if status in STOP:
            raise RouteFault(f"{said}: look at its credentials, credit and sender", stop=True, why=Why.PROVIDER_REFUSES)
        if status >= 500:
            raise RouteFault(said, after_s=after_s, perhaps_taken=True, why=Why.PROVIDER_BUSY)
        if status < 200 or 300 <= status < 400 or status in NOT_NOW:
            raise RouteFault(f"{said}: look at its url", after_s=after_s, why=Why.PROVIDER_UNREADABLE)

    def unreadable(self) -> NoReturn:
        """The provider said yes, and nobody can tell to what."""
        words = f"{self._name} gave an answer that cannot be read"
        raise RouteFault(words, perhaps_taken=True, why=Why.PROVIDER_UNREADABLE)

    def stopped(self, reason: str) -> NoReturn:
        """The provider said what somebody must mend first."""
        raise RouteFault(f"{self._name} answered {reason}", stop=True, why=Why.PROVIDER_REFUSES)

    def unless_stopped(self, said: list[Sent], reasons: Collection[str]) -> list[Sent]:
        """What was said of each, unless nothing was taken and one of `reasons`, which are said of our account, is why.
        Where some were taken, the rest meets it again in the next call."""
        if not any(one.progress in TAKEN for one in said):
            for one in said:
                if one.reason in reasons:
                    self.stopped(one.reason)
        return said

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, force_close=True),
                timeout=self._timeout,
                headers={"user-agent": "ussd-engine", "accept-encoding": "identity"},
                middlewares=(_once,),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._session

    async def close(self) -> None:
        """Close what is open; nothing where nothing is."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
