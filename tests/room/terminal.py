"""A tester at the terminal: she reads what is on the screen, and presses keys."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual import events
from textual.pilot import Pilot

from simulator.room import Room
from simulator.screen import Simulator
from tests.room.conftest import new_room

SIZE = (80, 24)
WIDTH_OF_PHONE = 36
KEYS = {" ": "space", "*": "asterisk", "#": "number_sign", "?": "question_mark", ",": "comma", ".": "full_stop"}


class Terminal:
    """Sees the terminal as text."""

    def __init__(self, app: Simulator, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def rows(self) -> list[str]:
        return [strip.text for strip in self.app.screen._compositor.render_strips()]

    @property
    def seen(self) -> str:
        """Everything, row by row."""
        return "\n".join(self.rows)

    @property
    def phone(self) -> str:
        """What the phone shows, its lines as they are wrapped there."""
        inside = [row[1 : WIDTH_OF_PHONE - 1].strip() for row in self.rows[2:14]]
        return "\n".join(filter(None, inside))

    @property
    def page(self) -> str:
        """What stands beside the phone, in one line."""
        inside = [row[WIDTH_OF_PHONE + 1 : -1].strip() for row in self.rows[1:21]]
        return " ".join(filter(None, inside))

    async def settled(self) -> None:
        """Nothing is under way any more."""
        await self.pilot.pause()
        await self.app.workers.wait_for_complete()
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settled()

    async def burst(self, *keys: str) -> None:
        """Keys that arrive together, before the first of them is looked at."""
        for key in keys:
            self.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await self.settled()

    async def type(self, text: str, *after: str) -> None:
        await self.press(*(KEYS.get(one, one) for one in text), *(after or ("enter",)))

    async def choose(self, label: str) -> None:
        """Answer with the number of the line that begins so."""
        found = re.search(rf"^(\d+)\. {re.escape(label)}", self.phone, re.MULTILINE)
        assert found, f"no line {label!r} on the phone:\n{self.seen}"
        await self.type(found[1])

    async def mark(self, label: str) -> None:
        """Move the mark of the list to the row that begins so, and choose it."""
        await self.press("home")
        for _ in range(40):
            if re.search(rf"> (\W*(\^\w)?\s*)?{re.escape(label)}", self.seen):
                await self.press("enter")
                return
            await self.press("down")
        raise AssertionError(f"no row {label!r}:\n{self.seen}")


@asynccontextmanager
async def at_the_terminal(room: Room, language: str = "sw", size: tuple[int, int] = SIZE) -> AsyncIterator[Terminal]:
    """A tester before the program that has just started, on a room that is open or not."""
    app = Simulator(room, language)
    async with app.run_test(size=size) as pilot:
        tester = Terminal(app, pilot)
        await tester.settled()
        yield tester


@asynccontextmanager
async def a_room_of_its_own(url: str = "") -> AsyncIterator[Room]:
    """A room that the program opens."""
    room = new_room(url=url)
    try:
        yield room
    finally:
        await room.close()
