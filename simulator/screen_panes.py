"""What stands beside the phone, one at a time: help, the officer's desk, trouble, phones, the wire."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Protocol

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Input

from simulator import case_words
from simulator.deeds import PHONES, TOGGLES, TROUBLES, Deed, spelled
from simulator.officer import Sheet
from simulator.room import Room
from simulator.screen_help import lines
from simulator.screen_parts import Choices, Do, Plain, Row
from simulator.speech import Note, Speech, told
from simulator.terms import ACTS, SPEAKS


class Pane(Vertical):
    """One page beside the phone. `renew` shows the room as it is."""

    TITLE: Note

    def __init__(self, room: Room, say: Speech, id: str) -> None:
        super().__init__(id=id)
        self.room = room
        self.speech = say

    def renew(self) -> None:
        """Show the room as it is."""

    def enter(self) -> None:
        """It comes to the front."""

    def do(self, verb: Verb) -> None:
        """Ask for a verb of the room."""
        self.post_message(Do(verb))

    def rest(self) -> bool:
        """Take the focus; false where nothing here can have it."""
        for widget in self.query("*"):
            if widget.can_focus and reachable(widget):
                widget.focus()
                return True
        return False

    def foot(self) -> None:
        """Say how to go on from here, and how to leave."""
        say, focused = self.speech, self.app.focused
        if focused is None or self not in focused.ancestors:
            self.border_subtitle = say("Tab: into this page")
        elif isinstance(focused, Input):
            self.border_subtitle = say("Enter: done · Tab on · Esc phone")
        elif isinstance(focused, Choices):
            self.border_subtitle = say("↑↓ Enter choose · Tab on · Esc phone")
        else:
            self.border_subtitle = say("↑↓ read · Tab on · Esc phone")

    @property
    def field(self) -> Input | None:
        """Where something can be written now: what is typed on this page goes there."""
        return next((one for one in self.query(Input) if reachable(one)), None)


def reachable(widget: Widget) -> bool:
    """Whether the focus may be there: it is shown, and all around it, and a list has something to choose."""
    empty = isinstance(widget, Choices) and not widget.rows
    return not empty and all(one.display for one in widget.ancestors_with_self)


class Reading(VerticalScroll):
    """A text that is longer than its place, moved by the keys."""


class Verb(Protocol):
    """Something that a room does."""

    async def __call__(self) -> None: ...


class Help(Pane):
    """What can be done here."""

    TITLE = told("Help")

    def compose(self) -> ComposeResult:
        with Reading():
            yield Plain()

    def renew(self) -> None:
        self.query_one(Plain).put("\n".join(lines(self.room, self.speech)))

    def enter(self) -> None:
        self.rest()


class Desk(Pane):
    """The officer who holds the case that was sent last."""

    TITLE = told("The officer")

    def __init__(self, room: Room, say: Speech, id: str) -> None:
        super().__init__(room, say, id)
        self.chosen: str = ""
        self._said: tuple[str, int] = ("", 0)
        """Of which case how many words stood here."""

    def compose(self) -> ComposeResult:
        with Reading(id="case"):
            yield Plain()
        yield Choices(id="offers")
        yield Input(id="words", compact=True, select_on_focus=False)

    def renew(self) -> None:
        say, sheet = self.speech, self.room.sheet
        self.query_one("#case Plain", Plain).put("\n".join(self._lines(sheet)))
        self._to_the_newest(sheet)
        offers = sheet.offers if sheet else ()
        self.query_one("#offers", Choices).show([Row(act, say.note(ACTS[act])) for act in ACTS if act in offers])
        words = self.query_one("#words", Input)
        words.display = self.chosen in SPEAKS and self.chosen in offers
        if words.display:
            words.placeholder = f"{say.note(SPEAKS[self.chosen])}, Enter"

    def enter(self) -> None:
        self.chosen = ""
        self.do(self._look)
        self._settle()

    async def _look(self) -> None:
        await self.room.look()
        self.renew()
        focused = self.app.focused
        if focused is not None and self in focused.ancestors and not isinstance(focused, Input):
            self._settle()

    def _settle(self) -> None:
        """The focus goes to what may be done, or where that is nothing, to what is to be read."""
        offers = self.query_one("#offers", Choices)
        (offers if offers.rows else self.query_one("#case")).focus()

    def _to_the_newest(self, sheet: Sheet | None) -> None:
        """What was said since the case was last shown comes into sight; a case that is new is read from its top."""
        reference = sheet.case.reference if sheet else ""
        count = sum(bool(done.words) for done in sheet.file.done) if sheet and sheet.file else 0
        before, self._said = self._said, (reference, count)
        if before[0] == reference and count > before[1]:
            self.query_one("#case", Reading).scroll_end(animate=False)

    def _lines(self, sheet: Sheet | None) -> Iterator[str]:
        say = self.speech
        if sheet is None:
            yield case_words.nothing(self.room, say)
            return
        case = sheet.case
        yield f"{case.reference} · {case_words.kind(sheet, say)} · {case_words.mode(sheet, say)}"
        yield f"{case_words.institution(sheet, say)} · {case_words.state(sheet, say)}"
        if due := case_words.due(sheet, say):
            yield due
        if sheet.file is None and "open" in sheet.offers:
            yield say("Open it to read it.")
        if waits := case_words.waits(sheet, say):
            yield waits
        if sheet.file is None:
            return
        yield ""
        yield sheet.file.submission.answers.get("message") or ""
        for words in (done.words for done in sheet.file.done if done.words):
            yield f"{words.day:%d/%m} {case_words.author(sheet, words, say)}: {words.text}"

    @on(Choices.Chosen, "#offers")
    def choose(self, event: Choices.Chosen) -> None:
        event.stop()
        self.chosen = event.name
        if event.name in SPEAKS:
            self.renew()
            self.query_one("#words", Input).focus()
        else:
            self._act("")

    @on(Input.Submitted, "#words")
    def speak(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self._act(event.value)
            event.input.clear()
            self._settle()

    def _act(self, says: str) -> None:
        act = next(act for act in ACTS if act == self.chosen)
        self.chosen = ""
        self.do(partial(self.room.act, act, says))


class Deeds(Pane):
    """A list of things to do."""

    DEEDS: tuple[Deed, ...]

    def compose(self) -> ComposeResult:
        yield Choices(id=f"{self.id}-list")

    def renew(self) -> None:
        there = [deed for deed in self.DEEDS if deed.there(self.room)]
        self.query_one(Choices).show([*self.more(), *map(self._row, there)])

    def more(self) -> list[Row]:
        """What stands above."""
        return []

    def enter(self) -> None:
        self.query_one(Choices).focus()

    def _row(self, deed: Deed) -> Row:
        mark = "[x]" if deed.on(self.room) else "[ ]" if deed.name in TOGGLES else "   "
        return Row(deed.name, f"{spelled(deed.key):2} {mark} {self.speech.note(deed.label)}")

    @on(Choices.Chosen)
    def choose(self, event: Choices.Chosen) -> None:
        event.stop()
        for deed in self.DEEDS:
            if deed.name == event.name:
                self.do(partial(_deed, deed, self.room))
                return
        self.other(event.name)

    def other(self, name: str) -> None:
        """A row of `more` was chosen."""


async def _deed(deed: Deed, room: Room) -> None:
    await deed.do(room)


class Trouble(Deeds):
    """What may go wrong, on purpose."""

    TITLE = told("Trouble")
    DEEDS = TROUBLES


class Phones(Deeds):
    """The phones that are here, and the networks."""

    TITLE = told("Phones")
    DEEDS = PHONES

    def more(self) -> list[Row]:
        room, say = self.room, self.speech
        withheld = say("number withheld")
        rows = [
            Row(f"phone {name}", f"   {_tick(hand is room.hand)} {hand.number or withheld}")
            for name, hand in room.handsets.items()
        ]
        return rows + [Row(f"by {name}", f"   {_tick(name == room.provider)} {name}") for name in room.providers]

    def other(self, name: str) -> None:
        kind, _, chosen = name.partition(" ")
        self.do(partial(self.room.take if kind == "phone" else self.room.switch, chosen))


def _tick(on: bool) -> str:
    return "[x]" if on else "[ ]"


class Wire(Pane):
    """The provider's last request and the gateway's answer, as they went."""

    TITLE = told("The wire")

    def compose(self) -> ComposeResult:
        with Reading(id="raw"):
            yield Plain()

    def renew(self) -> None:
        say, tap = self.speech, self.room.tap
        request = tap.request() or say("Nothing was asked yet.")
        answer = tap.response() or say("No answer came.") if tap.asked else ""
        self.query_one(Plain).put(f"{request}\n\n{answer}")

    def enter(self) -> None:
        self.query_one("#raw").focus()
