"""The phone of the simulator and `dial` show, byte for byte, what a plain HTTP client gets: on every channel."""

from __future__ import annotations

import asyncio
import re

import pytest

from simulator.dialog import Dialog
from simulator.local import Local, wire
from simulator.phone import Phone
from simulator.room import Room
from tests.room.conftest import CODE
from tests.room.plain_client import BOUND, POSTING, WIRES, Leg, ask, screen
from ussd_engine import channels
from ussd_engine.channels.base import Bound, Posting

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOME = ("9", "2", "1")
COMPLAINT = (*HOME, "1", "1", "tanesco", "1", "1")
DIALOGS: tuple[tuple[str, ...], ...] = (
    (),
    ("9",),
    ("9", "2"),
    HOME,
    ("9", "2", "2"),
    (*HOME, "8"),
    (*HOME, "7", "3"),
    (*HOME, "5"),
    (*HOME, "5", "1"),
    (*HOME, "5", "2", "12"),
    (*HOME, "6", "2"),
    (*HOME, "1", "1", 'maji < dodoma & "bahi"'),
    (*HOME, "1", "2", "98"),
    (*HOME, "1", "6", "98"),
    (*HOME, "77"),
    (*HOME, "77", "x", "?"),
    (*COMPLAINT, "0", "00"),
    (*COMPLAINT, "ñandú 100% & <b> + 'maji' siku tatu", "1"),
    (*COMPLAINT, "umeme umekatika siku tatu", "1", "1"),
    (*COMPLAINT, "umeme umekatika siku tatu", "3", "9"),
)
EQUAL_S = 8.0


class Plain:
    """The plain client on one channel of a gateway."""

    def __init__(self, local: Local, channel: str) -> None:
        self.local = local
        self.channel = channel

    async def play(self, number: str, session: str, inputs: tuple[str, ...]) -> list[bytes]:
        """The body of every screen."""
        bodies: list[bytes] = []
        for count in range(len(inputs) + 1):
            await self.local.clock.leave(EQUAL_S)
            leg = Leg(session, number, CODE, inputs[:count])
            bodies.append(await self._asked(leg))
        return bodies

    async def _asked(self, leg: Leg) -> bytes:
        call, posted = WIRES[self.channel](leg), self.local.line.posted
        assert posted is not None
        if self.channel in BOUND:
            assert posted.smsc is not None
            assert await posted.smsc.deliver(bytes.fromhex(call[3])) == 0
            return (await posted.next(f"{leg.number}-{leg.session[-2:]}")).body
        body = await asyncio.to_thread(ask, self.local.line.url, self.channel, call)
        return (await posted.next(leg.session)).body if self.channel in POSTING else body


def the_same(body: bytes, number: str, session: str) -> bytes:
    """Without what is new in every dialogue."""
    if body.startswith(b"\0\0"):
        # Of a PDU the number of its session, and its own in the header.
        body = re.sub(rb"\x13\x83\x00\x02.", b"SESSION", body[16:], flags=re.DOTALL)
    body = body.replace(number.encode(), b"NUMBER").replace(session.encode(), b"SESSION")
    body = re.sub(rb"\b[1-9][0-9]{8}\b", b"REFERENCE", body)
    return re.sub(rb"PIN: [0-9]{4}", b"PIN: ....", body)


async def by_the_room(room: Room, inputs: tuple[str, ...]) -> tuple[list[bytes], list[str]]:
    """The bodies and the screens of the simulator's phone; its session's id is not drawn anew in a dialogue."""
    bodies, texts = [], []
    for index, text in enumerate((CODE, *inputs)):
        await (room.type(text) if index else room.dial(text))
        assert room.tap.answer is not None, room.note
        assert room.hand.shown is not None, room.note
        bodies.append(room.tap.answer.body)
        texts.append(room.hand.shown.text)
    return bodies, texts


def printed(told: str) -> list[str]:
    """The screens that `dial` printed."""
    return ["\n".join(row[2:] for row in block.split("\n")[1:-1]) for block in told.strip().split("\n\n")]


async def test_there_is_a_plain_wire_for_every_channel() -> None:
    assert sorted(WIRES) == channels.names()
    assert len(set(DIALOGS)) == 20


@pytest.mark.parametrize("channel", sorted(WIRES))
async def test_phone_and_dial_show_what_a_plain_client_gets(
    room: Room, channel: str, capsys: pytest.CaptureFixture[str]
) -> None:
    local = room.local
    assert local is not None
    made = wire(channel, room.settings)
    if isinstance(made, Posting | Bound):
        assert local.line.posted is not None
        await local.line.posted.listen(made)
    plain, turn = Plain(local, channel), sorted(WIRES).index(channel)
    await room.switch(channel)
    for index, inputs in enumerate(DIALOGS):
        number, caller = (str(255700000000 + first + 100 * turn + index) for first in (2000, 4000))
        session = f"7{index:03}55"
        expected = await plain.play(number, session, inputs)
        screens = [screen(channel, body) for body in expected]

        await room.anew()
        bodies, texts = await by_the_room(room, inputs)
        mine = room.hand.phone.dialogue
        assert [the_same(body, room.hand.number, mine) for body in bodies] == [
            the_same(body, number, session) for body in expected
        ]
        hide = [the_same(text.encode(), "-", "-") for text, _ in screens]
        assert [the_same(text.encode(), "-", "-") for text in texts] == hide

        phone = Phone(wire(channel, room.settings), local.line, local.clock, caller)
        capsys.readouterr()
        assert await Dialog(CODE, inputs, caller, channel)._play(phone) is screens[-1][1]
        told = printed(capsys.readouterr().out)
        assert [the_same(text.encode(), "-", "-") for text in told] == hide
