"""One room on one gateway for all of these tests; each has a number of its own, and a transcript from there on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from simulator.clock import MovedClock
from simulator.floor import Way
from simulator.room import Room
from simulator.stage import MORNING
from ussd_engine import config

CODE = "*152*00#"
TO_HOME = ["9", "2", "1"]
COMPLAINT = [*TO_HOME, "1", "1", "tanesco", "1", "1", "umeme umekatika siku tatu"]
"""Up to the question who may know her."""


def new_room(provider: str = "africastalking", url: str = "") -> Room:
    return Room(config.load({}), Way(provider, "255700000001", url), MovedClock(lambda: MORNING))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def open_room() -> AsyncIterator[Room]:
    made = new_room()
    await made.open()
    assert made.local is not None, made.note
    yield made
    await made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def room(open_room: Room) -> Room:
    open_room.provider = "africastalking"
    open_room.faults.clear()
    open_room.tap.dropping = False
    await open_room.core(down=False)
    await open_room.anew()
    return open_room


@pytest_asyncio.fixture(loop_scope="session")
async def fresh_room() -> AsyncIterator[Room]:
    """A room whose gateway has seen nothing: for what opens gateways of other kinds."""
    made = new_room()
    await made.open()
    yield made
    await made.close()


async def type_all(room: Room, *texts: str) -> str:
    """Type each; the text of the last screen."""
    for text in texts:
        await room.type(text)
        assert room.hand.shown is not None, room.note
    assert room.hand.shown is not None
    return room.hand.shown.text


async def send_complaint(room: Room) -> str:
    """From the dial to the reference."""
    await room.dial(CODE)
    await type_all(room, *COMPLAINT, "1", "1")
    return room.reference
