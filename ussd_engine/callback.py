"""A provider's callback over HTTP: who may call, the request as it was received, the answer. For USSD and SMS alike."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Iterable
from typing import Final

from aiohttp import web

from ussd_engine.channels.base import Kind, Request, Response
from ussd_engine.errors import NotACallback
from ussd_engine.peers import Peers
from ussd_engine.readers import ChannelConfig

MOST_BYTES: Final = 64 * 1024
"""Of a callback's body; no provider's is larger."""
BODY_S: Final = 5.0
"""A body that is not here by then is no callback: providers send theirs at once."""


class Callers:
    """Who may call which channel."""

    def __init__(self, channels: Iterable[ChannelConfig], peers: Peers) -> None:
        self._channels = {one.name: one for one in channels}
        self._peers = peers

    def channel(self, request: web.Request) -> str | None:
        """The channel of the address, for one who may use it; `None` for others, whatever the reason."""
        name, token = request.match_info["channel"], request.match_info.get("token", "")
        configured = self._channels.get(name)
        allowed = configured is not None and _token_fits(configured, token) and self._peers.allow(request)
        return name if allowed else None


def _token_fits(configured: ChannelConfig, token: str) -> bool:
    if not configured.tokens:
        return not token
    given = token.encode("utf-8", "surrogateescape")
    # Each is compared, so that the time tells nothing of which one was nearly right.
    fits = [hmac.compare_digest(given, one.reveal().encode()) for one in configured.tokens]
    return any(fits)


async def received(request: web.Request, kind: Kind) -> Request:
    """The request as it was received. Raises `NotACallback` for a body that is too large or cannot be unpacked."""
    try:
        body = await _body(request)
    except TimeoutError:
        raise NotACallback("the body did not come in time") from None
    except web.HTTPRequestEntityTooLarge:
        raise NotACallback("the body is larger than any callback") from None
    except web.RequestPayloadError:
        raise NotACallback("the body is not what its headers say") from None
    return Request(
        method=request.method,
        kind=kind,
        query=request.rel_url.raw_query_string,
        headers=request.headers,
        body=body,
    )


async def _body(request: web.Request) -> bytes:
    if request.content.is_eof():  # it came with its headers, as nearly all do
        return await request.read()
    async with asyncio.timeout(BODY_S):
        return await request.read()


def answered(response: Response) -> web.Response:
    """An answer of a channel, on the wire."""
    headers = {"Content-Type": response.content_type, **response.headers}
    return web.Response(body=response.body, status=response.status, headers=headers)
