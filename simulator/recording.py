"""What is done in a room, written down as a transcript that plays the same elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Final

import msgspec

from simulator.holes import Holes
from simulator.stage import Kind
from simulator.transcript import BEGINS, Step, Transcript
from ussd_engine.model import Reply

GAP_S: Final = 20.0
"""A pause from which on it is written down: shorter ones change nothing."""
TYPED: Final = ("ref", "pin")


class Recorder:
    """Takes steps as they are done. Time that the steps themselves bring passes the same wherever they are played; what
    passes besides, `real`, is written down as waiting, but for a short while between an answer and the next."""

    def __init__(self, holes: Holes | None = None) -> None:
        self.holes = holes or Holes()
        self.steps: list[Step] = []
        self.began = 0.0
        """When the first step began, Unix seconds."""
        self.kept = 0
        """How many steps stand in a file."""
        self.provider = ""
        """Through whom the first step went."""
        self._told = self._real = 0.0
        """Up to when the steps tell of real time."""
        self.dialled = ""
        """What `redial` dials where the steps are played."""

    def begin(self, now: float, real: float, provider: str) -> None:
        """Before something is done; the first time is the beginning."""
        if not self.steps:
            self.began, self._told, self.provider = now, real, provider

    def gap(self, real: float, gets: Sequence[str] = (), exact: bool = False) -> None:
        """The time that has passed since the last step, and the SMS that came in it."""
        passed, self._real = self._passed(real), real
        if self.steps and (gets or passed >= (1 if exact else GAP_S)):
            self._told += passed
            self._add(Step(wait=float(passed)), gets)

    def wait(self, seconds: float, real: float) -> Step:
        """The step of letting time pass, with what had passed before it."""
        passed = self._passed(real) if self.steps else 0
        self._told += passed
        return Step(wait=float(seconds + passed))

    def owe(self, seconds: float) -> None:
        """Time that passes while nothing is there that could hear of it: it is told before the next step."""
        self._told -= seconds

    def _passed(self, real: float) -> int:
        return max(0, math.ceil(real - self._told))

    def take(self, step: Step, screen: Reply | None = None, gets: Sequence[str] = ()) -> None:
        """A step that was done, with the screen that came and the SMS that arrived."""
        self.dialled = step.dial or self.dialled
        passed = 0 if step.restart else self._passed(self._real)  # while it is down, nothing hears of time
        if self.steps and passed and (gets or screen is None or screen.ends or step.does != "type"):
            self._told += passed
            self._add(Step(wait=float(passed)), ())
        if screen is not None:
            step = step.showing(Reply(self.holes.cut(screen.text), screen.ends))
        self._add(step, gets)

    def late(self, gets: Sequence[str]) -> None:
        """SMS that the last step brought, though they came after it."""
        if self.steps and gets:
            last = self.steps.pop()
            self._add(last, gets)

    def _add(self, step: Step, gets: Sequence[str]) -> None:
        self.steps.append(msgspec.structs.replace(step, gets=[*step.gets, *map(self.holes.cut, gets)]))

    def typed(self, text: str) -> str:
        """What was typed, with a hole for each value that was shown, and for the caller's number."""
        text = self.holes.unnumbered(text)
        known = {value: name for name, value in self.holes.values.items() if name.rstrip("0123456789") in TYPED}
        if text in known:
            return f"<{known[text]}>"
        words = text.split(" ")
        return " ".join(f"<{known[word]}>" if known.get(word, "").startswith("ref") else word for word in words)

    def transcript(self, title: str, kind: Kind, channels: Sequence[str], zone: tzinfo, number: bool) -> Transcript:
        """All of it. `channels` are those that it is for, none for all; `number`: callers have one."""
        return Transcript(
            title=title,
            sms=kind.sms,
            core_wants=sorted(kind.wants),  # type: ignore[arg-type]  # it came from a transcript, or is empty
            core_lacks=sorted(kind.lacks),  # type: ignore[arg-type]  # likewise
            number=number,
            channels=list(channels),
            begins=f"{datetime.fromtimestamp(self.began, zone):{BEGINS}}" if kind.sms else "",
            steps=list(self.steps),
        )
