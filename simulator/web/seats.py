"""Who sits at which phone: one room a browser's page, bounded in number and in time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from simulator.faults import fault
from simulator.room import Room
from simulator.speech import LANGUAGES, Note, Speech, told
from simulator.web.shown import shown
from simulator.web.verbs import VERBS, Asked, open_in
from simulator.web.words import AGAIN, words
from ussd_engine.country import Country

MOST_ROOMS: Final = 8
IDLE_S: Final = 3600.0
"""How long a room stays whose page asks for nothing."""
GONE_S: Final = 120.0
"""How long a room stays whose page is gone: as long as it takes to load it again."""
TICK_S: Final = 1.0
MOST_PAGES: Final = 4
"""Pages that show one room."""
MOST_UNDER_WAY: Final = 8
"""Verbs of one room at a time."""
FULL: Final = told("Every phone is in use. Close one of the other pages, then begin anew.")
PUT_AWAY: Final = told("This phone was put away, for nobody touched it for an hour.")


class Seat:
    """One room and the pages that show it."""

    def __init__(self, room: Room, language: str, now: float) -> None:
        self.id = secrets.token_urlsafe(16)
        self.room = room
        self.speech = Speech(language)
        self.touched = now
        self.sockets: set[web.WebSocketResponse] = set()
        self.folder = Path(tempfile.mkdtemp(prefix="ussd-engine-page-"))
        self._zone = Country.load(room.settings.country).time_zone
        self._last = ""
        self._shown = shown(room, self.speech, self._zone)
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, asked: Asked) -> None:
        """Do what a page asks for, beside whatever is under way; too much of it is dropped, but for hanging up."""
        most = 2 * MOST_UNDER_WAY if asked.do == "hang_up" else MOST_UNDER_WAY
        if len(self._tasks) < most:
            self._run(self._safely(self._do(asked)))

    def open(self) -> None:
        """Start the gateway, and look at the clock from then on."""
        self._run(self._open())

    async def close(self, why: Note | None = None) -> None:
        """Put the phone away; its pages are told why, where there is a reason."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for socket in list(self.sockets):
            with contextlib.suppress(ConnectionError, RuntimeError):
                if why:
                    await socket.send_str(_json({"over": self.speech.note(why), "again": self.speech.note(AGAIN)}))
                await socket.close()
        await self.room.close()
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)

    async def welcome(self, socket: web.WebSocketResponse) -> None:
        """Tell a page all that it needs."""
        self.sockets.add(socket)
        await socket.send_str(_json({"seat": self.id, **self._words(), "state": self._state()}))

    async def show(self) -> None:
        """Send every page the room as it is, where it is otherwise than before."""
        state = _json({"state": self._state()})
        if state != self._last:
            self._last = state
            await self._tell(state)

    async def _open(self) -> None:
        await self.room.open()
        while True:
            await self._safely(self.show())
            await asyncio.sleep(TICK_S)
            await self._safely(self.room.tick())

    async def _safely(self, work: Coroutine[Any, Any, None]) -> None:
        """Whatever fails becomes words."""
        try:
            await work
        except Exception as error:
            self.room.note = fault(error)

    async def _do(self, asked: Asked) -> None:
        if asked.do == "language":
            self.speech.speak(LANGUAGES[(LANGUAGES.index(self.speech.language) + 1) % len(LANGUAGES)])
            await self._tell(_json({**self._words(), "state": self._state()}))
            return
        work = asyncio.ensure_future(self._verb(asked))
        try:
            # what is under way is shown too
            await asyncio.sleep(0)
            await self._safely(self.show())
            await work
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
        await self.show()

    async def _verb(self, asked: Asked) -> None:
        if asked.do == "open":
            await open_in(self.folder, self.room, asked)
        elif asked.do in VERBS:
            await VERBS[asked.do](self.room, asked)

    def _words(self) -> dict[str, Any]:
        return {"language": self.speech.language, "words": words(self.room, self.speech)}

    def _state(self) -> dict[str, Any]:
        self._shown = shown(self.room, self.speech, self._zone, self._shown)
        return self._shown

    async def _tell(self, message: str) -> None:
        for socket in list(self.sockets):
            with contextlib.suppress(ConnectionError, RuntimeError):
                await socket.send_str(message)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Seats:
    """All of them. `make` gives a new room, `now` seconds of whichever clock."""

    def __init__(
        self, make: Callable[[], Room], language: str, now: Callable[[], float], most: int = MOST_ROOMS
    ) -> None:
        self._make = make
        self.language = language
        self._now = now
        self._most = most
        self._seats: dict[str, Seat] = {}

    def __len__(self) -> int:
        return len(self._seats)

    def __iter__(self) -> Iterator[Seat]:
        return iter(list(self._seats.values()))

    def find(self, id: str) -> Seat | None:
        """The seat that a page had before."""
        return self._seats.get(id)

    async def take(self, id: str) -> Seat | None:
        """The seat that a page had before, or a new one; `None` where all are taken."""
        if found := self.find(id):
            self.touch(found)
            return found if len(found.sockets) < MOST_PAGES else None
        if len(self._seats) >= self._most and not await self._freed():
            return None
        seat = Seat(self._make(), self.language, self._now())
        self._seats[seat.id] = seat
        seat.open()
        return seat

    def touch(self, seat: Seat) -> None:
        """Somebody is there."""
        seat.touched = self._now()

    async def sweep(self) -> None:
        """Put away what nobody uses."""
        for seat in self:
            idle = self._now() - seat.touched
            if idle >= IDLE_S or (not seat.sockets and idle >= GONE_S):
                await self.put_away(seat, PUT_AWAY)

    async def put_away(self, seat: Seat, why: Note | None = None) -> None:
        """Close a room."""
        if self._seats.pop(seat.id, None):
            # one that cannot be closed keeps nobody from closing the others
            with contextlib.suppress(Exception):
                await seat.close(why)

    async def close(self) -> None:
        """Close all of them."""
        await asyncio.gather(*(self.put_away(seat) for seat in self))

    async def _freed(self) -> bool:
        """Whether a room could be put away whose page is gone."""
        gone = min((seat for seat in self if not seat.sockets), key=lambda seat: seat.touched, default=None)
        if gone:
            await self.put_away(gone)
        return gone is not None and len(self._seats) < self._most


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
