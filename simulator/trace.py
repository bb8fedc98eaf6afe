"""Plays transcripts for what they take of the menus: which screen each step shows, and what citizens type where."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from simulator.player import Player
from simulator.replay import Written, first_of
from simulator.speech import Note
from simulator.stage import Stage
from simulator.terms import doing
from simulator.transcript import LEGS, Step
from ussd_engine.config import Config
from ussd_engine.errors import EngineError
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.page import Stop, Trace
from ussd_engine.model import Reply, Turn
from ussd_engine.registry import SPOKEN
from ussd_engine.view import Seen

SPEAKING = ("answer", "ask")
"""What an officer does and a citizen reads in his own words."""


SHOWING = (*LEGS, "repeat", "late")
"""The steps that a screen answers."""


class Tracer:
    """Plays transcripts one after the other on gateways of its own. Whether they hold is not looked at."""

    def __init__(self, settings: Config, edition: Edition) -> None:
        self.settings = settings
        self.edition = edition
        self.traces: list[Trace] = []
        self.broken: list[str] = []
        """What could not be played to its end, and why."""
        self.doing: dict[str, tuple[Note, str]] = {}
        """By what a step does, as its file says it, the words for it and what is said there."""
        self._typed: dict[str, dict[str, Counter[str]]] = {}
        """By language and answer: how often each text was typed."""
        self._nothing = {
            f"{name}/{screen.none}"
            for name, menu in edition.services.items()
            for screen in menu.service.screens.values()
        }
        """The screens for what found nothing: what was typed before them is no good example."""
        self._seen: list[Seen] = []
        self._locale = ""

    @property
    def given(self) -> Mapping[str, Mapping[str, str]]:
        """By language and answer: the text that was typed most often."""
        return {
            locale: {name: texts.most_common(1)[0][0] for name, texts in by_answer.items()}
            for locale, by_answer in self._typed.items()
        }

    async def play(self, written: Sequence[Written], root: Path) -> None:
        """Every transcript once, on the first provider on which it holds. Files are named from `root`."""
        with tempfile.TemporaryDirectory() as folder:
            async with Stage(self.settings, Path(folder), self._tap) as stage:
                for one in written:
                    player = await stage.player(one.transcript, first_of(self.settings, one.transcript))
                    await self._trace(one, player, root)

    async def _trace(self, one: Written, player: Player, root: Path) -> None:
        self._locale, steps = "", list[Stop]()
        try:
            for step in one.transcript.steps:
                steps.append(await self._step(player, step))
        except EngineError as error:
            self.broken.append(f"{one.path}: step {len(steps) + 1}: {error}")
        file = one.path.relative_to(root) if one.path.is_relative_to(root) else one.path
        self.traces.append(Trace(file.as_posix(), one.transcript.title, steps))

    def _tap(self, turn: Turn, seen: Seen) -> None:
        self._seen.append(seen)

    async def _step(self, player: Player, step: Step) -> Stop:
        """One step of what a player plays; where it differs, what was found is kept."""
        self._seen.clear()
        player.transcript = msgspec.structs.replace(player.transcript, steps=[step])
        found = await player.play()
        for seen in self._seen:
            self._locale = seen.locale or self._locale
        self._note(step)
        shown = Reply(found[0].found, False) if found else step.expected or Reply("", False)
        last = self._seen[-1] if self._seen and step.does in SHOWING else Seen()
        says = f": {step.says}" if step.says else ""
        does = f"{step.words}{says}"
        self.doing[does] = doing(step), says
        return Stop(
            does=does,
            screen=last.screen,
            locale=last.locale,
            text=shown.text,
            ends=shown.ends,
            note=step.note,
            gets=tuple(step.gets),
            taken=tuple(dict.fromkeys(what for seen in self._seen for what in seen.taken)),
        )

    def _note(self, step: Step) -> None:
        """What was typed and taken, and what an officer said, as examples."""
        if step.officer in SPEAKING and step.says and self._locale:
            self._count(self._locale, SPOKEN, step.says)
        for name in self._answered() if step.type and "<" not in step.type else ():
            self._count(self._locale, name, step.type or "")

    def _answered(self) -> Iterator[str]:
        """The answers that the screen of the last leg keeps of a typed text, where the text was taken."""
        for seen in self._seen:
            service, _, name = seen.answered.partition("/")
            if service in self.edition.services and seen.answered != seen.screen:
                screen = self.edition.services[service].service.screens.get(name)
                if screen is not None and screen.kind == "input" and seen.screen not in self._nothing:
                    yield from screen.answers

    def _count(self, locale: str, name: str, text: str) -> None:
        self._typed.setdefault(locale, {}).setdefault(name, Counter())[text] += 1
