"""What the simulator tells of a case, of SMS and of waiting is what the menus and the network let happen."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import pytest

from simulator import case_words
from simulator.clock import MovedClock
from simulator.floor import Way
from simulator.room import Room
from simulator.screen_help import lines
from simulator.speech import Speech
from simulator.stage import MORNING
from tests.room.conftest import CODE, COMPLAINT, new_room, send_complaint, type_all
from tests.room.terminal import at_the_terminal
from ussd_engine import config
from ussd_engine.sample import make

pytestmark = pytest.mark.asyncio(loop_scope="session")

say = Speech("en")
NONE = "This service takes and sends no SMS."


def told(room: Room) -> str:
    return say.note(room.note) if room.note else ""


def shown(room: Room) -> str:
    return room.hand.shown.text if room.hand.shown else ""


def waits(room: Room) -> str:
    assert room.sheet is not None, told(room)
    return case_words.waits(room.sheet, say)


async def handled(room: Room, *acts: tuple[str, str]) -> None:
    for act, says in (("open", ""), ("progress", ""), *acts):
        await room.act(act, says)  # type: ignore[arg-type]


def on_a_new_service(folder: Path) -> Room:
    made = config.load({})
    make("huduma", folder, "*150*01#", made.country)
    of: dict[str, Any] = {"menus": folder / "menus", "locales": folder / "locales", "codes": {"*150*01#": "huduma"}}
    settings = dataclasses.replace(made, **of)
    return Room(settings, Way("africastalking", "255700000001"), MovedClock(lambda: MORNING))


async def test_a_service_without_sms_says_so_and_offers_no_more_than_its_menu(tmp_path: Path) -> None:
    room = on_a_new_service(tmp_path / "huduma")
    await room.open()
    await room.dial("*150*01#")
    await type_all(room, "1", "2", "1", "Ofisi ilifungwa jana asubuhi", "2", "1")
    await room.write("HALI")
    mine = room.hand.inbox[-1]
    assert (told(room), mine.silence and say.note(mine.silence)) == (f"Sent to 15200.\n{NONE}", NONE)
    assert NONE in lines(room, say)
    await handled(room, ("ask", "Ofisi gani?"))
    assert waits(room) == "It waits for her answer."
    await room.act("progress")
    await room.act("answer", "Imefunguliwa.")
    assert waits(room) == "Nothing to do here."
    await room.anew()
    async with at_the_terminal(room, "en") as tester:
        await tester.press("f2")
        assert NONE in tester.page
    await room.close()


async def test_who_is_not_content_is_told_to_be_so_and_no_due_date_stands_where_nobody_owes(room: Room) -> None:
    await send_complaint(room)
    await handled(room)
    assert room.sheet is not None
    assert case_words.due(room.sheet, say).startswith("answer by ")
    await room.act("answer", "Imetengenezwa.")
    assert waits(room) == "It waits for her: she may rate the answer, or appeal."
    assert case_words.due(room.sheet, say) == ""
    await room.write(f"HAPANA {room.reference}")
    assert waits(room) == "She is not content: she may appeal."


async def test_where_a_sending_is_in_doubt_the_desk_says_so(room: Room) -> None:
    await room.dial(CODE)
    await type_all(room, *COMPLAINT, "1")
    room.trouble("unanswered")
    await room.type("1")
    await room.look()
    assert case_words.nothing(room, say) == "A sending is in doubt: redial, and the phone tells what became of it."
    await room.redial()
    assert room.sheet is not None
    assert not room.in_doubt


async def test_why_the_same_answer_waits_is_told_and_who_hangs_up_hears_that_it_was_not_sent(room: Room) -> None:
    there = new_room("generic", room.line.url)
    await there.open()
    await there.dial(CODE)
    await type_all(there, "9")
    sent = there.hand.phone.last
    typing = asyncio.create_task(there.type("9"))
    async with asyncio.timeout(10):
        # the room tells nobody when one begins
        while told(there) != "The same answer again would be taken for a repeat: it is sent in 7 s.":  # noqa: ASYNC110
            await asyncio.sleep(0)
    await there.hang_up()
    await typing
    assert told(there) == "You hung up before it was sent."
    assert there.hand.phone.last is sent
    await there.close()


async def test_the_way_back_to_what_is_kept_is_told_as_the_network_lets_her_dial_it(room: Room) -> None:
    await room.dial("*152*00*9*2#")
    await type_all(room, "1", "1")
    await room.hang_up()
    assert told(room) == "You hung up. Redial: it goes on where it stood."
    await room.redial()
    assert "1. Endelea ulipoishia" in shown(room)
    room.provider = "beem"
    await room.anew()
    await room.dial(CODE)
    await type_all(room, *COMPLAINT[:-1])
    await room.hang_up()
    assert told(room) == "You hung up. It is kept. Redial shows the first menu; *152*00# 9 2 goes on where it stood."
