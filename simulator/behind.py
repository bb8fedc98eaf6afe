"""What is behind the phones of a room: a gateway of its own where everything can be made to fail, or one elsewhere."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from simulator.clock import Clock, MovedClock
from simulator.core import Core
from simulator.dialog import gateway_at
from simulator.exchange import exchange_for
from simulator.glance import Glass
from simulator.lacking import lacking
from simulator.local import Local, local_gateway
from simulator.speech import Note, told
from simulator.stage import NUMBER, Kind, scratch
from simulator.watched import WatchedLine
from ussd_engine.config import Config
from ussd_engine.country import Country

OPENS_AT: Final = 9
"""The hour at which a room's day begins: what nobody asked for leaves by day alone."""


@dataclass(frozen=True)
class Behind:
    """The way to a gateway and its clock; of one started here also its inside."""

    line: WatchedLine
    clock: Clock
    local: Local | None = None
    glass: Glass | None = None


def morning(country: Country) -> Callable[[], float]:
    """A clock that goes on from 9 o'clock of today, where the country is."""
    began = time.time()
    day = datetime.fromtimestamp(began, country.time_zone)
    opens = day.replace(hour=OPENS_AT, minute=0, second=0, microsecond=0).timestamp()
    return lambda: opens + time.time() - began


@contextlib.asynccontextmanager
async def own(settings: Config, folder: Path, kind: Kind, clock: MovedClock, core: Core) -> AsyncIterator[Behind]:
    """A gateway started here, with nothing of an operator's. Raises `ConfigError` or `MenuError`."""
    glass = Glass()
    async with contextlib.AsyncExitStack() as stack:
        shortcode = Country.load(settings.country).settings.get("sc") or NUMBER
        exchange = await stack.enter_async_context(exchange_for(shortcode)) if kind.sms else None
        made = scratch(settings, folder, kind, exchange)
        opening = local_gateway(made, clock, glass.tap, lacking(kind.lacks), exchange, core)
        local = await stack.enter_async_context(opening)
        yield Behind(WatchedLine.of(local.line, own=True), clock, local, glass)


@contextlib.asynccontextmanager
async def elsewhere(url: str, token: str, waits: Callable[[Note], object]) -> AsyncIterator[Behind]:
    """The gateway at `url`, on its own clock; `waits` is told for what a request waits, for a bind without end."""

    def patient(why: Note) -> None:
        waits(told("{why} Hang up to end it.", why=why))

    async with gateway_at(url, token, waits, patient) as (line, clock):
        yield Behind(WatchedLine.of(line, token), clock)
