"""A room on menus of somebody's own: a kind of message that nobody here thought of, files that are saved meanwhile."""

from __future__ import annotations

import asyncio
import dataclasses
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer

from simulator import case_words
from simulator.clock import MovedClock
from simulator.deeds import TROUBLES
from simulator.floor import Way
from simulator.officer import Sheet
from simulator.room import Room
from simulator.speech import Speech
from simulator.stage import MORNING
from simulator.web.seats import Seats
from simulator.web.server import application
from tests.guides.guide import change, changes
from tests.room.conftest import CODE, new_room, type_all
from tests.room.terminal import at_the_terminal
from tests.room.webline import Browser, told
from ussd_engine import config
from ussd_engine.engine import load_menus

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOT = Path(__file__).parent.parent.parent
KIND = ROOT / "tests" / "guides" / "edits" / "kind"
HAZARD = ["9", "2", "1", "9", "1", "tanesco", "1", "waya zimeanguka barabarani", "1", "1"]


def menus_of_our_own(folder: Path) -> config.Config:
    for name in ("menus", "locales"):
        shutil.copytree(ROOT / name, folder / name)
    return dataclasses.replace(config.load({}), menus=folder / "menus", locales=folder / "locales")


def room_on(settings: config.Config) -> Room:
    return Room(settings, Way("africastalking", "255700000001"), MovedClock(lambda: MORNING))


@pytest_asyncio.fixture(loop_scope="session")
async def own(tmp_path: Path) -> AsyncIterator[Room]:
    """A room on menus that may be changed."""
    room = room_on(menus_of_our_own(tmp_path))
    await room.open()
    yield room
    await room.close()


@pytest_asyncio.fixture(loop_scope="session")
async def hazard(tmp_path: Path) -> AsyncIterator[Room]:
    """A room whose menus have a fifth kind of message, and one of that kind was sent."""
    settings = menus_of_our_own(tmp_path)
    for file in ("menus.diff", "locales.diff"):
        edits = list(changes((KIND / file).read_text(encoding="utf-8")))
        if file == "locales.diff":
            for edit in edits:  # what `ussd-engine messages` writes there first
                before = "".join(f"{line}\n" for line in edit.before)
                with (tmp_path / edit.file).open("a", encoding="utf-8") as po:
                    po.write(f"\n{before}")
        for edit in edits:
            change(tmp_path, edit)
    room = room_on(settings)
    await room.open()
    assert room.local is not None, room.note
    await room.dial(CODE)
    await type_all(room, *HAZARD)
    assert room.reference
    yield room
    await room.close()


def said(room: Room, language: str = "en") -> str:
    return Speech(language).note(room.note) if room.note else ""


# a kind of message of its own


async def test_a_kind_that_the_menus_alone_know_has_their_words_on_the_desk(hazard: Room) -> None:
    async with at_the_terminal(hazard, "sw") as tester:
        await tester.press("f3")
        assert f"{hazard.reference} · taarifa ya hatari · siri" in tester.page
        await tester.press("f8")
        assert f"{hazard.reference} · warning of danger · confidential" in tester.page


async def test_a_kind_that_the_menus_alone_know_is_shown_on_the_page_and_when_it_is_loaded_again(hazard: Room) -> None:
    seats = Seats(lambda: hazard, "en", lambda: 0.0)
    async with TestServer(application(seats, "127.0.0.1")) as server, aiohttp.ClientSession() as client:
        browser = Browser(client, server)
        async with await browser.room() as socket:
            id = await told(socket, "seat")
            await hazard.look()
            await socket.send_json({"do": "act", "name": "open"})
            while (desk := (await told(socket, "state"))["desk"]) is None or not desk["opened"]:
                pass
            assert desk["about"] == "warning of danger · confidential · TANESCO"
        async with await browser.room(id) as again:
            assert (await told(again, "state"))["desk"]["about"] == desk["about"]


async def test_a_kind_without_words_in_the_menus_is_named_as_it_is_stored(hazard: Room) -> None:
    await hazard.look()
    sheet = hazard.sheet
    assert sheet is not None
    shipped = load_menus(config.load({}))
    assert case_words.kind(sheet._replace(edition=shipped), Speech("sw")) == "hazard"


async def test_what_cannot_be_shown_becomes_words_and_the_verbs_are_done_all_the_same() -> None:
    room = new_room(url="http://127.0.0.1:1")
    seats = Seats(lambda: room, "en", lambda: 0.0)
    async with TestServer(application(seats, "127.0.0.1")) as server, aiohttp.ClientSession() as client:
        browser = Browser(client, server)
        async with await browser.room() as socket:
            id = await told(socket, "seat")
            room.sheet = Sheet(None, (), None, None)  # type: ignore[arg-type]
            await socket.send_json({"do": "deed", "name": "another"})
            while len((state := await told(socket, "state"))["phones"]["hands"]) < 2:
                pass
            assert state["note"].startswith("A fault in the simulator itself (AttributeError)")
        async with await browser.room(id) as again:
            state = await told(again, "state")
            assert len(state["phones"]["hands"]) == 2
            assert state["note"].startswith("A fault in the simulator itself (AttributeError)")


# files that are saved meanwhile


def saved(room: Room, file: str, old: str, new: str) -> None:
    path = room.settings.menus.parent / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def named(room: Room, old: str, new: str) -> None:
    """Another name for the first screen, and its translation."""
    saved(room, "locales/en/LC_MESSAGES/gmp.po", old, new)
    saved(room, "menus/gmp.yaml", old, new)


async def test_menus_that_are_saved_are_on_the_phone_at_the_next_dial(own: Room) -> None:
    await own.dial(CODE)
    assert own.hand.shown is not None
    assert "Huduma za Serikali" in own.hand.shown.text
    named(own, "Huduma za Serikali", "Huduma za Umma")
    await own.glance()
    assert said(own).startswith("Menus read again.")
    assert said(own, "sw").startswith("Menyu zimesomwa upya.")
    await own.redial()
    assert own.hand.shown is not None
    assert own.hand.shown.text.startswith("Huduma za Umma")
    async with at_the_terminal(own, "en") as tester:
        named(own, "Huduma za Umma", "Huduma za Serikali")
        await own.glance()
        tester.app.renew()
        await tester.settled()
        assert "Menus read again." in tester.seen


async def test_menus_that_do_not_hold_are_told_by_file_and_line_and_the_old_ones_stay(own: Room) -> None:
    assert own.local is not None
    stands = own.local.engine.editions.current
    saved(own, "menus/gmp.yaml", "service emrejesho", "service nowhere")
    await own.glance()
    assert said(own).startswith("Menus not read: menus/gmp.yaml:")
    assert own.local.engine.editions.current is stands
    own.note = None
    await own.glance()
    assert own.note is None, "it is told once"
    await own.dial(CODE)
    assert own.hand.shown is not None
    assert own.hand.shown.text.startswith("Huduma za Serikali\n")


async def test_a_menu_that_is_saved_is_seen_by_the_room_itself_and_told_on_the_page(tmp_path: Path) -> None:
    room = room_on(menus_of_our_own(tmp_path))
    seats = Seats(lambda: room, "en", lambda: 0.0)
    async with (
        TestServer(application(seats, "127.0.0.1")) as server,
        aiohttp.ClientSession() as client,
        await Browser(client, server).room() as socket,
    ):
        while not (await told(socket, "state"))["note"].startswith("The gateway is ready."):
            pass
        named(room, "Huduma za Serikali", "Huduma za Umma")
        # the room looks by itself
        while not (await told(socket, "state"))["note"].startswith("Menus read again."):
            pass


async def test_a_room_that_calls_a_gateway_elsewhere_reads_no_menus() -> None:
    there = new_room(url="http://127.0.0.1:1")
    await there.open()
    note = there.note
    await there.glance()
    assert there.note is note
    await there.close()


@pytest.mark.parametrize("by_itself", [True, False])
async def test_a_gateway_that_could_not_start_starts_once_its_menus_hold(tmp_path: Path, by_itself: bool) -> None:
    room = room_on(menus_of_our_own(tmp_path))
    saved(room, "menus/gmp.yaml", "service emrejesho", "service nowhere")
    await room.open()
    assert said(room).startswith("The gateway cannot start: ")
    room.press(CODE)
    await room.send()
    assert said(room).startswith("The gateway cannot start: "), "it is told once more, instead of what was typed"
    assert case_words.nothing(room, Speech("en")) == said(room)
    await room.glance()
    assert room.local is None, "nothing was saved"
    saved(room, "menus/gmp.yaml", "service nowhere", "service emrejesho")
    await (room.glance() if by_itself else next(deed for deed in TROUBLES if deed.name == "gateway").do(room))
    assert said(room).startswith("The gateway is ready.")
    await room.send()
    assert room.hand.shown is not None, "what was typed stayed"
    assert [step.does for step in room.recorder.steps] == ["dial"]
    await room.close()


async def test_a_gateway_that_was_killed_and_whose_menus_do_not_hold_any_more_says_why_at_a_dial(own: Room) -> None:
    await own.dial(CODE)
    await own.kill()
    saved(own, "menus/gmp.yaml", "service emrejesho", "service nowhere")
    await own.glance()
    assert said(own) == "The gateway was killed.", "it stays as it is until somebody starts it"
    await own.start_again()
    await own.redial()
    assert said(own).startswith("The gateway cannot start: ")
    saved(own, "menus/gmp.yaml", "service nowhere", "service emrejesho")
    await own.glance()
    await own.redial()
    assert own.hand.shown is not None
    assert own.hand.shown.text.startswith("Huduma za Serikali\n")


async def test_a_gateway_that_is_started_again_says_so_until_it_runs(own: Room) -> None:
    await own.kill()
    starting = asyncio.create_task(own.start_again())
    await asyncio.sleep(0)
    assert said(own) == "The gateway is starting."
    await starting
    assert said(own).startswith("The gateway is ready.")
