"""A bind that the SMSC refuses, and a person who stops the route: two things, and the operator is told of both."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.gateway.bound import Bound, bound_edge
from tests.gateway.texting import WAIT_S
from ussd_engine.cli import cli
from ussd_engine.smpp import pdu as p

WRONG = "the password is wrong (status 0x0E)"
BY_ITSELF = f"it sends once its bind stands, which is tried again and again ({WRONG})"
MOVES = "they move their SMSC"


@pytest.fixture
async def bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bound]:
    for name in ("smpp.bind.FIRST_S", "smpp.bind.SLOWLY_S", "sms.sender.POLL_S"):
        monkeypatch.setattr(f"ussd_engine.{name}", 0.01)
    monkeypatch.setattr("ussd_engine.sms.hold.RENEW_MS", 0)
    async with bound_edge(tmp_path) as found:
        yield found


async def command(bound: Bound, *words: str) -> str:
    bound.edge.now = max(bound.edge.now, time.time())  # the clock of the commands, and it does not go back
    result = await asyncio.to_thread(CliRunner().invoke, cli, ["sms", *words], None, bound.environ)
    assert result.exception is None, result.output
    return result.output


async def come_to(bound: Bound, wanted: str) -> dict[str, Any]:
    """How the route stands, once it stands so."""
    async with asyncio.timeout(WAIT_S):
        while True:
            first: dict[str, Any] = json.loads((await command(bound, "list", "--json")).splitlines()[0])
            if first["is"] == wanted:
                return first


async def refused(bound: Bound) -> dict[str, Any]:
    """Its SMS side binds no more; how the route stands then."""
    await come_to(bound, "sends")
    bound.centre.admit = lambda _: 0x0E
    bound.centre.drop()
    async with asyncio.timeout(WAIT_S):
        while (told := await come_to(bound, "not bound"))["reason"] != WRONG:
            pass
    return told


async def test_what_waits_for_a_bind_leaves_when_it_stands_and_nobody_starts_the_route(bound: Bound) -> None:
    told = await refused(bound)
    assert told["since"] is not None
    reference = await bound.complain()
    printed = await command(bound, "list")
    assert "its route, which is not bound" in " ".join(printed.split())
    assert f"smpp is not bound, and what is to go by it waits on: {BY_ITSELF}" in await command(bound, "retry", "--all")
    assert bound.centre.sent.empty()
    bound.centre.admit = lambda _: p.OK
    assert reference in (await bound.next())[0]
    assert (await come_to(bound, "sends"))["reason"] == ""


async def test_who_starts_a_route_before_its_bind_stands_is_told_so_and_it_is_not_stopped_again(bound: Bound) -> None:
    await refused(bound)
    await command(bound, "stop-route", "smpp", "--reason", MOVES)
    both = await come_to(bound, "stopped and not bound")
    assert both["reason"] == f"{MOVES}; not bound: {WRONG}"
    reference = await bound.complain()
    assert f"smpp: it is stopped no longer, and {BY_ITSELF}" in await command(bound, "start-route", "smpp")
    tried = len(bound.centre.tried)
    async with asyncio.timeout(WAIT_S):
        while len(bound.centre.tried) < tried + 3:
            assert (await come_to(bound, "not bound"))["reason"] == WRONG
    assert f"smpp: it was not stopped, and {BY_ITSELF}" in await command(bound, "start-route", "smpp")
    bound.centre.admit = lambda _: p.OK
    assert reference in (await bound.next())[0]


async def test_a_route_that_a_person_stopped_stays_so_when_its_bind_stands(bound: Bound) -> None:
    await refused(bound)
    await command(bound, "stop-route", "smpp", "--reason", MOVES)
    await bound.complain()
    bound.centre.admit = lambda _: p.OK
    stopped = await come_to(bound, "stopped")
    assert stopped["reason"] == MOVES
    assert stopped["since"] is not None
    assert bound.centre.sent.empty()
    assert "smpp: a running gateway sends within seconds" in await command(bound, "start-route", "smpp")
    await bound.next()


async def test_the_log_says_of_two_binds_of_one_name_which_it_means(bound: Bound) -> None:
    await refused(bound)
    await bound.dial()
    lines = [line for line in map(json.loads, bound.edge.lines.getvalue().splitlines()) if "medium" in line]
    assert {line["channel"] for line in lines} == {"smpp"}
    told = [(line["medium"], line["event"].split(":")[0]) for line in lines]
    assert ("ussd", "bound to the provider's SMSC") in told
    assert ("sms", "bound to the provider's SMSC") in told
    assert ("sms", "the provider's SMSC refuses the bind") in told
    assert ("ussd", "the provider's SMSC refuses the bind") not in told
    assert {line.get("status") for line in lines if "refuses" in line["event"]} == {"0x0E"}
    assert not any("status" in line for line in lines if "refuses" not in line["event"])
