"""Services of other institutions at our root: fields asked while she types, forms delivered until they are there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.gateway.handset import numbers
from tests.gateway.hosted import METER, MOVED, OWNER, SEND, TO_REVIEW, WORDS, Body, Line, answer, blocks, hosting
from tests.gateway.house import NUMBER
from tests.gateway.test_http import Edge
from tests.gateway.texting import WAIT_S, Exchange, count, reference_in
from ussd_engine.delivery import SILENT
from ussd_engine.sms.message import Progress
from ussd_engine.testing.provider import Says, playing
from ussd_engine.tracking import SetSms


async def delivered(edge: Edge, body: Body, forms: int = 1, passing_s: float = 0.0) -> None:
    """Return once the institution was given so many forms, and nothing waits; time passes meanwhile."""
    async with asyncio.timeout(WAIT_S):
        while len(body.forms) < forms or (await edge.engine.ledger.outbox.backlog()).waiting:
            edge.now += passing_s
            await edge.engine.delivery.step()


async def settled(edge: Edge, body: Body) -> None:
    """Return once the institution was asked, and it is written what came of it."""
    async with asyncio.timeout(WAIT_S):
        while not body.forms or any(one.lease_ms for one in await edge.engine.ledger.outbox.waiting(9)):
            await edge.engine.delivery.step()


async def test_a_form_is_collected_and_delivered_by_the_institutions_names(tmp_path: Path) -> None:
    async with hosting(tmp_path) as (edge, body):
        phone = Line(edge)
        assert "1. Maji" in await phone.dial()
        assert (
            await phone.type("1", "1", METER) == f"CON Mita {METER} ni ya:\n1. {OWNER}\n9. Andika namba tena\n0. Rudi"
        )
        assert body.asked == [("namba_ya_mita", METER)]
        assert "Mamlaka ya Maji itaona namba yako" in await phone.type("1", WORDS)
        assert await count(edge) == 0
        assert body.forms == []
        last = await phone.type(SEND)
        reference = reference_in(last)
        assert "PIN" not in last
        await delivered(edge, body)
        sent = {"namba_ya_mita": METER, "aina": "1", "maelezo": WORDS, "kumbukumbu": reference}
        assert body.forms == [{"msisdn": NUMBER, **sent}]


async def test_what_stands_behind_the_address_goes_along_with_every_call(tmp_path: Path) -> None:
    async with hosting(tmp_path, query="?key=abc") as (edge, body):
        phone = Line(edge)
        await phone.dial()
        await phone.type(*TO_REVIEW, SEND)
        await delivered(edge, body)
        assert body.queries == ["key=abc&field=namba_ya_mita", "key=abc"]


async def test_without_fields_of_its_own_it_gets_all_answers_by_our_names(tmp_path: Path) -> None:
    menu = blocks()["menus/maji.yaml"].replace(
        "ask: [meter, customer, message,", "ask: [meter, customer, name, message,"
    )
    menu = menu.replace(
        "  message:\n", "  name: {input: Jina lako?, save: name, check: {letters: [2, 60]}}\n  message:\n", 1
    )
    async with hosting(tmp_path, {"fields": {}}, menu=menu) as (edge, body):
        phone = Line(edge)
        await phone.dial()
        await phone.type("1", "1", METER, "1", "Asha Juma", WORDS, SEND)
        await delivered(edge, body)
        own = {"meter": METER, "customer": METER, "name": "Asha Juma", "message": WORDS}
        assert body.forms == [{"msisdn": NUMBER, "type": "leak", "identity": "named", **own}]


async def test_who_dials_without_number_is_delivered_without_one(tmp_path: Path) -> None:
    async with hosting(tmp_path) as (edge, body):
        phone = Line(edge, "")
        await phone.dial()
        await phone.type(*TO_REVIEW, SEND)
        await delivered(edge, body)
        assert "msisdn" not in body.forms[0]


async def test_a_field_that_the_institution_does_not_know_is_typed_again(tmp_path: Path) -> None:
    async with hosting(tmp_path) as (edge, body):
        phone, body.check = Line(edge), answer(success=False)
        await phone.dial()
        assert await phone.type("1", "1", METER) == f"CON Mita {METER} haijulikani.\n1. Andika tena\n0. Rudi"
        assert "Weka namba ya mita" in await phone.type("1")
        body.check = answer(success=True, name=OWNER)
        assert OWNER in await phone.type("87654321")
        assert [text for _, text in body.asked] == [METER, "87654321"]


@pytest.mark.parametrize(
    "says",
    [
        None,
        Says(500, b"{}"),
        Says(200, b"<html>"),
        Says(200, b"[" * 5_000),
        Says(200, b'{"success":"yes"}'),
        MOVED,
        Says(200, b'{"success":true,"name":"' + b"x" * 70_000 + b'"}'),
        Says(429, b"", {"Retry-After": "5"}),
    ],
    ids=["hangs up", "500", "a page", "too deep", "no word of truth", "a redirect", "70 kB", "too much"],
)
async def test_an_institution_that_does_not_answer_as_it_should_is_slow(tmp_path: Path, says: Says | None) -> None:
    async with hosting(tmp_path) as (edge, body):
        phone, body.check = Line(edge), says
        await phone.dial()
        slow = await phone.type("1", "1", METER)
        assert slow.startswith("CON Mfumo wa maji haujibu kwa sasa.\n1. Jaribu tena\n2. Endelea bila kuhakiki")
        body.check = answer(success=True, name=OWNER)
        assert OWNER in await phone.type("1")
        assert len(body.asked) == 2
        assert body.led == 0


async def test_who_goes_on_without_the_check_is_delivered_all_the_same(tmp_path: Path) -> None:
    async with hosting(tmp_path) as (edge, body):
        phone, body.check = Line(edge), None
        await phone.dial()
        await phone.type("1", "1", METER, "2", WORDS)
        reference_in(await phone.type(SEND))
        await delivered(edge, body)
        assert body.forms[0]["namba_ya_mita"] == METER


async def test_a_look_takes_no_longer_than_a_look(tmp_path: Path) -> None:
    async with hosting(tmp_path) as (edge, body):
        assert edge.engine.gateway.looks.look_s == 1.5, "as the pages say"
        edge.engine.gateway.looks.look_s = 0.05
        phone = Line(edge)
        await phone.dial()
        body.provider.free.clear()
        assert "haujibu kwa sasa" in await phone.type("1", "1", METER)
        body.provider.free.set()
        assert (await numbers(edge))['ussd_slow_total{channel="africastalking"}'] == 1


async def test_a_drop_at_what_was_asked_elsewhere_asks_again(tmp_path: Path) -> None:
    async with hosting(tmp_path) as (edge, body):
        phone = Line(edge)
        await phone.dial()
        await phone.type("1", "1", METER)
        await phone.dial()
        assert "Endelea ulipoishia" in await phone.type("1")
        assert OWNER in await phone.type("1")
        assert len(body.asked) == 2


async def test_a_slow_screen_that_ends_keeps_the_draft_for_the_redial(tmp_path: Path) -> None:
    menu = blocks()["menus/maji.yaml"].replace("slow: no_answer", "slow: over")
    start, end = menu.index("  no_answer:"), menu.index("  message:\n")
    async with hosting(tmp_path, menu=menu[:start] + menu[end:]) as (edge, body):
        phone, body.check = Line(edge), None
        await phone.dial()
        assert (await phone.type("1", "1", METER)).startswith("END Basi kwa sasa.")
        body.check = answer(success=True, name=OWNER)
        await phone.dial()
        assert OWNER in await phone.type("1", "1")


async def test_the_words_of_an_institution_are_folded_and_cut_to_the_screen(tmp_path: Path) -> None:
    async with hosting(tmp_path) as (edge, body):
        body.check = answer(success=True, name="Ng\u2019ombe \U0001f404\n\u202e{ref} " + "x" * 200)
        phone = Line(edge)
        await phone.dial()
        screen = await phone.type("1", "1", METER)
        row = screen.split("\n")[1]
        assert row.startswith("1. Ng'ombe ? {ref} xxxx")
        assert row.endswith("xxx...")
        assert 60 <= len(row) <= len("1. ") + 60


# delivery


@pytest.mark.parametrize(
    "says",
    [
        None,
        Says(500, b""),
        Says(404, b""),
        MOVED,
        answer(success=False),
        answer(status=False),
        Says(200, b"OK"),
        Says(503, b"", {"Retry-After": "1"}),
    ],
    ids=["hangs up", "500", "404", "a redirect", "no success", "no status", "no JSON", "503"],
)
async def test_what_was_not_taken_is_delivered_later(tmp_path: Path, says: Says | None) -> None:
    async with hosting(tmp_path) as (edge, body):
        phone, body.form = Line(edge), says
        await phone.dial()
        reference = reference_in(await phone.type(*TO_REVIEW, SEND))
        await settled(edge, body)
        body.form = answer(status=True)
        await delivered(edge, body, 2, passing_s=30)
        assert {form["kumbukumbu"] for form in body.forms} == {reference}
        assert body.led == 0


@pytest.mark.parametrize(("status", "dead"), [(400, 1), (422, 1), (409, 0)])
async def test_what_an_institution_refuses_for_ever_is_kept_and_what_it_has_is_done(
    tmp_path: Path, status: int, dead: int
) -> None:
    async with hosting(tmp_path) as (edge, body):
        phone, body.form = Line(edge), answer(status)
        await phone.dial()
        await phone.type(*TO_REVIEW, SEND)
        await delivered(edge, body)
        assert (await edge.engine.ledger.outbox.backlog()).dead == dead


async def test_an_institution_that_is_away_uses_up_hardly_an_attempt_and_holds_up_nobody(tmp_path: Path) -> None:
    async with hosting(tmp_path) as (edge, body):
        body.form = None
        for number in range(3):
            phone = Line(edge, f"25570000001{number}")
            await phone.dial()
            await phone.type(*TO_REVIEW, SEND)
        await settled(edge, body)
        for _ in range(20):
            edge.now += 1_000
            await edge.engine.delivery.step()
        backlog = await edge.engine.ledger.outbox.backlog()
        assert (backlog.waiting, backlog.dead, [*backlog.stopped_of]) == (3, 0, ["maji"])
        rows = await edge.engine.ledger.outbox.waiting(9)
        assert max(one.attempts for one in rows) < SILENT
        body.form = answer(status=True)
        await delivered(edge, body, len(body.forms) + 3, passing_s=30)


async def test_while_one_institution_is_away_another_gets_what_is_its_own(tmp_path: Path) -> None:
    async with hosting(tmp_path, beside="umeme") as (edge, body):
        for number in range(4):
            phone = Line(edge, f"25570000001{number}")
            await phone.dial()
            await phone.type("2", "1", METER, "2", WORDS, SEND)
            await edge.engine.delivery.step()
        phone = Line(edge)
        await phone.dial()
        reference = reference_in(await phone.type(*TO_REVIEW, SEND))
        async with asyncio.timeout(WAIT_S):
            while not body.forms:
                await edge.engine.delivery.step()
        assert body.forms[0]["kumbukumbu"] == reference
        assert "maji" not in (await edge.engine.ledger.outbox.backlog()).stopped_of


# the institution's words by SMS


async def test_what_the_institution_says_to_her_leaves_as_one_sms(tmp_path: Path) -> None:
    exchange = Exchange()
    async with (
        playing(exchange.play) as exchange.provider,
        hosting(tmp_path, sms=exchange.provider.url) as (edge, body),
    ):
        exchange.edge, phone = edge, Line(edge)
        body.form = answer(status=True, sms_reply=True, sms_text="Taarifa\nimepokelewa \u2013 " + "fundi " * 60)
        await phone.dial()
        reference = reference_in(await phone.type(*TO_REVIEW, SEND))
        (said,) = await exchange.next()
        assert said.startswith(f"{reference}: Taarifa imepokelewa - fundi fundi")
        assert said.endswith("...")
        assert len(said) <= 160
        await delivered(edge, body)
        assert len(exchange.texts) == 1
        queued = await edge.engine.ledger.sms_view.messages(list(Progress))
        assert [one.template for one in queued] == ["relayed"], "it has no receipt of ours to say"


@pytest.mark.parametrize("why", ["no reply is asked for", "she wants no SMS", "confidential", "empty", "no text"])
async def test_nothing_leaves_where_nothing_is_to(tmp_path: Path, why: str) -> None:
    exchange, menu = Exchange(), blocks()["menus/maji.yaml"]
    if why == "confidential":
        menu = menu.replace("identity: named}     #", "identity: confidential} #")
    says: dict[str, dict[str, object]] = {
        "no reply is asked for": {"sms_reply": False},
        "empty": {"sms_text": " "},
        "no text": {"sms_text": 7},
    }
    async with (
        playing(exchange.play) as exchange.provider,
        hosting(tmp_path, sms=exchange.provider.url, menu=menu) as (edge, body),
    ):
        phone = Line(edge)
        if why == "she wants no SMS":
            at_ms = int(edge.now * 1000)
            await edge.engine.ledger.act(SetSms(key=b"k", msisdn=NUMBER, on=False, locale="sw", at_ms=at_ms))
        body.form = answer(**{"status": True, "sms_reply": True, "sms_text": "Habari", **says.get(why, {})})
        await phone.dial()
        await phone.type(*TO_REVIEW, SEND)
        await delivered(edge, body)
        assert exchange.texts == []
        assert await edge.engine.ledger.sms_view.messages(list(Progress)) == []


# what she may see of it


async def test_what_was_sent_to_an_institution_stands_in_no_list_and_opens_nowhere(tmp_path: Path) -> None:
    async with hosting(tmp_path) as (edge, body):
        phone = Line(edge)
        await phone.dial()
        reference = reference_in(await phone.type(*TO_REVIEW, SEND))
        await delivered(edge, body)
        assert (await edge.case(reference)).service == "maji"
        assert await edge.engine.ledger.own_cases(NUMBER) == []


async def test_without_her_leave_the_number_stays_here(tmp_path: Path) -> None:
    menu = blocks()["menus/maji.yaml"].replace("identity: named}     #", "identity: confidential} #")
    async with hosting(tmp_path, menu=menu) as (edge, body):
        phone = Line(edge)
        await phone.dial()
        await phone.type(*TO_REVIEW, SEND)
        await delivered(edge, body)
        assert NUMBER not in str(body.forms)
        assert "msisdn" not in body.forms[0]


async def test_nothing_of_her_stands_in_the_log(tmp_path: Path) -> None:
    async with hosting(tmp_path) as (edge, body):
        for form in (None, answer(success=False), answer(400, error=f"{NUMBER} {WORDS}"), answer(status=True)):
            phone, body.form, body.check = Line(edge), form, answer(success=True, name=OWNER)
            await phone.dial()
            await phone.type("1", "1", METER)
            body.check = None
            await phone.type("9", METER, "2", WORDS, SEND)
            await edge.engine.delivery.step()
            edge.now += 100
        log = edge.lines.getvalue().decode()
        numbers = (await edge.get("/metrics"))[1]
        for text in (NUMBER, NUMBER[3:], METER, WORDS, "Bomba", OWNER, "Asha"):
            assert text not in log
            assert text not in numbers
