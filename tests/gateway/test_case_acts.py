"""What she does about a case: more words, withdrawal, rating, appeal; and what is done about her phone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from following import ANSWER, NAMED, TRACK, opened, pin_of, sent, told
from house import HOME, NUMBER, Caller, House

from ussd_engine.ledger.tables import languages
from ussd_engine.model import CaseState, LegKind


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
    assert confirm.text.startswith(f"Rufaa ya {ref} itakwenda Nishati.")
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
    assert (await caller.type("1")).text.startswith(f"Rufaa ya {ref} itakwenda Nishati.")
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
    assert shown.text.startswith("KMK ni ngazi ya juu kabisa")


# settings


async def test_sms_off_and_on_again(house: House, caller: Caller) -> None:
    await sent(caller)
    house.move(700)
    assert "2. SMS: imewashwa (badili)" in (await caller.at("9", "2", "7")).text
    off = await caller.type("2")
    assert caller.screen == "settings"
    assert "2. SMS: imezimwa (badili)" in off.text
    assert await caller.repeat() == off
    await caller.type("3", "0")
    assert "2. SMS: imezimwa (badili)" in (await caller.repeat()).text
    assert "2. SMS: imewashwa (badili)" in (await caller.type("2")).text


async def test_where_it_is_not_known_the_line_is_left_out(house: House, caller: Caller) -> None:
    await caller.at(*HOME)
    house.ledger.mute = True
    shown = await caller.type("7")
    assert caller.screen == "settings"
    assert "SMS" not in shown.text
    assert "1. English" in shown.text


async def test_how_data_are_kept_names_the_days(house: House, caller: Caller) -> None:
    assert "siku 90" in (await caller.at(*HOME, "7", "3")).text


async def test_erasing_needs_the_pin_of_one_case_named_ones_too(house: House, caller: Caller) -> None:
    ref = await sent(caller, *NAMED)
    house.move(700)
    await caller.at("9", "2", "7", "4", "1", "1", "0007")
    assert caller.screen == "track_bad"
    house.move(700)
    await caller.at("9", "2", "7", "4", "1", "1", await pin_of(house, ref))
    assert caller.screen == "erase_done"
    assert await house.ledger.real.own_cases(NUMBER) == []


async def test_where_nothing_was_sent_the_language_is_forgotten(house: House, caller: Caller) -> None:
    await caller.at(*HOME, "7", "1")
    assert len(await house.rows(languages)) == 1
    await caller.type("7", "4", "1")
    assert caller.screen == "erase_none"
    assert await house.rows(languages) == []


async def test_a_caller_without_number_is_offered_neither_sms_nor_erasing(house: House) -> None:
    caller = house.caller(msisdn=None)
    shown = await caller.at(*HOME, "7")
    assert [line[:2] for line in shown.text.split("\n")[1:]] == ["1.", "3.", "0."]
