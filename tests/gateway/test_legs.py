"""Which request of a dialogue this is, on each kind of channel; and who calls, where the provider leaves it out."""

from __future__ import annotations

import pytest

from tests.gateway.house import COMPLAINT, HOME, LEAVE, REVIEW, SEND, WORDS, Caller, House, reference
from ussd_engine import config
from ussd_engine.engine import read_menus
from ussd_engine.model import LegKind, Phase

OTHER = "255700000002"


@pytest.fixture
def cumulative(house: House) -> Caller:
    return house.caller(LegKind.CUMULATIVE)


@pytest.fixture
def numbered(house: House) -> Caller:
    return house.caller(LegKind.SEQUENCE)


@pytest.fixture
def window(house: House) -> Caller:
    return house.caller(LegKind.WINDOW)


# cumulative texts


async def text(caller: Caller, whole: str, after: float = 8.0) -> str:
    """A leg with this whole text; the screen that it gets."""
    caller.house.move(after)
    caller.inputs = (whole,)
    await caller.send(caller.turn(Phase.INPUT, whole))
    return caller.screen


async def test_a_star_in_free_text_is_text(house: House, cumulative: Caller) -> None:
    await cumulative.at(*HOME, *COMPLAINT[:5])
    assert await text(cumulative, f"9*2*1*1*1*tanesco*1*1*{WORDS} *#* 2*3") == "identity"
    assert house.sessions.only().drafts[0].answers["message"] == f"{WORDS} *#* 2*3"


async def test_an_older_text_gets_the_current_screen_and_does_nothing(house: House, cumulative: Caller) -> None:
    await cumulative.at(*HOME, "1")
    before = house.sessions.snapshot()
    for older in ("9*2", "9*2*1", "9*2*2*3"):
        assert await text(cumulative, older) == "inst_how"
        assert "out_of_order" in cumulative.counts
    assert house.sessions.snapshot() == before
    assert await text(cumulative, "9*2*1*1*1") == "inst_query"


async def test_a_text_changed_upstream_goes_on_where_its_star_stands(cumulative: Caller) -> None:
    await cumulative.at(*HOME, *COMPLAINT)
    changed = f"9*2*1*1*1*TANESCO*1*1*{WORDS}*3"
    assert await text(cumulative, changed) == "review"
    assert "prefix_mismatch" in cumulative.counts
    assert await text(cumulative, f"{changed}*9") == "cancelled"


async def test_a_text_that_lost_its_last_blanks_goes_on(cumulative: Caller) -> None:
    await cumulative.at(*HOME, *COMPLAINT[:5], f"{WORDS}   ")
    assert await text(cumulative, f"9*2*1*1*1*tanesco*1*1*{WORDS}*3") == "review"
    assert "prefix_mismatch" in cumulative.counts


async def test_a_longer_text_that_cannot_be_read_is_an_older_leg(cumulative: Caller) -> None:
    await cumulative.at(*HOME, "1")
    assert await text(cumulative, "9*2*1*11") == "inst_how"
    assert {"prefix_mismatch", "out_of_order"} <= set(cumulative.counts)
    assert await text(cumulative, "9*2*1*11*1") == "inst_query", "the next one goes on from there"


async def test_legs_lost_on_a_menu_are_taken_one_by_one(cumulative: Caller) -> None:
    await cumulative.dial()
    assert await text(cumulative, "9*2*1*1*2") == "ministry"
    assert "legs_lost" in cumulative.counts


async def test_legs_lost_in_free_text_stay_text(house: House, cumulative: Caller) -> None:
    await cumulative.at(*HOME, *COMPLAINT[:5])
    assert await text(cumulative, f"9*2*1*1*1*tanesco*1*1*{WORDS}*1*1") == "identity"
    assert house.sessions.only().drafts[0].answers["message"] == f"{WORDS}*1*1"
    assert await house.references() == []


async def test_digits_dialled_lead_to_the_service_and_later_texts_may_leave_them_out(cumulative: Caller) -> None:
    await cumulative.dial("9*2")
    assert cumulative.screen == "lang"
    assert await text(cumulative, "1") == "home"
    assert await text(cumulative, "1*1") == "inst_how"


async def test_digits_dialled_may_stand_in_later_texts(cumulative: Caller) -> None:
    await cumulative.dial("9*2")
    assert await text(cumulative, "9*2*1") == "home"


async def test_a_text_that_only_looks_like_the_dialled_digits_is_taken_whole(cumulative: Caller) -> None:
    await cumulative.dial("9")
    assert cumulative.screen == "gmp_feedback"
    assert await text(cumulative, "98") == "gmp_feedback"
    assert cumulative.house.sessions.only().line == "choice"


async def test_a_complaint_dialled_in_one_go_is_never_sent(house: House, cumulative: Caller) -> None:
    whole = "*".join((*REVIEW, SEND))
    cumulative.dialogue = "D"
    await cumulative.send(cumulative.turn(Phase.INPUT, whole))
    assert cumulative.screen == "lang"
    assert house.sessions.only().drafts == []
    assert await house.effects() == 0


async def test_bytes_are_counted_as_received(cumulative: Caller) -> None:
    await cumulative.at(*HOME, *COMPLAINT[:5], "Ng\u2019ombe wangu wameibiwa \U0001f402")
    await cumulative.type("3")
    assert cumulative.screen == "review"


# numbered legs


async def test_a_lower_number_is_an_older_leg(house: House, numbered: Caller) -> None:
    await numbered.at(*HOME, "1")
    before = house.sessions.snapshot()
    await numbered.send(numbered.turn(Phase.INPUT, "8", 2))
    assert numbered.screen == "inst_how"
    assert "out_of_order" in numbered.counts
    assert house.sessions.snapshot() == before


async def test_the_same_number_is_a_repeat_whatever_it_holds(numbered: Caller) -> None:
    await numbered.at(*HOME)
    await numbered.send(numbered.turn(Phase.INPUT, "8", len(HOME) + 1))
    assert numbered.screen == "home"
    assert "callback_replay" in numbered.counts


# channels that tell nothing


async def test_an_equal_input_is_a_repeat_for_a_second_and_an_answer_after_it(window: Caller) -> None:
    await window.at(*HOME, "1")
    await window.repeat(after=1.0)
    assert window.screen == "inst_how"
    await window.repeat(after=1.1)
    assert window.screen == "inst_query"


async def test_an_answer_that_equals_a_recent_one_is_held_on_an_acting_screen(house: House, window: Caller) -> None:
    await window.at(*REVIEW)
    review = await window.send(window.turn(Phase.START, ""))
    for after in (1.5, 2.0, 2.0):
        assert await window.type("1", after=after) == review
        assert "held" in window.counts
    assert await house.effects() == 0


async def test_holding_does_not_lengthen_the_time(window: Caller) -> None:
    await window.at(*REVIEW)
    await window.type("1", after=4.0)
    assert "held" in window.counts
    reply = await window.type("1", after=2.5)
    assert reference(reply)


async def test_a_held_input_is_no_answer(house: House, window: Caller) -> None:
    await window.at(*REVIEW)
    step = house.sessions.only().step
    await window.type("1", after=4.0)
    assert house.sessions.only().step == step


async def test_a_screen_reached_by_a_repeat_that_was_late_holds_once_at_any_time(house: House, window: Caller) -> None:
    await window.at(*HOME, *COMPLAINT)
    await window.type("7")
    await window.type("1", after=3.0)
    await window.type("0", after=1.5)
    await window.type("1", after=1.5)
    assert window.screen == "review"
    review = await window.type(LEAVE, after=60.0)
    assert window.screen == "review"
    assert "held" in window.counts
    assert await house.effects() == 0
    assert not review.ends
    await window.type(LEAVE, after=60.0)
    assert window.screen == "cancelled"


async def test_a_quiet_screen_is_never_held(window: Caller) -> None:
    await window.at(*HOME)
    await window.type("1", after=2.0)
    await window.type("1", after=2.0)
    assert window.screen == "inst_query"


async def test_a_channel_known_never_to_repeat_holds_nothing(house: House) -> None:
    caller = house.caller(LegKind.WINDOW, hold_s=0.0)
    await caller.at(*REVIEW)
    assert reference(await caller.type("1", after=1.5))


async def test_an_input_that_opened_the_dialog_cannot_drop_the_draft_when_it_comes_again(house: House) -> None:
    codes = {"USSD_ENGINE_CODES": "*152*00#=gmp *152*01#=emrejesho"}
    house.gateway.editions.swap(read_menus(config.load(codes)))
    caller = house.caller(LegKind.WINDOW)
    caller.code = "*152*01#"
    await caller.at("1", "1", "1")
    lost = caller.turn(Phase.INPUT, "3", dialogue="its start was lost")
    await caller.send(lost)
    assert caller.screen == "resume"
    house.move(2.0)
    await caller.send(lost)
    assert "held" in caller.counts
    assert house.sessions.only().drafts != []


# number and code


async def test_number_and_code_may_be_missing_after_the_first_leg(house: House, caller: Caller) -> None:
    await caller.dial()
    caller.msisdn = caller.code = None
    await caller.type(*REVIEW)
    assert "no_number" in caller.counts
    reply = await caller.type(SEND)
    assert await house.references() == [reference(reply)]
    assert caller.seen.screen == "emrejesho/done", "confidential: the number is known from the first leg"


async def test_the_way_to_the_session_is_written_before_the_first_screen(house: House, caller: Caller) -> None:
    await caller.dial()
    assert house.sessions.calls.index("link") < house.sessions.calls.index("commit")


async def test_a_channel_whose_legs_are_complete_keeps_no_way(house: House) -> None:
    await house.caller(LegKind.CUMULATIVE, complete=True).at(*HOME)
    assert "link" not in house.sessions.calls


async def test_the_code_may_be_missing_always(house: House, caller: Caller) -> None:
    caller.code = None
    await caller.at(*REVIEW)
    first = await caller.type(SEND)
    caller.code = "*152*00#"
    assert reference(await caller.dial()) == reference(first)


async def test_a_code_of_the_channel_stands_in_for_one_that_is_never_sent(house: House) -> None:
    caller = house.caller(LegKind.WINDOW, code="*152*00#")
    caller.code = None
    await caller.at(*HOME)
    other = house.caller(LegKind.WINDOW)
    await other.dial()
    assert "redial" in other.counts


async def test_a_caller_without_number_is_offered_anonymity_alone(house: House) -> None:
    caller = house.caller(LegKind.SEQUENCE, msisdn=None)
    reply = await caller.at(*HOME, *COMPLAINT)
    lines = [line[:2] for line in reply.text.split("\n") if line[1:2] == "."]
    assert lines == ["3.", "0."]
    await caller.type("3")
    assert reference(await caller.type(SEND)) in await house.references()


async def test_a_start_without_number_gets_an_end_while_its_dialogue_is_young(house: House) -> None:
    caller = house.caller(LegKind.WINDOW, msisdn=None)
    await caller.at(*HOME)
    before = house.sessions.snapshot()
    house.move(14)
    reply = await caller.send(caller.turn(Phase.START, ""))
    assert reply.ends
    assert house.sessions.snapshot() == before


async def test_a_start_without_number_later_begins_anew_and_meets_nothing(house: House) -> None:
    caller = house.caller(LegKind.WINDOW, msisdn=None)
    await caller.at(*HOME, *COMPLAINT)
    house.move(16)
    await caller.dial(dialogue=caller.dialogue)
    assert caller.screen == "gmp_root"
    assert house.sessions.only().drafts == []


async def test_a_reused_dialogue_without_number_does_not_lead_to_the_caller_before(house: House) -> None:
    first = house.caller(LegKind.WINDOW)
    await first.dial(dialogue="reused")
    await first.type(*HOME, *COMPLAINT)
    house.move(16)
    second = house.caller(LegKind.WINDOW, msisdn=None)
    await second.dial(dialogue="reused")
    await second.type("9", "2", "1")
    assert second.screen == "home"


async def test_a_start_without_number_is_young_by_the_leg_that_had_one(house: House) -> None:
    caller = house.caller(LegKind.WINDOW)
    await caller.dial()
    caller.msisdn = None
    house.move(5)
    reply = await caller.send(caller.turn(Phase.START, ""))
    assert reply.ends
    assert "old_dialogue" in caller.counts


async def test_a_dialogue_reused_by_another_number_is_counted_and_shows_nothing_of_the_first(house: House) -> None:
    first = house.caller(LegKind.SEQUENCE)
    await first.dial(dialogue="reused")
    await first.type(*HOME, *COMPLAINT)
    second = house.caller(LegKind.SEQUENCE, msisdn=OTHER)
    await second.dial(dialogue="reused")
    assert second.screen == "gmp_root"
    assert "session_mismatch" in second.counts
    await first.send(first.turn(Phase.INPUT, "3", 99))
    assert first.screen == "review"


async def test_an_input_with_another_number_and_no_code_never_reaches_the_first_caller(house: House) -> None:
    first = house.caller(LegKind.SEQUENCE)
    await first.dial(dialogue="reused")
    await first.type(*HOME, *COMPLAINT)
    second = house.caller(LegKind.SEQUENCE, msisdn=OTHER)
    second.code = None
    await second.send(second.turn(Phase.INPUT, "3", 99, dialogue="reused"))
    assert second.screen == "gmp_root"
    assert "session_mismatch" in second.counts
