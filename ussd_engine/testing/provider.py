"""A provider's side of HTTP on a loopback port: what it was asked, octet for octet, and what it is told to answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiohttp import web


class Asked(NamedTuple):
    """A request as it came."""

    method: str
    target: str
    """Path and query, still encoded."""
    headers: Mapping[str, str]
    """Names in any case."""
    body: bytes


class Says(NamedTuple):
    """An answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}


Play = Callable[[Asked], Says | None]
"""`None`: it hangs up without a word."""


class Provider:
    """Answers as `play` says; while `free` is cleared, nothing leaves."""

    def __init__(self, play: Play) -> None:
        self.play = play
        self.asked: list[Asked] = []
        self.url = ""
        self.free = asyncio.Event()
        self.free.set()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request."""
        asked = Asked(request.method, request.raw_path, request.headers, await request.read())
        self.asked.append(asked)
        said = self.play(asked)
        await self.free.wait()
        if said is None:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        return web.Response(status=said.status, body=said.body, headers=said.headers)


@asynccontextmanager
async def playing(play: Play, port: int = 0) -> AsyncIterator[Provider]:
    """A provider that listens at `port`, or at a free one; `url` is its base address."""
    provider = Provider(play)
    server = web.Server(provider.answer)
    listener = await asyncio.get_running_loop().create_server(server, "127.0.0.1", port)
    provider.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield provider
    finally:
        provider.free.set()
        listener.close()
        await server.shutdown(0.1)
