"""`ussd-engine dial` and `ussd-engine replay`."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from pathlib import Path

import click
from yarl import URL as Address

from simulator import dialog, junit
from simulator.coverage import Coverage
from simulator.dialog import Dialog
from simulator.replay import Replay, find
from ussd_engine import channels, config
from ussd_engine.secret import Url


def _address(ctx: click.Context, param: click.Parameter, url: str | None) -> str | None:
    """The address as it was given, once something can be called there."""
    try:
        found = Address(url or "")
        called = found.scheme in ("http", "https") and found.host and found.host.encode("idna") and found.port
    except ValueError:  # a port above 65535, a bracket that stays open, a name that is none
        called = None
    if url is not None and not called:
        raise click.UsageError("--url is no address: write it as http://127.0.0.1:8080")
    return url


URL = click.option("--url", callback=_address, help="A gateway elsewhere; without it one is started here.")
NUMBER = click.option("--msisdn", help="The caller's number; empty: none.  [default: one of the country]")
TOKEN = click.option("--token", default="", help="The channel's token at the gateway of --url.")
SPEAKS = f"Whose wire format to speak.  [default: {dialog.SPOKEN} where it is served, else the first of the channels]"
PROVIDER = click.option("--provider", type=click.Choice(channels.names()), help=SPEAKS)


@click.command()
@click.argument("code")
@click.argument("inputs", nargs=-1)
@click.option("--lang", default="", help="The caller's language, as if chosen before (only without --url).")
@NUMBER
@TOKEN
@PROVIDER
@URL
def dial(
    code: str,
    inputs: tuple[str, ...],
    lang: str,
    msisdn: str | None,
    token: str,
    provider: str | None,
    url: str | None,
) -> int:
    """Dial CODE and type each INPUT; print the dialog screen by screen.

    On channels that tell repeats by the time, a gateway at --url gets equal answers 7 s apart. One that is reached by
    SMPP is waited for until it binds. What is waited for is said.

    Exit code 0 when the dialog ended by itself, 1 when it still waits for an answer.
    """
    settings = config.load()
    dialled, number = dialog.code_of(settings, code), dialog.number_of(settings, msisdn)
    made = Dialog(dialled, inputs, number, provider or spoken(settings), lang)
    if url is None:
        alone = dataclasses.replace(settings, workers=1, role="all", sessions=Url("memory://"))
        return 0 if asyncio.run(made.here(config.checked(alone))) else 1
    if lang:
        raise click.UsageError("--lang is for a gateway started here; one elsewhere asks, or knows, the language")
    return 0 if asyncio.run(made.there(settings, url, token)) else 1


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--twice", is_flag=True, help="Deliver every callback a second time; nothing may change.")
@click.option("--update", is_flag=True, help="Show what is another one now, and write it into FILES.")
@click.option("--coverage", is_flag=True, help="Tell what of the menus FILES leave out; exit code 1 where they do.")
@click.option("--junit", "report", type=click.Path(path_type=Path, dir_okay=False), help="Write JUnit XML there too.")
@click.option(
    "--provider",
    "providers",
    type=click.Choice(channels.names()),
    multiple=True,
    help=f"{SPEAKS}; of those on which a transcript holds",
)
@TOKEN
@URL
def replay(
    files: tuple[Path, ...],
    twice: bool,
    update: bool,
    coverage: bool,
    report: Path | None,
    token: str,
    providers: tuple[str, ...],
    url: str | None,
) -> int:
    """Play transcripts and compare every screen; print what differs. Exit code 1 on a difference.

    FILES are transcripts, folders of them, or files of dialoguss. With several --provider each is played on each.
    """
    if update and report:
        raise click.UsageError("--junit tells of what is compared; --update compares nothing")
    written, settings = find(files), config.load()
    if not providers:
        spoken(settings)
    run = Replay(settings, providers, twice)
    if url is not None and (update or coverage):
        raise click.UsageError("--update and --coverage are for a gateway started here")
    if update:
        asyncio.run(run.renew(written, _agrees))
        return 0
    counted = Coverage() if coverage else None
    try:
        asyncio.run(run.here(written, counted) if url is None else run.there(written, url, token))
    finally:
        if report:
            junit.write(run.all, report)
    click.echo(f"{run.same} as written, {run.differing} not", err=True)
    if counted:
        click.echo(counted.report())
    return 1 if run.differing or (counted and counted.missing) else 0


def _agrees(path: Path) -> bool:
    """Whether who sits at the terminal wants the file written; where nobody sits there, it is."""
    return not sys.stdin.isatty() or click.confirm(f"{path}: write what is shown now?", default=True)


def spoken(settings: config.Config) -> str:
    """The channel whose wire is spoken where none is named. Raises a usage error where no channel answers USSD."""
    if not settings.ussd_channels:
        raise click.UsageError("no channel here answers USSD: name one in USSD_ENGINE_CHANNELS, or with --provider")
    return dialog.provider_of([one.name for one in settings.ussd_channels])
