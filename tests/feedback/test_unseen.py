"""What is hidden from an office leaves no trace where it looks, whoever held the case before it was hidden."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.feedback.desks import House
from ussd_engine.feedback import inbox
from ussd_engine.feedback.access import Refused, officer_of
from ussd_engine.feedback.desk import UNKNOWN


@pytest.fixture(autouse=True)
def _short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A query reads so few cases that what is hidden fills it."""
    monkeypatch.setattr(inbox, "LEAST_READ", 1)


async def listed(house: House, who: str, most: int) -> list[str]:
    found = await house.desk.newest(officer_of(who, house.offices), most=most)
    return [case.reference for case in found]


async def test_no_limit_tells_an_office_that_it_was_reported(house: House) -> None:
    appealed = await house.submit("council")
    await house.play("open progress answer appeal:unhappy", appealed)
    house.clock.move(24 * 3_600_000)
    for _ in range(3):
        await house.submit("bribery")
    for role in ("officer", "desk", "head"):
        for most in (1, 2, 3, 4, 50):
            assert await listed(house, f"{role}@LGA-BAHI-DC", most) == [appealed]
    assert len(await listed(house, "region@RS-DODOMA", 50)) == 4


async def test_no_limit_tells_a_district_of_reports_about_its_council(house: House) -> None:
    for _ in range(3):
        await house.submit("bribery")
    away = await house.submit("district")
    await house.play("transfer:TANESCO", away)
    house.clock.move(24 * 3_600_000)
    own = await house.submit("district")
    commissioner = officer_of("district@LGA-BAHI-DC", house.offices)
    for most in (1, 2, 3, 4, 50):
        assert [case.reference for case in await house.desk.inbox(commissioner, most=most)] == [own]


HELD: dict[tuple[str, str], tuple[str, Sequence[str]]] = {
    ("complaint", ""): ("MAJI", ["officer@DUWASA"]),
    ("complaint", "transfer:TANESCO"): ("NISHATI", ["officer@DUWASA", "head@TANESCO"]),
    ("complaint", "transfer:NISHATI transfer:TANESCO"): ("KMK", ["ministry@NISHATI", "head@TANESCO", "desk@DUWASA"]),
    ("complaint", "transfer:NISHATI transfer:TANESCO open progress answer rate:yes"): (
        "KMK",
        ["ministry@NISHATI", "head@TANESCO", "desk@DUWASA"],
    ),
    ("complaint", "open progress answer appeal:unhappy"): ("KMK", ["ministry@MAJI", "head@DUWASA"]),
    ("district", "transfer:LGA-BAHI-DC"): (
        "TAMISEMI",
        ["region@RS-DODOMA", "officer@RS-DODOMA", "head@LGA-BAHI-DC", "district@LGA-BAHI-DC"],
    ),
    ("district", "district@LGA-BAHI-DC/transfer:TANESCO"): (
        "NISHATI",
        ["region@RS-DODOMA", "head@TANESCO", "district@LGA-BAHI-DC"],
    ),
    ("minister", "transfer:DUWASA"): ("KMK", ["ministry@MAJI", "head@MAJI", "officer@DUWASA"]),
    ("bribery", "transfer:TAKUKURU"): ("UTUMISHI", ["head@LGA-BAHI-DC", "region@RS-DODOMA", "officer@TAKUKURU"]),
    ("complaint", "transfer:KMK transfer:MAJI"): ("UTUMISHI", ["national@KMK", "ministry@MAJI", "officer@DUWASA"]),
    ("complaint", "transfer:UTUMISHI transfer:KMK transfer:MAJI"): ("KMK", ["national@UTUMISHI", "ministry@MAJI"]),
}
"""Kind and steps, then a leak; who is told of it, and who must not see it from then on."""


@pytest.mark.parametrize(("kind", "steps"), HELD, ids=[f"{kind}: {steps or 'new'}" for kind, steps in HELD])
async def test_a_leak_is_hidden_from_all_who_ever_held_the_case(house: House, kind: str, steps: str) -> None:
    reference = await house.submit(kind)
    for step in steps.split():
        await house.step(step, reference)
        await house.hear()
    higher, away = HELD[kind, steps]
    await house.step("appeal:leak", reference)
    await house.hear()
    for who in away:
        officer = officer_of(who, house.offices)
        with pytest.raises(Refused, match=UNKNOWN):
            await house.desk.look(officer, reference)
        assert reference not in await listed(house, who, 50)
    case, _ = await house.desk.look(officer_of(f"head@{higher}", house.offices), reference)
    assert case.hidden >= {who.partition("@")[2] for who in away}
    assert case.institution == house.projected[reference].institution == higher, "and she is told who has it"


async def test_who_passed_it_on_unheard_is_hidden_too(house: House) -> None:
    """She reports the ministry that she sees on her phone; it has just passed her case on."""
    reference = await house.submit()
    await house.play("transfer:NISHATI", reference)
    await house.hear()
    await house.play("transfer:TANESCO appeal:leak", reference)
    case = await house.case(reference)
    assert (case.institution, case.hidden) == ("KMK", frozenset({"DUWASA", "NISHATI", "TANESCO"}))
