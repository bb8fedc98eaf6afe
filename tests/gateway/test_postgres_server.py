"""A PostgreSQL that crashes, and a line to it that is cut at a commit: what was shown is stored, and stored once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.gateway.complaints import MESSAGE, answers, assert_each_has_one_case, phones_at, redialled
from tests.gateway.house import SEND
from tests.gateway.processes import Phone, reference_in
from tests.servers.inside import Inside, answering
from tests.servers.postgres_proxy import How, PostgresProxy, proxied
from tests.servers.postgres_server import PostgresServer
from ussd_engine.ledger.tables import effects, outbox, submissions
from ussd_engine.menu.edition import Edition
from ussd_engine.testing.specimens import cases_of

pytestmark = pytest.mark.postgres

PHONES, ABREAST = 16, 4
AT_REVIEW = len(answers(0)) - 1
FAILED = "END Samahani, ujumbe wako haujatumwa. Piga tena"
IN_DOUBT = "END Mtandao unasumbua. Piga tena"


@pytest.fixture
async def proxy(postgres: PostgresServer) -> AsyncIterator[PostgresProxy]:
    async with proxied(postgres.port) as found:
        yield found


async def written(inside: Inside) -> list[str]:
    """The texts of all that is stored; each submission has one effect and one row in the outbox."""
    ledger = inside.engine.ledger
    counts = [select(func.count()).select_from(table) for table in (effects, submissions, outbox)]
    rows = await ledger.database.read(lambda conn: [conn.scalar(count) for count in counts])
    found = [await ledger.submission(case.reference) for case in await cases_of(ledger)]
    texts = [one.answers["message"] or "" for one in found if one]
    assert rows == [len(texts)] * 3
    return texts


async def test_a_server_that_was_started_again_between_two_turns_is_not_noticed(
    tmp_path: Path, edition: Edition, postgres: PostgresServer
) -> None:
    async with answering(tmp_path, edition, database=postgres.url) as inside:
        phones = await phones_at(inside, *[AT_REVIEW] * 4)
        told = [reference_in(await phones[0].type(SEND))]
        await asyncio.to_thread(postgres.crash)
        await asyncio.to_thread(postgres.start)
        told += map(reference_in, await asyncio.gather(*(phone.type(SEND) for phone in phones[1:])))
        await assert_each_has_one_case(inside, told)


CUTS = [
    pytest.param("INSERT INTO effects", "instead", FAILED, 0, id="before the commit"),
    pytest.param("COMMIT", "instead", IN_DOUBT, 0, id="the commit is lost"),
    pytest.param("COMMIT", "behind", IN_DOUBT, 1, id="the answer to the commit is lost"),
]


@pytest.mark.parametrize(("text", "how", "word", "stored"), CUTS)
@pytest.mark.parametrize("back", ["redial", "repeat"])
async def test_a_line_cut_at_a_commit_is_told_as_it_is_and_her_redial_tells_the_truth(
    tmp_path: Path,
    edition: Edition,
    proxy: PostgresProxy,
    text: str,
    how: How,
    word: str,
    stored: int,
    back: str,
) -> None:
    async with answering(tmp_path, edition, database=proxy.url) as inside:
        (phone,) = await phones_at(inside, AT_REVIEW)
        proxy.arm(text, how)
        screen = await phone.type(SEND)
        assert screen.startswith(word)
        assert proxy.struck == 1
        assert len(await written(inside)) == stored
        if word == IN_DOUBT:
            told = reference_in(await (phone.leg() if back == "repeat" else phone.dial()))
        else:
            assert await phone.leg() == screen, "nothing is sent by a repeat of what failed"
            assert await written(inside) == []
            told = await redialled(phone, 0)
        assert reference_in(await phone.dial()) == told
        await assert_each_has_one_case(inside, [told])
        assert len(await written(inside)) == 1


async def test_a_commit_lost_at_her_redial_too_leaves_it_to_the_next_one(
    tmp_path: Path, edition: Edition, proxy: PostgresProxy
) -> None:
    async with answering(tmp_path, edition, database=proxy.url) as inside:
        (phone,) = await phones_at(inside, AT_REVIEW)
        proxy.arm("COMMIT", "instead")
        assert (await phone.type(SEND)).startswith(IN_DOUBT)
        # At a second attempt even what is known to be rolled back is not told as failed: the first may have passed.
        proxy.arm("INSERT INTO effects", "instead")
        assert (await phone.dial()).startswith(IN_DOUBT)
        proxy.arm("COMMIT", "behind")
        assert (await phone.dial()).startswith(IN_DOUBT)
        assert proxy.struck == 3
        told = reference_in(await phone.dial())
        await assert_each_has_one_case(inside, [told])
        assert len(await written(inside)) == 1


async def test_a_commit_that_is_not_answered_in_time_is_in_doubt_until_it_is_known(
    tmp_path: Path, edition: Edition, proxy: PostgresProxy
) -> None:
    async with answering(tmp_path, edition, database=proxy.url, deadline_s="1") as inside:
        (phone,) = await phones_at(inside, AT_REVIEW)
        proxy.arm("COMMIT", "silence")
        assert (await phone.type(SEND)).startswith(IN_DOUBT)
        assert (await phone.dial()).startswith(IN_DOUBT)
        proxy.may_cut.set()
        await inside.engine.gateway.drain()
        told = reference_in(await phone.dial())
        await assert_each_has_one_case(inside, [told])
        assert len(await written(inside)) == 1


@pytest.mark.parametrize("how", ["instead", "silence"])
async def test_submissions_under_way_at_a_crash_are_one_case_each_and_none_where_failure_was_told(
    tmp_path: Path, edition: Edition, postgres: PostgresServer, proxy: PostgresProxy, how: How
) -> None:
    async with answering(tmp_path, edition, database=proxy.url) as inside:
        phones = await phones_at(inside, *[AT_REVIEW] * PHONES)
        screens = await sent_over_a_crash(phones, postgres, proxy, how)
        await inside.engine.gateway.drain()
        texts = await written(inside)
        for index, screen in screens.items():
            assert screen.startswith((FAILED, IN_DOUBT)) or answers(index)[MESSAGE] in texts
            assert not screen.startswith(FAILED) or answers(index)[MESSAGE] not in texts
        assert {screen[: len(IN_DOUBT)] for screen in screens.values()} >= {IN_DOUBT, FAILED[: len(IN_DOUBT)]}
        references = [await redialled(phone, index) for index, phone in enumerate(phones)]
        for index, screen in screens.items():
            assert "Namba: " not in screen or reference_in(screen) == references[index]
        await assert_each_has_one_case(inside, references)
        assert len(await written(inside)) == PHONES


async def sent_over_a_crash(
    phones: list[Phone], postgres: PostgresServer, proxy: PostgresProxy, how: How
) -> dict[int, str]:
    """All confirm, some at once; under a commit the server crashes, and when one has failed it starts again."""
    screens: dict[int, str] = {}
    first, failed = asyncio.Event(), asyncio.Event()

    async def one_after_another(*indices: int) -> None:
        for index in indices:
            screens[index] = await phones[index].type(SEND)
            first.set()
            if screens[index].startswith(FAILED):
                failed.set()

    legs = asyncio.gather(*(one_after_another(*range(begin, PHONES, ABREAST)) for begin in range(ABREAST)))
    await first.wait()
    proxy.arm("COMMIT", how)
    await proxy.striking.wait()
    await asyncio.to_thread(postgres.crash)
    proxy.may_cut.set()
    await failed.wait()
    await asyncio.to_thread(postgres.start)
    await legs
    return screens
