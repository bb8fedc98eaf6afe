"""The menu as a picture: the transitions on which the machine runs, as a Mermaid flowchart.

A way there and the way back are one arrow with two heads. What every screen has, home and too many wrong choices, is
drawn once, from a box that stands for any screen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ussd_engine.catalog import Catalog
from ussd_engine.errors import EngineError, did_you_mean
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.graph import Edge
from ussd_engine.texts import label_of

EVERYWHERE = ("home", "too_many")
"""The verbs of transitions that every live screen has."""

_FIRST_WORDS = 40
_SHAPES = {
    "menu": ("[", "]"),
    "input": ("[/", "/]"),
    "list": ("[[", "]]"),
    "read": ("(", ")"),
    "notice": ("(", ")"),
    "end": ("([", "])"),
}
# The dot behind a number would make a list of the label, a backtick other markup.
_ESCAPES = {'"': "#quot;", "#": "#35;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;", "\\": "#92;", ".": "#46;"}
_ESCAPED = str.maketrans(_ESCAPES)
_ARROW = re.compile(r'\s*(\w+) (<-->|-->|-\.->)\|"([^"]*)"\| (\w+)')


class Arrow(NamedTuple):
    """One arrow from a screen, by one verb; with all the printed lines that take it."""

    source: str
    dest: str
    verb: str
    labels: tuple[str, ...]
    both: bool
    """Back leads the other way."""


class Drawing(NamedTuple):
    """The picture of one service, before it is written down."""

    menu: Menu
    arrows: tuple[Arrow, ...]
    everywhere: tuple[tuple[str, str], ...]
    """Verb and screen of what every live screen has."""
    crossings: tuple[tuple[str, str, str], ...]
    """Screen, service and printed line of what leads into another service, whose machine is another one."""

    def transitions(self) -> set[tuple[str, str, str]]:
        """Trigger, source and destination of all that is drawn, as the machine has them."""
        live = [name for name, screen in self.menu.service.screens.items() if screen.kind != "end"]
        found = {(f"{arrow.verb} {arrow.dest}", arrow.source, arrow.dest) for arrow in self.arrows}
        found |= {(f"back {arrow.source}", arrow.dest, arrow.source) for arrow in self.arrows if arrow.both}
        return found | {(f"{verb} {dest}", source, dest) for verb, dest in self.everywhere for source in live}


def drawing(menu: Menu) -> Drawing:
    """What there is to draw of a service."""
    labels: dict[tuple[str, str, str], list[str]] = {}
    for edge in sorted(menu.edges):
        if edge.label or edge.verb not in EVERYWHERE:
            labels.setdefault((edge.source, edge.dest, edge.verb), []).append(edge.label)
    back = {(source, dest) for source, dest, verb in labels if verb == "back"}
    heads = _with_two_heads(labels, back)
    lone = back - {(dest, source) for source, dest, _ in heads}
    arrows = [
        Arrow(source, dest, verb, tuple(filter(None, printed)), (source, dest, verb) in heads)
        for (source, dest, verb), printed in labels.items()
        if verb != "back" or (source, dest) in lone
    ]
    return Drawing(menu, tuple(arrows), _everywhere(menu.edges), tuple(_crossings(menu)))


def _with_two_heads(labels: Iterable[tuple[str, str, str]], back: set[tuple[str, str]]) -> set[tuple[str, str, str]]:
    """The first arrow of each pair of screens to which a way back belongs."""
    found: dict[tuple[str, str], tuple[str, str, str]] = {}
    for source, dest, verb in labels:
        if verb != "back" and (dest, source) in back:
            found.setdefault((source, dest), (source, dest, verb))
    return set(found.values())


def _everywhere(edges: Iterable[Edge]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({(edge.verb, edge.dest) for edge in edges if edge.verb in EVERYWHERE}))


def _crossings(menu: Menu) -> Iterator[tuple[str, str, str]]:
    for screen in menu.service.screens.values():
        for line in screen.lines:
            for case in line.target:
                if case.dest.verb == "service":
                    yield screen.name, case.dest.name, f"{line.number}. {line.label}"


def mermaid(edition: Edition, service: str | None = None, locale: str | None = None) -> str:
    """All services, or one, as a Mermaid flowchart with the words of a language, by default each service's own.

    Raises `EngineError` for a service or a language that there is not.
    """
    if service is not None and service not in edition.services:
        raise EngineError(f'service "{service}" does not exist{did_you_mean(service, edition.services)}')
    names = [service] if service else sorted(edition.services)
    known = sorted({language for name in names for language in edition.languages[name]})
    if locale is not None and locale not in known:
        raise EngineError(f'language "{locale}" has no catalogue; there are {", ".join(known)}')
    ids = {name: f"s{index}_" for index, name in enumerate(sorted(edition.services))}
    lines = ["flowchart TD"]
    for name in names:
        language = locale if locale in edition.languages[name] else edition.languages[name][0]
        lines += _Pen(edition, edition.services[name], language, ids).service(whole=service is None)
    return "\n".join(lines) + "\n"


class _Pen:
    """Writes one service down."""

    def __init__(self, edition: Edition, menu: Menu, locale: str, ids: dict[str, str]) -> None:
        self.catalog: Catalog = edition.catalog
        self.edition = edition
        self.menu = menu
        self.locale = locale
        self.ids = ids

    def service(self, whole: bool) -> Iterator[str]:
        """The lines of a service. `whole`: the other services are drawn too, so arrows may lead there."""
        drawn = drawing(self.menu)
        pilot = " (pilot: listed phones alone)" if self.menu.service.pilot else ""
        yield f'  subgraph {self.ids[self.menu.name]}["{_safe(self.menu.name + pilot)}"]'
        for name, screen in self.menu.service.screens.items():
            opening, closing = _SHAPES[screen.kind]
            words = f"{_safe(name)}<br/>{_safe(self.first_words(name, screen.text))}"
            yield f'    {self.id(name)}{opening}"{words}"{closing}'
        yield f'    {self.id("")}(("any screen"))'
        for arrow in drawn.arrows:
            head = "<-->" if arrow.both else "-->"
            yield f'    {self.id(arrow.source)} {head}|"{self.label(arrow)}"| {self.id(arrow.dest)}'
        for verb, dest in drawn.everywhere:
            words = f"home: {self.menu.service.home}" if verb == "home" else verb
            yield f'    {self.id("")} -->|"{_safe(words)}"| {self.id(dest)}'
        yield "  end"
        for source, other, printed in drawn.crossings if whole else ():
            dest = f"{self.ids[other]}_{self.edition.services[other].service.start}"
            yield f'  {self.id(source)} -.->|"{_safe(self.printed(source, printed))}"| {dest}'

    def id(self, screen: str) -> str:
        """Two underscores and a name; three stand for any screen. No word of the flowchart language looks so."""
        return f"{self.ids[self.menu.name]}_{screen}" if screen else f"{self.ids[self.menu.name]}__any"

    def words(self, screen: str, msgid: str) -> str:
        """A text in the language of the picture; of one with plurals the last form."""
        return self.catalog.forms(self.locale, self.menu.name, screen, msgid)[-1]

    def first_words(self, name: str, msgid: str) -> str:
        words = self.words(name, msgid).split("\n")[0]
        return words if len(words) <= _FIRST_WORDS else f"{words[:_FIRST_WORDS].rstrip()}..."

    def label(self, arrow: Arrow) -> str:
        printed = [_safe(self.printed(arrow.source, label)) for label in arrow.labels]
        return "<br/>".join(printed) or _safe(arrow.verb)

    def printed(self, screen: str, line: str) -> str:
        """A line as it is printed, in the language of the picture."""
        found = label_of(line)
        if found is None:
            return line
        return f"{found[0]}. {self.words(screen, found[1])}"


def _safe(text: str) -> str:
    return text.translate(_ESCAPED).replace("\n", " ")


def arrows_of(text: str) -> Iterator[tuple[str, str, str, str]]:
    """Source, arrow, label and destination of each arrow in a flowchart that `mermaid` wrote."""
    for line in text.splitlines():
        match = _ARROW.fullmatch(line)
        if match:
            yield match[1], match[2], match[3], match[4]
