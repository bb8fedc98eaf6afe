"""Whatever is played in a room and saved replays the same elsewhere: people at work, and all that can go wrong."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from simulator import transcript as transcripts
from simulator.clock import MovedClock
from simulator.deeds import PHONES, TROUBLES
from simulator.exchange import HOWS
from simulator.floor import Way
from simulator.officer import SPEAKS
from simulator.replay import first_of
from simulator.room import Room
from simulator.side_by_side import side_by_side
from simulator.speech import Speech
from simulator.stage import MORNING, Stage
from simulator.terms import ACTS
from tests.room.conftest import CODE, COMPLAINT, send_complaint, type_all
from ussd_engine import config

pytestmark = pytest.mark.asyncio(loop_scope="session")

say = Speech("en")
DEEDS = {deed.name: deed for deed in (*TROUBLES, *PHONES)}
ANSWERS = (*"1234567890", "98", "00", "tanesco", "umeme umekatika siku tatu", "Juma")


class Hand:
    """A clock that goes on as whoever sits there takes her time."""

    def __init__(self) -> None:
        self.at = MORNING

    def __call__(self) -> float:
        return self.at


class Desk:
    """A room whose clock is moved as in life."""

    def __init__(self, provider: str = "africastalking", msisdn: str | None = "255700000001") -> None:
        self.hand = Hand()
        self.room = Room(config.load({}), Way(provider, msisdn), MovedClock(self.hand))

    async def saved(self, folder: Path) -> transcripts.Transcript:
        """What was done, saved and found to replay."""
        path = folder / "saved.yaml"
        await self.room.save(path, "x")
        assert path.exists(), self.room.note
        written = transcripts.load(path)
        assert await differences(written, folder / "stage") == [], path.read_text(encoding="utf-8")
        return written


async def differences(written: transcripts.Transcript, folder: Path) -> list[str]:
    settings = config.load({})
    async with Stage(settings, folder) as stage:
        player = await stage.player(written, first_of(settings, written))
        found = await player.play()
        return [row for one in found for row in (f"step {one.step}: {one.what}", *side_by_side(one, 100))]


@pytest_asyncio.fixture(loop_scope="session")
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    await made.room.open()
    yield made
    await made.room.close()


async def report_of_the_last(room: Room, how: str) -> None:
    foreign = [one for one in room.hand.inbox if not one.mine]
    if foreign:
        await room.report(foreign[-1], how)  # type: ignore[arg-type]


async def done_next(room: Room, chance: random.Random) -> None:
    """Something that a tester does next: mostly she goes on, now and then she makes trouble."""
    die = chance.random()
    if room.dead and die < 0.5:
        await room.start_again()
    elif die < 0.22:
        await DEEDS[chance.choice([name for name in DEEDS if name != "anew"])].do(room)
    elif die < 0.30 and room.reference:
        await room.look()
        offers = room.sheet.offers if room.sheet else ()
        if offers:
            act = chance.choice(offers)
            words = "DUWASA" if act == "transfer" else "Mafundi wamefika." if act in SPEAKS else ""
            await room.act(next(one for one in ACTS if one == act), words)
    elif die < 0.36:
        await room.write(chance.choice([f"HALI {room.reference}", "MSAADA", f"ONGEZA {room.reference} mtaa wa Mtumba"]))
    elif die < 0.40:
        await report_of_the_last(room, chance.choice(HOWS))
    elif die < 0.44:
        await room.take(chance.choice(list(room.handsets)))
    elif die < 0.52 and not room.reference:
        await send_complaint_somehow(room)
    elif room.hand.alive:
        await room.type(chance.choice(ANSWERS))
    else:
        await (room.dial(chance.choice([CODE, "*152*00*9*2#"])) if chance.random() < 0.6 else room.redial())


async def send_complaint_somehow(room: Room) -> None:
    """Through whatever comes between."""
    await room.dial(CODE)
    for text in (*COMPLAINT, "1", "1"):
        await room.type(text)


@pytest.mark.parametrize("seed", range(12))
async def test_any_dialog_that_is_saved_replays(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)  # the same walks each time
    desk = Desk(chance.choice(["africastalking", "africastalking", "tigo", "beem", "generic", "halotel"]))
    await desk.room.open()
    try:
        await desk.room.dial(CODE)
        for _ in range(40):
            desk.hand.at += chance.choice([0.4, 2.0, 5.0, 11.0, 45.0])
            await done_next(desk.room, chance)
            assert "simulator itself" not in (say.note(desk.room.note) if desk.room.note else "")
        if desk.room.dead:
            await desk.room.start_again()
        await desk.saved(tmp_path)
    finally:
        await desk.room.close()


async def test_an_sms_that_came_late_stands_where_it_comes_when_it_is_played(desk: Desk, tmp_path: Path) -> None:
    room = desk.room
    await send_complaint(room)
    await report_of_the_last(room, "failed")
    before = len(room.hand.inbox)
    # a minute goes by in which nobody does anything, and the gateway sends it once more
    desk.hand.at += 15 * 60
    assert room.local is not None
    await room.local.settled()
    await room.tick()
    assert len(room.hand.inbox) > before
    await room.dial(CODE)
    written = await desk.saved(tmp_path)
    waits = [step for step in written.steps if step.wait and step.gets]
    assert len(waits) == 1
    assert not written.steps[-1].gets


async def test_an_sms_that_came_after_all_was_done_is_saved_too(desk: Desk, tmp_path: Path) -> None:
    await send_complaint(desk.room)
    await report_of_the_last(desk.room, "failed")
    desk.hand.at += 15 * 60
    written = await desk.saved(tmp_path)
    assert written.steps[-1].gets


@pytest.mark.parametrize("how", HOWS)
async def test_a_report_of_an_sms_is_a_step(desk: Desk, how: str, tmp_path: Path) -> None:
    await send_complaint(desk.room)
    await report_of_the_last(desk.room, how)
    await desk.room.wait(600)
    written = await desk.saved(tmp_path)
    assert [(step.report, step.of) for step in written.steps if step.report] == [(how, 1)]


async def test_a_core_that_is_away_is_away_where_it_is_played(desk: Desk, tmp_path: Path) -> None:
    room = desk.room
    await send_complaint(room)
    await room.wait(240)
    await room.core(down=True)
    await room.dial("*152*00*9*2*5#")
    await type_all(room, "1", "1", "2")
    await room.core(down=False)
    await room.redial()
    await type_all(room, "1", "1", "2")
    written = await desk.saved(tmp_path)
    assert [step.core for step in written.steps if step.core] == ["down", "back"]


async def test_what_breaks_off_and_who_hangs_up_in_mid_answer_break_off_where_it_is_played(
    desk: Desk, tmp_path: Path
) -> None:
    room = desk.room
    await room.switch("tigo")  # what is dialled behind the code is typed there, and the first answer is lost
    room.drop()
    await room.dial("*152*00*9*2#")
    await room.redial()
    await type_all(room, "1")
    room.drop()
    await room.type("1")
    await room.redial()
    written = await desk.saved(tmp_path)
    assert [step.does for step in written.steps if step.breaks_off] == ["dial", "type"]


async def test_a_gateway_that_was_stopped_is_stopped_where_it_is_played(desk: Desk, tmp_path: Path) -> None:
    room = desk.room
    await room.dial("*152*00*9*2#")
    await type_all(room, "1", "1")
    await room.kill()
    await room.type("1")
    await room.wait(60)
    await room.start_again()
    await room.redial()
    written = await desk.saved(tmp_path)
    assert [step.does for step in written.steps[-3:]] == ["restart", "wait", "redial"]


async def test_what_a_gateway_knew_of_her_before_it_was_stopped_is_not_known_where_it_is_played(
    desk: Desk, tmp_path: Path
) -> None:
    """It knows in which language she was answered as long as it runs."""
    room = desk.room
    await room.dial(CODE)
    assert (await type_all(room, "9", "2", "2")).startswith("Welcome to e-Mrejesho")
    shown = []
    for stopped in (False, True):
        if stopped:
            await room.kill()
            await room.start_again()
        await room.dial("*150*99#")
        assert room.hand.shown is not None
        shown.append(room.hand.shown.text.split()[0])
    assert shown == ["That", "Namba"]
    await desk.saved(tmp_path)


async def test_another_provider_is_a_step_and_the_first_one_is_named(desk: Desk, tmp_path: Path) -> None:
    room = desk.room
    await room.switch("beem")
    await room.dial(CODE)
    await room.switch("generic")
    await room.redial()
    written = await desk.saved(tmp_path)
    assert (written.channels, [step.provider for step in written.steps if step.provider]) == (
        ["africastalking"],
        ["beem", "generic"],
    )
    await room.anew()
    await room.dial(CODE)
    await room.save(tmp_path / "again.yaml", "x")
    assert transcripts.load(tmp_path / "again.yaml").channels == ["generic"]


async def test_a_caller_who_withholds_her_number_withholds_it_where_it_is_played(tmp_path: Path) -> None:
    desk = Desk(msisdn=None)
    await desk.room.open()
    await desk.room.dial(CODE)
    await type_all(desk.room, *COMPLAINT, "1", "1")
    await desk.room.another()
    await desk.room.dial(CODE)
    assert not (await desk.saved(tmp_path)).number
    await desk.room.close()


@pytest.mark.parametrize("spelled", ["0700 000 {last}", "0700000{last}", "255700000{last}", "+255700000{last}"])
async def test_her_own_number_in_a_text_is_hers_where_it_is_played(desk: Desk, spelled: str, tmp_path: Path) -> None:
    room = desk.room
    await room.anew()
    await room.dial(CODE)
    text = f"piga {spelled.format(last=room.hand.number[-3:])} nieleze"
    assert "Umeandika PIN au namba" in await type_all(room, *COMPLAINT[:-1], text)
    written = await desk.saved(tmp_path)
    assert not any(room.hand.number[3:] in str(step).replace(" ", "") for step in written.steps)


async def test_a_fault_waits_for_what_it_can_strike_and_stands_there_alone(desk: Desk, tmp_path: Path) -> None:
    room = desk.room
    await room.dial(CODE)
    room.trouble("lost")
    room.trouble("sessions")
    assert room.faults == {"sessions"}
    room.trouble("unanswered")
    await type_all(room, *COMPLAINT, "1", "1")
    await room.redial()
    written = await desk.saved(tmp_path)
    assert [step.fault for step in written.steps if step.fault] == ["unanswered"]
