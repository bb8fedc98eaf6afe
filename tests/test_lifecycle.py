"""A case's way, row by row: where it stands, what the core tells, where it stands then, what its citizen is told."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_engine import lifecycle
from ussd_engine.lifecycle import BUCKETS, MayAppeal, Verdict, apply, may_appeal
from ussd_engine.messages import CaseEvent
from ussd_engine.model import Case, CaseState, Mode, Told

TODAY = date(2026, 1, 20)
DUE = date(2026, 2, 5)
NEW_DUE = date(2026, 3, 2)

TABLE = Path(__file__).parent / "data" / "lifecycle.txt"


def case(state: str = "received", **changes: object) -> Case:
    """A complaint to the water authority of Dodoma, sent a month ago."""
    made = Case(
        reference="482173658",
        case=b"c" * 16,
        handle="h",
        service="emrejesho",
        type="complaint",
        mode=Mode.CONFIDENTIAL,
        institution="DUWASA",
        state=CaseState(state),
        submitted=date(2026, 1, 5),
        changed=date(2026, 1, 5),
        due=DUE,
        sequence=7,
    )
    ended = date(2026, 1, 12) if made.state in lifecycle.ENDED else None
    return msgspec.structs.replace(made, ended=ended, **changes)


def news(text: str = "", **changes: object) -> CaseEvent:
    """What a core tells, in the words of the table."""
    event = CaseEvent(reference="482173658", id="e8", at_ms=1_768_900_000_000, sequence=8)
    for part in filter(None, text.split("+")):
        if part.startswith("to "):
            event = msgspec.structs.replace(event, institution=part.removeprefix("to "))
        elif part == "due":
            event = msgspec.structs.replace(event, due=date(2026, 4, 1))
        elif part == "directive":
            event = msgspec.structs.replace(event, directive=True)
        else:
            event = msgspec.structs.replace(event, state=part)
    return msgspec.structs.replace(event, **changes)


def due(service: str, institution: str, type: str, day: date) -> date:
    return NEW_DUE


def _rows() -> list[list[str]]:
    lines = [line for line in TABLE.read_text().splitlines() if not line.startswith("#")]
    return [[cell.strip() for cell in line.split("|")] for line in lines]


@pytest.mark.parametrize("row", _rows(), ids=lambda row: f"{row[0]}, {row[1] or 'nothing'}")
def test_what_the_core_tells(row: list[str]) -> None:
    before, told, after, expected, verdict = row
    kind, _, state = before.rpartition(" ")
    changes = {"": {}, "leader": {"leader": "minister"}}.get(kind, {"type": kind})
    start = case(state, **changes)
    found = apply(start, news(told), TODAY, due)
    assert (found.case.state, found.told or "-", found.verdict) == (after, expected, verdict)
    assert found.case.sequence == 8
    same = msgspec.structs.replace(found.case, sequence=start.sequence) == start
    assert same is (found.told is None and found.verdict is not Verdict.APPLIED)


def test_the_table_is_a_table() -> None:
    rows = _rows()
    assert len(rows) >= 100
    assert len({(row[0], row[1]) for row in rows}) == len(rows)
    assert {row[0].rpartition(" ")[2] for row in rows} == {state.value for state in CaseState} - {"transferred"}
    assert {row[3] for row in rows} - {"-"} == {told.value for told in Told} - {"overdue"}


def test_an_institution_that_nobody_knows_changes_nothing_but_is_seen() -> None:
    def knows(service: str, institution: str) -> bool:
        return (service, institution) in {("emrejesho", "TANESCO"), ("emrejesho", "DUWASA")}

    for text in ("to NOSUCH", "answered+to NOSUCH", "transferred+to NOSUCH"):
        found = apply(case("in_progress"), news(text), TODAY, due, knows)
        assert (found.told, found.verdict) == (None, Verdict.UNKNOWN)
        assert found.case == case("in_progress", sequence=8)
    assert apply(case(), news("to TANESCO"), TODAY, due, knows).verdict is Verdict.APPLIED
    gone = case(institution="GONE")
    assert apply(gone, news("opened+to GONE"), TODAY, due, knows).verdict is Verdict.APPLIED, "it is there already"


# order


@pytest.mark.parametrize(
    ("sequence", "verdict"), [(8, "applied"), (7, "repeat"), (6, "late"), (0, "late"), (10**9, "applied")]
)
def test_a_count_orders(sequence: int, verdict: str) -> None:
    found = apply(case(), news("opened", sequence=sequence), TODAY, due)
    assert found.verdict == verdict
    assert (found.case == case()) is (verdict != "applied")


@pytest.mark.parametrize(
    ("at_ms", "id", "verdict"),
    [(101, "a", "applied"), (100, "c", "applied"), (100, "b", "repeat"), (100, "a", "late"), (99, "z", "late")],
)
def test_where_nobody_counts_time_and_id_order(at_ms: int, id: str, verdict: str) -> None:
    start = case(sequence=100, event="b")
    assert apply(start, news("opened", sequence=None, at_ms=at_ms, id=id), TODAY, due).verdict == verdict


def test_counted_and_uncounted_news_do_not_mix() -> None:
    uncounted = case(sequence=1_768_900_000_000, event="e1")
    assert apply(uncounted, news("opened", sequence=9), TODAY, due).verdict is Verdict.REFUSED
    assert apply(case(sequence=7), news("opened", sequence=None), TODAY, due).verdict is Verdict.REFUSED
    assert apply(case(sequence=0), news("opened", sequence=None), TODAY, due).verdict is Verdict.APPLIED
    stands = apply(case(sequence=7), news("opened", sequence=None), TODAY, due).case
    assert apply(stands, news("opened", sequence=8), TODAY, due).verdict is Verdict.APPLIED


def test_an_answer_that_comes_late_can_be_read() -> None:
    closed = apply(case("in_progress"), news("closed", sequence=9), TODAY, due).case
    assert "read" not in lifecycle.can(closed)
    late = apply(closed, news("answered", sequence=8), TODAY, due)
    assert (late.verdict, late.told, late.case.state) == (Verdict.LATE, None, CaseState.CLOSED)
    assert "read" in lifecycle.can(late.case)


def test_an_appeal_that_is_told_with_its_holder_is_one() -> None:
    at = apply(case("answered"), news("appealed+to MAJI+due"), TODAY, due).case
    assert (at.institution, at.due, at.appeals, at.moves) == ("MAJI", date(2026, 4, 1), 1, 0)
    assert apply(at, news("appeal_decided", sequence=9), TODAY, due).told is Told.APPEAL_DECIDED


@given(st.permutations(["opened", "in_progress", "need_info", "answered", "closed"]))
def test_in_whatever_order_the_news_come_nothing_goes_back(order: list[str]) -> None:
    place = ["opened", "in_progress", "need_info", "answered", "closed"]
    at, told = case(sequence=0), []
    for state in order:
        found = apply(at, news(state, sequence=place.index(state) + 1), TODAY, due)
        told += [found.told] if found.told else []
        assert found.case.sequence >= at.sequence
        at = found.case
    assert at.state is CaseState.CLOSED
    assert len(told) == len(set(told))


# what a change brings with it


def test_a_transfer_begins_anew_and_is_counted() -> None:
    found = apply(case("in_progress", overdue=True), news("to TANESCO"), TODAY, due).case
    assert (found.institution, found.due, found.overdue, found.moves, found.changed) == (
        "TANESCO",
        NEW_DUE,
        False,
        1,
        TODAY,
    )
    assert found.reference == case().reference


def test_a_core_may_set_the_date_of_a_transfer() -> None:
    assert apply(case(), news("to TANESCO+due"), TODAY, due).case.due == date(2026, 4, 1)


def test_a_new_answer_may_be_rated_again() -> None:
    decided = apply(case("appealed", rating="no"), news("appeal_decided"), TODAY, due).case
    assert (decided.rating, decided.ended, decided.spoken) == ("", TODAY, True)


@pytest.mark.parametrize("how", ["added", "withdrawn", "appealed", "in_progress", "transferred"])
def test_a_question_is_read_while_it_is_open_and_no_longer(how: str) -> None:
    asked = apply(case(state="in_progress"), news("need_info"), TODAY, due).case
    assert asked.spoken
    match how:
        case "added" | "withdrawn":
            after = getattr(lifecycle, how)(asked, TODAY)
        case "appealed":
            after = lifecycle.appealed(asked, "MIN", NEW_DUE, TODAY)
        case _:
            after = apply(asked, news(how, sequence=9), TODAY, due).case
    assert not after.spoken


@pytest.mark.parametrize(("state", "spoken"), [("opened", False), ("need_info", True), ("answered", True)])
def test_what_can_be_read(state: str, spoken: bool) -> None:
    assert ("read" in lifecycle.can(apply(case(), news(state), TODAY, due).case)) is spoken


# time


@pytest.mark.parametrize("state", [state.value for state in CaseState])
def test_only_who_waits_is_told_that_it_is_late(state: str) -> None:
    waits = CaseState(state) in (*lifecycle.OPEN, CaseState.APPEALED)
    assert lifecycle.overdue(case(state), DUE) is None
    late = lifecycle.overdue(case(state), DUE + timedelta(days=1))
    assert (late is not None) is waits
    if late is not None:
        assert lifecycle.overdue(late, DUE + timedelta(days=9)) is None


def test_nothing_is_late_that_is_not_due() -> None:
    assert lifecycle.overdue(case(due=None), date(2030, 1, 1)) is None


@pytest.mark.parametrize(("rating", "days"), [("", 14), ("no", 30)])
def test_an_answer_closes_by_time(rating: str, days: int) -> None:
    answered = case("answered", rating=rating)
    assert answered.ended is not None
    assert not lifecycle.closes(answered, answered.ended + timedelta(days=days))
    assert lifecycle.closes(answered, answered.ended + timedelta(days=days + 1))
    assert lifecycle.closes_from(answered) == answered.ended + timedelta(days=days + 1)
    assert not lifecycle.closes(case("in_progress"), date(2030, 1, 1))


# what an office may do


@pytest.mark.parametrize("state", list(CaseState))
@pytest.mark.parametrize("rating", ["", "no"])
@pytest.mark.parametrize("days", [0, 14, 15, 30, 31])
def test_an_office_closes_what_time_would_close_and_nothing_else(state: CaseState, rating: str, days: int) -> None:
    at, today = case(state, rating=rating), ENDED + timedelta(days=days)
    found = lifecycle.steps(at, today)
    assert (CaseState.CLOSED in found) is lifecycle.closes(at, today)
    assert found - {CaseState.CLOSED} == lifecycle.STEPS[state] - {CaseState.CLOSED, CaseState.APPEALED}


@pytest.mark.parametrize(("days", "told"), [(0, Told.CLOSED), (30, Told.CLOSED), (31, None)])
def test_a_closing_after_a_no_leaves_her_last_day_and_is_told_until_then(days: int, told: Told | None) -> None:
    answered = case("answered", rating="no")
    assert answered.ended is not None
    found = apply(answered, news("closed"), answered.ended + timedelta(days=days), due)
    assert (found.case.state, found.told) == (CaseState.CLOSED, told)
    assert lifecycle.appeal_until(found.case) == lifecycle.appeal_until(answered)


@pytest.mark.parametrize("rating", ["yes", "partly"])
def test_what_she_closed_nobody_closes_again(rating: str) -> None:
    closed = lifecycle.rated(case("answered"), rating, TODAY)
    assert lifecycle.steps(closed, TODAY + timedelta(days=99)) == frozenset()
    assert lifecycle.closes_from(closed) is None


def test_a_compliment_that_was_read_goes_no_further() -> None:
    assert lifecycle.steps(case("opened", type="compliment"), TODAY) == frozenset()


# what she may do

ENDED = date(2026, 1, 12)
APPEALS = [
    ("received", DUE, "too_early"),
    ("received", DUE + timedelta(days=1), "ok"),
    ("need_info", DUE, "too_early"),
    ("need_info", DUE + timedelta(days=1), "ok"),
    ("answered", ENDED, "ok"),
    ("answered", ENDED + timedelta(days=30), "ok"),
    ("answered", ENDED + timedelta(days=31), "too_late"),
    ("closed", ENDED + timedelta(days=30), "ok"),
    ("closed", ENDED + timedelta(days=31), "too_late"),
    ("not_accepted", ENDED + timedelta(days=30), "ok"),
    ("not_accepted", ENDED + timedelta(days=31), "too_late"),
    ("appealed", DUE, "too_early"),
    ("appealed", DUE + timedelta(days=1), "ok"),
    ("appeal_decided", ENDED + timedelta(days=30), "ok"),
    ("appeal_decided", ENDED + timedelta(days=31), "too_late"),
    ("withdrawn", DUE, "never"),
]


@pytest.mark.parametrize(("state", "today", "answer"), APPEALS)
def test_the_time_to_appeal(state: str, today: date, answer: str) -> None:
    assert may_appeal(case(state), today, "MAJI") == answer
    assert may_appeal(case(state), today, "MAJI", leak=True) == "ok"
    assert may_appeal(case(state), today, "", leak=True) == "top"
    assert may_appeal(case(state), today, "") == ("never" if answer == "never" else "top")


def test_a_compliment_has_no_appeal() -> None:
    assert may_appeal(case("opened", type="compliment"), TODAY, "MAJI") is MayAppeal.NEVER
    assert "appeal" not in lifecycle.can(case("opened", type="compliment"))


@pytest.mark.parametrize("state", list(CaseState))
def test_what_the_menu_offers_is_what_the_acts_take(state: CaseState) -> None:
    found = lifecycle.can(case(state))
    assert ("withdraw" in found) is (state in lifecycle.WITHDRAWABLE)
    assert ("rate" in found) is (state is CaseState.ANSWERED)
    assert ("add" in found) is (state in lifecycle.OPEN or state is CaseState.APPEALED)
    assert "rate" not in lifecycle.can(case(state, rating="no"))


@pytest.mark.parametrize("rating", ["yes", "partly", "no"])
def test_a_rating(rating: str) -> None:
    found = lifecycle.rated(case("answered"), rating, TODAY)
    assert (found.state, found.rating) == (CaseState.ANSWERED if rating == "no" else CaseState.CLOSED, rating)
    assert lifecycle.appeal_until(found) == (ENDED if rating == "no" else TODAY) + timedelta(days=30)


def test_the_ladder_goes_on_to_the_top() -> None:
    at = case("answered")
    for higher in ("MAJI", "UTUMISHI", "KMK"):
        at = lifecycle.appealed(at, higher, NEW_DUE, TODAY)
        assert (at.state, at.institution, at.due, at.ended) == (CaseState.APPEALED, higher, NEW_DUE, None)
        at = apply(at, news("appeal_decided", sequence=at.sequence + 1), TODAY, due).case
    assert at.appeals == 3
    assert may_appeal(at, TODAY, "") is MayAppeal.TOP


def test_every_state_stands_in_one_bucket() -> None:
    assert sorted(state for bucket in BUCKETS.values() for state in bucket) == sorted(CaseState)


def test_who_follows_whom_is_closed_under_steps() -> None:
    for first, last in product(CaseState, CaseState):
        direct = last in lifecycle.STEPS[first]
        assert not direct or lifecycle.may_follow(first, last)
