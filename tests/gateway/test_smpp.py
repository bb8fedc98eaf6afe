"""A gateway that is bound: USSD and SMS over SMPP, by an SMSC of the simulator's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from bound import Bound, bound_edge
from handset import numbers
from house import COMPLAINT, HOME, NUMBER
from test_sms_circle import Office
from texting import COMPLAINT as BY_SMS
from texting import SHORT, WAIT_S, reference_in

from ussd_engine.smpp import pdu as p
from ussd_engine.sms.message import Progress

REVIEWED = (*HOME, *COMPLAINT, "2", "Asha Juma")


@pytest.fixture
async def bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bound]:
    monkeypatch.setattr("ussd_engine.smpp.bind.FIRST_S", 0.01)
    async with bound_edge(tmp_path) as found:
        yield found


async def states(bound: Bound) -> list[Progress]:
    return [one.state for one in await bound.edge.engine.ledger.sms_view.messages()]


async def come_to(bound: Bound, *wanted: Progress) -> None:
    """Return once the messages are so far, the newest first."""
    async with asyncio.timeout(WAIT_S):
        while await states(bound) != list(wanted):
            pass


async def test_a_dialog_goes_to_its_reference_and_the_receipt_is_told_as_delivered(bound: Bound) -> None:
    assert "9. " in (await bound.dial()).text
    await bound.type(*REVIEWED)
    last = await bound.type("1")
    assert last.ends
    ref = reference_in(last.text)
    assert (await bound.edge.engine.ledger.case(ref)).reference == ref
    text, sm = await bound.next()
    assert ref in text
    assert (sm.destination.text, sm.source.text, sm.registered) == (NUMBER, SHORT, 1)
    await come_to(bound, Progress.ACCEPTED)
    assert await bound.report("00000001") == p.OK
    await come_to(bound, Progress.DELIVERED)


async def test_an_sms_is_answered_and_a_case_goes_its_way_by_sms(bound: Bound) -> None:
    assert await bound.write(BY_SMS) == p.OK
    received, _ = await bound.next()
    ref = reference_in(received)
    await bound.next()
    await Office(bound.edge).does("open", ref)
    assert ref in (await bound.next())[0]


async def test_what_is_bound_has_no_address(bound: Bound) -> None:
    for where in ("/ussd/smpp", "/ussd/smpp/events", "/sms/smpp", "/sms/smpp/reports"):
        assert (await bound.edge.post(where, b""))[0] == 404


async def test_binds_are_counted_and_told(bound: Bound) -> None:
    await bound.dial()
    found = await numbers(bound.edge)
    assert found['ussd_binds{channel="smpp",medium="ussd"}'] == 1
    assert found['ussd_bind_changes_total{change="bound",channel="smpp",medium="ussd"}'] == 1
    assert bound.network.tried == [("ussd", "p1")]
    assert bound.centre.tried == [("sms", "p2")]
