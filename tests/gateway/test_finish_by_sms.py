"""A text that is begun by USSD and finished by SMS, in each language, over HTTP."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import func, select, union_all

from tests.gateway.handset import SERVICE, Handset
from tests.gateway.house import NUMBER
from tests.gateway.test_http import Edge
from tests.gateway.texting import SHORT, Exchange, Writer, carrying
from ussd_engine.ledger.smstables import conversations, sms
from ussd_engine.testing.specimens import cases_of

PART = (
    "Kituo cha afya hakina dawa tangu mwezi uliopita, wagonjwa wanaambiwa wanunue nje kwa bei kubwa, "
    "na wazee wenye bima wanarudishwa nyumbani bila huduma yoyote"
)
MORE = "Mganga mkuu anasema dawa zipo bohari lakini gari ni bovu"
TO_TEXT = ("1", "1", "bahi", "1", "2")
"""From the first menu to the text of a complaint."""
NAMED = ("1", "2", "Asha Juma")


class Words(NamedTuple):
    """What she chooses and reads in her language."""

    language: str
    line: str
    sent: str
    ask: str
    more: str
    send: str
    received: str


WORDS = {
    "sw": Words(
        "1",
        "4. Malizia kwa SMS",
        f"END Tumekutumia SMS. Malizia ujumbe kwa SMS kwenda {SHORT} ndani ya saa 24.",
        f"Andika sehemu iliyobaki ya ujumbe wako, uitume kwenda {SHORT}. Ukimaliza tuma neno TUMA.",
        "Tumeongeza. Ujumbe una herufi {n}.",
        "Tuma",
        "Tumepokea. Namba: ",
    ),
    "en": Words(
        "2",
        "4. Finish by SMS",
        f"END We sent you an SMS. Finish your message by SMS to {SHORT} within 24 hours.",
        f"Write the rest of your message and send it to {SHORT}. When done send the word SEND.",
        "Added. Your message has {n} characters.",
        "SEND",
        "Received. Number: ",
    ),
}


class Scene(NamedTuple):
    edge: Edge
    exchange: Exchange
    handset: Handset
    writer: Writer


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with carrying(tmp_path) as (edge, exchange):
        yield Scene(edge, exchange, Handset(edge), Writer(edge, exchange))


async def waiting(edge: Edge) -> int:
    """Texts that wait to be finished."""
    count = select(func.count()).select_from(conversations).where(conversations.c.kind == "finish")
    return await edge.engine.ledger.database.read(lambda conn: conn.execute(count).scalar_one())


async def sealed(edge: Edge) -> bytes:
    """All that is kept of conversations and messages."""
    query = union_all(select(conversations.c.sealed), select(sms.c.sealed))
    rows = await edge.engine.ledger.database.read(lambda conn: list(conn.scalars(query)))
    return b"".join(part for part in rows if part)


async def in_text(scene: Scene, language: str = "1", *answers: str) -> str:
    """Dial for the first time, and come to the screen after `answers`; by default after a full reply."""
    await scene.handset.dial(SERVICE)
    return await scene.handset.type(language, *(answers or (*TO_TEXT, PART)))


async def to_be_finished(scene: Scene, language: str = "1") -> None:
    """A complaint whose text goes on by SMS."""
    await in_text(scene, language)
    await scene.handset.type("4")
    await scene.exchange.next()


@pytest.mark.parametrize("language", WORDS)
async def test_a_text_that_fills_the_screen_is_finished_by_sms(scene: Scene, language: str) -> None:
    words = WORDS[language]
    assert words.line in await in_text(scene, words.language)
    assert await scene.handset.type("4") == words.sent
    (asked,) = await scene.exchange.next()
    assert asked.startswith(words.ask)
    assert await waiting(scene.edge) == 1
    assert b"dawa" not in await sealed(scene.edge)

    more, first = await scene.writer.write(MORE, replies=2)
    whole = f"{PART} {MORE}"
    assert more.startswith(words.more.format(n=len(whole)))
    assert "e-Mrejesho" in first
    assert await cases_of(scene.edge.engine.ledger) == []
    (received,) = await scene.writer.write(words.send)
    assert received.startswith(words.received)
    (case,) = await cases_of(scene.edge.engine.ledger)
    assert case.reference in received
    stored = await scene.edge.submission(case.reference)
    assert (stored.type, stored.mode, stored.institution, stored.locale) == (
        "complaint",
        "confidential",
        "LGA-BAHI-DC",
        language,
    )
    assert stored.answers["message"] == whole
    assert stored.answers["nature"] == "poor_service"
    assert await waiting(scene.edge) == 0
    assert await scene.edge.engine.ledger.language(NUMBER) == language


@pytest.mark.parametrize("language", WORDS)
async def test_a_dialog_that_broke_off_in_the_text_goes_on_by_sms(scene: Scene, language: str) -> None:
    words = WORDS[language]
    await in_text(scene, words.language, *TO_TEXT)
    assert words.line in await scene.handset.dial(SERVICE)
    assert await scene.handset.type("4") == words.sent
    await scene.exchange.next()
    assert words.line not in await scene.handset.dial(SERVICE), "the draft of the session has ended"
    (asked, _) = await scene.writer.write(words.send, replies=2)
    assert asked.startswith(words.ask), "there is no text yet"
    assert await cases_of(scene.edge.engine.ledger) == []
    (more,) = await scene.writer.write(MORE)
    assert more.startswith(words.more.format(n=len(MORE)))
    (received,) = await scene.writer.write(words.send)
    assert received.startswith(words.received)


async def test_a_part_with_which_it_is_too_long_is_not_taken(scene: Scene) -> None:
    await to_be_finished(scene)
    long, _ = await scene.writer.write("neno " * 70, replies=2)
    assert long.startswith("Ujumbe umezidi herufi 480.")
    (more,) = await scene.writer.write(MORE)
    assert more.startswith(f"Tumeongeza. Ujumbe una herufi {len(PART) + 1 + len(MORE)}.")


async def test_what_is_sent_twice_is_one_case(scene: Scene) -> None:
    await to_be_finished(scene)
    await scene.writer.write("TUMA", id="one", replies=2)
    await scene.writer.write("TUMA", id="one", replies=0)
    (help_,) = await scene.writer.write("TUMA", id="two")
    assert help_.startswith("Hatujaelewa")
    assert len(await cases_of(scene.edge.engine.ledger)) == 1


async def test_another_text_takes_the_place_of_the_one_that_waits(scene: Scene) -> None:
    await to_be_finished(scene)
    await scene.handset.dial(SERVICE)
    screen = await scene.handset.type("1", "1", "bahi", "1", "1", PART.replace("dawa", "maji"), "4")
    assert screen == WORDS["sw"].sent
    await scene.exchange.next()
    assert await waiting(scene.edge) == 1
    await scene.writer.write("TUMA", replies=2)
    (case,) = await cases_of(scene.edge.engine.ledger)
    stored = await scene.edge.submission(case.reference)
    assert stored.answers["message"] == PART.replace("dawa", "maji")


async def test_a_keyword_asks_and_leaves_the_text_waiting(scene: Scene) -> None:
    await to_be_finished(scene)
    again, _ = await scene.writer.write("NDIYO", replies=2)
    assert again.startswith(f"Tumeongeza. Ujumbe una herufi {len(PART)}.")
    assert await waiting(scene.edge) == 1


@pytest.mark.parametrize(("language", "word"), [("sw", "HALI"), ("en", "STATUS")])
async def test_who_asks_what_is_open_is_told_of_the_text_too_and_nothing_joins_it(
    scene: Scene, language: str, word: str
) -> None:
    words = WORDS[language]
    await to_be_finished(scene, words.language)
    scene.edge.now += 5 * 3600
    none, text, _ = await scene.writer.write(word, replies=3)
    assert "PIN" in none
    assert text.startswith(words.ask)
    assert re.search(r"\b19\b", text), "hours that are left"
    (received,) = await scene.writer.write(words.send)
    assert received.startswith(words.received)
    (case,) = await cases_of(scene.edge.engine.ledger)
    assert (await scene.edge.submission(case.reference)).answers["message"] == PART
    (listed,) = await scene.writer.write(word)
    assert case.reference in listed


@pytest.mark.parametrize("word", ["ONDOA", "FUTA", "ACHA"])
async def test_no_sms_drops_it(scene: Scene, word: str) -> None:
    await to_be_finished(scene)
    await scene.writer.write(word, replies=2)
    assert await waiting(scene.edge) == 1


async def test_it_is_over_after_a_day(scene: Scene) -> None:
    await to_be_finished(scene)
    scene.edge.now += 24 * 3600
    assert (await scene.writer.write("TUMA", replies=2))[0].startswith("Hatujaelewa")
    assert await cases_of(scene.edge.engine.ledger) == []


async def test_a_name_that_was_given_goes_for_what_comes_by_sms_is_confidential(scene: Scene) -> None:
    review = await in_text(scene, "1", *TO_TEXT, "Dawa hakuna kituoni", "2", "Asha Juma")
    assert "jina linaonekana" in review
    assert "4. Malizia kwa SMS" in await scene.handset.type("2", PART)
    await scene.handset.type("4")
    await scene.exchange.next()
    await scene.writer.write("TUMA", replies=2)
    (case,) = await cases_of(scene.edge.engine.ledger)
    stored = await scene.edge.submission(case.reference)
    assert (stored.mode, stored.name, stored.number) == ("confidential", None, None)
    assert "name" not in stored.answers


async def test_an_anonymous_text_is_not_finished_by_sms(scene: Scene) -> None:
    bribery = ("1", "1", "bahi", "1", "3")
    assert "4." not in await in_text(scene, "1", *bribery, "2", PART)
    await scene.handset.type("4")
    assert await waiting(scene.edge) == 0
    assert "4." not in await scene.handset.dial(SERVICE)


async def test_a_caller_whose_number_did_not_reach_us_is_not_offered_it(scene: Scene) -> None:
    handset = Handset(scene.edge, None)
    await handset.dial(SERVICE)
    assert "4." not in await handset.type("1", *TO_TEXT, PART)


async def test_what_is_beside_the_text_is_not_finished_by_sms(scene: Scene) -> None:
    await in_text(scene, "1", *TO_TEXT, "Dawa hakuna kituoni")
    assert "4." not in await scene.handset.dial(SERVICE)


async def test_who_has_stopped_sms_goes_on_by_ussd(scene: Scene) -> None:
    stopped, *_ = await scene.writer.write("ACHA", replies=2)
    assert stopped.startswith("Hutapokea tena SMS")
    await scene.handset.dial(SERVICE)
    await scene.handset.type(*TO_TEXT, PART)
    assert (await scene.handset.type("4")).startswith("END Samahani, haikufanikiwa. Hakuna kilichobadilika.")
    assert await waiting(scene.edge) == 0
    await scene.handset.dial(SERVICE)
    screen = await scene.handset.type("1", "1", "1", "1")
    assert re.search(r"Namba: [0-9]{9}", screen), "the draft stands, and is sent"


async def test_it_is_asked_for_so_often_an_hour(scene: Scene) -> None:
    await scene.handset.dial(SERVICE)
    await scene.handset.type("1", "00")
    for _ in range(5):
        scene.edge.now += 61
        await scene.handset.dial(SERVICE)
        assert await scene.handset.type(*TO_TEXT, PART, "4") == WORDS["sw"].sent
        await scene.exchange.next()
    scene.edge.now += 61
    await scene.handset.dial(SERVICE)
    assert "haikufanikiwa" in await scene.handset.type(*TO_TEXT, PART, "4")


async def test_erasing_her_number_ends_what_waits(scene: Scene) -> None:
    await to_be_finished(scene)
    await scene.handset.dial(SERVICE)
    screen = await scene.handset.type("7", "4", "1")
    assert screen == "END Hatuna ujumbe wowote wenye namba yako ya simu."
    assert await waiting(scene.edge) == 0
