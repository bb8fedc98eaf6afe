"""Every view at 80 x 24, in both languages: each text is there as a whole, and it looks as it did.

`python -m tests.room.test_screen_views` writes the views anew, to be read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.containers import VerticalScroll
from textual.widgets import Input

from simulator import pictures
from simulator.room import Room
from simulator.screen import PAGES
from simulator.screen_parts import MARK, Choices, Plain
from simulator.speech import LANGUAGES
from tests.room.terminal import SIZE, Terminal, a_room_of_its_own, at_the_terminal

pytestmark = pytest.mark.asyncio(loop_scope="session")

HERE = Path(__file__).parent
PICTURES = HERE.parent.parent / "docs" / "pictures"
SENT = pictures.Scene("sent", "", pictures.SENT, (("open", ""), ("progress", "")))


async def set_out(room: Room) -> None:
    """The same room each time: a case that is worked on, and a phone that waits for an answer."""
    await pictures.play(room, SENT)
    room.hand.phone.msisdn = "255700000001"
    await room.wait(240)
    await room.dial(pictures.CODE)


async def views(room: Room, language: str) -> AsyncIterator[tuple[str, Terminal]]:
    """Each page beside the phone, and the officer's where he writes."""
    async with at_the_terminal(room, language) as tester:
        for number, name in enumerate(PAGES, 1):
            await tester.press(f"f{number}")
            yield name, tester
        await tester.press("f3", "enter")
        yield "desk, asking", tester
        await tester.press("f7", "enter")
        yield "transcript, saving", tester


async def drawn(language: str) -> str:
    """All views as text, one below the other."""
    async with a_room_of_its_own() as room:
        await room.open()
        await set_out(room)
        pages = [f"{name}\n{pictures.the_same(tester.seen, room)}" async for name, tester in views(room, language)]
    return "\n\n".join("\n".join(row.rstrip() for row in page.split("\n")) for page in pages) + "\n"


def cut_off(tester: Terminal) -> list[str]:
    """What does not fit in its place."""
    width, height = SIZE
    found = []
    for widget in tester.app.screen.walk_children():
        region = widget.region
        if not widget.is_on_screen or not region:
            continue
        if region.right > width or region.bottom > height:
            found.append(f"{widget} lies outside")
        if isinstance(widget, Plain) and not any(isinstance(one, VerticalScroll) for one in widget.ancestors):
            room = widget.content_size
            needed = widget.get_content_height(room, room, room.width) if widget.text else 0
            longest = max(map(cell_len, widget.text.split()), default=0)
            if needed > room.height or longest > room.width:
                found.append(f"{widget}: {widget.text!r}")
        if isinstance(widget, Choices):
            found += [row.label for row in widget.rows if cell_len(MARK + row.label) > widget.size.width]
            found += [f"{widget} has more rows"] if len(widget.rows) > widget.size.height else []
        if isinstance(widget, Input) and cell_len(widget.placeholder) > widget.size.width:
            found.append(str(widget.placeholder))
    helped = tester.app.query_one("#help VerticalScroll")
    if helped.is_on_screen and helped.region and helped.virtual_size.height > helped.size.height:
        found.append("the help is longer than its page")
    return found


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_text_of_every_view_fits(room: Room, language: str) -> None:
    await set_out(room)
    # what a list of messages shows of one is its beginning, as on a phone
    room.hand.inbox[:] = [message for message in room.hand.inbox if setattr(message, "text", "Habari") is None]
    found = {name: cut_off(tester) async for name, tester in views(room, language)}
    assert len(found) == len(PAGES) + 2
    assert {name: texts for name, texts in found.items() if texts} == {}


async def test_what_does_not_fit_is_found(room: Room) -> None:
    async with at_the_terminal(room, size=SIZE) as tester:
        tester.app.query_one("#top", Plain).put("Mtaa wa Mtumba " * 20)
        assert cut_off(tester) != []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_views_look_as_they_did(language: str) -> None:
    written = (HERE / "views" / f"{language}.txt").read_text(encoding="utf-8")
    assert await drawn(language) == written, "read the views, then: python -m tests.room.test_screen_views"


async def test_the_pictures_of_the_documents_are_those_of_the_program() -> None:
    found, written = await pictures.all_pictures(), read(PICTURES)
    assert found.keys() == written.keys()
    for name, picture in found.items():
        assert written[name] == picture, f"{name}: run `make pictures`"
        assert "url(http" not in picture
        assert "src=" not in picture


def read(folder: Path) -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in folder.iterdir()}


async def write() -> None:
    for language in LANGUAGES:
        (HERE / "views" / f"{language}.txt").write_text(await drawn(language), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(write())
