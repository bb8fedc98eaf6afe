"""What a keyword with its number does beside its act: it asks for words that are missing, and ends a question about the
same act."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from tests.gateway.house import NUMBER
from tests.gateway.test_http import Edge
from tests.gateway.test_sms_circle import ANSWER, Office, named_by_ussd
from tests.gateway.texting import Writer, count, sent
from ussd_engine.model import CaseState

NO_TEXT = "Ongeza ujumbe baada ya jina la taasisi."
WORDS = "Nguzo ya tatu kutoka sokoni"
HOUR_S = 3600.0


def asked_for(ref: str) -> str:
    return f"Andika maelezo ya kuongeza kwenye namba {ref}, uyatume kwenda 15200"


def added(ref: str) -> str:
    return f"Tumeongeza maelezo kwenye namba {ref}. Asante."


async def a_case(edge: Edge, phone: Writer, mode: str) -> str:
    """A case of the phone; its reference."""
    if mode == "confidential":
        return await sent(phone)
    ref = await named_by_ussd(edge)
    await phone.exchange.next()
    return ref


async def open_kinds(edge: Edge) -> list[tuple[str, str]]:
    """What the phone has open, and of which case."""

    def look(conn: Connection) -> list[tuple[str, str]]:
        found = edge.engine.ledger.notices.talks.of(conn, NUMBER, int(edge.now * 1000))
        return [(one.kind, one.reference) for one in found]

    return await edge.engine.ledger.database.read(look)


# words to add


@pytest.mark.parametrize("mode", ["confidential", "named"])
async def test_who_names_a_case_alone_is_asked_what_to_add_and_her_next_text_is_added(
    edge: Edge, phone: Writer, mode: str
) -> None:
    ref = await a_case(edge, phone, mode)
    assert await phone.write(f"ONGEZA {ref}") == [asked_for(ref)]
    assert await phone.write(WORDS) == [added(ref)]
    assert (await phone.write("Habari za leo"))[0].startswith("Hatujaelewa"), "the question is over"
    assert await count(edge) == 1


async def test_what_to_add_is_asked_in_the_language_of_the_keyword(edge: Edge, phone: Writer) -> None:
    ref = await sent(phone)
    assert await phone.write(f"ADD {ref}") == [f"Write what to add to {ref} and send it to 15200"]


async def test_one_word_is_added(edge: Edge, phone: Writer) -> None:
    ref = await sent(phone)
    assert await phone.write(f"ONGEZA {ref} 24411") == [added(ref)]


async def test_who_chose_the_case_of_nothing_is_asked_what_to_add(edge: Edge, phone: Writer) -> None:
    ref = await sent(phone)
    assert (await phone.write("ONGEZA"))[0].startswith("Kwa namba ipi?")
    assert await phone.write("1") == [asked_for(ref)]
    assert await phone.write(WORDS) == [added(ref)]


async def test_what_to_add_is_waited_for_a_day(edge: Edge, phone: Writer) -> None:
    ref = await sent(phone)
    await phone.write(f"ONGEZA {ref}")
    edge.now += 24 * HOUR_S - 60
    assert await open_kinds(edge) == [("need_info", ref)]
    edge.now += 120
    assert (await phone.write(WORDS))[0].startswith("Hatujaelewa")


async def test_what_an_officer_asked_stays_open_as_long_as_before(edge: Edge, phone: Writer) -> None:
    ref, office = await a_case(edge, phone, "named"), Office(edge)
    await office.does("open", ref)
    await office.does("progress", ref)
    await office.does("ask", ref, "Nguzo gani?")
    await phone.exchange.next(3)
    assert await phone.write(f"ONGEZA {ref}") == [asked_for(ref)]
    assert await open_kinds(edge) == [("need_info", ref)]
    edge.now += 48 * HOUR_S
    assert await phone.write(WORDS) == [added(ref)]


async def test_a_case_that_takes_no_words_opens_nothing(edge: Edge, phone: Writer) -> None:
    ref = await a_case(edge, phone, "named")
    await phone.write(f"ONDOA {ref}")
    assert (await edge.case(ref)).state is CaseState.WITHDRAWN
    assert (await phone.write(f"ONGEZA {ref}"))[0].startswith(NO_TEXT)
    assert await open_kinds(edge) == []


# a question about the same act


async def answered(edge: Edge, phone: Writer) -> str:
    """A confidential case with an answer; its reference."""
    ref, office = await sent(phone), Office(edge)
    await office.does("open", ref)
    await office.does("progress", ref)
    await office.does("answer", ref, ANSWER)
    await phone.exchange.next(3)
    return ref


async def test_an_appeal_by_its_number_ends_the_question_which_case_it_is_for(edge: Edge, phone: Writer) -> None:
    ref = await answered(edge, phone)
    assert (await phone.write("RUFAA sijaridhika na jibu"))[0].startswith("Kwa namba ipi?")
    assert await phone.write(f"RUFAA {ref} sijaridhika na jibu") == [
        f"Namba {ref}: tumepokea ulichotuma. Maelezo zaidi: piga *152*00*9*2#"
    ]
    assert await open_kinds(edge) == []
    assert (await phone.write("1"))[0].startswith("Hatujaelewa")


async def test_words_by_their_number_end_the_question_which_case_words_are_for(edge: Edge, phone: Writer) -> None:
    ref = await sent(phone)
    await phone.write("ONGEZA na mtaa wa pili pia")
    assert await phone.write(f"ONGEZA {ref} na mtaa wa pili pia") == [added(ref)]
    assert await open_kinds(edge) == []


async def test_another_act_or_one_that_was_refused_leaves_the_question(edge: Edge, phone: Writer) -> None:
    ref = await sent(phone)
    (which,) = await phone.write("ONGEZA na mtaa wa pili pia")
    assert which.startswith("Kwa namba ipi?")
    assert (await phone.write(f"HALI {ref}"))[0].startswith(ref)
    assert (await phone.write("ONGEZA 482173657 na mtaa wa pili pia"))[0].startswith("Namba 482173657: piga")
    assert (await phone.write(f"RUFAA {ref} sijaridhika"))[0].startswith(f"Namba {ref}: piga"), "it is too early"
    assert [kind for kind, _ in await open_kinds(edge)] == ["which"]
    assert await phone.write("1") == [added(ref)]


async def test_an_older_question_about_the_same_act_ends_and_the_newest_is_not_asked_again(
    edge: Edge, phone: Writer
) -> None:
    ref = await sent(phone)
    await phone.write("ONGEZA na mtaa wa pili pia")
    edge.now += 20
    (where,) = await phone.write("LALAMIKO umeme hauji tangu jana usiku")
    assert where.startswith("Taasisi ipi?")
    assert await phone.write(f"ONGEZA {ref} na mtaa wa pili pia") == [added(ref)]
    (received,) = await phone.write("1")
    assert received.startswith("Tumepokea.")
    assert await open_kinds(edge) == []
