"""Screens that a gateway posts, or sends over its bind, taken as their provider would take them: acknowledged, and kept
for who waits."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from aiohttp import web
from yarl import URL

from simulator.smsc import Smsc, smsc_anywhere
from simulator.speech import Note, told
from ussd_engine.callback import answered
from ussd_engine.channels.base import Bound, Posting, Response
from ussd_engine.errors import EngineError, NotACallback
from ussd_engine.smpp.pdu import HEADER

HOST = "127.0.0.1"


class NotTaken(EngineError):
    """There is no place here at which a gateway could post its screens, or to which it could bind."""


class Posted:
    """Takes screens at `url`, and over binds to `smsc`; where these are empty, at the port that the settings of each
    channel name. With `tell` a bind is waited for without an end, and what is waited for is told."""

    def __init__(self, tell: Callable[[Note], object] | None = None) -> None:
        self._tell = tell
        self.url = ""
        self.smsc: Smsc | None = None
        self._smscs: dict[int, Smsc] = {}
        self._runner = web.ServerRunner(web.Server(self._take))
        self._channels: dict[str, Posting] = {}
        self._screens: dict[str, asyncio.Queue[Response]] = {}

    async def listen(self, channel: Posting | Bound) -> None:
        """Take the screens of a channel from now on. Raises `NotTaken`."""
        if isinstance(channel, Bound):
            smsc = await self._smsc(channel)
            smsc.heard = lambda _, octets: self._keep(channel, octets)
            return
        known = channel.url in self._channels
        self._channels[channel.url] = channel
        if not self.url and not known:
            await self.open(URL(channel.url).port or 0)

    async def deliver(self, channel: Bound, octets: bytes) -> int:
        """Hand a PDU to the gateway that is bound; the status that it answers. Raises `NotTaken` and `NobodyBound`."""
        smsc = await self._smsc(channel)
        if self._tell and not smsc.receiving:
            self._tell(
                told(
                    "Waiting until a running gateway binds to {url}: it tries once a minute or oftener, once refused "
                    "every 5 minutes, and at once when it is restarted.",
                    url=smsc.url,
                )
            )
            await smsc.bound(within_s=None)
        return await smsc.deliver(octets[HEADER:])

    async def _smsc(self, channel: Bound) -> Smsc:
        if self.smsc is not None:
            return self.smsc
        if channel.account is None:
            raise NotTaken("its settings name no url here, so nobody knows where the gateway binds")
        if channel.account.tls:
            raise NotTaken(f"the SMSC that is played here has no TLS: set url to smpp://{HOST}:PORT, here and there")
        port = channel.account.port
        if port not in self._smscs:
            smsc = Smsc()
            try:
                await smsc.open(port)
            except OSError as error:
                words = f"the gateway binds to port {port}, on which nothing can listen here: {error.strerror}"
                raise NotTaken(words) from None
            self._smscs[port] = smsc
        return self._smscs[port]

    def _keep(self, channel: Posting | Bound, octets: bytes, content_type: str = "") -> bool:
        """Keep a screen for its dialogue; whether it is one of this channel's."""
        try:
            dialogue = channel.addressee(octets)
        except NotACallback:
            return False
        self._screens.setdefault(dialogue, asyncio.Queue()).put_nowait(Response(body=octets, content_type=content_type))
        return True

    async def open(self, port: int) -> str:
        """Listen on a port of the loopback address, 0 for a free one; the address. Raises `NotTaken`."""
        try:
            if self._runner.server is None:
                await self._runner.setup()
            await web.TCPSite(self._runner, HOST, port).start()
        except OSError as error:
            words = f"screens are posted to port {port}, on which nothing can listen here: {error.strerror}"
            raise NotTaken(words) from None
        return f"http://{HOST}:{self._runner.addresses[-1][1]}"

    async def next(self, dialogue: str) -> Response:
        """The next screen that is posted for a dialogue."""
        return await self._screens.setdefault(dialogue, asyncio.Queue()).get()

    async def _take(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        for channel in self._channels.values():
            if self._keep(channel, body, request.headers.get("Content-Type", "")):
                return answered(channel.acknowledged)
        return web.Response(status=400)

    async def close(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()
        for smsc in self._smscs.values():
            await smsc.close()


@contextlib.asynccontextmanager
async def posted_anywhere() -> AsyncIterator[Posted]:
    """Take screens on a free port, and binds on another, for a gateway that is told of them."""
    posted = Posted()
    posted.url = await posted.open(0)
    async with smsc_anywhere() as smsc:
        posted.smsc = smsc
        try:
            yield posted
        finally:
            await posted.close()
