"""What a gateway has left where it ran: its keys and its ledger, for commands that come after it and make nothing."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from ussd_engine import config as settings
from ussd_engine.config import Config
from ussd_engine.country import Country
from ussd_engine.engine import open_keys
from ussd_engine.errors import EngineError
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger

T = TypeVar("T")


def inhabited(config: Config) -> Config:
    """The settings themselves, where a gateway has run with them. `EngineError` where none has, and how to begin."""
    if not config.keys.exists():
        given = "VAR" if config.sources.get("keys", "default") == "default" else "KEYS"
        raise EngineError(
            f"{config.keys}: there is no such file: no gateway has run here yet. Begin with `ussd-engine serve` or a "
            f"`ussd-engine dial`; or USSD_ENGINE_{given} should name another place"
        )
    return config


@contextlib.asynccontextmanager
async def premises(config: Config, country: Country) -> AsyncIterator[tuple[Ledger, Keyring]]:
    """The ledger and the keys of a gateway that has run here. Raises as `inhabited` does."""
    keyring = open_keys(inhabited(config), country, time.time, [])
    ledger = await Ledger.open(config.database.reveal(), keyring, now_ms, zone=country.time_zone)
    try:
        yield ledger, keyring
    finally:
        await ledger.close()


def on_premises(work: Callable[[Ledger], Awaitable[T]]) -> T:
    """Run `work` on the ledger of the settings. Raises as `inhabited` does."""

    async def opened() -> T:
        config = settings.load()
        async with premises(config, Country.load(config.country)) as (ledger, _):
            return await work(ledger)

    return asyncio.run(opened())


def now_ms() -> int:
    """The time in Unix milliseconds."""
    return int(time.time() * 1000)
