"""What one provider has and others have not: a reply in the answer, a reply on demand, word of who wants nothing more;
and countries that are let in."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from tests.gateway.house import NUMBER
from tests.gateway.test_http import TOKEN, Edge
from tests.gateway.test_sms_circle import Office, named_by_ussd
from tests.gateway.texting import COMPLAINT, JSON, SHORT, WAIT_S, Exchange, Writer, carrying, count, reference_in
from ussd_engine.errors import RolledBack
from ussd_engine.ledger.database import Database
from ussd_engine.model import CaseState
from ussd_engine.sms.message import Progress

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ABROAD = "254700000001"


# the reply travels in the answer


async def test_a_copy_gets_the_reply_again_that_was_perhaps_lost(tmp_path: Path) -> None:
    async with carrying(tmp_path, "mgov") as (edge, exchange):
        phone = Writer(edge, exchange, "mgov")
        first = await phone.post(COMPLAINT, "TX-1")
        said = json.loads(first[1])
        assert (said["reply"], await count(edge)) == (1, 1)
        assert await phone.post(COMPLAINT, "TX-1") == first
        assert await count(edge) == 1
        assert reference_in(said["message"])
        # What follows the reply leaves by itself, and once.
        (other,) = await exchange.next()
        assert other != said["message"]
        assert len(exchange.texts) == 1


async def test_the_reply_that_comes_again_is_in_the_language_of_then(tmp_path: Path) -> None:
    async with carrying(tmp_path, "mgov") as (edge, exchange):
        phone = Writer(edge, exchange, "mgov")
        first = await phone.post("MSAADA", "TX-1")
        await exchange.next()
        assert (await phone.write("ENGLISH"))[0].startswith("The language is English.")
        assert await phone.post("MSAADA", "TX-1") == first


async def test_copies_without_end_do_not_pour_replies_over_her(tmp_path: Path) -> None:
    async with carrying(tmp_path, "mgov") as (edge, exchange):
        phone = Writer(edge, exchange, "mgov")
        answers = [json.loads((await phone.post("MSAADA", "TX-1"))[1])["reply"] for _ in range(9)]
        assert answers == [1] * 6 + [0] * 3


async def test_a_copy_of_what_was_not_replied_to_in_the_answer_gets_nothing(tmp_path: Path) -> None:
    async with carrying(tmp_path, "mgov", own={"in_band": False}) as (edge, exchange):
        phone = Writer(edge, exchange, "mgov")
        for _ in range(2):
            assert json.loads((await phone.post("MSAADA", "TX-1"))[1])["reply"] == 0
        assert len(await exchange.next(2)) == 2


async def test_a_reply_for_which_the_provider_no_longer_waits_leaves_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with carrying(tmp_path, "mgov") as (edge, exchange):
        left, real = [1], type(edge.engine.ledger.database).write

        async def away(self: Database, job: Any) -> Any:
            if "_write" in job.__qualname__ and left[0]:
                left[0] -= 1
                raise RolledBack("away on purpose")
            return await real(self, job)

        monkeypatch.setattr(type(edge.engine.ledger.database), "write", away)
        monkeypatch.setattr("ussd_engine.sms.answering.WAIT_S", 0.05)
        phone = Writer(edge, exchange, "mgov")
        assert json.loads((await phone.post("MSAADA", "TX-1"))[1]) == {"success": False}
        (help, _) = await exchange.next(2)
        assert help.startswith("Tuma LALAMIKO")
        assert json.loads((await phone.post("MSAADA", "TX-1"))[1])["reply"] == 0


async def test_of_a_reply_that_travelled_in_the_answer_no_number_is_kept(tmp_path: Path) -> None:
    async with carrying(tmp_path, "mgov") as (edge, exchange):
        await Writer(edge, exchange, "mgov").write("MSAADA", replies=2)
        view = edge.engine.ledger.sms_view
        (in_band,) = [one for one in await view.messages([Progress.SENT]) if not one.attempts]
        assert await view.number(in_band.id) is None


async def opened(edge: Edge, ref: str) -> None:
    """Its office opens a case, as soon as it has it."""
    async with asyncio.timeout(WAIT_S):
        while (await edge.case(ref)).state is CaseState.QUEUED:
            pass
    await Office(edge).does("open", ref)


# a reply on demand


def sent_with(exchange: Exchange) -> list[tuple[str, str, str]]:
    """From whom, in which mode and with which link each SMS went out."""
    forms = [dict(parse_qsl(one.body.decode())) for one in exchange.provider.asked]
    return [(form.get("from", ""), form["bulkSMSMode"], form.get("linkId", "")) for form in forms]


async def test_what_came_with_a_link_is_replied_to_with_it_and_a_notice_goes_without(tmp_path: Path) -> None:
    async with carrying(tmp_path, "africastalking") as (edge, exchange):
        fields = {"id": "m1", "from": f"+{NUMBER}", "to": SHORT, "text": "MSAADA", "linkId": "L-1"}
        assert (await edge.post("/sms/africastalking", urlencode(fields).encode(), headers=FORM))[0] == 200
        await exchange.next(2)
        assert sent_with(exchange) == [(SHORT, "0", "L-1")] * 2
        ref = await named_by_ussd(edge)
        await exchange.next()
        await opened(edge, ref)
        await exchange.next()
        assert sent_with(exchange)[2:] == [("", "1", "")] * 2


# who told the provider that she wants nothing more


async def test_who_stopped_at_the_provider_has_stopped_with_us(tmp_path: Path) -> None:
    channels = f"africastalking:{TOKEN}"
    async with carrying(tmp_path, "africastalking", channels=channels) as (edge, exchange):
        ledger, phone = edge.engine.ledger, Writer(edge, exchange, "africastalking")
        body = urlencode({"senderId": SHORT, "phoneNumber": f"+{NUMBER}"}).encode()
        for where, status in (("", 404), ("/wrong", 404), (f"/{TOKEN}", 200), (f"/{TOKEN}", 200)):
            assert (await edge.post(f"/sms/africastalking/stops{where}", body, headers=FORM))[0] == status
        assert not await ledger.sms_on(NUMBER)
        assert await ledger.sms_view.messages() == []
        assert 'ussd_sms_in_total{arrival="stopped",channel="africastalking"} 2.0' in (await edge.get("/metrics"))[1]
        # She may begin again, and stop again there.
        edge.now += 60
        assert (await phone.post("ANZA", "m1", f"/{TOKEN}"))[0] == 200
        assert (await exchange.next())[0].startswith("Utapokea SMS")
        assert await ledger.sms_on(NUMBER)
        edge.now += 60
        await edge.post(f"/sms/africastalking/stops/{TOKEN}", body, headers=FORM)
        assert not await ledger.sms_on(NUMBER)


async def test_after_a_stop_at_the_provider_no_notice_leaves(tmp_path: Path) -> None:
    async with carrying(tmp_path, "africastalking") as (edge, exchange):
        ref = await named_by_ussd(edge)
        await exchange.next()
        body = urlencode({"senderId": SHORT, "phoneNumber": f"+{NUMBER}"}).encode()
        await edge.post("/sms/africastalking/stops", body, headers=FORM)
        await opened(edge, ref)
        async with asyncio.timeout(WAIT_S):
            while not await edge.engine.ledger.sms_view.messages([Progress.WITHHELD]):
                pass
        assert len(exchange.texts) == 1


@pytest.mark.parametrize("body", [b"senderId=15200", b"phoneNumber=1", b"no", b""])
async def test_what_is_no_stop_is_refused(tmp_path: Path, body: bytes) -> None:
    async with carrying(tmp_path, "africastalking") as (edge, _):
        assert (await edge.post("/sms/africastalking/stops", body, headers=FORM))[0] == 400


async def test_a_provider_that_tells_no_stops_has_no_such_address(tmp_path: Path) -> None:
    async with carrying(tmp_path) as (edge, _):
        body = json.dumps({"phoneNumber": NUMBER, "senderId": SHORT}).encode()
        assert (await edge.post("/sms/loopback/stops", body, headers=JSON))[0] == 400
        assert await edge.engine.ledger.sms_on(NUMBER)


# countries


@pytest.mark.parametrize("written", [ABROAD, f"+{ABROAD}"])
@pytest.mark.parametrize(("let_in", "replies"), [("254 256", 2), ("256", 0)])
async def test_a_country_that_is_let_in_is_answered(tmp_path: Path, written: str, let_in: str, replies: int) -> None:
    async with carrying(tmp_path, sms_abroad=let_in) as (edge, exchange):
        body = json.dumps({"id": "m1", "from": written, "to": SHORT, "text": "MSAADA"}).encode()
        assert (await edge.post("/sms/loopback", body, headers=JSON))[0] == 200
        if replies:
            assert len(await exchange.next(replies, ABROAD)) == replies
        assert len(await edge.engine.ledger.sms_view.messages()) == replies
