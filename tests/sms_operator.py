"""Ledgers in which SMS stand as they may, and the commands of whoever runs the gateway on them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from ussd_engine.cli import cli
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.smsqueue import Lent
from ussd_engine.ledger.smsrows import withhold
from ussd_engine.ledger.smstables import sms
from ussd_engine.sms.message import Priority, Progress
from ussd_engine.testing.sms_contract import KEY
from ussd_engine.testing.sms_specimens import HOUR_MS, notice, outcome, said
from ussd_engine.testing.specimens import DAY, MSISDN

OTHER = "255700000002"
REF = "482173659"
KANNEL = {"sms": {"username": "us", "password": KEY, "sender": "15200"}}
LOOPBACK: dict[str, Any] = {"sms": {}}
ROUTES = ("kannel", "loopback")
Command = Callable[..., Result]


@pytest.fixture
def var(tmp_path: Path, sqlite_template: bytes) -> Path:
    """A folder in which a gateway has run."""
    (tmp_path / "ussd-engine.db").write_bytes(sqlite_template)
    Keyring.create(tmp_path / "keys.json", DAY)
    return tmp_path


@pytest.fixture
def command(var: Path) -> Command:
    """Runs a command where Kannel carries SMS, and loopback what it cannot."""

    def run(*words: str, **settings: Any) -> Result:
        given = settings or {"kannel": KANNEL, "loopback": LOOPBACK}
        return CliRunner().invoke(cli, ["sms", *words], env=environment(var, given), standalone_mode=False)

    return run


def environment(var: Path, settings: dict[str, Any]) -> dict[str, str]:
    carried = {"CHANNELS": " ".join(settings), "CHANNEL_SETTINGS": json.dumps(settings)} if settings else {}
    return {f"USSD_ENGINE_{name}": value for name, value in {"VAR": str(var), **carried}.items()}


def refusal(result: Result) -> str:
    """The words of a command that did nothing."""
    assert result.exception is not None, result.output
    return str(getattr(result.exception, "message", result.exception))


def in_ledger(var: Path, work: Callable[[Ledger], Any]) -> Any:
    """What comes of work on the ledger of a folder, whose clock goes."""

    async def opened() -> Any:
        url = f"sqlite:///{var / 'ussd-engine.db'}"
        ledger = await Ledger.open(url, Keyring.load(var / "keys.json"), now, routes=ROUTES)
        try:
            return await work(ledger)
        finally:
            await ledger.close()

    return asyncio.run(opened())


def now() -> int:
    return int(time.time() * 1000)


async def queue(ledger: Ledger, **changes: Any) -> None:
    """One SMS, that may leave at any hour."""
    made = notice(**{"at_ms": now(), "priority": Priority.REPLY, "push": False, "values": {"ref": REF}} | changes)
    await ledger.database.write(lambda conn: ledger.sms.put(conn, [made]))


async def lend(ledger: Ledger, route: str = "kannel", **changes: Any) -> Lent:
    await queue(ledger, **changes)
    (lent,) = (await ledger.sms.take(route, now(), 1)).lent
    return lent


async def change(ledger: Ledger, **values: Any) -> None:
    await ledger.database.write(lambda conn: conn.execute(update(sms).values(**values)).rowcount)


def listed(result: Result) -> list[dict[str, Any]]:
    """The messages of a list."""
    assert result.exception is None, result.output
    return [row for row in map(json.loads, result.stdout.splitlines()) if "id" in row]


# how one may stand


async def due(ledger: Ledger) -> None:
    await queue(ledger)


async def in_hand(ledger: Ledger) -> None:
    await lend(ledger)


async def behind(ledger: Ledger) -> None:
    await queue(ledger)
    await queue(ledger)


async def night(ledger: Ledger) -> None:
    await queue(ledger)
    await change(ledger, not_before_ms=noon())


async def failed(ledger: Ledger) -> None:
    lent = await lend(ledger)
    told = outcome(lent, "kannel", now(), parts=1, again=True, reason="kannel answered 500")
    await ledger.sms.settle(told)
    await change(ledger, not_before_ms=noon())


async def stopped(ledger: Ledger) -> None:
    await queue(ledger)
    await ledger.sms_routes.stop("kannel", "no credit", now() - 3 * HOUR_MS)


async def taken(ledger: Ledger) -> None:
    await ledger.sms.settle(outcome(await lend(ledger), "kannel", now(), said(provider_id="7")))


async def silent(ledger: Ledger) -> None:
    await taken(ledger)
    await change(ledger, changed_ms=now() - 3 * HOUR_MS)


async def rejected(ledger: Ledger) -> None:
    refused = said(Progress.REJECTED, reason="Blacklisted")
    await ledger.sms.settle(outcome(await lend(ledger), "kannel", now(), refused))


async def withheld(ledger: Ledger) -> None:
    await queue(ledger)
    tags = ledger.notices.scribe.tags(MSISDN)
    await ledger.database.write(lambda conn: withhold(conn, [], tags, now(), "stopped", pushes=False))


def noon() -> int:
    """Some 12:00 UTC to come."""
    return (now() // (24 * HOUR_MS) + 2) * 24 * HOUR_MS - 12 * HOUR_MS
