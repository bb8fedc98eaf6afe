"""HTTP/1.1 connections that are kept open, for what is posted at every step of a dialog.

A client for all purposes takes as long for a request as the gateway for half a step. This one posts a body and takes a
short answer; no redirect, no cookie, no proxy, no encoding. The answer is read by llhttp, by way of httptools.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Mapping
from typing import Final, NamedTuple

import httptools
from yarl import URL

from ussd_engine.answered import MOST_READ
from ussd_engine.channels.base import Response

IDLE_S: Final = 30.0
"""How long a connection is kept that carries nothing."""
_INFORMATIONAL: Final = 200
"""Below it, more follows."""


class HungUp(OSError):
    """A connection ended, or became unreadable, before a whole answer was there."""


class Target(NamedTuple):
    """Where a URL leads."""

    secure: bool
    host: str
    port: int
    path: str
    """With its query, percent-encoded."""

    @classmethod
    def of(cls, url: str) -> Target:
        """Of an http or https address."""
        parts = URL(url)
        return cls(parts.scheme == "https", parts.raw_host or "", parts.port or 80, parts.raw_path_qs)


class _Line(asyncio.Protocol):
    """One connection, and the request on it."""

    def __init__(self) -> None:
        self.since_s = 0.0
        self.open = True
        self._transport: asyncio.Transport
        self._parser: httptools.HttpResponseParser
        self._answer: asyncio.Future[Response] | None = None
        self._body = b""
        self._measured = self._until_the_end = False
        """Whether the head tells where the body ends; whether only the connection's end does."""
        self.heard = 0
        """Octets of the answer so far."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    async def ask(self, octets: bytes) -> Response:
        """Send a request; its answer. Raises `HungUp`."""
        self._answer, self._body, self.heard = asyncio.get_running_loop().create_future(), b"", 0
        self._parser = httptools.HttpResponseParser(self)
        self._transport.write(octets)
        try:
            return await self._answer
        finally:
            self._answer = None

    def data_received(self, data: bytes) -> None:
        self.heard += len(data)
        if self._answer is None or self.heard > MOST_READ:  # nothing was asked, or nothing short
            self._end()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._end()

    def on_message_begin(self) -> None:
        self._body, self._measured, self._until_the_end = b"", False, False

    def on_header(self, name: bytes, value: bytes) -> None:
        self._measured |= name.lower() in (b"content-length", b"transfer-encoding")

    def on_headers_complete(self) -> None:
        self._until_the_end = not self._measured

    def on_body(self, part: bytes) -> None:
        self._body += part

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < _INFORMATIONAL:
            return
        if not self._parser.should_keep_alive():
            self.close()
        self._answered()

    def _answered(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(Response(body=self._body, status=self._parser.get_status_code()))

    def connection_lost(self, error: Exception | None) -> None:
        if error is None and self._until_the_end:
            self._answered()
        self._end()

    def close(self) -> None:
        """Use it no more."""
        self.open = False
        self._transport.close()

    def _end(self) -> None:
        self.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(HungUp("the connection ended before an answer"))


class Lines:
    """The connections of one process. A caller bounds the time that a request may take."""

    def __init__(self) -> None:
        self._idle: dict[tuple[bool, str, int], deque[_Line]] = {}
        self._tls: ssl.SSLContext | None = None

    async def post(self, target: Target, headers: Mapping[str, str], body: bytes) -> Response:
        """The answer to a body that is posted; one that is too long has ended its connection.

        Raises `OSError`, `HungUp` among them. Where a connection that was kept has been closed meanwhile without a
        word, which says that nobody read the request, it is sent once more over a new one.
        """
        octets = _request(target, headers, body)
        kept = self._kept(target)
        if kept is not None:
            try:
                return await self._ask(kept, target, octets)
            except HungUp:
                if kept.heard:
                    raise
        return await self._ask(await self._connect(target), target, octets)

    async def _ask(self, line: _Line, target: Target, octets: bytes) -> Response:
        try:
            answer = await line.ask(octets)
        except BaseException:
            line.close()
            raise
        if line.open:
            line.since_s = time.monotonic()
            self._idle.setdefault(target[:3], deque()).append(line)
        return answer

    def _kept(self, target: Target) -> _Line | None:
        """The connection that was used last; those that rested too long are closed."""
        lines, now = self._idle.get(target[:3], deque()), time.monotonic()
        while lines and (not lines[0].open or lines[0].since_s + IDLE_S <= now):
            lines.popleft().close()
        while lines:
            if (line := lines.pop()).open:
                return line
        return None

    async def _connect(self, target: Target) -> _Line:
        if target.secure and self._tls is None:
            self._tls = ssl.create_default_context()
        secure = self._tls if target.secure else None
        _, line = await asyncio.get_running_loop().create_connection(_Line, target.host, target.port, ssl=secure)
        return line

    def close(self) -> None:
        """Close what is open and carries nothing."""
        while self._idle:
            for line in self._idle.popitem()[1]:
                line.close()


def _request(target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    host = f"[{target.host}]" if ":" in target.host else target.host
    port = "" if target.port == (443 if target.secure else 80) else f":{target.port}"
    usual = {"host": f"{host}{port}", "user-agent": "ussd-engine", "accept-encoding": "identity"}
    rows = [f"{name}: {value}\r\n" for name, value in {**usual, **headers}.items()]
    head = f"POST {target.path} HTTP/1.1\r\n{''.join(rows)}content-length: {len(body)}\r\n\r\n"
    return head.encode("latin-1") + body
