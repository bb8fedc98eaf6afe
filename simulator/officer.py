"""The office behind a gateway started here: what its officers do with the last case, and the news of it."""

from __future__ import annotations

import asyncio
from typing import Literal, NamedTuple, get_args

from simulator.local import Local, news_of
from ussd_engine.errors import EngineError
from ussd_engine.feedback.access import Officer
from ussd_engine.feedback.case import CoreCase
from ussd_engine.feedback.desk import Desk, File
from ussd_engine.feedback.offices import Offices
from ussd_engine.menu.edition import Edition
from ussd_engine.model import CaseState

Act = Literal["open", "progress", "ask", "answer", "refuse", "decide", "close", "transfer", "tick"]
"""`tick` is what time does once a day, in a core and to those who wait."""
SPEAKS = ("ask", "answer", "refuse", "decide", "transfer")
"""Acts with words, or with the code of the institution that takes the case."""
ACTS: tuple[Act, ...] = get_args(Act)
DELIVERED_S = 10.0
GLANCE_S = 0.02


class Sheet(NamedTuple):
    """A case as it lies on the desk of who holds it. `file` is there once it was opened."""

    case: CoreCase
    offers: tuple[str, ...]
    """Of `Act` what he may do now."""
    file: File | None
    edition: Edition
    """The menus that have words for it."""


async def act(local: Local, reference: str, does: Act, says: str) -> None:
    """Let the officer who holds a case act on it, and the gateway hear of it. Raises `EngineError` where he may not."""
    await _delivered(local)
    if does == "tick":
        await _tick(local)
    else:
        await _handle(local, reference, does, says)
    news = news_of(local.engine)  # a new one, which looks at the calendar too
    while await news.step():
        pass


async def look(local: Local, reference: str, waits: bool = True) -> Sheet | None:
    """The case of a reference; `None` where there is none. `waits`: until the core has it. Raises `TimeoutError` where
    it is on its way still, `EngineError` where it was not waited for."""
    if waits:
        await _delivered(local)
    held = await local.engine.ledger.case(reference)
    if held is None:
        return None
    desk, officer = _desk(local), Officer("officer", held.institution)
    case, seen = await desk.look(officer, reference)
    offers = tuple(name for name in desk.offers(case, seen) if name in ACTS)
    opened = seen.text and (case.state is not CaseState.RECEIVED)
    file = await desk.read(officer, reference, "handling") if opened else None
    return Sheet(case, offers, file, local.engine.editions.current)


async def _delivered(local: Local) -> None:
    """Wait until the core has all that was sent; the worker beside the turns may have some of it in hand."""
    async with asyncio.timeout(DELIVERED_S):
        while (await local.engine.ledger.outbox.backlog()).waiting:
            if not await local.engine.delivery.step():
                await asyncio.sleep(GLANCE_S)


async def _tick(local: Local) -> None:
    await local.engine.ledger.remind()
    tick = getattr(local.engine.store, "tick", None)
    if tick is not None:
        await tick(local.engine.country.today(local.engine.gateway.now_ms()))


async def _handle(local: Local, reference: str, does: str, says: str) -> None:
    case = await local.engine.ledger.case(reference)
    if case is None:
        raise EngineError("there is no case on which an officer could act: none was shown")
    words = (says,) if does in SPEAKS else ()
    await getattr(_desk(local), does)(Officer("officer", case.institution), reference, *words)


def _desk(local: Local) -> Desk:
    engine = local.engine
    return Desk(engine.ledger.database, engine.keyring, Offices.of(engine.editions.current), engine.gateway.now_ms)
