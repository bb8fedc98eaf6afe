"""Half a message: how long words complete it, what is no text to add, and what two words are enough for."""

from __future__ import annotations

import pytest

from tests.gateway.test_finish_by_sms import MORE, PART, Scene, scene, to_be_finished
from tests.gateway.test_http import Edge
from tests.gateway.test_sms_circle import Office, named_by_ussd
from tests.gateway.texting import Writer, count, reference_in, sent
from ussd_engine.testing.specimens import cases_of

__all__ = ["scene"]

HOURS_S = 3 * 3600.0
NO_TEXT = "Ongeza ujumbe baada ya jina la taasisi."
NO_INSTITUTION = "Taja taasisi."
WHICH = "Taasisi ipi?"


async def words_of(edge: Edge, said: str) -> str:
    return str((await edge.submission(reference_in(said))).answers["message"])


# how long


@pytest.mark.parametrize(
    ("half", "question", "later"),
    [
        ("LALAMIKO TANESCO", NO_TEXT, "Habari za jioni ndugu zangu"),
        ("LALAMIKO TANESCO", NO_TEXT, "Maji hayatoki mtaani kwetu"),
        ("LALAMIKO umekatika siku tatu", NO_INSTITUTION, "TANESCO hawapokei simu zao"),
        ("Lalamiko tanesko", WHICH, "Maji hayatoki mtaani kwetu"),
    ],
)
async def test_words_that_come_long_after_complete_nothing_before_she_is_asked_again(
    edge: Edge, phone: Writer, half: str, question: str, later: str
) -> None:
    await phone.write(half, replies=2)
    edge.now += HOURS_S
    (again,) = await phone.write(later)
    assert again.startswith(question)
    assert await count(edge) == 0
    (received,) = await phone.write("1" if question == WHICH else "TANESCO" if question == NO_INSTITUTION else later)
    if question == WHICH:
        assert received.startswith(NO_TEXT), "what came before she was asked again is not in it"
        (received,) = await phone.write("umeme umekatika tena")
    assert received.startswith("Tumepokea."), "now she knows what it is for"
    assert await count(edge) == 1


@pytest.mark.parametrize(
    ("half", "later", "message"),
    [
        ("LALAMIKO umekatika siku tatu", "TANESCO", "umekatika siku tatu"),
        ("KERO umeme umekatika mtaani", "1", "umeme umekatika mtaani"),
        ("KERO umeme umekatika mtaani", "TANESCO", "umeme umekatika mtaani"),
    ],
)
async def test_a_choice_and_a_name_answer_what_was_asked_for_all_its_time(
    edge: Edge, phone: Writer, half: str, later: str, message: str
) -> None:
    await phone.write(half, replies=2)
    edge.now += HOURS_S
    (received,) = await phone.write(later)
    assert received.startswith("Tumepokea.")
    assert await words_of(edge, received) == message


@pytest.mark.parametrize("hours_s", [60.0, HOURS_S])
async def test_words_without_a_name_are_the_message_where_there_is_none_yet(
    edge: Edge, phone: Writer, hours_s: float
) -> None:
    await phone.write("LALAMIKO", replies=2)
    edge.now += hours_s
    assert (await phone.write("wanachelewa kazini kila siku"))[0].startswith(NO_INSTITUTION)
    edge.now += HOURS_S
    assert (await phone.write("sijui kabisa"))[0].startswith(NO_INSTITUTION)
    (received,) = await phone.write("NIDA")
    assert received.startswith("Tumepokea.")
    assert await words_of(edge, received) == "wanachelewa kazini kila siku"


async def test_to_be_asked_again_makes_nothing_last_longer(edge: Edge, phone: Writer) -> None:
    await phone.write("LALAMIKO TANESCO", replies=2)
    edge.now += 23 * 3600.0
    assert (await phone.write("Habari za jioni ndugu"))[0].startswith(NO_TEXT)
    edge.now += 3600.0
    assert (await phone.write("Habari za jioni ndugu"))[0].startswith("Hatujaelewa")
    assert await count(edge) == 0


async def test_the_newest_half_takes_the_place_of_the_older(edge: Edge, phone: Writer) -> None:
    await phone.write("LALAMIKO TANESCO", replies=2)
    assert (await phone.write("SWALI NIDA"))[0].startswith(NO_TEXT)
    (received,) = await phone.write("kadi yangu iko wapi")
    stored = await edge.submission(reference_in(received))
    assert (stored.type, stored.institution) == ("question", "NIDA")
    assert (await phone.write("umeme umekatika mtaani kwetu"))[0].startswith("Hatujaelewa")
    assert await count(edge) == 1


@pytest.mark.parametrize(
    ("new", "cases"),
    [
        ("KERO TANESCO umeme umekatika mtaani", 1),
        ("KERO TANESCO: umeme umekatika mtaani kwetu tangu jana", 1),
        ("SWALI TANESCO umeme umekatika mtaani", 2),
        ("KERO NIDA kadi yangu haijatoka", 2),
    ],
)
async def test_who_writes_it_again_with_its_institution_has_answered_which_one(
    edge: Edge, phone: Writer, new: str, cases: int
) -> None:
    """Another message leaves the question standing, as it said."""
    which, _ = await phone.write("KERO umeme umekatika mtaani", replies=2)
    assert which.startswith(WHICH)
    (received,) = await phone.write(new)
    assert received.startswith("Tumepokea.")
    (said,) = await phone.write("1")
    assert said.startswith("Hatujaelewa" if cases == 1 else "Tumepokea.")
    assert await count(edge) == cases


# two words


@pytest.mark.parametrize(
    "text", ["LALAMIKO TANESCO hakuna umeme", "COMPLAINT TANESCO no power", "PONGEZI DART kazi nzuri"]
)
async def test_two_words_behind_a_name_are_a_message(edge: Edge, phone: Writer, text: str) -> None:
    received, _ = await phone.write(text, replies=2)
    assert received.startswith(("Tumepokea.", "Received."))
    assert await words_of(edge, received) == text.split(" ", 2)[2]


async def test_one_word_is_asked_to_be_more_and_stays(edge: Edge, phone: Writer) -> None:
    question, _ = await phone.write("LALAMIKO TANESCO umeme", replies=2)
    assert question.startswith(NO_TEXT)
    (received,) = await phone.write("hakuna")
    assert await words_of(edge, received) == "umeme hakuna"


# courtesies


@pytest.mark.parametrize("text", ["TUMA tafadhali", "Tafadhali tuma", "please send", "Sawa, tuma", "OK send"])
async def test_who_asks_politely_to_send_it_sends_it(scene: Scene, text: str) -> None:
    await to_be_finished(scene)
    received, _ = await scene.writer.write(text, replies=2)
    assert received.startswith(("Tumepokea.", "Received."))
    (case,) = await cases_of(scene.edge.engine.ledger)
    assert (await scene.edge.submission(case.reference)).answers["message"] == PART


@pytest.mark.parametrize("text", ["Asante", "ok", "Sawa", "Thanks", "Tafadhali", "\U0001f64f"])
async def test_thanks_are_no_text_to_add(scene: Scene, text: str) -> None:
    await to_be_finished(scene)
    said, _ = await scene.writer.write(text, replies=2)
    assert f" {len(PART)} " in said or f" {len(PART)}." in said
    (more,) = await scene.writer.write(MORE)
    assert f"{len(PART) + 1 + len(MORE)}." in more


# what she did herself


async def test_what_she_added_herself_is_no_news_to_her(edge: Edge, phone: Writer) -> None:
    ref, office = await sent(phone), Office(edge)
    for step in (("open", ref), ("progress", ref), ("ask", ref, "Nguzo gani?")):
        await office.does(*step)
        assert "kuna taarifa mpya" in (await phone.exchange.next())[0]
    assert await phone.write(f"ONGEZA {ref} nguzo ya tatu") == [f"Tumeongeza maelezo kwenye namba {ref}. Asante."]
    await office.tell()
    await office.does("answer", ref, "Nguzo imebadilishwa")
    (news,) = await phone.exchange.next()
    assert "kuna taarifa mpya" in news, "the next that she hears is the office's answer"
    assert (await edge.case(ref)).state.value == "answered"


async def test_what_is_asked_again_after_she_answered_is_told_again(edge: Edge, phone: Writer) -> None:
    ref, office = await named_by_ussd(edge), Office(edge)
    await phone.exchange.next()
    await office.does("open", ref)
    await office.does("progress", ref)
    await office.does("ask", ref, "Nguzo gani?")
    await phone.exchange.next(3)
    await phone.write("Nguzo ya tatu kutoka sokoni")
    await office.tell()
    await office.does("ask", ref, "Soko lipi?")
    assert "Soko lipi?" in (await phone.exchange.next())[0]


# erasing


@pytest.mark.parametrize("text", ["FUTA namba yangu", "ERASE my number", "DELETE my number"])
async def test_who_asks_to_erase_her_number_is_told_how_and_nothing_is_erased(
    edge: Edge, phone: Writer, text: str
) -> None:
    ref = await sent(phone)
    (said,) = await phone.write(text)
    assert said.startswith(("Kufuta namba yako ya simu piga", "To delete your phone number dial"))
    assert (await phone.write(f"HALI {ref}"))[0].startswith(f"{ref}: Imepokelewa")


async def test_an_institution_by_a_part_of_its_name_is_taken_without_a_question(edge: Edge, phone: Writer) -> None:
    received, _ = await phone.write("KERO halmashauri ya bahi barabara mbovu sana", replies=2)
    stored = await edge.submission(reference_in(received))
    assert (stored.institution, stored.answers["message"]) == ("LGA-BAHI-DC", "barabara mbovu sana")
    (which,) = await phone.write("KERO hospitali ya bahi hakuna dawa")
    assert which.split("\n")[1] == "1 Bahi DC"
