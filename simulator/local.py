"""A gateway of one's own, in this process, over HTTP on loopback: the same door that a provider knocks at."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import NamedTuple

import aiohttp

from sessions import MemorySessions, Seal
from simulator.clock import MovedClock
from simulator.core import Core
from simulator.exchange import Exchange
from simulator.phone import Line
from simulator.posted import HOST, Posted, posted_anywhere
from simulator.trouble import Forgetful, Trouble
from ussd_engine import channels
from ussd_engine.app import ENGINE, Tap, create_app, running
from ussd_engine.channels.base import Bound, Channel, Posting, Settings
from ussd_engine.channels.codes import Codes
from ussd_engine.config import Config
from ussd_engine.country import Country
from ussd_engine.engine import Engine, open_channels
from ussd_engine.errors import EngineError
from ussd_engine.feedback import Opener, open_feedback
from ussd_engine.ledger import Faults
from ussd_engine.logs import Log
from ussd_engine.model import Turn
from ussd_engine.news import News
from ussd_engine.view import Seen

GLANCE_S = 0.005
LEAVES_S = 20.0


class Process(NamedTuple):
    """What begins anew where a gateway is started again. `news` asks the core at once, beside the gateway's own
    round."""

    engine: Engine
    trouble: Trouble
    news: News


@dataclass
class Local:
    """A running gateway, the way to it, its clock, the trouble that can be made behind it, its core, its SMS."""

    process: Process
    line: Line
    clock: MovedClock
    core: Core
    exchange: Exchange | None
    again: Callable[[], Awaitable[Process]]

    @property
    def engine(self) -> Engine:
        return self.process.engine

    @property
    def trouble(self) -> Trouble:
        return self.process.trouble

    @property
    def news(self) -> News:
        return self.process.news

    async def restart(self) -> None:
        """Stop the gateway, and start it at the same address: what is stored stays, all else that it knew is gone."""
        self.process = await self.again()

    async def settled(self) -> None:
        """Return once all is done that can be by now: the core has what was sent, the gateway what the core tells, and
        every SMS that may leave has left. Raises `TimeoutError` after `LEAVES_S`."""
        ledger = self.engine.ledger
        async with asyncio.timeout(LEAVES_S):
            await self._carried()
            with contextlib.suppress(EngineError):  # a core that is down tells nothing
                while await self.news.step():
                    pass
            while self.exchange and await ledger.sms_view.leaving(self.engine.gateway.now_ms()):
                ledger.sms.added.set()  # the sender does not hear of a clock that was moved
                await asyncio.sleep(GLANCE_S)

    async def _carried(self) -> None:
        """Whatever may go to the core by now was tried; the worker beside the turns may have some of it in hand."""
        outbox, delivery = self.engine.ledger.outbox, self.engine.delivery
        while (await outbox.backlog()).waiting:
            if await delivery.step():
                continue
            now_ms = self.engine.gateway.now_ms()
            if not any(row.lease_ms > now_ms for row in await outbox.waiting()):
                return
            await asyncio.sleep(GLANCE_S)

    async def core_back(self) -> None:
        """The core answers again, and gets at once what waits."""
        self.core.down = False
        await self.engine.delivery.begin_again()


@contextlib.asynccontextmanager
async def local_gateway(
    config: Config,
    clock: MovedClock | None = None,
    tap: Tap | None = None,
    open_core: Opener = open_feedback,
    exchange: Exchange | None = None,
    core: Core | None = None,
) -> AsyncIterator[Local]:
    """Start a gateway on a free loopback port and stop it afterwards. Raises `ConfigError` or `MenuError`.

    Its sessions live in this process and age by `clock`, whatever the configuration names. `exchange` is the one to
    which the configuration sends SMS, `core` the switch of its core.
    """
    clock, core = clock or MovedClock(), core or Core()
    async with posted_anywhere() as posted, aiohttp.ClientSession() as client, contextlib.AsyncExitStack() as here:
        coming, opener = _coming_to(config, posted), core.opener(open_core)
        door = here.enter_context(socket.create_server((HOST, 0)))
        runs = await here.enter_async_context(contextlib.AsyncExitStack())

        async def begun() -> Process:
            await runs.aclose()
            return await runs.enter_async_context(_process(coming, clock, tap, opener, door))

        process = await begun()
        line = Line(client, f"http://{HOST}:{door.getsockname()[1]}", posted=posted)
        yield Local(process, line, clock, core, exchange, begun)


@contextlib.asynccontextmanager
async def _process(
    config: Config, clock: MovedClock, tap: Tap | None, open_core: Opener, door: socket.socket
) -> AsyncIterator[Process]:
    """A gateway behind a door, with nothing in its memory."""
    faults, stores, counted = Faults(), list[Forgetful](), set[str]()

    def heard(turn: Turn, seen: Seen) -> None:
        counted.update(seen.counts)
        if tap:
            tap(turn, seen)

    def open_store(_: str, seal: Seal) -> Forgetful:
        stores.append(Forgetful(MemorySessions(seal, clock.now)))
        return stores[0]

    app = create_app(
        config,
        clock=clock.now,
        faults=faults,
        log=Log("CRITICAL", BytesIO()),
        tap=heard,
        open_store=open_store,
        open_core=open_core,
        uniform=_longest,
    )
    async with running(app, door=door):
        engine = app[ENGINE]
        engine.gateway.doors.everybody = lambda: engine.editions.current.services
        yield Process(engine, Trouble(faults, stores[0], engine.gateway.looks, counted), news_of(engine))


def _longest(_: float, most: float) -> float:
    """What chance would draw, the same in every run of a transcript."""
    return most


def news_of(engine: Engine) -> News:
    """Asks the core of an engine for its news."""
    scheme, country = engine.config.feedback.scheme, engine.country
    return News(engine.ledger, engine.store, scheme, lambda: country.today(engine.gateway.now_ms()))


def _coming_to(config: Config, posted: Posted) -> Config:
    """`config`, with every channel that has its screens posted posting them here, and every bind to here."""
    given = config.channel_settings
    here: dict[str, Mapping[str, object]] = {}
    for name, one in open_channels(config, Country.load(config.country)).items():
        if isinstance(one, Posting):
            here[name] = {**given.get(name, {}), "url": posted.url}
        elif isinstance(one, Bound) and posted.smsc is not None:
            here[name] = {**given.get(name, {}), "url": posted.smsc.url}
    return dataclasses.replace(config, channel_settings={**given, **here})


def wire(name: str, config: Config) -> Channel:
    """A provider's wire, as the phone's side speaks it. Raises `ConfigError`."""
    country = Country.load(config.country)
    options = channels.ussd_options(config.channel_settings.get(name, {}))
    return channels.create(Settings(name=name, msisdn=country.msisdn, codes=Codes(config.codes), options=options))
