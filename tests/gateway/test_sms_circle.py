"""The whole circle by SMS alone, through each kind of gateway, in each language."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.gateway.handset import Handset
from tests.gateway.test_http import Edge
from tests.gateway.texting import CHANNELS, OFFICER, SHORT, WAIT_S, Exchange, Writer, carrying, reference_in
from ussd_engine.feedback.access import officer_of
from ussd_engine.feedback.desk import Desk
from ussd_engine.feedback.offices import Offices
from ussd_engine.news import News

DAY_S = 24 * 3600.0
ANSWER = "Fundi wetu alibadili transfoma iliyoungua. Umeme umerudi. " * 4
NAMED = ("9", "2", "1", "1", "1", "tanesco", "1", "1", "Umeme umekatika mtaani kwetu", "2", "Asha Juma", "1")


class Office:
    """The officer of an edge's built-in core; what she does is told to the citizen at once."""

    def __init__(self, edge: Edge) -> None:
        engine, self.edge = edge.engine, edge
        offices = Offices.of(engine.editions.current)
        self.officer = officer_of(OFFICER, offices)
        self.desk = Desk(engine.ledger.database, engine.keyring, offices, engine.gateway.now_ms)

    async def does(self, step: str, reference: str, *words: str) -> None:
        await self.delivered()
        self.edge.now += 1
        await getattr(self.desk, step)(self.officer, reference, *words)
        await self.tell()

    async def delivered(self) -> None:
        """Return once the core has all that was sent; the worker beside the turns may have some of it in hand."""
        engine = self.edge.engine
        async with asyncio.timeout(WAIT_S):
            while (await engine.ledger.outbox.backlog()).waiting:
                if not await engine.delivery.step():
                    await asyncio.sleep(0)

    async def tell(self) -> None:
        engine = self.edge.engine
        await self.delivered()
        today = engine.country.today(engine.gateway.now_ms())
        news = News(engine.ledger, engine.store, "sql", lambda: today, lambda _: None)
        await news.step()


class Words(NamedTuple):
    """What a citizen writes in her language, and what she reads."""

    complaint: str
    received: str
    first: str
    changed: str
    status: str
    status_seen: str
    read: str
    locked: str
    stop: str
    stopped: str
    no: str
    sorry: str


WORDS = {
    "sw": Words(
        "LALAMIKO TANESCO umeme umekatika siku tatu Mtumba",
        "Tumepokea. Namba: {ref}. Kufuatilia piga",
        "e-Mrejesho hutumia namba yako ya simu kukujibu tu",
        "Namba {ref}: kuna taarifa mpya. Piga",
        "HALI {ref}",
        "{ref}: Imefunguliwa, 15/01/2026",
        "JIBU {ref}",
        "Namba {ref}: piga *152*00*9*2#, chagua 5 na uweke PIN yake.",
        "ACHA",
        "Hutapokea tena SMS za e-Mrejesho.",
        "HAPANA {ref}",
        "Pole kwa hilo. Unaweza kukata rufaa hadi 14/02/2026",
    ),
    "en": Words(
        "COMPLAINT TANESCO no power for three days in Mtumba",
        "Received. Number: {ref}. To track dial",
        "e-Mrejesho uses your number only to answer you",
        "Number {ref}: there is news. Dial",
        "STATUS {ref}",
        "{ref}: Opened, 15/01/2026",
        "ANSWER {ref}",
        "Number {ref}: dial *152*00*9*2#, choose 5 and enter its PIN.",
        "STOP",
        "You will get no more e-Mrejesho SMS.",
        "NO {ref}",
        "We are sorry. You may appeal until 14/02/2026",
    ),
}


@pytest.fixture(params=CHANNELS)
async def carried(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Edge, Exchange, str]]:
    async with carrying(tmp_path, request.param) as (edge, exchange):
        yield edge, exchange, request.param


@pytest.fixture
async def loop(tmp_path: Path) -> AsyncIterator[tuple[Edge, Exchange]]:
    async with carrying(tmp_path) as made:
        yield made


@pytest.mark.parametrize("language", WORDS)
async def test_the_whole_circle_by_sms_alone(carried: tuple[Edge, Exchange, str], language: str) -> None:
    edge, exchange, channel = carried
    phone, words, office = Writer(edge, exchange, channel), WORDS[language], Office(edge)
    received, first = await phone.write(words.complaint, replies=2)
    ref = reference_in(received)
    assert received.startswith(words.received.format(ref=ref))
    assert f"{SHORT}" in received
    assert first.startswith(words.first)

    await office.does("open", ref)
    (changed,) = await exchange.next()
    assert changed.startswith(words.changed.format(ref=ref))
    (status,) = await phone.write(words.status.format(ref=ref))
    assert status.startswith(words.status_seen.format(ref=ref))
    assert "TANESCO" not in changed + status

    await office.does("progress", ref)
    assert await exchange.next() == [changed]
    (stopped,) = await phone.write(words.stop)
    assert stopped.startswith(words.stopped)
    await office.does("answer", ref, ANSWER)
    assert await phone.write(words.read.format(ref=ref)) == [words.locked.format(ref=ref)]
    (unhappy,) = await phone.write(words.no.format(ref=ref))
    assert unhappy.startswith(words.sorry)
    assert (await edge.case(ref)).rating == "no"
    assert (await edge.submission(ref)).mode == "confidential"


async def named_by_ussd(edge: Edge) -> str:
    """A complaint under a name, sent by USSD; its reference."""
    phone = Handset(edge)
    known = "Choose language" not in await phone.dial() + await phone.type(*NAMED[:2])
    screen = await phone.type(*NAMED[2 + known :])
    return screen.split("Namba: ")[1][:9]


async def test_a_named_case_is_told_fully_and_goes_on_by_sms(loop: tuple[Edge, Exchange]) -> None:
    edge, exchange = loop
    phone, office = Writer(edge, exchange), Office(edge)
    ref = await named_by_ussd(edge)
    (received,) = await exchange.next()
    assert received.startswith(f"Tumepokea ujumbe wako kwa TANESCO. Namba: {ref}.")
    assert await phone.write(f"JIBU {ref}") == [
        f"Ujumbe namba {ref} bado haujajibiwa.\nMajibu ifikapo 13/02/2026.\nKufuatilia tuma HALI {ref} kwenda 15200"
    ]
    await office.does("open", ref)
    assert (await exchange.next())[0].startswith(f"Namba {ref}: TANESCO imefungua ujumbe wako tarehe 15/01/2026.")
    await office.does("progress", ref)
    await exchange.next()
    await office.does("ask", ref, "Nguzo gani?")
    assert "TANESCO inaomba maelezo: Nguzo gani?" in (await exchange.next())[0]
    assert await phone.write("Nguzo ya tatu kutoka sokoni") == [f"Tumeongeza maelezo kwenye namba {ref}. Asante."]
    await office.tell()
    await office.does("answer", ref, ANSWER)
    (answered,) = await exchange.next()
    assert answered.startswith(f"Namba {ref}: TANESCO imejibu.")
    parts = await phone.write(f"JIBU {ref}", replies=2)
    assert [part[:16] for part in parts] == [f"{ref} (1/2):", f"{ref} (2/2):"]
    assert " ".join(part.split(": ", 1)[1] for part in parts) == ANSWER.strip()
    (thanks,) = await phone.write("NDIYO")
    assert thanks.startswith(f"Asante kwa kutuambia. Ujumbe namba {ref} umefungwa.")
    assert (await edge.case(ref)).rating == "yes"
