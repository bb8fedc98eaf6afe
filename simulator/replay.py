"""Transcripts from the command line: played, compared, renewed, and counted against what the menus offer."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import click

from simulator import dialoguss
from simulator import transcript as transcripts
from simulator.coverage import Coverage
from simulator.dialog import aside, gateway_at, provider_of
from simulator.junit import Played
from simulator.local import wire
from simulator.phone import NoAnswer
from simulator.player import Difference, Numbering, Player, shown
from simulator.side_by_side import side_by_side, visible
from simulator.stage import Stage
from simulator.transcript import Transcript
from ussd_engine.config import Config
from ussd_engine.country import Country
from ussd_engine.errors import EngineError
from ussd_engine.listing import progress

Make = Callable[["Written", str], Awaitable[Player]]
"""Makes the run of a transcript on a provider."""


class Written(NamedTuple):
    """A transcript and its file. A session of another program's file says less, and may name its caller's number."""

    path: Path
    transcript: Transcript
    foreign: bool = False
    number: str = ""


def find(given: Sequence[Path]) -> list[Written]:
    """The transcripts of files and folders. Raises `BadTranscript`."""
    files = [file for path in given for file in (_inside(path) if path.is_dir() else [path])]
    return [written for file in files for written in _read(file)]


def _read(file: Path) -> list[Written]:
    if dialoguss.reads(file):
        return [Written(file, transcript, True, number) for transcript, number in dialoguss.load(file)]
    return [Written(file, transcripts.load(file))]


def _inside(folder: Path) -> list[Path]:
    """The transcripts of a folder; of a folder of menus those in its folders called `transcripts`."""
    every = sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")])
    return [file for file in every if "transcripts" in file.relative_to(folder).parts[:-1]] or every


class Replay:
    """Plays transcripts on each of `providers`, or, where none is named, each on the one that `first_of` says."""

    def __init__(self, settings: Config, providers: Sequence[str], twice: bool) -> None:
        self.settings = settings
        self.providers = providers
        self.twice = twice
        self.all: list[Played] = []

    @property
    def differing(self) -> int:
        return sum(bool(one.differences) for one in self.all)

    @property
    def same(self) -> int:
        """How many are as written."""
        return sum(not (one.differences or one.left_out or one.broke) for one in self.all)

    async def here(self, written: Sequence[Written], coverage: Coverage | None) -> None:
        """On gateways started here."""
        with tempfile.TemporaryDirectory() as folder:
            async with Stage(self.settings, Path(folder), coverage.tap if coverage else None) as stage:
                for one in _told_how_far(written):
                    await self._play(one, lambda one, provider: stage.player(one.transcript, provider))
                if coverage:
                    coverage.count(stage)

    async def there(self, written: Sequence[Written], url: str, token: str) -> None:
        """On the gateway at `url`, on its own clock."""
        async with gateway_at(url, token, aside, aside) as (line, clock):
            fresh, wires = Numbering(Country.load(self.settings.country).numbers), partial(wire, config=self.settings)

            async def player(one: Written, provider: str) -> Player:
                calling = Numbering(fresh.of, one.number) if one.number else fresh
                return Player(one.transcript, wires(provider), line, clock, calling, wires)

            for one in _told_how_far(written):
                if one.transcript.needs_local:
                    self._leave_out(one, "", "it needs a gateway started here")
                else:
                    await self._play(one, player)

    async def renew(self, written: Sequence[Written], agrees: Callable[[Path], bool]) -> None:
        """Write the screens that are shown now into the files, where they differ and who looked at them agrees."""
        with tempfile.TemporaryDirectory() as folder:
            async with Stage(self.settings, Path(folder)) as stage:
                for one in written:
                    if one.foreign:
                        self._leave_out(one, "", "only transcripts are renewed")
                        continue
                    provider = next(self._providers(one.transcript))
                    player = await stage.player(one.transcript, provider)
                    with _placed(one, player):
                        renewed = await player.renew()
                    for difference in _changed(one.transcript, renewed):
                        tell(one, provider, difference)
                    if renewed != one.transcript and agrees(one.path):
                        one.path.write_text(transcripts.dump(renewed), encoding="utf-8")
                        click.echo(f"{one.path}: renewed")

    async def _play(self, one: Written, make: Make) -> None:
        for provider in self._providers(one.transcript):
            if self.providers and one.transcript.channels and provider not in one.transcript.channels:
                self._leave_out(one, provider, f"it holds on {', '.join(one.transcript.channels)} alone")
                continue
            played, begun = Played(one.path, one.transcript.title, provider), time.monotonic()
            self.all.append(played)
            try:
                player = await make(one, provider)
                with _placed(one, player):
                    found = await player.play(self.twice)
            except NoAnswer as error:
                played.broke = str(error)
                raise
            if one.foreign:
                found = [difference for difference in found if dialoguss.differs(difference, one.transcript)]
            played.differences, played.seconds = found, time.monotonic() - begun
            for difference in found:
                tell(one, provider, difference)

    def _leave_out(self, one: Written, provider: str, reason: str) -> None:
        self.all.append(Played(one.path, one.transcript.title, provider, left_out=reason))
        click.echo(f"{one.path}: left out: {reason}", err=True)

    def _providers(self, transcript: Transcript) -> Iterator[str]:
        yield from self.providers or [first_of(self.settings, transcript)]


def _told_how_far(written: Sequence[Written]) -> Iterator[Written]:
    with progress("transcripts") as advance:
        for done, one in enumerate(written):
            advance(done, len(written))
            yield one


@contextlib.contextmanager
def _placed(one: Written, player: Player) -> Iterator[None]:
    """What a step may not do, such as an officer's act that is refused, is told with its file and line."""
    try:
        yield
    except NoAnswer:
        raise
    except EngineError as error:
        place = str(one.path) if one.foreign else transcripts.place(one.path, player.at)
        raise EngineError(f"{place}: {error}") from None


def first_of(settings: Config, transcript: Transcript) -> str:
    """The provider, of those served, on which a transcript that holds there is played where none is named."""
    served = [one.name for one in settings.ussd_channels]
    holds = [name for name in served if not transcript.channels or name in transcript.channels]
    return provider_of(holds or transcript.channels or served)


def _changed(before: Transcript, after: Transcript) -> Iterator[Difference]:
    """The steps of which something else was written before; what was empty is only filled in."""
    for number, (old, new) in enumerate(zip(before.steps, after.steps, strict=True), 1):
        if old.expected and new.expected and old.expected != new.expected:
            yield Difference(number, new.words, shown(old.expected), shown(new.expected))
        if old.gets and old.gets != new.gets:
            yield Difference(number, f"{new.words}: SMS", "\n\n".join(old.gets), "\n\n".join(new.gets))


def tell(one: Written, provider: str, difference: Difference) -> None:
    """Print what is written beside what is shown."""
    session = f" ({visible(one.transcript.title)})" if one.foreign else ""
    step = f"step {difference.step} ({visible(difference.what)})"
    colour = False if os.environ.get("NO_COLOR") else None
    click.echo(f"{one.path}{session}: {step} on {provider}:")
    for row in side_by_side(difference, shutil.get_terminal_size().columns):
        click.echo(row, color=colour)
