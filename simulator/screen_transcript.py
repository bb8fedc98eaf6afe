"""The page for transcripts: what was done is kept as one, and one that is opened is stepped through."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from simulator.player import Difference
from simulator.rehearsal import Rehearsal
from simulator.room import Room
from simulator.screen_panes import Pane, Reading
from simulator.screen_parts import Choices, Plain, Row
from simulator.side_by_side import pairs
from simulator.speech import Speech, told
from simulator.terms import doing

SAVE, OPEN, STEP = "save", "open", "step"
PROPOSED: Final = "dialog{}.yaml"


class Transcript(Pane):
    """Saved, opened, stepped through."""

    TITLE = told("Transcript")

    def __init__(self, room: Room, say: Speech, id: str) -> None:
        super().__init__(room, say, id)
        self.chosen = ""

    def compose(self) -> ComposeResult:
        yield Choices(id="transcript-list")
        yield Plain(id="path-label")
        yield Input(id="path", compact=True)
        with Reading(id="steps"):
            yield Plain()

    def renew(self) -> None:
        say, rehearsal = self.speech, self.room.rehearsal
        rows = [Row(SAVE, say("Save what was done")), Row(OPEN, say("Open a transcript"))]
        if rehearsal and not rehearsal.over:
            rows.append(Row(STEP, say("Next step")))
        self.query_one("#transcript-list", Choices).show(rows)
        path = self.query_one("#path", Input)
        path.display = self.chosen in (SAVE, OPEN)
        label = self.query_one("#path-label", Plain)
        label.display = path.display
        if self.chosen == SAVE:
            label.put(say("Name of the file to save to, then Enter:"))
        else:
            label.put(say("Name of the file to open, then Enter:"))
        self.query_one("#steps Plain", Plain).put("\n".join(self._lines(rehearsal)))

    def enter(self) -> None:
        self.chosen = ""
        self.query_one("#transcript-list").focus()

    def _lines(self, rehearsal: Rehearsal | None) -> Iterator[str]:
        say = self.speech
        if rehearsal is None:
            yield say("Steps that were done: {count}", count=str(len(self.room.recorder.steps)))
            return
        yield f"{rehearsal.path.name}: {rehearsal.done}/{len(rehearsal.steps)}"
        for found in rehearsal.found:
            yield from self._difference(found)
        if rehearsal.next:
            yield say("next: {step}", step=say.note(doing(rehearsal.next)))
            yield rehearsal.next.note

    def _difference(self, found: Difference) -> Iterator[str]:
        yield self.speech("< as written   > as shown")
        for pair in pairs(found.expected, found.found):
            if pair.written == pair.shown:
                yield f"  {pair.shown}"
                continue
            if pair.written is not None:
                yield f"< {pair.written}"
            if pair.shown is not None:
                yield f"> {pair.shown}"

    @on(Choices.Chosen)
    def choose(self, event: Choices.Chosen) -> None:
        event.stop()
        self.chosen = event.name
        if event.name == STEP:
            self.do(self.room.step)
            return
        self.renew()
        path = self.query_one("#path", Input)
        path.value = _free() if event.name == SAVE else path.value
        path.focus()

    @on(Input.Submitted)
    def go(self, event: Input.Submitted) -> None:
        event.stop()
        if not event.value.strip():
            return
        path = Path(event.value.strip()).expanduser()
        if self.chosen == SAVE:
            self.do(partial(self.room.save, path, path.stem))
        else:
            self.do(partial(self._open, path))
        self.chosen = ""
        self.query_one("#transcript-list").focus()

    async def _open(self, path: Path) -> None:
        """What comes next is one key away."""
        await self.room.open_transcript(path)
        self.renew()
        self.query_one("#transcript-list", Choices).point(STEP)


def _free() -> str:
    """A name that no file here has."""
    names = (PROPOSED.format("" if number == 1 else f"-{number}") for number in itertools.count(1))
    return next(name for name in names if not Path(name).exists())
