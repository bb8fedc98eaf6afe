"""The room in the terminal: a phone at the left, one page beside it, what happened below.

    ┌ the caller's number, the provider, the time ─────────────┐
    │ phone            │ help, SMS, officer, trouble, phones,  │
    │ what it shows    │ the wire, transcript: F1 to F7        │
    │ its figures      │                                       │
    │ its keys         │                                       │
    ├ what happened ───┴───────────────────────────────────────┤
    └ keys ────────────────────────────────────────────────────┘

What the parts ask for is done beside the view, so that keys are taken meanwhile.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from typing import ClassVar, Final

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import ContentSwitcher, Input

from simulator.deeds import PHONES, TROUBLES
from simulator.floor import NEEDS_OWN
from simulator.room import Room
from simulator.screen_inbox import Inbox
from simulator.screen_panes import Desk, Help, Pane, Phones, Trouble, Wire, reachable
from simulator.screen_parts import Do, Key, Keys, Plain
from simulator.screen_phone import Phone
from simulator.screen_transcript import Transcript
from simulator.speech import LANGUAGES, Note, Speech, told
from simulator.terminal import Terminal, gone
from ussd_engine.country import Country

TICK_S: Final = 1.0
NEEDS: Final = (80, 24)
"""Columns and rows that every view fits."""
MORE: Final = 6
"""Rows beyond those from which on a narrow window, whose text wraps, has a place for the keypad too."""
DIALLED: Final = "0123456789*#"
OWN: Final = ("inbox", "desk")
"""Pages that a gateway elsewhere does not have."""
PAGES: Final[dict[str, type[Pane]]] = {
    "help": Help,
    "inbox": Inbox,
    "desk": Desk,
    "trouble": Trouble,
    "phones": Phones,
    "wire": Wire,
    "transcript": Transcript,
}
TABS: Final[dict[str, Note]] = {
    "help": told("Help"),
    "inbox": told("SMS"),
    "desk": told("Desk"),
    "trouble": told("Trouble"),
    "phones": told("Phones"),
    "wire": told("Wire"),
    "transcript": told("Save"),
}


class Simulator(App[int]):
    """The program. It shows one room; when it ends, whoever made the room closes it."""

    ENABLE_COMMAND_PALETTE = False
    CSS_PATH = "screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(f"f{number}", f"page('{name}')", priority=True) for number, name in enumerate(PAGES, 1)),
        Binding("f8", "language", priority=True),
        Binding("escape", "phone", priority=True),
        Binding("ctrl+q", "quit", priority=True),
        Binding("ctrl+c", "nothing", priority=True),
        *(Binding(deed.key, f"deed('{deed.name}')") for deed in (*TROUBLES, *PHONES) if deed.key),
    ]

    def __init__(self, room: Room, language: str) -> None:
        # The terminal's own colours, or none: then bold and reverse are left.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None, driver_class=Terminal)
        self._asked = False
        self._small_told = False
        """That the window is small stood there, and something was done since."""
        self.room = room
        self.speech = Speech(language)
        self._zone = Country.load(room.settings.country).time_zone

    def compose(self) -> ComposeResult:
        yield Plain(id="top")
        with Horizontal(id="middle"):
            yield Phone(self.room, self.speech)
            with ContentSwitcher(id="pages", initial="help"):
                for name, page in PAGES.items():
                    yield page(self.room, self.speech, name)
        yield Plain(id="note")
        yield Keys(id="tabs")

    async def on_mount(self) -> None:
        self.query_one(Phone).focus()
        self.set_interval(TICK_S, self._tick)
        if self.room.behind is None:
            self._begin(self.room.open)
        self.renew()

    # what the parts ask for

    def on_do(self, event: Do) -> None:
        self._small_told = True
        self._begin(event.verb)

    def on_phone_typed(self) -> None:
        self._small_told = True
        self.renew()

    async def on_event(self, event: events.Event) -> None:
        """What is written goes to a field of the page, or to the phone, before the next key is looked at: over a slow
        line Enter comes with the digit, and on a list it would act."""
        if isinstance(event, events.Key) and not event.is_forwarded and not isinstance(self.focused, Input | Phone):
            self._lead(event)
        await super().on_event(event)

    def _lead(self, event: events.Key) -> None:
        """The focus goes to what takes this character, where something does."""
        written = event.character if event.is_printable else None
        page = next((one for one in self.query(Pane) if self.focused and one in self.focused.ancestors), None)
        if written and page and (field := page.field):
            self.screen.set_focus(field)
        elif written and written in DIALLED:
            self.action_phone()

    def on_key_pressed(self, event: Key.Pressed) -> None:
        """A key at the foot was clicked."""
        self.simulate_key(event.key)

    def _begin(self, verb: Callable[[], Awaitable[None]]) -> None:
        """A verb of the room, beside the view, so that keys are taken meanwhile."""

        async def done() -> None:
            self.call_after_refresh(self.renew)
            await verb()
            self.renew()

        self.run_worker(done(), group="verbs")

    async def _tick(self) -> None:
        if not self.is_headless and gone(sys.stdin.fileno()):
            self.exit()
            return
        await self.room.tick()
        self.renew()

    # actions

    def action_page(self, name: str) -> None:
        """One of the pages comes to the front."""
        if self.room.way.url and name in OWN:
            self.room.note = NEEDS_OWN
            self.renew()
            return
        self.screen.add_class("turned")
        self.query_one("#pages", ContentSwitcher).current = name
        page = self.query_one(f"#{name}", Pane)
        page.renew()
        page.enter()
        self.renew()

    def action_phone(self) -> None:
        """The phone is in hand again."""
        self.screen.remove_class("turned")
        self.screen.set_focus(self.query_one(Phone))

    def action_language(self) -> None:
        """The next language."""
        at = LANGUAGES.index(self.speech.language)
        self.speech.speak(LANGUAGES[(at + 1) % len(LANGUAGES)])
        self.renew()

    def action_deed(self, name: str) -> None:
        """Something of the lists, by its key."""
        deed = next(deed for deed in (*TROUBLES, *PHONES) if deed.name == name)
        if not isinstance(self.focused, Input):
            self._begin(lambda: deed.do(self.room))

    async def action_quit(self) -> None:
        """The end; where something was done and not saved, it is asked once."""
        if self.room.unsaved and not self._asked:
            self._asked = True
            self.room.note = told(
                "{count} steps are not saved: F7 saves them. Ctrl+Q again ends without.", count=str(self.room.unsaved)
            )
            self.renew()
            return
        self.exit()

    def on_resize(self, event: events.Resize) -> None:
        """What has no place goes: the keypad where it is low, the page or the phone where it is narrow."""
        low, narrow = event.size.height < NEEDS[1], event.size.width < NEEDS[0]
        self.screen.set_class(low, "low")
        self.screen.set_class(narrow, "narrow")
        self.screen.set_class(low or (narrow and event.size.height < NEEDS[1] + MORE), "tight")
        self._small_told = False
        self.call_after_refresh(self.renew)

    def action_nothing(self) -> None:
        """A key that ends other programs."""
        self.room.note = told("Ctrl+Q ends the simulator.")
        self.renew()

    # showing

    def renew(self) -> None:
        """Show the room as it is."""
        if not self.is_running or not self.query("#top"):
            return
        room, say = self.room, self.speech
        self.query_one("#top", Plain).put(self._top())
        self.query_one(Phone).renew()
        current = self.query_one("#pages", ContentSwitcher).current
        for name in PAGES:
            page = self.query_one(f"#{name}", Pane)
            page.border_title = say.note(page.TITLE)
            if name == current:
                page.renew()
                page.foot()
        self.query_one("#note", Plain).put(say.note(room.note) if room.note else "")
        self.query_one("#tabs", Keys).show([*self._keys()])
        self.call_later(self._keep_the_focus)

    def _keep_the_focus(self) -> None:
        """Keys go to something that is shown."""
        if self.focused is None:
            self.query_one(Phone).focus()
        elif not reachable(self.focused):
            current = self.query_one("#pages", ContentSwitcher).current
            page = self.query_one(f"#{current}", Pane)
            if not (reachable(page) and page.rest()):
                self.query_one(Phone).focus()

    def on_descendant_focus(self) -> None:
        """The foot of a page tells of what has the focus."""
        for page in self.query(Pane):
            page.foot()

    def _top(self) -> str:
        room, hand = self.room, self.room.hand
        time = datetime.fromtimestamp(room.now, self._zone)
        number = hand.number or self.speech("number withheld")
        told = f" {number} · {room.provider} · {time:%d/%m/%Y %H:%M} · SMS {hand.unread}"
        width, height = self.size
        if width >= NEEDS[0] and height >= NEEDS[1]:
            return told
        note = self.speech.note(room.note) if room.note and height < NEEDS[1] else ""
        if self._small_told:
            return f" {note}" if note else told
        needs, has = (f"{columns}x{rows}" for columns, rows in (NEEDS, self.size))
        small = self.speech("Small window: {has}, best {needs}.", has=has, needs=needs)
        return f" {small} {note or told.strip()}"

    def _keys(self) -> Iterator[tuple[str, str, str]]:
        say = self.speech
        for number, name in enumerate(PAGES, 1):
            if not (self.room.way.url and name in OWN):
                yield f"f{number}", f"F{number}", say.note(TABS[name])
        yield "f8", "F8", say("Language")
        yield "ctrl+q", "^Q", say("Quit")

    def _handle_exception(self, error: Exception) -> None:
        """A fault of the view's own ends it with words; a test is told of it."""
        self._exception = self._exception or error
        self._exception_event.set()
        words = self.speech("A fault in the simulator itself ({kind}). Start it again.", kind=type(error).__name__)
        self.exit(1, return_code=1, message=words)
