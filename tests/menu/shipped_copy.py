"""A copy of the shipped menus and catalogues that a test may damage, with the places where to do it.

A place is found by its names in the file (`screens`, `home`, `go`, a line), never by a line number, so that a mutation
follows the menu.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import yaml
from click.testing import CliRunner

from ussd_engine.cli import cli

ROOT = Path(__file__).parent.parent.parent
FAULT = re.compile(r"(?P<file>.+?):(?P<line>\d+): (?P<message>.*)", re.DOTALL)

Names = tuple[str, ...]


class Told(NamedTuple):
    """One line of `ussd-engine check`, or what is expected of one: `message` is then a part of it."""

    file: str
    line: int
    message: str


class Entry(NamedTuple):
    """A name with its value in a YAML file, or an item of a list there; `names` leads to it."""

    file: str
    names: Names
    key: yaml.Node
    value: yaml.Node
    flow: bool
    """Whether it stands between braces or brackets."""
    before: yaml.Node | None
    """The entry before it in its block."""
    after: yaml.Node | None

    @property
    def line(self) -> int:
        return int(self.key.start_mark.line) + 1

    @property
    def text(self) -> str:
        """The value, where it is a text."""
        return str(self.value.value) if isinstance(self.value, yaml.ScalarNode) else ""

    @property
    def droppable(self) -> bool:
        """Whether its block has other entries."""
        return bool(self.before or self.after)

    @property
    def name(self) -> str:
        return self.names[-1]


class ShippedCopy:
    """`menus` and `locales` below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written: dict[str, str] = {}
        self._told: list[Told] | None = None
        """What a check has told of the files as they stand."""
        for name in ("menus", "locales"):
            shutil.copytree(ROOT / name, folder / name)

    def read(self, file: str) -> str:
        return (self.folder / file).read_text()

    def write(self, file: str, text: str) -> None:
        self.written.setdefault(file, self.read(file))
        (self.folder / file).write_text(text)
        self._told = None

    def restore(self) -> None:
        """All files as they are shipped."""
        for file, text in self.written.items():
            (self.folder / file).write_text(text)
        self.written.clear()
        self._told = None

    def files(self) -> list[str]:
        """The menu files of the service that citizens use."""
        return sorted(f"menus/emrejesho/{path.name}" for path in (self.folder / "menus/emrejesho").glob("*.yaml"))

    def entries(self, *patterns: str) -> list[Entry]:
        """Every entry of the service whose names, joined by `/`, are those of a pattern, `*` being any one name; all
        entries where no pattern is given."""
        wanted = [pattern.split("/") for pattern in patterns]
        return [
            entry
            for file in self.files()
            for entry in entries_of(file, self.read(file))
            if not wanted or any(_fits(entry.names, names) for names in wanted)
        ]

    def line(self, names: Names) -> tuple[str, int]:
        """File and line of an entry as the files now stand."""
        entry = next(entry for entry in self.entries() if entry.names == names)
        return entry.file, entry.line

    def replace(self, file: str, start: int, end: int, text: str) -> None:
        """Put `text` where the characters from `start` to `end` stand."""
        whole = self.read(file)
        self.write(file, whole[:start] + text + whole[end:])

    def put(self, entry: Entry, text: str) -> None:
        """Another value."""
        self.replace(entry.file, entry.value.start_mark.index, _end(entry.value), text)

    def rename(self, entry: Entry, name: str) -> None:
        self.replace(entry.file, entry.key.start_mark.index, entry.key.end_mark.index, name)

    def append(self, entry: Entry, text: str) -> None:
        """The value, longer by `text`, in the quotes that it has."""
        end = _end(entry.value)
        quoted = isinstance(entry.value, yaml.ScalarNode) and entry.value.style in ('"', "'")
        self.replace(entry.file, end - quoted, end - quoted, text)

    def drop(self, entry: Entry) -> None:
        """The entry with all that belongs to it."""
        whole = self.read(entry.file)
        if not entry.flow:
            start = whole.rindex("\n", 0, entry.key.start_mark.index) + 1
            self.replace(entry.file, start, whole.index("\n", _end(entry.value)) + 1, "")
        elif entry.before:
            self.replace(entry.file, _end(entry.before), _end(entry.value), "")
        else:
            assert entry.after
            self.replace(entry.file, entry.key.start_mark.index, entry.after.start_mark.index, "")

    def double(self, entry: Entry) -> int:
        """The entry a second time below itself; the line on which the second one stands."""
        whole = self.read(entry.file)
        start = whole.rindex("\n", 0, entry.key.start_mark.index) + 1
        end = whole.index("\n", _end(entry.value)) + 1
        self.replace(entry.file, end, end, whole[start:end])
        return whole.count("\n", 0, end) + 1

    def check(self) -> list[Told]:
        """What `ussd-engine check` prints of the copy, files named from its folder."""
        if self._told is None:
            self._told = self._checked()
        return self._told

    def _checked(self) -> list[Told]:
        settings: dict[str, str | None] = dict.fromkeys(name for name in os.environ if name.startswith("USSD_ENGINE_"))
        settings |= {f"USSD_ENGINE_{name.upper()}": str(self.folder / name) for name in ("menus", "locales")}
        result = CliRunner().invoke(cli, ["check"], env=settings, standalone_mode=False)
        assert result.exception is None, result.exception
        told = [_told(line) for line in result.stdout.replace(f"{self.folder}/", "").splitlines()]
        assert result.return_value == (1 if told else 0)
        return told


def _told(line: str) -> Told:
    match = FAULT.fullmatch(line)
    assert match, f"neither file nor line: {line}"
    return Told(match["file"], int(match["line"]), match["message"])


@lru_cache(maxsize=64)
def entries_of(file: str, text: str) -> tuple[Entry, ...]:
    """Every entry of a YAML text; files that a mutation leaves alone are read once."""
    root = yaml.compose(text, yaml.SafeLoader)
    assert root is not None
    return tuple(_entries(file, root, ()))


def _entries(file: str, node: yaml.Node, names: Names, flow: bool = False) -> Iterator[Entry]:
    if not isinstance(node, yaml.CollectionNode):
        return
    mapping = isinstance(node, yaml.MappingNode)
    pairs = node.value if mapping else [(value, value) for value in node.value]
    flow = flow or bool(node.flow_style)
    for index, (key, value) in enumerate(pairs):
        here = (*names, str(key.value) if mapping else str(index))
        before = pairs[index - 1][1] if index else None
        after = pairs[index + 1][0] if index + 1 < len(pairs) else None
        yield Entry(file, here, key, value, flow, before, after)
        yield from _entries(file, value, here, flow)


def _fits(names: Names, wanted: list[str]) -> bool:
    return len(names) == len(wanted) and all(map(fnmatchcase, names, wanted))


def _end(node: yaml.Node) -> int:
    """Where the last character of a value stands; a block ends with its last text, not with the comments below."""
    if isinstance(node, yaml.ScalarNode):
        whole = str(node.end_mark.buffer)[: node.end_mark.index]
        return len(whole.rstrip()) if node.style in ("|", ">") else len(whole)
    if isinstance(node, yaml.CollectionNode) and node.flow_style:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(last[1] if isinstance(last, tuple) else last)
