"""The small parts of the terminal's view: plain text, a list to choose from, a key that can be clicked.

Nothing in them rests on colour: what is chosen has a mark before it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from rich.cells import set_cell_size
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from simulator.dialog import printable

MARK, PLAIN = "> ", "  "


class Do(Message):
    """Asks the program for a verb of the room."""

    def __init__(self, verb: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self.verb = verb


class Plain(Static):
    """Text as it stands, without markup and without what would steer the terminal."""

    def __init__(self, text: str = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__("", id=id, classes=classes, markup=False)
        self.text = ""
        self.put(text)

    def put(self, text: str) -> bool:
        """Show a text; whether it is another one."""
        clean = "\n".join(printable(row) for row in text.split("\n"))
        if clean == self.text:
            return False
        self.text = clean
        self.update(Content(clean))
        return True


class Key(Plain):
    """A key to click."""

    class Pressed(Message):
        """It was clicked."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, key: str, label: str = "", *, classes: str | None = None) -> None:
        super().__init__(label, classes=classes)
        self.key = key

    def on_click(self) -> None:
        self.post_message(self.Pressed(self.key))


class Row(NamedTuple):
    """One line of a list."""

    name: str
    label: str


class Choices(Widget, can_focus=True):
    """A list: up and down move the mark, Enter or a click chooses."""

    class Chosen(Message):
        """A row was chosen."""

        def __init__(self, choices: Choices, name: str) -> None:
            super().__init__()
            self.choices = choices
            self.name = name

        @property
        def control(self) -> Choices:
            return self.choices

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.rows: Sequence[Row] = ()
        self.at = 0
        self._top = 0

    def show(self, rows: Sequence[Row]) -> None:
        """Other rows; the mark stays where it can."""
        if rows != self.rows:
            self.rows = list(rows)
            self.at = max(0, min(self.at, len(rows) - 1))
            self.refresh(layout=True)

    @property
    def current(self) -> Row | None:
        """The row with the mark."""
        return self.rows[self.at] if self.rows else None

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self.rows))

    def render(self) -> Content:
        height, width = max(1, self.size.height), self.size.width
        self._top = max(0, min(self._top, self.at, len(self.rows) - height))
        self._top = max(self._top, self.at - height + 1)
        lines = []
        for index, row in enumerate(self.rows[self._top : self._top + height], self._top):
            marked = index == self.at
            text = set_cell_size((MARK if marked else PLAIN) + printable(row.label.replace("\n", " ")), width)
            style = "reverse" if marked and self.has_focus else "bold" if marked else ""
            lines.append(Content.styled(text, style) if style else Content(text))
        return Content("\n").join(lines)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        if event.key in ("up", "down", "pageup", "pagedown", "home", "end"):
            self._move(event.key)
        elif event.key == "enter":
            self._choose(self.at)
        else:
            return
        event.stop()
        event.prevent_default()

    def _move(self, key: str) -> None:
        steps = {"up": -1, "down": 1, "pageup": -self.size.height, "pagedown": self.size.height}
        last = len(self.rows) - 1
        to = {"home": 0, "end": last}.get(key, self.at + steps.get(key, 0))
        self.at = max(0, min(to, last))
        self.refresh()

    def on_mouse_scroll_down(self) -> None:
        self._move("down")

    def on_mouse_scroll_up(self) -> None:
        self._move("up")

    def on_click(self, event: events.Click) -> None:
        self._choose(self._top + event.y)

    def _choose(self, index: int) -> None:
        if 0 <= index < len(self.rows):
            self.at = index
            self.refresh()
            self.post_message(self.Chosen(self, self.rows[index].name))
