"""One citizen on many doors: whichever operator's USSD she dials, by whichever gateway her SMS come in, whoever
collects a form of hers, she is one.

Each door spells her number in its own way; what is hers is found by the number, never by the door.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from simulator.phone import Line, Phone
from simulator.posted import Posted, posted_anywhere
from simulator.speech import Note
from tests.gateway.collected import COMPLAINT, TABLE, WORDS, Platform
from tests.gateway.handset import OTHER, SERVICE
from tests.gateway.house import NUMBER
from tests.gateway.test_http import Edge
from tests.gateway.test_sms_circle import Office
from tests.gateway.texting import Exchange, Writer, carrying, reference_in
from ussd_engine.ledger.acts import SENT_AN_HOUR
from ussd_engine.ledger.ledger import CASES_A_DAY
from ussd_engine.testing.specimens import cases_of

USSD = ("africastalking", "airtel", "beem", "generic", "halotel", "restcomm", "smpp", "tigo", "truroute")
SMS = ("kannel", "africastalking", "mgov", "loopback")
TEXT = "No power in our street for three days"
TO_TEXT = ("1", "1", "tanesco", "1", "1")
"""From the first menu to the text of a complaint."""
SENT = ("1", "1")
"""Behind the text: confidentially, and yes."""


class Later:
    """An edge's clock as a phone knows it."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def now(self) -> float:
        return self._edge.now

    @property
    def real(self) -> float:
        return self._edge.now

    async def leave(self, seconds: float, why: Note | None = None) -> None:
        self._edge.now += max(seconds, 8.0)


class Country(NamedTuple):
    """A gateway that every operator calls, and what its citizens have in their hands."""

    edge: Edge
    exchange: Exchange
    posted: Posted

    def phone(self, door: str, msisdn: str = NUMBER) -> Phone:
        """Her number as one operator carries it."""
        line = Line(self.edge.client, self.edge.url, posted=self.posted)
        return Phone(self.edge.engine.channels[door], line, Later(self.edge), msisdn)

    def writer(self, door: str) -> Writer:
        """Her number as one gateway of SMS brings it."""
        return Writer(self.edge, self.exchange, door)

    @property
    def platform(self) -> Platform:
        """Her number as the platform brings it with a form."""
        return Platform(self.edge)

    async def dial(self, door: str, *texts: str, msisdn: str = NUMBER) -> str:
        """Dial the service over a door, and type; the last screen."""
        phone = self.phone(door, msisdn)
        screen = await phone.dial(SERVICE)
        for text in texts:
            screen = await phone.type(text)
        return screen.text

    async def tracked(self, door: str, msisdn: str = NUMBER) -> str:
        """What her number, or another, is shown of what was sent from it."""
        first = ("2",) if "Choose language" in await self.dial(door, msisdn=msisdn) else ()
        return await self.dial(door, *first, "5", "1", msisdn=msisdn)


@pytest.fixture
async def country(tmp_path: Path) -> AsyncIterator[Country]:
    beside: dict[str, dict[str, object]] = {door: {} for door in USSD}
    async with posted_anywhere() as posted:
        assert posted.smsc is not None
        beside["mgov"] = {"forms": TABLE}
        beside["halotel"], beside["smpp"] = {"url": posted.url}, {"url": posted.smsc.url}
        async with carrying(tmp_path, " ".join(SMS), beside=beside) as (edge, exchange):
            yield Country(edge, exchange, posted)


async def test_a_number_that_moves_at_every_screen_is_still_one_dialog(country: Country) -> None:
    """Each answer comes over another operator, after a redial that finds the draft."""
    assert "Choose language" in await country.dial("airtel")
    menu = await country.dial("tigo", "2")
    assert menu.startswith("Welcome to e-Mrejesho")
    answers = [*TO_TEXT, TEXT]
    await country.dial("beem", answers[0])
    shown = ""
    for door, text in zip(("truroute", "halotel", "restcomm", "generic", "airtel"), answers[1:], strict=True):
        resumed = await country.dial(door)
        assert "1. Continue" in resumed
        shown = await country.dial(door, "1", text)
    assert "Who may know who you are?" in shown
    assert "1. Continue" in await country.dial("tigo")
    done = await country.dial("truroute", "1", *SENT)
    (case,) = await cases_of(country.edge.engine.ledger)
    assert case.reference in done
    assert (await country.edge.submission(case.reference)).answers["message"] == TEXT


async def test_a_case_is_hers_on_every_door_and_in_her_language(country: Country) -> None:
    """Sent over one operator; then read, added to and stopped by SMS of four gateways, and found by USSD of a fifth."""
    done = await country.dial("airtel", "2", *TO_TEXT, TEXT, *SENT)
    (received,) = await country.exchange.next()
    ref = reference_in(received)
    assert ref in done
    assert received.startswith(f"Received. Number: {ref}.")

    (status,) = await country.writer("kannel").write("STATUS")
    assert status.startswith(f"{ref} ")
    assert status.endswith("choose 5")
    assert await country.writer("mgov").write(f"ADD {ref} the transformer burnt") == [
        f"Your details were added to {ref}. Thank you."
    ]
    await Office(country.edge).does("open", ref)
    assert (await country.exchange.next())[0].startswith(f"Number {ref}: there is news.")
    assert (await country.writer("africastalking").write("STOP"))[0].startswith("You will get no more")
    await Office(country.edge).does("progress", ref)
    again = await country.dial("tigo")
    assert ref in again
    assert "PIN: " in again
    tracked = await country.dial("halotel", "1", "5", "1")
    assert ref in tracked
    assert "In progress" in tracked
    assert country.exchange.texts[country.exchange.read :] == []
    assert (await country.writer("loopback").write("START"))[0].startswith("You will get e-Mrejesho SMS.")


async def test_the_case_of_a_form_that_the_platform_collected_is_found_by_dialling(country: Country) -> None:
    ref = reference_in((await country.platform.form(**COMPLAINT))["sms_text"])
    for door in USSD:
        assert ref in await country.tracked(door)
    assert (await country.writer("kannel").write("HALI"))[0].startswith(f"{ref} ")
    assert ref not in await country.tracked("airtel", OTHER)


async def test_nobody_else_is_her_on_any_door(country: Country) -> None:
    await country.dial("airtel", "2", *TO_TEXT, TEXT, *SENT)
    ref = reference_in((await country.exchange.next())[0])
    for door in USSD:
        assert ref not in await country.tracked(door, OTHER)


async def test_a_day_is_as_long_on_many_doors_as_on_one(country: Country) -> None:
    """What one may send in an hour and in a day is counted over all doors, SMS and collected forms among them."""
    for door in USSD[: CASES_A_DAY - 1]:
        known = await country.dial(door)
        first = ("2",) if "Choose language" in known else ()
        screen = await country.dial(door, *first, *TO_TEXT, f"{TEXT} {door}", *SENT)
        await country.exchange.next()
        country.edge.now += 3600 / SENT_AN_HOUR + 60
    assert "Number:" in screen
    assert (await country.platform.form(**COMPLAINT))["status"]
    country.edge.now += 3600 / SENT_AN_HOUR + 60
    for door in USSD:
        assert (await country.dial(door, *TO_TEXT, f"{TEXT} again", *SENT)).startswith("You have reached today's limit")
        country.edge.now += 600
    said = await country.writer("kannel").write("COMPLAINT TANESCO no power for three days in Mtumba")
    assert said[0].startswith("You have reached today's limit")
    refused = await country.platform.form(**{**COMPLAINT, "em_maelezo": f"{WORDS} tena"})
    assert refused["sms_text"].startswith("You have reached today's limit")
    assert len(await cases_of(country.edge.engine.ledger)) == CASES_A_DAY
