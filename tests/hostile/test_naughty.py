"""Whatever is typed as a search, a message or a name: an answer, nobody else's words, and the text kept as typed."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote_plus

import aiohttp
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yarl import URL

from tests.hostile.front import CODE, FORM, TO_MESSAGE, Citizen, Front
from tests.hostile.naughty import naughty
from ussd_engine import gsm
from ussd_engine.model import Submission

pytestmark = pytest.mark.asyncio(loop_scope="module")

CI = os.environ.get("CI") == "true"
TEXTS = naughty()
TRIED = TEXTS if CI else TEXTS[::6]
"""All where CI is `true`; elsewhere every sixth, so that each category has some."""
SHARES = 4
"""Parts in which the texts are sent, each a test with its own limit of time."""
OTHERS = ("Kanari ya mwenzake", "Zubeda Kanari")
"""Words and name of the other citizen."""
SEARCH = "9*2*1*1*1"
"""Through the root, with a language, into a complaint, to the question for an institution's name: in one leg."""
MESSAGE = f"{SEARCH}*tanesco"
KEYS = ("0", "00", "98")
MOST_LETTERS = {"message": 480, "name": 60}


def as_stored(typed: str) -> str:
    """What the house promises to keep of a text: composed, without NUL, controls, lone surrogates and marks that turn
    the direction; a break of line or page is a blank; blanks at either end are no part of it."""
    for line_break in ("\r\n", *"\t\n\v\f\r\x85\u2028\u2029"):
        typed = typed.replace(line_break, " ")
    turning = {*map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A)))}
    kept = [sign for sign in typed if unicodedata.category(sign) not in ("Cc", "Cs") and sign not in turning]
    return unicodedata.normalize("NFC", "".join(kept)).strip()


class Typist(Citizen):
    """A citizen whose every screen is looked at; each has a number of her own, for the day's limit."""

    numbers: Iterator[str] = (f"2557000{index:05d}" for index in range(100, 100_000))

    def __init__(self, front: Front, client: aiohttp.ClientSession) -> None:
        super().__init__(front.url, client, next(self.numbers))
        self.front = front

    async def leg(self) -> str:
        found = await super().leg()
        kind, text = found[:4], found[4:]
        assert kind in ("CON ", "END "), found
        assert gsm.fits(text), (len(text), text)
        assert [words for words in OTHERS if words in text] == []
        return found

    async def to(self, path: str) -> str:
        """Dial, and come to a screen by answers that are sent at once."""
        await self.dial()
        self.text = quote_plus(path)
        return await self.leg()

    async def give(self, typed: str, question: str, wrapped: str) -> str:
        """Answer a question: as it is, and where that is no answer, inside other words. What was taken is returned."""
        tries = [wrapped] if as_stored(typed) in (*KEYS, "1") else [typed, wrapped]
        for text in tries:
            screen = await self.type(text)
            if question not in screen:
                return as_stored(text)
        raise AssertionError(f"{wrapped!r} is no answer: {screen}")

    async def submit(self, words: str, name: str) -> Submission:
        """A complaint with this message and this name; checked against what the ledger then holds."""
        await self.to(MESSAGE)
        await self.type("1", "1")
        message = await self.give(words, "Andika ujumbe", f"Tazama hii hapa: {words[:440]}")
        if "Umeandika herufi" in self.screen:
            await self.type("1")
        assert "Nani ajue" in self.screen, self.screen
        await self.type("2")
        named = await self.give(name, "Andika jina", f"Asha {name[:50]}")
        assert "Tuma" in self.screen, self.screen
        last = await self.type("1")
        assert last.startswith("END "), last
        reference = next(line for line in last.split("\n") if line.startswith("Namba: "))[7:]
        found = await self.front.engine.ledger.submission(reference)
        assert found is not None
        assert (found.answers["message"], found.name) == (message, named)
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def other(front: Front, honest: Citizen) -> AsyncIterator[Citizen]:
    """Another citizen, in the middle of her own complaint, which she finds as she left it."""
    await honest.dial()
    await honest.type(*TO_MESSAGE, OTHERS[0], "2", OTHERS[1])
    assert OTHERS[0] in honest.screen
    yield honest
    assert await honest.leg() == honest.screen


async def test_there_are_500_texts_and_none_stands_twice() -> None:
    assert len(TEXTS) >= 500
    assert len(set(TEXTS)) == len(TEXTS)


async def test_what_is_kept_of_a_text_is_what_the_house_says() -> None:
    assert [text for text in TEXTS if gsm.clean(text).strip() != as_stored(text)] == []


async def test_every_text_can_be_searched_for(front: Front, client: aiohttp.ClientSession, other: Citizen) -> None:
    for text in TRIED:
        typist = Typist(front, client)
        assert "Andika jina au kifupisho" in await typist.to(SEARCH)
        screen = await typist.type(text)
        assert screen.startswith("CON "), (text, screen)
    assert '"event":"fault"' not in front.said()


@pytest.mark.parametrize("share", range(SHARES))
async def test_every_text_is_stored_as_typed(
    front: Front, client: aiohttp.ClientSession, other: Citizen, share: int
) -> None:
    for text in TRIED[share::SHARES]:
        await Typist(front, client).submit(text, text)
    assert '"event":"fault"' not in front.said()


SURROGATES = re.compile("[\ud800-\udfff]")
"""No wire carries one: it is not in UTF-8, and JSON with it is refused (`rows.json_bodies`)."""
ANY = st.text(st.characters(exclude_categories=()) | st.sampled_from(" *#019\u202e\x00\n\u0301\ud800"), max_size=60)
"""Any text, lone surrogates among it, with more than chance of what has a meaning here."""


@settings(max_examples=500 if CI else 100, suppress_health_check=list(HealthCheck))
@given(search=ANY, message=ANY, name=ANY)
async def test_any_text_can_be_searched_for_and_is_stored_as_typed(
    front: Front, client: aiohttp.ClientSession, other: Citizen, search: str, message: str, name: str
) -> None:
    assert gsm.clean(message).strip() == as_stored(message)
    typist = Typist(front, client)
    before = await typist.to(SEARCH)
    for text in (search, message, name):
        if SURROGATES.search(text):
            assert await status(typist, text.encode("utf-8", "surrogatepass")) == 400
            assert await typist.leg() == before
    search, message, name = (SURROGATES.sub("", text) for text in (search, message, name))
    assert (await typist.type(search)).startswith("CON ")
    await Typist(front, client).submit(message, name)
    assert '"event":"fault"' not in front.said()


@settings(max_examples=150 if CI else 25, suppress_health_check=list(HealthCheck))
@given(st.binary(min_size=1, max_size=120), st.sampled_from([SEARCH, MESSAGE]))
async def test_any_octets_are_an_answer_or_a_bad_request(
    front: Front, client: aiohttp.ClientSession, other: Citizen, octets: bytes, path: str
) -> None:
    typist = Typist(front, client)
    before = await typist.to(path)
    try:
        octets.decode()
    except UnicodeDecodeError:
        assert await status(typist, octets) == 400
        assert await typist.leg() == before
    else:
        assert await status(typist, octets) == 200


async def status(typist: Typist, octets: bytes) -> int:
    """What a next leg with these octets is answered."""
    body = f"sessionId={typist.dialogue}&phoneNumber={typist.msisdn}&serviceCode={quote_plus(CODE)}&text={typist.text}"
    url = URL(f"{typist.url}/ussd/africastalking", encoded=True)
    data = f"{body}*{quote_plus(octets)}".encode()
    async with typist.client.post(url, data=data, headers={"Content-Type": FORM}) as answer:
        assert [words for words in OTHERS if words in await answer.text()] == []
        return answer.status
