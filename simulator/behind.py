"""What is behind the phones of a room: a gateway of its own where everything can be made to fail, or one elsewhere."""

from __future__ import annotations

import contextlib
import inspect
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast

from simulator.clock import Clock, MovedClock
from simulator.dialog import gateway_at
from simulator.exchange import exchange_for
from simulator.glance import Glass
from simulator.lacking import lacking
from simulator.local import Local, local_gateway
from simulator.stage import NUMBER, Kind, scratch
from simulator.watched import WatchedLine
from ussd_engine.config import Config
from ussd_engine.country import Country
from ussd_engine.errors import DeliveryError
from ussd_engine.feedback import FeedbackStore, Opener, Surroundings

OPENS_AT: Final = 9
"""The hour at which a room's day begins: what nobody asked for leaves by day alone."""
ALWAYS: Final = ("close",)


class Core:
    """A feedback core that can be taken away, and brought back."""

    def __init__(self) -> None:
        self.down = False

    def opener(self, open_core: Opener) -> Opener:
        """Opens what `open_core` opens, under this switch."""

        async def opened(setting: str, surroundings: Surroundings) -> FeedbackStore:
            return cast(FeedbackStore, _Switched(await open_core(setting, surroundings), self))

        return opened


class _Switched:
    """A store whose calls fail while its core is down; what is known of it stays known."""

    def __init__(self, store: FeedbackStore, core: Core) -> None:
        self._store = store
        self._core = core

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if name in ALWAYS or not self._core.down or not inspect.iscoroutinefunction(found):
            return found

        async def away(*_: object, **__: object) -> None:
            raise DeliveryError("the core is down, on purpose")

        return away


@dataclass(frozen=True)
class Behind:
    """The way to a gateway and its clock; of one started here also its inside."""

    line: WatchedLine
    clock: Clock
    local: Local | None = None
    core: Core | None = None
    glass: Glass | None = None


def morning(country: Country) -> Callable[[], float]:
    """A clock that goes on from 9 o'clock of today, where the country is."""
    began = time.time()
    day = datetime.fromtimestamp(began, country.time_zone)
    opens = day.replace(hour=OPENS_AT, minute=0, second=0, microsecond=0).timestamp()
    return lambda: opens + time.time() - began


@contextlib.asynccontextmanager
async def own(settings: Config, folder: Path, kind: Kind, clock: MovedClock) -> AsyncIterator[Behind]:
    """A gateway started here, with nothing of an operator's. Raises `ConfigError` or `MenuError`."""
    core, glass = Core(), Glass()
    async with contextlib.AsyncExitStack() as stack:
        shortcode = Country.load(settings.country).settings.get("sc") or NUMBER
        exchange = await stack.enter_async_context(exchange_for(shortcode)) if kind.sms else None
        made = scratch(settings, folder, kind, exchange)
        opening = local_gateway(made, clock, glass.tap, core.opener(lacking(kind.lacks)), exchange)
        local = await stack.enter_async_context(opening)
        yield Behind(WatchedLine.of(local.line), clock, local, core, glass)


@contextlib.asynccontextmanager
async def elsewhere(url: str, token: str) -> AsyncIterator[Behind]:
    """The gateway at `url`, on its own clock."""
    async with gateway_at(url, token) as (line, clock):
        yield Behind(WatchedLine.of(line, token), clock)
