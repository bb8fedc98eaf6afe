"""What an operator asks about the dialogs that are under way: numbers alone, and nothing is changed."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

import click

from sessions import Seal, SessionStore, StoreUnavailable, open_sessions
from ussd_engine import config
from ussd_engine.config import Config
from ussd_engine.doors import Doors
from ussd_engine.engine import load_menus, open_channels, read_menus
from ussd_engine.errors import EngineError, MenuError
from ussd_engine.feedback import Surroundings, open_feedback
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.terms import NUMBER_KEPT
from ussd_engine.listing import as_json, show
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Profile
from ussd_engine.premises import now_ms, premises
from ussd_engine.rehearsal import LOSES_NOTHING, Fate, fate_of
from ussd_engine.view import View

TELLS_S: Final = 1.0
"""How often it is told how far a long look has come."""
IN_MEMORY: Final = (
    "the sessions of these settings lie in the memory of the gateway itself, where no other process can read them. "
    "Where they lie in Redis (USSD_ENGINE_SESSIONS), this tells what a changed menu would do to them"
)
UNREADABLE: Final = "unreadable"


class Menus(NamedTuple):
    """The menus that are tried, and those that run now, where they can be read."""

    tried: Edition
    now: Edition | None


@click.group()
def sessions() -> None:
    """The dialogs that are under way."""


@sessions.command("dry-run")
@click.argument("menus", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--locales", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The catalogues that go with them."
)
@as_json
def dry_run(menus: Path | None, locales: Path | None, as_json: bool) -> None:
    """Tell what the menus in the folder MENUS would do to the dialogs that are under way.

    In numbers, by bringing each to them as the gateway does; nothing is changed. Without MENUS the folder of the
    settings is tried. Menus that do not hold are refused, as at a reload.
    """
    settings = config.load()
    if settings.sessions.scheme == "memory":
        raise EngineError(IN_MEMORY)
    now = _read(settings)
    counts = asyncio.run(_counted(settings, Menus(load_menus(_changed(settings, menus, locales)), now)))
    if as_json:
        click.echo(json.dumps({name: counts[name] for name in (*Fate, UNREADABLE)}))
        return
    rows = [(str(counts[fate]), fate.help) for fate in Fate]
    show(("dialogs", "what becomes of them"), rows)
    whole, kept = sum(counts[fate] for fate in Fate), sum(counts[fate] for fate in LOSES_NOTHING)
    click.echo(f"{whole} dialogs were looked at, of which {kept} lose nothing", err=True)
    if counts[UNREADABLE]:
        click.echo(f"{counts[UNREADABLE]} could not be opened with the session keys of this file", err=True)


def _changed(settings: Config, menus: Path | None, locales: Path | None) -> Config:
    """The settings with other folders; a country file that comes with the menus is theirs."""
    menus = menus or settings.menus
    country = settings.country
    if country.is_relative_to(settings.menus) and (moved := menus / country.relative_to(settings.menus)).exists():
        country = moved
    return dataclasses.replace(settings, menus=menus, locales=locales or settings.locales, country=country)


def _read(settings: Config) -> Edition | None:
    try:
        return read_menus(settings)
    except MenuError:
        return None


async def _counted(settings: Config, menus: Menus) -> Counter[str]:
    """How many dialogs have each fate. Raises `EngineError` where the sessions cannot be read."""
    counts: Counter[str] = Counter()
    channels = open_channels(settings, menus.tried.country)
    profile = next((channel.profile for channel in channels.values()), Profile())
    async with (
        premises(settings, menus.tried.country) as (ledger, keyring),
        _view(settings, menus.tried, ledger, keyring) as view,
        _store(settings, keyring) as store,
    ):
        try:
            tell = _progress(await store.count())
            async for batch in store.scan():
                for session in batch:
                    fate = session and fate_of(menus.tried, session, view.facts, profile, menus.now)
                    counts[fate or UNREADABLE] += 1
                tell(counts.total())
        except StoreUnavailable as error:
            raise EngineError(f"sessions: {error}") from None
    return counts


def _progress(keys: int) -> Callable[[int], None]:
    """Tells how far a look has come, of so many keys: those of sessions, and the small ones that lead there."""
    told = time.monotonic()

    def tell(looked_at: int) -> None:
        nonlocal told
        if time.monotonic() - told >= TELLS_S:
            told = time.monotonic()
            click.echo(f"{looked_at} dialogs looked at; the store has {keys} keys", err=True)

    return tell


@asynccontextmanager
async def _store(settings: Config, keyring: Keyring) -> AsyncIterator[SessionStore]:
    ring = keyring.ring("session")
    try:
        store = open_sessions(settings.sessions.reveal(), Seal(ring.keys, ring.write))
    except ValueError as error:
        raise EngineError(f"sessions: {error}") from None
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def _view(settings: Config, edition: Edition, ledger: Ledger, keyring: Keyring) -> AsyncIterator[View]:
    """What the gateway knows of a caller: on that depends which questions apply."""
    around = Surroundings(
        database=ledger.database,
        keyring=keyring,
        clock=now_ms,
        settings=settings.feedback_settings,
        production=settings.env == "production",
        menus=lambda: edition,
    )
    store = await open_feedback(settings.feedback.reveal(), around)
    try:
        doors = Doors(ledger.switches, now_ms, lambda: edition.country.time_zone)
        await doors.look()
        wants, can = store.wants | settings.core_wants, store.capabilities
        sends = bool(config.open_gateways(settings, lambda _: None))
        yield View(keyring.pin, wants, can, NUMBER_KEPT.days, sends=sends, doors=doors.facts)
    finally:
        await store.close()
