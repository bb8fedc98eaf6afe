"""The texts of a menu file: what a translator is given, and what the compiler asks for, from one function.

A text is known by its context and its Swahili words:

    context         message id
    keys            the label of the back line and of the more line
    errors          each error line
    warnings        each warning line
    sms             the words of each SMS
    words.NAME      each word shown for a value of the answer NAME, and one level deeper where words differ by type
    SCREEN          the words of the screen, its `again`, its `row`, each label of `choose` and `go`, its `skip`

A label is the line without its number. Words with no letter outside their placeholders are no text: they are shown as
they stand in every language.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple, Protocol

import yaml

from ussd_engine.errors import Fault, MenuError

COUNTS = frozenset({"n", "min", "max", "minutes", "hours", "days"})
"""Placeholders that hold a count: a text with exactly one of them has a form for each plural of a language."""

KINDS = ("menu", "input", "list", "read", "notice", "end")

_PLACEHOLDER = re.compile(r"\{([^{}:]*)(?::\d+)?\}")
_TOKEN = re.compile(r"\{[^{}]*\}|[{}]")
_LINE = re.compile(r"(\d+)\. (.+)", re.DOTALL)


class Tree(Protocol):
    """A value of a menu file with its place: a text, a number, a list, or a mapping, whose values carry their key's
    line."""

    @property
    def value(self) -> object: ...
    @property
    def file(self) -> str: ...
    @property
    def line(self) -> int: ...


class Text(NamedTuple):
    """One text, where it stands, and for the translator what it is on the phone."""

    context: str
    msgid: str
    file: str
    line: int
    role: str

    @property
    def key(self) -> tuple[str, str]:
        return self.context, self.msgid


def tokens(text: str) -> Counter[str]:
    """How often each placeholder of a text stands there, as written: `{message:26}`; a brace without its fellow is one
    too."""
    return Counter(_TOKEN.findall(text))


def count_of(text: str) -> str | None:
    """The placeholder by which the text has plural forms, where there is exactly one."""
    counts = COUNTS.intersection(_PLACEHOLDER.findall(text))
    return next(iter(counts)) if len(counts) == 1 else None


def label_of(line: str) -> tuple[str, str] | None:
    """Number and label of a line as it is printed: `1. Lalamiko` is `1` and `Lalamiko`."""
    match = _LINE.fullmatch(line)
    return (match[1], match[2]) if match else None


def is_text(words: str) -> bool:
    """Whether there is anything to translate."""
    return any(map(str.isalpha, _PLACEHOLDER.sub("", words)))


def texts_of(tree: Tree) -> Iterator[Text]:
    """Every text of one menu file in its order, each context and message id once. Other shapes are passed by."""
    seen: set[tuple[str, str]] = set()
    for section, node in _items(tree):
        for text in _SECTIONS.get(section, _nothing)(node):
            if is_text(text.msgid) and text.key not in seen:
                seen.add(text.key)
                yield text


def texts_in(path: Path) -> list[Text]:
    """The texts of the file at `path`. Raises `MenuError`."""
    return list(texts_of(read_tree(path)))


def read_tree(path: Path) -> Tree:
    """The file at `path`, for its texts only: the menu loader checks more. Raises `MenuError`."""
    try:
        with path.open("rb") as file:
            return compose(file, str(path))
    except OSError as error:
        raise MenuError([Fault(str(path), 0, f"cannot be read: {error.strerror}", "file")]) from None


def compose(file: IO[bytes], name: str) -> Tree:
    """The tree of an open YAML file. Raises `MenuError`."""
    try:
        node = yaml.compose(file, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it cannot be read"
        fault = Fault(name, mark.line + 1 if mark else 0, f"is not YAML: {problem}", "syntax")
        raise MenuError([fault]) from None
    return _Composed(node, name, 0)


class _Composed:
    """A composed node seen as a tree. Children are made when asked for, so that an alias cannot unfold."""

    def __init__(self, node: yaml.Node | None, file: str, line: int) -> None:
        self._node = node
        self.file = file
        self.line = line

    @property
    def value(self) -> object:
        if isinstance(self._node, yaml.MappingNode):
            return {str(key.value): _Composed(node, self.file, _line(key)) for key, node in self._node.value}
        if isinstance(self._node, yaml.SequenceNode):
            return [_Composed(node, self.file, _line(node)) for node in self._node.value]
        return str(self._node.value) if self._node else ""


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _items(tree: Tree) -> Iterator[tuple[str, Tree]]:
    if isinstance(tree.value, Mapping):
        yield from tree.value.items()


def _text(context: str, words: object, at: Tree, role: str) -> Iterator[Text]:
    if isinstance(words, str):
        yield Text(context, words, at.file, at.line, role)


def _label(context: str, line: object, at: Tree) -> Iterator[Text]:
    if isinstance(line, str) and (found := label_of(line)):
        yield Text(context, found[1], at.file, at.line, f"line {found[0]}")


def _nothing(node: Tree) -> Iterator[Text]:
    return iter(())


def _keys(node: Tree) -> Iterator[Text]:
    for _, line in _items(node):
        yield from _label("keys", line.value, line)


def _lines(context: str) -> Callable[[Tree], Iterator[Text]]:
    def walk(node: Tree) -> Iterator[Text]:
        for name, words in _items(node):
            yield from _text(context, words.value, words, name)

    return walk


def _words(node: Tree) -> Iterator[Text]:
    for name, table in _items(node):
        for value, words in _items(table):
            yield from _text(f"words.{name}", words.value, words, value)
            yield from _lines(f"words.{name}")(words)


def _screens(node: Tree) -> Iterator[Text]:
    for name, screen in _items(node):
        for word, part in _items(screen):
            if word in (*KINDS, "again", "row"):
                yield from _text(name, part.value, part, word)
            elif word == "skip":
                yield from _label(name, part.value, part)
            elif word in ("choose", "go"):
                for line, target in _items(part):
                    yield from _label(name, line, target)


_SECTIONS: dict[str, Callable[[Tree], Iterator[Text]]] = {
    "keys": _keys,
    "errors": _lines("errors"),
    "warnings": _lines("warnings"),
    "words": _words,
    "screens": _screens,
    "sms": _lines("sms"),
}
