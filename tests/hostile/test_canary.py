"""Number, words, name, reference and PIN of citizens: nowhere in what the gateway writes, whatever breaks."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import re
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote_plus

import aiohttp
import pytest
from yarl import URL

from sessions import Draft, Outcome, Pending, Session
from tests.hostile.child import FAULTS, Child, child
from tests.hostile.front import CODE, Citizen, opened
from tests.hostile.rows import AT, AT_EVENTS, GENERIC, request
from ussd_engine import machine, model
from ussd_engine.leg import Kind, Leg
from ussd_engine.logs import Log

NUMBER = "255700000077"
SPELLINGS = (NUMBER[3:], NUMBER, f"+{NUMBER}", f"0{NUMBER[3:]}", "+255 700 000 077", "0700-000-077")
"""The first is read as no number, so its caller stays unknown; what she does stands first in `DIALOGS` and `SOFT`."""
WORDS = "Kanari wa manjano amepotea Kariakoo sokoni"
NAME = "Zubeda Kanarika"
SEARCHED = "tanesco"
DIALOGS = {
    "a question of nobody": ("3", "1", SEARCHED, "1", WORDS, "3", "1"),
    "a complaint by name": ("1", "1", SEARCHED, "1", "1", WORDS, "2", NAME, "1"),
    "an opinion in confidence": ("2", "1", SEARCHED, "1", WORDS, "1", "1"),
    "a compliment by name": ("4", "1", SEARCHED, "1", WORDS, "2", NAME, "1"),
}
Row = TypeVar("Row")
SOFT = tuple(fault for fault in FAULTS if fault != "thread")
"""What breaks inside the loop."""


def spelled(rows: Iterable[Row]) -> list[tuple[str, Row]]:
    """Each row at least once and each spelling at least once, one beside the other."""
    among = list(rows)
    times = max(len(among), len(SPELLINGS))
    return list(itertools.islice(zip(itertools.cycle(SPELLINGS), itertools.cycle(among), strict=False), times))


def canaries(reference: str = "") -> set[str]:
    """All that may be found nowhere, in small letters: as it is, and as programs turn it."""
    plain = {*SPELLINGS, NUMBER[::-1], NUMBER[3:][::-1], WORDS, NAME, SEARCHED, *WORDS.split()[2:], *NAME.split()}
    plain |= {word for word in ("kanari", reference, reference[::-1]) if word}
    turned: set[str] = set()
    for text in (NUMBER, f"+{NUMBER}", NUMBER[3:], WORDS, NAME, *([reference] if reference else [])):
        turned |= {text.encode().hex(), quote_plus(text), json.dumps(text)[1:-1], *_in_base64(text.encode())}
    turned |= {f"{int(NUMBER):x}", f"{int(NUMBER):o}", f"{int(NUMBER):_}", f"{int(NUMBER):,}"}
    return {text.lower() for text in plain | turned}


def _in_base64(octets: bytes) -> Iterator[str]:
    """What is surely there of it, wherever it stands in a longer text."""
    for lead in range(3):
        coded = base64.b64encode(b"\0" * lead + octets).decode()
        yield coded[4 if lead else 0 : len(coded) - len(coded) % 4 - 4]


def found(text: str, reference: str = "") -> list[str]:
    return sorted(canary for canary in canaries(reference) if canary in text.lower())


def pins_in(log: str, pin: str) -> list[str]:
    """Lines that hold a PIN where no time, duration or line number stands."""
    plain = re.sub(r'"(?:time|ms|place|number)":(?:"[^"]*"|[0-9.]+)', "", log)
    return [line for line in plain.splitlines() if re.search(rf"(?<!\d){pin}(?!\d)", line)]


def shown(screen: str) -> tuple[str, str]:
    """Reference and PIN on a last screen."""
    reference, pin = re.search(r"Namba: (\d{9})", screen), re.search(r"PIN: (\d{4})", screen)
    assert reference, screen
    assert pin, screen
    return reference[1], pin[1]


@pytest.mark.parametrize("dialog", DIALOGS, ids=list(DIALOGS))
def test_the_search_for_canaries_finds_them(dialog: str) -> None:
    """What is looked for is what is typed, in every way it could be written."""
    for spelling in SPELLINGS:
        assert found(f"x {spelling} y")
        assert found(base64.b64encode(f"number {spelling}".encode()).decode()) or not spelling.isdigit()
    for text in (*DIALOGS[dialog], repr(NUMBER.encode().hex())):
        if len(text) > 2:
            assert found(f'{{"text": "{text}"}}'), text
    assert found("msisdn=%2B255700000077&text=Kanari+wa+manjano")
    assert pins_in('{"pin":"1234","place":"x.py:1234"}', "1234")
    assert not pins_in('{"place":"x.py:1234","ms":1234.0}', "1234")


async def test_nothing_of_a_citizen_stands_in_what_the_gateway_writes(tmp_path: Path) -> None:
    receipts, answers = [], []
    async with child(tmp_path) as gateway, aiohttp.ClientSession() as client:
        citizen = Citizen(gateway.url, client, NUMBER)
        for citizen.number, inputs in spelled(DIALOGS.values()):
            await home(citizen)
            receipts.append(shown(await citizen.type(*inputs)))
        for sent in hostile():
            answers.append(await answered(gateway.url, sent))
        assert {answer.split()[1] for answer in answers} <= {"400", "404", "405", "417"}
        for citizen.number, fault in spelled(SOFT):
            await broken(gateway, citizen, fault)
        numbers = await text_of(client, f"{gateway.url}/metrics")
        answers += [await text_of(client, f"{gateway.url}{where}") for where in ("/readyz", "/healthz", "/nowhere")]
    written = gateway.written()
    assert written.count('"event":"turn"') > 60
    assert written.count('"event":"fault"') >= 2
    assert '"logger":"asyncio"' in written
    assert "ussd_turns_total" in numbers
    for reference, pin in receipts:
        assert found(written, reference) == []
        assert found(numbers, reference) == []
        assert found("".join(answers), reference) == []
        assert pins_in(written, pin) == []
    assert "Traceback" not in written


async def home(citizen: Citizen) -> None:
    """Dial, and come to the first menu of the service from whatever stands there."""
    screen = await citizen.dial()
    ways = {
        "9. Maoni na mrejesho": "9",
        "2. e-Mrejesho": "2",
        "Chagua lugha": "1",
        "Ujumbe wako wa mwisho": "1",
        "Mawasiliano yalikatika": "2",
    }
    while "Karibu e-Mrejesho" not in screen:
        screen = await citizen.type(next(answer for words, answer in ways.items() if words in screen))


async def broken(gateway: Child, citizen: Citizen, fault: str) -> None:
    """A complaint that comes to its words, and from there on something breaks."""
    await home(citizen)
    inputs = DIALOGS["a complaint by name"]
    await citizen.type(*inputs[: inputs.index(WORDS)])
    if fault in ("act", "rolled"):
        await citizen.type(*inputs[inputs.index(WORDS) : -1])
    gateway.breaks(fault)
    await citizen.type(inputs[-1] if fault in ("act", "rolled") else WORDS)
    gateway.mended()
    await citizen.dial()


def hostile() -> Iterator[bytes]:
    """Requests that are refused, with all that is hers in them."""
    number, words = quote_plus(f"+{NUMBER}"), quote_plus(WORDS)
    body = f"sessionId={NUMBER}&phoneNumber={number}&serviceCode={quote_plus(CODE)}&text={words}".encode()
    query = f"id={NUMBER}&msisdn={number}&text={words}&new=9&code={quote_plus(CODE)}"
    yield request("POST", AT, body + b"&text=1")
    yield request("POST", AT, body.replace(b"serviceCode", words.encode()))
    yield request("POST", AT, body.replace(quote_plus(CODE).encode(), words.encode()))
    yield request("POST", AT, body + b"&other=%FF")
    yield request("POST", AT, body, type_=f"text/{NUMBER}")
    yield request("POST", AT, json.dumps({"phoneNumber": NUMBER, "text": WORDS}).encode(), type_="application/json")
    yield request("POST", AT_EVENTS, body)
    yield request("POST", f"{AT}/{NUMBER}", body)
    yield request("GET", f"{GENERIC}?{query}")
    yield request("GET", f"/{NUMBER}/{words}?{query}")
    yield request("PUT", f"{AT}?{query}", body)
    yield request("POST", AT, body, "Content-Encoding: gzip")


WIRE = ("a control character", "a blank", "a header", "a length", "no HTTP", "Expect")


def on_the_wire() -> Iterator[bytes]:
    """Requests that are no HTTP."""
    query = f"id=1&msisdn={NUMBER}&text={quote_plus(WORDS)}"
    yield request("GET", f"{GENERIC}?{query}\x01")
    yield request("GET", f"{GENERIC}?{query} x")
    yield request("POST", AT, b"", f"X-{NUMBER} : {WORDS}")
    yield request("POST", AT, b"", f"Content-Length: {NUMBER}x", length=False)
    yield f"{NUMBER} {WORDS}\r\n\r\n".encode()
    yield request("POST", AT, b"", f"Expect: {NUMBER}")


async def answered(url: str, sent: bytes) -> str:
    """The answer to raw octets."""
    address = URL(url)
    assert address.host
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(sent)
    text = (await reader.read()).decode(errors="replace")
    writer.close()
    await writer.wait_closed()
    return text


async def text_of(client: aiohttp.ClientSession, url: str) -> str:
    async with client.get(url) as answer:
        return await answer.text()


@pytest.mark.parametrize("sent", list(on_the_wire()), ids=WIRE)
async def test_what_is_no_http_is_not_written_down(tmp_path: Path, sent: bytes) -> None:
    """Whoever sent it may read it again: the HTTP library repeats what it refuses, to them alone."""
    async with opened(tmp_path) as front:
        answer = await front.exchange(sent)
    assert answer.raw
    assert found(front.said()) == []


async def test_a_thread_or_a_finalizer_that_fails_tells_nothing_of_a_citizen(tmp_path: Path) -> None:
    async with child(tmp_path) as gateway, aiohttp.ClientSession() as client:
        await broken(gateway, Citizen(gateway.url, client, NUMBER), "thread")
    assert found(gateway.written()) == []
    assert gateway.written().count('"event":"fault"') >= 2


# what a traceback with its locals would show

REFERENCE = "123456782"
ANSWERS: dict[str, str | None] = {"message": WORDS, "name": NAME, "query": SEARCHED}
VALUES = [
    Session(b"", b"", "emrejesho", "message", "sw", msisdn=int(NUMBER)),
    Draft("emrejesho", "complaint", b"", dict(ANSWERS)),
    Pending("send", "submit", b"", 1, 0, {"ref": REFERENCE}),
    Outcome(0, {"ref": REFERENCE}),
    Leg(Kind.ANSWER, WORDS),
    model.Turn("generic", NUMBER, model.Phase.INPUT, WORDS, CODE, NUMBER),
    model.Reply(f"{WORDS}\nNamba: {REFERENCE}\nPIN: 1234", True),
    model.SetLanguage(key=b"", msisdn=NUMBER, locale="sw", at_ms=0),
    model.Committed("submit", REFERENCE),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda one: type(one).__name__)
def test_what_a_frame_holds_prints_nothing_of_a_citizen(value: object) -> None:
    assert found(repr(value), REFERENCE) == []


async def test_the_frames_of_a_fault_print_nothing_of_a_citizen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an error tracker keeps: each of our values in each frame, by its repr."""
    faults: list[BaseException] = []
    monkeypatch.setattr(Log, "fault", lambda _, error, **tags: faults.append(error))
    async with opened(tmp_path) as front, aiohttp.ClientSession() as client:
        citizen = Citizen(front.url, client, NUMBER)
        await home(citizen)
        inputs = DIALOGS["an opinion in confidence"]
        await citizen.type(*inputs[: inputs.index(WORDS) + 1])
        monkeypatch.setattr(machine, "feed", None)
        assert (await citizen.type("1")).startswith("END ")
    (fault,) = faults
    frames = [frame for frame, _ in traceback.walk_tb(fault.__traceback__)]
    ours = [value for frame in frames for value in frame.f_locals.values() if _is_ours(value)]
    assert len(ours) > 5
    # the name that she searched for is in the menus' data as well
    assert set(found(" ".join(map(repr, ours)))) <= {SEARCHED}


def _is_ours(value: object) -> bool:
    return type(value).__module__.partition(".")[0] in ("ussd_engine", "sessions")
