"""A phone at a gateway elsewhere that is to bind: it is waited for, and that is said."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from simulator.floor import Way
from simulator.room import Room
from simulator.speech import Speech
from tests.room.conftest import CODE
from ussd_engine import config
from ussd_engine.app import create_app, running
from ussd_engine.logs import Log

pytestmark = pytest.mark.asyncio(loop_scope="session")
WAIT_S = 30


def told(room: Room) -> str:
    return Speech("en").note(room.note) if room.note else ""


async def waits(room: Room, work: Callable[[], Awaitable[None]], for_url: str) -> asyncio.Task[None]:
    """Begin what has to wait for a bind, and return once that is said."""
    task = asyncio.create_task(_done(work))
    async with asyncio.timeout(WAIT_S):
        while not told(room).startswith(f"Waiting until a running gateway binds to {for_url}: it tries "):
            assert not task.done(), told(room)
            await asyncio.sleep(0)
    return task


async def _done(work: Callable[[], Awaitable[None]]) -> None:
    await work()


async def test_a_bind_is_waited_for_until_it_comes_or_who_waits_hangs_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.smsc.Smsc.bound.__defaults__", (1, 0.0))  # who has no patience has none at all
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        url = f"smpp://127.0.0.1:{one.getsockname()[1]}"
    names = {"VAR": str(tmp_path), "CHANNELS": "smpp", "CHANNEL_SETTINGS": json.dumps({"smpp": {"url": url}})}
    settings = config.load({f"USSD_ENGINE_{name}": value for name, value in names.items()})
    room = Room(settings, Way("smpp", "255700000001", "http://127.0.0.1:1"))
    await room.open()
    dialling = await waits(room, lambda: room.dial(CODE), url)
    assert told(room).endswith(" Hang up to end it.")
    await room.hang_up()
    await dialling
    assert told(room) == "You hung up before an answer came."
    dialling = await waits(room, room.redial, url)
    async with running(create_app(settings, log=Log("CRITICAL"), proven=True)):
        await dialling
        assert room.hand.shown is not None
        assert room.hand.shown.text.startswith("Huduma za Serikali")
        assert told(room) == ""
        await room.hang_up()
    await room.close()
