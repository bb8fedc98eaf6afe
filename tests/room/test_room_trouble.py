"""Trouble on demand, and the way back out of it."""

from __future__ import annotations

import asyncio

import pytest

from simulator.deeds import TROUBLES
from simulator.handset import Display
from simulator.room import Room
from simulator.speech import Speech
from tests.room.conftest import CODE, COMPLAINT, TO_HOME, new_room, send_complaint, type_all

pytestmark = pytest.mark.asyncio(loop_scope="session")

say = Speech("en")


def told(room: Room) -> str:
    return say.note(room.note) if room.note else ""


def text(room: Room) -> str:
    return room.hand.shown.text if room.hand.shown else ""


async def under_way(room: Room) -> None:
    """Return once a request is under way."""
    while room.hand.display is not Display.WAITING:  # noqa: ASYNC110  # the room tells nobody when one begins
        await asyncio.sleep(0)


async def test_who_hangs_up_in_mid_text_redials_and_goes_on(room: Room) -> None:
    await room.dial(CODE)
    await type_all(room, *COMPLAINT[:-1])
    stood = text(room)
    await room.hang_up()
    assert told(room) == "You hung up. Redial: it goes on where it stood."
    await room.redial()
    await type_all(room, "9", "2")
    assert "1. Endelea ulipoishia" in text(room)
    assert await type_all(room, "1") == stood


async def test_the_operator_ends_a_session_whose_time_is_over(room: Room) -> None:
    await room.dial(CODE)
    await room.wait(60)
    assert room.hand.left_s(room.now) == 120
    await room.wait(180)
    assert room.hand.display is Display.OVER
    assert told(room) == "The operator ended the session: its time is over. Redial to go on."
    await room.redial()
    assert text(room).startswith("Huduma za Serikali")


async def test_the_clock_alone_ends_it_too(room: Room) -> None:
    await room.dial(CODE)
    await room.clock.leave(200)
    await room.tick()
    assert room.hand.display is Display.OVER


async def test_a_repeated_request_brings_the_same_screen(room: Room) -> None:
    await room.repeat()
    assert told(room) == "Nothing was dialled yet."
    await room.dial(CODE)
    await type_all(room, *TO_HOME)
    stood = text(room)
    await room.repeat()
    assert told(room) == "Repeated: the same screen came."
    assert text(room) == stood


async def test_a_late_request_of_the_dialogue_before_changes_no_screen(room: Room) -> None:
    await room.late()
    assert told(room) == "There is no dialogue before this one: redial first."
    await room.dial(CODE)
    await type_all(room, *TO_HOME)
    await room.redial()
    stood = text(room)
    await room.late()
    assert told(room).startswith("It came late, and was answered: ")
    assert text(room) == stood


async def test_a_slow_core_is_told_on_the_screen_and_the_next_answer_is_in_time(room: Room) -> None:
    await send_complaint(room)
    await room.wait(240)
    await room.dial("*152*00*9*2*5#")
    room.trouble("slow")
    assert told(room) == "Core slow: at the next answer."
    await room.type("1")
    assert text(room) == "Samahani, taarifa imechelewa. Jaribu tena baada ya dakika chache."
    await room.dial("*152*00*9*2*5#")
    assert room.reference in await type_all(room, "1")


async def test_a_ledger_that_does_not_answer_is_told_and_a_redial_tells_more(room: Room) -> None:
    await room.dial(CODE)
    await type_all(room, *COMPLAINT, "1")
    room.trouble("unanswered")
    await room.type("1")
    assert told(room) == "Ledger: no answer: it struck."
    assert text(room).startswith("Mtandao unasumbua.")
    assert room.faults == set()
    await room.redial()
    assert "Namba: " in text(room)


async def test_trouble_that_was_taken_back_strikes_nothing(room: Room) -> None:
    await room.dial(CODE)
    await type_all(room, *COMPLAINT, "1")
    room.trouble("lost")
    room.trouble("lost")
    assert "Namba: " in await type_all(room, "1")


async def test_what_is_sent_while_the_core_is_down_gets_its_reference_and_arrives_later(room: Room) -> None:
    room.core(down=True)
    reference = await send_complaint(room)
    await room.look()
    assert told(room) == "The core is down: nobody works there."
    room.core(down=False)
    await room.wait(60)
    await room.look()
    assert room.sheet is not None
    assert room.sheet.case.reference == reference


async def test_a_line_that_breaks_in_mid_answer_has_been_answered_all_the_same(room: Room) -> None:
    await room.dial("*152*00*9*2#")
    await type_all(room, "1")
    room.drop()
    await room.type("1")
    assert room.hand.display is Display.LOST
    assert told(room) == "The line broke in mid-answer. Redial: it goes on where it stood."
    await room.redial()
    assert text(room).startswith("Mawasiliano yalikatika") or text(room).startswith("Unamwandikia nani?")


async def test_the_provider_is_switched_and_the_number_stays(room: Room) -> None:
    await room.dial(CODE)
    number = room.hand.number
    for provider in room.providers:
        await room.switch(provider)
        assert (room.provider, room.hand.number) == (provider, number)
        await room.dial(CODE)
        assert text(room).startswith("Huduma za Serikali"), provider
        assert f"/ussd/{provider}" in room.tap.request()


async def test_hanging_up_while_an_answer_is_on_its_way_does_not_wait_for_it(room: Room) -> None:
    await room.dial(CODE)
    asking = asyncio.ensure_future(room.type("9"))
    await under_way(room)
    await room.hang_up()
    await asking
    assert room.hand.display is Display.IDLE
    await room.redial()
    assert text(room).startswith("Huduma za Serikali")


async def test_the_wire_is_shown_as_it_went(room: Room) -> None:
    assert room.tap.request() == "" or "POST" in room.tap.request()
    await room.dial(CODE)
    assert room.tap.request().startswith("POST /ussd/africastalking\ncontent-type: application/x-www-form-urlencoded")
    assert f"phoneNumber=%2B{room.hand.number}" in room.tap.request()
    assert room.tap.response().startswith("200\ncontent-type: text/plain; charset=utf-8\n\nCON Huduma za Serikali")


async def test_every_trouble_leaves_words_or_a_screen_and_nothing_raises(room: Room) -> None:
    await room.dial(CODE)
    for deed in TROUBLES:
        room.note = None
        await deed.do(room)
        assert room.note is not None or room.hand.shown is not None, deed.name
        if deed.name == "gateway":
            await deed.do(room)
        assert "simulator itself" not in told(room), deed.name


async def test_a_gateway_that_is_stopped_in_mid_dialog_gives_words_and_starts_again() -> None:
    room = new_room()
    await room.open()
    reference = await send_complaint(room)
    await room.wait(240)
    await room.dial(CODE)
    await room.kill()
    await room.type("9")
    assert room.hand.display is Display.LOST
    assert told(room) == "The gateway does not answer. Start it again (Trouble), then redial."
    for verb in (room.redial, room.look, room.repeat, room.hang_up, room.tick):
        await verb()
        assert "simulator itself" not in told(room)
    await room.start_again()
    await room.redial()
    assert text(room).startswith("Huduma za Serikali")
    await room.look()
    assert room.sheet is not None
    assert room.sheet.case.reference == reference, "what is stored outlives the gateway"
    await room.close()


async def test_a_gateway_elsewhere_that_does_not_answer_is_named(room: Room) -> None:
    assert room.local is not None
    url = room.local.line.url
    there = new_room(url=url)
    await there.open()
    assert there.local is None
    await there.dial(CODE)
    assert text(there).startswith("Huduma za Serikali")
    assert there.status is not None
    assert there.status.glance is None
    for verb in (there.look, there.kill, lambda: there.write("HALI"), lambda: there.wait(60), there.recycle):
        await verb()
        assert told(there) != ""
        assert "simulator itself" not in told(there)
    await there.close()
    nowhere = new_room(url="http://127.0.0.1:1")
    await nowhere.open()
    await nowhere.dial(CODE)
    assert told(nowhere) == "http://127.0.0.1:1 does not answer. Redial when it runs again."
    await nowhere.close()
