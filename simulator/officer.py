"""The office behind a gateway started here: what its officers do with the last case, and the news of it."""

from __future__ import annotations

import asyncio
from typing import Literal

from simulator.local import Local
from ussd_engine.errors import EngineError
from ussd_engine.feedback.access import Officer
from ussd_engine.feedback.desk import Desk
from ussd_engine.feedback.offices import Offices
from ussd_engine.news import News

Act = Literal["open", "progress", "ask", "answer", "refuse", "decide", "close", "transfer", "tick"]
"""`tick` is what time does in a core, once a day."""
SPEAKS = ("ask", "answer", "refuse", "decide", "transfer")
"""Acts with words, or with the code of the institution that takes the case."""
DELIVERED_S = 10.0
GLANCE_S = 0.02


async def act(local: Local, reference: str, does: Act, says: str) -> None:
    """Let the officer who holds a case act on it, and the gateway hear of it. Raises `EngineError` where he may not."""
    engine = local.engine
    await _delivered(local)
    if does == "tick":
        await _tick(local)
    else:
        await _handle(local, reference, does, says)
    scheme, country = engine.config.feedback.scheme, engine.country
    news = News(engine.ledger, engine.store, scheme, lambda: country.today(engine.gateway.now_ms()))
    while await news.step():
        pass


async def _delivered(local: Local) -> None:
    """Wait until the core has all that was sent; the worker beside the turns may have some of it in hand."""
    async with asyncio.timeout(DELIVERED_S):
        while (await local.engine.ledger.outbox.backlog()).waiting:
            if not await local.engine.delivery.step():
                await asyncio.sleep(GLANCE_S)


async def _tick(local: Local) -> None:
    tick = getattr(local.engine.store, "tick", None)
    if tick is not None:
        await tick(local.engine.country.today(local.engine.gateway.now_ms()))


async def _handle(local: Local, reference: str, does: str, says: str) -> None:
    engine = local.engine
    case = await engine.ledger.case(reference)
    if case is None:
        raise EngineError("there is no case on which an officer could act: none was shown")
    desk = Desk(engine.ledger.database, engine.keyring, Offices.of(engine.editions.current), engine.gateway.now_ms)
    words = (says,) if does in SPEAKS else ()
    await getattr(desk, does)(Officer("officer", case.institution), reference, *words)
