"""A session with an example of everything, so that the gateway's own rendering shows any screen of a service."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

from sessions import About, Outcome, Session
from ussd_engine import gsm
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Profile, Value
from ussd_engine.registry import CASE, KINDS, OFFERS, SETTINGS, SOURCES, SPOKEN, Column, Place, Row, key_of
from ussd_engine.render import Frame
from ussd_engine.scope import Scope
from ussd_engine.screens.base import Line, Screen

DATE, PIN = "15/01/2026", "6070"
REFERENCE, *_ = REFERENCES = ("482173659", "117936204")
COUNTS = {"minutes": "10", "hours": "24", "days": "90", "n": "3"}
EMPTY = frozenset({"refused"})
"""Values of a case that say something only in a rare case."""

Given = Mapping[str, str]
"""Examples of what is typed, by the name of the answer."""


class Page(NamedTuple):
    """One page of a screen: its rows, each with the key that is its answer, and what it takes."""

    rows: list[tuple[str, str]]
    size: gsm.Size
    culprit: str


class Whole(Frame):
    """A screen with every line, whatever its conditions."""

    def visible(self, line: Line) -> bool:
        return True


class Examples:
    """Shows the screens of one service, in one language, on one channel."""

    def __init__(self, edition: Edition, menu: Menu, locale: str, profile: Profile, given: Given) -> None:
        # pages of its own: what is cut here is nobody's list
        self.edition = dataclasses.replace(edition, pages={}, above={})
        self.menu = menu
        self.locale = locale
        self.profile = profile
        self.given = given
        self._values: dict[str, str] = {}

    def frame(self, screen: Screen) -> Whole:
        """The screen, ready to be rendered."""
        code = self.edition.code(self.menu.name, self.profile.passes_digits)
        spoken = self.given.get(SPOKEN) or f"({SPOKEN})"
        extra = {"code": code, "pin": PIN, **({SPOKEN: spoken} if screen.kind == "read" else {})}
        extra |= {name: count for name, count in COUNTS.items() if name not in screen.bounds and name != "n"}
        # an installation that sends no SMS has no number for them: its words are shown all the same
        unset = [name for name in SETTINGS if name not in extra and not self.edition.settings.get(name)]
        extra |= {name: DATE if name == "date" else f"({name})" for name in unset if name not in screen.bounds}
        return Whole(Scope(self.edition, self._session(screen), {}, extra), self.profile)

    def pages(self, screen: Screen) -> list[Page]:
        """The screen as the phone shows it, page by page."""
        frame, found = self.frame(screen), []
        for page in range(len(frame.pages())):
            frame.scope.session.page = page
            text = frame.text()
            found.append(Page(self._rows(frame, page), gsm.measure(text), gsm.culprit(text) or ""))
        return found

    def _rows(self, frame: Whole, page: int) -> list[tuple[str, str]]:
        screen, rows = frame.screen, [(row, "") for row in frame.words_above().split("\n") if row]
        lines, follows = frame.page(page)
        numbers = {line.number for line in screen.lines} | ({screen.skip.number} if screen.skip else set())
        chosen = screen.source is not None and SOURCES[screen.source.source].chosen
        for at, line in enumerate(lines):
            number = "" if screen.kind == "read" and at == 0 else line.partition(". ")[0]
            key = number if number in numbers else "row" if chosen and number.isdecimal() else ""
            rows += [(row, key) for row in line.split("\n")]
        rows += [(frame.more(), "more")] if follows else []
        return rows + [(row, "back") for row in frame.back()]

    # the session

    def _session(self, screen: Screen) -> Session:
        menu, results = self.menu, dict[str, Value]()
        if "n" not in screen.bounds:
            told = screen.name in menu.full
            results["n"] = str(len(self.given.get("message", "")) or 158) if told else COUNTS["n"]
        results |= {"ref": REFERENCE, "due": DATE, "appeal_until": DATE}
        values: dict[str, Value] = {name: self.value(name) for name in menu.shown if name not in CASE}
        values["ref"] = REFERENCE
        case: dict[str, Value] = {name: self._of_case(name) for name in CASE if name not in EMPTY}
        for name in ("institution", "type"):
            values[name] = case[name] = self.value(name)
        rows = [] if screen.source is None or SOURCES[screen.source.source].local else self._elsewhere(screen)
        return Session(
            b"",
            self.edition.version,
            menu.name,
            screen.name,
            self.locale,
            outcome=Outcome(0, results),
            values=values,
            about=About(REFERENCE, True, [], case),
            rows=rows,
        )

    def value(self, answer: str) -> str:
        """What might be stored under an answer: as given, else its first words, else the first row of its list."""
        if answer not in self._values:
            self._values[answer] = ""  # a list may rest on itself
            self._values[answer] = self._find(answer)
        return self._values[answer]

    def _find(self, answer: str) -> str:
        if answer in self.given:
            return self.given[answer]
        screens = [screen for screen in self.menu.service.screens.values() if answer in screen.answers]
        for screen in screens:
            values = [line.value for line in screen.lines if line.value is not None]
            row = None if values else self._row(screen)
            if values or row is not None:
                return values[0] if row is None else self._kept(screen, answer, row)
        shown = self.menu.shown.get(answer)
        if shown and shown.words:
            return next(iter(shown.words))
        return f"({answer})"

    def _row(self, screen: Screen) -> Row | None:
        """The first row of a list at hand, or what an offer works out."""
        data = self.edition.data.get(self.menu.name)
        if data is None or not (screen.source or screen.offer):
            return None
        place = Place(data, self.locale)
        if screen.offer:
            return OFFERS[screen.offer.function].work_out(place, [self.value(name) for name in screen.offer.args])
        assert screen.source is not None
        source = SOURCES[screen.source.source]
        args = {
            name: value if source.args[name] == "literal" else self.value(value)
            for name, value in screen.source.args.items()
        }
        return next(iter(source.rows(place, args)), None) if source.local else None

    def _kept(self, screen: Screen, answer: str, row: Row) -> str:
        column = screen.save.get(answer, "")
        kind = SOURCES[screen.source.source].kind if screen.source else ""
        return key_of(row) if column in ("", "code") else KINDS[kind].columns[column].read(row, self.locale)

    def _of_case(self, name: str) -> str:
        if name in ("ref", "institution"):
            return REFERENCE if name == "ref" else ""
        if CASE[name].kind:
            return self._higher()
        return self._first(CASE[name].words) if CASE[name].words else DATE

    def _higher(self) -> str:
        data = self.edition.data.get(self.menu.name)
        return data.higher(self.value("institution")) if data else ""

    def _first(self, table: str, at: int = 0) -> str:
        words = self.menu.service.words.get(table, {})
        return [*words, ""][min(at, len(words))]

    def _elsewhere(self, screen: Screen) -> list[list[str]]:
        """Rows as they come from elsewhere: the columns of their kind, in their order."""
        assert screen.source is not None
        columns = {name: one for name, one in KINDS[SOURCES[screen.source.source].kind].columns.items() if name}
        return [[self._column(name, column, at) for name, column in columns.items()] for at in range(len(REFERENCES))]

    def _column(self, name: str, column: Column, at: int) -> str:
        if column.words:
            return self._first(column.words, at)
        return {"date": DATE, "ref": REFERENCES[at]}.get(name) or self._short()

    def _short(self) -> str:
        """The short name of an institution."""
        data = self.edition.data.get(self.menu.name)
        row = data.get(self.value("institution")) if data else None
        return KINDS["institution"].columns[""].read(row, self.locale) if row else ""
