"""A new `dialogue` key while callers dial, in processes that take it up when it suits them: no dialog breaks."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import random
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from sessions import session_key
from tests.gateway.house import ANONYMOUS_REVIEW, CODE, NUMBER, REVIEW, SEND, Caller, House, reference
from ussd_engine.editions import Editions
from ussd_engine.feedback.base import CAPABILITIES
from ussd_engine.gateway import Gateway
from ussd_engine.keys import DIALOGUES_S, Keyring
from ussd_engine.keywatch import LOOK_S, KeyWatch
from ussd_engine.ledger.tables import cases
from ussd_engine.model import LegKind
from ussd_engine.view import KEPT_S

DAY = date(2026, 1, 15)
AFTER_S = 900
CALLERS, WAVES = 8, 7
GO_ON = ("9", "2", "1")
"""Through the root to what was begun."""


class Process:
    """A gateway's process: its own keyring, from the file that all share, and its own gateway on the shared stores."""

    def __init__(self, house: House, file: Path) -> None:
        def clock() -> float:
            return house.now[0]

        keyring = Keyring.load(file)
        gateway = Gateway(
            Editions(house.edition),
            house.sessions,
            house.ledger,
            keyring,
            random=os.urandom,
            clock=clock,
            core_can=CAPABILITIES,
            ask_core=house.core.view,
        )
        self.house = dataclasses.replace(house, gateway=gateway, keyring=keyring)
        self.keyring = keyring
        self.watch = KeyWatch(keyring, file, clock, lambda _: None)
        self.looked = house.now[0]

    async def maybe_look(self, chance: random.Random) -> None:
        """As `KeyWatch.run` does: a minute after the last look at the latest."""
        if self.house.now[0] - self.looked >= LOOK_S or chance.random() < 0.02:
            await self.watch.look()
            self.looked = self.house.now[0]


@pytest.fixture
def file(house: House, tmp_path: Path) -> Path:
    house.keyring.save(tmp_path / "keys.json")
    return tmp_path / "keys.json"


def rotate(house: House, file: Path, after_s: int = AFTER_S) -> None:
    at_s = int(house.now[0]) + after_s
    Keyring.change(file, lambda keys: keys.plan("dialogue", house.now[0], at_s, DAY))


@pytest.mark.parametrize("seed", range(4))
async def test_no_dialog_breaks_though_every_leg_meets_another_process(house: House, file: Path, seed: int) -> None:
    chance = random.Random(seed)
    processes = [Process(house, file) for _ in range(3)]
    sent: list[str] = []
    counted = Counter[str]()
    abreast = asyncio.Barrier(CALLERS)

    async def whole(caller: Caller) -> None:
        """A complaint, begun anywhere, each answer anywhere, with a line that breaks and is dialled again."""
        inputs = [*REVIEW, SEND]
        broken = chance.randrange(6, len(inputs))
        caller.house = chance.choice(processes).house
        await caller.dial()
        for at, text in enumerate(inputs):
            # Each step moves the clock for all: nobody may fall ten minutes behind while the disk is slow.
            await abreast.wait()
            for process in processes:
                await process.maybe_look(chance)
            caller.house = chance.choice(processes).house
            if at == broken:
                await caller.dial()
                counted.update(caller.counts)
                await caller.type(*GO_ON)
            reply = await caller.type(text, after=chance.uniform(7, 20))
            counted.update(caller.counts)
        sent.append(reference(reply))

    for wave in range(WAVES):
        if wave == 1:
            rotate(house, file)
        kinds = [chance.choice(list(LegKind)) for _ in range(CALLERS)]
        callers = [house.caller(kind, f"2557000{wave:02}{at:03}") for at, kind in enumerate(kinds)]
        await asyncio.gather(*map(whole, callers))
    assert [process.keyring.ring("dialogue").write for process in processes] == [2, 2, 2]
    assert len(set(sent)) == CALLERS * WAVES == len(await house.references())
    assert counted["redial"] == CALLERS * WAVES, "each broken line found its dialog"
    assert not {"not_applied", "prefix_mismatch", "out_of_order", "held"} & counted.keys()


@pytest.mark.parametrize("kind", list(LegKind))
@pytest.mark.parametrize("msisdn", [NUMBER, None])
async def test_a_dialog_ends_under_the_key_under_which_it_began(
    house: House, file: Path, kind: LegKind, msisdn: str | None
) -> None:
    """Also where number and code come on the first leg alone, or never."""
    process = Process(house, file)
    rotate(house, file)
    await process.watch.look()
    house.move(AFTER_S - 100)
    first = process.house.caller(kind, msisdn)
    path = (*(ANONYMOUS_REVIEW if msisdn is None else REVIEW), SEND)
    await first.dial()
    await first.type(*path[:6])
    house.move(100)
    await process.watch.look()
    assert process.keyring.ring("dialogue").write == 2
    for text in path[6:]:
        house.move(8)
        first.inputs = (*first.inputs, text)
        await first.send(msgspec.structs.replace(first.input(text), msisdn=None, service_code=None))
    assert len(await house.references()) == 1
    await first.repeat()
    assert "callback_replay" in first.counts


async def test_a_new_dialog_begins_under_the_new_key_and_is_found_by_who_has_not_looked_yet(
    house: House, file: Path
) -> None:
    early, late = Process(house, file), Process(house, file)
    rotate(house, file)
    await late.watch.look()
    house.move(AFTER_S)
    await early.watch.look()
    caller = early.house.caller(complete=True)
    await caller.at(*REVIEW[:6])
    assert list(house.sessions._entries) == [session_key(early.keyring.dialogue, NUMBER, CODE)]
    assert early.keyring.dialogue != late.keyring.dialogue
    caller.house = late.house
    await caller.type(*REVIEW[6:], SEND)
    assert len(await house.rows(cases)) == 1
    assert len(house.sessions._entries) == 1, "nobody began a second one"


async def test_of_two_dialogs_that_began_at_once_in_two_processes_all_find_the_same(house: House, file: Path) -> None:
    early, late = Process(house, file), Process(house, file)
    rotate(house, file)
    await late.watch.look()
    house.move(AFTER_S)
    await early.watch.look()
    house.sessions.slow["commit"] = cast(Any, asyncio.Barrier(2))
    dials = [one.house.caller(complete=True).dial(dialogue="D1") for one in (early, late)]
    assert len({reply.text for reply in await asyncio.gather(*dials)}) == 1
    del house.sessions.slow["commit"]
    assert len(house.sessions._entries) == 2
    caller = early.house.caller(complete=True)
    caller.dialogue = "D1"
    for at, text in enumerate((*REVIEW, SEND)):
        caller.house = (early, late)[at % 2].house
        reply = await caller.type(text)
    assert await house.references() == [reference(reply)]


async def test_after_a_day_one_key_is_looked_under_again(house: House, file: Path) -> None:
    process = Process(house, file)
    old = process.keyring.dialogue
    rotate(house, file)
    assert process.keyring.dialogues(house.now[0]) == [old]
    await process.watch.look()
    assert process.keyring.dialogues(house.now[0])[0] == old
    house.move(AFTER_S + DIALOGUES_S - 1)
    await process.watch.look()
    new = process.keyring.dialogue
    assert process.keyring.dialogues(house.now[0]) == [old, new]
    assert new != old
    house.move(1)
    assert process.keyring.dialogues(house.now[0]) == [new]
    assert DIALOGUES_S > 10 * KEPT_S


async def test_a_second_rotation_keeps_the_first_in_sight(house: House, file: Path) -> None:
    process = Process(house, file)
    keys = [process.keyring.dialogue]
    for _ in range(2):
        rotate(house, file)
        house.move(AFTER_S)
        await process.watch.look()
        keys.append(process.keyring.dialogue)
    assert process.keyring.dialogues(house.now[0]) == keys
    assert Keyring.load(file).ring("dialogue").next is not None
