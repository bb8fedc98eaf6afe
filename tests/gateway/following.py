"""What a test of following needs: something sent, what the core tells of it, its PIN, its screen."""

from __future__ import annotations

import itertools
from typing import Any

from tests.gateway.house import HOME, REVIEW, SEND, Caller, House, reference
from ussd_engine.messages import CaseEvent, View
from ussd_engine.model import Reply
from ussd_engine.reference import derive_pin

TRACK = ("9", "2", "5")
NAMED = (*HOME, "1", "1", "tanesco", "1", "1", "Umeme umekatika mtaani kwetu", "2", "Asha Juma")
ANSWER = "Tunashukuru kwa taarifa. Fundi wetu alifika mtaani kwenu na kubadili transfoma iliyoungua. " * 3
UNKNOWN = "482173657"
"""A reference that no case has."""
COUNTER = itertools.count(1)


async def sent(caller: Caller, *way: str) -> str:
    """A complaint, and its reference."""
    await caller.at(*(way or REVIEW))
    return reference(await caller.type(SEND))


async def told(house: House, ref: str, *states: str, words: str = "", **changes: Any) -> None:
    """The core tells new states of a case."""
    for state in states:
        number = next(COUNTER)
        event = CaseEvent(
            reference=ref, id=str(number), at_ms=house.gateway.now_ms(), sequence=number, state=state, **changes
        )
        await house.ledger.real.tell([event], "core")
    house.core.views[ref] = View(words)


async def pin_of(house: House, ref: str) -> str:
    case = await house.ledger.real.case(ref)
    assert case is not None
    return derive_pin(house.keyring.pin, case.case, 0).reveal()


async def opened(house: House, caller: Caller, ref: str) -> Reply:
    """The screen of a confidential case, by its PIN."""
    house.move(600)
    await caller.at(*TRACK, "2", ref)
    assert caller.screen == "track_pin"
    return await caller.type(await pin_of(house, ref))
