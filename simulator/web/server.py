"""Serves the page: its four files, one WebSocket for what is done, and the transcript to take away."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import secrets
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import msgspec
from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler

from simulator.faults import no_file
from simulator.room import Room
from simulator.speech import Note, Speech
from simulator.web.guard import OWN_NAMES, Guard, guarding
from simulator.web.seats import FULL, Seat, Seats
from simulator.web.verbs import Asked
from simulator.web.words import AGAIN

FOLDER: Final = Path(__file__).parent
FILES: Final = {"": "text/html", "page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}
MOST_ASKED: Final = 256 * 1024
"""Bytes of one message: a transcript, with room to spare."""
SWEEP_S: Final = 10.0
ALIVE_S: Final = 20.0
FAREWELL_S: Final = 2.0
"""How long a page has to say that it heard the end."""
LOOPBACK: Final = "127.0.0.1"
SEATS: Final = web.AppKey("seats", Seats)
_BAD: Final = 1007


def token_for(host: str) -> str:
    """What the address needs besides, where others than this machine can reach it."""
    with contextlib.suppress(ValueError):
        if host in OWN_NAMES or ipaddress.ip_address(host).is_loopback:
            return ""
    return secrets.token_urlsafe(24)


def address(host: str, port: int, token: str) -> str:
    """Where the page stands, for a browser."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/{token}{'/' if token else ''}"


def application(seats: Seats, host: str, token: str = "") -> web.Application:
    """The application; it closes every room when it ends."""
    app = guarding(Guard(host, token))
    app[SEATS] = seats
    root = f"/{token}" if token else ""
    for name, kind in FILES.items():
        app.router.add_get(f"{root}/{name}", _file(name or "page.html", kind))
    app.router.add_get(f"{root}/room", _room)
    app.router.add_get(f"{root}/dialog.yaml", _dialog)
    app.cleanup_ctx.append(_swept)
    app.on_shutdown.append(_closed)
    return app


def _file(name: str, kind: str) -> Handler:
    body = (FOLDER / name).read_bytes()

    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type=kind, charset="utf-8")

    return answer


async def _swept(app: web.Application) -> AsyncIterator[None]:
    async def sweeping() -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            await app[SEATS].sweep()

    task = asyncio.create_task(sweeping())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _closed(app: web.Application) -> None:
    await app[SEATS].close()


async def _room(request: web.Request) -> web.StreamResponse:
    """The page's own line: verbs come, the room as it is goes."""
    seats = request.app[SEATS]
    socket = web.WebSocketResponse(timeout=FAREWELL_S, heartbeat=ALIVE_S, max_msg_size=MOST_ASKED, compress=False)
    await socket.prepare(request)
    seat = await _taken(seats, request.query.get("seat", ""))
    if isinstance(seat, Note):
        say = Speech(seats.language)
        await socket.send_json({"over": say.note(seat), "again": say.note(AGAIN)})
        await socket.close()
        return socket
    try:
        await seat.welcome(socket)
        await _listen(seats, seat, socket)
    except ConnectionError:
        pass  # the page is gone
    finally:
        seat.sockets.discard(socket)
        seats.touch(seat)
    return socket


async def _taken(seats: Seats, id: str) -> Seat | Note:
    """A seat, or why there is none."""
    try:
        return await seats.take(id) or FULL
    except OSError as error:
        return no_file(error)


async def _listen(seats: Seats, seat: Seat, socket: web.WebSocketResponse) -> None:
    async for message in socket:
        try:
            asked = msgspec.json.decode(message.data if message.type is WSMsgType.TEXT else b"", type=Asked)
        except msgspec.DecodeError:
            await socket.close(code=_BAD)
            return
        seats.touch(seat)
        seat.begin(asked)


async def _dialog(request: web.Request) -> web.Response:
    """What was done, as a transcript."""
    seat = request.app[SEATS].find(request.query.get("seat", ""))
    if seat is None or not seat.room.recorder.steps:
        raise web.HTTPNotFound(text="Nothing was done there.\n")
    return web.Response(
        text=await seat.room.written("dialog"),
        content_type="application/yaml",
        headers={"Content-Disposition": 'attachment; filename="dialog.yaml"'},
    )


@contextlib.asynccontextmanager
async def serving(
    make: Callable[[], Room],
    language: str,
    host: str = LOOPBACK,
    port: int = 0,
    now: Callable[[], float] = time.monotonic,
) -> AsyncIterator[tuple[str, Seats]]:
    """Serve on an address, port 0 being any; gives the page's address and its rooms. Raises `OSError`."""
    seats, token = Seats(make, language, now), token_for(host)
    runner = web.AppRunner(application(seats, host, token), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        bound = runner.addresses[0][1]
        yield address(host, bound, token), seats
    finally:
        await runner.cleanup()
