"""Two legs at once, and acts that outlive their request: one act, and nothing that was committed is hidden."""

from __future__ import annotations

import asyncio

import pytest

from tests.gateway.house import HOME, LEAVE, REVIEW, SEND, Caller, House, reference
from ussd_engine.model import LegKind, Phase


async def until_acting(house: House) -> None:
    """Return when one more act has reached the ledger."""
    await asyncio.wait_for(house.ledger.begun.acquire(), 5)


def held_back(house: House) -> asyncio.Event:
    """Let acts wait at the ledger until this is set."""
    house.ledger.begun = asyncio.Semaphore(0)
    house.ledger.gate = asyncio.Event()
    return house.ledger.gate


# races


async def test_the_same_confirmation_twice_at_once_is_one_case_and_one_screen(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    gate = held_back(house)
    caller.inputs = (*caller.inputs, SEND)
    house.move(8)
    turn = caller.input(SEND)
    legs = [asyncio.create_task(house.gateway.take_turn(turn, caller.profile)) for _ in range(2)]
    await until_acting(house)
    await until_acting(house)
    gate.set()
    first, second = await asyncio.gather(*legs)
    assert first == second
    assert await house.references() == [reference(first)]


async def test_two_different_answers_at_once_are_one_act(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    house.move(8)
    send = caller.turn(Phase.INPUT, "*".join((*caller.inputs, SEND)) if caller.kind is LegKind.CUMULATIVE else SEND, 90)
    leave = caller.turn(
        Phase.INPUT, "*".join((*caller.inputs, LEAVE)) if caller.kind is LegKind.CUMULATIVE else LEAVE, 91
    )
    replies = await asyncio.gather(*(house.gateway.take_turn(turn, caller.profile) for turn in (send, leave)))
    shown = {reply.text for reply in replies}
    assert len(await house.references()) == (0 if any("Umeacha" in text for text in shown) else 1)
    assert await house.effects() == 1


async def test_who_loses_a_race_gets_the_screen_that_stands_and_so_does_its_repeat(house: House) -> None:
    caller = house.caller(LegKind.WINDOW)
    await caller.at(*HOME)
    house.move(8)
    gate = house.sessions.slow["commit"] = asyncio.Event()
    legs = [caller.turn(Phase.INPUT, text) for text in ("1", "2")]
    tasks = [asyncio.create_task(house.gateway.take_turn(leg, caller.profile)) for leg in legs]
    for _ in range(20):
        await asyncio.sleep(0)
    del house.sessions.slow["commit"]
    gate.set()
    first, second = await asyncio.gather(*tasks)
    assert first == second
    assert house.sessions.only().screen == "inst_how"
    await caller.send(legs[1])
    assert caller.screen == "inst_how"
    assert "callback_replay" in caller.counts


async def test_a_redial_that_meets_an_act_under_way_tells_the_same(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    gate = held_back(house)
    leg = asyncio.create_task(caller.type(SEND))
    await until_acting(house)
    redial = asyncio.create_task(house.caller(caller.kind).dial())
    await until_acting(house)
    gate.set()
    sent, told = await asyncio.gather(leg, redial)
    assert sent == told
    assert await house.references() == [reference(sent)]


async def test_a_start_that_loses_a_race_begins_again_from_there(house: House) -> None:
    caller = house.caller(LegKind.SEQUENCE)
    await caller.at(*HOME, "1")
    gate = house.sessions.slow["commit"] = asyncio.Event()
    answer = asyncio.create_task(house.gateway.take_turn(caller.turn(Phase.INPUT, "1", 6), caller.profile))
    for _ in range(20):
        await asyncio.sleep(0)
    other = house.caller(LegKind.SEQUENCE)
    start = asyncio.create_task(other.dial())
    for _ in range(20):
        await asyncio.sleep(0)
    del house.sessions.slow["commit"]
    gate.set()
    await asyncio.gather(answer, start)
    assert "race" in other.counts
    await other.type("9", "2", "1")
    assert other.screen == "inst_query"


# nothing stops a commit


async def test_what_is_known_to_be_committed_is_shown_though_the_session_cannot_be_written(
    house: House, caller: Caller
) -> None:
    await caller.at(*REVIEW)
    house.sessions.fails.append("settle")
    reply = await caller.type(SEND)
    assert await house.references() == [reference(reply)]
    assert "session_unavailable" in caller.counts
    assert reference(await caller.dial()) == reference(reply)


async def test_failed_is_not_said_where_the_session_may_not_have_left_pending(house: House, caller: Caller) -> None:
    for trouble in (house.sessions.fails, house.sessions.lost):
        await caller.at(*REVIEW)
        house.faults.arm("lost")
        trouble.append("settle")
        await caller.type(SEND)
        assert caller.screen == "in_doubt"
        house.sessions.put_back({})


async def test_a_commit_goes_on_when_its_request_is_cancelled(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    gate = held_back(house)
    leg = asyncio.create_task(caller.type(SEND))
    await until_acting(house)
    leg.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leg
    gate.set()
    await house.gateway.drain()
    (stored,) = await house.references()
    house.ledger.gate = None
    assert reference(await caller.dial()) == stored


async def test_a_commit_goes_on_past_the_deadline_and_the_redial_tells(house: House, caller: Caller) -> None:
    house.gateway.deadline_s = 0.5
    await caller.at(*REVIEW)
    gate = held_back(house)
    reply = await caller.type(SEND)
    assert caller.screen == "in_doubt"
    assert reply.ends
    gate.set()
    await house.gateway.drain()
    (stored,) = await house.references()
    assert reference(await caller.dial()) == stored


async def test_a_session_store_that_hangs_does_not_hide_what_was_committed(house: House, caller: Caller) -> None:
    house.gateway.deadline_s = 0.5
    await caller.at(*REVIEW)
    house.sessions.slow["settle"] = asyncio.Event()
    assert reference(await caller.type(SEND)) in await house.references()


async def test_a_turn_that_takes_too_long_ends_with_words_and_nothing_was_done(house: House, caller: Caller) -> None:
    house.gateway.deadline_s = 0.1
    await caller.at(*HOME)
    house.sessions.slow["load"] = asyncio.Event()
    reply = await caller.type("1")
    assert reply.ends
    assert "Piga tena" in reply.text
    assert "deadline" in caller.counts
