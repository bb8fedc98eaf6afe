"""Screens that a gateway posts, taken as their provider would take them: acknowledged, and kept for who waits."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiohttp import web
from yarl import URL

from ussd_engine.callback import answered
from ussd_engine.channels.base import Posting, Response
from ussd_engine.errors import EngineError, NotACallback

HOST = "127.0.0.1"


class NotTaken(EngineError):
    """There is no place here at which a gateway could post its screens."""


class Posted:
    """Takes screens at `url`, or, where that is empty, at the port that the settings of each channel name."""

    def __init__(self) -> None:
        self.url = ""
        self._runner = web.ServerRunner(web.Server(self._take))
        self._channels: dict[str, Posting] = {}
        self._screens: dict[str, asyncio.Queue[Response]] = {}

    async def listen(self, channel: Posting) -> None:
        """Take the screens of a channel from now on. Raises `NotTaken`."""
        known = channel.url in self._channels
        self._channels[channel.url] = channel
        if not self.url and not known:
            await self.open(URL(channel.url).port or 0)

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
            with contextlib.suppress(NotACallback):
                dialogue = channel.addressee(body)
                screen = Response(body=body, content_type=request.headers.get("Content-Type", ""))
                self._screens.setdefault(dialogue, asyncio.Queue()).put_nowait(screen)
                return answered(channel.acknowledged)
        return web.Response(status=400)

    async def close(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()


@contextlib.asynccontextmanager
async def posted_anywhere() -> AsyncIterator[Posted]:
    """Take screens on a free port, for a gateway that is told of it."""
    posted = Posted()
    posted.url = await posted.open(0)
    try:
        yield posted
    finally:
        await posted.close()
