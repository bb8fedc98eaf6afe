"""That a phone has read what asks something of its owner is written once, whichever page she is on."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from tests.gateway.following import ANSWER, opened, sent, told
from tests.gateway.house import Caller, House
from ussd_engine.ledger.smstables import conversations
from ussd_engine.messages import View
from ussd_engine.model import LegKind


@pytest.fixture
def caller(house: House) -> Caller:
    return house.caller(LegKind.CUMULATIVE)


async def test_that_she_has_read_an_answer_is_written_once(house: House, caller: Caller) -> None:
    ref = await sent(caller)
    await told(house, ref, "opened", "in_progress", "answered", words=ANSWER)
    await opened(house, caller, ref)
    await caller.type("1")
    (first,) = await house.rows(conversations)
    await caller.type("98", "98", "7", "0", "1", "98")
    assert caller.screen == "answer"
    assert [row.id for row in await house.rows(conversations)] == [first.id], "a second writing would draw another id"
    house.core.views[ref] = View("Samahani. " + ANSWER)
    await caller.type("98")
    (second,) = await house.rows(conversations)
    assert second.id != first.id, "of other words it is written again"


@pytest.mark.parametrize("routes", [()])
async def test_where_no_sms_leave_nothing_is_written_of_her_reading(
    house: House, caller: Caller, routes: tuple[str, ...]
) -> None:
    ref = await sent(caller)
    await told(house, ref, "opened", "in_progress", "answered", words=ANSWER)
    await opened(house, caller, ref)
    with patch.object(house.ledger.real, "seen", side_effect=AssertionError("it was")):
        await caller.type("1", "98")
    assert caller.screen == "answer"
