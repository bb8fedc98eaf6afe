"""Before something is purged that no core has, its operator reads of it in the log, in the numbers and in the list."""

from __future__ import annotations

import asyncio
import dataclasses
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest
from aiohttp import ClientSession
from click.testing import CliRunner
from sqlalchemy import update

from ussd_engine import config
from ussd_engine.app import ENGINE, create_app, running
from ussd_engine.cli import cli
from ussd_engine.engine import Engine
from ussd_engine.ledger.queue import enqueue, outbox_row
from ussd_engine.ledger.tables import cases
from ussd_engine.logs import Log, Notice
from ussd_engine.messages import Addition
from ussd_engine.testing.specimens import NOON_MS, TEXT, submit

DAY_S = 86_400


class Lines(io.BytesIO):
    """Where a log is written; `purged` is set by the line that tells of a purge."""

    def __init__(self) -> None:
        super().__init__()
        self.purged = asyncio.Event()

    def write(self, octets: object) -> int:
        written = super().write(octets)  # type: ignore[arg-type]
        if Notice.PURGED.encode() in self.getvalue():
            self.purged.set()
        return written

    def events(self) -> list[tuple[str, int, str]]:
        lines = [json.loads(line) for line in self.getvalue().splitlines()]
        return [(line["event"], line["number"], line["level"]) for line in lines if "number" in line]


@asynccontextmanager
async def gateway(
    folder: Path, days: int, role: Literal["all", "ussd"], lines: Lines
) -> AsyncIterator[tuple[Engine, str]]:
    """A gateway some days after the case began; its engine and address."""
    settings = dataclasses.replace(config.load({"USSD_ENGINE_VAR": str(folder)}), role=role)
    app = create_app(settings, clock=lambda: NOON_MS / 1000 + days * DAY_S, log=Log(stream=lines), proven=True)
    async with running(app) as address:
        yield app[ENGINE], address


async def an_addition_is_given_up(engine: Engine) -> str:
    """Of a case that its core received, and that nobody ends; the id of the dead letter."""
    act, ledger = submit(), engine.ledger
    await ledger.act(act)
    (claim,) = await ledger.outbox.claim(NOON_MS, 1)
    await ledger.outbox.done(claim, "EMR-1")
    message = Addition(idempotency_key="ab" * 16, reference=act.reference, text=TEXT, at_ms=NOON_MS)
    await ledger.database.write(lambda conn: enqueue(conn, [outbox_row(engine.keyring, message, NOON_MS)]))
    (claim,) = await ledger.outbox.claim(NOON_MS, 1)
    await ledger.outbox.dead(claim, "Rejected", NOON_MS)
    return claim.key.hex()[:12]


@pytest.mark.parametrize(("days", "going", "dead"), [(335, 0, 1), (336, 1, 1), (365, 1, 1), (366, 0, 0)])
async def test_an_operator_is_told_for_thirty_days(tmp_path: Path, days: int, going: int, dead: int) -> None:
    async with gateway(tmp_path, 0, "ussd", Lines()) as (engine, _):
        await an_addition_is_given_up(engine)
    lines = Lines()
    async with gateway(tmp_path, days, "all", lines) as (_, address), ClientSession() as client:
        await lines.purged.wait()
        async with client.get(f"{address}/metrics") as answer:
            told = (await answer.text()).splitlines()
    assert f"ussd_unsent_going {going}.0" in told
    assert f"ussd_dead_letters {dead}.0" in told
    assert ((Notice.UNSENT_GOES, 1, "warning") in lines.events()) == bool(going)


def test_the_list_of_dead_letters_says_until_when_each_is_kept(tmp_path: Path) -> None:
    async def give_up() -> tuple[str, str]:
        async with gateway(tmp_path, 0, "ussd", Lines()) as (engine, _):
            addition = await an_addition_is_given_up(engine)
            await engine.ledger.act(submit(caller=None))
            (claim,) = await engine.ledger.outbox.claim(NOON_MS, 1)
            await engine.ledger.outbox.dead(claim, "Rejected", NOON_MS)
            return addition, claim.key.hex()[:12]

    addition, submission = asyncio.run(give_up())
    env = {"USSD_ENGINE_VAR": str(tmp_path)}
    shown = CliRunner().invoke(cli, ["outbox", "list"], env=env).output.splitlines()
    (line,) = [line for line in shown if addition in line]
    assert "2026-11-25" in line
    (line,) = [line for line in shown if submission in line]
    assert "you retry" in line
    found = CliRunner().invoke(cli, ["outbox", "list", "--json"], env=env).output.splitlines()
    until = {one["id"][:12]: one["kept_until"] for one in map(json.loads, found) if "kept_until" in one}
    assert until == {addition: "2026-11-25", submission: None}


async def test_numbers_of_a_case_that_nobody_ends_go_by_the_running_gateway(tmp_path: Path) -> None:
    async with gateway(tmp_path, 0, "ussd", Lines()) as (engine, _):
        act = submit()
        await engine.ledger.act(act)
        (claim,) = await engine.ledger.outbox.claim(NOON_MS, 1)
        await engine.ledger.outbox.done(claim, "EMR-1")
        opened = update(cases).where(cases.c.reference == act.reference).values(state="in_progress")
        await engine.ledger.database.write(lambda conn: conn.execute(opened).rowcount)
    for days, kept in ((365, True), (366, False)):
        lines = Lines()
        async with gateway(tmp_path, days, "all", lines) as (engine, _):
            await lines.purged.wait()
            case = await engine.ledger.case(act.reference)
            assert case is not None
            assert (case.handle is not None) == kept
