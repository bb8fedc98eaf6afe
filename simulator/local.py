"""A gateway of one's own, in this process, over HTTP on loopback: the same door that a provider knocks at."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp

from simulator.clock import MovedClock
from simulator.phone import Line
from ussd_engine import channels
from ussd_engine.app import ENGINE, Tap, create_app, running
from ussd_engine.channels.base import Channel, Settings
from ussd_engine.channels.codes import Codes
from ussd_engine.config import Config
from ussd_engine.country import Country
from ussd_engine.engine import Engine
from ussd_engine.ledger import Faults
from ussd_engine.logs import Log


@dataclass(frozen=True)
class Local:
    """A running gateway, its clock, and the trouble that can be made in its ledger."""

    engine: Engine
    line: Line
    clock: MovedClock
    faults: Faults


@contextlib.asynccontextmanager
async def local_gateway(config: Config, tap: Tap | None = None) -> AsyncIterator[Local]:
    """Start a gateway on a free loopback port and stop it afterwards. Raises `ConfigError` or `MenuError`."""
    clock, faults = MovedClock(), Faults()
    app = create_app(config, clock=clock.now, faults=faults, log=Log("CRITICAL"), tap=tap)
    async with running(app) as url, aiohttp.ClientSession() as client:
        yield Local(app[ENGINE], Line(client, url), clock, faults)


def wire(name: str, config: Config) -> Channel:
    """A provider's wire, as the phone's side speaks it. Raises `ConfigError`."""
    country = Country.load(config.country)
    options = config.channel_settings.get(name, {})
    return channels.create(Settings(name=name, msisdn=country.msisdn, codes=Codes(config.codes), options=options))

