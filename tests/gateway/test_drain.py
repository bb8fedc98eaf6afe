"""The end of a process: what is under way is answered, and the log tells of it."""

from __future__ import annotations

import asyncio
import io
import json
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import select

from sessions import MemorySessions
from tests.gateway.held import gate, refused
from tests.gateway.house import NUMBER, REVIEW, SEND
from tests.gateway.processes import Phone, number, reference_in, served
from ussd_engine import config
from ussd_engine.app import ENGINE, create_app
from ussd_engine.drain import drain
from ussd_engine.ledger.schema import connect
from ussd_engine.ledger.tables import cases
from ussd_engine.logs import Log, Notice

ENDS = (Notice.DRAINING, Notice.STOPPED, Notice.CUT_OFF)


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as found:
        yield found


async def sent(folder: Path) -> set[str]:
    """The references of all cases of a gateway that ran in a folder."""
    database = connect(f"sqlite:///{folder}/var/ussd-engine.db")
    try:
        return set(await database.read(lambda conn: conn.scalars(select(cases.c.reference)).all()))
    finally:
        await database.close()


async def test_sigterm_answers_whole_what_is_under_way_takes_nothing_new_and_ends(
    tmp_path: Path, client: aiohttp.ClientSession
) -> None:
    async with gate() as held, served(tmp_path, command=held.command, deadline_s="10") as gateway:
        url = await gateway.url()
        asking = [Phone(client, url, number(index)) for index in range(10)]
        sending = [Phone(client, url, number(10 + index)) for index in range(10)]
        await asyncio.gather(*(phone.dial() for phone in [*asking, *sending]))
        expected = await asking.pop().type("9")
        await asyncio.gather(*(phone.type(*REVIEW) for phone in sending))
        held.shut()
        legs = [asyncio.create_task(phone.type("9")) for phone in asking]
        confirmations = [asyncio.create_task(phone.type(SEND)) for phone in sending]
        await held.holds(len(legs) + len(confirmations))
        gateway.signal(signal.SIGTERM)
        await refused(url)
        assert not any(leg.done() for leg in [*legs, *confirmations])
        held.open()
        assert await asyncio.gather(*legs) == [expected] * len(legs)
        references = set(map(reference_in, await asyncio.gather(*confirmations)))
        assert await gateway.ended() == 0
        assert "Traceback" not in gateway.said
        asked, stopped = [line for line in gateway.logged() if line["event"] in ENDS]
        assert (asked["event"], asked["number"], asked["level"]) == (Notice.DRAINING, len(legs) + len(sending), "info")
        assert (stopped["event"], stopped["number"], stopped["level"]) == (Notice.STOPPED, 0, "info")
        assert stopped["ms"] > 0
        assert gateway.logged()[-1] == stopped, "the last line of a process"
    assert await sent(tmp_path) == references


async def test_an_interrupt_of_the_terminal_is_told_as_well(tmp_path: Path) -> None:
    async with served(tmp_path) as gateway:
        await gateway.url()
        gateway.signal(signal.SIGINT)
        assert await gateway.ended() == 0
        ends = [line for line in gateway.logged() if line["event"] in ENDS]
    assert [(line["event"], line["number"]) for line in ends] == [(Notice.DRAINING, 0), (Notice.STOPPED, 0)]


async def test_a_turn_that_outlasts_the_drain_is_counted_as_cut_off(
    tmp_path: Path, client: aiohttp.ClientSession
) -> None:
    reading, lines = asyncio.Event(), io.BytesIO()

    class Stuck(MemorySessions):
        async def load(self, key: bytes) -> None:
            reading.set()
            await asyncio.Event().wait()

    log = Log(stream=lines)
    app = create_app(
        config.load({"USSD_ENGINE_VAR": str(tmp_path)}),
        log=log,
        proven=True,
        open_store=lambda url, seal: Stuck(seal, time.time),
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    leg = asyncio.create_task(Phone(client, f"http://{host}:{port}", NUMBER).dial())
    await reading.wait()
    await drain(runner, app[ENGINE].admission, log)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await leg
    await asyncio.sleep(0)  # lines of one tick are written at its end
    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [(one["event"], one["number"], one["level"]) for one in told if one["event"] in ENDS] == [
        (Notice.DRAINING, 1, "info"),
        (Notice.CUT_OFF, 1, "warning"),
    ]
