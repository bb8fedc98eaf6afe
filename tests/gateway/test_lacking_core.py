"""Nothing pretends: what the core cannot do, or where no SMS can warn, is not offered, and not done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest

from tests.gateway.following import NAMED, TRACK, opened, pin_of, sent, told
from tests.gateway.house import COMPLAINT, Caller, House
from ussd_engine.feedback.base import CAPABILITIES
from ussd_engine.ledger.tables import news, outbox
from ussd_engine.lifecycle import Verdict
from ussd_engine.model import LegKind

READ = ("opened", "in_progress", "answered")
ASKED = ("opened", "in_progress", "need_info")


@pytest.fixture
def caller(house: House) -> Caller:
    return house.caller(LegKind.CUMULATIVE)


@contextmanager
def lacking(house: House, *lacks: str) -> Iterator[None]:
    """The core cannot do this any more."""
    followups = house.ledger.real.followups
    with (
        patch.object(house.gateway.view, "_core_can", CAPABILITIES.difference(lacks)),
        patch.object(followups, "lacks", frozenset(lacks)),
    ):
        yield


# what the core cannot do, each alone

PAGES = [
    ("read", READ, (), ["1. Soma jibu", "2. Waliohusika"]),
    ("append", ("opened",), (), ["3. Ongeza maelezo"]),
    ("append", ASKED, ("1",), ["1. Jibu swali"]),
    ("rate", READ, ("1",), ["1. Endelea"]),
    ("withdraw", ("opened",), (), ["5. Ondoa"]),
    ("appeal", READ, (), ["4. Rufaa"]),
    ("erase", READ, (), []),
]
"""What the core lacks, what it told of the case, what is typed on its page, the lines that are not there."""


@pytest.mark.parametrize(("lacks", "states", "typed", "gone"), PAGES)
async def test_what_a_core_cannot_do_is_not_offered_and_all_else_is(
    house: House, caller: Caller, lacks: str, states: tuple[str, ...], typed: tuple[str, ...], gone: list[str]
) -> None:
    ref = await sent(caller)
    await told(house, ref, *states, words="Ni mtaa gani?")
    pages = []
    for missing in ((), (lacks,)):
        with lacking(house, *missing):
            await opened(house, caller, ref)
            shown = await caller.type(*typed) if typed else await caller.repeat()
            pages.append(shown.text.split("\n"))
    assert [line for line in pages[0] if line not in pages[1]] == gone
    assert [line for line in pages[0] if line not in gone] == pages[1]


@pytest.mark.parametrize("way", [("3",), ("1",)])
async def test_a_core_without_appeals_promises_none_after_a_rating(
    house: House, caller: Caller, way: tuple[str, ...]
) -> None:
    ref = await sent(caller)
    await told(house, ref, *READ, words="Tumerekebisha.")
    with lacking(house, "appeal"):
        await opened(house, caller, ref)
        reply = await caller.type("1", "1", *way)
    assert reply.ends
    assert caller.screen == ("rate_heard" if way == ("3",) else "rate_closed")
    assert "rufaa" not in reply.text.lower()


@pytest.mark.parametrize(("line", "screen"), [("1", "rate_closed"), ("3", "appeal_top")])
async def test_at_the_top_a_rating_promises_no_appeal_either(
    house: House, caller: Caller, line: str, screen: str
) -> None:
    ref = await sent(caller)
    await told(house, ref, "received", institution="KMK")
    await told(house, ref, *READ, words="Tumerekebisha.")
    await opened(house, caller, ref)
    await caller.type("1", "1", line)
    assert caller.screen == screen


BEGUN = [
    ("append", ("opened",), ("3",), "Na jana usiku pia"),
    ("append", ASKED, ("1", "1"), "Mtaa wa Kuu"),
    ("rate", READ, ("1", "1"), "1"),
    ("withdraw", ("opened",), ("5",), "1"),
    ("appeal", READ, ("4", "1", "Umeme bado haupo"), "1"),
    ("appeal", (), ("4", "1", "Afisa amewaambia majirani"), "1"),
]
"""What the core is to lack, what it told, what she has typed by then, what she types after that."""


@pytest.mark.parametrize(("lacks", "states", "begun", "typed"), BEGUN)
async def test_what_she_began_while_the_core_could_is_refused_once_it_cannot(
    house: House, caller: Caller, lacks: str, states: tuple[str, ...], begun: tuple[str, ...], typed: str
) -> None:
    ref = await sent(caller)
    await told(house, ref, *states, words="Ni mtaa gani?")
    await opened(house, caller, ref)
    await caller.type(*begun)
    before, waiting = await house.ledger.real.case(ref), await house.rows(outbox)
    with lacking(house, lacks):
        await caller.type(typed)
    assert caller.screen == "case"
    assert await house.ledger.real.case(ref) == before
    assert await house.rows(outbox) == waiting


async def test_what_was_committed_before_the_core_lacked_it_is_shown_as_done(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    await told(house, ref, *READ, words="Tumerekebisha.")
    await opened(house, caller, ref)
    await caller.type("4", "1", "Umeme bado haupo")
    house.faults.arm("unanswered")
    await caller.type("1")
    assert caller.screen == "in_doubt"
    with lacking(house, "appeal"):
        await caller.dial()
    assert caller.screen == "appeal_done"


async def test_a_core_that_does_not_forget_is_told_of_when_she_erases(house: House, caller: Caller) -> None:
    ref = await sent(caller, *NAMED)
    house.move(700)
    with lacking(house, "erase"):
        reply = await caller.at(*TRACK[:2], "7", "4", "1", "1", await pin_of(house, ref))
    assert caller.screen == "erase_here"
    assert reply.text.startswith("Namba yako ya simu imefutwa hapa. Taasisi")


# what the core tells of an institution that is none of ours


@pytest.mark.parametrize("language", ["1", "2"])
async def test_an_institution_that_nobody_knows_leaves_the_case_as_it_was(
    house: House, caller: Caller, language: str
) -> None:
    await caller.at("9", "2", language, *COMPLAINT, "1")
    (ref,) = [word for word in (await caller.type("1")).text.split() if word.isdigit() and len(word) == 9]
    await told(house, ref, "opened")
    before = (await opened(house, caller, ref)).text
    for changes in ({"state": ""}, {"state": "answered"}, {"state": "transferred"}):
        state = changes["state"]
        await told(house, ref, state, words="Tumejibu.", institution="NOSUCH")
    assert (await opened(house, caller, ref)).text == before
    assert before.startswith(f"{ref} TANESCO\n")
    await caller.type("4")
    assert caller.screen == "appeal_not_yet"
    kept = [row.verdict for row in await house.rows(news)]
    assert kept.count(Verdict.UNKNOWN.value) == 3


# a new PIN, of which an SMS must warn


async def wrong_pin(house: House, caller: Caller, ref: str) -> str:
    house.move(700)
    return (await caller.at(*TRACK, "2", ref, "0007")).text


@pytest.mark.parametrize("routes", [(), ("loopback",)])
async def test_a_new_pin_is_offered_where_an_sms_can_warn(
    house: House, caller: Caller, routes: tuple[str, ...]
) -> None:
    ref = await sent(caller)
    assert ("2. Nimesahau PIN" in await wrong_pin(house, caller, ref)) is bool(routes)
    erasing = await caller.at(*TRACK[:2], "7", "4", "1", "1", "0007")
    assert caller.screen == "erase_bad"
    assert ("2. Nimesahau PIN" in erasing.text) is bool(routes)


async def test_while_sms_are_stopped_no_new_pin_is_offered(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    house.move(700)
    assert "imezimwa" in (await caller.at(*TRACK[:2], "7", "2")).text
    assert "2. Nimesahau PIN" not in await wrong_pin(house, caller, ref)
    house.move(700)
    assert "imewashwa" in (await caller.at(*TRACK[:2], "7", "2")).text
    assert "2. Nimesahau PIN" in await wrong_pin(house, caller, ref)


async def test_who_is_asking_when_sms_are_stopped_gets_no_new_pin(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    await wrong_pin(house, caller, ref)
    await caller.type("2")
    assert caller.screen == "pin_lost"
    with patch.object(house.ledger.real.followups, "_sends", False):
        await caller.type("1")
    assert caller.screen == "fail_act"


# the time to appeal


@pytest.mark.parametrize(("days", "screen"), [(30, "rate_no"), (31, "rate_heard")])
async def test_when_the_time_to_appeal_is_over_no_rating_promises_one(
    house: House, caller: Caller, days: int, screen: str
) -> None:
    ref = await sent(caller)
    await told(house, ref, *READ, words="Tumerekebisha.")
    house.move(days * 86_400)
    await opened(house, caller, ref)
    await caller.type("1", "1", "3")
    assert caller.screen == screen


# SMS


@pytest.mark.parametrize("routes", [(), ("loopback",)])
@pytest.mark.parametrize("language", ["1", "2"])
async def test_sms_are_promised_where_some_leave(
    house: House, caller: Caller, routes: tuple[str, ...], language: str
) -> None:
    shown = [(await caller.at("9", "2", language, *COMPLAINT)).text, (await caller.type("1", "4")).text]
    assert shown[0] == shown[1]
    assert caller.screen == ("identity" if routes else "identity_no_sms")
    assert [line[0] for line in shown[0].split("\n")[1:]] == ["1", "2", "3", "0"]
    done = await caller.type("2", "Asha Juma", "1")
    house.move(700)
    settings = (await caller.at("9", "2", "7")).text
    assert ("2. SMS: " in settings) is bool(routes)
    assert all(("SMS" in text) is bool(routes) for text in (*shown, settings))
    assert "SMS" not in done.text
    refused = ("Chaguo si sahihi.", "Not a valid choice.")
    assert (await caller.type("2")).text.startswith(refused) is not bool(routes)
    assert caller.screen == "settings"
