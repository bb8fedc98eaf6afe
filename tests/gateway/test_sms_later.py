"""What becomes open on USSD and is answered by SMS, what time brings, reports that must be asked for."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import update

from tests.gateway.handset import Handset
from tests.gateway.test_http import Edge
from tests.gateway.test_sms_circle import ANSWER, DAY_S, Office, named_by_ussd
from tests.gateway.texting import WAIT_S, Exchange, Writer, carrying, sent
from ussd_engine.channels.sms import Pulls
from ussd_engine.ledger.tables import cases
from ussd_engine.reference import derive_pin
from ussd_engine.sms.clockwork import Puller, Reminders
from ussd_engine.sms.message import Progress


async def pin_of(edge: Edge, ref: str) -> str:
    case = await edge.case(ref)
    assert case is not None
    return derive_pin(edge.engine.keyring.pin, case.case, 0).reveal()


async def opened_by_ussd(edge: Edge, ref: str) -> str:
    phone = Handset(edge)
    await phone.dial()
    return await phone.type("9", "2", "5", "2", ref)


async def test_an_answer_that_was_read_on_ussd_is_rated_by_the_word_alone(made: tuple[Edge, Exchange]) -> None:
    edge, exchange = made
    phone, office = Writer(edge, exchange), Office(edge)
    ref = await sent(phone)
    for step, words in (("open", ()), ("progress", ()), ("answer", (ANSWER,))):
        await office.does(step, ref, *words)
        await exchange.next()
    assert (await phone.write("NDIYO"))[0].startswith("Hatujaelewa")
    handset = Handset(edge)
    await handset.dial()
    assert f"PIN ya {ref}: {await pin_of(edge, ref)}" in await handset.type("9", "2", "5", "2", ref)
    await handset.type("1")
    assert "Fundi wetu alibadili" in await handset.type("1")
    assert (await phone.write("NDIYO"))[0].startswith("Asante kwa kutuambia.")


async def test_of_two_answers_the_one_is_read_whose_number_is_sent(made: tuple[Edge, Exchange]) -> None:
    edge, exchange = made
    phone, office, references = Writer(edge, exchange), Office(edge), list[str]()
    for _ in range(2):
        edge.now += 300
        references.append(await named_by_ussd(edge))
        await exchange.next()
        for step, words in (("open", ()), ("progress", ()), ("answer", ("Umeme umerudi leo.",))):
            await office.does(step, references[-1], *words)
            await exchange.next()
    (asked,) = await phone.write("JIBU")
    assert [line[2:] for line in asked.split("\n")[1:3]] == references[::-1]
    assert await phone.write(references[0]) == [f"{references[0]} (1/1): Umeme umerudi leo."]


async def test_of_a_case_that_is_over_and_has_nothing_to_read_it_is_told_how_it_stands(
    made: tuple[Edge, Exchange],
) -> None:
    edge, exchange = made
    phone, office = Writer(edge, exchange), Office(edge)
    answered = await named_by_ussd(edge)
    edge.now += 300
    withdrawn = await named_by_ussd(edge)
    await exchange.next(2)
    edge.now += 300
    for step, words in (("open", ()), ("progress", ()), ("answer", (ANSWER,))):
        await office.does(step, answered, *words)
        await exchange.next()
    # As the purge leaves a case whose words are kept no longer.
    purged = update(cases).where(cases.c.reference == answered).values(spoken=False)
    await edge.engine.ledger.database.write(lambda conn: conn.execute(purged).rowcount)
    assert await phone.write(f"JIBU {answered}") == [f"{answered} TANESCO: Imejibiwa, 15/01/2026."]
    assert "Soma jibu" not in await opened_by_ussd(edge, answered)
    assert (await phone.write(f"ONDOA {withdrawn}"))[0].startswith(f"Ujumbe namba {withdrawn} umeondolewa.")
    assert await phone.write(f"JIBU {withdrawn}") == [f"{withdrawn} TANESCO: Imeondolewa, 15/01/2026."]


async def test_a_question_that_was_answered_by_night_is_not_told_in_the_morning_with_the_answer(
    made: tuple[Edge, Exchange],
) -> None:
    edge, exchange = made
    phone, office = Writer(edge, exchange), Office(edge)
    ref = await named_by_ussd(edge)
    await exchange.next()
    for step in ("open", "progress"):
        await office.does(step, ref)
        await exchange.next()
    edge.now += 10 * 3600
    await office.does("ask", ref, "Nguzo gani?")
    assert await phone.write(f"ONGEZA {ref} nguzo ya tatu") == [f"Tumeongeza maelezo kwenye namba {ref}. Asante."]
    await office.tell()
    await office.does("answer", ref, "Transfoma imebadilishwa.")
    edge.now += 13 * 3600
    edge.engine.ledger.sms.added.set()
    asked, answered = await exchange.next(2)
    assert asked.startswith(f"Namba {ref}: kuna taarifa mpya.")
    assert answered.startswith(f"Namba {ref}: TANESCO imejibu.")
    assert (await phone.write("NDIYO"))[0].startswith("Asante kwa kutuambia."), "the one thing that is open"


async def test_why_a_case_was_not_taken_up_is_told_in_the_words_of_the_office(made: tuple[Edge, Exchange]) -> None:
    edge, exchange = made
    office = Office(edge)
    ref = await named_by_ussd(edge)
    await exchange.next()
    await office.does("open", ref)
    await exchange.next()
    await office.does("refuse", ref, "Jambo hili ni la halmashauri, si letu.")
    (told,) = await exchange.next()
    assert "Sababu: Jambo hili ni la halmashauri, si letu. Kukata rufaa tuma RUFAA" in told


async def test_three_days_after_an_answer_she_is_asked_once(made: tuple[Edge, Exchange]) -> None:
    edge, exchange = made
    office = Office(edge)
    ref = await named_by_ussd(edge)
    await exchange.next()
    for step, words in (("open", ()), ("progress", ()), ("answer", (ANSWER,))):
        await office.does(step, ref, *words)
        await exchange.next()
    edge.now += 3 * DAY_S
    reminders = Reminders(edge.engine.ledger, edge.engine.gateway.now_ms, lambda _: None)
    await reminders.step()
    await reminders.step()
    (asked,) = await exchange.next()
    assert asked.startswith(f"Namba {ref}: umeridhika na jibu? Tuma NDIYO {ref}")
    assert (await Writer(edge, exchange).write("KIASI"))[0].startswith("Asante kwa kutuambia.")


async def test_reports_are_asked_for_where_a_gateway_tells_them_so(tmp_path: Path) -> None:
    async with carrying(tmp_path, channel_settings='{"loopback": {"sms": {}}}') as (edge, exchange):
        await Writer(edge, exchange).write("MSAADA", replies=0)
        engine, counted = edge.engine, list[str]()
        view = engine.ledger.sms_view
        async with asyncio.timeout(WAIT_S):
            while len(await view.messages([Progress.ACCEPTED])) < 2:
                pass
        (route,) = await engine.ledger.sms_routes.all()
        for holder in ("another", route.holder):
            gateway = engine.gateways["loopback"]
            assert isinstance(gateway, Pulls)
            clock = engine.gateway.now_ms
            puller = Puller(
                engine.ledger, "loopback", gateway, clock, holder, count=counted.append, told=lambda _: None
            )
            await puller.step()
        assert counted == ["applied", "applied"]
        assert len(await view.messages([Progress.DELIVERED])) == 2
