"""Whole dialogs on channels of every kind: what is sent, repeated, held, left, resumed, told again."""

from __future__ import annotations

import pytest

from tests.gateway.house import (
    ANONYMOUS_REVIEW,
    COMPLAINT,
    HOME,
    LEAVE,
    NUMBER,
    REVIEW,
    SEND,
    WORDS,
    Caller,
    House,
    reference,
)
from ussd_engine.ledger.tables import cases, contacts, languages, outbox, submissions
from ussd_engine.model import LegKind, Phase, SetLanguage


async def test_a_complaint_is_stored_before_its_reference_is_shown(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    reply = await caller.type(SEND)
    assert reply.ends
    assert await house.references() == [reference(reply)]
    assert [len(await house.rows(table)) for table in (submissions, contacts, outbox)] == [1, 1, 1]


async def test_every_leg_delivered_twice_changes_nothing(house: House, caller: Caller) -> None:
    first = await caller.dial()
    assert await caller.repeat() == first
    for text in (*REVIEW, SEND):
        reply = await caller.type(text)
        assert await caller.repeat() == reply
        assert "callback_replay" in caller.counts
    assert await house.references() == [reference(reply)]


async def test_equal_answers_in_a_row_are_two_steps(caller: Caller) -> None:
    await caller.at(*HOME)
    await caller.type("1")
    assert caller.screen == "inst_how"
    await caller.type("1")
    assert caller.screen == "inst_query"


async def test_a_final_screen_stays_under_its_leg_byte_for_byte(caller: Caller) -> None:
    await caller.at(*REVIEW)
    last = await caller.type(SEND)
    assert "PIN: " in last.text
    for after in (0.9,) if caller.kind is LegKind.WINDOW else (1.0, 100.0, 400.0):
        assert await caller.repeat(after) == last


async def test_a_final_screen_keeps_no_answer(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    await caller.type(SEND)
    assert house.sessions.only().drafts == []
    outcome = house.sessions.only().outcome
    assert outcome is not None
    assert set(outcome.values) == {"ref", "due", "identity"}


async def test_no_store_of_sessions_holds_a_number_or_a_word(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    octets = b"".join(key + entry.blob for key, entry in house.sessions.snapshot().items())
    assert NUMBER.encode() not in octets
    assert WORDS.encode() not in octets


# closed notices


@pytest.mark.parametrize("path", [(), HOME, REVIEW, (*REVIEW, SEND)], ids=["first", "home", "review", "done"])
async def test_a_closed_notice_is_counted_and_changes_nothing(
    house: House, caller: Caller, path: tuple[str, ...]
) -> None:
    await caller.dial()
    if path:
        await caller.type(*path)
    before = house.sessions.snapshot()
    await caller.send(caller.turn(Phase.CLOSED, "timeout"))
    assert caller.counts == ["closed"]
    assert house.sessions.snapshot() == before


# redials


async def test_a_redial_finds_the_unfinished_dialog_where_it_was_left(caller: Caller) -> None:
    await caller.at(*HOME, *COMPLAINT)
    await caller.dial()
    await caller.type("9", "2")
    assert caller.screen == "resume"
    await caller.type("1")
    assert caller.screen == "identity"


async def test_the_last_four_dialogues_that_were_left_get_an_end_and_change_nothing(
    house: House, caller: Caller
) -> None:
    for number in range(6):
        await caller.dial(dialogue=f"L{number}")
    before = house.sessions.snapshot()
    for number in range(1, 5):
        for phase, text in ((Phase.INPUT, "9"), (Phase.START, "")):
            reply = await caller.send(caller.turn(phase, text, 2, dialogue=f"L{number}"))
            assert reply.ends
            assert "old_dialogue" in caller.counts
    assert house.sessions.snapshot() == before
    await caller.send(caller.turn(Phase.START, "", 1, dialogue="L0"))
    assert "redial" in caller.counts, "the fifth is forgotten"


async def test_the_new_dialogue_goes_on_untouched_by_legs_of_the_old_one(caller: Caller) -> None:
    await caller.dial(dialogue="old")
    await caller.dial(dialogue="new")
    await caller.send(caller.turn(Phase.INPUT, "9", 2, dialogue="old"))
    await caller.type("9")
    assert caller.screen == "gmp_feedback"


async def test_a_start_of_the_running_dialogue_is_a_repeat_on_the_first_screen(caller: Caller) -> None:
    first = await caller.dial()
    assert await caller.repeat(after=100) == first
    assert "callback_replay" in caller.counts


async def test_a_start_of_the_running_dialogue_is_a_repeat_under_fifteen_seconds(caller: Caller) -> None:
    await caller.dial()
    reply = await caller.type(*HOME)
    caller.house.move(14.5)
    assert await caller.send(caller.turn(Phase.START, "", 1)) == reply
    assert "callback_replay" in caller.counts


async def test_a_start_of_the_running_dialogue_is_a_redial_after_that_and_its_text_begins_anew(caller: Caller) -> None:
    await caller.at(*HOME, "1", "1")
    caller.house.move(16)
    await caller.dial(dialogue=caller.dialogue)
    assert "redial" in caller.counts
    await caller.type("9", "2")
    assert caller.screen == "resume", "the dialogue that goes on is not among those that were left"


async def test_an_input_whose_start_was_lost_gets_the_first_screen_and_is_not_applied(caller: Caller) -> None:
    caller.dialogue, caller.inputs = "D", ("7",)
    await caller.send(caller.input("7"))
    assert caller.screen == "gmp_root"


async def test_an_input_of_an_unknown_dialogue_where_a_session_stands_is_a_redial(caller: Caller) -> None:
    await caller.at(*HOME, "1")
    caller.dialogue, caller.inputs = "unknown", ("7",)
    await caller.send(caller.input("7"))
    assert caller.screen == "gmp_root"
    assert "redial" in caller.counts


async def test_an_emptied_store_begins_the_dialog_again(house: House, caller: Caller) -> None:
    await caller.at(*HOME, "1")
    house.sessions.put_back({})
    await caller.type("1")
    # A whole text still holds the path to the service; what she answered there is not applied.
    assert caller.screen == ("lang" if caller.kind is LegKind.CUMULATIVE else "gmp_root")
    assert house.sessions.only().drafts == []


# reference and PIN once more


@pytest.mark.parametrize("path", [REVIEW, ANONYMOUS_REVIEW], ids=["confidential", "anonymous"])
async def test_a_redial_within_three_minutes_shows_reference_and_pin_again(
    caller: Caller, path: tuple[str, ...]
) -> None:
    await caller.at(*path)
    last = await caller.type(SEND)
    caller.house.move(170)
    again = await caller.dial()
    assert caller.screen == "last"
    assert [line for line in last.text.split("\n") if line[:3] in ("Nam", "PIN")] == again.text.split("\n")[1:3]


async def test_named_cases_are_told_again_too(caller: Caller) -> None:
    await caller.at(*HOME, *COMPLAINT, "2", "Neema Mfano")
    last = await caller.type(SEND)
    again = await caller.dial()
    assert reference(again) == reference(last)


async def test_the_three_minutes_count_from_the_writing_not_from_the_showing(caller: Caller) -> None:
    await caller.at(*REVIEW)
    await caller.type(SEND)
    caller.house.move(100)
    await caller.dial()
    assert caller.screen == "last"
    caller.house.move(100)
    await caller.dial()
    assert caller.screen == "gmp_root"


@pytest.mark.parametrize("answer", ["1", "7"], ids=["right", "wrong"])
async def test_the_first_answer_ends_it(caller: Caller, answer: str) -> None:
    await caller.at(*REVIEW)
    await caller.type(SEND)
    await caller.dial()
    await caller.type(answer)
    await caller.dial()
    assert caller.screen == "gmp_root"


# ids


async def test_a_dialog_has_a_new_id_at_a_start_and_keeps_it_over_a_redial(house: House, caller: Caller) -> None:
    await caller.at(*HOME, "1")
    first = house.sessions.only().dialog
    await caller.dial()
    assert house.sessions.only().dialog == first
    house.sessions.put_back({})
    await caller.dial()
    assert house.sessions.only().dialog != first


@pytest.mark.parametrize("line", ["2", "3"], ids=["start again", "forget"])
async def test_start_again_and_forget_draw_a_new_dialog(house: House, caller: Caller, line: str) -> None:
    await caller.at(*HOME, "1", "1")
    await caller.dial()
    await caller.type("9", "2")
    before = house.sessions.only().dialog
    await caller.type(line)
    assert caller.screen == "home"
    assert house.sessions.only().dialog not in (before, b"")


async def test_a_dial_after_a_final_screen_draws_a_new_dialog(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    await caller.type(SEND)
    before = house.sessions.only().dialog
    await caller.dial()
    assert house.sessions.only().dialog not in (before, b"")


async def test_entering_a_form_draws_a_run(house: House, caller: Caller) -> None:
    await caller.at(*HOME, "1")
    first = house.sessions.only().drafts[0].run
    await caller.type("1", "00", "2")
    assert house.sessions.only().drafts[0].run not in (first, b"")


# languages


async def test_a_known_caller_is_not_asked_for_a_language(house: House, caller: Caller) -> None:
    await house.ledger.real.act(SetLanguage(key=b"k", msisdn=NUMBER, locale="en", at_ms=int(house.now[0] * 1000)))
    await caller.at("9", "2")
    assert caller.screen == "home"
    assert caller.seen.locale == "en"


async def test_a_language_that_cannot_be_read_is_asked_for(house: House, caller: Caller) -> None:
    await house.ledger.real.act(SetLanguage(key=b"k", msisdn=NUMBER, locale="en", at_ms=int(house.now[0] * 1000)))
    house.ledger.mute = True
    await caller.at("9", "2")
    assert caller.screen == "lang"


async def test_choosing_a_language_at_the_door_writes_nothing_of_the_caller(house: House, caller: Caller) -> None:
    await caller.at(*ANONYMOUS_REVIEW)
    await caller.type(SEND)
    assert [len(await house.rows(table)) for table in (cases, languages, contacts)] == [1, 0, 0]


async def test_without_a_number_a_changed_language_lives_in_the_session_alone(house: House) -> None:
    caller = house.caller(LegKind.WINDOW, msisdn=None)
    await caller.at(*HOME, "7", "1")
    assert caller.screen == "home"
    assert caller.seen.locale == "en"
    assert await house.rows(languages) == []


# leaving


async def test_leaving_the_review_sends_nothing(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    await caller.type(LEAVE)
    assert caller.screen == "cancelled"
    assert await house.references() == []
