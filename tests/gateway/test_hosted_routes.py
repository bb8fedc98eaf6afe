"""The core and the institutions beside it: the silence and the slowness of one are felt by nobody else."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from simulator.core import Core
from tests.gateway.hosted import SEND, TO_REVIEW, WORDS, Body, Line, answer, hosting
from tests.gateway.test_http import Edge
from tests.gateway.texting import WAIT_S, Exchange, reference_in
from ussd_engine.delivery import SILENT
from ussd_engine.feedback import address, hosted, open_feedback
from ussd_engine.logs import Notice
from ussd_engine.testing.provider import Says, playing
from ussd_engine.testing.specimens import submit


async def sent(edge: Edge, **changes: Any) -> str:
    """A submission stands in the ledger; its reference."""
    return (await edge.engine.ledger.act(submit(caller=None, at_ms=int(edge.now * 1000), **changes))).reference


async def state(edge: Edge, reference: str) -> str:
    return str((await edge.case(reference)).state)


async def given(edge: Edge, body: Body, forms: int) -> None:
    """Return once the institution was given so many forms; no time passes."""
    async with asyncio.timeout(WAIT_S):
        while len(body.forms) < forms:
            await edge.engine.delivery.step()
            await edge.engine.ledger.outbox.backlog()


async def passing(edge: Edge, seconds: int, step_s: int = 10) -> None:
    """Let time pass, and the workers do now and then what is to be done."""
    async with asyncio.timeout(10 * WAIT_S):
        for _ in range(0, seconds, step_s):
            edge.now += step_s
            while await edge.engine.delivery.step() or await in_hand(edge):
                continue


async def in_hand(edge: Edge) -> bool:
    """Whether a worker of the gateway carries something now."""
    return any(row.lease_ms for row in await edge.engine.ledger.outbox.waiting())


async def tried(edge: Edge, reference: str) -> bool:
    """Whether a row was taken, or given back."""
    rows = await edge.engine.ledger.outbox.waiting()
    return await state(edge, reference) == "received" or any(row.error for row in rows)


async def asked(edge: Edge, body: Body) -> None:
    """Return once the worker of the gateway has called the institution."""
    while not body.forms:
        await edge.engine.ledger.outbox.backlog()


async def test_a_core_that_is_away_for_an_hour_loses_nothing_while_forms_are_hosted(tmp_path: Path) -> None:
    core = Core()
    async with hosting(tmp_path, open_core=core.opener(open_feedback)) as (edge, body):
        core.down = True
        ours = []
        for minute in range(60):
            ours.append(await sent(edge))
            await sent(edge, service="maji")
            await given(edge, body, minute + 1)
            edge.now += 60
        backlog = await edge.engine.ledger.outbox.backlog()
        assert backlog.dead == 0
        assert backlog.stopped_of.keys() == {"emrejesho"}
        _, told = await edge.get("/metrics")
        ages = [line for line in told.splitlines() if line.startswith("ussd_outbox_age_seconds{")]
        assert 'ussd_outbox_age_seconds{service="emrejesho"} 3600.0' in ages
        assert 'ussd_outbox_age_seconds{service="maji"} 0.0' in ages
        core.down = False
        async with asyncio.timeout(WAIT_S):
            while (await edge.engine.ledger.outbox.backlog()).waiting:
                edge.now += 60
                await edge.engine.delivery.step()
        assert [await state(edge, one) for one in ours] == ["received"] * 60
        assert len(body.forms) == len({form["kumbukumbu"] for form in body.forms}) == 60


async def test_while_the_cores_route_is_stopped_an_institution_gets_what_is_its_own_at_once(tmp_path: Path) -> None:
    core = Core()
    async with hosting(tmp_path, open_core=core.opener(open_feedback)) as (edge, body):
        core.down = True
        ours = [await sent(edge) for _ in range(SILENT)]
        async with asyncio.timeout(WAIT_S):
            while not (await edge.engine.ledger.outbox.backlog()).stopped_of:
                edge.now += 1
                await edge.engine.delivery.step()
        reference = await sent(edge, service="maji")
        await given(edge, body, 1)
        assert body.forms[0]["kumbukumbu"] == reference
        assert [await state(edge, one) for one in ours] == ["queued"] * SILENT


async def test_an_institution_that_is_back_has_all_forms_within_a_minute(tmp_path: Path) -> None:
    async with hosting(tmp_path) as (edge, body):
        body.form, wanted = None, []
        for _ in range(12):
            wanted.append(await sent(edge, service="maji"))
            await passing(edge, 300)
        silent = len(body.forms)
        body.form = answer(status=True)
        await passing(edge, 60)
        assert sorted(form["kumbukumbu"] for form in body.forms[silent:]) == sorted(wanted)
        assert silent < 12 * 300 / 60 + 10, "one form a minute asks whether it is back"


@pytest.mark.parametrize("says", [None, Says(500, b""), Says(404, b""), Says(502, b"<html>"), Says(503, b"")])
async def test_an_institution_that_is_away_for_hours_loses_nothing(tmp_path: Path, says: Says | None) -> None:
    async with hosting(tmp_path) as (edge, body):
        body.form = says
        await sent(edge, service="maji")
        ours = await sent(edge)
        await passing(edge, 18_000, 300)
        backlog = await edge.engine.ledger.outbox.backlog()
        assert (backlog.waiting, backlog.dead, [*backlog.stopped_of]) == (1, 0, ["maji"])
        assert await state(edge, ours) == "received"
        assert 'outcome="paused"' not in (await edge.get("/metrics"))[1]
        (line,) = [line for line in edge.lines.getvalue().decode().splitlines() if '"fault"' in line]
        assert '"service":"maji"' in line
        assert "the institution of a hosted service was not reached" in line


async def test_what_an_institution_will_not_take_is_given_up_after_eight_answers(tmp_path: Path) -> None:
    async with hosting(tmp_path) as (edge, body):
        body.form = answer(status=False)
        poison = await sent(edge, service="maji")
        await passing(edge, 7_200)
        assert [form["kumbukumbu"] for form in body.forms] == [poison] * 8
        (letter,) = await edge.engine.ledger.outbox.letters()
        assert letter.service == "maji"


def lines(edge: Edge, event: str) -> list[dict[str, Any]]:
    """The lines of the log of a kind."""
    found = map(json.loads, edge.lines.getvalue().decode().splitlines())
    return [line for line in found if line["event"] == event]


@pytest.mark.parametrize(
    ("says", "told", "reason"),
    [
        (answer(422, field="maelezo"), {"status": 422, "field": "maelezo"}, "the institution answered 422: maelezo"),
        (answer(400, field=WORDS), {"status": 400}, "the institution answered 400"),
        (answer(422, field=["maelezo"]), {"status": 422}, "the institution answered 422"),
        (Says(422, b"<html>"), {"status": 422}, "the institution answered 422"),
    ],
)
async def test_why_an_institution_refuses_a_form_stands_in_the_log_and_in_the_list(
    tmp_path: Path, says: Says, told: dict[str, Any], reason: str
) -> None:
    async with hosting(tmp_path) as (edge, body):
        body.form, phone = says, Line(edge)
        await phone.dial()
        await phone.type(*TO_REVIEW, SEND)
        await passing(edge, 60)
        (line,) = lines(edge, "fault")
        (error,) = line["chain"]
        assert error.pop("place")
        why = "the institution of a hosted service refuses a form for ever: see `ussd-engine outbox list`"
        assert error == {"type": "Rejected", "why": why, "service": "maji", **told}
        (letter,) = await edge.engine.ledger.outbox.letters()
        assert letter.reason == reason


async def test_a_form_that_was_answered_eight_times_in_vain_is_told_with_its_service(tmp_path: Path) -> None:
    async with hosting(tmp_path) as (edge, body):
        body.form = answer(201, status=False)
        await sent(edge, service="maji")
        await passing(edge, 7_200)
        (line,) = lines(edge, "fault")
        (error,) = line["chain"]
        assert (error["service"], error["status"]) == ("maji", 201)
        assert "did not take it" in error["why"]
        (letter,) = await edge.engine.ledger.outbox.letters()
        assert letter.reason == "the institution answered 201 without a status of true"


@pytest.mark.parametrize("whose", ["maji", "emrejesho"])
async def test_that_it_is_back_is_said_calmly_and_once(tmp_path: Path, whose: str) -> None:
    core = Core()
    async with hosting(tmp_path, open_core=core.opener(open_feedback)) as (edge, body):
        body.form, core.down = None, True
        for _ in range(2):
            await sent(edge, service=whose)
        await passing(edge, 600)
        assert len(lines(edge, "fault")) == 1
        body.form, core.down = answer(status=True), False
        await passing(edge, 120)
        back = [line for event in Notice if event.name.endswith("_BACK") for line in lines(edge, event.value)]
        assert [(line["level"], line["place"]) for line in back] == [("info", "maji" if whose == "maji" else "")]
        await sent(edge, service=whose)
        await passing(edge, 120)
        assert len([line for event in Notice if event.name.endswith("_BACK") for line in lines(edge, event.value)]) == 1


@pytest.mark.parametrize(
    ("begins", "taken"),
    [
        (b'{"status":true,"more":"', True),
        (b'\n {"more":"', True),
        (b'{"status": false,"more":"', False),
        (b"<html><!--", False),
    ],
)
async def test_an_answer_too_long_to_be_read_is_an_answer(tmp_path: Path, begins: bytes, taken: bool) -> None:
    async with hosting(tmp_path) as (edge, body):
        body.form = Says(200, begins + b"x" * 70_000 + b'"}')
        await sent(edge, service="maji")
        await passing(edge, 120)
        assert (len(body.forms) == 1) is taken
        assert (await edge.engine.ledger.outbox.backlog()).waiting == (0 if taken else 1)


@pytest.mark.parametrize("whose", ["emrejesho", "umeme"])
async def test_a_slow_institution_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: str) -> None:
    monkeypatch.setattr(hosted, "TIMEOUT_S", 6 * WAIT_S)
    async with hosting(tmp_path, beside="umeme") as (edge, body):
        body.provider.free.clear()
        slow = await sent(edge, service="maji")
        async with asyncio.timeout(WAIT_S):
            await asked(edge, body)
        other = await sent(edge, service=whose)
        async with asyncio.timeout(WAIT_S):
            # The institution beside is not there: that its row was given back shows that it was tried.
            while not await tried(edge, other):
                continue
        assert [form["kumbukumbu"] for form in body.forms] == [slow]
        assert [row.attempts for row in await edge.engine.ledger.outbox.waiting() if row.lease_ms] == [1]
        body.provider.free.set()


async def test_a_form_that_an_institution_has_is_not_sent_again_for_a_fault_of_the_ledger(tmp_path: Path) -> None:
    exchange = Exchange()
    async with (
        playing(exchange.play) as exchange.provider,
        hosting(tmp_path, sms=exchange.provider.url) as (edge, body),
    ):
        database, phone = edge.engine.ledger.database, Line(edge)
        body.form = answer(status=True, sms_reply=True, sms_text="Habari")
        await phone.dial()
        await phone.type(*TO_REVIEW)
        body.provider.free.clear()
        reference_in(await phone.type(SEND))
        async with asyncio.timeout(WAIT_S):
            await asked(edge, body)
            renamed = "ALTER TABLE sms RENAME TO away"
            await database.write(lambda conn: conn.exec_driver_sql(renamed).rowcount)
            body.provider.free.set()
            while (await edge.engine.ledger.outbox.backlog()).waiting:
                await edge.engine.delivery.step()
        assert len(body.forms) == 1
        assert '"fault"' in edge.lines.getvalue().decode()


class Inside(AbstractResolver):
    """Leads every name to this machine."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        self.asked.append(host)
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        return None


async def test_a_name_that_leads_inside_is_not_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names, called = Inside(), 0

    def call(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal called
        called += 1
        writer.close()

    monkeypatch.setattr(address, "ThreadedResolver", lambda: names)
    async with await asyncio.start_server(call, "127.0.0.1", 0) as inside:
        port = inside.sockets[0].getsockname()[1]
        own = {"url": f"https://huduma.example.go.tz:{port}/fomu"}
        async with hosting(tmp_path, own) as (edge, _):
            await sent(edge, service="maji")
            async with asyncio.timeout(WAIT_S):
                while not any(row.error for row in await edge.engine.ledger.outbox.waiting()):
                    await edge.engine.delivery.step()
    assert set(names.asked) == {"huduma.example.go.tz"}
    assert called == 0
