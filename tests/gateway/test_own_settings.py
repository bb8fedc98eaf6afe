"""Her language, SMS, what is kept of her, and erasing it: the real ledger and core behind them."""

from __future__ import annotations

import pytest

from tests.gateway.following import NAMED, pin_of, sent
from tests.gateway.house import HOME, NUMBER, Caller, House
from ussd_engine.ledger.tables import languages
from ussd_engine.model import LegKind


@pytest.fixture
def caller(house: House) -> Caller:
    return house.caller(LegKind.CUMULATIVE)


async def test_sms_off_and_on_again(house: House, caller: Caller) -> None:
    await sent(caller)
    house.move(700)
    assert "2. SMS: imewashwa (badili)" in (await caller.at("9", "2", "7")).text
    off = await caller.type("2")
    assert caller.screen == "settings"
    assert "2. SMS: imezimwa (badili)" in off.text
    assert await caller.repeat() == off
    await caller.type("3", "0")
    assert "2. SMS: imezimwa (badili)" in (await caller.repeat()).text
    assert "2. SMS: imewashwa (badili)" in (await caller.type("2")).text


async def test_where_it_is_not_known_the_line_is_left_out(house: House, caller: Caller) -> None:
    await caller.at(*HOME)
    house.ledger.mute = True
    shown = await caller.type("7")
    assert caller.screen == "settings"
    assert "SMS" not in shown.text
    assert "1. English" in shown.text


async def test_how_data_are_kept_names_the_days(house: House, caller: Caller) -> None:
    assert "siku 90" in (await caller.at(*HOME, "7", "3")).text


async def test_erasing_needs_the_pin_of_one_case_named_ones_too(house: House, caller: Caller) -> None:
    ref = await sent(caller, *NAMED)
    house.move(700)
    await caller.at("9", "2", "7", "4", "1", "1", "0007")
    assert caller.screen == "erase_bad"
    house.move(700)
    await caller.at("9", "2", "7", "4", "1", "1", await pin_of(house, ref))
    assert caller.screen == "erase_done"
    assert await house.ledger.real.own_cases(NUMBER) == []


async def test_where_nothing_was_sent_the_language_is_forgotten(house: House, caller: Caller) -> None:
    await caller.at(*HOME, "7", "1")
    assert len(await house.rows(languages)) == 1
    await caller.type("7", "4", "1")
    assert caller.screen == "erase_none"
    assert await house.rows(languages) == []


async def test_a_caller_without_number_is_offered_neither_sms_nor_erasing(house: House) -> None:
    caller = house.caller(msisdn=None)
    shown = await caller.at(*HOME, "7")
    assert [line[:2] for line in shown.text.split("\n")[1:]] == ["1.", "3.", "0."]
