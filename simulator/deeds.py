"""What can be done to a room besides dialling and typing: one table for every view, with a key for each.

`key` works while the phone is in hand; where it is empty, the deed stands in the list alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Final, NamedTuple

from simulator.room import Room
from simulator.speech import Note, told
from simulator.terms import FAULTS, PAUSES
from simulator.trouble import Fault


class Deed(NamedTuple):
    """One thing that can be done. `on`: it is in force."""

    name: str
    label: Note
    do: Callable[[Room], Awaitable[None]]
    key: str = ""
    on: Callable[[Room], bool] = lambda _: False

    def there(self, room: Room) -> bool:
        """Whether it can be done to that room's gateway at all."""
        return not room.way.url or self.name in ANYWHERE


async def _core(room: Room) -> None:
    await room.core(not room.core_is_down)


async def _drop(room: Room) -> None:
    room.drop()


async def _gateway(room: Room) -> None:
    if room.dead:
        await room.start_again()
    else:
        await room.kill()


async def _next_provider(room: Room) -> None:
    at = room.providers.index(room.provider) if room.provider in room.providers else -1
    await room.switch(room.providers[(at + 1) % len(room.providers)])


async def _fault(fault: Fault, room: Room) -> None:
    room.trouble(fault)


async def _wait(seconds: int, room: Room) -> None:
    await room.wait(seconds)


def _has(fault: Fault, room: Room) -> bool:
    return fault in room.faults


_FAULT_KEYS: Final[dict[Fault, str]] = {"slow": "ctrl+s"}
_PAUSE_KEYS: Final = {180: "ctrl+w"}


def _troubles() -> Iterator[Deed]:
    yield Deed("hang_up", told("Hang up"), lambda room: room.hang_up(), "ctrl+k")
    yield Deed("redial", told("Redial"), lambda room: room.redial(), "ctrl+r")
    for seconds, label in PAUSES.items():
        yield Deed(f"wait {seconds}", label, partial(_wait, seconds), _PAUSE_KEYS.get(seconds, ""))
    yield Deed("repeat", told("Repeat the last request"), lambda room: room.repeat(), "ctrl+t")
    yield Deed("late", told("Send an old request late"), lambda room: room.late(), "ctrl+e")
    yield Deed("drop", told("Break the next answer off"), _drop, "ctrl+d", lambda room: room.tap.dropping)
    yield Deed("core", told("Core down"), _core, "ctrl+o", lambda room: room.core_is_down)
    for fault, words in FAULTS.items():
        yield Deed(f"fault {fault}", words, partial(_fault, fault), _FAULT_KEYS.get(fault, ""), partial(_has, fault))
    yield Deed("gateway", told("Gateway killed"), _gateway, "ctrl+g", lambda room: room.dead)
    yield Deed("provider", told("Next provider"), _next_provider, "ctrl+n")


ANYWHERE: Final = ("hang_up", "redial", "repeat", "late", "drop", "provider", "another", "share", "anew")
"""What can be done to a gateway elsewhere too."""
TROUBLES: Final = tuple(_troubles())
TOGGLES: Final = ("drop", "core", "gateway", *(deed.name for deed in TROUBLES if deed.name.startswith("fault ")))
"""What is switched on and off."""

PHONES: Final = (
    Deed("another", told("Another caller, another phone"), lambda room: room.another(), "ctrl+p"),
    Deed("share", told("Another caller, this phone"), lambda room: room.share()),
    Deed("recycle", told("Another caller got this number"), lambda room: room.recycle()),
    Deed("anew", told("Everything anew"), lambda room: room.anew()),
)


def spelled(key: str) -> str:
    """A key as it is written: `^K`."""
    return key.replace("ctrl+", "^").upper()
