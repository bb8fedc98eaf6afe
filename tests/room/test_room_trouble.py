"""Trouble on demand, and the way back out of it."""

from __future__ import annotations

import asyncio

import pytest

from simulator.deeds import TROUBLES, Deed
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
    assert told(room) == f"You hung up. {KEPT_BEHIND}"
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
    assert told(room) == f"{OVER} Nothing is kept: a redial begins anew."
    await room.redial()
    assert text(room).startswith("Huduma za Serikali")


async def test_what_a_redial_finds_is_told_as_it_is(room: Room) -> None:
    await room.dial(CODE)
    await type_all(room, *TO_HOME)
    await room.hang_up()
    assert told(room) == "You hung up. Nothing is kept: a redial begins anew."
    await room.redial()
    await type_all(room, *COMPLAINT, "1")
    room.trouble("unanswered")
    room.drop()
    await room.type("1")
    assert told(room) == "The line broke in mid-answer. Redial: it tells what became of what was sent."
    there = new_room(url=room.line.url)
    await there.open()
    await there.dial(CODE)
    await there.hang_up()
    assert told(there) == "You hung up. Redial: what its gateway has kept is there."
    await there.close()


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


async def test_a_core_is_slow_for_the_first_look_and_nothing_is_told_before_it(room: Room) -> None:
    await send_complaint(room)
    await room.wait(240)
    await room.dial(CODE)
    room.trouble("slow")
    await type_all(room, "9", "2")
    assert room.note is None
    assert room.faults == {"slow"}, "nothing was looked for, so nothing was slow"
    await type_all(room, "5", "1")
    assert told(room) == "Core slow: it struck."
    assert room.faults == set()
    assert [step.fault for step in room.recorder.steps if step.does == "type"][-4:] == [None, None, None, "slow"]


async def test_two_presses_of_the_green_key_while_something_is_under_way_answer_once(room: Room) -> None:
    await room.dial(CODE)
    room.press("9")
    under_way = asyncio.ensure_future(room.wait(60))
    await asyncio.sleep(0)
    assert room.busy
    await asyncio.gather(room.send(), room.send(), under_way)
    assert [step.type for step in room.recorder.steps if step.does == "type"] == ["9"]
    assert room.hand.entry == ""
    room.press("2")
    await room.send()
    assert [step.type for step in room.recorder.steps if step.does == "type"] == ["9", "2"]


async def test_a_code_that_cannot_be_dialled_stays_to_be_mended(room: Room) -> None:
    room.press("hello")
    await room.send()
    assert room.hand.entry == "hello"
    assert told(room).startswith("That is no code that can be dialled.")


async def test_a_ledger_that_does_not_answer_is_told_and_a_redial_tells_more(room: Room) -> None:
    await room.dial(CODE)
    await type_all(room, *COMPLAINT, "1")
    room.trouble("unanswered")
    await room.type("1")
    assert told(room) == "Ledger: written, no answer: it struck."
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
    await room.core(down=True)
    reference = await send_complaint(room)
    await room.look()
    assert told(room) == "The core is down: nobody works there."
    await room.core(down=False)
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


OVER = "The operator ended the session: its time is over."
KEPT_BEHIND = "It is kept. Redial shows the first menu; *152*00*9*2# goes on where it stood."
NOTHING_WAITS = "Nothing waits for an answer. Dial first."
SENT, UNSURE = "Asante. Tumepokea.", "Mtandao unasumbua."
NOT_SENT, FAULT = "Samahani, ujumbe wako haujatumwa.", "Samahani, kuna hitilafu."
SEEN = {
    "hang_up": (f"You hung up. {KEPT_BEHIND}", NOTHING_WAITS, ""),
    "redial": ("", "", "Chaguo si sahihi.\nHuduma za Serikali"),
    "wait 60": ("Time has passed.", "", SENT),
    "wait 180": (f"{OVER} {KEPT_BEHIND}", NOTHING_WAITS, ""),
    "wait 600": (f"{OVER} Nothing is kept: a redial begins anew.", NOTHING_WAITS, ""),
    "wait 86400": (f"{OVER} Nothing is kept: a redial begins anew.", NOTHING_WAITS, ""),
    "wait 1209600": (f"{OVER} Nothing is kept: a redial begins anew.", NOTHING_WAITS, ""),
    "repeat": ("Repeated: the same screen came.", "", SENT),
    "late": ("There is no dialogue before this one: redial first.", "", SENT),
    "drop": (
        "The next answer breaks off.",
        "The line broke in mid-answer. Redial: reference and PIN are shown once more.",
        "",
    ),
    "core": ("The core is down.", "", SENT),
    "fault slow": ("Core slow: at the next answer.", "", SENT),
    "fault sessions": ("Session not written: at the next answer.", "Session not written: it struck.", FAULT),
    "fault lost": ("Ledger: refused: at the next answer.", "Ledger: refused: it struck.", NOT_SENT),
    "fault unanswered": (
        "Ledger: written, no answer: at the next answer.",
        "Ledger: written, no answer: it struck.",
        UNSURE,
    ),
    "fault unknown_rolled": (
        "Ledger: not written, no answer: at the next answer.",
        "Ledger: not written, no answer: it struck.",
        UNSURE,
    ),
    "gateway": (
        "The gateway was killed.",
        "The gateway does not answer. Start it again (Trouble), then redial.",
        "",
    ),
    "provider": ("The provider is", NOTHING_WAITS, ""),
}
"""By deed, where the next answer sends a complaint: what is told of it, then of that answer, and the screen."""


def is_so(text: str, begins: str) -> bool:
    """Whether a text begins so; nothing is nothing."""
    return text.startswith(begins) if begins else not text


@pytest.mark.parametrize("deed", TROUBLES, ids=lambda deed: deed.name)
async def test_every_trouble_is_told_and_the_answer_after_it_meets_it(room: Room, deed: Deed) -> None:
    at_once, then, screen = SEEN[deed.name]
    await room.dial(CODE)
    await type_all(room, *COMPLAINT, "1")
    await deed.do(room)
    try:
        assert is_so(told(room), at_once), told(room)
        await room.type("1")
        assert is_so(told(room), then), told(room)
        assert is_so(text(room), screen), text(room)
    finally:
        if room.dead:
            await deed.do(room)


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
    assert told(room) == f"The gateway is ready. Dial {CODE}. The dialog that was under way is gone."
    await room.redial()
    assert text(room).startswith("Huduma za Serikali")
    await room.hang_up()
    await room.kill()
    await room.start_again()
    assert told(room) == f"The gateway is ready. Dial {CODE}", "nothing was under way"
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
