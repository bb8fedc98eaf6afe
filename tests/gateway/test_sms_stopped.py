"""SMS to a service that takes nothing now: stopped, or in pilot and not open to this phone."""

from __future__ import annotations

from tests.gateway.house import NUMBER
from tests.gateway.test_http import Edge
from tests.gateway.texting import COMPLAINT, Writer, count
from ussd_engine import until
from ussd_engine.ledger.switches import Kind, Stop

UNTIL = "e-Mrejesho iko kwenye matengenezo hadi {}. Hatukupokea ujumbe wako. Tafadhali utume tena baada ya hapo."
SORRY = "Samahani, hatukuweza kupokea ujumbe wako. Tafadhali utume tena baadaye."


async def stop(edge: Edge, lasts_ms: int | None = 60_000) -> str:
    """Stops the service; until when, as a phone is told."""
    at_ms = int(edge.now * 1000)
    ends_ms = None if lasts_ms is None else at_ms + lasts_ms
    await edge.engine.ledger.switches.stop(Stop(Kind.SERVICE, "emrejesho", ends_ms, "", at_ms))
    await edge.engine.gateway.doors.look()
    return "" if ends_ms is None else until.shown(ends_ms, at_ms, edge.engine.country.time_zone)


async def test_maintenance_is_answered_with_its_end_and_keeps_nothing(edge: Edge, phone: Writer) -> None:
    ends = await stop(edge)
    assert await phone.write(COMPLAINT) == [UNTIL.format(ends)]
    assert await count(edge) == 0
    edge.now += 61
    received, purpose = await phone.write(COMPLAINT, replies=2)
    assert received.startswith("Tumepokea.")
    assert purpose.startswith("e-Mrejesho hutumia namba yako"), "now that something is kept"
    assert await count(edge) == 1


async def test_maintenance_is_told_in_the_language_of_the_phone(edge: Edge, phone: Writer) -> None:
    await phone.write("ENGLISH", replies=2)
    ends = await stop(edge)
    (said,) = await phone.write("COMPLAINT TANESCO no power for three days in Mtumba")
    assert said == (
        f"e-Mrejesho is under maintenance until {ends}. Your message was not taken. Please send it again after that."
    )


async def test_a_stop_without_an_end_asks_for_it_again_later(edge: Edge, phone: Writer) -> None:
    await stop(edge, None)
    assert await phone.write(COMPLAINT) == [SORRY]
    assert await count(edge) == 0


async def test_a_stop_word_takes_effect_all_the_same(edge: Edge, phone: Writer) -> None:
    await stop(edge)
    (said,) = await phone.write("ACHA")
    assert said.startswith("Hutapokea tena SMS")
    assert not await edge.engine.ledger.sms_on(NUMBER)


async def test_a_pilot_takes_sms_of_listed_phones_alone(edge: Edge, phone: Writer) -> None:
    service = edge.engine.editions.current.services["emrejesho"].service
    service.pilot = "shut"
    assert await phone.write(COMPLAINT) == [SORRY]
    await edge.engine.ledger.switches.list_phones("emrejesho", [NUMBER], int(edge.now * 1000))
    await edge.engine.gateway.doors.look()
    await phone.write(COMPLAINT)
    assert await count(edge) == 1
