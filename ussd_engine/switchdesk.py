"""What an operator turns by hand while the gateway runs: services and channels that stop, phones of a pilot.

Every process knows of it within seconds, on whatever machine. No command shows a number.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Final, NamedTuple, TextIO

import click

from ussd_engine import config, until
from ussd_engine.config import Config
from ussd_engine.country import Country
from ussd_engine.engine import read_menus
from ussd_engine.errors import MenuError, did_you_mean
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.smsroutes import Route
from ussd_engine.ledger.switches import Kind, Stop
from ussd_engine.listing import age, as_json, iso, show
from ussd_engine.menu.edition import Edition
from ussd_engine.premises import now_ms, on_premises

LONGEST_WHY: Final = 200
USSD, SMS = "ussd", "sms"

named = click.argument("name")
why_said = click.option(
    "--why", default="", metavar="TEXT", help="For whoever looks next, in plain sight: no word of a citizen."
)
one_side = click.option(
    "--only", type=click.Choice([USSD, SMS]), help="Of a channel that does both: its dials alone, or its SMS alone."
)


class _Target(NamedTuple):
    """What a name stands for: rows of the switches, and whether the SMS of a route are meant too."""

    kinds: tuple[Kind, ...]
    route: bool
    sides: str = "dials"
    """What a channel takes beside SMS."""


# stopping


@click.command()
@named
@click.option("--until", "ends", required=True, metavar="WHEN", help="14:00, 2026-01-15, or a day and a time.")
@why_said
def maintenance(name: str, ends: str, why: str) -> None:
    """Stop a service, or the dials of a channel, until WHEN.

    Who dials is told until when; then it starts by itself. Dialogs that are under way go on.
    """
    settings = config.load()
    zone, target = Country.load(settings.country).time_zone, _target(settings, name, None)
    if not target.kinds:
        raise click.UsageError(f"{name} carries SMS alone, and they wait without an end: `ussd-engine stop {name}`")
    try:
        until_ms = until.read(ends, now_ms(), zone)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--until") from None
    _stop(name, target._replace(route=False), until_ms, why)
    click.echo(f"{name}: stopped until {_moment(until_ms, zone)}. {_way_out(name)}", err=True)


@click.command()
@named
@why_said
@one_side
def stop(name: str, why: str, only: str | None) -> None:
    """Stop a service or a channel until somebody starts it again.

    Who dials is told; dialogs that are under way go on. SMS of a channel wait, and go by no other one.
    """
    target = _target(config.load(), name, only)
    _stop(name, target, None, why)
    click.echo(f"{name}: {' and '.join(_stopped_sides(target))}. {_way_out(name)}", err=True)


@click.command()
@named
@one_side
def start(name: str, only: str | None) -> None:
    """Start what `stop` or `maintenance` has stopped, or a route of SMS that its provider has."""
    target = _target(config.load(), name, only)

    async def work(ledger: Ledger) -> bool:
        begun = [await ledger.switches.start(kind, name, now_ms()) for kind in target.kinds]
        begun += [await ledger.sms_routes.start(name)] if target.route else []
        return any(begun)

    begun = on_premises(work)
    click.echo(f"{name}: {'every process knows within seconds' if begun else 'it was not stopped'}", err=True)


@click.command()
@as_json
def stopped(as_json: bool) -> None:
    """List what is stopped, until when, and why."""
    zone = Country.load(config.load().country).time_zone

    async def work(ledger: Ledger) -> None:
        stops = await ledger.switches.stopped(now_ms())
        routes = [one for one in await ledger.sms_routes.all() if one.stopped]
        if as_json:
            for row in [*map(_plain, stops), *map(_plain_route, routes)]:
                click.echo(json.dumps(row))
            return
        rows = [(one.kind.value, one.name, _end(one, zone), age(one.at_ms), one.why) for one in stops]
        rows += [("SMS", one.name, "it is started", _since(one), one.reason) for one in routes]
        if rows:
            show(("what", "name", "until", "since", "why"), rows)
        click.echo(f"{len(rows)} stopped", err=True)

    on_premises(work)


def _stop(name: str, target: _Target, until_ms: int | None, why: str) -> None:
    said = " ".join(why.split())
    if len(said) > LONGEST_WHY:
        raise click.UsageError(f"--why: say it in {LONGEST_WHY} characters at most")

    async def work(ledger: Ledger) -> None:
        for kind in target.kinds:
            await ledger.switches.stop(Stop(kind=kind, name=name, until_ms=until_ms, why=said, at_ms=now_ms()))
        if target.route:
            await ledger.sms_routes.stop(name, said or "stopped by an operator", now_ms())

    on_premises(work)


def _target(settings: Config, name: str, only: str | None) -> _Target:
    """What is called so. `UsageError` where nothing is, or two things are."""
    services = _services(settings)
    collects = list(config.open_collectors(settings, lambda _: None))
    dialled = [*(one.name for one in settings.ussd_channels), *collects]
    routes = list(config.open_gateways(settings, lambda _: None))
    channel = name in dialled or name in routes
    if name in services and channel:
        raise click.UsageError(f'"{name}" is a service and a channel: give the service another name')
    if not channel and (name in services or not services):
        if only is not None:
            raise click.UsageError("--only is for channels: a service takes neither dials nor SMS while it is stopped")
        return _Target((Kind.SERVICE,), route=False)
    if not channel:
        there = list(dict.fromkeys([*services, *dialled, *routes]))
        hint = did_you_mean(name, there)
        raise click.UsageError(f'no service and no channel is called "{name}"{hint}; there are {", ".join(there)}')
    kinds = (Kind.CHANNEL,) if name in dialled and only != SMS else ()
    target = _Target(kinds, name in routes and only != USSD, "forms" if name in collects else "dials")
    if not target.kinds and not target.route:
        raise click.UsageError(f"{name} {'takes no dials' if only == USSD else 'carries no SMS'} here")
    return target


def _services(settings: Config) -> list[str]:
    """The services of the menus; none where these cannot be read, for what runs must be stopped all the same."""
    try:
        return list(read_menus(settings).services)
    except MenuError:
        click.echo("the menus cannot be read now: what is no channel is taken for a service", err=True)
        return []


def _stopped_sides(target: _Target) -> Iterator[str]:
    if Kind.SERVICE in target.kinds:
        yield "stopped; its SMS are answered that they cannot be taken now"
    if Kind.CHANNEL in target.kinds:
        yield f"its {target.sides} are stopped"
    if target.route:
        yield "its SMS wait"


def _way_out(name: str) -> str:
    return f"Every process knows within seconds; `ussd-engine start {name}` starts it again"


def _end(one: Stop, zone: tzinfo) -> str:
    return "it is started" if one.until_ms is None else _moment(one.until_ms, zone)


def _moment(at_ms: int, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, zone):%Y-%m-%d %H:%M %Z}"


def _plain(one: Stop) -> dict[str, object]:
    ends = None if one.until_ms is None else iso(one.until_ms)
    return {"what": one.kind.value, "name": one.name, "until": ends, "since": iso(one.at_ms), "why": one.why}


def _since(route: Route) -> str:
    return age(route.stopped_ms) if route.stopped_ms else ""


def _plain_route(route: Route) -> dict[str, object]:
    since = iso(route.stopped_ms) if route.stopped_ms else None
    return {"what": SMS, "name": route.name, "until": None, "since": since, "why": route.reason}


# pilots


@click.group()
def pilot() -> None:
    """The phones to which a service in pilot is open."""


@pilot.command("list")
@as_json
def list_pilots(as_json: bool) -> None:
    """List how many phones each pilot has. The numbers themselves are not kept."""
    edition = read_menus(config.load())

    async def work(ledger: Ledger) -> None:
        counts = await ledger.switches.counted()
        pilots = [name for name, menu in edition.services.items() if menu.service.pilot]
        rows = [(name, str(counts.get(name, 0)), _open(edition, name)) for name in dict.fromkeys([*pilots, *counts])]
        if as_json:
            for name, phones, is_open in rows:
                click.echo(json.dumps({"service": name, "phones": int(phones), "is": is_open}))
        elif rows:
            show(("service", "phones", "is"), rows)
        else:
            click.echo("no service is in pilot, and no phone is listed", err=True)

    on_premises(work)


@pilot.command()
@click.argument("service")
@click.argument("numbers", nargs=-1, metavar="[NUMBER]…")
@click.option("--from", "file", type=click.File(), help="A file with a number a line; - for what is typed or piped.")
def add(service: str, numbers: tuple[str, ...], file: TextIO | None) -> None:
    """Open a pilot to phones.

    Kept of each is a keyed hash, for 12 months. Numbers in the command stay in your shell's history: --from - does not.
    """
    edition = read_menus(config.load())
    _known(edition, service)
    msisdns = _msisdns(edition.country, numbers, file)

    count = on_premises(lambda ledger: ledger.switches.list_phones(service, msisdns, now_ms()))
    note = "" if edition.services[service].service.pilot else f"; {service} is no pilot, so that everybody sees it"
    phones = "1 phone is" if count == 1 else f"{count} phones are"
    click.echo(f"{service}: {phones} listed, and see it within seconds{note}", err=True)


@pilot.command()
@click.argument("service")
@click.argument("numbers", nargs=-1, metavar="[NUMBER]…")
@click.option("--from", "file", type=click.File(), help="A file with a number a line; - for what is typed or piped.")
@click.option("--all", "everything", is_flag=True, help="All that are listed.")
def remove(service: str, numbers: tuple[str, ...], file: TextIO | None, everything: bool) -> None:
    """Close a pilot to phones; a dialog that is under way goes on."""
    if everything == bool(numbers or file):
        raise click.UsageError("name numbers, or --from a file, or say --all")

    async def work(ledger: Ledger) -> int:
        if everything:
            return await ledger.switches.unlist_all(service)
        country = Country.load(config.load().country)
        return await ledger.switches.unlist(service, _msisdns(country, numbers, file))

    click.echo(f"{service}: {on_premises(work)} taken from the list", err=True)


def _known(edition: Edition, service: str) -> None:
    if service not in edition.services:
        hint = did_you_mean(service, edition.services)
        raise click.UsageError(f'service "{service}" does not exist{hint}; there are {", ".join(edition.services)}')


def _open(edition: Edition, service: str) -> str:
    if service not in edition.services:
        return "not in the menus"
    return "in pilot" if edition.services[service].service.pilot else "open to everybody"


def _msisdns(country: Country, numbers: Sequence[str], file: TextIO | None) -> list[str]:
    """The numbers in full. A slip is told by its place alone: it may be a number but for one digit."""
    written = [(f"number {at}", text) for at, text in enumerate(numbers, 1)]
    lines = enumerate(file, 1) if file else ()
    written += [(f"line {at}", line) for at, line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not written:
        raise click.UsageError("name numbers, or --from a file")
    found = []
    for place, text in written:
        msisdn = country.msisdn(text.strip())
        if msisdn is None:
            raise click.ClickException(f"{place}: that is no phone number; nothing was changed")
        found.append(msisdn)
    return found
