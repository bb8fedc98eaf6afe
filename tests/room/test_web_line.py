"""The line between a page and its room: verbs go beside each other, and every page of a room sees the same."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from simulator.web.seats import MOST_PAGES, MOST_UNDER_WAY, Seats
from simulator.web.server import application
from tests.room.conftest import CODE, new_room
from tests.room.webline import Browser, told

WAITING = "waiting"


class Silent:
    """A gateway that takes every request and answers none, but for the first `screens`."""

    def __init__(self) -> None:
        self.never = asyncio.Event()
        self.asked = asyncio.Event()
        self.screens = 0

    async def take(self, request: web.BaseRequest) -> web.Response:
        if self.screens:
            self.screens -= 1
            return web.Response(text="CON Karibu")
        self.asked.set()
        await self.never.wait()
        return web.Response()


@pytest_asyncio.fixture
async def silent() -> Silent:
    return Silent()


@pytest_asyncio.fixture
async def browser(silent: Silent) -> AsyncIterator[Browser]:
    """At a phone that calls the silent gateway."""
    behind = web.Application()
    behind.router.add_route("*", "/{way:.*}", silent.take)
    async with TestServer(behind) as gateway:
        seats = Seats(lambda: new_room(url=str(gateway.make_url(""))), "en", lambda: 0.0)
        async with TestServer(application(seats, "127.0.0.1")) as server, aiohttp.ClientSession() as client:
            yield Browser(client, server)
        silent.never.set()


async def shows(socket: aiohttp.ClientWebSocketResponse, display: str) -> Any:
    """The state in which the phone shows this."""
    while (state := await told(socket, "state"))["phone"]["display"] != display:
        pass
    return state


async def test_she_hangs_up_while_an_answer_is_on_its_way(browser: Browser) -> None:
    async with await browser.room() as socket:
        await socket.send_json({"do": "send", "text": CODE})
        assert (await shows(socket, WAITING))["busy"]
        await socket.send_json({"do": "hang_up"})
        while (state := await shows(socket, "idle"))["note"] != "You hung up before an answer came.":
            pass
        assert state["wire"][0].startswith("POST /ussd/africastalking")
        assert state["wire"][1] == ""


async def test_what_a_page_sent_goes_when_it_was_taken_and_stays_where_it_was_refused(
    browser: Browser, silent: Silent
) -> None:
    silent.screens = 1
    async with await browser.room() as socket:
        while (state := await told(socket, "state"))["note"].startswith("The gateway is starting"):
            pass
        await socket.send_json({"do": "send", "text": "*152#00#"})
        while not (phone := (await told(socket, "state"))["phone"])["refused"]:
            pass
        assert (phone["refused"], phone["emptied"]) == ("*152#00#", state["phone"]["emptied"])
        await socket.send_json({"do": "send", "text": CODE})
        phone = (await shows(socket, "asks"))["phone"]
        assert (phone["refused"], phone["emptied"] > state["phone"]["emptied"]) == ("", True)


async def test_every_page_of_a_room_sees_what_one_of_them_does(browser: Browser) -> None:
    async with await browser.room() as first:
        id = await told(first, "seat")
        async with await browser.room(id) as second:
            assert await told(second, "seat") == id
            await first.send_json({"do": "send", "text": CODE})
            await shows(second, WAITING)
            await second.send_json({"do": "language"})
            assert (await told(first, "words"))["clear"] == "Futa"


async def test_a_room_has_a_few_pages_and_no_more(browser: Browser) -> None:
    async with contextlib.AsyncExitStack() as pages:
        id = await told(await pages.enter_async_context(await browser.room()), "seat")
        for _ in range(MOST_PAGES - 1):
            assert await told(await pages.enter_async_context(await browser.room(id)), "seat") == id
        assert await told(await pages.enter_async_context(await browser.room(id)), "over")


async def test_what_a_page_asks_for_at_a_time_is_bounded_and_hanging_up_is_always_heard(browser: Browser) -> None:
    async with await browser.room() as socket:
        await socket.send_json({"do": "send", "text": CODE})
        await shows(socket, WAITING)
        for _ in range(3 * MOST_UNDER_WAY):
            await socket.send_json({"do": "deed", "name": "another"})
        await socket.send_json({"do": "hang_up"})
        # the clock and the dialling are under way too
        most = 1 + MOST_UNDER_WAY - 2
        while len((await told(socket, "state"))["phones"]["hands"]) < most:
            pass
        # what is told last is told of the hanging up
        assert len((await told(socket, "state"))["phones"]["hands"]) == most


@pytest.mark.parametrize("deed", ["repeat", "late"])
async def test_she_hangs_up_while_a_repeat_or_a_late_request_is_never_answered(silent: Silent, deed: str) -> None:
    behind = web.Application()
    behind.router.add_route("*", "/{way:.*}", silent.take)
    silent.screens = 2
    async with TestServer(behind) as gateway:
        room = new_room(url=str(gateway.make_url("")))
        await room.open()
        await room.dial(CODE)
        await room.redial()
        assert room.hand.alive
        asking = asyncio.ensure_future(room.repeat() if deed == "repeat" else room.late())
        await silent.asked.wait()
        assert room.busy
        await room.hang_up()
        await asking
        assert not room.busy
        assert room.hand.display == "idle"
        silent.never.set()
        await room.close()
