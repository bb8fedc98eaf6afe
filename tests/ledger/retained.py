"""A ledger on each database, of which time may pass, and what the tests of retention do with its cases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger, PurgeLog
from ussd_engine.ledger.tables import cases
from ussd_engine.testing.specimens import DAY, StoppedClock

YEAR = 365


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def keyring() -> Keyring:
    return Keyring.random(DAY)


@pytest.fixture
async def ledger(url: str, keyring: Keyring, clock: StoppedClock) -> AsyncIterator[Ledger]:
    ledger = await Ledger.open(url, keyring, clock)
    yield ledger
    await ledger.close()


@pytest.fixture
def log(tmp_path: Path) -> PurgeLog:
    return PurgeLog(tmp_path / "log" / "erased.log")


async def stands(ledger: Ledger, reference: str, **values: Any) -> None:
    """Let a case stand somewhere."""
    change = update(cases).where(cases.c.reference == reference).values(**values)
    await ledger.database.write(lambda conn: conn.execute(change).rowcount)


async def carried(ledger: Ledger, clock: StoppedClock) -> None:
    """Let the core have all that waits."""
    while claims := await ledger.outbox.claim(clock(), 100):
        for claim in claims:
            assert await ledger.outbox.done(claim, None)
