"""Gateways of one's own for transcripts: one for each kind of installation, an empty ledger for all of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType

from simulator.clock import MovedClock
from simulator.local import Local, local_gateway, wire
from simulator.player import Player, numbers
from simulator.transcript import Transcript
from ussd_engine import channels
from ussd_engine.app import Tap
from ussd_engine.config import Config
from ussd_engine.readers import ChannelConfig
from ussd_engine.secret import Url

MORNING = 1768455000.0
"""15/01/2026 08:30 in Dar es Salaam, from which on the days are counted."""
DAY_S = 86_400.0


class Stage:
    """Starts each gateway when a transcript first needs it; closes all when left. Every caller has a new number."""

    def __init__(self, settings: Config, folder: Path, tap: Tap | None = None) -> None:
        self._settings = settings
        self._folder = folder
        self._tap = tap
        self._open = AsyncExitStack()
        self._numbers: Iterator[str] = numbers()
        self.gateways: dict[frozenset[str], Local] = {}

    async def __aenter__(self) -> Stage:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def gateway(self, wants: frozenset[str] = frozenset()) -> Local:
        """The gateway whose core asks for `wants`."""
        if wants not in self.gateways:
            settings = scratch(self._settings, self._folder / "-".join(["core", *sorted(wants)]), wants)
            local = local_gateway(settings, MovedClock(lambda: MORNING), self._tap)
            self.gateways[wants] = await self._open.enter_async_context(local)
        return self.gateways[wants]

    async def player(self, transcript: Transcript, provider: str) -> Player:
        """A run of a transcript on a channel; it begins on a new morning, so that no midnight falls into it."""
        local = await self.gateway(frozenset(transcript.core_wants))
        await local.clock.leave(DAY_S - (local.clock.now() - MORNING) % DAY_S)
        channel = wire(provider, self._settings)
        return Player(transcript, channel, local.line, local.clock, self._numbers, local)

    def number(self) -> str:
        """A number that nobody here has."""
        return next(self._numbers)


def scratch(settings: Config, folder: Path, wants: frozenset[str] = frozenset()) -> Config:
    """The menus and channels of `settings` on sessions, ledger and keys of their own: nothing of the operator's."""
    return dataclasses.replace(
        settings,
        env="development",
        var=folder,
        keys=folder / "keys.json",
        database=Url(f"sqlite:///{folder / 'ledger.db'}"),
        feedback=Url("sql"),
        sessions=Url("memory://"),
        core_wants=wants,
        channels=tuple(ChannelConfig(one.name) for one in settings.ussd_channels),
        channel_settings={name: channels.ussd_options(options) for name, options in settings.channel_settings.items()},
        workers=1,
        role="all",
        peers=(),
        sources={**settings.sources, "keys": "default"},
    )
