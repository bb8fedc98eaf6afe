"""What an operator stops: who dials is told, running dialogs go on, and it starts by its end or by hand."""

from __future__ import annotations

import pytest

from tests.gateway.handset import ENGLISH, OTHER, Handset, numbers
from tests.gateway.house import COMPLAINT, HOME, REVIEW, SEND, Caller, House, reference
from tests.gateway.test_http import Opens
from ussd_engine.errors import LedgerUnavailable
from ussd_engine.ledger.switches import Kind, Stop
from ussd_engine.model import LegKind

MAINT = "e-Mrejesho iko kwenye matengenezo hadi {}. Samahani kwa usumbufu."
SHUT = "Samahani, e-Mrejesho haipatikani kwa sasa. Jaribu tena baadaye."
TWO = 1_768_474_800_000
"""2026-01-15, 14:00 in Dar es Salaam: two hours after the clock of a house."""


async def stop(house: House, name: str = "emrejesho", until_ms: int | None = TWO, kind: Kind = Kind.SERVICE) -> None:
    """As the command does, and as every process learns of it."""
    switches = house.ledger.real.switches
    await switches.stop(Stop(kind=kind, name=name, until_ms=until_ms, why="", at_ms=int(house.now[0] * 1000)))
    await house.gateway.doors.look()


async def start(house: House, name: str = "emrejesho", kind: Kind = Kind.SERVICE) -> None:
    assert await house.ledger.real.switches.start(kind, name, int(house.now[0] * 1000))
    await house.gateway.doors.look()


async def test_at_the_door_of_a_stopped_service_she_is_told_until_when(house: House, caller: Caller) -> None:
    await stop(house)
    reply = await caller.at("9", "2")
    assert (reply.text, reply.ends) == (MAINT.format("14:00"), True)
    assert "maintenance" in caller.counts


async def test_the_digits_dialled_with_the_code_lead_there_too(house: House) -> None:
    await stop(house)
    reply = await house.caller(LegKind.SEQUENCE).dial("9*2*5")
    assert (reply.text, reply.ends) == (MAINT.format("14:00"), True)


async def test_it_starts_by_itself_at_its_end(house: House, caller: Caller) -> None:
    await stop(house)
    house.move(7100)
    assert (await caller.at("9")).text != MAINT.format("14:00")
    assert (await caller.type("2")).ends
    house.move(100)
    assert not (await caller.at("9", "2")).ends


async def test_a_day_is_said_as_a_day_and_another_day_with_its_hour(house: House, caller: Caller) -> None:
    day_ms = 86_400_000
    await stop(house, until_ms=TWO + 10 * 3_600_000)
    assert (await caller.at("9", "2")).text == MAINT.format("15/01/2026")
    await stop(house, until_ms=TWO + day_ms)
    assert (await caller.at("9", "2")).text == MAINT.format("16/01/2026 14:00")


async def test_without_an_end_no_end_is_promised(house: House, caller: Caller) -> None:
    await caller.at("9", "2", "2")
    await stop(house, until_ms=None)
    reply = await caller.at("9", "2")
    assert (reply.text, reply.ends) == ("Sorry, e-Mrejesho is not available now. Please try again later.", True)
    await start(house)
    assert not (await caller.at("9", "2")).ends


async def test_a_service_without_words_for_that_says_that_something_is_wrong(house: House, caller: Caller) -> None:
    del (service := house.edition.services["emrejesho"].service).system["stopped"]
    try:
        await stop(house, until_ms=None)
        assert (await caller.at("9", "2")).text == "Samahani, kuna hitilafu. Piga tena *152*00*9*2#"
    finally:
        service.system["stopped"] = "shut"


async def test_the_root_is_a_service_like_any_other(house: House, caller: Caller) -> None:
    await stop(house, "gmp")
    reply = await caller.dial()
    assert (reply.text, reply.ends) == (MAINT.format("14:00"), True)


async def test_a_dialog_that_is_under_way_goes_on_to_its_reference(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    await stop(house)
    await stop(house, "gmp", None)
    shown = reference(await caller.type(SEND))
    assert await house.references() == [shown]


async def test_a_repeat_of_the_leg_shows_the_same_when_it_has_started_again(house: House, caller: Caller) -> None:
    await stop(house)
    before = await caller.at("9", "2")
    await start(house)
    assert await caller.repeat() == before


async def test_what_she_wrote_stands_where_it_starts_again_in_time(house: House, caller: Caller) -> None:
    await caller.at(*HOME, *COMPLAINT)
    await stop(house)
    assert (await caller.at("9", "2")).ends
    await start(house)
    await caller.at("9", "2", "1")
    assert caller.screen == "identity"


async def test_a_sending_in_doubt_is_told_all_the_same(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    house.faults.arm("unanswered")
    await caller.type(SEND)
    assert caller.screen == "in_doubt"
    await stop(house)
    await stop(house, "gmp")
    shown = reference(await caller.dial())
    assert await house.references() == [shown]


async def test_a_last_screen_that_was_lost_is_shown_all_the_same(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW, SEND)
    await stop(house, "gmp")
    await caller.dial()
    assert caller.screen == "last"


async def test_a_stopped_channel_takes_no_dials_and_lets_dialogs_go_on(house: House, caller: Caller) -> None:
    await caller.at(*HOME)
    await stop(house, "test", kind=Kind.CHANNEL)
    assert not (await caller.type("8")).ends
    assert (await caller.dial()).text == MAINT.format("14:00")
    await stop(house, "test", None, Kind.CHANNEL)
    assert (await caller.dial()).text == SHUT
    await start(house, "test", Kind.CHANNEL)
    assert not (await caller.dial()).ends


async def test_another_channel_is_not_stopped(house: House, caller: Caller) -> None:
    await stop(house, "beem", kind=Kind.CHANNEL)
    assert not (await caller.dial()).ends


@pytest.mark.parametrize("call", ["load", "commit"])
async def test_while_it_is_stopped_the_stores_may_be_too(house: House, caller: Caller, call: str) -> None:
    await stop(house, "gmp")
    house.ledger.mute = True
    house.sessions.fails = [call]
    reply = await caller.dial()
    assert (reply.text, reply.ends) == (MAINT.format("14:00"), True)
    await start(house, "gmp")
    house.sessions.fails = [call]
    assert "kuna hitilafu" in (await caller.dial()).text


async def test_an_answer_that_no_store_takes_is_a_fault_as_ever(house: House, caller: Caller) -> None:
    await caller.at(*HOME)
    await stop(house, "gmp")
    house.sessions.fails = ["load"]
    assert "kuna hitilafu" in (await caller.type("8")).text


async def test_what_was_read_last_holds_while_the_ledger_is_away(
    house: House, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: object) -> None:
        raise LedgerUnavailable("silent on purpose")

    await stop(house)
    monkeypatch.setattr(house.ledger.real.database, "read", away)
    with pytest.raises(LedgerUnavailable):
        await house.gateway.doors.look()
    assert house.gateway.doors.stopped == 1
    assert (await caller.at("9", "2")).text == MAINT.format("14:00")


async def test_over_http_it_is_counted_and_told_by_the_metrics(opened: Opens) -> None:
    edge = await opened()
    phone, other = Handset(edge), Handset(edge, OTHER)
    await phone.dial()
    await phone.type(*ENGLISH)
    at_ms = int(edge.now * 1000)
    doors, switches = edge.engine.gateway.doors, edge.engine.ledger.switches
    await switches.stop(Stop(kind=Kind.CHANNEL, name="africastalking", until_ms=TWO, why="", at_ms=at_ms))
    await doors.look()
    assert await other.dial() == f"END {MAINT.format('14:00')}"
    assert (await phone.type("1")).startswith("CON Who is it for?")
    assert await phone.dial("*152*00*9*2#") == "END e-Mrejesho is under maintenance until 14:00. We are sorry."
    assert (await Handset(edge, OTHER, "generic").dial()).startswith("CON ")
    found = await numbers(edge)
    assert found['ussd_maintenance_total{channel="africastalking"}'] == 2
    assert found["ussd_stopped"] == 1
