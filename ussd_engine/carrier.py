"""SMS as a process carries them: its gateways, who answers what comes in, and the work of sending."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial

from ussd_engine.background import Told, Uniform, Work
from ussd_engine.binds import SMS, Binds
from ussd_engine.channels.sms import Fetches, Gateway, Pulls
from ussd_engine.config import Config, open_gateways
from ussd_engine.country import Country
from ussd_engine.doors import Doors
from ussd_engine.editions import Editions
from ussd_engine.feedback import FeedbackStore
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Clock, Ledger
from ussd_engine.ledger.smsinbox import Guards
from ussd_engine.logs import Notice
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.lint import roomless
from ussd_engine.metrics import Metrics
from ussd_engine.sms.answering import Answering
from ussd_engine.sms.clockwork import InboxReader, Puller, Reminders
from ussd_engine.sms.reading import Surroundings
from ussd_engine.sms.sender import Happening, Sender
from ussd_engine.sms.taking import Taking

Notify = Callable[..., None]
"""`Log.notice`."""
ReadNumber = Callable[[str], str | None]


@contextlib.asynccontextmanager
async def open_carriers(config: Config, edition: Edition, warnings: list[str]) -> AsyncIterator[Mapping[str, Gateway]]:
    """The gateways by name, in the order in which they are tried. Raises `ConfigError`; `warnings` gains what an
    operator should know."""
    gateways = open_gateways(config, _reading(edition.country.msisdn, config.sms_abroad))
    try:
        warnings += foreseen(config, edition)
        yield gateways
    finally:
        for gateway in gateways.values():
            await gateway.close()


def foreseen(config: Config, edition: Edition) -> list[str]:
    """What an operator should know of settings with which the gateway runs all the same: a table of a channel that is
    not served, texts without room for their prefix."""
    served = {one.name for one in config.channels}
    idle = [
        f"channel_settings: {name} has settings and is not served: name it in USSD_ENGINE_CHANNELS too, beside "
        f"{' '.join(sorted(served))}, or leave its table out"
        for name in config.channel_settings
        if name not in served
    ]
    return [*idle, *map(str, roomless(edition, config.sms_prefixes))]


@contextlib.asynccontextmanager
async def open_answering(
    config: Config,
    editions: Editions,
    ledger: Ledger,
    keyring: Keyring,
    clock: Clock,
    store: FeedbackStore,
    told: Told,
    doors: Doors,
) -> AsyncIterator[Answering]:
    """Who answers SMS; closed when what is under way is kept."""
    around = Surroundings(
        editions=editions,
        ledger=ledger,
        keyring=keyring,
        clock=clock,
        random=os.urandom,
        guards=_guards(config, editions.current.country),
        prefixes=config.sms_prefixes,
        core_can=store.capabilities,
        ask_core=store.view,
        turns_away=doors.turns_away,
    )
    answering = Answering(around, told)
    try:
        yield answering
    finally:
        await answering.drain()


def works(
    gateways: Mapping[str, Gateway],
    editions: Editions,
    ledger: Ledger,
    keyring: Keyring,
    store: FeedbackStore,
    clock: Clock,
    metrics: Metrics,
    told: Told,
    notice: Notify,
    answering: Answering,
    uniform: Uniform,
    binds: Binds,
) -> Iterator[Work]:
    """What runs beside the turns: the binds of the gateways that have one, a sender for each route, the asking for
    reports and for SMS, what time brings."""
    holder, wording = os.urandom(8).hex(), answering.wording
    taking = Taking(answering, ledger, keyring, clock, metrics, told)
    for name in binds.sms:
        yield binds.serving(SMS, name, taking.over_a_bind(gateways[name]), ledger.sms.added.set)
    for name, gateway in gateways.items():
        count = _counting(name, metrics, notice)
        sender = Sender(
            ledger.sms, ledger.sms_routes, gateway, wording.of_lent, clock, holder=holder, count=count, uniform=uniform
        )
        yield sender.run
        if isinstance(gateway, Pulls):
            joined = _joining(name, metrics)
            yield Puller(ledger, name, gateway, clock, holder, count=joined, told=told).run
        if isinstance(gateway, Fetches) and gateway.reads_inbox:
            came, take = partial(metrics.sms_arrived, name), partial(taking.fetched, gateway)
            yield InboxReader(ledger, name, gateway, clock, holder, take, count=came, told=told).run
    if gateways:
        yield taking.joining.run
        yield Reminders(ledger, clock, told).run


def _reading(msisdn: ReadNumber, abroad: tuple[str, ...]) -> ReadNumber:
    """The country's reading of a number, and of those that are let in: providers leave out their plus sign, too."""

    def read(text: str) -> str | None:
        digits = text.strip()
        return msisdn(text) or (msisdn(f"+{digits}") if abroad and digits.startswith(abroad) else None)

    return read


def _guards(config: Config, country: Country) -> Guards:
    a_day = config.sms_a_day
    return Guards(
        calling_code=country.numbers.calling_code,
        number=a_day["number"],
        block=a_day["block"],
        route=a_day["channel"],
        abroad=config.sms_abroad,
    )


def _counting(name: str, metrics: Metrics, notice: Notify) -> Callable[[Happening], None]:
    def count(happening: Happening) -> None:
        metrics.sms_sent(name, happening)
        if happening == "stopped":
            notice(Notice.SMS_STOPPED, channel=name, medium=SMS)

    return count


def _joining(name: str, metrics: Metrics) -> Callable[[str], None]:
    return lambda joined: metrics.sms_reported(name, joined)
