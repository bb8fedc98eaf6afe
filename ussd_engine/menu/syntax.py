"""Where a file is not YAML: what its author did, told from what the parser says and from what stands there.

The parser alone tells too little: it says the same of a colon in a text and of a line pushed in, and notices an open
quote only behind the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import yaml
from yaml.reader import ReaderError

from ussd_engine.errors import Fault

QUOTES = (
    'write the text in quotes: a text with ": " or a leading {, and inside {…} one with a comma, #, [ or ], needs them'
)


class Mark(Protocol):
    """A place as the parser gives it."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


class Place(NamedTuple):
    """A line and a column, from 0."""

    line: int
    column: int


class Broken(NamedTuple):
    """A file and where its parser gave up. `begun`: where what it was reading begins; `last`: what it had read."""

    lines: list[str]
    problem: str
    context: str
    at: Place
    begun: Place
    last: yaml.Event | None

    def character(self, place: Place) -> str:
        line = self.lines[place.line] if place.line < len(self.lines) else ""
        return line[place.column : place.column + 1]

    def first_of_its_line(self, place: Place) -> bool:
        """Whether nothing but blanks and the dashes of a list stands before it."""
        line = self.lines[place.line] if place.line < len(self.lines) else ""
        return not line[: place.column].strip(" -")


Told = tuple[Place, str]
"""The place to mend, and how."""


def fault(error: yaml.YAMLError, text: str, name: str, last: yaml.Event | None) -> Fault:
    """The fault of a file that is not YAML. `last` is the last event that its parser gave."""
    if isinstance(error, ReaderError):
        place, words = _line_of(text, error.position), "holds a control character: remove it"
    else:
        broken = _broken(error, text, last)
        found = (told for look in LOOKS if (told := look(broken)))
        place, words = next(found, (broken.at, f"{broken.problem}; {QUOTES}"))
    return Fault(name, place.line + 1, f"is not YAML: {words}", "syntax")


def _line_of(text: str, position: int) -> Place:
    return Place(text.count("\n", 0, position), 0)


def _broken(error: yaml.YAMLError, text: str, last: yaml.Event | None) -> Broken:
    at = _place(getattr(error, "problem_mark", None)) or Place(0, 0)
    return Broken(
        text.splitlines(),
        getattr(error, "problem", None) or "cannot be read",
        getattr(error, "context", None) or "",
        at,
        _place(getattr(error, "context_mark", None)) or at,
        last,
    )


def _place(mark: Mark | None) -> Place | None:
    return Place(mark.line, mark.column) if mark else None


def _tab(broken: Broken) -> Told | None:
    if "tab" in broken.problem.split() or broken.character(broken.at) == "\t":
        return broken.at, "a tab stands in the indent: indent with spaces"
    return None


def _open_quote(broken: Broken) -> Told | None:
    """A quote that nothing ends, or that only the next one ends, lines below."""
    if broken.context == "while scanning a quoted scalar":
        return broken.begun, "the quote that begins here is not closed"
    span = _quoted(broken)
    if span and span[0].line < span[1].line:
        return span[0], f"the quote that begins here is not closed, or only in line {span[1].line + 1}"
    return None


def _behind_a_value(broken: Broken) -> Told | None:
    """More text on the line where a value has ended: in quotes, or as a block in braces."""
    if broken.problem != "did not find expected key" or broken.first_of_its_line(broken.at):
        return None
    if _quoted(broken):
        return broken.at, "more stands behind the quote that ends the text: inside '…' write '' for an apostrophe"
    return broken.at, "more stands behind the } or ] that ends the value: a text that begins with { or [ needs quotes"


def _colon(broken: Broken) -> Told | None:
    """A name without its colon; below other names, or before the block that it should begin."""
    words = "a colon and a blank are missing behind the name"
    if broken.problem == "could not find expected ':'":
        return broken.begun, words
    start = _above(broken)
    return (start, words) if start and broken.first_of_its_line(start) else None


def _pushed_in(broken: Broken) -> Told | None:
    """A name further to the right than the one before it, which is read as more of that one's text."""
    if _above(broken):
        return broken.at, "begins further to the right than the line above, whose text it would go on with"
    return None


def _colon_in_a_text(broken: Broken) -> Told | None:
    if broken.problem == "mapping values are not allowed in this context":
        return broken.at, 'write the text in quotes: ": " stands in it'
    return None


def _first_letter(broken: Broken) -> Told | None:
    """A text whose first letter means something else."""
    for words, place in LETTERS.items():
        if words in (broken.problem, broken.context):
            found: Place = getattr(broken, place)
            return found, f"write the text in quotes: it begins with {broken.character(found)}"
    return None


LETTERS = {
    "found character that cannot start any token": "at",
    "did not find expected node content": "at",
    "mapping keys are not allowed in this context": "at",
    "block sequence entries are not allowed in this context": "at",
    "while scanning an alias": "begun",
    "while scanning an anchor": "begun",
    "while scanning a block scalar": "begun",
    "while scanning a directive": "begun",
}
"""By words of the parser: where the letter stands."""


def _braces(broken: Broken) -> Told | None:
    if not broken.context.startswith("while parsing a flow"):
        return None
    sign = broken.character(broken.begun)
    words = f"the {sign} that begins here is not closed, or a comma is missing in it"
    return broken.begun, f"{words}; a text in it that has a comma, #, [ or ] needs quotes"


def _backslash(broken: Broken) -> Told | None:
    if broken.context == "while parsing a quoted scalar":
        return broken.at, r'\ begins a sign inside "…": write \\, or the text in single quotes'
    return None


def _columns(broken: Broken) -> Told | None:
    if broken.problem in ("did not find expected key", "did not find expected '-' indicator"):
        return broken.at, "what belongs together begins in one column, and is all names or all entries of a list"
    return None


LOOKS: tuple[Callable[[Broken], Told | None], ...] = (
    _tab,
    _open_quote,
    _behind_a_value,
    _colon,
    _pushed_in,
    _colon_in_a_text,
    _first_letter,
    _braces,
    _backslash,
    _columns,
)
"""What is looked for, in this order."""


def _quoted(broken: Broken) -> tuple[Place, Place] | None:
    """Where the text in quotes begins and ends behind which the parser gave up."""
    return _scalar(broken, "'", '"')


def _above(broken: Broken) -> Place | None:
    """Where the bare text began, lines above, as whose name the parser would not take it."""
    span = _scalar(broken, "")
    refused = broken.problem == "mapping values are not allowed in this context"
    return span[0] if span and refused and span[0].line < span[1].line else None


def _scalar(broken: Broken, *styles: str) -> tuple[Place, Place] | None:
    event = broken.last
    if not isinstance(event, yaml.ScalarEvent) or event.style not in styles:
        return None
    start, end = _place(event.start_mark), _place(event.end_mark)
    return (start, end) if start and end and end.line == broken.at.line else None
