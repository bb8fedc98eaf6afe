"""The record: every act and every read leaves a row, and whoever touches a row is found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, select, text

from tests.feedback.desks import WORDS, House
from ussd_engine.feedback.access import Officer, Refused
from ussd_engine.feedback.record import Entry, Head, Verified, verify
from ussd_engine.feedback.tables import core_head, core_record
from ussd_engine.keys import CannotOpen, Keyring
from ussd_engine.ledger.schema import connect
from ussd_engine.model import CaseState
from ussd_engine.testing.specimens import DAY

OFFICER = Officer("officer", "DUWASA")


@pytest.fixture
async def house(url: str) -> AsyncIterator[House]:
    database = connect(url)
    house = House(database)
    reference = await house.submit()
    await house.play("open progress ask append answer rate:no", reference)
    await house.desk.read(OFFICER, reference, "handling")
    yield house
    await database.close()


async def found(house: House, noted: Head | None = None) -> Verified:
    return await verify(house.database, house.keyring, noted)


async def change(house: House, statement: str) -> None:
    await house.database.write(lambda conn: conn.execute(text(statement)))


async def test_a_record_that_nobody_touched_is_whole(house: House) -> None:
    seen = await found(house)
    assert (seen.rows, seen.faults) == (7, [])
    assert seen.head is not None
    assert str(seen.head).startswith("7:")
    assert Head.parse(str(seen.head)) == seen.head
    reference = await house.submit()
    await house.play("open", reference)
    assert (await found(house, seen.head)).faults == []


async def test_a_row_says_who_why_and_when_and_no_content(house: House) -> None:
    rows = await house.database.read(lambda conn: conn.execute(select(core_record)).all())
    last = rows[-1]
    assert (last.role, last.office, last.act, last.purpose) == ("officer", "DUWASA", "read", "handling")
    assert last.at_ms == house.clock()
    (reference,) = house.projected
    assert not [row for row in rows if WORDS in str(row) or reference in str(row)]
    columns = [column.name for column in core_record.c]
    assert columns == ["number", "at_ms", "role", "office", "act", "purpose", "key", "hash"]


TOUCHED = {
    "UPDATE core_record SET office = 'TANESCO' WHERE number = 3": "row 3 was changed",
    "UPDATE core_record SET role = 'head' WHERE number = 1": "row 1 was changed",
    "UPDATE core_record SET at_ms = at_ms + 1 WHERE number = 7": "row 7 was changed",
    "UPDATE core_record SET purpose = 'audit' WHERE number = 7": "row 7 was changed",
    "UPDATE core_record SET act = 'opened' WHERE number = 5": "row 5 was changed",
    "DELETE FROM core_record WHERE number = 4": "row 4 is missing",
    "DELETE FROM core_record WHERE number IN (2, 3)": "rows 2 to 3 are missing",
    "DELETE FROM core_record WHERE number = 7": "row 7 is missing",
    "DELETE FROM core_record": "rows 1 to 7 are missing",
    "UPDATE core_record SET number = 9 WHERE number = 7": "row 7 is missing",
    "INSERT INTO core_record SELECT 8, at_ms, role, office, act, purpose, key, hash FROM core_record LIMIT 1": (
        "row 8 was added"
    ),
    "UPDATE core_head SET sealed = (SELECT hash FROM core_record WHERE number = 1)": "head was changed",
    "DELETE FROM core_head": "row 7 was added after",
}


@pytest.mark.parametrize("statement", TOUCHED)
async def test_a_touched_row_is_found(house: House, statement: str) -> None:
    await change(house, statement)
    assert TOUCHED[statement] in "\n".join((await found(house)).faults)


async def test_rows_that_change_places_are_found(house: House) -> None:
    for step in ("-3 WHERE number = 3", "3 WHERE number = 4", "4 WHERE number = -3"):
        await change(house, f"UPDATE core_record SET number = {step}")
    faults = "\n".join((await found(house)).faults)
    assert "row 3 was changed, or put where another stood" in faults
    assert "row 4 was changed, or put where another stood" in faults


@pytest.mark.parametrize(
    ("number", "fault"),
    [(3, "row 4 was changed, or put where another stood"), (7, "row 7 is not the one that was written last")],
)
async def test_a_row_hashed_anew_is_found_by_the_next_one_or_by_the_head(house: House, number: int, fault: str) -> None:
    def forge(conn: Connection) -> None:
        two = select(core_record).where(core_record.c.number.in_((number - 1, number))).order_by("number")
        before, row = conn.execute(two).all()
        entry = Entry(*(getattr(row, name) for name in Entry._fields))._replace(office="TANESCO")
        forged = {"office": "TANESCO", "hash": entry.hash(before.hash)}
        conn.execute(core_record.update().where(core_record.c.number == number).values(forged))

    await house.database.write(forge)
    assert (await found(house)).faults == [fault]


async def test_cutting_off_the_end_shows_against_a_noted_head(house: House) -> None:
    """Who holds the data key can seal an older head again; a head that was noted elsewhere tells."""
    sealed = await house.database.read(lambda conn: conn.scalar(select(core_head.c.sealed)))
    reference = await house.submit()
    await house.play("open", reference)
    noted = (await found(house)).head
    await change(house, "DELETE FROM core_record WHERE number = 8")
    await house.database.write(lambda conn: conn.execute(core_head.update().values(sealed=sealed)))
    assert "row 8, which was noted, is missing" in "\n".join((await found(house, noted)).faults)
    assert (await found(house, Head(7, bytes(32)))).faults[0] == "row 7 is not the one that was noted"


@pytest.mark.parametrize(
    "text", ["", "foo", "7", "7:", ":", "7:00", "0:" + "0" * 64, "-7:" + "0" * 64, "7:" + "g" * 64]
)
def test_what_cannot_be_a_head_is_none(text: str) -> None:
    assert Head.parse(text) is None


def test_a_head_is_read_as_it_is_written() -> None:
    assert Head.parse("0:") == Head()
    assert Head.parse(" 12:" + "AB" * 32 + "\n") == Head(12, b"\xab" * 32)


async def test_a_case_that_changed_silently_is_found(house: House) -> None:
    await house.submit()
    await change(house, "UPDATE core_cases SET sequence = 1 WHERE sequence = 0")
    assert (await found(house)).faults == ["1 case changed without a row of the record"]


async def test_the_head_outlives_a_rotation_of_the_data_key(house: House) -> None:
    house_after = House(house.database, house.keyring.rotate("data"))
    assert (await found(house_after)).faults == []
    reference = await house_after.submit()
    await house_after.play("open", reference)
    assert (await found(house_after)).rows == 8
    stranger = await verify(house.database, Keyring.random(DAY))
    assert stranger.faults == ["the record's head was changed, or its data key is not held"]


async def test_progress_is_told_and_ends_at_the_last_row(house: House) -> None:
    steps: list[tuple[int, int]] = []
    await verify(house.database, house.keyring, progress=lambda done, of: steps.append((done, of)))
    assert steps[-1] == (7, 7)


# many at once


async def test_acts_of_two_processes_at_once_make_one_chain(house: House, url: str) -> None:
    other = connect(url)
    second = House(other, house.keyring)
    references = [await house.submit() for _ in range(6)]
    await asyncio.gather(
        *(one.desk.open(OFFICER, reference) for one in (house, second) for reference in references),
        return_exceptions=True,
    )
    await other.close()
    seen = await found(house)
    assert (seen.rows, seen.faults) == (7 + len(references), [])
    events = (await house.store.events("", 100)).events
    assert [int(event.id) for event in events] == sorted(int(event.id) for event in events)
    assert {event.reference for event in events} >= set(references)


async def test_of_an_answer_and_a_withdrawal_at_once_one_is_done(house: House, url: str) -> None:
    other = connect(url)
    second = House(other, house.keyring)
    for _ in range(5):
        reference = await house.submit()
        await house.play("open progress", reference)
        second.projected = house.projected
        ended = await asyncio.gather(
            house.desk.answer(OFFICER, reference, WORDS),
            second.citizen("withdraw", "", reference),
            return_exceptions=True,
        )
        state = (await house.case(reference)).state
        assert state is (CaseState.WITHDRAWN if isinstance(ended[0], Refused) else CaseState.ANSWERED)
        assert ended[1] is None
    await other.close()
    assert (await found(house)).faults == []


# what is read


async def test_a_read_without_its_row_is_none(house: House) -> None:
    reference = await house.submit()
    before = await house.record()
    with pytest.raises(Refused, match="`case open` comes first"):
        await house.desk.read(OFFICER, reference, "handling")
    with pytest.raises(Refused, match="no purpose"):
        await house.desk.read(OFFICER, reference, "curiosity")
    with pytest.raises(Refused, match="and not its text"):
        await house.desk.read(Officer("ministry", "MAJI"), reference, "supervision")
    with pytest.raises(Refused, match="none of yours"):
        await house.desk.read(Officer("head", "TANESCO"), reference, "audit")
    assert await house.record() == before
    await house.play("open", reference)
    file = await house.desk.read(OFFICER, reference, "handling")
    assert file.case.state is CaseState.OPENED
    assert (await house.record())[-1] == "officer read"


async def test_what_was_done_is_read_in_order_and_each_act_with_its_words(house: House) -> None:
    (reference,) = house.projected
    file = await house.desk.read(OFFICER, reference, "handling")
    assert [(row.role, row.act, row.words and (row.words.kind, row.words.text)) for row in file.done] == [
        ("officer", "opened", None),
        ("officer", "in_progress", None),
        ("officer", "need_info", ("question", WORDS)),
        ("citizen", "addition", ("addition", WORDS)),
        ("officer", "answered", ("answer", WORDS)),
        ("citizen", "rated", None),
        ("officer", "read", None),
        ("officer", "read", None),
    ]
    assert {row.day for row in file.done} == {DAY}


async def test_the_hour_is_told_of_officers_alone(house: House) -> None:
    """With an operator's records the minute would lead to whoever dialled then."""
    (reference,) = house.projected
    file = await house.desk.read(OFFICER, reference, "handling")
    at_ms = await house.database.read(lambda conn: conn.scalars(select(core_record.c.at_ms).order_by("number")).all())
    zone = ZoneInfo("Africa/Dar_es_Salaam")
    hours = [f"{datetime.fromtimestamp(one / 1000, zone):%H:%M}" for one in at_ms]
    assert [row.hour for row in file.done] == [
        hour if row.role == "officer" else "" for hour, row in zip(hours, file.done, strict=True)
    ]


async def test_every_word_that_can_be_said_stands_with_its_act(house: House) -> None:
    reference = await house.submit()
    await house.play("open progress ask append answer rate:no appeal:unhappy", reference)
    decider = Officer("ministry", (await house.case(reference)).institution)
    await house.desk.direct(decider, reference, "Anzeni leo")
    await house.desk.decide(decider, reference, "Laini itatengenezwa")
    file = await house.desk.read(decider, reference, "appeal")
    said = [(row.act, row.words.kind, row.words.reason) for row in file.done if row.words]
    assert said == [
        ("need_info", "question", ""),
        ("addition", "addition", ""),
        ("answered", "answer", ""),
        ("appealed", "appeal", "unhappy"),
        ("directive", "directive", ""),
        ("appeal_decided", "decision", ""),
    ]


async def test_words_moved_to_another_place_do_not_open(house: House) -> None:
    (reference,) = house.projected
    await change(house, "UPDATE core_words SET number = 9 WHERE number = 3")
    with pytest.raises(CannotOpen):
        await house.desk.read(OFFICER, reference, "handling")
