"""A tester at the phone in a browser: she reads what stands on the page, clicks and types."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from simulator.web.seats import Seat, Seats
from simulator.web.server import serving
from tests.browser import Page, chromium
from tests.room.conftest import new_room

PHONE = "#display"
NARROW, WIDE = (390, 844), (1280, 900)


class Visitor:
    """Sees one page. What she waits for, she waits for by its words."""

    def __init__(self, page: Page, url: str, seats: Seats) -> None:
        self.page = page
        self.url = url
        self.seats = seats

    @property
    def seat(self) -> Seat:
        """The only one."""
        (found,) = self.seats
        return found

    async def reads(self, selector: str, words: str) -> str:
        """The text of a part of the page, once `words` stand in it."""
        inner = f"document.querySelector({json.dumps(selector)}).innerText"
        return str(await self.page.until(f"{inner}.includes({json.dumps(words)}) && {inner}"))

    async def types(self, text: str, shows: str) -> str:
        """Type on the phone; the screen that comes."""
        await self.page.click("#typed")
        await self.page.type(text)
        return await self.reads(PHONE, shows)

    async def chooses(self, label: str, shows: str) -> str:
        """Answer with the number of the line that begins so."""
        screen = await self.reads(PHONE, label)
        found = re.search(rf"^(\d+)\. {re.escape(label)}", screen, re.MULTILINE)
        assert found, screen
        return await self.types(found[1], shows)

    async def turns(self, tab: str) -> None:
        """Go to the page of a word below the phone."""
        await self.page.click("#tabs button", tab)

    async def notes(self, words: str) -> None:
        """What happened is told."""
        await self.reads("#note", words)


@asynccontextmanager
async def at_the_page(folder: Path, language: str = "sw", size: tuple[int, int] = WIDE) -> AsyncIterator[Visitor]:
    """A tester before a page that has just been opened, its gateway running."""
    async with serving(new_room, language) as (url, seats), chromium(folder / "browser") as browser:
        page = await browser.page(*size)
        await page.open(url)
        tester = Visitor(page, url, seats)
        await tester.notes("*152*00#")
        yield tester
        assert page.complaints == []
        assert {address for address in page.asked if not address.startswith((url, "about:", "data:"))} <= {
            address for address in page.asked if address.startswith(url.replace("http", "ws", 1))
        }
