"""`ussd-engine smsc`: the SMSC of a channel that carries SMS over SMPP, in a terminal."""

from __future__ import annotations

import asyncio
import itertools
import sys
import threading
from collections.abc import Callable
from typing import Final

import click

from simulator.dialog import aside, printable
from simulator.smsc import HOST, NobodyBound, Said, Smsc
from simulator.stage import NUMBER
from ussd_engine import config
from ussd_engine.channels.base import delivered
from ussd_engine.channels.sms import BoundGateway, Gateway
from ussd_engine.country import Country
from ussd_engine.errors import EngineError, NotACallback
from ussd_engine.smpp import pdu as p
from ussd_engine.smpp.account import Account
from ussd_engine.smpp.alphabet import UCS2, utf16
from ussd_engine.smpp.pdu import Address, Sm

RECEIPT: Final = "id:{id} sub:001 dlvrd:001 stat:DELIVRD err:000 text:"


class Centre:
    """Prints what a gateway sends, and tells it that it arrived; brings what is typed as `NUMBER TEXT`."""

    def __init__(self, smsc: Smsc, gateway: Gateway, country: Country) -> None:
        self._smsc = smsc
        self._gateway = gateway
        self._country = country
        self._ids = itertools.count(1)
        self._id = ""
        self._told: set[asyncio.Task[None]] = set()
        smsc.play, smsc.heard = self._taken, self._heard

    def _taken(self, sm: Sm) -> Said:
        self._id = f"{next(self._ids):08X}"
        return p.OK, self._id

    def _heard(self, sm: Sm, octets: bytes) -> None:
        try:
            # Both ways a message has the same body: what a gateway writes is read as it reads what comes.
            read = self._gateway.incoming(delivered(p.dump(p.parse(octets)._replace(command=p.DELIVER_SM))))
            part = f" (part {read.piece.number} of {read.piece.total})" if read.piece else ""
            rows = "".join(f"  {printable(row)}\n" for row in read.text.split("\n"))
        except NotACallback as error:
            part, rows = "", f"  that cannot be read: {error}\n"
        click.echo(f"< {sm.source.text} to {sm.destination.text}{part}\n{rows}")
        if sm.registered:
            task = asyncio.create_task(self._receipt(sm, self._id))
            self._told.add(task)
            task.add_done_callback(self._told.discard)

    async def _receipt(self, sm: Sm, id: str) -> None:
        short = RECEIPT.format(id=id).encode()
        await self._bring(
            Sm(source=sm.destination, destination=sm.source, esm_class=p.RECEIPT, short=short), "the receipt"
        )

    async def typed(self, line: str) -> None:
        """Bring the gateway an SMS of a phone."""
        number, _, text = line.strip().partition(" ")
        msisdn = self._country.msisdn(number)
        if not msisdn or not text.strip():
            aside("write NUMBER TEXT: the number of a phone, a blank, and what it writes")
            return
        content = {p.MESSAGE_PAYLOAD: utf16(text.strip())}
        to = Address(self._country.settings.get("sc") or NUMBER)
        await self._bring(Sm(source=Address(msisdn, 1, 1), destination=to, coding=UCS2, options=content), "the SMS")

    async def _bring(self, sm: Sm, what: str) -> None:
        try:
            status = await self._smsc.deliver(p.dump_sm(sm))
        except NobodyBound as error:
            aside(f"{what} is lost: {error}")
            return
        if status != p.OK:
            aside(f"the gateway does not take {what}: status 0x{status:02X}")


@click.command()
@click.option("--channel", default="smpp", show_default=True, help="The channel whose SMSC is played.")
def smsc(channel: str) -> None:
    """Play the SMSC to which a channel's SMS go over SMPP: print each that a gateway sends.

    What is typed as NUMBER TEXT is brought as an SMS of that phone. It listens on the port of `url` in the channel's
    table `sms`, on this machine alone; a gateway with the same settings binds there.
    """
    settings = config.load()
    country = Country.load(settings.country)
    found = config.open_gateways(settings, country.msisdn)
    gateway = found.get(channel)
    if not isinstance(gateway, BoundGateway):
        raise click.UsageError(f'channel "{channel}" carries no SMS over SMPP here: its settings need a table sms')
    asyncio.run(_played(gateway.bind.account, found[channel], country))


async def _played(account: Account, gateway: Gateway, country: Country) -> None:
    centre = Smsc()
    if account.tls:
        raise EngineError(f"the SMSC that is played here has no TLS: set url to smpp://{HOST}:PORT, here and there")
    try:
        url = await centre.open(account.port)
    except OSError as error:
        raise EngineError(f"nothing can listen on port {account.port} here: {error.strerror}") from None
    terminal, lines = Centre(centre, gateway, country), asyncio.Queue[str]()
    _read(lambda line: lines.put_nowait(line))
    aside(f"waiting for a gateway to bind to {url}; Ctrl+C ends it")
    try:
        await centre.bound(within_s=None)
        aside("a gateway is bound; type NUMBER TEXT to bring it an SMS")
        while True:
            await terminal.typed(await lines.get())
    finally:
        await centre.close()


def _read(each: Callable[[str], None]) -> None:
    """Give each line that is typed to the loop. A thread of its own, at whose end nobody waits: who reads a terminal
    cannot be interrupted."""
    loop = asyncio.get_running_loop()

    def read() -> None:
        for line in sys.stdin:
            if loop.is_closed():
                return
            loop.call_soon_threadsafe(each, line)

    threading.Thread(target=read, daemon=True).start()
