"""Everything behind the routes, opened in order and closed in reverse: menus, keys, sessions, ledger, core, gateway."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sessions import Seal, SessionStore, StoreUnavailable, open_sessions
from ussd_engine.admission import Admission, Limits
from ussd_engine.agreement import agree
from ussd_engine.background import Told, Uniform, at_work
from ussd_engine.binds import Binds
from ussd_engine.carrier import Notify, open_answering, open_carriers
from ussd_engine.channels.base import Channel
from ussd_engine.channels.sms import Gateway as SmsGateway
from ussd_engine.config import Config, open_channel
from ussd_engine.country import Country
from ussd_engine.delivery import Deliveries, Delivery
from ussd_engine.doors import Doors, open_doors
from ussd_engine.editions import Editions
from ussd_engine.errands import Beside, errands
from ussd_engine.errors import ConfigError, EngineError, LedgerUnavailable, MenuError
from ussd_engine.feedback import FeedbackStore, Opener, Surroundings, open_feedback
from ussd_engine.feedback.base import CAPABILITIES
from ussd_engine.feedback.hosted import Hosting
from ussd_engine.forms.collecting import Collecting
from ussd_engine.forms.opening import open_collecting
from ussd_engine.gateway import Gateway
from ussd_engine.hosting import open_hosting
from ussd_engine.keys import Keyring
from ussd_engine.keywatch import KeyWatch
from ussd_engine.ledger import Clock, Faults, Ledger, upgrade
from ussd_engine.livesessions import live_sessions
from ussd_engine.menu.edition import Edition, load_edition
from ussd_engine.menu.lint import prove
from ussd_engine.metrics import Metrics
from ussd_engine.sms.answering import Answering

MADE = "the keys in {path} were made at this start, for development: production names its own with USSD_ENGINE_KEYS"


@dataclass
class Engine:
    """What one process runs."""

    config: Config
    editions: Editions
    channels: Mapping[str, Channel]
    sessions: SessionStore
    ledger: Ledger
    store: FeedbackStore
    gateway: Gateway
    admission: Admission
    delivery: Deliveries
    metrics: Metrics
    keyring: Keyring
    watch: KeyWatch
    gateways: Mapping[str, SmsGateway]
    answering: Answering
    binds: Binds
    collecting: Collecting
    warnings: list[str]

    @property
    def country(self) -> Country:
        """The country of the current menus."""
        return self.editions.current.country

    async def reload(self) -> Edition:
        """Read the keys again; read and prove the menus again and make them the current ones.

        Raises `ConfigError` or `MenuError`; the old ones stay.
        """
        await self.watch.look()
        edition = await asyncio.to_thread(load_menus, self.config)
        self.editions.swap(edition)
        return edition

    async def read_again(self) -> Edition:
        """Read keys and menus that another process has proven; dialogs may run on them, but none begins.

        Raises as `reload` does.
        """
        await self.watch.look()
        edition = await asyncio.to_thread(read_menus, self.config)
        self.editions.keep(edition)
        return edition

    async def ready(self) -> list[str]:
        """What keeps this process from taking turns; empty where it can."""
        complaints = []
        try:
            await self.sessions.ping()
        except StoreUnavailable as error:
            complaints.append(f"sessions: {error}")
        try:
            await self.ledger.probe()
        except EngineError as error:
            complaints.append(f"database: {error}")
        return complaints

    async def exposition(self) -> bytes:
        """The numbers for Prometheus, with the age of what waits for the core and the live sessions, where the ledger
        and the session store tell them."""
        self.metrics.stopped(self.gateway.doors.stopped)
        with contextlib.suppress(StoreUnavailable):
            self.metrics.live_sessions(await self.sessions.count())
        with contextlib.suppress(LedgerUnavailable):
            backlog = await self.ledger.outbox.backlog()
            now_ms = self.gateway.now_ms()
            self.metrics.dead_letters(backlog.dead)
            for service in self.gateway.editions.current.services.keys() | backlog.oldest_of.keys():
                since_ms = backlog.oldest_of.get(service, now_ms)
                self.metrics.outbox_age(service, max(0.0, (now_ms - since_ms) / 1000))
            if self.gateways:
                self.metrics.sms_figures(await self.ledger.sms_view.figures(now_ms), now_ms)
        return self.metrics.exposition()


def read_menus(config: Config) -> Edition:
    """The menus of a configuration, not proven. Raises `MenuError` where they cannot be read."""
    return load_edition(config.menus, config.locales, config.codes, Country.load(config.country))


def agreed_menus(config: Config) -> Edition:
    """The menus of a configuration, not proven, with which its settings agree. Raises `MenuError` or `ConfigError`."""
    edition = read_menus(config)
    agree(config, edition)
    return edition


def load_menus(config: Config) -> Edition:
    """The same, proven on the profiles of its channels. Raises `MenuError` or `ConfigError` with every fault."""
    edition = agreed_menus(config)
    profiles = {name: channel.profile for name, channel in open_channels(config, edition.country).items()}
    faults = prove(edition, profiles)
    if faults:
        raise MenuError(faults)
    return edition


def open_channels(config: Config, country: Country) -> dict[str, Channel]:
    """The channels that answer USSD, by name."""
    return {one.name: open_channel(config, one.name, country.msisdn) for one in config.ussd_channels}


def make_folder(folder: Path, setting: str) -> None:
    """Make a folder that a setting names. `ConfigError` where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"USSD_ENGINE_{setting}: {folder} cannot be made: {error.strerror}") from None


def open_keys(config: Config, country: Country, clock: Callable[[], float], warnings: list[str]) -> Keyring:
    """The keys of the file that is set; without a setting they are made at the first start, with a warning."""
    if config.keys.exists() or config.sources.get("keys", "default") != "default":
        keyring = Keyring.load(config.keys)
    else:
        make_folder(config.keys.parent, "KEYS")
        with contextlib.suppress(ConfigError):
            Keyring.create(config.keys, country.today(int(clock() * 1000)))
        keyring = Keyring.load(config.keys)
        warnings.append(MADE.format(path=config.keys))
    if config.role == "ussd":
        return keyring.public()
    if not keyring.private:
        raise ConfigError(
            f"{config.keys}: holds no private key, without which nothing can be carried to the core; "
            "use role ussd here, or the file that holds it"
        )
    return keyring


@contextlib.asynccontextmanager
async def open_engine(
    config: Config,
    *,
    clock: Callable[[], float] = time.time,
    faults: Faults | None = None,
    proven: bool = False,
    open_store: Callable[[str, Seal], SessionStore] = open_sessions,
    open_core: Opener = open_feedback,
    uniform: Uniform = random.uniform,
    fault: Told = lambda _: None,
    notice: Notify = lambda *_, **__: None,
) -> AsyncIterator[Engine]:
    """Open all that a configuration names; close it in reverse. Raises `ConfigError` or `MenuError`.

    `proven`: another process has proven the menus a moment ago. `fault` is told on what the work beside the turns
    failed, `notice` what an operator should know; `uniform` draws how long what failed rests.
    """
    clock_ms, warnings = (lambda: int(clock() * 1000)), list[str]()
    async with contextlib.AsyncExitStack() as stack:
        enter = stack.enter_async_context
        edition = await asyncio.to_thread(agreed_menus if proven else load_menus, config)
        country = edition.country
        seal = _seal(keyring := open_keys(config, country, clock, warnings), clock)
        watch = KeyWatch(keyring, config.keys, clock, lambda keys: _renew(seal, keys), fault)
        sessions = await enter(live_sessions(config, seal, open_store))
        gateways = await enter(open_carriers(config, edition, warnings))
        ledger = await enter(_ledger(config, keyring, clock_ms, country, faults, tuple(gateways)))
        await enter(at_work(watch.run, told=fault))
        editions, metrics = Editions(edition), Metrics()
        doors = await enter(open_doors(ledger.switches, editions, clock_ms, fault))
        store = await enter(_core(config, open_core, _surroundings(config, ledger, keyring, clock_ms, editions)))
        _lend(ledger, editions, store)
        hosting = await enter(open_hosting(config, ledger, store, clock_ms, fault))
        worker = partial(Delivery, ledger.outbox, hosting, clock_ms, uniform=uniform, count=metrics.delivered)
        delivery = Deliveries(ledger.outbox, config.hosted, partial(worker, told=fault, notice=notice))
        answering = await enter(open_answering(config, editions, ledger, keyring, clock_ms, store, fault, doors))
        binds = Binds(channels := open_channels(config, country), gateways, config.role, metrics, notice)
        if config.role != "ussd":
            around = (config, editions, ledger, store, keyring, delivery, metrics, clock_ms, fault, notice, answering)
            await enter(at_work(*errands(Beside(*around, uniform, binds), gateways), told=fault))
        gateway = await enter(_gateway(config, editions, sessions, ledger, keyring, clock, store, doors, hosting))
        yield Engine(
            config=config,
            editions=editions,
            channels=channels,
            sessions=sessions,
            ledger=ledger,
            store=store,
            gateway=gateway,
            admission=_admission(config, country, clock),
            delivery=delivery,
            metrics=metrics,
            keyring=keyring,
            watch=watch,
            gateways=gateways,
            answering=answering,
            binds=binds,
            collecting=await enter(open_collecting(config, gateway, ledger, keyring, clock_ms, store, answering)),
            warnings=warnings,
        )


def _lend(ledger: Ledger, editions: Editions, store: FeedbackStore) -> None:
    """What the ledger asks of the menus and of the core."""
    ledger.followups.lacks = ledger.notices.lacks = CAPABILITIES - store.capabilities
    ledger.due = lambda *of: editions.current.due(*of)
    ledger.knows = lambda *of: editions.current.knows(*of)
    ledger.lookups.hosted = lambda: editions.current.hosted
    ledger.notices.higher = lambda *of: editions.current.higher(*of)
    ledger.notices.speaks = lambda service: editions.current.speaks(service)


def _surroundings(
    config: Config, ledger: Ledger, keyring: Keyring, clock_ms: Clock, editions: Editions
) -> Surroundings:
    return Surroundings(
        database=ledger.database,
        keyring=keyring,
        clock=clock_ms,
        settings=config.feedback_settings,
        production=config.env == "production",
        menus=lambda: editions.current,
    )


def _seal(keyring: Keyring, clock: Callable[[], float]) -> Seal:
    ring = keyring.ring("session")
    return Seal(ring.keys, ring.write, clock)


def _renew(seal: Seal, keyring: Keyring) -> None:
    ring = keyring.ring("session")
    seal.renew(ring.keys, ring.write)


@contextlib.asynccontextmanager
async def _ledger(
    config: Config, keyring: Keyring, clock_ms: Clock, country: Country, faults: Faults | None, routes: tuple[str, ...]
) -> AsyncIterator[Ledger]:
    """The ledger. The tables of a file are made where they are missing, those of a server by `db upgrade` alone."""
    if config.database.scheme == "sqlite":
        make_folder(config.var, "VAR")
        await upgrade(config.database.reveal())
    zone = country.time_zone
    ledger = await Ledger.open(config.database.reveal(), keyring, clock_ms, zone=zone, faults=faults, routes=routes)
    try:
        yield ledger
    finally:
        await ledger.close()


@contextlib.asynccontextmanager
async def _core(config: Config, open_core: Opener, surroundings: Surroundings) -> AsyncIterator[FeedbackStore]:
    """The feedback core."""
    store = await open_core(config.feedback.reveal(), surroundings)
    try:
        yield store
    finally:
        await store.close()


@contextlib.asynccontextmanager
async def _gateway(
    config: Config,
    editions: Editions,
    sessions: SessionStore,
    ledger: Ledger,
    keyring: Keyring,
    clock: Callable[[], float],
    store: FeedbackStore,
    doors: Doors,
    hosting: Hosting,
) -> AsyncIterator[Gateway]:
    """What takes turns; it closes when its commits are done."""
    gateway = Gateway(
        editions,
        sessions,
        ledger,
        keyring,
        random=os.urandom,
        clock=clock,
        core_wants=store.wants | config.core_wants,
        core_can=store.capabilities,
        ask_core=store.view,
        ask_hosted=hosting.asked,
        deadline_s=config.deadline_s,
        sends=ledger.notices.sends,
        doors=doors,
    )
    try:
        yield gateway
    finally:
        await gateway.drain()


def _admission(config: Config, country: Country, clock: Callable[[], float]) -> Admission:
    limits = Limits(config.turns_at_once, config.steps_a_minute, config.dials_a_day)
    return Admission(limits, config.codes, clock, lambda: country.today(int(clock() * 1000)))
