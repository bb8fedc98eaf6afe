"""The desk that a command of an officer works at: the built-in core of the settings, and who acts there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, NamedTuple, TypeVar

import click

from ussd_engine import config
from ussd_engine.delivery import Delivery
from ussd_engine.engine import read_menus
from ussd_engine.errors import EngineError
from ussd_engine.feedback.access import Officer, Refused, officer_of
from ussd_engine.feedback.desk import Desk
from ussd_engine.feedback.offices import Offices
from ussd_engine.feedback.sql import SqlStore
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.outbox import Whose
from ussd_engine.menu.edition import Edition
from ussd_engine.premises import now_ms, premises
from ussd_engine.reference import parse

T = TypeVar("T")


class Office(NamedTuple):
    """What a command has at hand."""

    officer: Officer
    desk: Desk
    store: SqlStore
    offices: Offices
    edition: Edition
    ledger: Ledger
    keyring: Keyring

    def today(self) -> date:
        """The country's day."""
        return self.offices.day(now_ms())


def acting(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option that says who acts."""
    option = click.option(
        "--as", "who", metavar="ROLE@OFFICE", help="Who acts, as officer@DUWASA; else USSD_ENGINE_OFFICER says."
    )
    return option(command)


def reference_of(ctx: click.Context, _: click.Parameter, value: str) -> str:
    """The 9 digits of a reference in any spelling."""
    found = parse(value)
    if found is None:
        raise click.BadParameter("that is not a reference: 9 digits, of which the last one is a check digit")
    return found


def at_office(who: str | None, work: Callable[[Office], Awaitable[T]]) -> T:
    """Run `work` at the built-in core of the settings. What waits on its way there is carried first."""

    async def opened() -> T:
        settings = config.load()
        if settings.feedback.scheme != "sql":
            raise EngineError("the cases stand in an outside core: USSD_ENGINE_FEEDBACK names it")
        named = who or settings.officer
        if not named:
            raise Refused("who acts? Say it with --as ROLE@OFFICE (officer@DUWASA), or set USSD_ENGINE_OFFICER")
        edition = await asyncio.to_thread(read_menus, settings)
        offices = Offices.of(edition)
        officer = officer_of(named, offices)
        async with premises(settings, edition.country) as (ledger, keyring):
            ledger.due, ledger.knows = edition.due, edition.knows
            store = SqlStore(ledger.database, keyring, lambda: offices, now_ms)
            # Without the private key a row with a number cannot be carried, and the attempt would count.
            # What is an institution's waits for the gateway, which knows the way there.
            own = Delivery(ledger.outbox, store, now_ms, whose=Whose(but=tuple(settings.hosted)))
            while keyring.private and await own.step():
                pass
            desk = Desk(ledger.database, keyring, offices, now_ms)
            return await work(Office(officer, desk, store, offices, edition, ledger, keyring))

    return asyncio.run(opened())
