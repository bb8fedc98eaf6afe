"""Everything that a service can say, text by text, each with its place and what may be put into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ussd_engine.menu.load import Node
from ussd_engine.menu.schema import Service
from ussd_engine.screens.base import Place, Screen
from ussd_engine.texts import texts_of


class Said(NamedTuple):
    """One text of a service."""

    context: str
    msgid: str
    role: str
    """`words`, `row` or `line` of a screen, else `errors`, `warnings`, `sms`, `table`, `keys`."""
    name: str
    """The screen, the error, the warning, the SMS."""
    place: Place


def said_in(service: Service, nodes: Sequence[Node]) -> list[Said]:
    """The texts of a service, with the lines on which they stand in `nodes`, the service's files."""
    lines = {text.key: Place(text.file, text.line) for node in nodes for text in texts_of(node)}
    return [said._replace(place=lines.get((said.context, said.msgid), said.place)) for said in _all(service)]


def _all(service: Service) -> Iterator[Said]:
    for screen in service.screens.values():
        yield from _of_screen(screen)
    for role in ("errors", "warnings", "sms"):
        for name, msgid in getattr(service, role).items():
            yield Said(role, msgid, role, name, service.places[f"{role}.{name}"])
    for name, table in service.words.items():
        for value, words in table.items():
            place = service.places[f"words.{name}.{value}"]
            for msgid in words.values() if isinstance(words, dict) else [words]:
                yield Said(f"words.{name}", msgid, "table", value, place)
    for line in (service.back, service.more):
        if line:
            yield Said("keys", line.label, "keys", line.number, line.place)


def _of_screen(screen: Screen) -> Iterator[Said]:
    for msgid in (screen.text, screen.again):
        if msgid:
            yield Said(screen.name, msgid, "words", screen.name, screen.place)
    if screen.row:
        yield Said(screen.name, screen.row, "row", screen.name, screen.place)
    for line in (*screen.lines, *([screen.skip] if screen.skip else [])):
        yield Said(screen.name, line.label, "line", screen.name, line.place)
