"""A line to a gateway that keeps the last request and its answer as they went over the wire, and can break."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import aiohttp
from yarl import URL

from simulator.phone import TIMEOUT_S, Line, NoAnswer
from ussd_engine.channels.base import Bound, Channel, Kind, Posting, Request, Response, path

HIDDEN = "***"


class Dropped(NoAnswer):
    """The connection broke in mid-answer: the gateway has answered, and nobody has heard it."""


@dataclass
class Wiretap:
    """What went over the wire last. An answer of `None` never came."""

    channel: str = ""
    asked: Request | None = None
    answer: Response | None = None
    token: str = ""
    dropping: bool = False
    """The next answer breaks off."""
    under_way: asyncio.Task[Response] | None = None

    def request(self) -> str:
        """The request as text, without the token."""
        if self.asked is None:
            return ""
        asked, way = self.asked, path(self.channel, self.asked.kind, HIDDEN if self.token else "")
        rows = [f"{asked.method} {way}{'?' + asked.query if asked.query else ''}"]
        rows += [f"{name}: {value}" for name, value in asked.headers.items()]
        return "\n".join([*rows, *(["", _text(asked.body)] if asked.body else [])])

    def response(self) -> str:
        """The answer as text; empty where none came."""
        if self.answer is None:
            return ""
        rows = [str(self.answer.status), f"content-type: {self.answer.content_type}"]
        return "\n".join([*rows, "", _text(self.answer.body)])


@dataclass(frozen=True)
class WatchedLine(Line):
    """As `Line`; `tap` has what went over it last. `own`: it leads to a gateway started here, which hears a request to
    its end, as behind a provider, though whoever made it hung up."""

    tap: Wiretap = field(default_factory=Wiretap)
    own: bool = False

    @classmethod
    def of(cls, line: Line, token: str = "", own: bool = False) -> WatchedLine:
        """The same way, watched."""
        return cls(line.client, line.url, token or line.token, line.posted, Wiretap(token=token or line.token), own)

    async def send(self, channel: Channel, request: Request) -> Response:
        """As `Line.send`. Raises `Dropped` besides."""
        tap = self.tap
        tap.channel, tap.asked, tap.answer = channel.name, request, None
        if tap.dropping and request.kind is Kind.USSD:
            tap.dropping = False
            await self._break(channel, request)
            raise Dropped("the connection broke in mid-answer")
        tap.under_way = sending = asyncio.ensure_future(super().send(channel, request))
        try:
            tap.answer = await asyncio.shield(sending)
        except asyncio.CancelledError:
            if not self.own:
                sending.cancel()
            raise
        return tap.answer

    async def heard_out(self) -> None:
        """Return when the request under way is over, whatever came of it."""
        if self.tap.under_way:
            await asyncio.wait([self.tap.under_way])
            self.tap.under_way = None

    async def _break(self, channel: Channel, request: Request) -> None:
        """Hang up when the answer begins to come."""
        if isinstance(channel, Posting | Bound):
            await super().send(channel, request)
            return
        way = path(channel.name, request.kind, self.token)
        target = f"{way}?{request.query}" if request.query else way
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with self.client.request(
                request.method,
                URL(self.url.rstrip("/") + target, encoded=True),
                data=request.body or None,
                headers=dict(request.headers),
                timeout=timeout,
            ) as answer:
                answer.close()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NoAnswer(f"{self.url} does not answer ({type(error).__name__})") from None


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.hex(" ", 2)  # a PDU
