"""Kannel itself, with phones of its own, both directions and reports, as docs/sms.md tells to set it up."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote

import aiohttp
import pytest
import pytest_asyncio

from tests.servers.kannel import Kannel, Phone
from ussd_engine.channels import create_gateway
from ussd_engine.channels.base import Kind, Request
from ussd_engine.channels.sms import Gateway
from ussd_engine.sms.message import Incoming, Outgoing, Progress, Report, RouteFault
from ussd_engine.testing.provider import Asked, Says, playing
from ussd_engine.testing.sms_contract import settings

# one loop and one door for all: Kannel keeps its connections, and what ends one test must not cut off the next
pytestmark = pytest.mark.asyncio(loop_scope="module")

NUMBER, SHORTCODE = "255700000001", "15200"

_ids = itertools.count(1)


class Door:
    """Our addresses, as far as Kannel sees them: what it brings is read by the gateway, and answered by it."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.came: asyncio.Queue[Incoming] = asyncio.Queue()
        self.told: defaultdict[str, asyncio.Queue[Report]] = defaultdict(asyncio.Queue)
        self.away = 0
        """How often it still hangs up."""

    def __call__(self, asked: Asked) -> Says | None:
        path, _, query = asked.target.partition("?")
        headers = {name.lower(): value for name, value in asked.headers.items()}
        kind = Kind.REPORTS if path.endswith("/reports") else Kind.SMS
        request = Request(method=asked.method, kind=kind, query=query, headers=headers, body=asked.body)
        if kind is Kind.REPORTS:
            for report in self.gateway.reports(request):
                self.told[report.provider_id].put_nowait(report)
            return Says()
        if self.away:
            self.away -= 1
            return None
        found = self.gateway.incoming(request)
        self.came.put_nowait(found)
        response = self.gateway.answer(found, None)
        return Says(response.status, response.body, {"content-type": response.content_type})


@pytest.fixture(scope="module")
def kannel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kannel]:
    with Kannel(tmp_path_factory.mktemp("kannel")) as started:
        yield started


def made(kannel: Kannel, **options: object) -> Gateway:
    own = {"username": "us", "password": kannel.password, "sender": SHORTCODE, "smsc": "PHONE"}
    reports = f"{kannel.door}/reports"
    return create_gateway(settings("kannel", url=kannel.url, reports_url=reports, **{**own, **options}))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door(kannel: Kannel) -> AsyncIterator[Door]:
    opened = Door(made(kannel))
    async with playing(opened, kannel.door_port):
        yield opened
    await opened.gateway.close()


def sms(text: str, msisdn: str = NUMBER) -> Outgoing:
    return Outgoing(id=next(_ids).to_bytes(16), msisdn=msisdn, text=text)


async def got(phone: Phone) -> str:
    return await asyncio.to_thread(phone.got)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Lalamiko: 482915037 & asante", "text Lalamiko: 482915037 & asante"),
        ("Hi – ok", "ucs-2 %00H%00i%00++%13%00+%00o%00k"),
    ],
)
async def test_an_sms_goes_out_and_is_reported(kannel: Kannel, door: Door, text: str, shown: str) -> None:
    outgoing = sms(text)
    with kannel.phone() as phone:
        [said] = await door.gateway.send([outgoing])
        assert (said.progress, said.provider_id) == (Progress.ACCEPTED, outgoing.id.hex())
        assert await got(phone) == f"{SHORTCODE} {NUMBER} {shown}"
        reports = [await door.told[said.provider_id].get() for _ in range(2)]
    assert [report.progress for report in reports] == [Progress.SENT, Progress.DELIVERED]


async def test_an_sms_comes_in_with_its_blanks(kannel: Kannel, door: Door) -> None:
    with kannel.phone(f"{NUMBER} {SHORTCODE} text HALI  482 915 037"):
        came = await door.came.get()
    assert (came.msisdn, came.to, came.text) == (NUMBER, SHORTCODE, "HALI  482 915 037")
    assert came.id
    assert came.at_ms


async def test_an_sms_in_ucs_2_comes_in_whole(kannel: Kannel, door: Door) -> None:
    text = "LALAMIKO “maji”  – \nleo"
    account = f"username=us&password={kannel.password}"
    query = f"{account}&from={NUMBER}&to={SHORTCODE}&coding=2&charset=UTF-8&text={quote(text)}"
    async with aiohttp.ClientSession() as client, client.get(f"{kannel.net}/?{query}") as response:
        assert response.status == 202
    assert (await door.came.get()).text == text


async def test_an_sms_comes_in_by_post(kannel: Kannel, door: Door) -> None:
    with kannel.phone(f"{NUMBER} {SHORTCODE} text posted  HALI"):
        came = await door.came.get()
    assert (came.msisdn, came.to, came.text, came.id) == (NUMBER, SHORTCODE, "posted  HALI", "")
    assert came.at_ms


async def test_what_comes_while_we_are_away_comes_again(kannel: Kannel, door: Door) -> None:
    door.away = 2
    with kannel.phone(f"{NUMBER} {SHORTCODE} text HALI tena"):
        assert (await door.came.get()).text == "HALI tena"
    assert door.away == 0


async def test_nothing_is_said_but_what_we_send(kannel: Kannel, door: Door) -> None:
    with kannel.phone(f"{NUMBER} {SHORTCODE} text HALI") as phone:
        await door.came.get()
        await door.gateway.send([sms("Mwisho")])
        assert await got(phone) == f"{SHORTCODE} {NUMBER} text Mwisho"


async def test_a_wrong_password_stops_the_route(kannel: Kannel) -> None:
    gateway = made(kannel, password="wrong")
    with pytest.raises(RouteFault) as fault:
        await gateway.send([sms("Habari")])
    assert fault.value.stop
    await gateway.close()


async def test_a_number_that_is_none_is_refused(kannel: Kannel, door: Door) -> None:
    [said] = await door.gateway.send([sms("Habari", msisdn="")])
    assert (said.progress, said.reason, said.again) == (Progress.REJECTED, "400", False)
