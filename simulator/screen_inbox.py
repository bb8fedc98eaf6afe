"""The SMS of the phone in hand, beside it: read, written, reported."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from simulator.handset import Message
from simulator.room import MOST_SMS
from simulator.screen_panes import Pane, Reading
from simulator.screen_parts import Choices, Plain, Row
from simulator.speech import told
from simulator.terms import REPORTS


class Inbox(Pane):
    """The SMS of the phone in hand."""

    TITLE = told("SMS")

    def compose(self) -> ComposeResult:
        yield Choices(id="messages")
        with Reading(id="message"):
            yield Plain()
        yield Choices(id="reports")
        yield Input(id="sms", max_length=MOST_SMS, compact=True, select_on_focus=False)

    def renew(self) -> None:
        say, inbox = self.speech, self.room.hand.inbox
        rows = [Row(str(index), self._headline(one)) for index, one in enumerate(inbox)]
        self.query_one("#messages", Choices).show(rows[::-1])
        shown = self._shown()
        self.query_one("#message Plain", Plain).put("\n\n".join(self._words(shown)) if shown else self._none())
        foreign = shown is not None and not shown.mine
        self.query_one("#reports", Choices).show(list(self._reports()) if foreign else [])
        self.query_one("#reports").display = foreign
        self.query_one("#sms", Input).placeholder = say("Write an SMS here, then Enter")

    def _none(self) -> str:
        why = self.room.mute
        return self.speech.note(why) if why else self.speech("No SMS yet.")

    def enter(self) -> None:
        messages = self.query_one("#messages", Choices)
        messages.mark(0)
        self._read()
        if not messages.rows:
            self.rest()
        messages.focus()

    def _reports(self) -> Iterator[Row]:
        for how, words in REPORTS.items():
            yield Row(how, self.speech("report: {what}", what=self.speech.note(words)))

    def _headline(self, one: Message) -> str:
        """What tells it from the others: its hour, and from whom it came where not all have one sender."""
        time = one.hour(self.room.zone)
        senders = {other.other for other in self.room.hand.inbox if not other.mine}
        who = self.speech("to {number}", number=one.other) if one.mine else one.other if len(senders) > 1 else ""
        report = f"({self.speech.note(REPORTS[one.report])})" if one.report else ""
        new = "" if one.mine or one.read else "* "
        about = " ".join(filter(None, (who, report)))
        return f"{new}{time} {about}: {one.text}" if about else f"{new}{time} {one.text}"

    def _words(self, shown: Message) -> Iterator[str]:
        yield shown.text
        if shown.silence:
            yield self.speech.note(shown.silence)

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
            how = next(how for how in REPORTS if how == event.name)
            self.do(partial(self.room.report, shown, how))

    @on(Input.Submitted, "#sms")
    def write(self, event: Input.Submitted) -> None:
        event.stop()
        self.do(partial(self._write, event.value))
        event.input.clear()

    async def _write(self, text: str) -> None:
        """What was written is shown, or the reply that came to it; what could not be sent can be mended."""
        inbox = self.room.hand.inbox
        before = len(inbox)
        await self.room.write(text)
        if len(inbox) == before:
            field = self.query_one("#sms", Input)
            field.value = field.value or text
            return
        shown = next((at for at in range(before, len(inbox)) if not inbox[at].mine), before)
        self.renew()
        self.query_one("#messages", Choices).mark(len(inbox) - 1 - shown)
        self._read()
