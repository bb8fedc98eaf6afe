"""What stands beside the phone, one at a time: help, SMS, the officer's desk, trouble, phones, the wire."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final, Protocol

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input

from simulator import case_words
from simulator.deeds import PHONES, TOGGLES, TROUBLES, Deed, spelled
from simulator.handset import Message
from simulator.officer import Sheet
from simulator.room import MOST_SMS, Room
from simulator.screen_help import lines
from simulator.screen_parts import Choices, Do, Plain, Row
from simulator.speech import Note, Speech, told
from simulator.terms import ACTS, REPORTS, SPEAKS

REPORT_KEYS: Final = {"delivered": "d", "failed": "f", "late": "l", "twice": "t"}


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


class Verb(Protocol):
    """Something that a room does."""

    async def __call__(self) -> None: ...


class Help(Pane):
    """What can be done here."""

    TITLE = told("Help")

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield Plain()

    def renew(self) -> None:
        self.query_one(Plain).put("\n".join(lines(self.room, self.speech)))


class Inbox(Pane):
    """The SMS of the phone in hand."""

    TITLE = told("SMS")

    def compose(self) -> ComposeResult:
        yield Choices(id="messages")
        with VerticalScroll(id="message", can_focus=False):
            yield Plain()
        yield Choices(id="reports")
        yield Input(id="sms", max_length=MOST_SMS, compact=True)

    def renew(self) -> None:
        say, inbox = self.speech, self.room.hand.inbox
        rows = [Row(str(index), self._headline(one)) for index, one in enumerate(inbox)]
        self.query_one("#messages", Choices).show(rows[::-1])
        shown = self._shown()
        self.query_one("#message Plain", Plain).put(shown.text if shown else say("No SMS yet."))
        foreign = shown is not None and not shown.mine
        self.query_one("#reports", Choices).show(list(self._reports()) if foreign else [])
        self.query_one("#reports").display = foreign
        self.query_one("#sms", Input).placeholder = say("Write an SMS here, then Enter")

    def enter(self) -> None:
        messages = self.query_one("#messages", Choices)
        messages.at = 0
        self._read()
        messages.focus()

    def _reports(self) -> Iterator[Row]:
        for how, key in REPORT_KEYS.items():
            label = self.speech("report it as {what}", what=self.speech.note(REPORTS[how]))
            yield Row(how, f"{key} {label}", key)

    def _headline(self, one: Message) -> str:
        who = self.speech("to {number}", number=one.other) if one.mine else one.other
        report = f" ({self.speech.note(REPORTS[one.report])})" if one.report else ""
        new = "" if one.mine or one.read else "* "
        return f"{new}{who}{report}: {one.text}"

    def _shown(self) -> Message | None:
        row, inbox = self.query_one("#messages", Choices).current, self.room.hand.inbox
        return inbox[int(row.name)] if row and int(row.name) < len(inbox) else None

    def _read(self) -> None:
        if shown := self._shown():
            shown.read = True
        self.renew()

    @on(Choices.Chosen, "#messages")
    def read(self, event: Choices.Chosen) -> None:
        event.stop()
        self._read()

    @on(Choices.Chosen, "#reports")
    def report(self, event: Choices.Chosen) -> None:
        event.stop()
        if shown := self._shown():
            self.do(partial(self.room.report, shown, event.name))

    @on(Input.Submitted, "#sms")
    def write(self, event: Input.Submitted) -> None:
        event.stop()
        self.do(partial(self.room.write, event.value))
        event.input.clear()


class Desk(Pane):
    """The officer who holds the case that was sent last."""

    TITLE = told("The officer")

    def __init__(self, room: Room, say: Speech, id: str) -> None:
        super().__init__(room, say, id)
        self.chosen: str = ""

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="case", can_focus=False):
            yield Plain()
        yield Choices(id="offers")
        yield Input(id="words", compact=True)

    def renew(self) -> None:
        say, sheet = self.speech, self.room.sheet
        self.query_one("#case Plain", Plain).put("\n".join(self._lines(sheet)))
        offers = sheet.offers if sheet else ()
        self.query_one("#offers", Choices).show([Row(act, say.note(ACTS[act])) for act in ACTS if act in offers])
        words = self.query_one("#words", Input)
        words.display = self.chosen in SPEAKS and self.chosen in offers
        if words.display:
            words.placeholder = f"{say.note(SPEAKS[self.chosen])}, Enter"

    def enter(self) -> None:
        self.chosen = ""
        self.do(self.room.look)
        self.query_one("#offers").focus()

    def _lines(self, sheet: Sheet | None) -> Iterator[str]:
        say = self.speech
        if sheet is None:
            yield say("No case lies here. Send one by the phone, then open this page again (F3).")
            return
        case = sheet.case
        yield f"{case.reference} · {case_words.kind(sheet, say)} · {case_words.mode(sheet, say)}"
        yield f"{case.institution} · {case_words.state(sheet, say)}"
        if case.due:
            yield say("answer by {day}", day=f"{case.due:%d/%m/%Y}")
        if sheet.file is None:
            yield say("Open it to read it.")
            return
        yield ""
        yield sheet.file.submission.answers.get("message") or ""
        for words in (done.words for done in sheet.file.done if done.words):
            yield f"{words.day:%d/%m} {words.office}: {words.text}"

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
            self.query_one("#offers").focus()

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
        self.query_one(Choices).show([*self.more(), *map(self._row, self.DEEDS)])

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
        with VerticalScroll(id="raw"):
            yield Plain()

    def renew(self) -> None:
        say, tap = self.speech, self.room.tap
        request = tap.request() or say("Nothing was asked yet.")
        answer = tap.response() or say("No answer came.") if tap.asked else ""
        self.query_one(Plain).put(f"{request}\n\n{answer}")

    def enter(self) -> None:
        self.query_one("#raw").focus()
