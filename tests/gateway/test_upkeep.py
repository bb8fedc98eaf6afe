"""What goes on beside the turns of a running gateway: the day's work, the purge log, new keys."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.handset import ENGLISH, Handset
from tests.gateway.house import REVIEW, SEND, House
from tests.gateway.test_http import Opens
from ussd_engine import config
from ussd_engine.engine import open_engine
from ussd_engine.errors import ConfigError, EngineError
from ussd_engine.keys import ROTATING, Keyring
from ussd_engine.ledger import PurgeLog
from ussd_engine.ledger.retention import forget
from ussd_engine.ledger.tables import contacts, submissions
from ussd_engine.upkeep import Upkeep

DAY = date(2026, 1, 15)


@pytest.fixture
def log(tmp_path: Path) -> PurgeLog:
    return PurgeLog(tmp_path / "erased.log")


def keep_up(house: House, file: Path, log: PurgeLog, **more: Any) -> Upkeep:
    house.keyring.save(file)
    return Upkeep(house.ledger.real, house.keyring, file, log, lambda: DAY, **more)


async def test_what_was_erased_stands_in_the_log_at_the_next_look(house: House, tmp_path: Path, log: PurgeLog) -> None:
    upkeep = keep_up(house, tmp_path / "keys.json", log)
    await upkeep.step()
    await house.caller().at(*REVIEW, SEND)
    (contact,) = await house.rows(contacts)
    ledger, now_ms = house.ledger.real, int(house.now[0] * 1000)
    await ledger.database.write(lambda conn: forget(conn, house.keyring, [contact.handle], now_ms))
    assert not await upkeep.step()
    assert [line.handle for line in log] == [contact.handle]


async def test_the_core_has_its_day_too_and_what_fails_of_it_is_told_and_done_again(
    house: House, tmp_path: Path, log: PurgeLog
) -> None:
    days: list[date] = []
    told = asyncio.Queue[Exception]()

    async def tick(today: date) -> None:
        days.append(today)
        if len(days) == 1:
            raise EngineError("not now")

    upkeep = keep_up(house, tmp_path / "keys.json", log, tick=tick, told=told.put_nowait)
    running = asyncio.create_task(upkeep.run())
    assert str(await told.get()) == "not now"
    running.cancel()
    assert [await upkeep.step(), await upkeep.step()] == [True, False]
    assert days == [DAY, DAY]


async def test_a_purge_that_fails_keeps_the_core_from_nothing_and_is_done_again_alone(
    house: House, tmp_path: Path, log: PurgeLog
) -> None:
    days: list[date] = []

    async def tick(today: date) -> None:
        days.append(today)

    (tmp_path / "erased.log").write_text("what is this\n")
    upkeep = keep_up(house, tmp_path / "keys.json", log, tick=tick)
    for _ in range(2):
        with pytest.raises(EngineError, match=r"erased\.log:1"):
            await upkeep.step()
        assert days == [DAY]
    (tmp_path / "erased.log").write_text("")
    assert [await upkeep.step(), await upkeep.step()] == [True, False]
    assert days == [DAY]


async def test_what_was_erased_is_noted_while_the_core_fails(house: House, tmp_path: Path, log: PurgeLog) -> None:
    async def tick(today: date) -> None:
        raise EngineError("not now")

    upkeep = keep_up(house, tmp_path / "keys.json", log, tick=tick)
    ledger, at_ms = house.ledger.real, int(house.now[0] * 1000)
    for noted in (False, True):
        with pytest.raises(EngineError, match="not now"):
            await upkeep.step()
        assert [line.handle for line in log] == ["ab"] * noted
        await ledger.database.write(lambda conn: forget(conn, house.keyring, ["ab"], at_ms))


async def test_a_dialog_goes_on_while_every_key_of_it_is_changed(opened: Opens, tmp_path: Path) -> None:
    edge = await opened()
    file, phone = tmp_path / "keys.json", Handset(edge)
    await phone.dial()
    await phone.type(*ENGLISH, "1", "1", "tanesco", "1")
    today = DAY
    for purpose in ROTATING:
        Keyring.change(file, lambda keys: keys.plan(purpose, edge.now, int(edge.now) + 60, today))  # noqa: B023  # called at once
    await edge.engine.reload()
    await phone.type("1", "Umeme umekatika mtaani kwetu")
    edge.now += 60
    await edge.engine.watch.look()
    shown = await phone.type("1", "1")
    assert "Number:" in shown, shown
    (sealed,) = await edge.engine.ledger.database.read(lambda conn: conn.execute(submissions.select()).all())
    assert sealed.sealed[0] == 2
    assert {entry[0][1] for key, entry in edge.stores[0]._entries.items() if key[:1] != b"l"} == {2}


async def test_menus_are_not_reloaded_with_keys_that_cannot_be_used(tmp_path: Path) -> None:
    settings = config.load({"USSD_ENGINE_VAR": str(tmp_path)})
    Keyring.create(settings.keys, DAY)
    async with open_engine(dataclasses.replace(settings, role="ussd"), proven=True) as engine:
        pin, edition = engine.keyring.pin, engine.editions.current
        await asyncio.to_thread(settings.keys.write_text, "{}")
        for reload in (engine.reload, engine.read_again):
            with pytest.raises(ConfigError, match=r"keys\.json"):
                await reload()
        assert (engine.keyring.pin, engine.editions.current) == (pin, edition)
