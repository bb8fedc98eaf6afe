"""Who is answered at the page's address, how many phones there are, and what a page may ask for."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer

from simulator.room import Room
from simulator.web.guard import POLICY
from simulator.web.seats import GONE_S, IDLE_S, Seat, Seats
from simulator.web.server import FILES, FOLDER, address, application, serving, token_for
from simulator.web.verbs import VERBS
from simulator.web.words import WORDS
from tests.room.conftest import new_room
from tests.room.webline import Browser, told

NOBODY = "http://127.0.0.1:1"
TOKEN = "a-token-of-this-test"


class Watch:
    """A clock that is moved."""

    at = 0.0

    def __call__(self) -> float:
        return self.at


def closed_room() -> Room:
    """A room that calls a gateway elsewhere, where there is none: opened in no time."""
    return new_room(url=NOBODY)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def seats(watch: Watch) -> Seats:
    return Seats(closed_room, "en", watch, most=2)


@pytest_asyncio.fixture
async def browser(seats: Seats) -> AsyncIterator[Browser]:
    async with TestServer(application(seats, "127.0.0.1")) as server, aiohttp.ClientSession() as client:
        yield Browser(client, server)


@pytest_asyncio.fixture
async def afar(seats: Seats) -> AsyncIterator[Browser]:
    """Where others may come in, with a token."""
    async with TestServer(application(seats, "0.0.0.0", TOKEN)) as server, aiohttp.ClientSession() as client:
        yield Browser(client, server, f"/{TOKEN}/")


async def left(seat: Seat | None, browser: Browser) -> None:
    """Return once every page of a seat is gone."""
    assert seat is not None
    while seat.sockets:
        await browser.get("icon.svg")


async def refused(opening: Any) -> int:
    with pytest.raises(aiohttp.WSServerHandshakeError) as error:
        await opening
    return error.value.status


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "LOCALHOST:9000", "[::1]:9000", "127.0.0.2"])
async def test_this_machine_is_answered_under_its_own_names(name: str, browser: Browser) -> None:
    status, text, headers = await browser.get(Host=name)
    assert status == 200
    assert "page.js" in text
    assert headers["Content-Security-Policy"] == POLICY


@pytest.mark.parametrize(
    "name", ["phone.example", "phone.example:80", "127.0.0.1.phone.example", "10.0.0.7", "", "a b"]
)
async def test_a_foreign_name_that_leads_here_is_refused(name: str, browser: Browser, seats: Seats) -> None:
    assert (await browser.get(Host=name))[0] in (400, 403)
    assert await refused(browser.room(Host=name, Origin=f"http://{name}")) in (400, 403)
    assert len(seats) == 0


@pytest.mark.parametrize(
    "origin", ["http://phone.example", "null", "http://127.0.0.1", "http://localhost:1", "https://127.0.0.1", ""]
)
async def test_a_page_of_another_origin_gets_no_room(origin: str, browser: Browser, seats: Seats) -> None:
    assert await refused(browser.room(Origin=origin)) == 403
    assert (await browser.get(Origin=origin))[0] == 403
    assert len(seats) == 0


async def test_a_line_without_an_origin_is_refused(browser: Browser) -> None:
    async with aiohttp.ClientSession() as client:
        assert await refused(client.ws_connect(f"http://{browser.host}/room")) == 403


@pytest.mark.parametrize("path", ["", *filter(None, FILES), "room", "dialog.yaml"])
async def test_without_the_token_nothing_is_answered_to_others(path: str, afar: Browser, seats: Seats) -> None:
    async with aiohttp.ClientSession() as client:
        for root in ("/", "/another/", f"/{TOKEN}x/", f"/{TOKEN[:-1]}/"):
            async with client.get(f"http://{afar.host}{root}{path}") as answer:
                assert answer.status == 403
    assert len(seats) == 0


async def test_with_the_token_others_are_answered_under_any_address_and_no_foreign_name(afar: Browser) -> None:
    assert (await afar.get())[0] == 200
    assert (await afar.get("page.js", Host="192.0.2.7:8089"))[0] == 200
    assert (await afar.get(Host="phone.example"))[0] == 403
    async with await afar.room() as socket:
        assert await told(socket, "seat")


def test_only_this_machine_goes_without_a_token() -> None:
    assert [token_for(host) for host in ("127.0.0.1", "::1", "127.0.0.2", "localhost")] == [""] * 4
    drawn = {token_for(host) for host in ("0.0.0.0", "::", "192.0.2.7", "localhost.example")}
    assert len(drawn) == 4
    assert min(map(len, drawn)) >= 32
    assert address("::1", 80, "") == "http://[::1]:80/"
    assert address("192.0.2.7", 80, TOKEN) == f"http://192.0.2.7:80/{TOKEN}/"


async def test_rooms_are_bounded_and_who_is_gone_makes_place(browser: Browser, seats: Seats) -> None:
    first, second = await browser.room(), await browser.room()
    kept = [await told(socket, "seat") for socket in (first, second)]
    third = await browser.room()
    assert "Every phone is in use." in await told(third, "over")
    assert (await third.receive()).type is aiohttp.WSMsgType.CLOSE
    await first.close()
    await left(seats.find(kept[0]), browser)
    async with await browser.room() as fourth:
        assert await told(fourth, "seat") not in kept
        assert seats.find(kept[0]) is None
        assert len(seats) == 2


async def test_a_page_that_is_loaded_again_has_its_room_until_it_was_gone_for_long(
    browser: Browser, seats: Seats, watch: Watch
) -> None:
    async with await browser.room() as socket:
        id = await told(socket, "seat")
    async with await browser.room(id) as socket:
        assert await told(socket, "seat") == id
    seat = seats.find(id)
    await left(seat, browser)
    watch.at += GONE_S - 1
    await seats.sweep()
    assert len(seats) == 1
    watch.at += 1
    await seats.sweep()
    assert len(seats) == 0
    assert seat is not None
    assert not seat.folder.exists()
    assert not seat.room._folder.exists()


async def test_a_phone_that_nobody_touches_is_put_away_with_words(browser: Browser, seats: Seats, watch: Watch) -> None:
    async with await browser.room() as socket:
        await told(socket, "seat")
        watch.at += IDLE_S - 1
        await socket.send_json({"do": "language"})
        assert (await told(socket, "words"))["help"] == "Msaada"
        watch.at += IDLE_S - 1
        await seats.sweep()
        assert len(seats) == 1
        watch.at += 1
        await seats.sweep()
        assert "haikuguswa" in await told(socket, "over")
        assert len(seats) == 0


@pytest.mark.parametrize(
    "message", ["", "[]", "{}", '{"do": 1}', '{"do": "send", "more": 1}', '{"do": "write", "text": "\\ud800"}']
)
async def test_what_is_no_message_ends_the_line(message: str, browser: Browser) -> None:
    async with await browser.room() as socket:
        await told(socket, "seat")
        await socket.send_str(message)
        async for _ in socket:
            pass
        assert socket.close_code == 1007


@pytest.mark.parametrize(
    "about",
    [
        {"do": "close"},
        {"do": "__init__"},
        {"do": "take", "name": "nobody"},
        {"do": "switch", "name": "pigeon"},
        {"do": "deed", "name": "burn"},
        {"do": "act", "name": "steal"},
        {"do": "report", "name": "failed", "at": 7},
        {"do": "report", "name": "eaten", "at": -1},
    ],
)
async def test_what_no_page_offers_changes_nothing(about: dict[str, Any], browser: Browser, seats: Seats) -> None:
    async with await browser.room() as socket:
        await told(socket, "seat")
        (seat,) = seats
        before = (seat.room.provider, seat.room.hand, seat.room.sheet)
        await socket.send_json(about)
        await socket.send_json({"do": "language"})
        await told(socket, "words")
        assert (seat.room.provider, seat.room.hand, seat.room.sheet) == before


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..", "", "a\x00b", "..\\x", "ü" * 300])
async def test_a_transcript_that_is_brought_stays_in_the_rooms_folder(
    name: str, browser: Browser, seats: Seats
) -> None:
    async with await browser.room() as socket:
        await told(socket, "seat")
        (seat,) = seats
        await socket.send_json({"do": "open", "name": name, "text": "title: [\n"})
        while "Not opened: " not in (note := (await told(socket, "state"))["note"]):
            pass
        assert str(seat.folder) not in note
        assert len(list(seat.folder.iterdir())) == 1


async def test_a_room_keeps_one_transcript_of_those_that_are_brought(browser: Browser, seats: Seats) -> None:
    async with await browser.room() as socket:
        await told(socket, "seat")
        (seat,) = seats
        for name in ("one.yaml", "two.yaml", "three.yaml"):
            await socket.send_json({"do": "open", "name": name, "text": "title: [\n"})
            while f"Not opened: {name}" not in (await told(socket, "state"))["note"]:
                pass
        assert [file.name for file in seat.folder.iterdir()] == ["three.yaml"]


async def test_a_dialogue_of_nobody_is_not_there(browser: Browser) -> None:
    assert (await browser.get("dialog.yaml?seat=x"))[0] == 404


async def test_a_port_that_is_taken_is_an_error_of_the_system() -> None:
    async with serving(closed_room, "en") as (url, _):
        with pytest.raises(OSError):
            async with serving(closed_room, "en", port=int(url.split(":")[-1].strip("/"))):
                raise AssertionError("two on one port")


class Parts(HTMLParser):
    """What the page asks for, and the words in it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()
        self.words: set[str] = set()
        self.inline = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "href") and value:
                self.asked.add(value)
            elif name in ("data-word", "data-label", "data-hint") and value:
                self.words.add(value)
            elif name.startswith("on") or name == "style":
                self.inline += 1
        self.inline += tag == "style"


def test_the_page_asks_for_its_own_files_alone_and_for_words_and_verbs_that_there_are() -> None:
    parts = Parts()
    parts.feed((FOLDER / "page.html").read_text(encoding="utf-8"))
    assert parts.asked == set(FILES) - {""}
    assert parts.inline == 0
    script, style = ((FOLDER / name).read_text(encoding="utf-8") for name in ("page.js", "page.css"))
    assert re.search(r"https?:|//\w", script + style) is None
    assert re.search(r"innerHTML|insertAdjacentHTML|document\.write|eval\(", script) is None
    used = parts.words | set(re.findall(r"words\.(\w+)", script)) - {"lines"}
    assert used == set(WORDS)
    verbs = set(re.findall(r'ask\("(\w+)"', script)) | set(re.findall(r'choice\(one, "(\w+)"', script))
    assert verbs == {*VERBS, "open", "language"}


def test_the_files_are_part_of_the_package() -> None:
    listed = (Path(__file__).parent.parent.parent / "setup.cfg").read_text(encoding="utf-8")
    found = {file.suffix for file in FOLDER.iterdir() if file.is_file()} - {".py"}
    assert all(f"web/*{suffix}" in listed for suffix in found)
    assert found == {".html", ".css", ".js", ".svg"}
