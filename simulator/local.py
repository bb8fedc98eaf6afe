"""A gateway of one's own, in this process, over HTTP on loopback: the same door that a provider knocks at."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from io import BytesIO

import aiohttp

from sessions import MemorySessions, Seal
from simulator.clock import MovedClock
from simulator.core import Core
from simulator.exchange import Exchange
from simulator.phone import Line
from simulator.posted import Posted, posted_anywhere
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


@dataclass(frozen=True)
class Local:
    """A running gateway, the way to it, its clock, the trouble that can be made behind it, its core, its SMS.

    `news` asks the core at once, beside the gateway's own round.
    """

    engine: Engine
    line: Line
    clock: MovedClock
    trouble: Trouble
    core: Core
    news: News
    exchange: Exchange | None = None

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
    clock, faults, core = clock or MovedClock(), Faults(), core or Core()
    stores: list[Forgetful] = []
    counted: set[str] = set()

    def heard(turn: Turn, seen: Seen) -> None:
        counted.update(seen.counts)
        if tap:
            tap(turn, seen)

    def open_store(_: str, seal: Seal) -> Forgetful:
        stores.append(Forgetful(lambda: MemorySessions(seal, clock.now)))
        return stores[0]

    async with posted_anywhere() as posted:
        app = create_app(
            _coming_to(config, posted),
            clock=clock.now,
            faults=faults,
            log=Log("CRITICAL", BytesIO()),
            tap=heard,
            open_store=open_store,
            open_core=core.opener(open_core),
            uniform=_longest,
        )
        async with running(app) as url, aiohttp.ClientSession() as client:
            engine = app[ENGINE]
            engine.gateway.doors.everybody = lambda: engine.editions.current.services
            line = Line(client, url, posted=posted)
            trouble = Trouble(faults, stores[0], engine.gateway.looks, counted)
            yield Local(engine, line, clock, trouble, core, news_of(engine), exchange)


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
