"""`ussd-engine dial` and `ussd-engine replay`."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import secrets
import time
from collections.abc import AsyncIterator
from difflib import unified_diff
from pathlib import Path

import aiohttp
import click

from simulator.clock import Clock, RealClock
from simulator.local import Local, local_gateway, wire
from simulator.phone import Line, Phone
from simulator.transcript import Difference, Player, Transcript, load
from ussd_engine import config
from ussd_engine.config import Config
from ussd_engine.model import Reply, SetLanguage

URL = click.option("--url", help="A gateway elsewhere; without it one is started here.")
PROVIDER = click.option("--provider", help="Whose wire format to speak.")


def _settings(**changes: object) -> Config:
    return config.checked(dataclasses.replace(config.load(), **changes))  # type: ignore[arg-type]


@contextlib.asynccontextmanager
async def _gateway(settings: Config, url: str | None, token: str) -> AsyncIterator[tuple[Line, Clock, Local | None]]:
    """The gateway that `url` names, or one of our own."""
    if url is None:
        async with local_gateway(settings) as local:
            yield local.line, local.clock, local
    else:
        async with aiohttp.ClientSession() as client:
            yield Line(client, url, token), RealClock(), None


@click.command()
@click.argument("code")
@click.argument("inputs", nargs=-1)
@click.option("--lang", help="The caller's language, as if chosen before (only without --url).")
@click.option("--msisdn", default="255700000001", show_default=True, help="The caller's number; empty: none.")
@click.option("--token", default="", help="The channel's token at the gateway of --url.")
@PROVIDER
@URL
def dial(
    code: str, inputs: tuple[str, ...], lang: str | None, msisdn: str, token: str, provider: str | None, url: str | None
) -> int:
    """Dial CODE and type each INPUT; print the dialog screen by screen.

    Exit code 0 when the dialog ended by itself, 1 when it still waits for an answer.
    """
    settings = _settings(sessions=config.Url("memory://"), workers=1, role="all") if url is None else config.load()
    if lang and url:
        raise click.UsageError("--lang is for a gateway started here; a gateway elsewhere asks, or knows, the language")
    return asyncio.run(_dial(settings, code, inputs, lang, msisdn, token, provider, url))


async def _dial(
    settings: Config,
    code: str,
    inputs: tuple[str, ...],
    lang: str | None,
    msisdn: str,
    token: str,
    provider: str | None,
    url: str | None,
) -> int:
    channel = wire(provider or settings.channels[0].name, settings)
    async with _gateway(settings, url, token) as (line, clock, local):
        if local and lang:
            await _prefer(local, msisdn, lang)
        phone = Phone(channel, line, clock, channel_number(settings, msisdn))
        screen = await phone.dial(code)
        _print(code, screen)
        for text in inputs:
            if screen.ends:
                click.echo(f"the dialog is over; not typed: {text}", err=True)
                break
            screen = await phone.type(text)
            _print(text, screen)
        if not screen.ends:
            await phone.hang_up()
    return 0 if screen.ends else 1


def channel_number(settings: Config, msisdn: str) -> str | None:
    """The caller's number in E.164, or none. Raises a usage error."""
    from ussd_engine.country import Country

    if not msisdn:
        return None
    found = Country.load(settings.country).msisdn(msisdn)
    if found is None:
        raise click.UsageError("--msisdn is not a phone number of this country, nor one with + in front")
    return found


async def _prefer(local: Local, msisdn: str, lang: str) -> None:
    known = sorted({one for each in local.engine.editions.current.languages.values() for one in each})
    if lang not in known:
        raise click.UsageError(f"--lang: there are {', '.join(known)}")
    at_ms = int(time.time() * 1000)
    await local.engine.ledger.act(SetLanguage(key=secrets.token_bytes(8), msisdn=msisdn, locale=lang, at_ms=at_ms))


def _print(typed: str, screen: Reply) -> None:
    click.echo(f"> {typed}")
    for row in screen.text.split("\n"):
        click.echo(f"  {row}")
    click.echo(f"  {'(end)' if screen.ends else '...'}  {len(screen.text)}/160\n")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--twice", is_flag=True, help="Deliver every callback a second time; nothing may change.")
@click.option("--token", default="", help="The channel's token at the gateway of --url.")
@PROVIDER
@URL
def replay(files: tuple[Path, ...], twice: bool, token: str, provider: str | None, url: str | None) -> int:
    """Play transcripts and compare every screen; print what differs. Exit code 1 on a difference.

    FILES are transcripts, or folders of them.
    """
    paths = [path for given in files for path in (sorted(given.rglob("*.yaml")) if given.is_dir() else [given])]
    wrong = asyncio.run(_replay(paths, twice, token, provider, url))
    click.echo(f"{len(paths) - wrong} as written, {wrong} not", err=True)
    return 1 if wrong else 0


async def _replay(paths: list[Path], twice: bool, token: str, provider: str | None, url: str | None) -> int:
    wrong = 0
    for path in paths:
        transcript = load(path)
        for name in _providers(transcript, provider, url):
            found = await play(transcript, name, url, token, twice)
            for difference in found:
                _tell(path, name, difference)
            wrong += bool(found)
    return wrong


def _providers(transcript: Transcript, provider: str | None, url: str | None) -> list[str]:
    """The channel asked for; without one the first on which the transcript holds."""
    if provider:
        return [provider] if not transcript.channels or provider in transcript.channels else []
    return transcript.channels[:1] or [config.load().channels[0].name]


async def play(
    transcript: Transcript, provider: str, url: str | None = None, token: str = "", twice: bool = False
) -> list[Difference]:
    """Play one transcript on one channel: on a gateway of its own with an empty ledger, or on that of `url`."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        settings = scratch(config.load(), Path(folder), transcript)
        async with _gateway(settings, url, token) as (line, clock, local):
            return await Player(transcript, wire(provider, settings), line, local, clock).play(twice)


def scratch(settings: Config, folder: Path, transcript: Transcript) -> Config:
    """Settings for one transcript: nothing of the operator's ledger is touched."""
    return dataclasses.replace(
        settings,
        var=folder,
        keys=folder / "keys.json",
        sessions=config.Url("memory://"),
        database=config.Url(f"sqlite:///{folder / 'replay.db'}"),
        feedback=config.Url("sql"),
        core_wants=frozenset(transcript.core_wants),
        env="development",
        workers=1,
        role="all",
        sources={**settings.sources, "keys": "default"},
    )


def _tell(path: Path, provider: str, difference: Difference) -> None:
    click.echo(f"{path}: step {difference.step} ({difference.what}) on {provider}:")
    rows = unified_diff(
        difference.expected.split("\n"), difference.found.split("\n"), "written", "found", lineterm="", n=20
    )
    for row in rows:
        click.echo(f"  {row}")
