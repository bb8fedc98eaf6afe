"""What is done in a room is kept as a transcript that replays, and a transcript is opened and stepped through."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator import transcript as transcripts
from simulator.callers import MOST_PHONES
from simulator.clock import MovedClock
from simulator.floor import OWN_KIND, Way
from simulator.handset import Display
from simulator.player import Difference
from simulator.room import Room
from simulator.speech import Speech
from simulator.stage import MORNING, Stage
from simulator.terms import doing
from simulator.transcript import DOES, Step
from tests.room.conftest import CODE, COMPLAINT, send_complaint, type_all
from ussd_engine import config

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOT = Path(__file__).parent.parent.parent
TRANSCRIPTS = ROOT / "menus" / "emrejesho" / "transcripts"
say = Speech("en")


def told(room: Room) -> str:
    return say.note(room.note) if room.note else ""


async def replayed(path: Path, folder: Path, twice: bool = False) -> list[Difference]:
    """The differences on a gateway that knows nothing of the room."""
    async with Stage(config.load({}), folder) as stage:
        player = await stage.player(transcripts.load(path), "africastalking")
        return await player.play(twice)


async def whole_circle(room: Room) -> None:
    """A drop, a complaint, SMS both ways, an officer, a second caller."""
    await room.dial(CODE)
    await type_all(room, *COMPLAINT[:-1])
    await room.hang_up()
    await room.redial()
    await type_all(room, "9", "2", "1", COMPLAINT[-1], "1", "1")
    await room.wait(240)
    await room.act("open")
    await room.act("progress")
    await room.act("ask", "Ni mtaa gani?")
    await room.write(f"ONGEZA {room.reference} mtaa wa Mtumba")
    await room.act("answer", "Umeme umerudi.")
    await room.another()
    await room.dial(CODE)
    await room.repeat()


async def test_what_was_done_is_saved_and_replays_the_same_elsewhere(room: Room, tmp_path: Path) -> None:
    await whole_circle(room)
    path = tmp_path / "new" / "circle.yaml"
    await room.save(path, "Mzunguko mzima")
    assert told(room) == f"Saved: {path}"
    saved = transcripts.load(path)
    assert (saved.title, saved.sms) == ("Mzunguko mzima", True)
    assert not any(room.hand.number in str(step) for step in saved.steps)
    assert await replayed(path, tmp_path / "stage", twice=True) == []


async def test_what_days_bring_comes_when_they_have_passed(room: Room, tmp_path: Path) -> None:
    await send_complaint(room)
    for act, says in (("open", ""), ("progress", ""), ("answer", "Umeme umerudi.")):
        await room.act(act, says)  # type: ignore[arg-type]
    await room.wait(1_209_600)
    await room.wait(86_400)
    await room.look()
    assert room.sheet is not None
    assert room.sheet.case.state == "closed"
    path = tmp_path / "days.yaml"
    await room.save(path, "Siku")
    assert await replayed(path, tmp_path / "stage") == []


async def test_a_fault_that_struck_is_saved_with_its_step(room: Room, tmp_path: Path) -> None:
    await room.dial(CODE)
    await type_all(room, *COMPLAINT, "1")
    room.trouble("unanswered")
    await room.type("1")
    await room.redial()
    path = tmp_path / "doubt.yaml"
    await room.save(path, "Shaka")
    assert [step.fault for step in transcripts.load(path).steps if step.fault] == ["unanswered"]
    assert await replayed(path, tmp_path / "stage") == []


async def test_a_file_that_is_there_is_not_written_over(room: Room, tmp_path: Path) -> None:
    path = tmp_path / "kept.yaml"
    await room.save(path, "x")
    assert told(room) == "Nothing was done yet."
    await room.dial(CODE)
    path.write_text("mine", encoding="utf-8")
    await room.save(path, "x")
    assert told(room) == f"{path} is there already: choose another name."
    assert path.read_text(encoding="utf-8") == "mine"
    await room.save(path / "below", "x")
    assert told(room).startswith("Not done: ")


@pytest.mark.parametrize("name", ["short.sw", "follow-circle.en", "doubt.sw", "sms-circle.sw", "finish-by-sms.sw"])
async def test_a_transcript_is_stepped_through_to_its_end(fresh_room: Room, name: str) -> None:
    room, path = fresh_room, TRANSCRIPTS / f"{name}.yaml"
    await room.open_transcript(path)
    assert room.rehearsal is not None, told(room)
    count = len(room.rehearsal.steps)
    assert told(room) == f"Open: {transcripts.load(path).title}, {count} steps."
    for done in range(1, count + 1):
        await room.step()
        assert told(room) == f"Step {done} of {count}: as written.", room.rehearsal.found
    await room.step()
    assert told(room) == "No step is left."


async def test_a_transcript_that_is_not_there_is_told_in_the_language_of_the_view(room: Room, tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    await room.open_transcript(path)
    assert room.note is not None
    assert Speech("sw").note(room.note) == f"Haikufunguliwa: {path} haisomeki. Angalia jina lake."


async def test_a_transcript_of_too_many_phones_is_not_opened(room: Room, tmp_path: Path) -> None:
    path = tmp_path / "crowd.yaml"
    callers = "".join(f"- caller: c{number}\n" for number in range(MOST_PHONES))
    path.write_text(f"title: Umati\nsteps:\n{callers}", encoding="utf-8")
    await room.open_transcript(path)
    assert told(room) == "Not opened: it has more than 20 phones."
    assert room.rehearsal is None


STEPS = {
    "dial": (Step(dial=CODE), f"piga {CODE}"),
    "type": (Step(type="9"), "andika 9"),
    "redial": (Step(redial=True), "piga tena"),
    "repeat": (Step(repeat=True), "rudia ombi la mwisho"),
    "late": (Step(late=True), "leta ombi la zamani"),
    "hang_up": (Step(hang_up=True), "kata simu"),
    "wait": (Step(wait=240.0), "acha sekunde 240 zipite"),
    "caller": (Step(caller="mama"), "shika simu ya mama"),
    "forget": (Step(forget=True), "acha mawasiliano yapotee"),
    "sms": (Step(sms="HALI"), "andika SMS HALI"),
    "report": (Step(report="failed"), "ripoti ya SMS: haikufika"),
    "provider": (Step(provider="tigo"), "pitia tigo"),
    "core": (Step(core="down"), "mfumo wa taasisi: uzimwe"),
    "restart": (Step(restart=True), "zima lango, liwashe tena"),
    "officer": (Step(officer="ask", says="Wapi?"), "uwe afisa: Uliza mwananchi"),
}


@pytest.mark.parametrize("does", DOES)
async def test_what_a_step_does_is_told_in_the_language_of_the_view(does: str) -> None:
    step, words = STEPS[does]
    assert Speech("sw").note(doing(step)) == words


async def test_the_first_phone_of_a_transcript_has_no_name() -> None:
    assert Speech("sw").note(doing(Step(caller=""))) == "shika simu ya kwanza"


async def test_a_step_that_shows_otherwise_is_told_and_the_next_may_be_taken(fresh_room: Room, tmp_path: Path) -> None:
    room = fresh_room
    text = (TRANSCRIPTS / "short.sw.yaml").read_text(encoding="utf-8")
    path = tmp_path / "other.yaml"
    path.write_text(text.replace("2. e-Mrejesho", "3. e-Mrejesho"), encoding="utf-8")
    await room.open_transcript(path)
    await room.step()
    await room.step()
    assert told(room).endswith("otherwise than written.")
    assert room.rehearsal is not None
    (found,) = room.rehearsal.found
    assert "3. e-Mrejesho" in found.expected
    assert room.hand.shown is not None
    assert "2. e-Mrejesho" in room.hand.shown.text
    await room.step()
    assert told(room).endswith("as written.")


async def test_a_dialog_goes_on_by_hand_from_where_a_transcript_stands(fresh_room: Room, tmp_path: Path) -> None:
    room = fresh_room
    await room.open_transcript(TRANSCRIPTS / "short.sw.yaml")
    for _ in range(4):
        await room.step()
    assert (await type_all(room, "8")).startswith("Andikia taasisi yoyote ya umma.")
    path = tmp_path / "help.yaml"
    await room.save(path, "Msaada")
    assert await replayed(path, tmp_path / "stage") == []


async def test_a_step_that_was_broken_off_shows_what_she_saw_nothing(fresh_room: Room, tmp_path: Path) -> None:
    room, path = fresh_room, tmp_path / "broken.yaml"
    await room.dial("*152*00*9*2#")
    room.drop()
    await room.type("1")
    await room.redial()
    await room.save(path, "Imekatika")
    await room.open_transcript(path)
    seen = []
    for _ in range(3):
        await room.step()
        assert told(room).endswith("as written.")
        seen.append((room.hand.display, room.hand.shown is None))
    assert seen == [(Display.ASKS, False), (Display.LOST, True), (Display.ASKS, False)]


async def test_while_one_steps_the_time_is_the_transcripts_and_by_hand_it_goes_on(tmp_path: Path) -> None:
    at = MORNING
    room = Room(config.load({}), Way("africastalking", "255700000001"), MovedClock(lambda: at))
    await room.open()
    await room.open_transcript(TRANSCRIPTS / "short.sw.yaml")
    await room.step()
    for _ in range(3):
        began, at = room.now, at + 3600  # she reads
        await room.tick()
        assert (room.hand.display, room.now) == (Display.ASKS, began)
        await room.step()
        assert told(room).endswith("as written.")
    await room.type("8")
    assert [step.wait for step in room.recorder.steps if step.wait] == []
    at += 200
    await room.tick()
    assert room.hand.display is Display.OVER
    await room.close()


async def test_a_dialogue_whose_time_a_transcript_lets_pass_is_over(fresh_room: Room, tmp_path: Path) -> None:
    room, path = fresh_room, tmp_path / "waits.yaml"
    await room.dial(CODE)
    await room.wait(240)
    await room.save(path, "Muda")
    await room.open_transcript(path)
    await room.step()
    await room.step()
    assert room.hand.display is Display.OVER
    assert [step.does for step in room.recorder.steps] == ["dial", "wait"]


async def test_a_transcript_begins_at_its_hour_with_its_caller_on_a_gateway_that_has_seen_nothing(
    fresh_room: Room, tmp_path: Path
) -> None:
    room, path = fresh_room, tmp_path / "evening.yaml"
    await room.clock.leave(86_400 * 30 + 3600 * 11)
    number, began = room.hand.number, room.now
    reference = await send_complaint(room)
    await room.another()
    await room.save(path, "Jioni")
    await room.core(down=True)
    for _ in range(2):
        await room.open_transcript(path)
        assert (room.hand.number, round(room.now), room.core_is_down) == (number, round(began), False)
        for _ in transcripts.load(path).steps:
            await room.step()
            assert told(room).endswith("as written.")
        assert room.reference != reference
    await room.open_transcript(TRANSCRIPTS / "no-number.sw.yaml")
    assert (room.hand.number, room.now) == ("", MORNING)
    await room.step()
    await room.save(tmp_path / "again.yaml", "Tena")
    assert not transcripts.load(tmp_path / "again.yaml").number
    await room.anew()
    assert (room.hand.number, room.kind, room.now) == (number, OWN_KIND, room.clock.real)


@pytest.mark.parametrize("meanwhile", ["restart", "provider"])
async def test_after_trouble_by_hand_a_transcript_goes_on_where_the_phone_is(
    fresh_room: Room, meanwhile: str, tmp_path: Path
) -> None:
    room, path = fresh_room, tmp_path / "twice.yaml"
    await room.dial(CODE)
    await room.redial()
    await room.save(path, "Mara mbili")
    await room.open_transcript(path)
    await room.step()
    if meanwhile == "restart":
        await room.kill()
        await room.start_again()
    else:
        await room.switch("generic")
    await room.step()
    assert told(room) == "Step 2 of 2: as written."
    assert room.hand.shown is not None
    assert (room.provider == "generic") == (meanwhile == "provider")
    assert f"/ussd/{room.provider}" in room.tap.request()


async def test_what_was_done_on_one_provider_is_stepped_through_on_it_whichever_is_in_hand(
    fresh_room: Room, tmp_path: Path
) -> None:
    room, path = fresh_room, tmp_path / "here.yaml"
    await room.dial("*152*00*9*2#")
    await room.save(path, "Hapa")
    assert transcripts.load(path).channels == ["africastalking"]
    await room.anew()
    await room.switch("airtel")
    await room.open_transcript(path)
    await room.step()
    assert (told(room), room.provider) == ("Step 1 of 1: as written.", "africastalking")
    await room.switch("airtel")
    await room.open_transcript(TRANSCRIPTS / "short.sw.yaml")
    await room.step()
    assert (told(room).endswith("as written."), room.provider) == (True, room.providers[0])


async def test_what_is_no_transcript_is_told_with_its_line(room: Room, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("title: x\nsteps:\n- tipe: '1'\n", encoding="utf-8")
    await room.open_transcript(path)
    assert told(room).startswith(f"Not opened: {path}:3: ")
    await room.open_transcript(tmp_path / "none.yaml")
    assert told(room).startswith("Not opened: ")
    assert room.rehearsal is None


async def test_everything_begins_anew(room: Room) -> None:
    await send_complaint(room)
    number = room.hand.number
    await room.anew()
    assert room.hand.number != number
    assert (room.hand.inbox, room.references, room.recorder.steps) == ([], [], [])
