"""Acts: pending, commit by key, outcome; found again by every kind of leg; forgotten, failed, in doubt."""

from __future__ import annotations

import pytest

from tests.gateway.house import HOME, LEAVE, NUMBER, REVIEW, SEND, WORDS, Caller, House, reference
from ussd_engine.ledger import Fault
from ussd_engine.ledger.tables import languages
from ussd_engine.model import LegKind, Phase, Reply


async def in_doubt(house: House, caller: Caller, answer: str = SEND, fault: Fault = "unanswered") -> Reply:
    """An act whose commit is not answered."""
    house.faults.arm(fault)
    reply = await caller.type(answer)
    assert caller.screen == "in_doubt"
    assert "in_doubt" in caller.counts
    return reply


# failed, in doubt


async def test_failed_is_said_where_the_first_attempt_was_rolled_back_and_the_draft_stands_at_review(
    house: House, caller: Caller
) -> None:
    await caller.at(*REVIEW)
    house.faults.arm("lost")
    reply = await caller.type(SEND)
    assert caller.screen == "fail"
    assert "dakika 10" in reply.text
    assert await house.references() == []
    await caller.dial()
    await caller.type("9", "2", "1")
    assert caller.screen == "review"
    sent = await caller.type(SEND)
    assert await house.references() == [reference(sent)]


async def test_in_doubt_says_how_long_a_redial_can_tell(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    reply = await in_doubt(house, caller)
    assert reply.ends
    assert "dakika 10" in reply.text
    assert house.sessions.only().pending is not None


async def test_in_doubt_has_words_where_no_draft_is_kept(house: House, caller: Caller) -> None:
    await caller.at(*HOME, "7")
    reply = await in_doubt(house, caller, "1")
    assert "dakika 10" in reply.text


@pytest.mark.parametrize("fault", ["unanswered", "unknown_rolled"])
async def test_a_redial_within_ten_minutes_tells_and_nothing_is_stored_twice(
    house: House, caller: Caller, fault: Fault
) -> None:
    await caller.at(*REVIEW)
    await in_doubt(house, caller, fault=fault)
    house.move(590)
    reply = await caller.dial()
    assert "pending_resumed" in caller.counts
    assert await house.references() == [reference(reply)]


async def test_the_same_leg_again_tells(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    await in_doubt(house, caller)
    assert await house.references() == [reference(await caller.repeat())]


async def test_an_answer_of_the_dialogue_tells(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    await in_doubt(house, caller)
    assert await house.references() == [reference(await caller.type("5"))]


async def test_a_later_attempt_that_is_rolled_back_stays_in_doubt(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    await in_doubt(house, caller, fault="unknown_rolled")
    house.faults.arm("lost")
    await caller.dial()
    assert caller.screen == "in_doubt"
    pending = house.sessions.only().pending
    assert pending is not None
    assert pending.attempt == 2
    assert reference(await caller.dial()) in await house.references()


async def test_leaving_that_was_rolled_back_is_in_doubt_too(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    await in_doubt(house, caller, LEAVE, fault="lost")
    await caller.dial()
    assert caller.screen == "cancelled"


async def test_an_older_leg_that_meets_a_pending_act_runs_nothing(house: House) -> None:
    for kind in (LegKind.CUMULATIVE, LegKind.SEQUENCE):
        caller = house.caller(kind, msisdn=f"25570000001{len(kind.value)}")
        await caller.at(*REVIEW)
        await in_doubt(house, caller, fault="unknown_rolled")
        before = house.sessions.snapshot()
        older = [caller.turn(Phase.INPUT, "9*2", 3), caller.turn(Phase.INPUT, "9*2*1", 4)]
        unreadable = [caller.turn(Phase.INPUT, "9" * 200)] if kind is LegKind.CUMULATIVE else []
        for turn in (*older, *unreadable):
            await caller.send(turn)
            assert caller.screen == "review"
        assert house.sessions.snapshot() == before
    assert await house.references() == []


async def test_a_leg_of_a_dialogue_that_was_left_meets_an_end_before_a_pending_act(house: House) -> None:
    caller = house.caller(LegKind.SEQUENCE)
    await caller.dial(dialogue="left")
    await caller.at(*REVIEW)
    await in_doubt(house, caller, fault="unknown_rolled")
    reply = await caller.send(caller.turn(Phase.INPUT, "1", 2, dialogue="left"))
    assert caller.screen != "done"
    assert reply.ends
    assert await house.references() == []


async def test_closed_notices_leave_a_pending_act_alone(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    await in_doubt(house, caller, fault="unknown_rolled")
    await caller.send(caller.turn(Phase.CLOSED, "completed"))
    assert house.sessions.only().pending is not None


# of sending and leaving only one can be


async def test_leaving_after_sending_shows_what_was_sent(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    before = house.sessions.snapshot()
    sent = await caller.type(SEND)
    house.sessions.put_back(before)
    caller.inputs = caller.inputs[:-1]
    reply = await caller.type(LEAVE)
    assert caller.screen == "done"
    assert reference(reply) == reference(sent)
    assert "effect_race" in caller.counts


async def test_sending_after_leaving_shows_that_it_was_left(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    before = house.sessions.snapshot()
    await caller.type(LEAVE)
    house.sessions.put_back(before)
    caller.inputs = caller.inputs[:-1]
    await caller.type(SEND)
    assert caller.screen == "cancelled"
    assert await house.references() == []


async def test_dropping_a_draft_whose_sending_was_forgotten_shows_the_reference(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    before = house.sessions.snapshot()
    sent = await caller.type(SEND)
    house.sessions.put_back(before)
    await caller.dial()
    await caller.type("9", "2", "3")
    assert caller.screen == "done"
    assert reference(await caller.repeat()) == reference(sent)


async def test_sending_again_after_the_store_forgot_it_shows_the_first_reference(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    before = house.sessions.snapshot()
    first = await caller.type(SEND)
    house.sessions.put_back(before)
    assert await caller.repeat() == first
    assert await house.references() == [reference(first)]


async def test_the_reference_is_drawn_before_the_act_and_stands_in_the_pending(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    await in_doubt(house, caller, fault="unknown_rolled")
    pending = house.sessions.only().pending
    assert pending is not None
    assert reference(await caller.dial()) == pending.drawn["ref"]


# what is written


async def test_the_day_is_full_after_five_cases_and_the_draft_stays(house: House, caller: Caller) -> None:
    for _ in range(5):
        await caller.at(*REVIEW) if not house.sessions.snapshot() else await again(caller)
        await caller.type(SEND)
    await again(caller)
    await caller.type(SEND)
    assert caller.screen == "limit"
    assert len(await house.references()) == 5
    assert house.sessions.only().drafts[0].answers["message"] == WORDS


async def again(caller: Caller) -> None:
    """To the review, for a caller whose language is known and whose last screen stands."""
    await caller.dial()
    await caller.type("1", "1", "1", "tanesco", "1", "1", WORDS, "1")
    assert caller.screen == "review"


async def test_a_language_changed_in_settings_is_remembered_once(house: House, caller: Caller) -> None:
    await caller.at(*HOME, "7", "1")
    assert caller.seen.locale == "en"
    assert len(await house.rows(languages)) == 1
    assert await house.ledger.language(NUMBER) == "en"
    assert await caller.repeat() == await caller.repeat()
    assert caller.seen.locale == "en"
