"""Gateways of one's own for transcripts: one for each kind of installation, an empty ledger for all of it."""

from __future__ import annotations

import dataclasses
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import yaml

from simulator.clock import MovedClock
from simulator.exchange import Exchange, exchange_for
from simulator.lacking import lacking
from simulator.local import Local, local_gateway, wire
from simulator.player import Numbering, Player
from simulator.transcript import Transcript
from ussd_engine import channels
from ussd_engine.app import Tap
from ussd_engine.config import Config
from ussd_engine.country import Country
from ussd_engine.readers import ChannelConfig
from ussd_engine.secret import Url

MORNING = 1768455000.0
"""15/01/2026 08:30 in Dar es Salaam, from which on the days are counted."""
DAY_S = 86_400.0
GATEWAY = "loopback"
"""Speaks to the exchange."""
NUMBER = "15200"
"""Takes SMS, where the country file names no such number."""


class Kind(NamedTuple):
    """What an installation is like: what its core asks for and cannot do, and whether it carries SMS."""

    wants: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()
    sms: bool = False


SHIPPED = Kind()
"""As it is where nothing is set."""


class Stage:
    """Starts each gateway when a transcript first needs it; closes all when left. Every caller has a new number."""

    def __init__(self, settings: Config, folder: Path, tap: Tap | None = None) -> None:
        self._settings = settings
        self._folder = folder
        self._tap = tap
        self._open = AsyncExitStack()
        self.gateways: dict[tuple[Kind, float | None], Local] = {}
        country = Country.load(settings.country)
        self._numbers = Numbering(country.numbers)
        self._zone = country.time_zone

    async def __aenter__(self) -> Stage:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def gateway(self, kind: Kind = SHIPPED, begins: float | None = None) -> Local:
        """The gateway of an installation; what begins at a time of its own has one of its own."""
        if begins is not None or (kind, None) not in self.gateways:
            exchange = await self._open.enter_async_context(exchange_for(self._shortcode)) if kind.sms else None
            folder = self._folder / f"installation-{len(self.gateways) + 1}"
            settings = scratch(self._settings, folder, kind, exchange)
            at = MORNING if begins is None else begins
            clock, core = MovedClock(lambda: at), lacking(kind.lacks)
            local = local_gateway(settings, clock, self._tap, core, exchange)
            self.gateways[kind, begins] = await self._open.enter_async_context(local)
        return self.gateways[kind, begins]

    @property
    def _shortcode(self) -> str:
        country = Country.load(self._settings.country)
        return country.settings.get("sc") or NUMBER

    async def player(self, transcript: Transcript, provider: str) -> Player:
        """A run of a transcript on a channel; it begins on a new morning, so that no midnight falls into it."""
        wants, lacks = frozenset(transcript.core_wants), frozenset(transcript.core_lacks)
        begins = transcript.begun(self._zone)
        local = await self.gateway(Kind(wants, lacks, transcript.sms), begins)
        if local.core.down:
            await local.core_back()
        if begins is None:
            await local.clock.leave(DAY_S - (local.clock.now() - MORNING) % DAY_S)
        wires = partial(wire, config=self._settings)
        return Player(transcript, wires(provider), local.line, local.clock, self._numbers, wires, local)

    def number(self) -> str:
        """A number that nobody here has."""
        return next(self._numbers)


def scratch(settings: Config, folder: Path, kind: Kind = SHIPPED, exchange: Exchange | None = None) -> Config:
    """The menus and channels of `settings` on sessions, ledger and keys of their own: nothing of the operator's. Where
    there is an exchange, SMS go there."""
    options = {name: channels.ussd_options(options) for name, options in settings.channel_settings.items()}
    served = [ChannelConfig(one.name) for one in settings.ussd_channels]
    if exchange:
        options[GATEWAY] = {**options.get(GATEWAY, {}), channels.SMS: {"url": exchange.url}}
        served.append(ChannelConfig(GATEWAY))
    return dataclasses.replace(
        settings,
        env="development",
        var=folder,
        keys=folder / "keys.json",
        database=Url(f"sqlite:///{folder / 'ledger.db'}"),
        feedback=Url("sql"),
        sessions=Url("memory://"),
        core_wants=kind.wants,
        country=_with_a_number(settings.country, exchange.shortcode, folder) if exchange else settings.country,
        channels=tuple(served),
        channel_settings=options,
        workers=1,
        role="all",
        peers=(),
        sources={**settings.sources, "keys": "default"},
    )


def _with_a_number(country: Path, number: str, folder: Path) -> Path:
    """The country's file, with the number that takes SMS."""
    # The loader makes nothing but texts: a country NO stays one.
    found = yaml.load(country.read_text(encoding="utf-8"), yaml.CBaseLoader)  # noqa: S506
    found["settings"] = {**(found.get("settings") or {}), "sc": number}
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / country.name
    made.write_text(yaml.safe_dump(found, allow_unicode=True), encoding="utf-8")
    return made
