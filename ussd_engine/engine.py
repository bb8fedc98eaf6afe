"""Everything behind the routes, opened in order and closed in reverse: menus, keys, sessions, ledger, core, gateway."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sessions import Seal, SessionStore, StoreUnavailable, open_sessions
from ussd_engine.admission import Admission, Limits
from ussd_engine.channels import create
from ussd_engine.channels.base import Channel, Settings
from ussd_engine.channels.codes import Codes
from ussd_engine.config import Config
from ussd_engine.country import Country
from ussd_engine.delivery import Delivery
from ussd_engine.editions import Editions
from ussd_engine.errors import ConfigError, EngineError, LedgerUnavailable, MenuError
from ussd_engine.feedback import FeedbackStore, Surroundings, open_feedback
from ussd_engine.gateway import Gateway
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Faults, Ledger, upgrade
from ussd_engine.menu.edition import Edition, load_edition
from ussd_engine.menu.lint import prove
from ussd_engine.metrics import Metrics
from ussd_engine.upkeep import Upkeep

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
    delivery: Delivery
    metrics: Metrics
    keyring: Keyring
    warnings: list[str]

    @property
    def country(self) -> Country:
        """The country of the current menus."""
        return self.editions.current.country

    async def reload(self) -> Edition:
        """Read and prove the menus again and make them the current ones. Raises `MenuError`; the old ones stay."""
        edition = await asyncio.to_thread(load_menus, self.config)
        self.editions.swap(edition)
        return edition

    async def read_again(self) -> Edition:
        """Read menus that another process has proven; dialogs may run on them, but none begins. Raises `MenuError`."""
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
        with contextlib.suppress(StoreUnavailable):
            self.metrics.live_sessions(await self.sessions.count())
        with contextlib.suppress(LedgerUnavailable):
            oldest_ms = (await self.ledger.outbox.backlog()).oldest_ms
            self.metrics.outbox_age(0.0 if oldest_ms is None else max(0.0, self.gateway.clock() - oldest_ms / 1000))
        return self.metrics.exposition()


def read_menus(config: Config) -> Edition:
    """The menus of a configuration, not proven. Raises `MenuError` where they cannot be read."""
    return load_edition(config.menus, config.locales, config.codes, Country.load(config.country))


def load_menus(config: Config) -> Edition:
    """The menus of a configuration, proven on the profiles of its channels. Raises `MenuError` with every fault."""
    edition = read_menus(config)
    profiles = {name: channel.profile for name, channel in open_channels(config, edition.country).items()}
    faults = prove(edition, profiles)
    if faults:
        raise MenuError(faults)
    return edition


def open_channels(config: Config, country: Country) -> dict[str, Channel]:
    """The channels that are served, by name."""
    codes = Codes(config.codes)
    return {
        one.name: create(
            Settings(
                name=one.name,
                msisdn=country.msisdn,
                codes=codes,
                options=config.channel_settings.get(one.name, {}),
            )
        )
        for one in config.channels
    }


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
) -> AsyncIterator[Engine]:
    """Open all that a configuration names; close it in reverse. Raises `ConfigError` or `MenuError`.

    `proven`: another process has proven the menus a moment ago.
    """

    def clock_ms() -> int:
        return int(clock() * 1000)

    warnings: list[str] = []
    async with contextlib.AsyncExitStack() as stack:
        edition = await asyncio.to_thread(read_menus if proven else load_menus, config)
        country = edition.country
        keyring = open_keys(config, country, clock, warnings)
        sessions = await _sessions(config, keyring, clock, open_store)
        stack.push_async_callback(sessions.close)
        if config.database.scheme == "sqlite":
            make_folder(config.var, "VAR")
            await upgrade(config.database.reveal())
        ledger = await Ledger.open(config.database.reveal(), keyring, clock_ms, zone=country.time_zone, faults=faults)
        stack.push_async_callback(ledger.close)
        store = await open_feedback(config.feedback.reveal(), Surroundings(ledger.database, keyring, clock_ms))
        stack.push_async_callback(store.close)
        metrics = Metrics()
        delivery = Delivery(ledger.outbox, store, clock_ms, count=metrics.delivered)
        if config.role != "ussd":
            upkeep = Upkeep(ledger, keyring, config.keys, lambda: country.today(clock_ms()))
            for work in (delivery.run(), upkeep.run()):
                stack.push_async_callback(_stop, asyncio.create_task(work))
        editions, wants = Editions(edition), store.wants | config.core_wants
        random, deadline_s = os.urandom, config.deadline_s
        gateway = Gateway(
            editions, sessions, ledger, keyring, random=random, clock=clock, core_wants=wants, deadline_s=deadline_s
        )
        stack.push_async_callback(gateway.drain)
        channels, admission = open_channels(config, country), _admission(config, country, clock)
        yield Engine(
            config,
            editions,
            channels,
            sessions,
            ledger,
            store,
            gateway,
            admission,
            delivery,
            metrics,
            keyring,
            warnings,
        )


def _admission(config: Config, country: Country, clock: Callable[[], float]) -> Admission:
    limits = Limits(config.turns_at_once, config.steps_a_minute, config.dials_a_day)
    return Admission(limits, clock, lambda: country.today(int(clock() * 1000)), config.maintenance)


async def _sessions(
    config: Config, keyring: Keyring, clock: Callable[[], float], open_store: Callable[[str, Seal], SessionStore]
) -> SessionStore:
    """The session store; in production one that keeps what it was given."""
    ring = keyring.ring("session")
    try:
        sessions = open_store(config.sessions.reveal(), Seal(ring.keys, ring.write, clock))
    except ValueError as error:
        raise ConfigError(f"sessions: {error}") from None
    if config.env == "production":
        try:
            complaints = await sessions.check()
        except StoreUnavailable as error:
            complaints = [str(error)]
        if complaints:
            await sessions.close()
            raise ConfigError("sessions: " + "; ".join(complaints))
    return sessions


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
