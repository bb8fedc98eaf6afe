"""What an operator does about SMS: looks at them, lets them go again, stops a route and starts it, tries one.

No command shows a number that is not masked, a text, a value or a reference. `list` tells to whom a message goes and
`show` what kind of text it is; neither tells both.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Sequence
from typing import Final

import click

from ussd_engine import config
from ussd_engine.channels.sms import Gateway, reaches_phones
from ussd_engine.country import Country
from ussd_engine.errors import ConfigError, did_you_mean
from ussd_engine.keys import CannotOpen
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.smsview import ID_DIGITS, Message
from ussd_engine.listing import age, as_json, show
from ussd_engine.msisdn import mask
from ussd_engine.premises import now_ms, on_premises
from ussd_engine.sms.message import FINAL, Outgoing, Progress, RouteFault, Sent
from ussd_engine.smstold import (
    NOT_BOUND,
    STOPPED,
    Why,
    details,
    kept_from_sending,
    plain,
    plain_part,
    plain_route,
    print_messages,
    print_routes,
    short,
    told_count,
)

OPEN: Final = tuple(one for one in Progress if one not in (Progress.SENT, Progress.DELIVERED, Progress.WITHHELD))
"""What somebody may have to look at."""
FAILED: Final = frozenset({Progress.FAILED, Progress.REJECTED})
TEXT: Final = "Jaribio la mfumo. Usijibu. / A test of the system. Do not reply."
"""What `test` sends: of nobody's matter, whoever holds the phone."""
LONGEST_REASON: Final = 200
WORDS: Final = {True: "yes", False: "no"}

route_named = click.argument("name", metavar="NAME")


@click.group()
def sms() -> None:
    """SMS that leave: what waits and why, routes, a test."""


# looking


@sms.command("list")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([one.value for one in Progress]),
    help="In this state; may be repeated. Else what waits, what a gateway has, and what was given up.",
)
@click.option("--route", help="Of this channel alone.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1), help="The most that are printed.")
@as_json
def list_sms(states: tuple[str, ...], route: str | None, limit: int, as_json: bool) -> None:
    """List how the routes stand, then messages and why.

    What waits first, then what was given up, then the rest; of each the newest. Numbers masked, and only while a
    message is under way. Nothing of what they say.
    """
    names = list(_gateways())

    async def work(ledger: Ledger) -> None:
        now, known = now_ms(), {one.name: one for one in await ledger.sms_routes.all()}
        figures = await ledger.sms_view.figures(now)
        if route is not None:
            _known(route, [*names, *known, *(name for name, _ in figures.states if name)])
        wanted: list[str | None] = [] if route is None else [route, None] if route in names[:1] else [route]
        in_state = [Progress(one) for one in states] or OPEN
        found = await ledger.sms_view.messages(in_state, wanted, limit)
        count = await ledger.sms_view.count(in_state, wanted)
        shown = [route] if route else list(dict.fromkeys([*names, *known]))
        routes = [plain_route(name, names, known.get(name), figures, now) for name in shown]
        why = Why(names, known, now)
        to = [await _masked(ledger, one) for one in found]
        if as_json:
            for row in [*routes, *(plain(one, number, why) for one, number in zip(found, to, strict=True))]:
                click.echo(json.dumps(row))
            click.echo(told_count(len(found), count, figures, now), err=True)
            return
        print_routes(routes)
        print_messages(found, to, why)
        click.echo(told_count(len(found), count, figures, now), err=True)
        if not names:
            click.echo(NO_CHANNEL, err=True)

    on_premises(work)


@sms.command("show")
@click.argument("id")
@as_json
def show_sms(id: str, as_json: bool) -> None:
    """Show how far one message is, and no word of it.

    With the kind of text that it is, and each SMS of it as its gateway knows it. ID is ours, or the provider's.
    """
    names = list(_gateways())

    async def work(ledger: Ledger) -> None:
        known = await ledger.sms_view.at_provider(id.strip()) if id.strip() else []
        one = known[0] if len(known) == 1 else await _named(ledger, id)
        why = Why(names, {one.name: one for one in await ledger.sms_routes.all()}, now_ms())
        parts = await ledger.sms_view.parts(one.id)
        shown = details(one, why)
        if as_json:
            click.echo(json.dumps({**shown, "parts": [plain_part(part) for part in parts]}))
            return
        for name, value in shown.items():
            click.echo(f"{name:<12}{WORDS.get(value, value) if isinstance(value, bool) else value}")
        if parts:
            show(
                ("part", "route", "id at the provider", "state", "its last word", "since"),
                [
                    (str(n), part.route, part.provider_id, part.state, part.status, age(part.changed_ms))
                    for n, part in enumerate(parts, 1)
                ],
            )

    on_premises(work)


# acting


@sms.command()
@click.argument("ids", nargs=-1, metavar="[ID]…")
@click.option("--all", "everything", is_flag=True, help="All that waits.")
def retry(ids: tuple[str, ...], everything: bool) -> None:
    """Let what waits go now, with all attempts before it.

    What nobody asked for waits for the hours of the day all the same; what was given up has no words left to send.
    """
    if bool(ids) == everything:
        raise click.UsageError("name messages by their ids, as `sms list` prints them, or say --all")
    names = list(_gateways())

    async def work(ledger: Ledger) -> None:
        messages = [await _named(ledger, id) for id in ids]
        for one in messages:
            _refuse_unless_waiting(one)
        count = await ledger.sms_view.retry(None if everything else [one.id for one in messages], now_ms())
        click.echo(f"{count} may go now; a running gateway takes them within seconds", err=True)
        for name, kept in (await _kept(ledger)).items():
            if kept and name in names:
                way_out = _way_out(name) if STOPPED in kept else _by_itself(kept)
                click.echo(f"{name} is {' and '.join(kept)}, and what is to go by it waits on: {way_out}", err=True)

    on_premises(work)


@sms.command("stop-route")
@route_named
@click.option(
    "--reason", required=True, metavar="TEXT", help="For whoever looks next, in plain sight: no word of a citizen."
)
def stop_route(name: str, reason: str) -> None:
    """Send nothing by a channel until it is started again.

    From whatever process, within seconds. What waits for it goes to no other one.
    """
    reason = " ".join(reason.split())
    if not reason or len(reason) > LONGEST_REASON:
        raise click.UsageError(f"--reason: say in 1 to {LONGEST_REASON} characters why")
    names = list(_gateways())

    async def work(ledger: Ledger) -> None:
        _known(name, [*names, *(one.name for one in await ledger.sms_routes.all())])
        await ledger.sms_routes.stop(name, reason, now_ms())
        click.echo(
            f"{name}: stopped; what is under way is finished. What waits for it waits: {_way_out(name)}", err=True
        )

    on_premises(work)


@sms.command("start-route")
@route_named
def start_route(name: str) -> None:
    """Let a stopped channel send again.

    Whether somebody stopped it, or what its provider answered. A bind that does not stand is tried again by itself.
    """
    names = list(_gateways())

    async def work(ledger: Ledger) -> None:
        _known(name, [*names, *(one.name for one in await ledger.sms_routes.all())])
        begun = await ledger.sms_routes.start(name)
        if kept := (await _kept(ledger)).get(name):
            started = "it is stopped no longer" if begun else "it was not stopped"
            click.echo(f"{name}: {started}, and {_by_itself(kept)}", err=True)
            return
        click.echo(f"{name}: {'a running gateway sends within seconds' if begun else 'it was not stopped'}", err=True)

    on_premises(work)


@sms.command("test")
@click.argument("number")
@click.option("--route", help="By this channel; may be left out where only one carries SMS.")
@click.option("--really", is_flag=True, help="By a channel that reaches phones: the SMS is paid for and arrives.")
@as_json
def send_test(number: str, route: str | None, really: bool, as_json: bool) -> int:
    """Send one fixed text to NUMBER, past the queue.

    And print what the provider says of it. Only by a channel that is set to a sandbox or to its test mode, unless you
    say --really. Exit code 1 where it was not taken.
    """
    settings = config.load()
    country = Country.load(settings.country)
    msisdn = country.msisdn(number)
    if msisdn is None or not msisdn.startswith((country.numbers.calling_code, *settings.sms_abroad)):
        written = country.numbers.prefixes[-1].ljust(country.numbers.length - 1, "0") + "1"
        words = f"that is no phone number of {country.country}: write it as {country.numbers.calling_code}{written}"
        raise click.BadParameter(words, param_hint="NUMBER")
    gateways = config.open_gateways(settings, country.msisdn)
    gateway = _chosen(gateways, route)
    if reaches_phones(gateway) and not really:
        raise click.ClickException(
            f"{gateway.name} reaches phones: the SMS would be paid for and arrive. Say --really for that, or set the "
            "channel to its provider's sandbox or test mode, where it has one (docs/sms.md, Trying a channel)"
        )
    sent = asyncio.run(_sent(gateway, msisdn))
    if as_json:
        said = {"state": sent.progress.value, "provider_id": sent.provider_id, "reason": sent.reason}
        click.echo(json.dumps({"route": gateway.name, "to": mask(msisdn), **said}))
    else:
        under = f", under the id {sent.provider_id}" if sent.provider_id else ""
        click.echo(f"{gateway.name}: {sent.progress}{under}{f': {sent.reason}' if sent.reason else ''}")
    return int(sent.progress in FAILED)


async def _sent(gateway: Gateway, msisdn: str) -> Sent:
    try:
        (said,) = await gateway.send([Outgoing(id=secrets.token_bytes(16), msisdn=msisdn, text=TEXT)])
        return said
    except RouteFault as fault:
        words = "; it may have arrived all the same" if fault.perhaps_taken else ""
        raise click.ClickException(
            f"{fault}{words}. Its settings are the table `sms` of {gateway.name} in USSD_ENGINE_CHANNEL_SETTINGS"
        ) from None
    finally:
        await gateway.close()


# routes


NO_CHANNEL: Final = (
    "no channel here carries SMS: give one a table `sms` in USSD_ENGINE_CHANNEL_SETTINGS, and name it in "
    "USSD_ENGINE_CHANNELS (docs/sms.md)"
)


def _gateways() -> dict[str, Gateway]:
    """The channels that carry SMS, in their order."""
    return config.open_gateways(config.load(), lambda _: None)


def _chosen(gateways: dict[str, Gateway], name: str | None) -> Gateway:
    if not gateways:
        raise ConfigError(NO_CHANNEL)
    if name is None and len(gateways) > 1:
        raise click.UsageError(f"several channels carry SMS: say --route {'|'.join(gateways)}")
    chosen = name if name is not None else next(iter(gateways))
    _known(chosen, list(gateways))
    return gateways[chosen]


def _known(name: str, names: Sequence[str]) -> None:
    """Refuse the name of a route that there is not."""
    there = list(dict.fromkeys(names))
    if not there:
        raise ConfigError(NO_CHANNEL)
    if name not in there:
        raise click.UsageError(f'no route is called "{name}"{did_you_mean(name, there)}; there are {", ".join(there)}')


async def _kept(ledger: Ledger) -> dict[str, dict[str, str]]:
    """What keeps each route from sending, as `kept_from_sending`."""
    return {one.name: kept_from_sending(one, now_ms()) for one in await ledger.sms_routes.all()}


def _by_itself(kept: dict[str, str]) -> str:
    return f"it sends once its bind stands, which is tried again and again ({kept[NOT_BOUND]})"


def _way_out(name: str) -> str:
    return f"`ussd-engine sms start-route {name}` lets it send again"


# messages


async def _named(ledger: Ledger, id: str) -> Message:
    """The message whose id begins so."""
    digits = id.strip().lower()
    readable = 0 < len(digits) <= ID_DIGITS and not digits.strip("0123456789abcdef")
    found = await ledger.sms_view.named(digits) if readable else []
    if len(found) != 1:
        count, form = ("several", "list --json` prints all digits") if found else ("no", "list` prints the ids")
        raise click.ClickException(f"{id}: {count} messages have that id; `ussd-engine sms {form}")
    return found[0]


def _refuse_unless_waiting(one: Message) -> None:
    if one.sending:
        raise click.ClickException(f"{short(one)}: a sender has it in hand; if nothing comes of that it goes by itself")
    if one.state is not Progress.QUEUED:
        words = "what it said is dropped" if one.state in FINAL else "its gateway has it"
        raise click.ClickException(f"{short(one)}: it is {one.state}, and does not wait: {words}")


async def _masked(ledger: Ledger, one: Message) -> str:
    """To whom it goes, as far as that is told; empty once its values are dropped."""
    try:
        number = await ledger.sms_view.number(one.id)
    except CannotOpen:
        return "sealed"
    return mask(number) if number else ""
