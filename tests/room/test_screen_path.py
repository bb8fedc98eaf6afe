"""From the start, in Swahili, with nothing but what stands on the screen: the whole circle, by keys and by mouse."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.room import Room
from simulator.screen_parts import Key
from tests.room.terminal import Terminal, a_room_of_its_own, at_the_terminal

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def dial(tester: Terminal, page: str) -> None:
    """The code stands in the help."""
    found = re.search(r"Andika (\*[\d*]+#)", page)
    assert found, page
    await tester.type(found[1])


async def to_the_text(tester: Terminal) -> None:
    await tester.choose("Maoni na mrejesho")
    await tester.choose("e-Mrejesho")
    await tester.choose("Kiswahili")
    await tester.choose("Lalamiko")
    await tester.choose("Andika jina la taasisi")
    assert "Mfano: TANESCO" in tester.phone
    await tester.type("tanesco")
    await tester.choose("TANESCO")
    await tester.choose("Ucheleweshaji")
    assert "Andika ujumbe wako" in tester.phone


async def test_a_tester_plays_the_whole_circle_by_what_she_sees() -> None:
    async with a_room_of_its_own() as room, at_the_terminal(room) as tester:
        help_page = tester.page
        assert "Lango liko tayari" in tester.seen
        await dial(tester, help_page)
        await to_the_text(tester)

        # hangs up in mid-text, by the key that the page of troubles names
        await tester.type("umeme umekatika", "f4")
        assert "^K Kata simu" in re.sub(" +", " ", tester.page)
        await tester.press("ctrl+k")
        assert "Umekata simu" in tester.seen
        await tester.mark("Piga tena")
        await tester.press("escape")
        await tester.choose("Maoni na mrejesho")
        await tester.choose("e-Mrejesho")
        await tester.choose("Endelea ulipoishia")
        assert "Andika ujumbe wako" in tester.phone
        await tester.type("umeme umekatika siku tatu")
        await tester.choose("Siri")
        await tester.choose("Tuma")
        found = re.search(r"Namba: (\d{9})\nPIN: (\d{4})", tester.phone)
        assert found, tester.seen
        reference, pin = found.groups()

        # opens the SMS
        assert "SMS 1" in tester.rows[0]
        await tester.press("f2")
        assert f"Tumepokea. Namba: {reference}." in tester.page

        # plays the officer
        await tester.press("f3")
        assert f"{reference} · lalamiko · siri" in tester.page
        await tester.mark("Fungua")
        assert "umeme umekatika siku tatu" in tester.page
        await tester.mark("Shughulikia")
        await tester.mark("Jibu")
        await tester.type("Mafundi wamefika, umeme umerudi.")
        assert "umejibiwa" in tester.page

        # reads the answer
        await tester.press("escape", "enter")
        await tester.press("f4")
        await tester.mark("Acha dakika 10")
        await tester.press("escape")
        await dial(tester, help_page)
        await tester.choose("Maoni na mrejesho")
        await tester.choose("e-Mrejesho")
        await tester.choose("Fuatilia")
        await tester.choose("Nilichotuma")
        await tester.choose(reference)
        await tester.type(pin)
        await tester.choose("Soma jibu")
        assert "Mafundi wamefika, umeme" in tester.phone


async def test_the_mouse_alone_dials_answers_and_turns_the_pages(room: Room) -> None:
    async with at_the_terminal(room) as tester:

        async def click(key: str) -> None:
            await tester.pilot.click(next(one for one in tester.app.query(Key) if one.key == key))
            await tester.settled()

        async def turn(key: str) -> None:
            await tester.pilot.click("#tabs", offset=(tester.rows[-1].index(key), 0))
            await tester.settled()

        for key in ("*", "1", "5", "2", "*", "0", "0", "1", "clear", "#", "call"):
            await click(key)
        assert tester.phone.startswith("Huduma za Serikali")
        await click("9")
        await click("call")
        assert tester.phone.startswith("Maoni na mrejesho")
        await click("end")
        assert "Umekata simu" in tester.seen
        for number, title in enumerate(("Msaada", "SMS", "Afisa", "Hitilafu", "Simu", "Data ghafi", "Rekodi"), 1):
            await turn(f"F{number}")
            assert f"─ {title}" in tester.rows[1]
        await turn("F8")
        assert "F1 Help" in tester.rows[-1]


async def test_a_gateway_that_is_killed_in_mid_dialog_gives_words_and_a_way_back(room: Room) -> None:
    async with at_the_terminal(room) as tester:
        await tester.type("*152*00#")
        await tester.press("ctrl+g")
        await tester.type("9")
        assert "Hitilafu ya mtandao. Ombi lako" in tester.phone
        assert "Lango halijibu. Liwashe tena (Hitilafu), kisha piga tena." in tester.seen
        await tester.press("f4")
        await tester.mark("[x] Lango limezimika")
        assert "Lango liko tayari" in tester.seen
        await tester.mark("Piga tena")
        assert tester.phone.startswith("Huduma za Serikali")


async def test_a_gateway_elsewhere_that_is_not_there_is_told_and_the_program_goes_on() -> None:
    async with a_room_of_its_own("http://127.0.0.1:1") as room, at_the_terminal(room, "en") as tester:
        await tester.type("*152*00#")
        assert "http://127.0.0.1:1 does not answer. Redial when it runs again." in tester.seen
        assert "[OK]" in tester.phone
        await tester.press("f3")
        assert "SMS, desk and inner trouble need a gateway started here: leave out --url." in tester.seen


async def test_sms_are_written_and_answered_in_the_list(room: Room) -> None:
    async with at_the_terminal(room) as tester:
        await tester.press("f2", "tab")
        await tester.type("MSAADA")
        assert "Imetumwa kwenda 15200." in tester.seen
        await tester.press("f2")
        assert "15200: " in tester.page
        assert "kwenda 15200: MSAADA" in tester.page


async def test_what_was_done_is_saved_and_stepped_through(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with at_the_terminal(room) as tester:
        await tester.type("*152*00#")
        await tester.type("9")
        await tester.press("f7", "enter", "enter")
        assert "Imehifadhiwa: dialog.yaml" in tester.seen
        assert (tmp_path / "dialog.yaml").exists()
        await tester.mark("Fungua rekodi")
        await tester.type("dialog.yaml")
        assert "Imefunguliwa: dialog, hatua 2." in tester.seen
        assert "ijayo: piga *152*00#" in tester.page
        await tester.mark("Hatua ijayo")
        await tester.mark("Hatua ijayo")
        assert "Hatua 2 kati ya 2: kama ilivyoandikwa." in tester.seen
        assert tester.phone.startswith("Maoni na mrejesho")
