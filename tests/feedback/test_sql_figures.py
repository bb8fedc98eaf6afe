"""Statistics and lists: what is counted as cases change, what is hidden, what an officer finds."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import select

from tests.feedback.desks import House
from ussd_engine.feedback.access import Officer, Refused, officer_of
from ussd_engine.feedback.case import COLUMNS, case_of
from ussd_engine.feedback.figures import Figures, cell_of
from ussd_engine.feedback.tables import core_cases, core_figures
from ussd_engine.model import CaseState
from ussd_engine.testing.feedback_contract import submission

STORIES = (
    ("complaint", "open progress answer rate:yes"),
    ("complaint", "open progress answer appeal:unhappy decide"),
    ("complaint", "transfer:TANESCO open"),
    ("complaint", "+35 tick"),
    ("complaint", "+35 tick transfer:MAJI"),
    ("complaint", "open progress answer +15 tick"),
    ("minister", "open progress"),
    ("bribery", "open"),
    ("compliment", "open"),
    ("complaint", "withdraw"),
    ("complaint", "appeal:leak"),
)


async def test_the_figures_are_what_a_count_of_all_cases_gives(house: House) -> None:
    for kind, steps in STORIES:
        reference = await house.submit(kind)
        await house.play(steps, reference)
    cases = await house.database.read(lambda conn: [case_of(row) for row in conn.execute(select(*COLUMNS))])
    rows = await house.database.read(lambda conn: conn.execute(select(core_figures)).all())
    assert {tuple(row)[:6]: tuple(row)[6] for row in rows if tuple(row)[6]} == Counter(map(cell_of, cases))


async def test_a_repeat_is_not_counted(house: House) -> None:
    sent = submission()
    for _ in range(3):
        await house.store.submit(sent)
    rows = await house.database.read(lambda conn: conn.execute(select(core_figures)).all())
    assert [tuple(row)[6] for row in rows] == [1]


async def test_figures_by_everything_that_they_can_be_told_by(house: House) -> None:
    for _ in range(6):
        await house.submit()
        await house.play("open progress answer", await house.submit("council"))
        await house.submit("minister")
    for _ in range(5):
        await house.play("open progress answer appeal:unhappy", await house.submit())
    await house.play("+40 tick", await house.submit())
    officer = officer_of("national@UTUMISHI", house.offices)
    seen = {by: await house.desk.figures(officer, by) for by in ("institution", "region", "kind", "type", "level")}
    assert [line.name for line in seen["institution"]] == ["DUWASA", "LGA-BAHI-DC", "MAJI"]
    assert seen["institution"] == [
        Figures("DUWASA", None, None, None, None),
        Figures("LGA-BAHI-DC", None, None, None, None),
        Figures("MAJI", 6, 5, None, 11),
    ], "DUWASA's 7 are hidden beside the nought of Bahi, which the 7 of Dodoma would tell"
    assert seen["region"] == [Figures("-", 6, 5, None, 11), Figures("Dodoma", 7, None, None, 7)]
    assert [line.name for line in seen["region"]] == ["-", "Dodoma"]
    assert [line.name for line in seen["kind"]] == ["district_council", "ministry", "water_authority"]
    assert [line.name for line in seen["level"]] == ["appeal", "institution", "minister"]
    assert [line.name for line in seen["type"]] == ["complaint"]
    assert (await house.desk.figures(officer, "all")) == [Figures("all", 13, None, 6, 18)]


async def test_what_was_answered_late_is_overdue_no_more(house: House) -> None:
    late = [await house.submit() for _ in range(6)]
    await house.play("+40 tick", late[0])
    officer = officer_of("head@DUWASA", house.offices)
    assert await house.desk.figures(officer, "all") == [Figures("all", 6, None, None, 6)]
    for reference in late:
        await house.play("open progress answer", reference)
        assert (await house.case(reference)).overdue, "the fact stays"
    assert await house.desk.figures(officer, "all") == [Figures("all", None, None, 6, None)]
    for reference in late:
        await house.step("appeal:unhappy", reference)
    await house.play("+40 tick", late[0])
    assert await house.desk.figures(officer_of("head@MAJI", house.offices), "all") == [Figures("all", None, 6, None, 6)]


async def test_an_officer_sees_the_figures_of_his_own_offices(house: House) -> None:
    for kind in ("complaint", "council", "minister"):
        for _ in range(6):
            await house.submit(kind)

    async def names(who: str) -> list[str]:
        return [line.name for line in await house.desk.figures(officer_of(who, house.offices), "institution")]

    assert await names("officer@DUWASA") == ["DUWASA"]
    assert await names("head@MAJI") == ["MAJI"]
    assert await names("ministry@MAJI") == ["DUWASA", "MAJI"]
    assert await names("region@RS-DODOMA") == ["LGA-BAHI-DC"]
    assert await names("officer@TANESCO") == []
    with pytest.raises(Refused, match="a district holds no case"):
        await names("district@LGA-BAHI-DC")


# lists


async def test_the_inbox_holds_what_is_to_be_done_the_oldest_first(house: House) -> None:
    first, second, done, away = [await house.submit() for _ in range(4)]
    await house.play("open progress answer", done)
    await house.play("transfer:TANESCO", away)
    await house.play("open", second)
    mine = Officer("desk", "DUWASA")
    assert [case.reference for case in await house.desk.inbox(mine)] == sorted([first, second])
    assert [case.reference for case in await house.desk.inbox(mine, [CaseState.ANSWERED])] == [done]
    assert [case.reference for case in await house.desk.inbox(mine, most=1)] == [min(first, second)]
    assert [case.reference for case in await house.desk.inbox(Officer("officer", "TANESCO"))] == [away]
    assert await house.desk.inbox(Officer("ministry", "MAJI")) == []
    sent = await house.submit("district")
    assert [case.reference for case in await house.desk.inbox(Officer("district", "LGA-BAHI-DC"))] == [sent]


async def test_a_list_holds_what_may_be_seen_and_nothing_that_is_hidden(house: House) -> None:
    own, council, minister, report = [
        await house.submit(kind) for kind in ("complaint", "council", "minister", "bribery")
    ]
    leaked = await house.submit("council")
    await house.play("appeal:leak", leaked)
    appealed = await house.submit("council")
    await house.play("open progress answer appeal:unhappy", appealed)

    async def seen(who: str, **narrowed: object) -> set[str]:
        found = await house.desk.newest(officer_of(who, house.offices), **narrowed)  # type: ignore[arg-type]
        return {case.reference for case in found}

    assert await seen("officer@LGA-BAHI-DC") == {council, appealed}
    assert await seen("region@RS-DODOMA") == {council, report, leaked, appealed}
    assert await seen("ministry@MAJI") == {own, minister}
    assert await seen("national@UTUMISHI") == {own, council, minister, report, leaked, appealed}
    assert await seen("national@UTUMISHI", institution="DUWASA") == {own}
    assert await seen("national@UTUMISHI", state=CaseState.APPEALED) == {leaked, appealed}
    assert await seen("officer@LGA-BAHI-DC", institution="RS-DODOMA") == {appealed}


async def test_who_may_not_see_some_of_a_page_sees_the_next_ones(house: House) -> None:
    shown = [await house.submit() for _ in range(3)]
    await house.database.write(
        lambda conn: conn.execute(
            core_cases.update().where(core_cases.c.reference.in_(sorted(shown)[1:])).values(hidden="UTUMISHI")
        )
    )
    found = await house.desk.newest(officer_of("national@UTUMISHI", house.offices), most=1)
    assert [case.reference for case in found] == [min(shown)]
