"""Where keys lead at the terminal: what is typed is seen, every text is reached, and there is always a way out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest
from textual.widgets import Input

from simulator.calls import MOST_TYPED
from simulator.floor import NEEDS_OWN
from simulator.room import Room
from simulator.screen import PAGES, Simulator
from simulator.screen_panes import Pane, Reading
from simulator.screen_parts import Choices
from simulator.screen_phone import Phone
from simulator.speech import Note
from tests.room.conftest import CODE, send_complaint
from tests.room.terminal import KEYS, SIZE, Terminal, a_room_of_its_own, at_the_terminal

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG = " ".join(f"Neno{number}." for number in range(1, 220))
ELSEWHERE = "http://127.0.0.1:1"


def foot(tester: Terminal, page: str) -> str:
    return str(tester.app.query_one(f"#{page}", Pane).border_subtitle)


async def test_the_longest_answer_is_seen_from_its_first_letter_to_its_last(room: Room) -> None:
    async with at_the_terminal(room) as tester:
        await room.dial(CODE)
        typed = "".join(chr(ord("a") + index % 26) for index in range(MOST_TYPED))
        room.press(typed)
        await tester.press("up")
        shown = "".join(tester.phone.split("\n"))
        assert f"{typed}_" in shown
        await tester.press("backspace")
        assert f"{typed[:-1]}_" in "".join(tester.phone.split("\n"))


async def test_in_a_low_window_the_end_of_what_is_typed_is_seen(room: Room) -> None:
    async with at_the_terminal(room, size=(80, 10)) as tester:
        await room.dial(CODE)
        room.press("x" * 100 + "mwisho")
        await tester.press("up")
        assert "mwisho_" in tester.seen
        assert "…xxx" in tester.seen


@pytest.mark.parametrize("page", ["desk", "inbox"])
async def test_a_long_text_on_the_desk_and_in_the_inbox_is_read_to_its_end_by_keys(room: Room, page: str) -> None:
    await send_complaint(room)
    for act, says in (("open", ""), ("progress", ""), ("answer", LONG[:1500])):
        await room.act(act, says)  # type: ignore[arg-type]
    room.hand.inbox[-1].text = LONG
    async with at_the_terminal(room) as tester:
        await tester.press("f3" if page == "desk" else "f2")
        assert LONG[1480:1495] not in tester.page
        for _ in range(4):
            if isinstance(tester.app.focused, Reading):
                break
            await tester.press("tab")
        assert "soma" in foot(tester, page)
        await tester.press(*["pagedown"] * 12)
        assert (LONG[1480:1495] if page == "desk" else "Neno219.") in tester.page


async def test_letters_in_a_list_report_nothing_and_are_written(room: Room) -> None:
    await send_complaint(room)
    async with at_the_terminal(room) as tester:
        await tester.press("f2", "tab", "tab")
        await tester.type("tafadhali")
        assert [one.report for one in room.hand.inbox if not one.mine][:1] == [None]
        assert [one.text for one in room.hand.inbox if one.mine] == ["tafadhali"]


@pytest.mark.parametrize("page", PAGES)
async def test_every_page_says_how_to_leave_and_tab_and_escape_lead_out(room: Room, page: str) -> None:
    await send_complaint(room)
    async with at_the_terminal(room) as tester:
        key = f"f{list(PAGES).index(page) + 1}"
        phone = tester.app.query_one(Phone)
        await tester.press("f3", key)
        assert tester.app.focused is not phone
        assert foot(tester, page).endswith("Esc simu")
        await tester.press("escape")
        assert tester.app.focused is phone
        assert foot(tester, page) == "Tab: ingia hapa"
        await tester.press("tab")
        for _ in range(8):
            if tester.app.focused is phone:
                break
            assert foot(tester, page).endswith("Tab mbele · Esc simu")
            await tester.press("tab")
        assert tester.app.focused is phone


async def test_a_field_is_left_by_escape_and_by_tab(room: Room) -> None:
    await send_complaint(room)
    await room.act("open")
    await room.act("progress")
    async with at_the_terminal(room) as tester:
        for way in ("escape", "tab"):
            await tester.press("f3", "enter")
            field = tester.app.focused
            assert isinstance(field, Input)
            await tester.press(*"kwa", way)
            assert tester.app.focused is tester.app.query_one(Phone)


async def test_keys_do_nothing_on_a_page_that_is_not_there_any_more(room: Room) -> None:
    await send_complaint(room)
    async with at_the_terminal(room) as tester:
        await tester.press("f3", "f1", "enter", "enter")
        assert room.sheet is not None
        assert room.sheet.case.state == "received"


async def test_a_desk_says_for_what_a_case_waits_when_it_is_not_the_officer(room: Room) -> None:
    await send_complaint(room)
    async with at_the_terminal(room, "en") as tester:
        await tester.press("f3")
        assert "Open it to read it." in tester.page
        waits = "It waits for her answer, by phone or SMS."
        for act, says in (("open", ""), ("progress", "")):
            await room.act(act, says)  # type: ignore[arg-type]
        await tester.press("f3")
        assert "waits" not in tester.page
        await room.act("ask", "Ni wapi?")
        await tester.press("f3")
        assert waits in tester.page
        await tester.press("f8", "f8")
        await room.act("progress", "")
        await room.act("answer", "Imetengenezwa.")
        await tester.press("f3")
        assert waits not in tester.page
        assert "It waits for her: she may rate the answer, or appeal." in tester.page
        await tester.press("f8")
        assert "Unamsubiri: anaweza kutathmini jibu au kukata rufaa." in tester.page


async def test_a_desk_names_the_institution_and_has_its_code_beside_it(room: Room) -> None:
    await send_complaint(room)
    for act, says in (("open", ""), ("progress", ""), ("transfer", "FEDHA"), ("open", ""), ("progress", "")):
        await room.act(act, says)  # type: ignore[arg-type]
    await room.act("ask", "Ni wapi?")
    async with at_the_terminal(room, "en") as tester:
        await tester.press("f3")
        assert "Finance (FEDHA) · waits" in tester.page
        assert "Finance: Ni wapi?" in tester.page


async def test_what_a_citizen_adds_stands_on_the_desk_under_her(room: Room) -> None:
    await send_complaint(room)
    for act, says in (("open", ""), ("progress", ""), ("ask", "Ni wapi?")):
        await room.act(act, says)  # type: ignore[arg-type]
    await room.write(f"ONGEZA {room.reference} mtaa wa Mtumba")
    async with at_the_terminal(room) as tester:
        await tester.press("f3")
        assert "TANESCO: Ni wapi?" in tester.page
        assert "mwananchi: mtaa wa Mtumba" in tester.page
        await tester.press("f8")
        assert "citizen: mtaa wa Mtumba" in tester.page


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("ctrl+o", "The core is down: nobody works there. Bring it back: Trouble, Core down."),
        ("ctrl+g", "The gateway was killed. Start it again: Trouble, Gateway killed."),
    ],
)
async def test_a_desk_whose_core_or_gateway_is_away_says_so_and_fills_itself_when_it_is_back(
    room: Room, key: str, says: str
) -> None:
    await send_complaint(room)
    async with at_the_terminal(room, "en") as tester:
        await tester.press("f3")
        for _ in range(2):
            assert f"{room.reference} · complaint" in tester.page
            await tester.press(key)
            assert says in tester.page
            await tester.press(key)
        assert f"{room.reference} · complaint" in tester.page


async def test_a_desk_that_is_looked_at_shows_what_the_citizen_does_meanwhile(room: Room) -> None:
    await send_complaint(room)
    async with at_the_terminal(room, "en") as tester:
        await tester.press("f3")
        for act, says in (("open", ""), ("progress", ""), ("ask", "Ni wapi?")):
            await room.act(act, says)  # type: ignore[arg-type]
        await room.write(f"ONGEZA {room.reference} mtaa wa Mtumba")
        tester.app.renew()
        await tester.settled()
        assert "citizen: mtaa wa Mtumba" in tester.page


@pytest.mark.parametrize(("size", "works"), [((79, 24), "9"), ((80, 23), "9"), ((60, 20), "9"), ((36, 12), "9")])
async def test_a_window_that_is_too_small_says_what_is_needed_and_goes_on(
    room: Room, size: tuple[int, int], works: str
) -> None:
    async with at_the_terminal(room, size=size) as tester:
        assert "80x24" in tester.seen
        await tester.type(CODE)
        assert "Huduma za Serikali" in tester.seen
        await tester.type(works)
        assert "Maoni na mrejesho" in tester.seen
        await tester.press("f4")
        assert "Kata simu" in tester.seen
        await tester.press("escape")
        assert "e-Mrejesho" in tester.seen
        await tester.pilot.resize_terminal(80, 24)
        await tester.settled()
        assert "80x24" not in tester.seen


async def test_the_end_is_asked_for_once_where_something_is_not_saved(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with at_the_terminal(room) as tester:
        await tester.type(CODE)
        await tester.press("ctrl+q")
        assert tester.app.is_running
        assert "Hatua 1 hazijahifadhiwa: F7 huzihifadhi. Ctrl+Q tena hutoka" in tester.seen
        await tester.press("f7", "enter")
        assert "Jina la faili la kuhifadhia, kisha Enter:" in tester.page
        await tester.press("enter")
        assert "Imehifadhiwa: dialog.yaml" in tester.seen
        assert room.unsaved == 0
        await tester.press("enter")
        assert "dialog-2.yaml" in tester.page, "a name that is free is proposed"
        await tester.press("escape", "ctrl+q")
        assert tester.app.return_code is None or tester.app.return_code == 0
        assert tester.app._exit


async def test_where_nothing_was_done_the_end_is_the_end(room: Room) -> None:
    async with at_the_terminal(room) as tester:
        await tester.press("ctrl+q")
        assert tester.app._exit


async def test_a_gateway_elsewhere_is_offered_nothing_that_it_does_not_have() -> None:
    async with a_room_of_its_own(ELSEWHERE) as room, at_the_terminal(room, "en") as tester:
        assert "F2" not in tester.seen
        assert "F3" not in tester.seen
        assert "F4 trouble: hang up, redial" in tester.page
        why = "SMS, desk and inner trouble need a gateway started here: leave out --url."
        assert why in tester.page
        for key in ("f2", "f3"):
            room.note = None
            await tester.press(key)
            assert why in tester.rows[-3] + tester.rows[-2]
            assert why in tester.page, "help still stands there"
        verbs: list[Callable[[], Awaitable[None]]] = [lambda: room.write("MSAADA"), room.look, room.kill]
        for verb in verbs:
            await verb()
            assert room.note == NEEDS_OWN
        await tester.press("f4")
        assert "Redial" in tester.page
        for word in ("Core down", "Let ", "Gateway killed", "Ledger"):
            assert word not in tester.page


@pytest.mark.parametrize("enter", ["while it starts", "when it stands"])
async def test_what_is_typed_while_the_gateway_starts_is_seen_and_sent(
    enter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_room_of_its_own() as room:
        may, opens = asyncio.Event(), room._open

        async def held_up() -> Note:
            await may.wait()
            return await opens()

        monkeypatch.setattr(room, "_open", held_up)
        async with Simulator(room, "en").run_test(size=SIZE) as pilot:
            tester = Terminal(cast(Simulator, pilot.app), pilot)
            keys = [KEYS.get(one, one) for one in CODE]
            await pilot.press(*keys, *(["enter"] if enter == "while it starts" else []))
            await pilot.pause()
            assert CODE in tester.phone
            may.set()
            await tester.settled()
            if enter == "when it stands":
                await tester.press("enter")
            assert tester.phone.startswith("Huduma za Serikali")
            assert CODE not in tester.phone


async def test_a_code_that_was_refused_is_mended_or_the_next_one_takes_its_place(room: Room) -> None:
    async with at_the_terminal(room, "en") as tester:
        await tester.type("*152#00#")
        assert "That is no code that can be dialled." in tester.seen
        assert "*152#00#_" in tester.phone
        await tester.press("backspace")
        assert "*152#00_" in tester.phone
        await tester.press("enter")
        await tester.type(CODE)
        assert tester.phone.startswith("Huduma za Serikali")


@pytest.mark.parametrize("page", ["f3", "f4", "f5"])
async def test_digits_on_a_list_go_to_the_phone_and_enter_sends_them(room: Room, page: str) -> None:
    """Who thinks that she types on the phone must not act on a list."""
    async with at_the_terminal(room) as tester:
        await tester.type(CODE)
        await tester.press(page)
        await tester.type("9")
        assert tester.phone.startswith("Maoni na mrejesho")
        assert isinstance(tester.app.focused, Phone)


@pytest.mark.parametrize("page", ["f4", "f5"])
async def test_a_digit_and_enter_that_arrive_together_act_on_no_list(room: Room, page: str) -> None:
    """As over a slow line, where several keys come at once."""
    async with at_the_terminal(room) as tester:
        await tester.type(CODE)
        await tester.press(page)
        await tester.burst("9", "enter")
        assert tester.phone.startswith("Maoni na mrejesho")


async def test_words_and_enter_that_arrive_together_are_sent_from_the_page_of_sms(room: Room) -> None:
    await send_complaint(room)
    async with at_the_terminal(room) as tester:
        await tester.press("f2", "tab", "tab")
        assert isinstance(tester.app.focused, Choices)
        await tester.burst(*"hali9", "enter")
        assert [one.report for one in room.hand.inbox if not one.mine][-1] is None
        assert [one.text for one in room.hand.inbox if one.mine] == ["hali9"]
