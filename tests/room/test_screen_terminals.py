"""On terminals of every kind: without colour, small and large, and with a gateway that is none of ours."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from textual.events import Paste

from simulator.room import Room
from simulator.screen import TABS, Simulator
from simulator.screen_phone import Phone
from simulator.speech import LANGUAGES, Speech
from tests.room.conftest import CODE
from tests.room.terminal import Terminal, a_room_of_its_own, at_the_terminal

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def foreign_gateway(text: str, status: int = 200) -> AsyncIterator[str]:
    """A gateway that answers everything with one screen."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text=text, status=status)

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield site.name
    finally:
        await runner.cleanup()


def styles(tester: Terminal) -> list[str]:
    """Every style on the screen."""
    strips = tester.app.screen._compositor.render_strips()
    return [str(segment.style) for strip in strips for segment in strip if segment.style]


async def test_without_colour_there_is_none_and_what_is_chosen_is_marked(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with at_the_terminal(room) as tester:
        await tester.press("f4")
        for style in styles(tester):
            words = style.replace("on default", "").replace("default", "").split()
            assert {word.removeprefix("not") for word in words} <= {"bold", "reverse", "dim", "not", "italic", ""}
        assert "> ^K     Kata simu" in tester.seen


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (100, 40), (200, 60), (30, 10)])
async def test_it_lives_in_a_terminal_of_any_size_and_through_its_change(room: Room, size: tuple[int, int]) -> None:
    async with at_the_terminal(room) as tester:
        await tester.type("*152*00#")
        await tester.pilot.resize_terminal(*size)
        await tester.settled()
        assert "Huduma za Serikali" in tester.seen or size[1] <= 10
        for number in range(1, 8):
            await tester.press(f"f{number}")
        await tester.pilot.resize_terminal(80, 24)
        await tester.settled()
        await tester.press("escape")
        await tester.type("9")
        assert tester.phone.startswith("Maoni na mrejesho")


@pytest.mark.parametrize("size", [(79, 24), (60, 24), (72, 20), (50, 20), (60, 40)])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_narrow_window_shows_every_line_of_the_phone_and_every_key(
    room: Room, size: tuple[int, int], language: str
) -> None:
    async with at_the_terminal(room, language, size) as tester:
        assert "80x24" in " ".join(tester.rows[:3])
        await tester.type(CODE, "enter")
        await tester.type("9")
        await tester.type("2")
        await tester.type("1")
        seen = {row.strip(" ┃│") for row in tester.rows}
        assert room.hand.shown is not None
        assert set(room.hand.shown.text.split("\n")) <= seen
        top, foot = " ".join("".join(tester.rows[:3]).split()), "\n".join(tester.rows[-3:])
        for words in (str(room.hand.number), room.provider):
            assert words in top
        assert "80x24" not in top, "it is told until something is done"
        for number, word in enumerate([Speech(language).note(word) for word in TABS.values()], 1):
            assert f"F{number} {word}" in foot
        assert ("^Q Toka" if language == "sw" else "^Q Quit") in foot


async def test_in_a_small_window_the_keys_stand_without_their_words_and_can_be_clicked(room: Room) -> None:
    async with at_the_terminal(room, "en", (40, 16)) as tester:
        assert tester.rows[-1].strip() == "F1 F2 F3 F4 F5 F6 F7 F8 ^Q"
        await tester.pilot.click("#tabs", offset=(tester.rows[-1].index("F4"), 0))
        await tester.settled()
        assert "Hang up" in tester.seen
        await tester.pilot.resize_terminal(60, 24)
        await tester.settled()
        await tester.pilot.click("#tabs", offset=(tester.rows[-1].index("F8") + 3, 1))
        await tester.settled()
        assert "Kata simu" in tester.seen


async def test_a_screen_that_is_too_long_is_told_with_the_character_that_made_it_dear() -> None:
    async with (
        foreign_gateway("CON Karibu ħ " + "x" * 90) as url,
        a_room_of_its_own(url) as room,
        at_the_terminal(room, "en") as tester,
    ):
        await tester.type("*152*00#")
        assert "99/80 UCS-2 (ħ U+0127) ·" in tester.seen
        assert "TOO LONG" in tester.seen
        assert tester.app.query_one("#status").has_class("over")


async def test_what_no_provider_could_show_is_told(room: Room) -> None:
    async with foreign_gateway("hello") as url, a_room_of_its_own(url) as there, at_the_terminal(there, "en") as tester:
        await tester.type("*152*00#")
        assert "The gateway answered with 200 and no screen: see its raw answer." in tester.seen
        await tester.press("f6")
        assert "hello" in tester.page


async def test_a_gateway_that_has_nothing_at_that_address_is_told_with_what_to_look_at(room: Room) -> None:
    async with (
        foreign_gateway("404: Not Found", 404) as url,
        a_room_of_its_own(url) as there,
        at_the_terminal(there, "en") as tester,
    ):
        await tester.type("*152*00#")
        assert "The gateway answers 404: nothing is there. Are --url, --provider and" in tester.seen


async def test_a_screen_cannot_steer_the_terminal_nor_is_it_markup() -> None:
    async with (
        foreign_gateway("CON \x1b[2Jone [bold]two[/bold] [x") as url,
        a_room_of_its_own(url) as room,
        at_the_terminal(room, "en") as tester,
    ):
        await tester.type("*152*00#")
        assert "[2Jone [bold]two[/bold] [x" in tester.phone
        assert "\x1b" not in tester.seen


async def test_the_language_is_changed_at_any_time_and_the_phone_keeps_what_it_shows(room: Room) -> None:
    async with at_the_terminal(room) as tester:
        await tester.type("*152*00#")
        shown = tester.phone
        await tester.press("f8")
        assert "Hang up" in tester.seen
        assert tester.phone == shown
        await tester.press("f8")
        assert "Kata simu" in tester.seen


async def test_what_is_pasted_is_typed(room: Room) -> None:
    async with at_the_terminal(room) as tester:
        tester.app.query_one(Phone).post_message(Paste("*152*00#\n"))
        await tester.press("enter")
        assert tester.phone.startswith("Huduma za Serikali")


async def test_a_fault_of_the_view_ends_it_with_words_and_no_traceback(
    room: Room, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: Phone) -> None:
        raise KeyError("broken on purpose")

    app = Simulator(room, "en")
    with contextlib.suppress(KeyError):
        async with app.run_test() as pilot:
            monkeypatch.setattr(Phone, "renew", broken)
            await pilot.press("1")
    assert app.return_code == 1
    told = capsys.readouterr()
    assert "A fault in the simulator itself (KeyError). Start it again." in told.out + told.err
    assert "Traceback" not in told.out + told.err
