"""`ussd-engine simulate`."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import sys
from typing import Final

import click

from simulator import dialog
from simulator.commands import NUMBER, PROVIDER, TOKEN, URL, spoken
from simulator.floor import Way
from simulator.local import wire
from simulator.room import Room
from simulator.speech import LANGUAGES
from ussd_engine import config
from ussd_engine.readers import ChannelConfig

PORT: Final = 8089
ANYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104  # compared with what is asked for
PLAIN: Final = ("", "dumb", "unknown")
"""Kinds of terminal on which nothing can be drawn."""
ENDS: Final = (signal.SIGTERM, signal.SIGHUP)
"""As where a terminal elsewhere goes away; what was made goes all the same."""


@click.command()
@PROVIDER
@NUMBER
@click.option(
    "--lang", type=click.Choice(LANGUAGES), default=LANGUAGES[0], show_default=True, help="The simulator's own words."
)
@click.option("--web", is_flag=True, help="A phone in the browser, at an address that is printed.")
@click.option("--port", type=click.IntRange(0, 65535), help=f"Of --web; 0: any.  [default: {PORT}]")
@click.option("--host", help="Of --web: the address to listen on, for others too.  [default: this machine alone]")
@TOKEN
@URL
def simulate(
    provider: str | None,
    msisdn: str | None,
    lang: str,
    web: bool,
    port: int | None,
    host: str | None,
    token: str,
    url: str | None,
) -> int:
    """A phone in the terminal, full screen, with SMS, an officer's desk, and trouble on a key; --web: in a browser.

    Without --url it has a gateway of its own, and touches nothing of yours.
    """
    if not web and (port is not None or host is not None):
        raise click.UsageError("--port and --host are for --web")
    settings = config.load()
    number = dialog.number_of(settings, msisdn)
    served = [one.name for one in settings.ussd_channels]
    speaks = provider or spoken(settings)
    if not web and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("simulate needs a terminal; for scripts there is `ussd-engine dial`")
    kind = os.environ.get("TERM", "")
    if not web and kind in PLAIN:
        raise click.UsageError(
            f"a terminal of the kind {kind or 'unknown'} (TERM) shows no full screen: `ussd-engine dial` works there, "
            "and --web in a browser"
        )
    if speaks not in served:
        settings = dataclasses.replace(settings, channels=(*settings.channels, ChannelConfig(speaks)))
    way = Way(speaks, number, url or "", token)
    if web:
        return asyncio.run(_served(settings, way, lang, host, PORT if port is None else port))
    return asyncio.run(_shown(Room(settings, way), lang))


async def _shown(room: Room, lang: str) -> int:
    from simulator.screen import Simulator

    try:
        app, loop = Simulator(room, lang), asyncio.get_running_loop()
        for ends in ENDS:
            loop.add_signal_handler(ends, app.exit)
        await app.run_async()
        return app.return_code or 0
    finally:
        await room.close()


async def _served(settings: config.Config, way: Way, lang: str, host: str | None, port: int) -> int:
    from simulator.web.server import LOOPBACK, serving

    wire(way.provider, settings)  # what is set wrongly is told before anybody sits there
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for ends in (*ENDS, signal.SIGINT):
        loop.add_signal_handler(ends, ended.set)
    try:
        async with serving(lambda: Room(settings, way), lang, host or LOOPBACK, port) as (address, _):
            click.echo(f"The phone is at {address}\nCtrl+C ends it.")
            if host in ANYWHERE:
                click.echo(f"From another machine, write this one's address in place of {host}.")
            await ended.wait()
    except OSError as error:
        why = f"cannot listen on {host or LOOPBACK}:{port}: {error.strerror or error}"
        raise click.ClickException(f"{why}; choose another with --port") from None
    return 0
