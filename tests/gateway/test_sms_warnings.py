"""Who writes a PIN or her own number into an SMS is told so above the reply; what she wrote is kept as it is."""

from __future__ import annotations

import pytest

from tests.gateway.test_http import Edge
from tests.gateway.test_sms_circle import Office, named_by_ussd
from tests.gateway.texting import Exchange, Writer, reference_in, sent

WARNING = "Umeandika PIN au namba ya simu."
ENGLISH = "You wrote a PIN or phone number."
PRIVATE = (
    "umeme umekatika, PIN yangu ni 1234",
    "umeme umekatika, nipigie 0700 000 001",
    "namba ya siri 9876 imepotea leo",
)
PLAIN = ("umeme umekatika siku tatu Mtumba", "nguzo namba 12 imeanguka, piga 0700000002", "pini ya nguzo 3 imevunjika")


@pytest.mark.parametrize("text", [*PRIVATE, *PLAIN])
async def test_a_complaint_with_a_secret_in_it_is_taken_and_its_writer_warned(
    edge: Edge, phone: Writer, text: str
) -> None:
    received, first = await phone.write(f"LALAMIKO TANESCO {text}", replies=2)
    warned, _, rest = received.rpartition("\n")
    assert warned == (WARNING if text in PRIVATE else "")
    assert rest.startswith("Tumepokea. Namba: ")
    assert WARNING not in first
    stored = await edge.submission(reference_in(received))
    assert stored.answers["message"] == text


async def test_it_is_said_in_the_language_of_the_reply(phone: Writer) -> None:
    received, _ = await phone.write("COMPLAINT TANESCO no power here, my PIN is 1234", replies=2)
    assert received.startswith(f"{ENGLISH}\nReceived. Number: ")


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("ONGEZA {ref} PIN yangu ni 1234", "Tumeongeza maelezo kwenye namba {ref}."),
        ("SIRI {ref} afisa anajua PIN yangu 1234", "Namba {ref}: tumepokea ulichotuma."),
    ],
)
async def test_so_is_who_writes_more_on_a_case(phone: Writer, text: str, reply: str) -> None:
    ref = await sent(phone)
    (said,) = await phone.write(text.format(ref=ref))
    assert said.startswith(f"{WARNING}\n{reply.format(ref=ref)}")


async def test_of_an_appeal_less_is_said_below_it_so_that_both_fit(made: tuple[Edge, Exchange]) -> None:
    edge, exchange = made
    phone, office = Writer(edge, exchange), Office(edge)
    ref = await named_by_ussd(edge)
    await exchange.next()
    for step in (("open",), ("progress",), ("answer", "Tumerekebisha.")):
        await office.does(step[0], ref, *step[1:])
        await exchange.next()
    (said,) = await phone.write(f"RUFAA {ref} bado hakuna umeme, nipigie +255 700-000-001")
    assert said == f"{WARNING}\nNamba {ref}: tumepokea ulichotuma. Maelezo zaidi: piga *152*00*9*2#"
    assert (await edge.case(ref)).institution == "NISHATI"


@pytest.mark.parametrize(
    "text", ["SWALI TANESCO PIN-1234", "MAONI TANESCO PIN 1234 " + "neno " * 100, "HALI {ref} PIN 1234"]
)
async def test_who_is_told_that_nothing_was_kept_is_not_warned(phone: Writer, text: str) -> None:
    ref = await sent(phone)
    (said,) = await phone.write(text.format(ref=ref))
    assert WARNING not in said
