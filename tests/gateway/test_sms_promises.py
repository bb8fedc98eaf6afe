"""No SMS promises what the core or the rules do not let her do, and each says all that is true."""

from __future__ import annotations

import asyncio
import itertools
import re
from pathlib import Path

import pytest

from simulator.lacking import lacking
from tests.gateway.house import NUMBER
from tests.gateway.test_http import Edge
from tests.gateway.test_sms_circle import Office, named_by_ussd
from tests.gateway.texting import WAIT_S, Exchange, Writer, carrying, sent
from ussd_engine.lifecycle import APPEAL_WINDOW
from ussd_engine.messages import CaseEvent
from ussd_engine.model import CaseState

DAY_S = 86_400.0
PROMISES = {
    "read": "JIBU",
    "append": "ONGEZA",
    "rate": "NDIYO|KIASI|HAPANA",
    "withdraw": "ONDOA",
    "appeal": "RUFAA|rufaa hadi",
}
"""What of the core an SMS promises, by words of it."""
UNASKED = ("read", "rate")
"""Without it nobody is asked whether she is content."""
READ = ("opened", "in_progress", "answered")
WORDS = {
    "sw": {
        "yes": "NDIYO {ref}",
        "no": "HAPANA {ref}",
        "rate_thanks": "Asante kwa kutuambia. Ujumbe namba {ref} umefungwa. Unaweza kukata rufaa hadi {until}.",
        "rate_closed": "Asante kwa kutuambia. Ujumbe namba {ref} umefungwa.",
        "rate_no": "Pole kwa hilo. Unaweza kukata rufaa hadi {until}: tuma RUFAA {ref} na sababu kwenda 15200",
        "rate_heard": "Pole kwa hilo. Tutaijulisha taasisi kuwa hujaridhika na jibu la {ref}.",
    },
    "en": {
        "yes": "YES {ref}",
        "no": "NO {ref}",
        "rate_thanks": "Thank you for telling us. Number {ref} is closed. You may appeal until {until}.",
        "rate_closed": "Thank you for telling us. Number {ref} is closed.",
        "rate_no": "We are sorry. You may appeal until {until}: send APPEAL {ref} and the reason to 15200",
        "rate_heard": "We are sorry. We will tell the institution that you are not satisfied with the answer to {ref}.",
    },
}
_counter = itertools.count(1)


async def told(edge: Edge, ref: str, *states: str, institution: str = "") -> None:
    """What a core tells of a case."""
    for state in states:
        edge.now += 1
        number = next(_counter)
        at_ms = int(edge.now * 1000)
        event = CaseEvent(
            reference=ref, id=str(number), at_ms=at_ms, sequence=number, state=state, institution=institution
        )
        await edge.engine.ledger.tell([event], "core")


async def named(edge: Edge, exchange: Exchange) -> tuple[str, list[str]]:
    """A case under a name, in the core by now; its reference, and the receipt."""
    ref = await named_by_ussd(edge)
    async with asyncio.timeout(WAIT_S):
        while (await edge.case(ref)).state is CaseState.QUEUED:
            await edge.engine.delivery.step()
    return ref, await exchange.next()


async def all_that_is_said(edge: Edge, exchange: Exchange, lacks: str) -> list[str]:
    """The SMS of three named cases: answered and rated, refused, overdue."""
    phone, office, ledger = Writer(edge, exchange), Office(edge), edge.engine.ledger
    ref, said = await named(edge, exchange)
    for step in (("open",), ("progress",), ("ask", "Nguzo gani?"), ("progress",), ("answer", "Tumerekebisha.")):
        await office.does(step[0], ref, *step[1:])
        said += await exchange.next()
    edge.now += 3 * DAY_S
    await ledger.remind()
    said += [] if lacks in UNASKED else await exchange.next()
    said += await phone.write(f"HAPANA {ref}")
    said += await phone.write("ONDOA")
    for end in (("refuse", "Ni la mahakama."), None):
        edge.now += DAY_S
        ref, receipt = await named(edge, exchange)
        said += receipt
        await office.does("open", ref)
        said += await exchange.next()
        if end:
            await office.does(end[0], ref, *end[1:])
            said += await exchange.next()
    edge.now += 30 * DAY_S
    await ledger.overdue()
    ledger.sms.added.set()
    return [*said, *await exchange.next()]


@pytest.mark.parametrize("lacks", ["", *PROMISES])
async def test_what_the_core_lacks_is_promised_by_no_sms_and_all_else_is(tmp_path: Path, lacks: str) -> None:
    missing = frozenset({lacks} - {""})
    async with carrying(tmp_path, open_core=lacking(missing)) as (edge, exchange):
        said = await all_that_is_said(edge, exchange, lacks)
    promised = {name for name, words in PROMISES.items() if any(re.search(words, text) for text in said)}
    assert promised == PROMISES.keys() - missing - ({"rate"} if lacks in UNASKED else set())
    assert len(said) == (14 if lacks in UNASKED else 15), "as many SMS, with or without a promise"


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize(
    ("rating", "with_one", "without"), [("yes", "rate_thanks", "rate_closed"), ("no", "rate_no", "rate_heard")]
)
@pytest.mark.parametrize("where", ["here", "at the top", "no appeals"])
async def test_after_a_rating_an_appeal_is_promised_where_one_is_taken(
    tmp_path: Path, language: str, rating: str, with_one: str, without: str, where: str
) -> None:
    lacks = frozenset({"appeal"} if where == "no appeals" else ())
    async with carrying(tmp_path, open_core=lacking(lacks)) as (edge, exchange):
        phone, words = Writer(edge, exchange), WORDS[language]
        ref = await sent(phone)
        await told(edge, ref, *(["received"] if where == "at the top" else []), institution="KMK")
        await exchange.next(1) if where == "at the top" else None
        await told(edge, ref, *READ)
        await exchange.next(3)
        (said,) = await phone.write(words[rating].format(ref=ref))
    assert said == words[with_one if where == "here" else without].format(ref=ref, until="14/02/2026")


@pytest.mark.parametrize(("days", "words"), [(APPEAL_WINDOW.days, "rate_no"), (APPEAL_WINDOW.days + 1, "rate_heard")])
async def test_when_the_time_to_appeal_is_over_none_is_promised(
    edge: Edge, phone: Writer, days: int, words: str
) -> None:
    ref = await sent(phone)
    await told(edge, ref, *READ)
    await phone.exchange.next(3)
    edge.now += days * DAY_S
    assert await phone.write(f"HAPANA {ref}") == [WORDS["sw"][words].format(ref=ref, until="14/02/2026")]
    assert (await edge.case(ref)).rating == "no"


async def test_where_nothing_can_be_taken_back_who_asks_how_is_told_so(tmp_path: Path) -> None:
    async with carrying(tmp_path, open_core=lacking(frozenset({"withdraw"}))) as (edge, exchange):
        phone = Writer(edge, exchange, msisdn=NUMBER)
        await sent(phone)
        (said,) = await phone.write("ONDOA")
        (english,) = await phone.write("WITHDRAW")
    assert said.startswith("Ujumbe hauwezi kuondolewa. Kufuatilia tuma HALI")
    assert english.startswith("A message cannot be withdrawn.")
