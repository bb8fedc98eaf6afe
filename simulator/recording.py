"""What is done in a room, written down as a transcript that plays the same elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from simulator.holes import Holes
from simulator.stage import Kind
from simulator.transcript import Step, Transcript
from ussd_engine.model import Reply

GAP_S: Final = 20.0
"""A pause from which on it is written down: shorter ones change nothing."""
TYPED: Final = ("ref", "pin", "number")


class Recorder:
    """Takes steps as they are done."""

    def __init__(self, holes: Holes | None = None) -> None:
        self.holes = holes or Holes()
        self.steps: list[Step] = []
        self._at: float | None = None
        self._aside: list[str] = []

    def gap(self, now: float) -> None:
        """Before something is done: what time has passed since the last."""
        if self._at is not None and now - self._at >= GAP_S and self.steps:
            self.steps.append(Step(wait=float(round(now - self._at))))

    def remark(self, words: str) -> None:
        """Something that no step can say stands as a note at the next one."""
        self._aside.append(words)

    def take(self, step: Step, now: float, screen: Reply | None = None, gets: Sequence[str] = ()) -> None:
        """A step that was done, with the screen that came and the SMS that arrived."""
        if screen is not None:
            step = step.showing(Reply(self.holes.cut(screen.text), screen.ends))
        texts = [self.holes.cut(text) for text in gets]
        note = ". ".join(filter(None, [step.note, *self._aside]))
        self._aside.clear()
        self.steps.append(msgspec.structs.replace(step, gets=texts, note=note))
        self._at = now

    def typed(self, text: str) -> str:
        """What was typed, with a hole for each value that was shown."""
        known = {value: name for name, value in self.holes.values.items() if name.rstrip("0123456789") in TYPED}
        if text in known:
            return f"<{known[text]}>"
        words = text.split(" ")
        return " ".join(f"<{known[word]}>" if known.get(word, "").startswith("ref") else word for word in words)

    def transcript(self, title: str, kind: Kind) -> Transcript:
        """All of it."""
        return Transcript(
            title=title,
            sms=kind.sms,
            core_wants=sorted(kind.wants),  # type: ignore[arg-type]  # it came from a transcript, or is empty
            core_lacks=sorted(kind.lacks),  # type: ignore[arg-type]  # likewise
            steps=list(self.steps),
        )
