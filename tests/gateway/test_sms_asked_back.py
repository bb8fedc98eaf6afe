"""What is not clear is asked back and kept; what was missing fills the form; nothing is an answer by chance."""

from __future__ import annotations

import msgspec
import pytest

from tests.gateway.house import NUMBER
from tests.gateway.test_http import Edge
from tests.gateway.test_sms_circle import ANSWER, Office, named_by_ussd
from tests.gateway.texting import Writer, count, reference_in, sent
from ussd_engine.ledger import Ledger

NO_INSTITUTION = "Taja taasisi."
NO_TEXT = "Ongeza ujumbe baada ya jina la taasisi."
HOW_TO_STOP = "Kuacha SMS tuma ACHA."
DAY_S = 24 * 3600.0


async def words_of(edge: Edge, reference: str) -> str:
    return str((await edge.submission(reference)).answers["message"])


async def asked(edge: Edge, phone: Writer) -> str:
    """A named case with an officer's question open; its reference."""
    ref = await named_by_ussd(edge)
    await phone.exchange.next()
    office = Office(edge)
    await office.does("open", ref)
    await office.does("progress", ref)
    await office.does("ask", ref, "Nguzo gani?")
    await phone.exchange.next(3)
    return ref


# what is missing


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (("LALAMIKO umekatika siku tatu Mtumba", "TANESCO"), "umekatika siku tatu Mtumba"),
        (("LALAMIKO umekatika siku tatu", "Tanesco tawi la Mtumba"), "tawi la Mtumba umekatika siku tatu"),
        (("LALAMIKO TANESCO", "umeme umekatika siku tatu"), "umeme umekatika siku tatu"),
        (("LALAMIKO", "TANESCO", "umeme umekatika siku tatu"), "umeme umekatika siku tatu"),
        (("LALAMIKO TANESCO umeme", "umekatika siku tatu"), "umeme umekatika siku tatu"),
        (("LALAMIKO", "asante", "tanesco", "umeme", "umekatika siku tatu"), "umeme umekatika siku tatu"),
        (("LALAMIKO umekatika siku tatu", "umeme", "1"), "umeme umekatika siku tatu"),
        (("LALAMIKO umekatika siku tatu", "TANESKO", "1"), "TANESKO umekatika siku tatu"),
    ],
)
async def test_what_was_missing_is_the_next_text(
    edge: Edge, phone: Writer, written: tuple[str, ...], message: str
) -> None:
    questions = [await phone.write(text, replies=2 if at == 0 else 1) for at, text in enumerate(written)]
    for (question, *_), text in zip(questions, written[1:], strict=False):
        assert question.startswith((NO_INSTITUTION, NO_TEXT, "Taasisi ipi?")), text
    ((received,),) = questions[-1:]
    ref = reference_in(received)
    stored = await edge.submission(ref)
    assert (stored.institution, stored.mode, await words_of(edge, ref)) == ("TANESCO", "confidential", message)
    assert (await phone.write("Habari za leo"))[0].startswith("Hatujaelewa"), "the question is over"
    assert await count(edge) == 1


async def test_what_is_missing_is_asked_for_in_the_language_of_the_keyword(edge: Edge, phone: Writer) -> None:
    question, _ = await phone.write("COMPLAINT nobody answers our letters", replies=2)
    assert question.startswith("Name the institution.")
    (received,) = await phone.write("TANESCO")
    assert received.startswith("Received.")
    assert (await edge.submission(reference_in(received))).locale == "en"


async def test_a_new_message_takes_the_place_of_one_that_lacks_something(edge: Edge, phone: Writer) -> None:
    await phone.write("LALAMIKO umekatika siku tatu", replies=2)
    (received,) = await phone.write("LALAMIKO TANESCO umeme umekatika siku tatu")
    assert received.startswith("Tumepokea.")
    assert (await phone.write("NIDA"))[0].startswith("Hatujaelewa")
    assert await count(edge) == 1


async def test_what_is_missing_is_waited_for_a_day(edge: Edge, phone: Writer) -> None:
    await phone.write("LALAMIKO umekatika siku tatu", replies=2)
    edge.now += DAY_S
    assert (await phone.write("TANESCO"))[0].startswith("Hatujaelewa")
    assert await count(edge) == 0


async def test_a_digit_or_a_word_that_names_nothing_is_asked_back_and_fills_nothing(edge: Edge, phone: Writer) -> None:
    await phone.write("LALAMIKO umekatika siku tatu", replies=2)
    assert (await phone.write("1"))[0].startswith(NO_INSTITUTION)
    edge.now += 3601
    assert (await phone.write("sijui kabisa"))[0].startswith(NO_INSTITUTION)
    assert (await phone.write("TANESCO"))[0].startswith("Tumepokea.")


async def test_what_an_officer_asked_is_not_taken_for_what_is_missing(edge: Edge, phone: Writer) -> None:
    ref = await asked(edge, phone)
    (question,) = await phone.write("SWALI NIDA")
    assert question.startswith(NO_TEXT)
    assert (await phone.write("Nguzo ya tatu kutoka sokoni"))[0].startswith(NO_TEXT)
    assert (await phone.write(f"ONGEZA {ref} nguzo ya tatu"))[0].startswith("Tumeongeza maelezo")
    assert await count(edge) == 1


# which one


@pytest.mark.parametrize(
    ("written", "institution", "message"),
    [
        (("Lalamiko tanesko", "Umeme unakatika kila siku hapa Kisasa", "1"), "TANESCO", "Umeme unakatika"),
        (("KERO umeme umekatika mtaani kwetu", "rea"), "REA", "umeme umekatika mtaani kwetu"),
        (("KERO umeme umekatika mtaani kwetu", "TANESCO"), "TANESCO", "umeme umekatika mtaani kwetu"),
        (("KERO umeme umekatika mtaani kwetu", "DUWASA"), "DUWASA", "umeme umekatika mtaani kwetu"),
        (("Lalamiko tanesko", "1", "Umeme unakatika kila siku"), "TANESCO", "Umeme unakatika kila siku"),
    ],
)
async def test_a_name_is_a_choice_and_words_are_the_message_that_is_missing(
    edge: Edge, phone: Writer, written: tuple[str, ...], institution: str, message: str
) -> None:
    said = [(await phone.write(text, replies=2 if at == 0 else 1))[0] for at, text in enumerate(written)]
    assert said[-1].startswith("Tumepokea."), said
    ref = reference_in(said[-1])
    assert (await edge.submission(ref)).institution == institution
    assert message in await words_of(edge, ref)


async def test_who_began_in_english_is_asked_back_in_english(edge: Edge, phone: Writer) -> None:
    (which, _) = await phone.write("COMPLAINT tanesko no power in our street", replies=2)
    assert which.startswith("Which one?")
    (again,) = await phone.write("the first one please")
    assert again.startswith("Which one?")


async def test_an_older_question_is_asked_again_before_a_choice_is_taken_for_it(edge: Edge, phone: Writer) -> None:
    ref = await sent(phone)
    (which,) = await phone.write("ONGEZA na mtaa wa pili pia")
    assert which.startswith("Kwa namba ipi?")
    edge.now += 20
    (where,) = await phone.write("LALAMIKO umeme hauji tangu jana usiku")
    assert where.startswith("Taasisi ipi?")
    received, again = await phone.write("1", replies=2)
    assert received.startswith("Tumepokea.")
    assert again == which
    assert await phone.write("1") == [f"Tumeongeza maelezo kwenye namba {ref}. Asante."]
    assert (await phone.write("1"))[0].startswith("Hatujaelewa")
    assert await count(edge) == 2


async def test_a_yes_that_an_officer_asked_for_is_her_answer(edge: Edge, phone: Writer) -> None:
    ref = await asked(edge, phone)
    (which,) = await phone.write("NDIYO")
    assert which.startswith("Kwa namba ipi?")
    assert await phone.write("1") == [f"Tumeongeza maelezo kwenye namba {ref}. Asante."]
    assert (await edge.case(ref)).rating == ""


# a rating


@pytest.mark.parametrize("text", ["No. {ref}", "Send YES {ref} or NO {ref} to 15200", "NDIYO {ref} lakini sijaridhika"])
async def test_a_rating_that_is_not_clear_is_asked_back(edge: Edge, phone: Writer, text: str) -> None:
    ref = await named_by_ussd(edge)
    await phone.exchange.next()
    office = Office(edge)
    await office.does("open", ref)
    await office.does("progress", ref)
    await office.does("answer", ref, ANSWER)
    await phone.exchange.next(3)
    (question,) = await phone.write(text.format(ref=ref))
    assert f"YES {ref}" in question or f"NDIYO {ref}" in question
    assert (await edge.case(ref)).rating == ""
    await phone.write(f"NDIYO {ref}")
    assert (await edge.case(ref)).rating == "yes"


async def test_a_rating_that_is_not_clear_tells_nothing_of_a_case_of_others(phone: Writer) -> None:
    said, _ = await phone.write("NDIYO 482173657 lakini sijaridhika", replies=2)
    assert said.startswith("Namba 482173657: piga")


# stop


@pytest.mark.parametrize(
    "text",
    ["STOP ALL", "Stop it", "Stop sending SMS", "STOP STOP", "acha acha", "ACHA SMS ZENU", "acha kutuma sms"],
)
async def test_stop_in_a_few_words_stops_whatever_an_officer_asked(edge: Edge, phone: Writer, text: str) -> None:
    await asked(edge, phone)
    (said,) = await phone.write(text)
    assert said.startswith(("Hutapokea tena SMS", "You will get no more"))
    assert not await edge.engine.ledger.sms_on(NUMBER)


async def test_a_stop_word_that_is_not_understood_is_no_answer_to_an_officer(edge: Edge, phone: Writer) -> None:
    ref = await asked(edge, phone)
    (said,) = await phone.write("Acha kunisumbua na maswali yako")
    assert said.endswith(HOW_TO_STOP)
    assert (await edge.case(ref)).state.value == "need_info"


# machines


async def test_a_machine_answers_no_question(edge: Edge, phone: Writer) -> None:
    ref = await asked(edge, phone)
    (said,) = await phone.write("I'm driving. Will text you later")
    assert said.startswith("Hatujaelewa")
    await phone.write("I'm driving. Will text you later", replies=0)
    assert (await edge.case(ref)).state.value == "need_info"


async def test_a_message_that_tells_of_a_machine_is_a_message(edge: Edge, phone: Writer) -> None:
    await phone.write("COMPLAINT DART. I'm driving behind their buses and they block the road", replies=2)
    await phone.write("COMPLAINT DART. Do not reply to me by a machine again please")
    assert await count(edge) == 2


# the core's own reference


async def test_the_core_s_reference_is_known_whatever_its_shape(
    edge: Edge, phone: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sent(phone)
    own = Ledger.own_within

    def named(self: Ledger, *args: object) -> object:
        return [msgspec.structs.replace(case, core_reference="CMP-1O345") for case in own(self, *args)]  # type: ignore[arg-type]

    monkeypatch.setattr(Ledger, "own_within", named)
    for text in ("HALI cmp 10345", "HALI CMP1O345", "CMP-1O345"):
        (said,) = await phone.write(text)
        assert "Imepokelewa" in said, text
        edge.now += 3601
    (added,) = await phone.write("ONGEZA CMP10345 na mtaa wa pili pia")
    assert added.startswith("Tumeongeza maelezo")
