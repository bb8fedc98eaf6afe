"""What a screen is once it has been read, and what a citizen's answer to it can mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ussd_engine.model import Answers


class Place(NamedTuple):
    """Where something stands in a menu file."""

    file: str
    line: int


class Test(NamedTuple):
    """`if: {name: values}`, or `unless` where `holds` is false. All tests of a thing must pass."""

    name: str
    values: tuple[str, ...]
    holds: bool
    place: Place


Tests = tuple[Test, ...]
Fact = str | frozenset[str]


def passes(tests: Tests, look: Callable[[str], Fact | None]) -> bool:
    """True if every test passes. `look` gives an answer's value, a fact's value or set, or `None`."""
    for test in tests:
        value = look(test.name)
        met = not value.isdisjoint(test.values) if isinstance(value, frozenset) else value in test.values
        if met is not test.holds:
            return False
    return True


class Dest(NamedTuple):
    """Where a line leads: a verb and what it takes. `to` names a screen, a form or an action."""

    verb: str
    name: str = ""

    def __str__(self) -> str:
        return self.name if self.verb == "to" else f"{self.verb} {self.name}".strip()


class Verb(NamedTuple):
    """What a verb takes behind it, if anything, and what it does."""

    takes: str
    help: str


VERBS: dict[str, Verb] = {
    "change": Verb(
        "a question, a sub-form or an answer", "ask it again; the old answer stands until the new one is given"
    ),
    "add": Verb("a question or an answer", "append to it, joined by a space"),
    "service": Verb("a service", "enter another service"),
    "accept": Verb("", "keep the offer, and go on"),
    "next": Verb("", "go on: show the first question that applies and has no answer"),
    "restart": Verb("", "ask this form or sub-form again from its first question"),
    "continue": Verb("", "return to the screen at which the form was left"),
    "start": Verb("", "begin anew: drop the draft and show the start"),
    "forget": Verb("", "drop the draft, by the same act as leaving the form, and show the start"),
    "back": Verb("", "one step back"),
    "home": Verb("", "show the start; the draft is kept"),
}
"""The verbs that may stand in the place of a target."""


class Case(NamedTuple):
    """One case of a target: taken if its tests pass."""

    tests: Tests
    set: Answers
    dest: Dest
    place: Place


Target = tuple[Case, ...]


class Line(NamedTuple):
    """A numbered line as printed. `value` is what it saves; without one it leads where `target` says."""

    number: str
    label: str
    value: str | None
    tests: Tests
    target: Target
    place: Place


class From(NamedTuple):
    """A list's source with its arguments: literals, or names of answers, as the source declares."""

    source: str
    args: Mapping[str, str]


class Offered(NamedTuple):
    """An offer: the answer it becomes, the function, the answers that it takes."""

    answer: str
    function: str
    args: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen of a service, as its YAML says it. Words are message ids, in the service's language."""

    name: str
    kind: str
    text: str
    place: Place
    again: str | None = None
    lines: tuple[Line, ...] = ()
    save: Mapping[str, str] = field(default_factory=dict)
    """Answer to column; the column is empty for the row's key, a chosen value or a typed text."""
    then: Target = ()
    checks: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Rule to its bounds."""
    warn: tuple[str, ...] = ()
    skip: Line | None = None
    full: str | None = None
    source: From | None = None
    row: str | None = None
    most: int | None = None
    none: str | None = None
    slow: str | None = None
    offer: Offered | None = None
    secret: str | None = None

    @property
    def answers(self) -> tuple[str, ...]:
        """The names of the answers that this screen gives."""
        if self.offer:
            return (self.offer.answer,)
        return tuple(self.save)

    @property
    def bounds(self) -> dict[str, int]:
        """All bounds of its checks, as the placeholders `{min}`, `{max}`, `{n}` show them."""
        return {name: value for bounds in self.checks.values() for name, value in bounds.items()}


class Wrong(NamedTuple):
    """The answer is none: the error line of that name stands above the same screen."""

    error: str


class Chosen(NamedTuple):
    """A numbered line was chosen."""

    line: Line


class Typed(NamedTuple):
    """A text was typed that passed the checks."""

    text: str


class Skipped(NamedTuple):
    """The line that leaves the question unanswered was chosen."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a list was chosen, counted from 0 through all pages."""

    index: int


Taken = Wrong | Chosen | Typed | Skipped | Row
Visible = Callable[[Line], bool]


def choose(screen: Screen, text: str, visible: Visible) -> Chosen | Wrong:
    """The visible numbered line that `text` names."""
    if not text:
        return Wrong("empty")
    for line in screen.lines:
        if line.number == text:
            return Chosen(line) if visible(line) else Wrong("choice")
    return Wrong("choice")


def number_of(index: int, more: str) -> int:
    """The printed number of a row counted from 0; the number of the key for more is passed over."""
    number = index + 1
    return number + 1 if more.isdecimal() and number >= int(more) else number


def index_of(text: str, more: str) -> int | None:
    """The row that a typed number names; the inverse of `number_of`."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 6 or text.startswith("0") or text == more:
        return None
    number = int(text)
    return number - 2 if more.isdecimal() and number > int(more) else number - 1
