"""Whatever knocks: never a fault of the server's, no word of what is behind the door, nobody else's dialog moved."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.hostile import rows, rows_http, rows_xml
from tests.hostile.front import TO_MESSAGE, Citizen, Front, opened
from tests.hostile.rows import MINE, Row

pytestmark = pytest.mark.asyncio(loop_scope="module")

WORDS = "Maji hayatoki kwa wiki mbili"
TABLE = [
    *rows.methods(),
    *rows.types(),
    *rows.bytes_(),
    *rows.fields_(),
    *rows.numbers(),
    *rows.sizes(),
    *rows_http.addresses(),
    *rows_http.queries(),
    *rows_http.notices(),
    *rows_http.operators(),
    *rows_http.headers(),
    *rows_http.connections(),
    *rows_xml.bombs(),
    *rows_xml.charsets(),
    *rows_xml.fields(),
    *rows_xml.addresses(),
    *rows_xml.hub(),
]
AS_JSON = list(rows.json_bodies())
INNARDS = (b"Traceback", b'File "', b".py", b"Error:", b"aiohttp", b"sqlalchemy", b"Python/")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def under_way(front: Front, honest: Citizen) -> Citizen:
    """The honest citizen has come to the question for her words."""
    await honest.dial()
    assert "Andika ujumbe" in await honest.type(*TO_MESSAGE)
    return honest


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def json_front(tmp_path_factory: Any) -> AsyncIterator[Front]:
    settings = '{"generic": {"method": "POST", "body": "json"}}'
    async with opened(tmp_path_factory.mktemp("json"), channel_settings=settings) as found:
        yield found


async def knock(front: Front, row: Row) -> None:
    """One exchange, with all that must hold after any."""
    kept, said = await front.rows(), len(front.lines.getvalue())
    sessions = dict(front.store._entries)
    answer = await front.exchange(row.sent, row.half_closed)
    assert answer.status == row.status, answer.raw[:300]
    assert all(status < 500 for status in answer.statuses)
    assert [word for word in INNARDS if word in answer.body] == []
    assert b"X-Injected" not in answer.raw.partition(b"\r\n\r\n")[0]
    log = front.said(said)
    assert '"event":"fault"' not in log
    assert "Traceback" not in log
    assert [number for number in (MINE, MINE[3:], "ATUid_hostile") if number in log] == []
    assert await front.rows() == kept
    if 200 not in answer.statuses:
        assert front.store._entries == sessions


@pytest.mark.parametrize("row", TABLE, ids=[row.label for row in TABLE])
async def test_a_hostile_callback_gets_its_status_and_changes_nothing(
    front: Front, under_way: Citizen, row: Row
) -> None:
    await knock(front, row)
    assert await under_way.leg() == under_way.screen


@pytest.mark.parametrize("row", AS_JSON, ids=[row.label for row in AS_JSON])
async def test_a_hostile_json_body_gets_its_status_and_changes_nothing(json_front: Front, row: Row) -> None:
    await knock(json_front, row)


async def test_a_token_in_any_shape_opens_nothing(tmp_path_factory: Any) -> None:
    token = "0123456789abcdef0123456789abcdef"
    where = tmp_path_factory.mktemp("tokens")
    async with opened(where, channels=f"africastalking:{token}") as guarded:
        assert (await guarded.exchange(rows.request("POST", f"{rows.AT}/{token}", rows.SOUND))).status == 200
        for tail in (
            "",
            "/",
            f"/{token[:-1]}",
            f"/{token}0",
            f"/{token.upper()}",
            f"/{token}/",
            f"/{token}%00",
            f"/%20{token}",
            f"/{token}%0d%0aX-Injected:1",
            f"/{token}/{token}",
            f"?token={token}",
            "/%ED%A0%80",
            "/" + "%FF" * 32,
            "/events",
            f"/events/{token[:-1]}",
        ):
            await knock(guarded, Row(tail, rows.request("POST", rows.AT + tail, rows.SOUND), 404))


async def test_the_honest_citizens_dialog_goes_on_as_if_nothing_had_been(
    front: Front, under_way: Citizen, client: aiohttp.ClientSession
) -> None:
    """Last in this file: she sends what she came to send."""
    last = await under_way.type(WORDS, "1", "1")
    assert last.startswith("END ")
    reference = next(line for line in last.split("\n") if line.startswith("Namba: "))[7:]
    submission = await front.engine.ledger.submission(reference)
    assert submission is not None
    assert submission.answers["message"] == WORDS
    assert (await front.rows())["submissions"] == 1


async def test_no_two_rows_are_the_same() -> None:
    labels = [row.label for row in itertools.chain(TABLE, AS_JSON)]
    assert len(set(labels)) == len(labels) > 200
