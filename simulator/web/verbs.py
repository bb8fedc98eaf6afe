"""What a page may ask of a room: each verb by its name, with no more than a text, a number and a name."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from simulator.calls import MOST_TYPED
from simulator.deeds import PHONES, TROUBLES
from simulator.handset import PUT_AWAY, Display
from simulator.room import MOST_SMS, Room
from simulator.speech import Foreign, Note, told
from simulator.terms import ACTS, REPORTS

MOST_SAID: Final = 4000
"""Characters of an officer's words."""
_NAME: Final = re.compile(r"[^\w.-]+")


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A message of the page. `do` names the verb, `name` what it is done with, `at` an SMS by its place."""

    do: str
    name: str = ""
    text: str = ""
    at: int = -1


Verb = Callable[[Room, Asked], Awaitable[None]]
DEEDS: Final = {deed.name: deed for deed in (*TROUBLES, *PHONES)}


async def _key(room: Room, _: Asked) -> None:
    """A key of the phone puts away what only has to be read; the characters stay in the page until they are sent."""
    room.press("")


async def _send(room: Room, asked: Asked) -> None:
    """The green key, with what is typed; where a last screen stands, a code that is typed is dialled at once."""
    if room.hand.display is Display.WAITING or room.hand.sending:
        return
    if asked.text and room.hand.display in PUT_AWAY:
        room.hand.clear()
    room.hand.entry, room.hand.refused = asked.text[:MOST_TYPED], False
    await room.send()


async def _hang_up(room: Room, _: Asked) -> None:
    await room.hang_up()


async def _write(room: Room, asked: Asked) -> None:
    await room.write(asked.text[:MOST_SMS])


async def _read(room: Room, _: Asked) -> None:
    for message in room.hand.inbox:
        message.read = True


async def _report(room: Room, asked: Asked) -> None:
    inbox = room.hand.inbox
    for how in REPORTS:
        if 0 <= asked.at < len(inbox) and how == asked.name:
            await room.report(inbox[asked.at], how)


async def _look(room: Room, _: Asked) -> None:
    await room.look()


async def _act(room: Room, asked: Asked) -> None:
    for act in ACTS:
        if act == asked.name:
            await room.act(act, asked.text[:MOST_SAID])


async def _deed(room: Room, asked: Asked) -> None:
    if asked.name in DEEDS:
        await DEEDS[asked.name].do(room)


async def _take(room: Room, asked: Asked) -> None:
    if asked.name in room.handsets:
        await room.take(asked.name)


async def _switch(room: Room, asked: Asked) -> None:
    if asked.name in room.providers:
        await room.switch(asked.name)


async def _step(room: Room, _: Asked) -> None:
    await room.step()


VERBS: Final[Mapping[str, Verb]] = {
    "key": _key,
    "send": _send,
    "hang_up": _hang_up,
    "write": _write,
    "read": _read,
    "report": _report,
    "look": _look,
    "act": _act,
    "deed": _deed,
    "take": _take,
    "switch": _switch,
    "step": _step,
}


def _kept(folder: Path, asked: Asked) -> Path:
    """The file of a transcript; the one that was opened before goes."""
    for before in folder.iterdir():
        before.unlink(missing_ok=True)
    path = folder / (_NAME.sub("-", asked.name.rpartition("/")[2]).strip(".-")[-60:] or "dialog.yaml")
    path.write_text(asked.text, encoding="utf-8")
    return path


async def open_in(folder: Path, room: Room, asked: Asked) -> None:
    """A transcript that the page brings, in a folder of the room's: no path of this machine is read."""
    path = await asyncio.to_thread(_kept, folder, asked)
    await room.open_transcript(path)
    if room.note:
        # where the file lies is nobody's business
        room.note = told(room.note.text, **{name: _bare(one, folder) for name, one in room.note.values.items()})


def _bare(value: str | Note | Foreign, folder: Path) -> str | Note | Foreign:
    """A value without the folder in it."""
    if isinstance(value, Foreign):
        return Foreign(*(part.replace(f"{folder}/", "") for part in value))
    return value.replace(f"{folder}/", "") if isinstance(value, str) else value
