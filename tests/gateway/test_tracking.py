"""Following a case: who sees what of it, and what is shown where something does not come in time."""

from __future__ import annotations

import asyncio
import re
from datetime import date
from unittest.mock import patch

import msgspec
import pytest

from tests.gateway.following import ANSWER, NAMED, TRACK, UNKNOWN, opened, pin_of, sent, told
from tests.gateway.house import HOME, REVIEW, Caller, House
from ussd_engine.looks import Looks
from ussd_engine.messages import Handled, View
from ussd_engine.model import LegKind


@pytest.fixture
def caller(house: House) -> Caller:
    return house.caller(LegKind.CUMULATIVE)


# who opens what


async def test_a_confidential_case_needs_its_pin_on_its_own_phone_too(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    house.move(600)
    shown = await caller.at(*TRACK, "1")
    assert shown.text.split("\n")[1] == f"1. {ref} Imepokelewa"
    asked = await caller.type("1")
    assert caller.screen == "track_pin"
    assert ref not in asked.text
    case = await caller.type(await pin_of(house, ref))
    assert case.text.split("\n")[:2] == [f"{ref} TANESCO", "Limepokelewa, 15/01/2026"]


async def test_a_named_case_opens_on_its_own_phone(house: House, caller: Caller) -> None:
    await sent(caller, *NAMED)
    house.move(600)
    await caller.at(*TRACK, "1", "1")
    assert caller.screen == "case"


async def test_an_anonymous_case_is_on_no_list_and_opens_by_its_pin_from_any_phone(
    house: House, caller: Caller
) -> None:
    ref = await sent(caller, *REVIEW[:-1], "3")
    house.move(700)
    await caller.at(*HOME, "5", "1")
    assert caller.screen == "track_none"
    other = house.caller(msisdn="255700000077")
    await other.at(*HOME, "5", "2", ref, await pin_of(house, ref))
    assert other.screen == "case"


async def test_a_wrong_reference_and_a_wrong_pin_are_told_in_the_same_words(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    other = house.caller(msisdn="255700000077")
    shown = []
    for typed in (ref, UNKNOWN):
        await other.at(*HOME, "5", "2", typed)
        assert other.screen == "track_pin"
        shown.append((await other.type("0007")).text)
        house.move(700)
    assert other.screen == "track_bad"
    assert shown[0] == shown[1]
    assert "2. Nimesahau PIN" not in shown[0]
    assert all(word not in shown[0] for word in (ref, "TANESCO"))


async def test_nothing_of_a_case_stands_in_a_session_that_did_not_open_it(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    house.move(700)
    await caller.at(*TRACK, "2", ref, "0007")
    about = house.sessions.only().about
    assert about is not None
    assert (about.opened, about.values, about.can) == (False, {}, ["new_pin"])
    assert "2. Nimesahau PIN" in (await caller.repeat()).text


async def test_after_five_tries_she_waits_and_the_fifth_says_so(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    house.move(700)
    await caller.at(*TRACK, "2", ref)
    for left in (4, 3, 2, 1):
        assert f"Majaribio yaliyobaki: {left}." in (await caller.type("0007")).text
        await caller.type("0")
    last = await caller.type("0007")
    assert last.text == "Umejaribu mara nyingi. Jaribu tena baada ya muda wa saa 24."
    assert last.ends
    house.move(700)
    assert await caller.at(*TRACK, "2", ref, await pin_of(house, ref)) == last


@pytest.mark.parametrize("mode", ["confidential", "named"])
async def test_a_lock_shows_the_same_octets_for_an_unknown_a_foreign_and_an_own_reference(
    house: House, caller: Caller, mode: str
) -> None:
    stranger = house.caller(msisdn="255700000077")
    own, foreign = await sent(caller), await sent(stranger, *(NAMED if mode == "named" else REVIEW))
    shown = []
    for ref in (own, foreign, UNKNOWN):
        house.move(700)
        await caller.at(*TRACK, "2", ref)
        for _ in range(4):
            await caller.type("0007")
            assert caller.screen == "track_bad"
            await caller.type("0")
        for pin in ("0007", "0008", "0007" if ref == UNKNOWN else await pin_of(house, ref)):
            shown.append(await caller.type(pin))
            assert caller.screen == "track_locked"
            house.move(700)
            await caller.at(*TRACK, "2", ref)
    assert shown == shown[:1] * 9


async def test_a_mistyped_reference_is_told_without_a_look(house: House, caller: Caller) -> None:
    await caller.at(*HOME, "5", "2")
    house.ledger.mute = True
    assert (await caller.type("482173659")).text.startswith("Namba hiyo si sahihi. Hakiki tarakimu 9.")
    assert caller.screen == "track_ref"


async def test_the_pin_stands_in_no_session_and_in_no_table(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    pin = await pin_of(house, ref)
    await opened(house, caller, ref)
    session = house.sessions.only()
    assert session.values == {"ref": ref}
    assert session.about is not None
    assert pin not in str(session.about.values)
    whole = re.sub(r"\d\d/\d\d/\d{4}|\d{4}-\d\d-\d\d", "", str(msgspec.to_builtins(session)))
    assert ref in whole
    assert pin not in re.findall(r"\w+", whole), "nor what she typed"


async def test_two_copies_of_a_look_at_once_lead_on_once(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    house.move(700)
    await caller.at(*TRACK, "2")
    caller.inputs = (*caller.inputs, ref)
    turn, before = caller.input(ref), house.sessions.only().step
    one, other = await asyncio.gather(caller.send(turn), caller.send(turn))
    assert one == other
    assert house.sessions.only().step == before + 1


async def test_copies_of_one_answer_cost_one_try(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    house.move(700)
    await caller.at(*TRACK, "2", ref)
    for left in (4, 3):
        caller.inputs = (*caller.inputs, "0007")
        turn = caller.input("0007")
        shown = {(await one).text for one in [asyncio.create_task(caller.send(turn)) for _ in range(3)]}
        assert len(shown) == 1
        assert f"Majaribio yaliyobaki: {left}." in shown.pop()
        await caller.type("0")


async def test_of_one_day_what_was_sent_last_stands_first(house: House, caller: Caller) -> None:
    refs = []
    for _ in range(4):
        refs.append(await sent(caller))
        house.move(700)
    shown = await caller.at(*TRACK, "1")
    assert shown.text.split("\n")[1:5] == [f"{at}. {ref} Imepokelewa" for at, ref in enumerate(reversed(refs), 1)]


# what the core says


async def test_an_answer_is_read_in_pages_and_stays_in_the_core(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    await told(house, ref, "opened", "in_progress", "answered", words=ANSWER)
    assert "1. Soma jibu" in (await opened(house, caller, ref)).text
    page = await caller.type("1")
    assert caller.screen == "answer"
    read = [page.text.split("\n")[0]]
    while "98. Zaidi" in page.text:
        assert "1. Endelea" not in page.text
        page = await caller.type("98")
        read.append(page.text.split("\n")[0])
        assert (await caller.repeat()).text == page.text
    assert " ".join(read) == ANSWER.strip()
    assert "1. Endelea" in page.text
    assert (await caller.type("98")).text.startswith("Chaguo si sahihi.\n" + read[-1])
    assert "transfoma" not in str(house.sessions.only().rows)
    await caller.type("1")
    assert caller.screen == "rate"


async def test_a_question_is_called_so_and_answered_from_where_it_was_read(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    await told(house, ref, "opened", "in_progress", "need_info", words="Ni mtaa gani?")
    assert "1. Soma swali" in (await opened(house, caller, ref)).text
    assert (await caller.type("1")).text == "Ni mtaa gani?\n1. Jibu swali\n0. Rudi"
    await caller.type("1", "Mtaa wa Kuu")
    assert caller.screen == "add_done"


async def test_where_a_core_has_told_of_nobody_that_is_said_and_nothing_is_promised_for_later(
    house: House, caller: Caller
) -> None:
    ref = await sent(caller)
    house.core.views[ref] = View("")
    await opened(house, caller, ref)
    assert (await caller.type("2")).text == f"Kwa sasa hatuna taarifa za waliohusika na {ref}.\n0. Rudi"
    assert (await caller.type("0")).text.startswith(f"{ref} TANESCO")


async def test_once_she_has_answered_no_page_shows_the_question_and_calls_it_an_answer(
    house: House, caller: Caller
) -> None:
    ref = await sent(caller)
    await told(house, ref, "opened", "in_progress", "need_info", words="Ni mtaa gani?")
    await opened(house, caller, ref)
    await caller.type("1", "1", "Mtaa wa Kuu")
    case = (await opened(house, caller, ref)).text
    assert "Linashughulikiwa" in case
    assert "Soma" not in case, "the core has not told anything since"
    await told(house, ref, "in_progress")
    assert "Soma" not in (await opened(house, caller, ref)).text
    await told(house, ref, "answered", words=ANSWER)
    assert "1. Soma jibu" in (await opened(house, caller, ref)).text


async def test_another_answer_meanwhile_begins_at_its_first_page(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    await told(house, ref, "answered", words=ANSWER)
    await opened(house, caller, ref)
    await caller.type("1", "98")
    house.core.views[ref] = View("Samahani. " + ANSWER)
    assert (await caller.type("98")).text.startswith("Samahani. Tunashukuru")


async def test_a_word_longer_than_a_page_is_cut_and_not_lost(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    await told(house, ref, "answered", words="Soma " + "x" * 400)
    await opened(house, caller, ref)
    page = await caller.type("1")
    read = page.text.split("\n")[0]
    while "98. Zaidi" in page.text:
        page = await caller.type("98")
        read += page.text.split("\n")[0]
    assert read.count("x") == 400


async def test_who_handled_it_is_told_by_role_and_day(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    await told(house, ref, "opened")
    day = date(2026, 1, 15)
    handled = [Handled(day, "officer", "opened"), Handled(day, "juma", "in_progress"), Handled(day, "head", "sneezed")]
    handled += [Handled(day, "officer", "transferred", "TANESCO"), Handled(day, "head", "opened", "REA")]
    handled += [Handled(day, "officer", "answered", "NOSUCH")]
    house.core.views[ref] = View("", tuple(handled))
    await opened(house, caller, ref)
    first, more = await caller.type("2"), await caller.type("98")
    shown = [line for page in (first, more) for line in page.text.split("\n") if line.startswith("15/")]
    assert shown == [
        "15/01/2026 Afisa: alifungua",
        "15/01/2026 Mfumo: alishughulika",
        "15/01/2026 Afisa TANESCO: alihamisha",
        "15/01/2026 Mkuu REA: alifungua",
        "15/01/2026 Afisa: alijibu",
    ]
    assert (await caller.type("1")).text.startswith("Chaguo si sahihi.")


@pytest.mark.parametrize(("line", "state"), [("1", "answered"), ("2", "opened")])
async def test_a_core_that_does_not_answer_in_time_is_slow(house: House, caller: Caller, line: str, state: str) -> None:
    ref = await sent(caller)
    await told(house, ref, state, words=ANSWER)
    await opened(house, caller, ref)
    house.core.asleep = True
    with patch.object(Looks, "look_s", 0.01):
        reply = await caller.type(line)
    assert caller.screen == "later"
    assert reply.ends
    assert "slow" in caller.counts
    assert house.sessions.only().screen == "later"


async def test_a_core_whose_store_breaks_is_slow_too(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    await told(house, ref, "answered", words=ANSWER)
    await opened(house, caller, ref)
    with patch.object(house.core, "views", None):
        await caller.type("1")
    assert caller.screen == "later"


@pytest.mark.parametrize("typed", [("1",), ("2", UNKNOWN)])
async def test_a_ledger_that_does_not_answer_in_time_is_slow(
    house: House, caller: Caller, typed: tuple[str, ...]
) -> None:
    await caller.at(*HOME, "5")
    house.ledger.asleep = True
    with patch.object(Looks, "look_s", 0.01):
        await caller.type(*typed)
    assert caller.screen == "later"


async def test_a_core_that_can_do_nothing_hides_what_it_cannot_do(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    await told(house, ref, "opened")
    with patch.object(house.gateway.view, "_core_can", frozenset[str]()):
        shown = await opened(house, caller, ref)
    assert shown.text.split("\n") == [
        f"{ref} TANESCO",
        "Limefunguliwa, 15/01/2026",
        "Majibu ifikapo 13/02/2026",
        "0. Rudi",
    ]


# the dial


async def test_the_alias_waits_behind_the_language(house: House, caller: Caller) -> None:
    await caller.dial("9*2*5")
    assert caller.screen == "lang"
    await caller.type("1")
    assert caller.screen == "track_how"
    assert (await caller.type("0")).text.startswith("Karibu")


async def test_an_alias_of_a_list_from_elsewhere_asks_for_it(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    house.move(700)
    service = house.edition.services["emrejesho"].service
    with patch.dict(service.dial, {"5": "track_list"}):
        assert ref in (await caller.dial("9*2*5")).text
