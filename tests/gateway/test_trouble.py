"""Stores that do not answer and menus that change: words in the caller's language, nothing lost or asked twice."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.gateway.house import HOME, NUMBER, REVIEW, SEND, WORDS, Caller, House, reference
from ussd_engine import config
from ussd_engine.editions import Editions
from ussd_engine.engine import read_menus
from ussd_engine.menu.edition import Edition
from ussd_engine.model import LegKind, Phase, SetLanguage

# the session store


async def in_english(house: House) -> None:
    act = SetLanguage(key=b"k", msisdn=NUMBER, locale="en", at_ms=int(house.now[0] * 1000))
    await house.ledger.real.act(act)


@pytest.mark.parametrize("call", ["load", "commit", "link", "follow"])
async def test_a_store_that_refuses_a_start_is_a_polite_end_in_the_callers_language(
    house: House, caller: Caller, call: str
) -> None:
    await in_english(house)
    house.sessions.fails.append(call)
    reply = await caller.dial()
    assert reply.ends
    assert caller.seen.locale == "en"
    assert "session_unavailable" in caller.counts
    again = await caller.dial()
    assert not again.ends


@pytest.mark.parametrize("call", ["load", "commit"])
async def test_a_store_that_refuses_an_answer_loses_nothing(house: House, caller: Caller, call: str) -> None:
    await caller.at(*REVIEW)
    before = house.sessions.snapshot()
    house.sessions.fails.append(call)
    reply = await caller.type(SEND)
    assert reply.ends
    assert house.sessions.snapshot() == before
    assert await house.references() == []
    await caller.dial()
    await caller.type("9", "2", "1")
    assert caller.screen == "review"


async def test_a_pending_whose_writing_was_not_answered_is_told_by_the_redial(house: House, caller: Caller) -> None:
    await caller.at(*REVIEW)
    house.sessions.lost.append("commit")
    reply = await caller.type(SEND)
    assert reply.ends
    assert await house.references() == []
    assert reference(await caller.dial()) in await house.references()


async def test_a_store_that_refuses_to_follow_a_leg_without_number_ends_it_politely(house: House) -> None:
    caller = house.caller(LegKind.SEQUENCE)
    await caller.dial()
    caller.msisdn = caller.code = None
    house.sessions.fails.append("follow")
    assert (await caller.type("9")).ends
    await caller.type("9")
    assert caller.screen == "gmp_feedback"


# menus that change


@pytest.fixture
def changed(tmp_path: Path) -> Edition:
    """The shipped menus with one more question in the complaint, in front of the message."""
    settings = config.load({})
    menus = tmp_path / "menus"
    shutil.copytree(settings.menus, menus)
    complaint = menus / "emrejesho" / "complaint.yaml"
    text = complaint.read_text()
    text = text.replace("    - message\n    - where:", "    - place\n    - message\n    - where:", 1)
    complaint.write_text(text)
    return read_menus(config.load({"USSD_ENGINE_MENUS": str(menus)}))


def deploy(house: House, edition: Edition) -> None:
    """Start again with other menus: the older ones are not at hand."""
    house.gateway.editions = house.gateway.places.editions = Editions(edition)


async def test_a_running_dialog_finishes_on_its_edition_after_a_reload(
    house: House, caller: Caller, changed: Edition
) -> None:
    await caller.at(*HOME, "1", "1", "tanesco", "1")
    house.gateway.editions.swap(changed)
    await caller.type("1")
    assert caller.screen == "message"
    await caller.type(WORDS, "1")
    assert reference(await caller.type(SEND))
    assert "menu_moved" not in caller.counts


async def test_a_new_dial_sees_the_new_menus(house: House, caller: Caller, changed: Edition) -> None:
    house.gateway.editions.swap(changed)
    await caller.at(*HOME, "1", "1", "tanesco", "1", "1")
    assert caller.screen == "place"


async def test_an_edition_that_is_gone_moves_the_dialog_and_the_input_is_not_applied(
    house: House, caller: Caller, changed: Edition
) -> None:
    await caller.at(*HOME, "1", "1", "tanesco", "1", "1")
    deploy(house, changed)
    await caller.type(WORDS)
    assert caller.screen == "place"
    assert {"menu_moved", "not_applied"} <= set(caller.counts)
    await caller.repeat()
    assert caller.screen == "place"
    await caller.type("Makole")
    assert caller.screen == "message", "nothing is asked twice"
    assert house.sessions.only().menu == changed.version


async def test_a_redial_on_a_new_edition_goes_to_the_first_unanswered_question(
    house: House, caller: Caller, changed: Edition
) -> None:
    await caller.at(*HOME, "1", "1", "tanesco", "1", "1", WORDS)
    house.gateway.editions.swap(changed)
    await caller.dial()
    assert "menu_moved" in caller.counts
    await caller.type("9", "2", "1")
    assert caller.screen == "place"
    await caller.type("Makole")
    assert caller.screen == "identity"


@pytest.mark.parametrize("how", ["repeat", "redial"])
async def test_an_act_under_way_is_told_on_an_edition_that_never_saw_it(
    house: House, caller: Caller, changed: Edition, how: str
) -> None:
    await caller.at(*REVIEW)
    house.faults.arm("unknown_rolled")
    await caller.type(SEND)
    deploy(house, changed)
    reply = await (caller.repeat() if how == "repeat" else caller.dial())
    assert caller.screen == "done"
    (stored,) = await house.references()
    assert reference(reply) == stored
    submission = await house.ledger.real.submission(stored)
    assert submission is not None
    assert submission.answers["message"] == WORDS


async def test_a_last_screen_is_told_again_after_a_reload(house: House, caller: Caller, changed: Edition) -> None:
    await caller.at(*REVIEW)
    last = await caller.type(SEND)
    house.gateway.editions.swap(changed)
    assert await caller.repeat() == last
    assert reference(await caller.dial()) == reference(last)
    await caller.type("1", "1", "1", "tanesco", "1", "1")
    assert caller.screen == "place", "what begins after it begins on the new menus"


async def test_a_closed_notice_needs_no_store(house: House, caller: Caller) -> None:
    await house.sessions.close()
    await caller.send(caller.turn(Phase.CLOSED, "timeout"))
    assert caller.counts == ["closed"]
