"""Who is let in: steps of a minute, dials of a day, turns at once; and what becomes of who is not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.gateway.handset import BUSY, ENGLISH, HASTY, OTHER, SERVICE, Handset, numbers
from tests.gateway.house import CODE, NUMBER
from tests.gateway.test_http import Edge, Opens
from ussd_engine import callback
from ussd_engine.errors import LedgerUnavailable

SHUGHULI = "END Huduma ina shughuli nyingi. Jaribu tena baada ya dakika 1."


async def use_up(phone: Handset, taken: int) -> None:
    """Back and forth until 30 steps are taken, of which `taken` were before; the last one stands where it began."""
    assert (30 - taken) % 2 == 0
    for _ in range((30 - taken) // 2):
        await phone.type("0", "1")


# steps of a minute


async def test_the_31st_step_of_a_minute_is_told_in_her_language_and_others_go_on(opened: Opens) -> None:
    edge = await opened()
    phone, other = Handset(edge), Handset(edge, OTHER)
    await phone.dial()
    await phone.type(*ENGLISH, "1", "1")
    await use_up(phone, 6)
    assert await phone.type("tanesco") == HASTY
    assert (await other.dial()).startswith("CON ")


async def test_who_answered_too_fast_goes_on_where_she_stood(opened: Opens) -> None:
    edge = await opened()
    phone = Handset(edge)
    await phone.dial()
    await phone.type(*ENGLISH, "1")
    asked = await phone.type("1")
    await use_up(phone, 6)
    assert await phone.type("tanesco") == HASTY
    edge.now += 2
    assert (await phone.dial(SERVICE)).startswith("CON You were cut off before sending.")
    assert await phone.type("1") == HASTY, "one step is free every two seconds"
    edge.now += 4
    await phone.dial(SERVICE)
    assert await phone.type("1") == asked
    edge.now += 60
    assert "TANESCO" in await phone.type("tanesco")


async def test_a_refusal_asks_neither_sessions_nor_ledger(opened: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    edge = await opened()
    phone = Handset(edge)
    await phone.dial()
    await phone.type(*ENGLISH, "1", "1")
    await use_up(phone, 6)

    async def dead(*_: object) -> None:
        raise LedgerUnavailable("nobody may ask")

    await edge.stores[0].close()
    monkeypatch.setattr(edge.engine.ledger, "language", dead)
    assert await phone.type("tanesco") == HASTY


async def test_without_a_number_the_dialogue_has_the_steps(opened: Opens) -> None:
    edge = await opened()
    phone, other = Handset(edge, None), Handset(edge, OTHER)
    await phone.dial()
    await phone.type(*ENGLISH, "1", "1")
    await use_up(phone, 6)
    assert await phone.type("tanesco") == HASTY
    assert (await other.dial()).startswith("CON ")
    assert (await phone.dial()).startswith("CON ")


async def test_a_limit_of_0_is_none(opened: Opens) -> None:
    edge = await opened(steps_a_minute="0", dials_a_day="0")
    phone = Handset(edge)
    for _ in range(70):
        assert (await phone.dial()).startswith("CON ")


# turns at once


class Gate:
    """Holds the first `load` of a store back."""

    def __init__(self, edge: Edge) -> None:
        self.begun = asyncio.Event()
        self.open = asyncio.Event()
        store = edge.stores[0]
        self._load = store.load
        store.load = self._held  # type: ignore[method-assign]

    async def _held(self, key: bytes) -> Any:
        if not self.begun.is_set():
            self.begun.set()
            await self.open.wait()
        return await self._load(key)


async def test_more_turns_than_may_be_are_refused_at_once_and_nothing_is_lost(opened: Opens) -> None:
    edge = await opened(turns_at_once="1")
    phone, other = Handset(edge), Handset(edge, OTHER)
    gate = Gate(edge)
    first = asyncio.create_task(phone.dial())
    await gate.begun.wait()
    assert await other.dial() == SHUGHULI
    assert not first.done()
    gate.open.set()
    assert (await first).startswith("CON Huduma za Serikali")
    assert edge.engine.admission.under_way == 0
    assert (await other.dial()).startswith("CON Huduma za Serikali")
    told = await numbers(edge)
    assert told['ussd_shed_load_total{channel="africastalking"}'] == 1
    assert told['ussd_turns_total{channel="africastalking",outcome="shed"}'] == 1
    assert told['ussd_turns_total{channel="africastalking",outcome="continued"}'] == 2


async def test_a_refused_answer_costs_no_step_and_no_draft(opened: Opens) -> None:
    edge = await opened(turns_at_once="1")
    phone, other = Handset(edge), Handset(edge, OTHER)
    await phone.dial()
    asked = await phone.type(*ENGLISH, "1", "1")
    gate = Gate(edge)
    held = asyncio.create_task(other.dial())
    await gate.begun.wait()
    for _ in range(40):
        assert await phone.leg() == BUSY
    gate.open.set()
    await held
    assert await phone.leg() == asked


@pytest.mark.parametrize("failing", ["fault", "late"])
async def test_a_turn_that_ends_badly_gives_its_place_back(
    opened: Opens, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    edge = await opened(turns_at_once="1", deadline_s="0.5")
    never = asyncio.Event()

    async def load(key: bytes) -> Any:
        if failing == "fault":
            raise ZeroDivisionError
        await never.wait()

    with monkeypatch.context() as patch:
        patch.setattr(edge.stores[0], "load", load)
        assert (await Handset(edge).dial()).startswith("END Samahani, kuna hitilafu")
    assert edge.engine.admission.under_way == 0


async def test_a_body_that_does_not_come_holds_no_turn(opened: Opens, monkeypatch: pytest.MonkeyPatch) -> None:
    edge = await opened(turns_at_once="1")
    host, port = edge.url.removeprefix("http://").split(":")
    lines = [await asyncio.open_connection(host, int(port)) for _ in range(50)]
    monkeypatch.setattr(callback, "BODY_S", 0.05)
    for _, writer in lines:
        writer.write(b"POST /ussd/africastalking HTTP/1.1\r\nHost: x\r\nContent-Length: 200\r\n\r\nsessionId=")
    assert (await Handset(edge).dial()).startswith("CON ")
    async with asyncio.timeout(10):
        for reader, writer in lines:
            assert (await reader.readline()).split()[1] == b"400"
            writer.close()


async def test_the_log_of_refusals_is_cut_and_their_count_is_not(opened: Opens) -> None:
    edge = await opened()
    phone = Handset(edge)
    await phone.dial()
    await phone.type(*ENGLISH, "1", "1")
    await use_up(phone, 6)
    for _ in range(25):
        await phone.leg()
        assert (await phone.type("x")) == HASTY
    lines = edge.lines.getvalue().decode().splitlines()
    shed = [line for line in lines if '"outcome":"shed"' in line]
    assert len(shed) == 10
    assert '"counts":["shed_steps"]' in shed[0]
    assert all(NUMBER not in line for line in lines)
    # The first leg of all was a repeat of the last answer that was let in.
    assert (await numbers(edge))['ussd_shed_steps_total{channel="africastalking"}'] == 49
    edge.now += 1
    await phone.leg()
    assert edge.lines.getvalue().count(b'"outcome":"shed"') == 11


# codes

NOT_SERVED = "END Namba hiyo haina huduma hapa. Piga *152*00#\nThat code has no service here. Dial *152*00#"


async def test_who_is_answered_in_english_is_told_so_in_english_first(edge: Edge) -> None:
    phone = Handset(edge)
    await phone.dial()
    await phone.type(*ENGLISH)
    first, second = NOT_SERVED.removeprefix("END ").split("\n")
    assert await phone.dial("*999#") == f"END {second}\n{first}"


async def test_a_service_without_words_for_it_says_that_something_went_wrong(edge: Edge) -> None:
    del edge.engine.editions.current.services["gmp"].service.system["not_served"]
    assert await Handset(edge).dial("*999#") == "END Samahani, kuna hitilafu. Piga tena *152*00#"


@pytest.mark.parametrize("channel", ["africastalking", "generic"])
async def test_a_code_that_no_service_answers_is_told_and_begins_nothing(opened: Opens, channel: str) -> None:
    edge = await opened(codes="*152*00#=gmp *150*50#=emrejesho")
    phone = Handset(edge, channel=channel)
    root, service = await phone.dial(), await phone.dial("*150*50#")
    assert root != service
    live = await edge.engine.sessions.count()
    for code in ("*152*01#", "*152*01*9*2#", "*150*5#"):
        assert await phone.dial(code) == NOT_SERVED
    assert await edge.engine.sessions.count() == live
    assert (await numbers(edge))[f'ussd_code_not_served_total{{channel="{channel}"}}'] == 3
    assert await phone.dial() == root


# dials of a day


@pytest.mark.parametrize("code", [CODE, SERVICE])
@pytest.mark.parametrize("channel", ["africastalking", "generic"])
async def test_the_31st_dial_of_a_day_meets_the_limit(opened: Opens, channel: str, code: str) -> None:
    edge = await opened()
    phone, other = Handset(edge, channel=channel), Handset(edge, OTHER, channel)
    for _ in range(30):
        edge.now += 61
        assert (await phone.dial(code)).startswith("CON ")
        assert (await phone.leg()).startswith("CON "), "a repeat is no dial"
    running = phone.dialogues
    edge.now += 61
    assert await phone.dial(code) == "END Umefikia kikomo cha leo. Jaribu kesho au tumia emrejesho.gov.go.tz"
    phone.dialogues = running
    assert (await phone.leg()).startswith("CON "), "the dialog that runs goes on"
    assert (await other.dial(code)).startswith("CON ")
    edge.now += 86_400
    phone.dialogues += 2
    assert (await phone.dial(code)).startswith("CON ")
    assert (await numbers(edge))[f'ussd_shed_dials_total{{channel="{channel}"}}'] == 1


@pytest.mark.parametrize(("setting", "screen"), [("dials_a_day", "limit"), ("steps_a_minute", "steps")])
async def test_a_service_without_words_of_its_own_says_busy(
    opened: Opens, monkeypatch: pytest.MonkeyPatch, setting: str, screen: str
) -> None:
    edge = await opened(**{setting: "1"})
    monkeypatch.delitem(edge.engine.editions.current.services["gmp"].service.system, screen)
    phone = Handset(edge)
    await phone.dial()
    assert await phone.dial() == SHUGHULI
