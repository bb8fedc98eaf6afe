"""One dialog from the command line: dialled, typed, printed screen by screen."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
from collections.abc import AsyncIterator, Callable, Sequence

import aiohttp
import click

from simulator.clock import Clock, RealClock
from simulator.local import Local, local_gateway, wire
from simulator.phone import Line, Phone
from simulator.posted import Posted
from simulator.speech import OWN, Note, Speech
from ussd_engine import gsm
from ussd_engine.channels.codes import Codes
from ussd_engine.config import Config
from ussd_engine.country import Country
from ussd_engine.errors import ConfigError
from ussd_engine.model import Profile, Reply, SetLanguage

SPOKEN = "africastalking"
"""The provider whose wire is spoken where nobody says, wherever it is served: the same whatever else is installed."""


@contextlib.asynccontextmanager
async def gateway_at(
    url: str,
    token: str,
    waits: Callable[[Note], object] = lambda _: None,
    patient: Callable[[Note], object] | None = None,
) -> AsyncIterator[tuple[Line, Clock]]:
    """The way to a gateway elsewhere; `waits` is told for what a request waits. With `patient` a bind is waited for
    without end, and that is told there."""
    posted = Posted(patient)
    try:
        async with aiohttp.ClientSession() as client:
            yield Line(client, url, token, posted), RealClock(waits)
    finally:
        await posted.close()


@dataclasses.dataclass(frozen=True)
class Dialog:
    """What is dialled and typed, from which number, through whom."""

    code: str
    inputs: Sequence[str]
    msisdn: str | None
    provider: str
    lang: str = ""

    async def here(self, settings: Config) -> bool:
        """On a gateway started here, with the ledger of `settings`. True where the dialog ended by itself. Raises
        `ConfigError` where the settings do not serve the provider."""
        served = [one.name for one in settings.ussd_channels]
        if self.provider not in served:
            raise ConfigError(
                f'channel "{self.provider}" is not among those that are served here; there are {", ".join(served)}: '
                "choose one with --provider, or name it too in USSD_ENGINE_CHANNELS"
            )
        tokens = [one.tokens[0].reveal() for one in settings.channels if one.name == self.provider and one.tokens]
        async with local_gateway(settings) as local:
            if self.lang:
                await self._prefer(local)
            line = dataclasses.replace(local.line, token=(tokens or [""])[0])
            return await self._play(Phone(wire(self.provider, settings), line, local.clock, self.msisdn))

    async def there(self, settings: Config, url: str, token: str) -> bool:
        """On the gateway at `url`. True where the dialog ended by itself. Raises `NoAnswer`."""
        async with gateway_at(url, token, aside, _patiently) as (line, clock):
            return await self._play(Phone(wire(self.provider, settings), line, clock, self.msisdn))

    async def _prefer(self, local: Local) -> None:
        """Let the caller have chosen the language before."""
        languages = local.engine.editions.current.languages
        known = sorted({one for each in languages.values() for one in each})
        if self.lang not in known:
            raise click.UsageError(f"--lang: there are {', '.join(known)}")
        if self.msisdn is None:
            raise click.UsageError("--lang: without a number no language is remembered, so it is asked")
        at_ms = int(local.clock.now() * 1000)
        chosen = SetLanguage(key=secrets.token_bytes(8), msisdn=self.msisdn, locale=self.lang, at_ms=at_ms)
        await local.engine.ledger.act(chosen)

    async def _play(self, phone: Phone) -> bool:
        screen = await phone.dial(self.code)
        tell(self.code, screen, phone.channel.profile)
        for index, text in enumerate(self.inputs):
            if screen.ends:
                click.echo(f"the dialog is over; not typed: {' '.join(self.inputs[index:])}", err=True)
                break
            screen = await phone.type(text)
            tell(text, screen, phone.channel.profile)
        if not screen.ends:
            await phone.hang_up()
        return screen.ends


def aside(words: str | Note) -> None:
    """Say something to whoever sits there, apart from the screens."""
    click.echo(words if isinstance(words, str) else Speech(OWN).note(words), err=True)


def _patiently(why: Note) -> None:
    aside(Note("{why} Ctrl+C ends it.", {"why": why}))


def tell(typed: str, screen: Reply, profile: Profile) -> None:
    """Print what was typed and the screen that came, with the room it takes."""
    size = gsm.measure(screen.text)
    room = profile.septets if size.encoding == "GSM-7" else profile.units
    rows = "".join(f"  {printable(row)}\n" for row in screen.text.split("\n"))
    click.echo(f"> {printable(typed)}\n{rows}  {'(end)' if screen.ends else '...'}  {size.units}/{room}\n")


def printable(row: str) -> str:
    """A row of a screen without what would steer the terminal, escapes above all."""
    return "".join(character for character in row if character.isprintable())


def provider_of(names: Sequence[str]) -> str:
    """Of providers the one whose wire is spoken where none is named."""
    return SPOKEN if SPOKEN in names else names[0]


def number_of(settings: Config, msisdn: str | None) -> str | None:
    """The caller's number in E.164: one of the country where none was given, none where it is empty. Raises a usage
    error."""
    if msisdn == "":
        return None
    country = Country.load(settings.country)
    found = country.numbers.specimen() if msisdn is None else country.msisdn(msisdn)
    if found is None:
        raise click.UsageError("--msisdn is not a phone number of this country, nor one with + in front")
    return found


def code_of(settings: Config, code: str) -> str:
    """The code, where it can be dialled. Raises `NotACode`."""
    Codes(settings.codes).split(code)
    return code
