"""A gateway that is bound: USSD and SMS over SMPP, by an SMSC of the simulator's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.gateway.bound import Bound, bound_edge
from tests.gateway.handset import numbers
from tests.gateway.house import COMPLAINT, HOME, NUMBER
from tests.gateway.test_sms_circle import Office
from tests.gateway.texting import COMPLAINT as BY_SMS
from tests.gateway.texting import SHORT, WAIT_S, count, reference_in
from ussd_engine.errors import RolledBack
from ussd_engine.ledger.database import Database
from ussd_engine.ledger.smspurge import SMS_PURGES
from ussd_engine.ledger.smstables import sms_pieces
from ussd_engine.smpp import pdu as p
from ussd_engine.sms.message import Progress
from ussd_engine.sms.taking import Taking

REVIEWED = (*HOME, *COMPLAINT, "2", "Asha Juma")


@pytest.fixture
async def bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bound]:
    monkeypatch.setattr("ussd_engine.smpp.bind.FIRST_S", 0.01)
    async with bound_edge(tmp_path) as found:
        yield found


async def states(bound: Bound) -> list[Progress]:
    return [one.state for one in await bound.edge.engine.ledger.sms_view.messages()]


async def come_to(bound: Bound, *wanted: Progress) -> None:
    """Return once the messages are so far, the newest first."""
    async with asyncio.timeout(WAIT_S):
        while await states(bound) != list(wanted):
            pass


async def test_a_dialog_goes_to_its_reference_and_the_receipt_is_told_as_delivered(bound: Bound) -> None:
    assert "9. " in (await bound.dial()).text
    await bound.type(*REVIEWED)
    last = await bound.type("1")
    assert last.ends
    ref = reference_in(last.text)
    assert (await bound.edge.case(ref)).reference == ref
    text, sm = await bound.next()
    assert ref in text
    assert (sm.destination.text, sm.source.text, sm.registered) == (NUMBER, SHORT, 1)
    await come_to(bound, Progress.ACCEPTED)
    assert await bound.report("00000001") == p.OK
    await come_to(bound, Progress.DELIVERED)


async def test_an_sms_is_answered_and_a_case_goes_its_way_by_sms(bound: Bound) -> None:
    assert await bound.write(BY_SMS) == p.OK
    received, _ = await bound.next()
    ref = reference_in(received)
    await bound.next()
    await Office(bound.edge).does("open", ref)
    assert ref in (await bound.next())[0]


async def test_what_is_bound_has_no_address(bound: Bound) -> None:
    for where in ("/ussd/smpp", "/ussd/smpp/events", "/sms/smpp", "/sms/smpp/reports"):
        assert (await bound.edge.post(where, b""))[0] == 404


async def test_binds_are_counted_and_told(bound: Bound) -> None:
    await bound.dial()
    found = await numbers(bound.edge)
    assert found['ussd_binds{channel="smpp",medium="ussd"}'] == 1
    assert found['ussd_bind_changes_total{change="bound",channel="smpp",medium="ussd"}'] == 1
    assert bound.network.tried == [("ussd", "p1")]
    assert bound.centre.tried == [("sms", "p2")]


# long SMS in parts


def parts(text: str, reference: int = 7, size: int = 60) -> list[bytes]:
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    return [bytes((5, 0, 3, reference, len(pieces), number)) + one.encode() for number, one in enumerate(pieces, 1)]


LONG = BY_SMS + " tangu Jumatatu, na mafundi hawajafika ingawa tulipiga simu mara tatu kwa ofisi yao ya Dodoma mjini"


async def brought(bound: Bound, pieces: list[bytes]) -> list[int]:
    return [await bound.write(one, esm_class=p.HAS_UDH) for one in pieces]


async def kept(bound: Bound) -> list[tuple[int, bool]]:
    query = select(sms_pieces).order_by("number")
    rows = await bound.edge.engine.ledger.database.read(lambda conn: conn.execute(query).all())
    return [(row.number, row.sealed is not None) for row in rows]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 1, 0, 2, 2)])
async def test_a_long_sms_is_read_once_it_is_whole(bound: Bound, order: tuple[int, ...]) -> None:
    pieces = parts(LONG)
    assert len(pieces) == 3
    assert set(await brought(bound, [pieces[index] for index in order])) == {p.OK}
    ref = reference_in((await bound.next())[0])
    submission = await bound.edge.submission(ref)
    assert str(submission.answers["message"]).endswith("ofisi yao ya Dodoma mjini")
    assert [closed for _, closed in await kept(bound)] == [False] * 3
    assert (await numbers(bound.edge))['ussd_sms_in_total{arrival="part",channel="smpp"}'] >= 2


async def test_a_whole_one_that_comes_again_is_known(bound: Bound) -> None:
    await brought(bound, parts(LONG))
    await bound.next()
    assert set(await brought(bound, parts(LONG))) == {p.OK}
    assert await count(bound.edge) == 1


async def test_another_one_under_the_same_reference_is_another(bound: Bound) -> None:
    await brought(bound, parts(LONG))
    await bound.next()
    await brought(bound, parts(LONG.replace("umeme umekatika", "nguzo imeanguka")))
    async with asyncio.timeout(WAIT_S):
        while await count(bound.edge) < 2:
            await bound.next()


async def test_what_lacks_a_part_is_read_as_far_as_it_came(bound: Bound) -> None:
    pieces = parts(LONG)
    await brought(bound, [pieces[0], pieces[2]])
    edge = bound.edge
    engine = edge.engine
    told: list[Exception] = []
    answering = engine.answering
    joining = Taking(
        answering, engine.ledger, engine.keyring, engine.gateway.now_ms, engine.metrics, told.append
    ).joining
    edge.now += 599
    await joining.step()
    assert await count(edge) == 0
    edge.now += 2
    for _ in range(2):
        await joining.step()
    ref = reference_in((await bound.next())[0])
    assert "..." in str((await bound.edge.submission(ref)).answers["message"])
    assert (await count(edge), told) == (1, [])


async def test_a_part_that_cannot_be_kept_is_asked_for_again(bound: Bound, monkeypatch: pytest.MonkeyPatch) -> None:
    real = type(bound.edge.engine.ledger.database).write
    away = [True]

    async def write(self: Database, job: Any) -> Any:
        if away[0] and "put" in job.__qualname__:
            raise RolledBack("away on purpose")
        return await real(self, job)

    monkeypatch.setattr(type(bound.edge.engine.ledger.database), "write", write)
    pieces = parts(LONG)
    assert await brought(bound, pieces[:1]) == [p.NOT_NOW]
    away.clear()
    away.append(False)
    assert await brought(bound, pieces) == [p.OK] * 3
    await bound.next()


async def test_parts_that_wait_are_sealed_and_go_in_a_day(bound: Bound) -> None:
    await brought(bound, parts(LONG)[:2])
    database = bound.edge.engine.ledger.database
    stored = await database.read(lambda conn: repr(conn.execute(select(sms_pieces)).all()))
    assert [word for word in ("TANESCO", NUMBER, "Jumatatu") if word in stored] == []
    purge = SMS_PURGES["parts of SMS that came"]
    bound.edge.now += 24 * 3600 + 1
    assert await database.write(lambda conn: purge(conn, bound.edge.engine.gateway.now_ms(), 100)) == 2
    assert await kept(bound) == []
