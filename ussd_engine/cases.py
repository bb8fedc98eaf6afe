"""`ussd-engine case`: the officer's side of the built-in core, from the terminal."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click
import msgspec
from rich import box
from rich.console import Console
from rich.table import Table

from ussd_engine import config
from ussd_engine.country import Country
from ussd_engine.engine import open_keys
from ussd_engine.errors import EngineError
from ussd_engine.feedback.sql import SqlStore
from ussd_engine.ledger import Ledger
from ussd_engine.model import CaseState
from ussd_engine.reference import parse

_T = TypeVar("_T")

WIDTH = 120
"""What a row needs; a narrower terminal wraps it rather than losing the reference."""
COLUMNS = ("reference", "state", "type", "mode", "institution", "received", "due")


@click.group()
def case() -> None:
    """Cases in the built-in core."""


@case.command("list")
@click.option("--institution", help="Of one institution, by its code.")
@click.option("--state", type=click.Choice([state.value for state in CaseState]), help="In one state.")
@click.option("--limit", default=50, show_default=True, help="The most that are printed.")
@click.option("--json", "as_json", is_flag=True, help="For other programs: one JSON object a line.")
def list_cases(institution: str | None, state: str | None, limit: int, as_json: bool) -> None:
    """List cases, the newest first; no text is opened."""

    wanted = CaseState(state) if state else None

    async def work(ledger: Ledger, store: SqlStore) -> None:
        found = await store.list(institution, wanted, limit)
        if as_json:
            for row in found:
                click.echo(msgspec.json.encode(row))
            return
        table = Table(box=box.SIMPLE_HEAD)
        for column in COLUMNS:
            table.add_column(column, no_wrap=True)
        for row in found:
            table.add_row(*(str(getattr(row, column) or "") for column in COLUMNS))
        Console(width=max(Console().width, WIDTH)).print(table)

    _with_core(work)


@case.command("show")
@click.argument("reference")
@click.option("--json", "as_json", is_flag=True, help="For other programs: a JSON object.")
def show_case(reference: str, as_json: bool) -> None:
    """Show one case with its text."""
    wanted = parse(reference)
    if wanted is None:
        raise click.ClickException("that is not a reference: 9 digits, of which the last one is a check digit")

    async def work(ledger: Ledger, store: SqlStore) -> None:
        rows = await _told(ledger, store, wanted)
        if as_json:
            click.echo(json.dumps(rows, ensure_ascii=False))
            return
        for name, value in rows.items():
            for line in value.splitlines() or [""]:
                click.echo(f"{name:>14}  {line}")
                name = ""

    _with_core(work)


async def _told(ledger: Ledger, store: SqlStore, reference: str) -> dict[str, str]:
    """What an officer may see of a case: from the core, else what is still on its way there."""
    found = await store.show(reference)
    submission = found[1] if found else await ledger.submission(reference)
    if submission is None:
        raise click.ClickException("there is no case of that reference")
    rows = {"reference": reference, "state": found[0].state.value if found else "queued: the core has not taken it yet"}
    for name in ("service", "type", "mode", "institution", "handle", "number", "name", "submitted", "due"):
        value = getattr(submission, name)
        if value:
            rows[name] = str(value)
    extra = {name: value for name, value in submission.answers.items() if value and name not in {*rows, "identity"}}
    return rows | extra


def _with_core(work: Callable[[Ledger, SqlStore], Awaitable[_T]]) -> _T:
    """Run `work` on the built-in core of the settings."""

    async def opened() -> _T:
        settings = config.load()
        if settings.feedback.scheme != "sql":
            raise EngineError("the cases stand in an outside core: USSD_ENGINE_FEEDBACK names it")
        if settings.database.scheme == "sqlite" and not settings.keys.exists():
            raise EngineError(f"{settings.keys.parent}: no gateway has run with this folder, so there are no cases yet")
        country = Country.load(settings.country)
        keyring = open_keys(settings, country, time.time, [])

        def clock() -> int:
            return int(time.time() * 1000)

        ledger = await Ledger.open(settings.database.reveal(), keyring, clock, zone=country.time_zone)
        try:
            return await work(ledger, SqlStore(ledger.database, keyring))
        finally:
            await ledger.close()

    return asyncio.run(opened())
