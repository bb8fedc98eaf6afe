"""SMS to a service that takes nothing now: stopped, or in pilot and not open to this phone."""

from __future__ import annotations

from house import NUMBER
from test_http import Edge
from texting import COMPLAINT, Writer, count

from ussd_engine.ledger.switches import Kind, Stop

SORRY = "Samahani, hatukuweza kupokea ujumbe wako. Tafadhali utume tena baadaye."


async def stop(edge: Edge) -> None:
    at_ms = int(edge.now * 1000)
    await edge.engine.ledger.switches.stop(Stop(Kind.SERVICE, "emrejesho", at_ms + 60_000, "", at_ms))
    await edge.engine.gateway.doors.look()


async def test_a_stopped_service_asks_for_it_again_later_and_keeps_nothing(edge: Edge, phone: Writer) -> None:
    await stop(edge)
    said, _ = await phone.write(COMPLAINT, replies=2)
    assert said == SORRY
    assert await count(edge) == 0
    edge.now += 61
    (received,) = await phone.write(COMPLAINT)
    assert received.startswith("Tumepokea.")
    assert await count(edge) == 1


async def test_a_stop_word_takes_effect_all_the_same(edge: Edge, phone: Writer) -> None:
    await stop(edge)
    said, _ = await phone.write("ACHA", replies=2)
    assert said.startswith("Hutapokea tena SMS")
    assert not await edge.engine.ledger.sms_on(NUMBER)


async def test_a_pilot_takes_sms_of_listed_phones_alone(edge: Edge, phone: Writer) -> None:
    service = edge.engine.editions.current.services["emrejesho"].service
    service.pilot = "shut"
    said, _ = await phone.write(COMPLAINT, replies=2)
    assert said == SORRY
    await edge.engine.ledger.switches.list_phones("emrejesho", [NUMBER], int(edge.now * 1000))
    await edge.engine.gateway.doors.look()
    await phone.write(COMPLAINT)
    assert await count(edge) == 1
