"""Everybody at once, every callback three times: each sees her own screens, and each complaint is stored once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.load.crowd import WINDOW_SHARE, Citizen, Crowd, crowd_gateway, lines, people
from ussd_engine.feedback.sql import core_cases
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.tables import cases, contacts, dead_letters, effects, outbox, submissions
from ussd_engine.reference import derive_pin
from ussd_engine.vault import Vault

pytestmark = pytest.mark.redis


class Books:
    """What the stores hold when all is over, opened with the keys."""

    def __init__(self, ledger: Ledger, keyring: Keyring) -> None:
        self.ledger = ledger
        self.keyring = keyring
        self.vault = Vault(keyring)

    async def rows(self, table: Any) -> list[Any]:
        return await self.ledger.database.read(lambda conn: list(conn.execute(select(table)).all()))

    async def check_counts(self, count: int) -> None:
        """One row each of everything; what is to go to the core waits once or has arrived once."""
        acts = {row.key: row.kind for row in await self.rows(effects)}
        assert [*acts.values()] == ["submit"] * count
        for table in (submissions, cases, contacts):
            assert len(await self.rows(table)) == count, table.name
        waiting = {row.key for row in await self.rows(outbox)}
        arrived = {row.key for row in await self.rows(core_cases)}
        assert waiting | arrived == set(acts)
        assert await self.rows(dead_letters) == []

    async def check_citizens(self, citizens: list[Citizen]) -> None:
        """Behind the reference that she was shown stand her words, her number, and the PIN that she was shown."""
        sealed = {row.handle: row.sealed for row in await self.rows(contacts)}
        for citizen in citizens:
            sent, case = await self.ledger.submission(citizen.reference), await self.ledger.case(citizen.reference)
            assert sent is not None
            assert case is not None
            assert (sent.answers["message"], sent.mode, sent.name or "") == (citizen.words, citizen.mode, citizen.name)
            assert self.vault.open(sealed[sent.handle], bytes.fromhex(sent.handle)) == citizen.msisdn
            assert derive_pin(self.keyring.pin, case.case, 0).reveal() == citizen.pin


@pytest.mark.parametrize("count", [60, pytest.param(1500, marks=[pytest.mark.long, pytest.mark.timeout(900)])])
async def test_nobody_is_shown_or_stored_wrong_where_every_callback_comes_three_times(
    tmp_path: Path, redis_url: str, count: int
) -> None:
    citizens = people(count, window_share=WINDOW_SHARE)
    async with (
        crowd_gateway(tmp_path, sessions=redis_url) as gateway,
        lines(gateway.url) as ways,
    ):
        await Crowd(citizens, ways).run(gateway)
    assert len({citizen.reference for citizen in citizens}) == count
    keyring = Keyring.load(tmp_path / "keys.json")
    ledger = await Ledger.open(f"sqlite:///{tmp_path / 'ussd-engine.db'}", keyring, lambda: 0)
    try:
        books = Books(ledger, keyring)
        await books.check_counts(count)
        await books.check_citizens(citizens)
    finally:
        await ledger.close()
