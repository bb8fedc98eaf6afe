"""The phone in the terminal: its screen, what is typed, its keys, and the figures below."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message

from simulator.handset import PUT_AWAY, Display, Handset
from simulator.room import Room
from simulator.screen_parts import Do, Key, Plain
from simulator.speech import Speech
from simulator.status import line
from simulator.terms import NETWORK

ENTER: Final = ("enter", "ctrl+j")
"""The second is what a terminal has of an Enter that was pressed before the program took it over."""
CALL, CLEAR, END = "call", "clear", "end"
DIGITS: Final = ("123", "456", "789", "*0#")
LETTERS: Final = dict(zip("23456789", ("abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz"), strict=True))
CURSOR: Final = "_"
CUT: Final = "…"
"""Stands before the end of what is typed, where its beginning has no place."""
MOST_ROWS: Final = 6
"""As many as the longest answer takes."""


class Glass(Vertical):
    """The front of the handset; what has a place there is told anew where its size changes."""

    def __init__(self, renew: Callable[[], None], id: str) -> None:
        super().__init__(id=id)
        self._renew = renew

    def on_resize(self) -> None:
        self._renew()


class Phone(Vertical, can_focus=True):
    """The handset. With the focus, what is typed on the keyboard is typed on it."""

    class Typed(Message):
        """A key was pressed on it."""

    def __init__(self, room: Room, say: Speech) -> None:
        super().__init__(id="phone")
        self.room = room
        self.speech = say

    def compose(self) -> ComposeResult:
        with Glass(self.renew, id="handset"):
            with VerticalScroll(id="display", can_focus=False):
                yield Plain(id="text")
            yield Plain(id="entry")
        yield Plain(id="status")
        with Vertical(id="keypad"):
            with Horizontal():
                yield Key(CALL, classes="pad")
                yield Key(CLEAR, classes="pad")
                yield Key(END, classes="pad")
            for row in DIGITS:
                with Horizontal():
                    for digit in row:
                        yield Key(digit, f"{digit} {LETTERS.get(digit, '')}".center(12), classes="pad")

    def renew(self) -> None:
        """Show the room as it is."""
        hand, say = self.room.hand, self.speech
        green = say("Send") if hand.alive else say("OK") if hand.display in PUT_AWAY else say("Dial")
        for key, label in ((CALL, green), (CLEAR, say("Clear")), (END, say("Hang up"))):
            next(one for one in self.query(Key) if one.key == key).put(label.center(12))
        text = self.query_one("#text", Plain)
        if text.put(self._text(hand)):
            self.query_one("#display", VerticalScroll).scroll_home(animate=False)
        self.query_one("#entry", Plain).put(self._entry(hand))
        status, below = self.room.status, self.query_one("#status", Plain)
        below.set_class(bool(status and status.over), "over")
        below.put(line(status, say) if status else self._idle(hand))

    def _text(self, hand: Handset) -> str:
        if hand.display in NETWORK:
            return self.speech.note(NETWORK[hand.display])
        return hand.shown.text if hand.shown else ""

    def _entry(self, hand: Handset) -> str:
        if hand.display is Display.WAITING:
            return "..."
        if hand.display in PUT_AWAY:
            ok = self.speech("OK")
            return f"[{ok}]"
        return self._typed(f"{hand.entry}{' ...' if hand.sending else CURSOR}")

    def _typed(self, typed: str) -> str:
        """As much of the end as has a place; the rest stands above it, out of sight."""
        inside = self.query_one("#handset").content_size
        rows, width = max(1, min(MOST_ROWS, inside.height - 2)), max(1, inside.width)
        cut = [typed[at : at + width] for at in range(0, len(typed), width)]
        if len(cut) > rows:
            cut = cut[-rows:]
            cut[0] = f"{CUT}{cut[0][len(CUT) :]}"
        return "\n".join(cut)

    def _idle(self, hand: Handset) -> str:
        if hand.display is Display.WAITING:
            return self.speech("The answer is on its way.")
        return self.speech("New SMS: {count} (F2)", count=str(hand.unread)) if hand.unread else ""

    def on_key(self, event: events.Key) -> None:
        if event.key in ENTER:
            self.post_message(Do(self.room.send))
        elif event.key in ("backspace", "delete", "ctrl+h"):
            self.room.erase()
        elif event.key in ("up", "down"):
            scroll = self.query_one("#display", VerticalScroll)
            scroll.scroll_relative(y=1 if event.key == "down" else -1, animate=False)
        elif event.character and event.is_printable:
            self.room.press(event.character)
        else:
            return
        event.stop()
        event.prevent_default()
        self.post_message(self.Typed())

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self.room.press(" ".join(event.text.splitlines()))
        self.post_message(self.Typed())

    def on_key_pressed(self, event: Key.Pressed) -> None:
        event.stop()
        if event.key == CALL:
            self.post_message(Do(self.room.send))
        elif event.key == END:
            self.post_message(Do(self.room.hang_up))
        elif event.key == CLEAR:
            self.room.erase()
        else:
            self.room.press(event.key)
        self.focus()
        self.post_message(self.Typed())
