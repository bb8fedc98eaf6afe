"""Pictures of the phone, made by the program itself: `python -m simulator.pictures FOLDER` writes them as SVG.

What is drawn by chance stands in them as the same number each time, so that a picture changes when a view does.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, NamedTuple

from textual.pilot import Pilot

from simulator.clock import MovedClock
from simulator.dialog import number_of
from simulator.floor import Way
from simulator.room import Room
from simulator.screen import Simulator
from simulator.stage import MORNING
from ussd_engine import config

SIZE: Final = (80, 24)
REFERENCE, PIN, DIALOGUE = "482173659", "0962", "5f0c2e8a91d34b67"
_PIN = re.compile(r"(?<=PIN:[ \u00a0])\d{4}|(?<=PIN:&#160;)\d{4}")
_DIALOGUE = re.compile(r"\b[0-9a-f]{16}\b")
_OUTSIDE = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
"""Fonts that would be fetched from elsewhere."""
FONTS: Final = "DejaVu Sans Mono, Menlo, Consolas, monospace"


class Scene(NamedTuple):
    """What is done before a picture, and which page stands beside the phone in it."""

    name: str
    language: str
    answers: tuple[str, ...] = ()
    acts: tuple[tuple[str, str], ...] = ()
    page: str = "help"


CODE: Final = "*152*00#"
TO_TEXT: Final = ("9", "2", "1", "1", "1", "tanesco", "1", "1")
SENT: Final = (*TO_TEXT, "umeme umekatika siku tatu", "1", "1")
ANSWERED: Final = (("open", ""), ("progress", ""), ("answer", "Mafundi wamefika, umeme umerudi."))
SCENES: Final = (
    Scene("start", "sw"),
    Scene("sms", "sw", SENT, page="inbox"),
    Scene("officer", "en", SENT, ANSWERED, "desk"),
    Scene("trouble", "en", TO_TEXT, page="trouble"),
)


def the_same(text: str, room: Room) -> str:
    """`text` with the same values for what chance drew."""
    for reference in room.references:
        text = text.replace(reference, REFERENCE)
    return _DIALOGUE.sub(DIALOGUE, _PIN.sub(PIN, text))


def svg(app: Simulator) -> str:
    """The terminal as it is now; nothing in it is fetched from elsewhere."""
    drawn = _OUTSIDE.sub("", app.export_screenshot(title="ussd-engine simulate"))
    drawn = re.sub(r"terminal-\d+", "terminal", drawn)
    drawn = re.sub(r"font-family: [^;]*;", f"font-family: {FONTS};", drawn)
    return the_same(drawn, app.room)


async def settled(app: Simulator, pilot: Pilot[int]) -> None:
    """Return once nothing is under way any more."""
    await pilot.pause()
    await app.workers.wait_for_complete()
    await pilot.pause()


async def play(room: Room, scene: Scene) -> None:
    """Bring a room to where a scene begins."""
    await room.anew()
    if scene.answers:
        await room.dial(CODE)
    for text in scene.answers:
        await room.type(text)
    for act, says in scene.acts:
        await room.act(act, says)  # type: ignore[arg-type]  # the scenes above name acts
    room.note = None


async def pictures(room: Room) -> AsyncIterator[tuple[str, str]]:
    """The name and the SVG of every scene, on a room that is open."""
    for scene in SCENES:
        await play(room, scene)
        room.hand.phone.msisdn = room.way.msisdn
        app = Simulator(room, scene.language)
        async with app.run_test(size=SIZE) as pilot:
            app.action_page(scene.page)
            await settled(app, pilot)
            yield scene.name, svg(app)


def draw(folder: Path) -> None:
    """Write every picture."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, drawn in asyncio.run(all_pictures()).items():
        (folder / f"{name}.svg").write_text(drawn, encoding="utf-8")


async def all_pictures() -> dict[str, str]:
    """The SVG of every scene, by its name, from a room of their own."""
    settings = config.load({})
    way = Way("africastalking", number_of(settings, None))
    room = Room(settings, way, MovedClock(lambda: MORNING))
    try:
        await room.open()
        drawn = {name: picture async for name, picture in pictures(room)}
    finally:
        await room.close()
    return drawn


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
