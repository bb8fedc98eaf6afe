"""SMS at the edge: who may call, what is answered whatever comes, what is done once, what is never done."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.gateway.house import NUMBER
from tests.gateway.test_http import Edge
from tests.gateway.test_sms_circle import named_by_ussd
from tests.gateway.texting import COMPLAINT, JSON, Exchange, Writer, carrying, count, reference_in, sent

UNKNOWN = "482173657"
"""A reference that no case has."""
OTHER = "255700000077"


# what is asked back


async def test_an_institution_that_is_not_clear_is_asked_for_and_chosen_by_its_number(
    edge: Edge, phone: Writer
) -> None:
    asked, _ = await phone.write("LALAMIKO umeme umekatika siku tatu", replies=2)
    assert asked.startswith("Taasisi ipi? Tuma 1, 2 au 3 kwenda 15200:\n1 ")
    assert "saa 24" in asked
    (received,) = await phone.write("1")
    submission = await edge.submission(reference_in(received))
    assert submission.answers["message"] == "umeme umekatika siku tatu"
    assert submission.institution in ("TANESCO", "REA", "EWURA")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("LALAMIKO", "Taja taasisi."),
        ("SWALI NIDA", "Ongeza ujumbe baada ya jina la taasisi."),
        ("SWALI NIDA wapi", "Ongeza ujumbe baada ya jina la taasisi."),
        ("MAONI TANESCO " + "neno " * 100, "Ujumbe umezidi herufi 480."),
        (f"HALI {UNKNOWN}", f"Namba {UNKNOWN}: piga"),
        (f"NDIYO {UNKNOWN}", f"Namba {UNKNOWN}: piga"),
        (f"RUFAA {UNKNOWN} hawajanijibu mpaka leo", f"Namba {UNKNOWN}: piga"),
        ("HALI 482173659", "Namba hiyo si sahihi."),
        ("HALI EMR-2026-48213", "Namba EMR-2026-48213: piga"),
        ("HALI", "Hakuna ujumbe kutoka simu hii"),
        ("ONDOA", "Hakuna ujumbe kutoka simu hii"),
        ("FUTA", "Kufuta namba yako ya simu piga"),
        ("MSAADA", "Tuma LALAMIKO, MAONI"),
        ("Habari za leo", "Hatujaelewa ujumbe wako."),
        ("ANZA", "Utapokea SMS za e-Mrejesho."),
        ("ENGLISH", "The language is English."),
        ("", "Hatujaelewa ujumbe wako."),
    ],
)
async def test_what_is_missing_or_not_hers_is_said_and_nothing_is_stored(
    edge: Edge, phone: Writer, text: str, answer: str
) -> None:
    said, *_ = await phone.write(text, replies=2)
    assert said.startswith(answer)
    assert await count(edge) == 0


async def test_a_case_of_another_phone_is_not_opened(edge: Edge, phone: Writer, made: tuple[Edge, Exchange]) -> None:
    ref = await sent(phone)
    other = Writer(*made, msisdn=OTHER)
    (said, _) = await other.write(f"HALI {ref}", replies=2)
    assert said == f"Namba {ref}: piga *152*00*9*2#, chagua 5 na uweke PIN yake."
    for text in (f"ONGEZA {ref} na mengine mengi", f"NDIYO {ref}", f"ONDOA {ref}"):
        status, _ = await other.post(text, text)
        assert status == 200
    case = await edge.case(ref)
    assert case.state.value in ("queued", "received")
    assert case.rating == ""


async def test_words_are_added_a_leak_is_told_and_a_confidential_case_stays_quiet(edge: Edge, phone: Writer) -> None:
    ref = await sent(phone)
    assert await phone.write(f"ONGEZA {ref} na mtaa wa pili pia") == [f"Tumeongeza maelezo kwenye namba {ref}. Asante."]
    quiet = f"Namba {ref}: tumepokea ulichotuma. Maelezo zaidi: piga *152*00*9*2#"
    assert await phone.write(f"SIRI {ref} jirani amejua jina langu") == [quiet]
    assert await phone.write(f"ONDOA {ref}") == [f"Namba {ref}: piga *152*00*9*2#, chagua 5 na uweke PIN yake."]


async def test_a_named_case_is_withdrawn_and_an_appeal_that_comes_too_early_is_refused(
    edge: Edge, phone: Writer
) -> None:
    ref = await named_by_ussd(edge)
    await phone.exchange.next()
    (refused,) = await phone.write(f"RUFAA {ref} sijajibiwa mpaka sasa")
    assert refused.startswith(f"Rufaa ya namba {ref} haiwezi kupokelewa: muda wa kujibu haujaisha")
    assert (await phone.write(f"ONDOA {ref}"))[0].startswith(f"Ujumbe namba {ref} umeondolewa.")
    assert (await edge.case(ref)).state.value == "withdrawn"


async def test_her_open_cases_are_listed_and_one_of_several_is_asked_for(edge: Edge, phone: Writer) -> None:
    first = await sent(phone)
    (received,) = await phone.write("MAONI NIDA vitambulisho vitolewe mapema zaidi")
    second = reference_in(received)
    (listed,) = await phone.write("HALI")
    assert {line[:9] for line in listed.split("\n")[:2]} == {first, second}
    (asked,) = await phone.write("ONGEZA na mtaa wa pili pia")
    assert asked.startswith("Kwa namba ipi? Tuma 1, 2 au 3 kwenda 15200:\n1 ")
    chosen = asked.split("\n")[2][2:]
    assert await phone.write("2") == [f"Tumeongeza maelezo kwenye namba {chosen}. Asante."]


async def test_a_keyword_of_the_other_language_switches_that_reply_alone(edge: Edge, phone: Writer) -> None:
    await sent(phone)
    assert (await phone.write("HELP"))[0].startswith("Send COMPLAINT")
    assert (await phone.write("Habari za leo"))[0].startswith("Hatujaelewa")
    assert (await phone.write("ENGLISH"))[0].startswith("The language is English.")
    edge.now += 3601
    assert (await phone.write("Habari za jioni"))[0].startswith("We did not understand")


# once


@pytest.mark.parametrize("channel", ["loopback", "africastalking", "kannel", "mgov"])
async def test_a_callback_that_comes_again_acts_once(tmp_path: Path, channel: str) -> None:
    async with carrying(tmp_path, channel) as (edge, exchange):
        phone = Writer(edge, exchange, channel)
        await phone.write(COMPLAINT, id="m1", replies=2)
        for _ in range(3):
            status, _ = await phone.post(COMPLAINT, "m1")
            assert status == 200
        await phone.write("MSAADA")
        assert await count(edge) == 1
        assert f'ussd_sms_in_total{{arrival="repeat",channel="{channel}"}} 3.0' in (await edge.get("/metrics"))[1]


@pytest.mark.parametrize(
    ("texts", "rule"),
    [
        (["Habari za leo", "Habari za jioni"], "often"),
        (["MSAADA"] * 3, "same"),
        ([f"HALI {UNKNOWN}"] * 2, "status"),
        (["I'm driving. Will text you later"] * 2, "machine"),
    ],
)
async def test_what_gets_no_reply_is_counted_by_its_rule(
    edge: Edge, phone: Writer, texts: list[str], rule: str
) -> None:
    first, *again = texts
    await phone.write(first, replies=1 if rule == "machine" else 2)
    for text in again[:-1]:
        await phone.write(text)
    unsaid = f'ussd_sms_unsaid_total{{channel="loopback",rule="{rule}"}} 1.0'
    assert unsaid not in (await edge.get("/metrics"))[1]
    assert (await phone.post(again[-1], "last"))[0] == 200
    assert unsaid in (await edge.get("/metrics"))[1]


async def test_without_an_id_a_copy_within_two_seconds_is_one_and_the_same_words_later_are_two(
    edge: Edge, phone: Writer
) -> None:
    body = json.dumps({"from": NUMBER, "to": "15200", "text": COMPLAINT}).encode()
    for seconds in (0, 1, 10):
        edge.now += seconds
        assert (await edge.post("/sms/loopback", body, headers=JSON))[0] == 200
    assert await count(edge) == 2


# guards


async def test_above_her_day_she_is_told_once_and_a_stop_word_still_counts(tmp_path: Path) -> None:
    async with carrying(tmp_path, sms_a_day="number=2") as (edge, exchange):
        phone = Writer(edge, exchange)
        await phone.write("MSAADA", replies=2)
        await phone.write("FUTA")
        assert await phone.write(COMPLAINT) == ["Umefikia kikomo cha leo. Jaribu kesho au piga *152*00*9*2#"]
        await phone.write(COMPLAINT, replies=0)
        await phone.write("ACHA", replies=0)
        assert await count(edge) == 0
        assert not await edge.engine.ledger.sms_on(NUMBER)


async def test_what_is_not_understood_is_said_once_an_hour_and_a_machine_is_answered_once(
    edge: Edge, phone: Writer
) -> None:
    await phone.write("Habari za leo", replies=2)
    await phone.write("Habari za jioni", replies=0)
    await phone.write("Automatic reply: I am away", replies=0)
    await phone.write("Automatic reply: I am still away", replies=0)
    edge.now += 3601
    assert len(await phone.write("Habari za asubuhi")) == 1
    assert 'arrival="machine"' in (await edge.get("/metrics"))[1]


async def test_where_a_case_stands_is_told_once_in_ten_minutes(edge: Edge, phone: Writer) -> None:
    ref = await sent(phone)
    await phone.write(f"HALI {ref}")
    await phone.write(f"HALI {ref}", replies=0)
    edge.now += 601
    await phone.write(f"HALI {ref}")


@pytest.mark.parametrize("msisdn", ["VODACOM", "+447700900123"])
async def test_names_and_foreign_numbers_are_acknowledged_and_not_answered(
    edge: Edge, phone: Writer, msisdn: str
) -> None:
    body = json.dumps({"id": "m1", "from": msisdn, "to": "15200", "text": COMPLAINT}).encode()
    assert (await edge.post("/sms/loopback", body, headers=JSON))[0] == 200
    assert await count(edge) == 0
    await phone.write("MSAADA", replies=2)


async def test_a_prefix_stands_before_the_keywords_of_a_shared_number(tmp_path: Path) -> None:
    async with carrying(tmp_path, sms_prefixes="emrejesho=EM") as (edge, exchange):
        received, _ = await Writer(edge, exchange).write("em " + COMPLAINT, replies=2)
        submission = await edge.submission(reference_in(received))
        assert submission.answers["message"] == "umeme umekatika siku tatu Mtumba"
        assert received.endswith("au tuma EM HALI " + reference_in(received) + " kwenda 15200")
