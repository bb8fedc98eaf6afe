"""Every transcript, every channel, and gateways that all of them share."""

from __future__ import annotations

import asyncio
import os
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from simulator import transcript as transcripts
from simulator.coverage import Coverage
from simulator.local import local_gateway
from simulator.player import Difference
from simulator.stage import Stage, scratch
from ussd_engine import channels, cli, config
from ussd_engine.config import Config

ROOT = Path(__file__).parent.parent.parent
FILES = sorted((ROOT / "menus").glob("*/transcripts/*.yaml"))
CHANNELS = channels.names()
WHOLE = ("africastalking", "generic")
"""On these every dialog is played each time: a text that holds all inputs, and nothing that tells a repeat."""
EVERYWHERE = frozenset({"short", "quick", "change", "deep-dial", "dials", "no-number", "repeat", "long-text", "last"})
"""These are played on each channel each time; the others with `CI=true`."""
CI = os.environ.get("CI") == "true"
KINDS = CHANNELS if CI else [*WHOLE, "beem"]
"""A channel for each way to tell a leg; all of them with `CI=true`."""


def played(file: Path, channel: str) -> bool:
    """Whether a dialog is played on a channel now."""
    return CI or channel in WHOLE or file.stem.partition(".")[0] in EVERYWHERE


Run = tuple[Path, str, bool]


class Theatre:
    """Plays each transcript once a channel and way of delivery, whoever asks for it and in whatever order."""

    def __init__(self, stage: Stage, coverage: Coverage) -> None:
        self.stage = stage
        self.coverage = coverage
        self.shown: set[str] = set()
        """References that a citizen saw."""
        self._played: dict[Run, list[Difference]] = {}

    async def play(self, file: Path, channel: str, twice: bool = False) -> list[Difference]:
        run = (file, channel, twice)
        if run not in self._played:
            player = await self.stage.player(transcripts.load(file), channel)
            self._played[run] = await player.play(twice)
            self.shown.update(player.references)
        return self._played[run]

    def note(self, screen: str) -> None:
        """A reference that was shown outside a transcript."""
        self.shown.update(re.findall(r"\b[1-9][0-9]{8}\b", screen))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def theatre(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Theatre]:
    coverage = Coverage()
    async with Stage(config.load({}), tmp_path_factory.mktemp("stage"), coverage.tap) as stage:
        yield Theatre(stage, coverage)


Told = tuple[int, str, str]
"""Exit code, what was printed, and what was said aside."""


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., Told]:
    """Runs `ussd-engine` as from an empty folder, without any setting."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Told:
        monkeypatch.setattr("sys.argv", ["ussd-engine", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return run


@contextmanager
def gateway_beside(settings: Config, folder: Path) -> Iterator[str]:
    """The address of a gateway that runs in a thread beside us."""
    ready, stop = threading.Event(), threading.Event()
    urls: list[str] = []

    async def run() -> None:
        async with local_gateway(scratch(settings, folder)) as local:
            urls.append(local.line.url)
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert ready.wait(30)
    try:
        yield urls[0]
    finally:
        stop.set()
        thread.join()
