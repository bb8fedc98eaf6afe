"""`ussd-engine draw`: the menus as a flowchart, or as a page to click through."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import click

from simulator.replay import Written
from simulator.speech import LANGUAGES, OWN, Speech
from simulator.trace import Tracer
from simulator.transcript import load
from ussd_engine import config
from ussd_engine.config import Config
from ussd_engine.country import Country
from ussd_engine.engine import open_channels
from ussd_engine.menu.draw import mermaid
from ussd_engine.menu.edition import load_edition
from ussd_engine.menu.page import own_words, page
from ussd_engine.model import Profile


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--service", help="One service alone (flowchart).")
@click.option("--lang", help="The language of the words (flowchart).")
@click.option(
    "--format",
    "form",
    type=click.Choice(["mermaid", "html"]),
    default="mermaid",
    show_default=True,
    help="A flowchart, or a page to click through.",
)
@click.option("--transcripts/--no-transcripts", default=True, help="Play the menus' transcripts for the page.")
def draw(path: Path | None, service: str | None, lang: str | None, form: str, transcripts: bool) -> None:
    """Print the menus as a diagram: a Mermaid flowchart, or one HTML page to click through.

    The page needs nothing but itself: `ussd-engine draw --format html > menus.html`, then open it.
    """
    settings = config.load()
    settings = dataclasses.replace(settings, menus=path or settings.menus)
    country = Country.load(settings.country)
    edition = load_edition(settings.menus, settings.locales, settings.codes, country)
    if form == "mermaid":
        click.echo(mermaid(edition, service, lang))
        return
    if service or lang:
        raise click.UsageError("--service and --lang are for the flowchart: the page holds every service and language")
    tracer = Tracer(settings, edition)
    if transcripts and settings.ussd_channels:
        asyncio.run(tracer.play(_written(settings), settings.menus))
    for words in tracer.broken:
        click.echo(words, err=True)
    click.echo(page(edition, _narrowest(settings, country), tracer.traces, tracer.given, page_words(tracer)))


def page_words(tracer: Tracer) -> dict[str, dict[str, str]]:
    """By language the page's own words, and what the steps of its transcripts do."""
    own = {text for _, text in own_words()}
    return {
        say.language: {does: f"{say.note(note)}{says}" for does, (note, says) in tracer.doing.items()}
        | {text: say.plain(text) for text in sorted(own)}
        for say in map(Speech, LANGUAGES)
        if say.language != OWN
    }


def _written(settings: Config) -> list[Written]:
    """The transcripts that stand beside the menus."""
    return [Written(file, load(file)) for file in sorted(settings.menus.rglob("transcripts/*.yaml"))]


def _narrowest(settings: Config, country: Country) -> Profile:
    """The channel with the least room: what fits there fits everywhere."""
    profiles = [channel.profile for channel in open_channels(settings, country).values()]
    return min(profiles, key=lambda profile: (profile.septets, profile.units), default=Profile())
