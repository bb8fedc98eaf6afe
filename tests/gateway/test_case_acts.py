"""What she does about a case: more words, withdrawal, rating, appeal; and what is done about her phone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sessions import Draft, Pending, Session
from tests.gateway.following import ANSWER, TRACK, opened, pin_of, sent, told
from tests.gateway.house import Caller, House
from ussd_engine import acts, machine
from ussd_engine.machine import Intent
from ussd_engine.model import CaseState, Committed, LegKind, Profile


@pytest.fixture
def caller(house: House) -> Caller:
    return house.caller(LegKind.CUMULATIVE)


# PINs


async def test_a_forgotten_pin_is_shown_anew_a_day_later_and_the_old_one_ends(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    old = await pin_of(house, ref)
    house.move(700)
    await caller.at(*TRACK, "2", ref, "0007", "2")
    assert caller.screen == "pin_lost"
    assert (await caller.type("1")).ends
    assert caller.screen == "pin_asked"
    house.move(24 * 3600 + 60)
    shown = await caller.at(*TRACK, "1", "1")
    assert caller.screen == "pin_first"
    new = shown.text.partition(f"PIN ya {ref}: ")[2][:4]
    assert (await caller.repeat()).text == shown.text
    await caller.type("1")
    assert caller.screen == "case"
    house.move(700)
    await caller.at(*TRACK, "2", ref, old)
    assert (caller.screen == "track_bad") is (old != new)
    await caller.type("1", ref, new)
    assert caller.screen == "case"


async def test_a_new_pin_that_could_not_be_drawn_is_not_shown(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    house.move(700)
    await caller.at(*TRACK, "2", ref, "0007", "2", "1")
    house.move(24 * 3600 + 60)
    await caller.at(*TRACK, "1")
    house.faults.arm("unanswered")
    await caller.type("1")
    assert caller.screen == "in_doubt"
    shown = await caller.dial()
    assert caller.screen == "pin_first"
    assert f"PIN ya {ref}: " in shown.text


# what she does


async def test_adding_is_done_once_and_says_so(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    await told(house, ref, "opened")
    await opened(house, caller, ref)
    before = await house.effects()
    reply = await caller.type("3", "Bado umeme haujarudi")
    assert caller.screen == "add_done"
    assert ref in reply.text
    assert await caller.repeat() == reply
    assert await house.effects() == before + 1
    assert "extra" not in house.sessions.only().values


async def test_adding_in_doubt_is_told_at_the_redial(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    await opened(house, caller, ref)
    await caller.type("3")
    house.faults.arm("unanswered")
    await caller.type("Bado umeme haujarudi")
    assert caller.screen == "in_doubt"
    await caller.dial()
    assert caller.screen == "add_done"


async def test_too_much_in_an_hour_waits_for_the_next(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    for _ in range(4):
        await opened(house, caller, ref)
        await caller.type("3", "Bado umeme haujarudi")
        assert caller.screen == "add_done"
    await opened(house, caller, ref)
    reply = await caller.type("3", "Bado umeme haujarudi")
    assert caller.screen == "track_locked"
    assert reply.ends


async def test_withdrawing(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    await opened(house, caller, ref)
    await caller.type("5")
    assert caller.screen == "withdraw"
    await caller.type("2")
    assert caller.screen == "case"
    await caller.type("5", "1")
    assert caller.screen == "withdraw_done"
    case = await house.ledger.real.case(ref)
    assert case is not None
    assert case.state is CaseState.WITHDRAWN


async def test_what_was_answered_meanwhile_is_not_withdrawn_and_is_shown(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    await opened(house, caller, ref)
    await caller.type("5")
    await told(house, ref, "answered", words=ANSWER)
    shown = await caller.type("1")
    assert caller.screen == "case"
    assert "Limejibiwa" in shown.text
    assert "5. Ondoa" not in shown.text


@pytest.mark.parametrize(("line", "screen", "state"), [("1", "rate_thanks", "closed"), ("3", "rate_no", "answered")])
async def test_rating(house: House, caller: Caller, line: str, screen: str, state: str) -> None:
    ref = await sent(caller)
    await told(house, ref, "answered", words="Tumerekebisha.")
    await opened(house, caller, ref)
    reply = await caller.type("1", "1", line)
    assert caller.screen == screen
    assert "14/02/2026" in reply.text
    case = await house.ledger.real.case(ref)
    assert case is not None
    assert case.state == state


async def test_an_appeal_from_not_satisfied_to_the_higher_level(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    await told(house, ref, "answered", words="Tumerekebisha.")
    await opened(house, caller, ref)
    await caller.type("1", "1", "3", "1")
    assert caller.screen == "appeal_text"
    confirm = await caller.type("Umeme bado haupo")
    assert caller.screen == "appeal_confirm"
    assert confirm.text.startswith(f"Rufaa ya {ref} itakwenda Wizara ya Nishati.")
    done = await caller.type("1")
    assert caller.screen == "appeal_done"
    assert "04/02/2026" in done.text
    case = await house.ledger.real.case(ref)
    assert case is not None
    assert (case.state, case.institution) == ("appealed", "NISHATI")


async def test_an_appeal_survives_a_drop_with_what_it_is_about(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    await told(house, ref, "answered", words="Tumerekebisha.")
    await opened(house, caller, ref)
    await caller.type("4", "4", "Umeme bado haupo")
    assert caller.screen == "appeal_confirm"
    await caller.at(*TRACK[:2])
    assert caller.screen == "resume"
    assert (await caller.type("1")).text.startswith(f"Rufaa ya {ref} itakwenda Wizara ya Nishati.")
    await caller.type("1")
    assert caller.screen == "appeal_done"


@pytest.mark.parametrize(("after", "screen"), [(0, "appeal_why"), (30, "appeal_why"), (31, "appeal_late")])
async def test_the_appeal_window(house: House, caller: Caller, after: int, screen: str) -> None:
    ref = await sent(caller)
    await told(house, ref, "answered", words="Tumerekebisha.")
    house.move(timedelta(days=after).total_seconds())
    await opened(house, caller, ref)
    await caller.type("4")
    assert caller.screen == screen


async def test_before_its_due_date_only_a_leak_is_appealed(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    await opened(house, caller, ref)
    early = await caller.type("4")
    assert caller.screen == "appeal_not_yet"
    assert "13/02/2026" in early.text
    await caller.type("1", "Afisa amewaambia majirani", "1")
    assert caller.screen == "appeal_done"


async def test_at_the_top_there_is_no_appeal(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    await told(house, ref, "answered", words="Tumerekebisha.", institution="KMK")
    await told(house, ref, "answered", words="Tumerekebisha.")
    await opened(house, caller, ref)
    shown = await caller.type("4")
    assert caller.screen == "appeal_top"
    assert shown.text.startswith("Ofisi ya Katibu Mkuu Kiongozi ni ngazi ya juu kabisa")


# of an appeal and of leaving its form only one can be


async def confirmed(house: House, caller: Caller) -> str:
    """An appeal that is written and not sent yet; the reference of its case."""
    ref = await sent(caller)
    await told(house, ref, "answered", words="Tumerekebisha.")
    await opened(house, caller, ref)
    await caller.type("4", "1", "Umeme bado haupo")
    assert caller.screen == "appeal_confirm"
    return ref


async def forgotten(caller: Caller) -> None:
    """The draft is found after a drop, and dropped."""
    await caller.at(*TRACK[:2])
    assert caller.screen == "resume"
    await caller.type("3")


async def test_dropping_an_appeal_whose_sending_was_forgotten_shows_the_appeal(house: House, caller: Caller) -> None:
    await confirmed(house, caller)
    before = house.sessions.snapshot()
    done = await caller.type("1")
    assert caller.screen == "appeal_done"
    house.sessions.put_back(before)
    await forgotten(caller)
    assert caller.screen == "appeal_done"
    assert "effect_race" in caller.counts
    assert await caller.repeat() == done
    await caller.at(*TRACK[:2])
    assert caller.screen == "home"


async def test_dropping_an_appeal_that_was_refused_says_nothing_of_it_and_is_no_fault(
    house: House, caller: Caller
) -> None:
    ref = await confirmed(house, caller)
    before = house.sessions.snapshot()
    await told(house, ref, "appealed")
    await caller.type("1")
    assert caller.screen == "case"
    house.sessions.put_back(before)
    await forgotten(caller)
    assert caller.screen == "home"
    assert house.sessions.only().drafts == []


async def test_appealing_after_the_draft_was_dropped_shows_that_nothing_was_sent(house: House, caller: Caller) -> None:
    ref = await confirmed(house, caller)
    before = house.sessions.snapshot()
    await forgotten(caller)
    assert caller.screen == "home"
    house.sessions.put_back(before)
    await caller.at(*TRACK[:2], "1")
    assert caller.screen == "appeal_confirm"
    await caller.type("1")
    assert caller.screen == "cancelled"
    assert "effect_race" in caller.counts
    assert house.sessions.only().drafts == []
    case = await house.ledger.real.case(ref)
    assert case is not None
    assert case.state is CaseState.ANSWERED


async def test_an_appeal_in_doubt_is_told_at_the_redial(house: House, caller: Caller) -> None:
    await confirmed(house, caller)
    house.faults.arm("unanswered")
    await caller.type("1")
    assert caller.screen == "in_doubt"
    told = await caller.dial()
    assert caller.screen == "appeal_done"
    assert "Nishati" in told.text


@pytest.mark.parametrize(
    ("do", "kind", "outcome"),
    [("cancel", "appeal", "sent"), ("appeal", "cancel", "refused"), ("cancel", "hour", "ok")],
)
def test_where_the_menu_knows_the_first_act_no_more_the_outcome_is_true(
    house: House, do: str, kind: Any, outcome: str
) -> None:
    menu = house.gateway.editions.current.services["gmp"]
    assert acts.outcome_of(menu, Pending("it", do, b"r", 1, 0), Committed(kind)) == ("it", outcome)


@pytest.mark.parametrize(
    ("do", "left", "by_run"), [("appeal", "", True), ("appeal", "review", False), ("cancel", "review", True)]
)
def test_what_is_done_outside_a_form_that_she_left_has_a_key_of_its_own(do: str, left: str, by_run: bool) -> None:
    session = Session(
        b"d", b"m", "emrejesho", "case", "sw", drafts=[Draft("emrejesho", "complaint", b"run", left=left)]
    )
    pending = acts.begin(session, Intent("it", do), bytes, 0)
    assert (pending.key == b"run") is by_run


def test_what_is_done_outside_a_form_leaves_the_draft_that_she_left(house: House) -> None:
    edition = house.gateway.editions.current
    draft = Draft("emrejesho", "complaint", b"run", {"find": "name"}, left="review")
    session = Session(b"d", edition.version, "emrejesho", "appeal_confirm", "sw", drafts=[draft])
    session.pending = Pending("appeal_send", "appeal", b"step", 1, 0)
    after = machine.outcome(edition, session, {}, Profile(), "appeal_send", "ok", acts.nothing(0)).session
    assert (after.screen, after.drafts) == ("appeal_done", [draft])
