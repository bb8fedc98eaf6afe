"""What she is told where the core never takes what she did: the case stands as before, and its page says so."""

from __future__ import annotations

import pytest

from tests.feedback.carrying import Core
from tests.gateway.following import opened, sent, told
from tests.gateway.house import Caller, House
from ussd_engine.delivery import Delivery
from ussd_engine.errors import Rejected
from ussd_engine.ledger.tables import outbox
from ussd_engine.messages import Message
from ussd_engine.model import LegKind, Submission

READ = ("opened", "in_progress", "answered")
ACTS = [
    ((), ("3", "Na jana usiku pia"), "add_done", "Maelezo yako hayakupokelewa."),
    (READ, ("1", "1", "1"), "rate_thanks", "Tathmini yako haikupokelewa."),
    ((), ("5", "1"), "withdraw_done", "Ombi la kuondoa halikupokelewa."),
    (READ, ("4", "1", "Umeme bado haupo", "1"), "appeal_done", "Rufaa yako haikupokelewa."),
]
"""What the core told before, what she types on the page of her case, where that ends, and what she is told later."""


class Refusing(Core):
    """A core that takes submissions alone, of all that it says it can take."""

    capabilities = frozenset({"append", "rate", "withdraw", "appeal", "erase"})

    async def _take(self, message: Message) -> None:
        if not isinstance(message, Submission):
            raise Rejected("no")


@pytest.fixture
def caller(house: House) -> Caller:
    return house.caller(LegKind.CUMULATIVE)


async def carried(house: House) -> None:
    """All that waits has gone to the core, or was given up."""
    delivery = Delivery(house.ledger.real.outbox, Refusing(), house.gateway.now_ms)
    while await house.rows(outbox):
        await delivery.step()


@pytest.mark.parametrize(("states", "typed", "screen", "words"), ACTS, ids=[act[2] for act in ACTS])
async def test_what_the_core_refuses_is_taken_back_and_told_on_the_page_of_the_case(
    house: House, caller: Caller, states: tuple[str, ...], typed: tuple[str, ...], screen: str, words: str
) -> None:
    ref = await sent(caller)
    await carried(house)
    await told(house, ref, *states, words="Tumerekebisha.")
    before = (await opened(house, caller, ref)).text.split("\n")
    await caller.type(*typed)
    assert caller.screen == screen
    await carried(house)
    after = await opened(house, caller, ref)
    assert [line for line in after.text.split("\n") if line != words] == before
    assert words in after.text.split("\n")


async def test_she_may_do_it_again_and_then_nothing_is_said_of_the_refusal(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    await carried(house)
    for _ in range(2):
        await opened(house, caller, ref)
        await caller.type("5", "1")
        assert caller.screen == "withdraw_done"
        assert "halikupokelewa" not in (await opened(house, caller, ref)).text
        await carried(house)
        assert "Ombi la kuondoa halikupokelewa." in (await opened(house, caller, ref)).text
    await told(house, ref, "opened")
    assert "halikupokelewa" not in (await opened(house, caller, ref)).text


async def test_a_question_to_which_the_core_does_not_take_the_answer_is_open_again(
    house: House, caller: Caller
) -> None:
    ref = await sent(caller)
    await carried(house)
    await told(house, ref, "opened", "in_progress", "need_info", words="Ni mtaa gani?")
    await opened(house, caller, ref)
    await caller.type("1", "1", "Mtaa wa Kuu")
    assert "Soma swali" not in (await opened(house, caller, ref)).text
    await carried(house)
    lines = (await opened(house, caller, ref)).text.split("\n")
    assert "Maelezo yako hayakupokelewa." in lines
    assert "1. Soma swali" in lines
