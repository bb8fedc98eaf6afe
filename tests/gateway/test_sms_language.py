"""In which language an SMS is answered: of the keyword, of her choice, of what she wrote before, of her words, ours."""

from __future__ import annotations

import pytest

from tests.gateway.test_http import Edge
from tests.gateway.texting import COMPLAINT, Writer, reference_in

DAY_S = 24 * 3600.0
HOUR_S = 3601.0
ENGLISH = (
    "We did not",
    "Name the",
    "Received.",
    "To withdraw",
    "Which one?",
    "You will",
    "No message",
    "Send COMPLAINT",
)
SWAHILI = (
    "Hatujaelewa",
    "Taja",
    "Tumepokea.",
    "Kuondoa",
    "Taasisi ipi?",
    "Hutapokea",
    "Hakuna ujumbe",
    "Tuma LALAMIKO",
)
FIRST = {"en": "e-Mrejesho uses your number", "sw": "e-Mrejesho hutumia namba"}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The water in our street is gone since Monday", "en"),
        ("Maji yamekatika mtaani kwetu tangu Jumatatu", "sw"),
        ("482173657", "sw"),
        ("xyz", "sw"),
        ("COMPLAINT nobody listens", "en"),
        ("LALAMIKO hakuna anayetusikiliza", "sw"),
        ("LALAMIKO nobody listens to the people here", "sw"),
        ("COMPLAINT TANESCO no power for three days", "en"),
        ("COMPLAINT tanesko no power for three days", "en"),
        ("STATUS", "en"),
        ("STOP", "en"),
        ("HELP", "en"),
        ("MSAADA", "sw"),
        ("I'm driving. Will text you later", "en"),
    ],
)
async def test_the_first_text_of_a_phone_is_answered_in_its_own_language(
    phone: Writer, text: str, language: str
) -> None:
    automatic = text.startswith("I'm")
    said, *first = await phone.write(text, replies=1 if automatic else 2)
    assert said.startswith({"en": ENGLISH, "sw": (*SWAHILI, "Namba 482173657")}[language])
    assert [one.startswith(FIRST[language]) for one in first] == ([] if automatic else [True])


async def test_who_wrote_a_keyword_of_a_language_goes_on_in_it_for_a_day(edge: Edge, phone: Writer) -> None:
    question, first = await phone.write("HELP", replies=2)
    assert (question.startswith("Send COMPLAINT"), first.startswith(FIRST["en"])) == (True, True)
    assert (await phone.write("umeme umekatika"))[0].startswith("We did not understand")
    edge.now += HOUR_S
    assert (await phone.write("MSAADA"))[0].startswith("Tuma LALAMIKO"), "a keyword of the other language switches"
    assert (await phone.write("the power is gone"))[0].startswith("Hatujaelewa")
    edge.now += DAY_S
    assert (await phone.write("the power is gone"))[0].startswith("We did not understand"), "what came before is over"


async def test_a_chosen_language_is_left_by_a_keyword_for_one_reply(edge: Edge, phone: Writer) -> None:
    await phone.write("ENGLISH", replies=2)
    edge.now += 10 * DAY_S
    assert (await phone.write("HALI"))[0].startswith("Hakuna ujumbe")
    assert (await phone.write("umeme umekatika mtaani kwetu"))[0].startswith("We did not understand")


async def test_a_case_is_kept_in_the_language_in_which_it_is_answered(edge: Edge, phone: Writer) -> None:
    received, first = await phone.write("COMPLAINT TANESCO no power for three days", replies=2)
    assert (received.startswith("Received."), first.startswith(FIRST["en"])) == (True, True)
    assert (await edge.submission(reference_in(received))).locale == "en"
    (again,) = await phone.write(COMPLAINT)
    assert again.startswith("Tumepokea."), "the keyword's, for this reply"
    assert (await phone.write("WITHDRAW"))[0].startswith("To withdraw")


async def test_what_a_phone_spoke_is_kept_sealed_and_goes_with_her_number(edge: Edge, phone: Writer) -> None:
    await phone.write("HELP", replies=2)
    ledger = edge.engine.ledger
    now_ms = int(edge.now * 1000)
    assert await ledger.database.read(lambda conn: ledger.notices.talks.spoken(conn, phone.msisdn, now_ms)) == "en"
    await ledger.database.write(lambda conn: ledger.notices.talks.forget(conn, phone.msisdn))
    assert await ledger.database.read(lambda conn: ledger.notices.talks.spoken(conn, phone.msisdn, now_ms)) == ""
