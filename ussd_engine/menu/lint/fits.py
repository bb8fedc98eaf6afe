"""Whether every screen fits, measured with the phone's own rendering: longest values, each line above, every page."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sessions import Session
from ussd_engine import gsm
from ussd_engine.errors import Fault
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.lint.values import Values
from ussd_engine.menu.template import Slot
from ussd_engine.model import Profile
from ussd_engine.registry import Row
from ussd_engine.render import Frame, possible_lines
from ussd_engine.scope import Scope
from ussd_engine.screens.base import Line, Screen

MOST_ROWS = 110
"""Rows of a list that sets no `most`: enough for numbers of three digits on full pages."""


class Worst(Scope):
    """A session on a screen where every value is the longest that it can be."""

    __slots__ = ("plural", "values")

    def __init__(self, values: Values, screen: Screen, locale: str, plural: int) -> None:
        session = Session(b"", b"", values.menu.name, screen.name, locale)
        # a memo of its own: pages of longest values are nobody's pages
        super().__init__(dataclasses.replace(values.edition, pages={}, above={}), session, {})
        self.values = values
        self.plural = plural

    def fill(self, slot: Slot) -> str:
        text = self.values.longest(self.screen, slot, self.locale, self.plural)
        return gsm.cut(text, slot.width) if slot.width else text

    def rows(self, screen: Screen) -> Sequence[Row]:
        return [""] * (screen.most or MOST_ROWS)

    def column(self, kind: str, row: Row, column: str) -> str:
        return self.values.column(kind, column, self.locale)


class Whole(Frame):
    """A screen with every line visible, and not cut where it does not fit."""

    def visible(self, line: Line) -> bool:
        return True

    def cut(self, text: str) -> str:
        return text


class _Room(NamedTuple):
    """The room of a screen, with the channels that have it."""

    profile: Profile
    channels: list[str]


def fits(edition: Edition, menu: Menu, profiles: Mapping[str, Profile], values: Values) -> Iterator[Fault]:
    """A fault for each screen and language where something does not fit on some channel."""
    for room in _rooms(profiles):
        for locale in edition.languages[menu.name]:
            for screen in menu.service.screens.values():
                worst = max(_shots(values, screen, locale, room), key=lambda shot: shot.over)
                if worst.over > 0:
                    yield Fault(*screen.place, _words(screen, locale, worst, room), "fits")


def _rooms(profiles: Mapping[str, Profile]) -> list[_Room]:
    rooms: dict[tuple[int, int], _Room] = {}
    for name, profile in profiles.items():
        rooms.setdefault((profile.septets, profile.units), _Room(profile, [])).channels.append(name)
    return list(rooms.values())


class _Shot(NamedTuple):
    """One page with one line above, and by how much it is too long."""

    line: str
    page: int
    pages: int
    size: gsm.Size
    room: int

    @property
    def over(self) -> int:
        return self.size.units - self.room


def _shots(values: Values, screen: Screen, locale: str, room: _Room) -> Iterator[_Shot]:
    lines = ("", *possible_lines(values.menu, screen))
    for plural in range(values.edition.catalog.plurals(locale, values.menu.name)):
        scope = Worst(values, screen, locale, plural)
        frame = Whole(scope, room.profile)
        pages = len(frame.pages())
        for page in range(pages):
            for line in lines:
                scope.session.page, scope.session.line = page, line
                size = gsm.measure(frame.text())
                units = room.profile.septets if size.encoding == "GSM-7" else room.profile.units
                yield _Shot(line, page, pages, size, units)


def _words(screen: Screen, locale: str, shot: _Shot, room: _Room) -> str:
    page = f" on page {shot.page + 1}" if shot.pages > 1 else ""
    kind = "warning" if shot.line.startswith("!") else "error"
    above = f' with the {kind} line "{shot.line.lstrip("!")}" above' if shot.line else ""
    return (
        f'screen "{screen.name}" does not fit in {locale}{page}{above}: {shot.size.units} of {shot.room} '
        f"{'septets' if shot.size.encoding == 'GSM-7' else 'UCS-2 units'} with the longest values "
        f"({', '.join(sorted(room.channels))}): shorten it by {shot.over}"
        + ("" if screen.again is not None or not shot.line else ", or give it shorter words in `again`")
    )
