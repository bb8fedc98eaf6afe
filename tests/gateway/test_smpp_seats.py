"""Two nodes, and an SMSC that allows one bind: SMS leave by the node that has it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from simulator.smsc import smsc_anywhere
from tests.gateway.bound import bound_edge
from tests.gateway.texting import WAIT_S
from ussd_engine.smpp import pdu as p


async def test_sms_leave_by_the_node_that_is_bound_though_the_other_holds_the_route(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("smpp.bind.FIRST_S", "smpp.bind.SLOWLY_S", "sms.sender.POLL_S"):
        monkeypatch.setattr(f"ussd_engine.{name}", 0.01)
    monkeypatch.setattr("ussd_engine.sms.hold.RENEW_MS", 0)
    async with smsc_anywhere() as centre:
        seat = "two"
        centre.admit = lambda who: p.OK if who[0] == seat and not centre.binds else p.BIND_FAILED
        accounts = ({"sms": {"url": centre.url, "system_id": name}} for name in ("one", "two"))
        async with bound_edge(tmp_path, next(accounts)) as one:
            first = await one.complain()
            routes = one.edge.engine.ledger.sms_routes
            [held] = await routes.all()
            assert held.unbound
            async with bound_edge(tmp_path, next(accounts)) as two:
                one.centre = two.centre = centre
                two.edge.now = one.edge.now  # which do not go on by themselves: no lease runs out
                assert first in (await two.next())[0]
                seat = "one"
                centre.drop()
                async with asyncio.timeout(WAIT_S):
                    while (await routes.all())[0].holder != held.holder:
                        pass
                second = await one.complain("255700000002")
                assert second in (await one.next())[0]
                assert centre.sent.empty()
