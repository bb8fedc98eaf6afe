"""Reads a menu file into nodes that know their line: no tags, no anchors, no duplicate keys, no surprises.

YAML turns a bare `00`, `no` or `12:30` into a number or a truth value; here that is an error with the way out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from ussd_engine.errors import Fault, MenuError
from ussd_engine.menu import syntax

MAX_DEPTH = 20
MAX_BYTES = 256 * 1024

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,8}")
_STRING = "tag:yaml.org,2002:str"


class Node:
    """A value of a menu file with its place. `value` is `str`, `int`, `list[Node]` or `dict[str, Node]`.

    A mapping's values carry the line of their key.
    """

    __slots__ = ("file", "line", "value")

    def __init__(self, value: str | int | list[Node] | dict[str, Node], file: str, line: int) -> None:
        self.value = value
        self.file = file
        self.line = line

    def fault(self, message: str, rule: str) -> Fault:
        return Fault(self.file, self.line, message, rule)

    @property
    def kind(self) -> str:
        """What a menu author would call it."""
        return {str: "a text", int: "a number", list: "a list", dict: "a block"}[type(self.value)]


def load_file(path: Path, name: str) -> Node:
    """The mapping that `path` holds. `name` is how messages call the file. Raises `MenuError`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise MenuError([Fault(name, 0, f"cannot be read: {error.strerror}", "file")]) from None
    if len(data) > MAX_BYTES:
        raise MenuError([Fault(name, 0, f"is larger than {MAX_BYTES // 1024} KiB: split it", "size")])
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise MenuError([Fault(name, line, "is not UTF-8: save the file as UTF-8", "encoding")]) from None
    return load_text(text, name)


def load_text(text: str, name: str) -> Node:
    """The mapping that `text` holds. Raises `MenuError` with the first fault."""
    builder = _Builder(text, name)
    try:
        return builder.document()
    except yaml.YAMLError as error:
        raise MenuError([syntax.fault(error, text, name, builder.last)]) from None


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _meant(text: str) -> str:
    """The tag that YAML gives to a bare text."""
    return str(_RESOLVER.resolve(yaml.ScalarNode, text, (True, False)))  # type: ignore[no-untyped-call]


_RESOLVER = yaml.SafeLoader("")


class _Builder:
    """Turns the parser's events into nodes; refuses what a menu has no use for."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.depth = 0
        self.flow = 0
        self.last: yaml.Event | None = None
        self.events = self.parsed(text)

    def parsed(self, text: str) -> Iterator[yaml.Event]:
        for self.last in yaml.parse(text, Loader=yaml.CSafeLoader):
            yield self.last

    def document(self) -> Node:
        event = self.skip(yaml.StreamStartEvent, yaml.DocumentStartEvent)
        if isinstance(event, yaml.StreamEndEvent):
            raise self.refuse(event, "is empty", "empty file")
        node = self.node(event)
        if not isinstance(node.value, dict):
            raise self.refuse(event, "must hold a block of `name: value` lines", "block")
        event = self.skip(yaml.DocumentEndEvent)
        if isinstance(event, yaml.DocumentStartEvent):
            raise self.refuse(event, "holds two documents: remove the line ---", "one document")
        return node

    def skip(self, *kinds: type[yaml.Event]) -> yaml.Event:
        event = next(self.events)
        while isinstance(event, kinds):
            event = next(self.events)
        return event

    def refuse(self, event: yaml.Event, message: str, rule: str) -> MenuError:
        return MenuError([Fault(self.name, _line(event), message, rule)])

    def node(self, event: yaml.Event) -> Node:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self.refuse(
                event, "uses an anchor (& or *): write the text in quotes, or repeat the block", "anchors"
            )
        if getattr(event, "tag", None):
            raise self.refuse(event, "uses a tag (!): write the text in quotes", "tags")
        if isinstance(event, yaml.ScalarEvent):
            return Node(self.scalar(event), self.name, _line(event))
        assert isinstance(event, yaml.CollectionStartEvent)
        flow = bool(event.flow_style)
        self.depth += 1
        self.flow += flow
        if self.depth > MAX_DEPTH:
            raise self.refuse(event, f"is nested deeper than {MAX_DEPTH} levels", "depth")
        build = self.mapping if isinstance(event, yaml.MappingStartEvent) else self.sequence
        node = Node(build(), self.name, _line(event))
        self.depth -= 1
        self.flow -= flow
        return node

    def mapping(self) -> dict[str, Node]:
        found: dict[str, Node] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self.refuse(event, f"a name is expected before the colon; {syntax.QUOTES}", "syntax")
            name = str(self.scalar(event))
            if name in found:
                raise self.refuse(event, f'"{name}" stands twice (first in line {found[name].line})', "duplicates")
            found[name] = self.value_of(name, event)
        return found

    def value_of(self, name: str, key: yaml.ScalarEvent) -> Node:
        event = next(self.events)
        if isinstance(event, yaml.ScalarEvent) and event.implicit[0] and not event.value:
            comma = " (a text with a comma needs quotes inside {…})" if self.flow else ""
            raise self.refuse(key, f'"{name}" has no value{comma}', "empty value")
        node = self.node(event)
        node.line = _line(key)
        return node

    def sequence(self) -> list[Node]:
        found: list[Node] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            found.append(self.node(event))
        return found

    def scalar(self, event: yaml.ScalarEvent) -> str | int:
        text = str(event.value)
        if not event.implicit[0]:
            return text
        if _INTEGER.fullmatch(text):
            return int(text)
        if _meant(text) != _STRING:
            raise self.refuse(event, f'{text or "an empty value"}: write it in quotes, as "{text}"', "quotes")
        return text
