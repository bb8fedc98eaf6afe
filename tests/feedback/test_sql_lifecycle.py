"""The lifecycle in the built-in core, row by row, on both databases; the projection beside it ends where it does."""

from __future__ import annotations

from datetime import date

import pytest

from tests.feedback.desk_table import ANSWERED, APPEALED, MOVED, ROWS, Row
from tests.feedback.desks import House
from ussd_engine import lifecycle
from ussd_engine.errors import Rejected
from ussd_engine.feedback import clockwork
from ussd_engine.feedback.access import Officer, Refused
from ussd_engine.feedback.desk import Desk
from ussd_engine.feedback.offices import Offices
from ussd_engine.model import CaseState
from ussd_engine.testing.specimens import DAY_MS


def test_the_table_is_long_and_no_row_stands_twice() -> None:
    assert len(ROWS) >= 100
    assert len({row[:3] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[row.label for row in ROWS])
async def test_a_row(house: House, row: Row) -> None:
    reference = await house.submit(row.kind)
    await house.hear()
    for step in row.given.split():
        await house.step(step, reference)
        await house.hear()
    before, offered = await house.record(), await house.offers(row.when, reference)
    if row.record.startswith("!"):
        with pytest.raises((Refused, Rejected)) as refused:
            await house.step(row.when, reference)
        assert row.record.removeprefix("! ") in str(refused.value)
        assert reference not in str(refused.value)
        assert not offered or ":" in row.when, "what was offered is refused for its own sake alone"
    else:
        await house.step(row.when, reference)
        assert offered is not False, "what is not offered is not done"
    told = [told for _, told in await house.hear() if told]
    case, projected = await house.case(reference), house.projected[reference]
    assert case.state == row.state
    assert [*map(str, told)] == ([] if row.told == "-" else [row.told])
    expected = [] if row.record[0] in "!-" else [row.record]
    assert (await house.record())[len(before) :] == expected
    assert (case.state, case.institution, case.due) == (projected.state, projected.institution, projected.due)
    assert (case.rating, case.ended, case.sequence) == (projected.rating, projected.ended, projected.sequence)
    assert projected.state is not CaseState.QUEUED


async def test_a_page_of_answers_that_stay_open_hides_none_that_closes(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time's one rule, asked of the database: what it would leave must not fill the page."""
    monkeypatch.setattr(clockwork, "MOST", 2)
    sent: dict[str, str] = {}
    for rating in ("no", "no", "no", "", "", ""):
        reference = await house.submit()
        await house.play(ANSWERED, reference)
        if rating:
            await house.step(f"rate:{rating}", reference)
        sent[reference] = rating
    for days in (14, 1, 15, 1):
        house.clock.move(days * DAY_MS)
        today = house.offices.day(house.clock())
        due = {reference for reference in sent if lifecycle.closes(await house.case(reference), today)}
        await house.store.tick(today)
        closed = {reference for reference in due if (await house.case(reference)).state is CaseState.CLOSED}
        assert closed == due
        assert not [one for one in sent if lifecycle.closes(await house.case(one), today)]
    assert {(await house.case(reference)).state for reference in sent} == {CaseState.CLOSED}


WHERE = {
    ("complaint", "transfer:TANESCO"): ("TANESCO", 1),
    ("complaint", MOVED): ("NIDA", 3),
    ("complaint", f"{MOVED} transfer:MAJI"): ("UTUMISHI", 4),
    ("complaint", f"{MOVED} transfer:MAJI transfer:DUWASA"): ("DUWASA", 5),
    ("complaint", "transfer:TANESCO transfer:TRA transfer:UTUMISHI transfer:MAJI"): ("MAJI", 4),
    ("unsure", "transfer:DUWASA"): ("DUWASA", 0),
    ("unsure", f"transfer:DUWASA {MOVED}"): ("NIDA", 3),
    ("unsure", f"transfer:DUWASA {MOVED} transfer:MAJI"): ("UTUMISHI", 4),
    ("bribery", ""): ("RS-DODOMA", 0),
    ("desk", ""): ("KMK", 0),
    ("desk", f"{MOVED} transfer:MAJI"): ("KMK", 4),
    ("desk", f"{MOVED} transfer:MAJI transfer:DUWASA"): ("DUWASA", 5),
    ("bribery", "transfer:TAKUKURU"): ("TAKUKURU", 1),
    ("complaint", APPEALED): ("MAJI", 0),
    ("complaint", f"{APPEALED} decide appeal:unhappy"): ("KMK", 0),
    ("bribery", f"{ANSWERED} appeal:unhappy"): ("TAMISEMI", 0),
}


@pytest.mark.parametrize(("kind", "steps"), WHERE, ids=[f"{kind}: {steps or 'new'}" for kind, steps in WHERE])
async def test_where_it_lies_and_how_often_it_moved(house: House, kind: str, steps: str) -> None:
    reference = await house.submit(kind)
    await house.hear()
    for step in steps.split():
        await house.step(step, reference)
        await house.hear()
    case = await house.case(reference)
    assert (case.institution, case.moves) == WHERE[kind, steps]
    assert house.projected[reference].institution == case.institution


async def test_three_moves_are_the_most_where_no_desk_is_left(house: House) -> None:
    reference = await house.submit()
    await house.play(MOVED, reference)
    house.desk = Desk(house.database, house.keyring, Offices(), house.clock)
    with pytest.raises(Refused, match="no desk is left that may see the case: NIDA keeps it"):
        await house.desk.transfer(Officer("officer", "NIDA"), reference, "MAJI")


async def test_after_a_no_the_last_day_to_appeal_is_the_one_she_was_told(house: House) -> None:
    reference = await house.submit()
    await house.play(ANSWERED, reference)
    await house.hear()
    await house.step("rate:no", reference)
    told = lifecycle.appeal_until(house.projected[reference])
    await house.play("+31 tick", reference)
    await house.hear()
    for case in (await house.case(reference), house.projected[reference]):
        assert case.state is CaseState.CLOSED
        assert lifecycle.appeal_until(case) == told


async def test_the_reference_stays_and_the_due_date_begins_anew(house: House) -> None:
    reference = await house.submit()
    assert (await house.case(reference)).due == date(2025, 12, 29)
    await house.play("+3 transfer:TRA", reference)
    (told,) = await house.hear()
    assert (told[0].reference, told[0].institution, told[0].due) == (reference, "TRA", date(2025, 12, 19)), (
        "9 December is a holiday"
    )
    assert (await house.case(reference)).due == date(2025, 12, 19)


async def test_what_was_overdue_and_passed_on_is_late_no_more(house: House) -> None:
    reference = await house.submit()
    await house.play("+35 tick", reference)
    assert (await house.case(reference)).overdue
    assert await house.hear() == [], "the gateway tells that by itself"
    await house.play("transfer:TRA tick", reference)
    assert not (await house.case(reference)).overdue
    await house.play("+40 tick tick", reference)
    assert (await house.case(reference)).overdue
