"""What stands behind the routes: keys and roles, the day's work, editions at hand."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.gateway.house import ANONYMOUS_REVIEW, NUMBER, SEND, House
from ussd_engine import config
from ussd_engine.config import Config, Role
from ussd_engine.delivery import Deliveries
from ussd_engine.editions import KEPT, Editions
from ussd_engine.engine import open_engine
from ussd_engine.errors import ConfigError
from ussd_engine.keys import Keyring
from ussd_engine.ledger import PurgeLog
from ussd_engine.ledger.tables import limits
from ussd_engine.menu.edition import Edition
from ussd_engine.secret import Url
from ussd_engine.upkeep import Upkeep

DAY = date(2026, 1, 15)


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    return config.load({"USSD_ENGINE_VAR": str(tmp_path)})


# the day's work


async def test_limit_tags_of_days_past_are_forgotten_in_memory_file_and_ledger(house: House, tmp_path: Path) -> None:
    file, today = tmp_path / "keys.json", [DAY]
    house.keyring.save(file)
    upkeep = Upkeep(house.ledger.real, house.keyring, file, PurgeLog(tmp_path / "erased.log"), lambda: today[0])
    await house.caller().at(*ANONYMOUS_REVIEW, SEND)
    assert len({row.tag for row in await house.rows(limits)}) == 1
    before = house.keyring.limit_tag(NUMBER, DAY)
    today[0] = DAY + timedelta(days=3)
    house.move(3 * 86_400)
    assert await upkeep.step()
    assert await house.rows(limits) == []
    for keyring in (house.keyring, Keyring.load(file)):
        assert before != keyring.limit_tag(NUMBER, DAY)


async def test_the_days_work_is_done_once_and_again_on_the_next_day(house: House, tmp_path: Path) -> None:
    file, today = tmp_path / "keys.json", [DAY]
    house.keyring.save(file)
    upkeep = Upkeep(house.ledger.real, house.keyring, file, PurgeLog(tmp_path / "erased.log"), lambda: today[0])
    assert [await upkeep.step(), await upkeep.step()] == [True, False]
    today[0] += timedelta(days=1)
    assert await upkeep.step()


async def test_keys_added_to_the_file_meanwhile_survive_the_days_work(house: House, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    house.keyring.save(file)
    Keyring.load(file).add("session").save(file)
    await Upkeep(house.ledger.real, house.keyring, file, PurgeLog(tmp_path / "erased.log"), lambda: DAY).step()
    assert sorted(Keyring.load(file).ring("session").keys) == [1, 2]


# keys and roles


async def test_keys_made_at_the_first_start_are_warned_of_and_used_again(settings: Config) -> None:
    async with open_engine(settings, proven=True) as first:
        assert "for development" in first.warnings[0]
        pin = first.keyring.pin
    async with open_engine(settings, proven=True) as second:
        assert second.keyring.pin == pin


@pytest.mark.parametrize("role", ["all", "worker"])
async def test_a_process_that_carries_needs_the_private_key(settings: Config, role: Role) -> None:
    Keyring.random(DAY).public().save(settings.keys)
    with pytest.raises(ConfigError, match="holds no private key"):
        async with open_engine(dataclasses.replace(settings, role=role), proven=True):
            pass


async def test_a_process_that_only_answers_holds_no_private_key_and_carries_nothing(settings: Config) -> None:
    Keyring.random(DAY).save(settings.keys)
    async with open_engine(dataclasses.replace(settings, role="ussd"), proven=True) as engine:
        assert engine.keyring.private == {}
        assert tasks_of(Deliveries.run) == []
    async with open_engine(settings, proven=True):
        assert len(tasks_of(Deliveries.run)) == 1


def tasks_of(work: Callable[..., object]) -> list[str]:
    """The tasks that run it."""
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name() == work.__qualname__]


async def test_an_unknown_session_store_is_a_setting_that_cannot_be_used(settings: Config) -> None:
    with pytest.raises(ConfigError, match="no session store is called 'nowhere'"):
        async with open_engine(dataclasses.replace(settings, sessions=Url("nowhere://")), proven=True):
            pass


async def test_production_does_not_start_on_a_session_store_that_does_not_answer(settings: Config) -> None:
    Keyring.random(DAY).save(settings.keys)
    settings = dataclasses.replace(settings, env="production", sessions=Url("redis://127.0.0.1:1"))
    with pytest.raises(ConfigError, match=r"^sessions: "):
        async with open_engine(settings, proven=True):
            pass


# editions


def numbered(edition: Edition, number: int) -> Edition:
    return dataclasses.replace(edition, version=number.to_bytes(6, "big"))


def test_the_last_editions_stay_at_hand(edition: Edition) -> None:
    editions = Editions(numbered(edition, 0))
    for number in range(1, KEPT + 2):
        editions.swap(numbered(edition, number))
    at_hand = [number for number in range(KEPT + 2) if editions.of(number.to_bytes(6, "big"))]
    assert at_hand == list(range(2, KEPT + 2))
    assert editions.current.version == (KEPT + 1).to_bytes(6, "big")


def test_an_edition_that_is_kept_is_not_the_current_one(edition: Edition) -> None:
    editions = Editions(edition)
    for number in range(1, 2 * KEPT):
        editions.keep(numbered(edition, number))
    assert editions.current is edition
    assert editions.of(edition.version) is edition
