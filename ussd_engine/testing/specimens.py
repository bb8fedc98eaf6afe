"""Acts, a clock and a ledger for the contract suites."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from ussd_engine import reference
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Faults, Ledger
from ussd_engine.ledger.projection import case_of
from ussd_engine.ledger.tables import cases
from ussd_engine.model import Cancel, Case, Mode, Submit

NOON_MS = 1_764_072_000_000
"""2025-11-25, 12:00 UTC."""
DAY = date(2025, 11, 25)
DAY_MS = 86_400_000
MSISDN = "255700000001"
TEXT = "Maji hayatoki mtaa wa Uhindini tangu Jumatatu"
NAME = "Neema Mfano"
SPELLINGS = (MSISDN, MSISDN[3:], "0" + MSISDN[3:], MSISDN.encode().hex(), f"{int(MSISDN):x}")


class StoppedClock:
    """A clock that moves when it is told to."""

    def __init__(self, now_ms: int = NOON_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms

    def move(self, by_ms: int) -> None:
        """Let time pass."""
        self.now_ms += by_ms


def submit(**changes: Any) -> Submit:
    """A confidential complaint; any field may be given."""
    act = Submit(
        key=secrets.token_bytes(8),
        case=secrets.token_bytes(16),
        reference=reference.draw(),
        service="emrejesho",
        type="complaint",
        mode=Mode.CONFIDENTIAL,
        institution="DUWASA",
        answers={"message": TEXT, "name": NAME},
        locale="en",
        channel="generic",
        msisdn=MSISDN,
        caller=MSISDN,
        at_ms=NOON_MS,
        due=date(2025, 12, 15),
    )
    return msgspec.structs.replace(act, **changes)


def named(**changes: Any) -> Submit:
    """A complaint that names its writer."""
    return submit(mode=Mode.NAMED, **changes)


def anonymous(**changes: Any) -> Submit:
    """A complaint of nobody; the caller is known for the day's limit alone."""
    return submit(mode=Mode.ANONYMOUS, msisdn=None, **changes)


def cancel(key: bytes) -> Cancel:
    """Leaving a form."""
    return Cancel(key=key, at_ms=NOON_MS)


async def rows(ledger: Ledger, table: Any) -> list[Any]:
    """Every row of a table."""
    return await ledger.database.read(lambda conn: list(conn.execute(select(table)).all()))


async def cases_of(ledger: Ledger) -> list[Case]:
    """Every case."""
    return [case_of(row) for row in await rows(ledger, cases)]


class LedgerFixtures:
    """A ledger with keys, a clock and faults of its own, on the fixture `url`."""

    @pytest.fixture
    def clock(self) -> StoppedClock:
        return StoppedClock()

    @pytest.fixture
    def keyring(self) -> Keyring:
        return Keyring.random(DAY)

    @pytest.fixture
    def faults(self) -> Faults:
        return Faults()

    @pytest.fixture
    async def ledger(self, url: str, keyring: Keyring, clock: StoppedClock, faults: Faults) -> AsyncIterator[Ledger]:
        ledger = await Ledger.open(url, keyring, clock, faults=faults, routes=("loopback",))
        yield ledger
        await ledger.close()
