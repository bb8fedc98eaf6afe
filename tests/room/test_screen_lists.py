"""Lists and the desk at the terminal: the mark stays on its row, what is new comes into sight, hints are true."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from textual.widgets import Input

from simulator.room import Room
from simulator.screen_panes import Pane, Reading
from simulator.screen_parts import Choices
from tests.room.conftest import CODE, send_complaint
from tests.room.terminal import Terminal, at_the_terminal

pytestmark = pytest.mark.asyncio(loop_scope="session")

TRANSCRIPT = Path(__file__).parent.parent.parent / "menus/emrejesho/transcripts/short.sw.yaml"
LONG = " ".join(f"Neno{number}." for number in range(1, 90))


def marked(tester: Terminal, name: str) -> str:
    row = tester.app.query_one(f"#{name}", Choices).current
    return row.name if row else ""


def foot(tester: Terminal, page: str) -> str:
    return str(tester.app.query_one(f"#{page}", Pane).border_subtitle)


async def test_the_mark_stays_on_its_row_where_rows_come_above_it(room: Room) -> None:
    async with at_the_terminal(room, "en") as tester:
        await tester.press("f5")
        await tester.mark("Another caller, another phone")
        assert marked(tester, "phones-list") == "another"
        provider = room.provider
        await tester.press("enter")
        assert (len(room.handsets), room.provider) == (3, provider)


async def test_the_next_step_of_a_transcript_that_was_opened_is_one_key_away(fresh_room: Room) -> None:
    async with at_the_terminal(fresh_room, "en") as tester:
        await tester.press("f7")
        await tester.mark("Open a transcript")
        tester.app.query_one("#path", Input).value = str(TRANSCRIPT)
        await tester.press("enter")
        assert marked(tester, "transcript-list") == "step"
        await tester.press("enter")
        assert fresh_room.rehearsal is not None
        assert fresh_room.rehearsal.done == 1


async def test_rows_out_of_sight_are_counted_at_the_end_of_the_list(room: Room) -> None:
    async with at_the_terminal(room, "en", (80, 20)) as tester:
        await tester.press("f4")
        rows = tester.app.query_one("#trouble-list", Choices)
        beyond = len(rows.rows) - rows.size.height
        assert beyond > 0
        assert f" ↓{beyond}" in tester.page
        await tester.press("end")
        assert f" ↑{beyond}" in tester.page
        assert "↓" not in tester.page.replace("↑↓", "")


async def test_the_desk_shows_what_was_said_last(room: Room) -> None:
    await send_complaint(room)
    for act, says in (("open", ""), ("progress", ""), ("ask", LONG)):
        await room.act(act, says)  # type: ignore[arg-type]
    async with at_the_terminal(room, "en") as tester:
        await tester.press("f3")
        assert "Ni mtaa wa Mtumba" not in tester.page
        await room.write(f"ONGEZA {room.reference} Ni mtaa wa Mtumba")
        tester.app.renew()
        await tester.settled()
        assert "Ni mtaa wa Mtumba" in tester.page


async def test_where_nothing_is_to_choose_the_desk_says_that_it_is_to_be_read(room: Room) -> None:
    await send_complaint(room)
    async with at_the_terminal(room, "en") as tester:
        await tester.press("f3")
        assert foot(tester, "desk").startswith("↑↓ Enter choose")
        for act, says in (("open", ""), ("progress", ""), ("answer", "Imetengenezwa.")):
            await room.act(act, says)  # type: ignore[arg-type]
        await tester.press("f3")
        assert isinstance(tester.app.focused, Reading)
        assert foot(tester, "desk").startswith("↑↓ read")
        await room.anew()
        await tester.press("f3")
        assert foot(tester, "desk").startswith("↑↓ read")


async def test_a_row_of_sms_has_its_hour(room: Room) -> None:
    await send_complaint(room)
    async with at_the_terminal(room, "en") as tester:
        await tester.press("f2")
        (row,) = tester.app.query_one("#messages", Choices).rows
        time = datetime.fromtimestamp(room.hand.inbox[0].at, room.zone)
        assert row.label.startswith(f"{time:%H:%M} Tumepokea.")


async def test_an_enter_that_the_terminal_had_before_it_was_taken_over_is_one(room: Room) -> None:
    async with at_the_terminal(room, "en") as tester:
        await tester.type(CODE, "ctrl+j")
        assert room.hand.alive
