"""The commands of whoever writes menus: a service that begins, the proofs, the catalogues."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import click

from ussd_engine import catalog, config
from ussd_engine.agreement import disagreements
from ussd_engine.channels.codes import NotACode, normalise
from ussd_engine.country import Country
from ussd_engine.engine import open_channels
from ussd_engine.errors import EngineError, Fault
from ussd_engine.menu.check import check as prove_menus
from ussd_engine.menu.edition import Edition, is_service
from ussd_engine.menu.rules import RULES
from ussd_engine.menu.watch import Watch
from ussd_engine.sample import CODE, make

GLANCE_S: Final = 0.3


@click.command()
@click.argument("service")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--code", default=CODE, show_default=True, help="What citizens dial.")
def new(service: str, folder: Path | None, code: str) -> None:
    """Make a folder with a service that dials at once, in Swahili and English.

    FOLDER is SERVICE where none is named. Begin with its menus/SERVICE/service.yaml.
    """
    try:
        dialled = normalise(code)
    except NotACode as error:
        raise click.UsageError(f"--code: {error}") from None
    folder = folder or Path(service)
    for file in make(service, folder, dialled, config.HOME / "menus" / "countries" / "tanzania.yaml"):
        click.echo(file)
    click.echo(f"next:\n  cd {folder}\n  ussd-engine check\n  ussd-engine dial '{dialled}'", err=True)


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--rules", is_flag=True, help="Print the rules that menus must keep.")
@click.option("--watch", is_flag=True, help="Prove again whenever a file of the menus is saved; end with Ctrl-C.")
def check(path: Path | None, rules: bool, watch: bool) -> int:
    """Prove the menus: everything fits, is reachable, is translated, and the settings agree with them. Exit code 1
    where something is not."""
    if rules:
        for name, meaning in RULES.items():
            click.echo(f"{name}: {meaning}")
        return 0
    settings = config.load()
    if not watch:
        faults = _proven(path)
        _tell_of_transcripts(path or settings.menus)
        return 1 if faults else 0
    files = Watch([path or settings.menus, settings.menus, settings.locales])
    while True:
        click.echo(time.strftime("%H:%M:%S"), err=True)
        try:
            _proven(path)
        except EngineError as error:
            click.echo(str(error), err=True)
        while not files.changed():
            time.sleep(GLANCE_S)
        click.echo(err=True)


@click.command()
def messages() -> int:
    """Bring the catalogues up to date with the menus, and say what a translator has left to do.

    Exit code 1 where something is missing. Translations and comments stay.
    """
    settings = config.load()
    return catalog.main(str(settings.menus), str(settings.locales))


def _tell_of_transcripts(path: Path) -> None:
    """The proofs play no dialogs: where some are written beside the menus, what plays them is said."""
    folder = path.parent if path.is_file() else path
    alone = path.is_file() and not is_service(folder)
    count = 0 if alone else sum(1 for _ in folder.glob("**/transcripts/*.yaml"))
    if count:
        these = "1 transcript stands" if count == 1 else f"{count} transcripts stand"
        click.echo(f"{these} beside the menus, and no proof plays them: `ussd-engine replay {folder}` does", err=True)


def _proven(path: Path | None) -> int:
    """Print every fault; how many there are."""
    settings = config.load()

    def beside(edition: Edition) -> list[Fault]:
        return [Fault("settings", 0, one) for one in disagreements(settings, edition)]

    country = Country.load(settings.country)
    profiles = {name: channel.profile for name, channel in open_channels(settings, country).items()}
    menus, codes = path or settings.menus, settings.codes
    faults = prove_menus(menus, settings.locales, codes, country, profiles, settings.sms_prefixes, beside)
    for fault in faults:
        click.echo(str(fault))
    click.echo(f"{len(faults)} fault{'s' if len(faults) != 1 else ''}" if faults else "no faults", err=True)
    return len(faults)
