"""Every view at 80 x 24, in both languages: each text is there as a whole, and it looks as it did.

`python -m tests.room.test_screen_views` writes the views anew, to be read.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from string import Formatter

import pytest
from rich.cells import cell_len
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Input

from simulator import pictures
from simulator.deeds import PHONES, TROUBLES
from simulator.room import Room
from simulator.screen import PAGES
from simulator.screen_panes import Pane
from simulator.screen_parts import MARK, Choices, Plain
from simulator.speech import LANGUAGES, Foreign, Note, Speech, texts
from simulator.terms import ACTS, FAULTS, REPORTS
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
    for widget in tester.app.screen.walk_children(Widget):
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
        if isinstance(widget, Pane) and cell_len(str(widget.border_subtitle)) > widget.region.width - 6:
            found.append(str(widget.border_subtitle))
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
    for message in room.hand.inbox:
        message.text = "Habari"
    found = {name: cut_off(tester) async for name, tester in views(room, language)}
    assert len(found) == len(PAGES) + 2
    assert {name: texts for name, texts in found.items() if texts} == {}


LONGEST = {
    "number": "255700000001",
    "code": "*152*00*9*2#",
    "near": "TANESCO, TANROADS, TANAPA",
    "url": "https://gateway.example.go.tz:8080",
    "path": "menus/emrejesho/transcripts/finish-by-sms.sw.yaml",
    "place": "menus/emrejesho/complaint.yaml:1234",
    "provider": "africastalking",
    "title": "Lalamiko fupi kabisa, lililokatika",
    "time": "179:59",
    "day": "31/12/2026",
    "what": "Mfumo wa taasisi umezimwa",
    "has": "200 x 23",
    "needs": "80 x 24",
    "kind": "UnicodeDecodeError",
    "text": "Mawasiliano haya yamekwisha. / Piga tena *152*00*9*2# " * 3,
}
"""What stands in a text at its longest; a number where there is nothing here."""


def own() -> set[str]:
    """What the phone in the terminal may say, beside what only the page that draws menus does."""
    return {text for file, text in texts() if file.startswith("simulator/")}


def longest(text: str, say: Speech) -> str:
    names = [name for _, name, _, _ in Formatter().parse(text) if name]
    told = {"fault", "why", "act"} & set(names)
    inner = max((say.note(one) for one in (*ACTS.values(), *FAULTS.values())), key=len) if told else ""
    foreign = say.note(Note("{it}", {"it": Foreign("unknown field " * 8, LONGEST["place"])}))
    values = {name: LONGEST.get(name, "1600") for name in names}
    return say(text, **values | dict.fromkeys({"fault", "act"} & told, inner) | dict.fromkeys({"why"} & told, foreign))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_whatever_may_be_told_fits_below_the_phone_at_its_longest(room: Room, language: str) -> None:
    async with at_the_terminal(room, language) as tester:
        found = []
        below, say = tester.app.query_one("#note", Plain), Speech(language)
        for text in sorted(own()):
            below.put(longest(text, say))
            await tester.pilot.pause()
            found += [one for one in cut_off(tester) if "note" in one]
            assert tester.app.query_one("#handset").size.height >= 8, text
        assert found == []


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_row_of_every_list_fits_beside_the_phone(language: str) -> None:
    say, width = Speech(language), 80 - 36 - 4 - len(MARK)
    rows = [say.note(words) for words in (*ACTS.values(), *map(Note, ("Save what was done", "Open a transcript")))]
    rows += [say("report: {what}", what=say.note(words)) for words in REPORTS.values()]
    rows += [f"^K [x] {say.note(deed.label)}" for deed in (*TROUBLES, *PHONES)]
    assert [row for row in rows if cell_len(row) > width] == []


@pytest.mark.parametrize(("language", "other"), [("sw", "en"), ("en", "sw")])
async def test_a_view_speaks_one_language_alone(room: Room, language: str, other: str) -> None:
    await set_out(room)
    await room.act("ask", "Ni wapi?")
    room.hand.inbox.clear()
    ours, theirs = Speech(language), Speech(other)
    known = [text for text in own() if "{" not in text and ours(text) != theirs(text)]
    strange = {theirs(text) for text in known if len(theirs(text)) > 4} - {ours(text) for text in known}
    async for name, tester in views(room, language):
        seen = re.sub(r"\s+", " ", tester.page)
        assert {words for words in strange if re.search(rf"(?<!\w){re.escape(words)}(?!\w)", seen)} == set(), name


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
