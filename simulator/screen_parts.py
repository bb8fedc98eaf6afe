"""The small parts of the terminal's view: plain text, a list to choose from, a key that can be clicked.

Nothing in them rests on colour: what is chosen has a mark before it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
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


class Keys(Widget):
    """Keys to click, one behind the other, in as many rows as they take; in a low window without their words where
    these take more than one."""

    LOW = 18
    """Rows of a window below which words in a second row would take too much of it."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.labels: Sequence[tuple[str, str, str]] = ()
        self._over = ""

    def show(self, labels: Sequence[tuple[str, str, str]]) -> None:
        """Other keys: of each its name, how it is written, and its word."""
        if labels != self.labels:
            self.labels = list(labels)
            self.refresh(layout=True)

    def rows(self, width: int) -> list[list[tuple[str, str]]]:
        """By row each key with what is shown of it."""
        rows = self._wrapped([(name, f"{spelled} {word}") for name, spelled, word in self.labels], width)
        low = self.screen.size.height < self.LOW
        return self._wrapped([one[:2] for one in self.labels], width) if low and len(rows) > 1 else rows

    @staticmethod
    def _wrapped(keys: Sequence[tuple[str, str]], width: int) -> list[list[tuple[str, str]]]:
        rows, left = list[list[tuple[str, str]]](), 0
        for name, text in keys:
            if left < cell_len(text) or not rows:
                rows.append([])
                left = width
            rows[-1].append((name, text))
            left -= cell_len(text) + 1
        return rows

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(self.rows(width)))

    def render(self) -> Content:
        lines = []
        for row in self.rows(self.size.width):
            parts = [Content.styled(text, "reverse" if name == self._over else "") for name, text in row]
            lines.append(Content(" ").join(parts))
        return Content("\n").join(lines)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self._pass(self._at(event.x, event.y))

    def on_leave(self) -> None:
        self._pass("")

    def _pass(self, name: str) -> None:
        if name != self._over:
            self._over = name
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        if name := self._at(event.x, event.y):
            self.post_message(Key.Pressed(name))

    def _at(self, x: int, y: int) -> str:
        """The key at a place; empty where there is none."""
        rows = self.rows(self.size.width)
        for name, text in rows[y] if 0 <= y < len(rows) else []:
            if 0 <= x < cell_len(text):
                return name
            x -= cell_len(text) + 1
        return ""


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
        self.can_focus = False  # there is nothing to choose yet

    def show(self, rows: Sequence[Row]) -> None:
        """Other rows; the mark stays on its own, and where that is gone at its place."""
        if rows != self.rows:
            marked = self.current.name if self.current else ""
            self.rows = list(rows)
            at = next((at for at, row in enumerate(rows) if row.name == marked), self.at)
            self.at = max(0, min(at, len(rows) - 1))
            self.can_focus = bool(rows)
            self.refresh(layout=True)

    def point(self, name: str) -> None:
        """The mark goes to the row of that name, where there is one."""
        self.mark(next((at for at, row in enumerate(self.rows) if row.name == name), self.at))

    def mark(self, at: int) -> None:
        """The mark goes to a row."""
        self.at = max(0, min(at, len(self.rows) - 1))
        self.refresh()

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
            if sign := self._more(index, height):
                text = set_cell_size(text, width - cell_len(sign)) + sign
            style = "reverse" if marked and self.has_focus else "bold" if marked else ""
            lines.append(Content.styled(text, style) if style else Content(text))
        return Content("\n").join(lines)

    def _more(self, index: int, height: int) -> str:
        """Stands at the end of the first or the last row in sight where there are more beyond."""
        above, below = self._top, len(self.rows) - self._top - height
        up = f" ↑{above}" if above > 0 and index == self._top else ""
        return up + (f" ↓{below}" if below > 0 and index == self._top + height - 1 else "")

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
        self.mark({"home": 0, "end": last}.get(key, self.at + steps.get(key, 0)))

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
