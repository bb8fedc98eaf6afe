"""A store of a package outside: found by its entry point, and held to the same contract."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ussd_engine.errors import ConfigError
from ussd_engine.feedback import FeedbackStore, Surroundings, open_feedback
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Database
from ussd_engine.ledger.schema import connect
from ussd_engine.messages import Addition, Erasure, Rating, Withdrawal
from ussd_engine.testing.feedback_contract import Acts, FeedbackContract, Held, Officer
from ussd_engine.testing.specimens import DAY, StoppedClock

OUTSIDE = Path(__file__).parent / "outside"
NAMES: dict[type, str] = {Addition: "append", Rating: "rate", Withdrawal: "withdraw", Erasure: "erase"}


@pytest.fixture
def surroundings(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Surroundings:
    monkeypatch.syspath_prepend(str(OUTSIDE))
    importlib.invalidate_caches()
    database: Database = connect(sqlite_url)
    return Surroundings(database, Keyring.random(DAY), StoppedClock())


class Clerk:
    def __init__(self, store: Any) -> None:
        self.store = store

    async def open(self, reference: str) -> None:
        self.store.act(reference, "opened")

    async def answer(self, reference: str, words: str) -> None:
        self.store.act(reference, "answered", words)


class TestOutsideStore(FeedbackContract):
    @pytest.fixture
    async def store(self, surroundings: Surroundings) -> AsyncIterator[FeedbackStore]:
        yield await open_feedback("outside", surroundings)
        await surroundings.database.close()

    @pytest.fixture
    def held(self, store: Any) -> Held:
        async def count() -> int:
            return len(store.files)

        return count

    @pytest.fixture
    def acts(self, store: Any) -> Acts:
        async def names(reference: str) -> list[str]:
            return [NAMES[type(message)] for message in store.files[reference].acts.values()]

        return names

    @pytest.fixture
    def officer(self, store: FeedbackStore) -> Officer:
        return Clerk(store)

    @pytest.fixture
    async def away(self, surroundings: Surroundings) -> FeedbackStore:
        store = await open_feedback("outside", surroundings)
        its_own: Any = store
        its_own.down = True
        return store

    async def test_its_settings_are_its_own(self, surroundings: Surroundings) -> None:
        with pytest.raises(ConfigError, match="no settings"):
            await open_feedback("outside", surroundings._replace(settings={"colour": "blue"}))


async def test_without_its_package_nobody_has_its_name(sqlite_url: str) -> None:
    database = connect(sqlite_url)
    with pytest.raises(ConfigError, match=r"no store is named 'outside'; there are: .*sql, webhook"):
        await open_feedback("outside", Surroundings(database, Keyring.random(DAY), StoppedClock()))
    await database.close()
