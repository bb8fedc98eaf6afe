"""The contract of a gateway that is reached over a bind, and what becomes of an SMS whatever its SMSC does."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from simulator.smsc import Said, Smsc, smsc_anywhere
from ussd_engine.channels import create_gateway
from ussd_engine.channels.base import Kind, Request, delivered
from ussd_engine.channels.sms import BoundGateway, Gateway
from ussd_engine.smpp import pdu as p
from ussd_engine.smpp.pdu import Address, Sm
from ussd_engine.sms.message import Progress, RouteFault, Sent
from ussd_engine.testing.bound_contract import held, holding
from ussd_engine.testing.gateway_contract import (
    CANARIES,
    KEY,
    NUMBERS,
    TAKEN,
    TEXT,
    GatewayContract,
    outgoing,
    settings,
)

NOBODY = "smpp://127.0.0.1:9"


def made(url: str, **options: object) -> Gateway:
    own: dict[str, object] = {"connect_s": 1.0, "total_s": 1.0, "answer_s": 0.5, "sender": "15200", **options}
    return create_gateway(settings("smpp", url=url, system_id="us", password=KEY[:8], **own))


class TestSmppSms(GatewayContract):
    def gateway(self, url: str) -> Gateway:
        return made(url if url.startswith("smpp") else NOBODY)

    def incoming(self) -> list[Request]:
        sm = Sm(source=Address(NUMBERS[0], 1, 1), destination=Address("15200"), short=TEXT.encode())
        octets = holding(sm).body
        as_payload = msgspec.structs.replace(sm, short=b"", options={p.MESSAGE_PAYLOAD: TEXT.encode()})
        return [delivered(one, Kind.SMS) for one in (octets, holding(as_payload).body)]

    def report(self, status: str) -> Request:
        words = f"id:m1 sub:001 dlvrd:001 submit date:2601150930 done date:2601150931 stat:{status} err:000 text:"
        sm = Sm(source=Address(NUMBERS[0], 1, 1), esm_class=p.RECEIPT, short=words.encode())
        return delivered(holding(sm).body, Kind.REPORTS)

    def renamed(self, request: Request, sender: str) -> Request:
        return delivered(holding(msgspec.structs.replace(held(request), source=Address(sender, 5))).body, Kind.SMS)

    def test_it_is_bound(self) -> None:
        assert isinstance(self.gateway(NOBODY), BoundGateway)

    def test_each_is_told_from_the_other(self) -> None:
        gateway = self.gateway(NOBODY)
        assert isinstance(gateway, BoundGateway)
        assert [gateway.kind(one.body) for one in self.callbacks()] == [Kind.SMS, Kind.SMS, Kind.REPORTS]


async def outcome(smsc: Smsc, text: str = TEXT) -> list[Sent] | RouteFault:
    gateway = made(smsc.url)
    try:
        return await gateway.send(outgoing(NUMBERS[0], text=text))
    except RouteFault as fault:
        return fault
    finally:
        await gateway.close()


def told(found: list[Sent] | RouteFault) -> str:
    return str(found) if isinstance(found, RouteFault) else " ".join(one.reason for one in found)


async def test_what_is_taken_is_known_under_its_id() -> None:
    async with smsc_anywhere() as smsc:
        gateway = made(smsc.url)
        said = [(await gateway.send(outgoing(NUMBERS[0])))[0] for _ in range(3)]
        await gateway.close()
    assert {one.progress for one in said} <= TAKEN
    assert len({one.provider_id for one in said}) == 3
    assert smsc.tried == [("us", KEY[:8])]


@pytest.mark.parametrize("status", sorted({*range(1, 0x70), 0xC0, 0xC4, 0xFE, 0xFF, 0x400, 0xFFFF_FFFF}))
async def test_whatever_status_is_answered_has_an_end(status: int) -> None:
    async with smsc_anywhere() as smsc:
        smsc.play = lambda _: (status, f"{KEY} {NUMBERS[0]}")
        found = await outcome(smsc)
    assert not any(canary in told(found) for canary in CANARIES)
    if isinstance(found, list):
        (said,) = found
        assert said.progress in (Progress.REJECTED, Progress.FAILED)
        assert said.again is (said.progress is Progress.FAILED)


@pytest.mark.parametrize("id", ["", "x" * 64, "x" * 65, "\u00e9\u00ff"])
async def test_an_id_of_any_kind_has_an_end(id: str) -> None:
    async with smsc_anywhere() as smsc:
        smsc.play = lambda _: (p.OK, id)
        found = await outcome(smsc)
    assert isinstance(found, list) or found.perhaps_taken


async def test_who_hangs_up_may_have_taken_it() -> None:
    async with smsc_anywhere() as smsc:

        def hang_up(_: Sm) -> Said:
            smsc.drop()
            return p.OK, "1"

        smsc.play = hang_up
        found = await outcome(smsc)
    assert isinstance(found, RouteFault)
    assert (found.perhaps_taken, found.stop) == (True, False)


async def test_who_is_silent_may_have_taken_it() -> None:
    async with smsc_anywhere() as smsc:
        asleep = asyncio.Event()

        async def silent(octets: bytes) -> tuple[int, bytes]:
            await asleep.wait()
            return p.OK, b""

        smsc._taken = silent  # type: ignore[method-assign]  # its answer waits
        found = await outcome(smsc)
        asleep.set()
    assert isinstance(found, RouteFault)
    assert found.perhaps_taken


async def test_who_is_not_there_has_taken_nothing() -> None:
    async with smsc_anywhere() as smsc:
        pass
    found = await outcome(smsc)
    assert isinstance(found, RouteFault)
    assert (found.perhaps_taken, found.stop) == (False, False)


@pytest.mark.parametrize("status", [0x0D, 0x0E, 0x0F, 0x05])
async def test_who_refuses_the_bind_has_taken_nothing_and_stops_no_route(status: int) -> None:
    async with smsc_anywhere() as smsc:
        smsc.admit = lambda _: status
        found = await outcome(smsc)
    assert isinstance(found, RouteFault)
    assert (found.perhaps_taken, found.stop) == (False, False)


async def test_a_throttled_message_is_sent_once_the_pause_is_over() -> None:
    async with smsc_anywhere() as smsc:
        left = iter([p.THROTTLED, p.QUEUE_FULL])
        smsc.play = lambda _: (next(left, p.OK), "1")
        gateway = create_gateway(settings("smpp", url=smsc.url, system_id="us", password="p"))
        assert isinstance(gateway, BoundGateway)
        gateway.bind._uniform = lambda least, most: 0.001
        (said,) = await gateway.send(outgoing(NUMBERS[0]))
        await gateway.close()
    assert said.progress is Progress.ACCEPTED
    assert smsc.sent.qsize() == 1
