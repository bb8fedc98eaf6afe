"""The same answer several times over, on each channel by its own way to tell a leg: answers, or a repeat of one."""

from __future__ import annotations

import pytest
import pytest_asyncio

from simulator.phone import Phone
from tests.transcripts.conftest import CHANNELS, Theatre
from tests.transcripts.test_drops import phone_on, reach_home

pytestmark = pytest.mark.asyncio(loop_scope="session")

TO_REGIONS = ("1", "6")
"""From the service's first screen to the list of regions, which has three pages and more."""
TYPED = ("98", "98", "1", "1")
"""Two pages on; the first region, and in it the first district."""
APART_S = 1.5
REPEAT_S = 0.3


async def at_regions(theatre: Theatre, channel: str) -> Phone:
    phone = await phone_on(theatre, channel)
    await reach_home(phone)
    for text in TO_REGIONS:
        await phone.type(text)
    return phone


def read(phone: Phone) -> str:
    assert phone.screen is not None
    return phone.screen.text


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def unhurried(theatre: Theatre) -> list[str]:
    """The same way by somebody who takes her time."""
    phone = await at_regions(theatre, CHANNELS[0])
    return [read(phone), *[(await phone.type(text, after=30.0)).text for text in TYPED]]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_equal_answers_a_second_and_a_half_apart_are_answers(
    theatre: Theatre, unhurried: list[str], channel: str
) -> None:
    phone = await at_regions(theatre, channel)
    seen = [read(phone)]
    for text in TYPED:
        seen.append((await phone.type(text, after=APART_S)).text)
    assert len(set(seen)) == len(seen), "each answer led on"
    assert seen == unhurried


@pytest.mark.parametrize("channel", CHANNELS)
async def test_an_equal_request_three_tenths_of_a_second_later_is_a_repeat(
    theatre: Theatre, unhurried: list[str], channel: str
) -> None:
    phone = await at_regions(theatre, channel)
    seen = [read(phone)]
    for text in TYPED:
        seen.append((await phone.type(text, after=APART_S)).text)
        for _ in range(2):
            await phone.clock.leave(REPEAT_S)
            assert (await phone.repeat()).text == seen[-1]
    assert seen == unhurried


@pytest.mark.parametrize("channel", CHANNELS)
async def test_an_equal_answer_at_once_is_one_where_the_wire_tells_it_from_a_repeat(
    theatre: Theatre, channel: str
) -> None:
    phone = await at_regions(theatre, channel)
    first = await phone.type("98", after=APART_S)
    second = await phone.type("98", after=REPEAT_S)
    assert (second == first) is (phone.channel.profile.hold_s > 0)


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_first_leg_that_comes_again_is_never_an_input(theatre: Theatre, channel: str) -> None:
    phone = await phone_on(theatre, channel)
    first = await phone.dial("*152*00#")
    assert await phone.repeat() == first
    await phone.clock.leave(REPEAT_S)
    assert await phone.repeat() == first


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_leg_of_a_dialogue_that_she_left_gets_an_end(theatre: Theatre, channel: str) -> None:
    phone = await phone_on(theatre, channel)
    await phone.dial("*152*00#")
    await phone.type("9")
    stood = await phone.dial("*152*00#")
    assert (await phone.late()).ends
    assert await phone.repeat() == stood
