"""The line drops after each answer: nothing is asked twice, nothing is lost, nothing is sent twice."""

from __future__ import annotations

import pytest

from simulator.local import wire
from simulator.phone import Phone
from simulator.transcript import load
from tests.transcripts.conftest import FILES, KINDS, Theatre
from ussd_engine import config

pytestmark = pytest.mark.asyncio(loop_scope="session")

CODE, PATH = "*152*00#", ["9", "2"]
TEXT = "Dawa hakuna " + "na wagonjwa wanaambiwa wanunue nje kwa bei kubwa " * 3
FORMS = {
    "short": ["1", "1", "tanesco", "1", "1", "umeme umekatika siku tatu", "1", "1"],
    "long": [
        *["1", "6", "98", "15", "98", "13"],  # a complaint to nobody in particular, in a region of the second page
        *["1", "7", TEXT, "2", TEXT, "1"],  # the desk of that region; another kind; a text in two parts
        *["2", "Asha Juma", "4", "3", "4", "2", "Asha J", "1"],  # named, anonymous, named again
    ],
}
ANSWERS = 11


async def phone_on(theatre: Theatre, channel: str) -> Phone:
    local = await theatre.stage.gateway()
    return Phone(wire(channel, config.load({})), local.line, local.clock, theatre.stage.number())


async def reach_home(phone: Phone) -> None:
    await phone.dial(CODE)
    for text in [*PATH, "1"]:
        await phone.type(text)


async def test_the_shortest_complaint_takes_eleven_answers() -> None:
    steps = load(next(file for file in FILES if file.name == "short.sw.yaml")).steps
    assert [step.does for step in steps] == ["dial", *["type"] * (len(steps) - 1)]
    assert steps[0].dial == CODE
    assert "<ref>" in (steps[-1].ends or "")
    assert len(steps) - 1 <= ANSWERS


@pytest.mark.parametrize("channel", KINDS)
@pytest.mark.parametrize("form", FORMS)
async def test_a_drop_after_any_answer_leaves_her_at_the_question_that_she_had_not_answered(
    theatre: Theatre, channel: str, form: str
) -> None:
    inputs = FORMS[form]
    for dropped in range(1, len(inputs)):
        phone = await phone_on(theatre, channel)
        await reach_home(phone)
        for text in inputs[:dropped]:
            stood = await phone.type(text)
        assert not stood.ends
        await phone.dial(CODE)
        assert (await phone.type("9")).text.startswith("Maoni na mrejesho\n2. e-Mrejesho")
        assert "1. Endelea ulipoishia" in (await phone.type("2")).text
        assert await phone.type("1") == stood, f"dropped after {dropped} answers"
        for text in inputs[dropped:]:
            stood = await phone.type(text)
        assert stood.ends
        assert "PIN: " in stood.text
        theatre.note(stood.text)


@pytest.mark.parametrize("channel", KINDS)
async def test_a_drop_on_the_way_to_the_service_costs_nothing(theatre: Theatre, channel: str) -> None:
    phone = await phone_on(theatre, channel)
    for typed in range(len(PATH)):
        await phone.dial(CODE)
        for text in PATH[:typed]:
            await phone.type(text)
    await reach_home(phone)
    assert phone.screen is not None
    assert phone.screen.text.startswith("Karibu e-Mrejesho")


@pytest.mark.parametrize("channel", KINDS)
async def test_a_drop_after_the_sending_shows_reference_and_pin_once_more(theatre: Theatre, channel: str) -> None:
    phone = await phone_on(theatre, channel)
    await reach_home(phone)
    for text in FORMS["short"]:
        done = await phone.type(text)
    theatre.note(done.text)
    again = await phone.dial(CODE)
    assert done.text.split("\n")[1:3] == again.text.split("\n")[1:3]
