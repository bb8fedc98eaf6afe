"""`POST /feedback/events`: what a core that calls us tells. How it is signed and written is its store's matter."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

from ussd_engine.counts import Count
from ussd_engine.engine import Engine
from ussd_engine.errors import EngineError, NotACallback, NotSigned
from ussd_engine.feedback.base import Called

ROUTE: Final = "/feedback/events"
BODY_S: Final = 5.0
RETRY_S: Final = 30
"""When a core that could not be heard may call again."""


def add_events(router: web.UrlDispatcher, key: web.AppKey[Engine]) -> None:
    """Serve the route, for the engine under a key of the application."""

    async def events(request: web.Request) -> web.Response:
        return await _events(request, request.app[key])

    router.add_post(ROUTE, events)


async def _events(request: web.Request, engine: Engine) -> web.Response:
    """204, or 200 with what the core asked for; 401 and 400 with words; 503 while our own database is away.

    404 where the core is not one that calls.
    """
    store = engine.store
    if not isinstance(store, Called):
        raise web.HTTPNotFound
    try:
        call = await store.called(request.headers, await _body(request))
        if call.events:
            for heard in await engine.ledger.tell(call.events, engine.config.feedback.scheme):
                engine.metrics.heard(heard.verdict)
    except NotSigned as error:
        engine.metrics.count(Count.NOT_SIGNED)
        return web.Response(status=401, text=f"{error}\n")
    except NotACallback as error:
        engine.metrics.count(Count.NOT_A_CALLBACK)
        return web.Response(status=400, text=f"{error}\n")
    except EngineError:
        return web.Response(status=503, text="not now\n", headers={"Retry-After": str(RETRY_S)})
    if not call.answer:
        return web.Response(status=204)
    return web.Response(body=call.answer, content_type="application/json")


async def _body(request: web.Request) -> bytes:
    try:
        async with asyncio.timeout(BODY_S):
            return await request.read()
    except TimeoutError:
        raise NotACallback("the body did not come in time") from None
    except web.HTTPRequestEntityTooLarge:
        raise NotACallback("the body is too large") from None
    except web.RequestPayloadError:
        raise NotACallback("the body is not what its headers say") from None
