"""A page of the documentation, done as it says: its commands typed, its changes made, in their order."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).parent.parent.parent / "docs"
FAILS = "# fails"
_BLOCK = re.compile(r"^```(console|diff|file [^\n]+)\n(.*?)^```", re.DOTALL | re.MULTILINE)


class Typed(NamedTuple):
    """A command of a page, and whether the page says that it finds something."""

    line: str
    fails: bool


class Change(NamedTuple):
    """A change to a file: lines of which some go and some come."""

    file: str
    before: list[str]
    after: list[str]


class File(NamedTuple):
    """A file that is written."""

    name: str
    text: str


def steps(page: str) -> Iterator[Typed | Change | File]:
    """What `docs/PAGE` says that one does."""
    for kind, body in _BLOCK.findall((DOCS / page).read_text(encoding="utf-8")):
        lines = body.splitlines()
        if kind == "console":
            for line in lines:
                if line.startswith("$ "):
                    yield Typed(line[2:].removesuffix(FAILS).strip(), line.endswith(FAILS))
        elif kind.startswith("file "):
            yield File(kind.removeprefix("file "), body)
        else:
            yield from changes(body)


def changes(text: str) -> Iterator[Change]:
    """The changes of a text: each a line `--- FILE`, then lines of it, with a sign before those that go and come."""
    for block in re.split(r"^--- ", text, flags=re.MULTILINE)[1:]:
        name, *rest = block.splitlines()
        yield Change(name, [one[1:] for one in rest if one[0] in " -"], [one[1:] for one in rest if one[0] in " +"])


def change(folder: Path, one: Change) -> None:
    """Make a change; the lines must stand there once."""
    file = folder / one.file
    lines, size = file.read_text(encoding="utf-8").splitlines(), len(one.before)
    places = [at for at in range(len(lines)) if lines[at : at + size] == one.before]
    assert len(places) == 1, f"{one.file}: {one.before} stands {len(places)} times"
    lines[places[0] : places[0] + size] = one.after
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


class Reader:
    """Does what a page says, in a folder that was empty. `said` is what each command printed; `other` replaces words of
    the page. What it started in the background is ended with it."""

    def __init__(self, folder: Path, **other: str) -> None:
        self.folder = folder
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith("USSD_ENGINE_")}
        self.environ["PATH"] = path
        self.said: dict[str, str] = {}
        self._other = other
        self._running: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._running:
            process.terminate()
            process.communicate(timeout=30)

    def follow(self, page: str) -> None:
        """Every step of a page."""
        for step in steps(page):
            if isinstance(step, Change):
                lines = ([*map(self._replaced, part)] for part in (step.before, step.after))
                change(self.folder, Change(step.file, *lines))
            elif isinstance(step, File):
                (self.folder / step.name).write_text(self._replaced(step.text), encoding="utf-8")
            else:
                self.type(step)

    def _replaced(self, text: str) -> str:
        for word, other in self._other.items():
            text = text.replace(word.removeprefix("_"), other)
        return text

    def type(self, typed: Typed) -> str:
        """A command; what it said."""
        typed = typed._replace(line=self._replaced(typed.line))
        words = shlex.split(typed.line)
        if words[0] == "cd":
            self.folder /= words[1]
        elif words[0] == "export":
            name, _, value = words[1].partition("=")
            self.environ[name] = value
        elif words[-1] == "&":
            self.said[typed.line] = self._start(words[:-1])
        else:
            self.run(words, typed)
        return self.said.get(typed.line, "")

    def run(self, words: list[str], typed: Typed) -> None:
        """A command, which finds something where that is said."""
        done = subprocess.run(words, cwd=self.folder, env=self.environ, capture_output=True, text=True, timeout=120)
        self.said[typed.line] = done.stdout + done.stderr
        assert (done.returncode != 0) is typed.fails, f"{typed.line}\n{self.said[typed.line]}"

    def heard(self, which: int, begins: str) -> str:
        """The next line that begins so of what was started, in the order in which it was."""
        said = self._running[which].stdout
        assert said
        return next(line for line in said if line.startswith(begins)).rstrip("\n")

    def _start(self, words: list[str]) -> str:
        """Start a gateway, and go on once it listens, with what it has said."""
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            words, cwd=self.folder, env=self.environ, text=True, stdout=pipe, stderr=subprocess.STDOUT
        )
        self._running.append(process)
        assert process.stdout
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "listens on" in line:
                return "".join(lines)
        raise AssertionError("".join(lines))
