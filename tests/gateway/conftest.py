"""Houses for tests of the turn: the shipped menus, sessions in memory, a SQLite ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import date

import pytest

from tests.gateway.handset import opened
from tests.gateway.house import Caller, House, make
from tests.gateway.texting import edge, made, phone
from tests.servers.postgres_server import PostgresServer
from ussd_engine import config
from ussd_engine.engine import read_menus
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Faults, Ledger, upgrade
from ussd_engine.ledger.schema import connect
from ussd_engine.menu.edition import Edition
from ussd_engine.model import LegKind
from ussd_engine.testing.databases import empty, sqlite_path, sqlite_template, sqlite_url

__all__ = ["edge", "made", "opened", "phone", "sqlite_path", "sqlite_template", "sqlite_url"]

NOON_S = 1_768_467_600.0
"""2026-01-15, 12:00 in Dar es Salaam."""


@pytest.fixture(scope="session")
def edition() -> Edition:
    return read_menus(config.load({}))


@pytest.fixture
def routes() -> tuple[str, ...]:
    """The channels that send SMS. Nothing is sent in a house: what is told by SMS waits."""
    return ("loopback",)


@pytest.fixture
async def house(edition: Edition, sqlite_url: str, routes: tuple[str, ...]) -> AsyncIterator[House]:
    now, faults, keyring = [NOON_S], Faults(), Keyring.random(date(2026, 1, 15))
    zone = edition.country.time_zone
    ledger = await Ledger.open(sqlite_url, keyring, lambda: int(now[0] * 1000), zone=zone, faults=faults, routes=routes)
    ledger.knows = edition.knows
    found = make(edition, ledger, faults, keyring, now)
    yield found
    if found.ledger.gate:
        found.ledger.gate.set()
    await found.gateway.drain()
    await ledger.close()


@pytest.fixture(params=list(LegKind))
def caller(house: House, request: pytest.FixtureRequest) -> Caller:
    """A caller on a channel of each kind in turn."""
    return house.caller(request.param)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL of this module's own, which may crash."""
    with PostgresServer() as found:
        asyncio.run(upgrade(found.url))
        yield found


@pytest.fixture
async def postgres(server: PostgresServer) -> AsyncIterator[PostgresServer]:
    """The same, emptied after each test."""
    yield server
    database = connect(server.url)
    await empty(database)
    await database.close()
