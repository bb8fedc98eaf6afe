"""Transcripts from the command line: played, compared, renewed, and counted against what the menus offer."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple

import click

from simulator import transcript as transcripts
from simulator.coverage import Coverage
from simulator.dialog import gateway_at, printable
from simulator.local import wire
from simulator.player import Difference, Player, numbers
from simulator.stage import Stage
from simulator.transcript import Transcript
from ussd_engine.config import Config


class Written(NamedTuple):
    """A transcript and its file."""

    path: Path
    transcript: Transcript


def find(given: Sequence[Path]) -> list[Written]:
    """The transcripts of files and folders. Raises `BadTranscript`."""
    files = [file for path in given for file in (_inside(path) if path.is_dir() else [path])]
    return [Written(file, transcripts.load(file)) for file in files]


def _inside(folder: Path) -> list[Path]:
    """The transcripts of a folder; of a folder of menus those in its folders called `transcripts`."""
    every = sorted(folder.rglob("*.yaml"))
    return [file for file in every if "transcripts" in file.relative_to(folder).parts[:-1]] or every


class Replay:
    """Plays transcripts on one provider, or each on the first one on which it holds."""

    def __init__(self, settings: Config, provider: str | None, twice: bool) -> None:
        self.settings = settings
        self.provider = provider
        self.twice = twice
        self.played = 0
        self.differing = 0

    async def here(self, written: Sequence[Written], coverage: Coverage | None) -> None:
        """On gateways started here."""
        with tempfile.TemporaryDirectory() as folder:
            async with Stage(self.settings, Path(folder), coverage.tap if coverage else None) as stage:
                for one in written:
                    await self._play(one, stage.player)
                if coverage:
                    coverage.count(stage)

    async def there(self, written: Sequence[Written], url: str, token: str) -> None:
        """On the gateway at `url`, on its own clock."""
        async with gateway_at(url, token) as (line, clock):
            fresh = numbers()

            async def player(transcript: Transcript, provider: str) -> Player:
                return Player(transcript, wire(provider, self.settings), line, clock, fresh)

            for one in written:
                if one.transcript.needs_local:
                    click.echo(f"{one.path}: left out: it needs a gateway started here", err=True)
                else:
                    await self._play(one, player)

    async def renew(self, written: Sequence[Written]) -> None:
        """Write the screens that are shown now into the files, where they differ."""
        with tempfile.TemporaryDirectory() as folder:
            async with Stage(self.settings, Path(folder)) as stage:
                for one in written:
                    player = await stage.player(one.transcript, self._provider(one.transcript))
                    renewed = await player.renew()
                    if renewed != one.transcript:
                        one.path.write_text(transcripts.dump(renewed), encoding="utf-8")
                        click.echo(f"{one.path}: renewed")

    async def _play(self, one: Written, player: Callable[[Transcript, str], Awaitable[Player]]) -> None:
        provider = self._provider(one.transcript)
        found = await (await player(one.transcript, provider)).play(self.twice)
        for difference in found:
            tell(one.path, provider, difference)
        self.played += 1
        self.differing += bool(found)

    def _provider(self, transcript: Transcript) -> str:
        served = [one.name for one in self.settings.ussd_channels]
        holds = [name for name in served if not transcript.channels or name in transcript.channels]
        return self.provider or (holds or transcript.channels or served)[0]


def tell(path: Path, provider: str, difference: Difference) -> None:
    """Print what is written beside what was found."""
    click.echo(f"{path}: step {difference.step} ({difference.what}) on {provider}:")
    written, found = difference.expected.split("\n"), difference.found.split("\n")
    for row in unified_diff(written, found, "written", "found", lineterm="", n=20):
        click.echo(f"  {printable(row)}")
