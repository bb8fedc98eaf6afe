"""Whether what was collected elsewhere may stand in a form of ours: by the screens that would have asked for it.

What is wrong is said as the handset would say it: the error line, and below it the words of the screen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Final, NamedTuple

from sessions import Session
from ussd_engine import gsm
from ussd_engine.answer import kept, refused
from ussd_engine.forms.finding import FINDERS, Several, name_of
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Profile
from ussd_engine.registry import Place, key_of
from ussd_engine.render import Frame
from ussd_engine.run import Run
from ussd_engine.scope import Scope, plain
from ussd_engine.screens.base import Line, Screen, passes

MATCHING: Final = "matching"
"""The argument of a source that is a typed name."""
CHOICE: Final = "choice"
EMPTY: Final = "empty"


class Right(NamedTuple):
    """What may stand: how it is stored, and what may be shown of it."""

    value: str
    shown: Mapping[str, str] = {}


class Wrong(NamedTuple):
    """What may not, in words for whoever typed it."""

    words: str
    answer: str = ""
    """Of which answer; empty where that is asked for beside this."""


class Checking:
    """Checks for one service, in one language."""

    def __init__(self, edition: Edition, service: str, locale: str) -> None:
        self._edition = edition
        self._service = service
        self._menu = edition.services[service]
        self._locale = locale
        rules = [one.checks for one in self._menu.service.screens.values()]
        self._longest = max((one["letters"]["max"] for one in rules if "letters" in one), default=Profile().septets)
        """What any screen may take; no row has a longer name."""

    # one field

    def field(self, answer: str, text: str) -> Right | Wrong:
        """One answer by itself: whether its questions would ever take it. What depends on other answers is left."""
        kind = self._kind(answer)
        if not text:
            return Wrong(self._said(self._any(answer), EMPTY))
        if kind in FINDERS:
            return self.found(answer, text)
        first = None
        for screen in self._asking(answer):
            error = _alone(screen, text)
            if not error:
                return Right(kept(screen, text) if screen.kind == "input" else text)
            first = first or Wrong(self._said(screen, error))
        return first or Wrong(self._said(None, CHOICE))

    def found(self, answer: str, text: str) -> Right | Wrong:
        """A row that a text names. Looking takes longer with each letter, so what is longer than any is not read on."""
        text = text[: self._longest + 1]
        kind, place = self._kind(answer), Place(self._edition.data[self._service], self._locale)
        row = FINDERS[kind](place, text)
        searching = next((one for one in self._asking(answer) if one.source and MATCHING in one.source.args), None)
        if row is None:
            return Wrong(self._not_found(searching, text) if searching else self._said(self._any(answer), CHOICE))
        if isinstance(row, Several):
            names = ", ".join(name_of(place, kind, one) for one in row.rows)
            head = self._said(searching, "") if searching else self._said(None, CHOICE)
            return Wrong(gsm.shorten(plain(f"{head} {names}"), Profile().septets))
        return Right(key_of(row), {"code": key_of(row), "name": name_of(place, kind, row)})

    def stored(self, answer: str, text: str) -> str:
        """A text as it would be stored, whatever else was answered; as it is where no screen would take it."""
        typed = (screen for screen in self._asking(answer) if screen.kind == "input" and not refused(screen, text))
        screen = next(typed, None)
        return kept(screen, text) if screen else text

    # a whole form

    def form(self, scope: Scope) -> Wrong | None:
        """What is wrong with the answers of a form, by the questions that apply. What passes stands as it is kept."""
        run = Run(scope)
        run.next()
        for screen in self._answered(run):
            values = [scope.answers[name] for name in screen.answers]
            if not any(values):
                continue
            error = self._error(scope, screen)
            if error:
                return Wrong(self.said(scope, screen, error), screen.answers[0])
            if screen.kind == "input":
                name = screen.answers[0]
                run.draft.answers[name] = kept(screen, scope.answers[name] or "")
        scope.renew()
        return None

    def said(self, scope: Scope, screen: Screen, error: str) -> str:
        """The error line of a screen and its words, cut to one screen."""
        scope.session.screen = screen.name
        frame = Frame(scope, Profile())
        line = frame.above(error) if error in scope.menu.service.errors else ""
        return frame.cut("\n".join(filter(None, [line, frame.head])))

    def line(self, error: str) -> str:
        """An error line alone."""
        return self._said(None, error)

    def choice(self, error: str, values: Mapping[str, str], answer: str = "") -> str:
        """The error line, the question of an answer, and its choices by the platform's `values`; without an answer the
        choices are forms, and their question is the screen that leads to most of them."""
        screen = self._choosing(answer, set(values.values()))
        if screen is None:
            return self._said(None, error)
        frame = Frame(self._scope(screen.name), Profile())
        labels = {name: line.label for line in screen.lines for name in _gives(line, answer)}
        lines = [
            f"{theirs}. {frame.filled(screen.name, labels[ours], frame.scope.fill)}"
            for theirs, ours in values.items()
            if ours in labels
        ]
        # Where no answer is asked for, the words of the screen greet her: the error line stands for them.
        head = frame.head if answer else frame.again
        return frame.cut("\n".join(filter(None, [self.line(error), head, *lines])))

    def _choosing(self, answer: str, values: Set[str]) -> Screen | None:
        """The screen on which most of some values can be chosen; of an answer at least one that asks for it."""
        asking = self._asking(answer) if answer else list(self._menu.service.screens.values())
        offered = {screen.name: sum(bool(values & _gives(line, answer)) for line in screen.lines) for screen in asking}
        most = max(offered, key=lambda name: offered[name], default="")
        return self._menu.screen(most) if most and (answer or offered[most]) else None

    def _answered(self, run: Run) -> Iterator[Screen]:
        """The screens of the questions that apply and have an answer."""
        scope = run.scope
        for index in list(run.plan.applicable(scope.look)):
            item = run.plan.items[index]
            if item.saves and not item.asks and scope.answers.keys() >= set(item.saves):
                yield scope.menu.screen(item.name)

    def _error(self, scope: Scope, screen: Screen) -> str | None:
        if screen.offer:
            row = scope.offered(screen.offer)
            return None if row is not None and key_of(row) == scope.answers[screen.offer.answer] else CHOICE
        if screen.kind == "input":
            return refused(screen, scope.answers[screen.answers[0]] or "")
        if screen.source:
            given = {name: scope.answers[name] for name in screen.answers}
            return None if any(scope.keep(screen, row) == given for row in scope.rows(screen)) else CHOICE
        value = scope.answers[screen.answers[0]]
        shown = (line for line in screen.lines if passes(line.tests, scope.look))
        return None if any(line.value == value for line in shown) else CHOICE

    # words

    def _said(self, screen: Screen | None, error: str) -> str:
        """As `said`, where nothing was answered yet; of no screen the line alone."""
        start = self._menu.service.start
        scope = self._scope(screen.name if screen else start)
        if screen is None:
            msgid = self._menu.service.errors.get(error, "")
            return scope.edition.catalog.gettext(scope.locale, scope.menu.name, "errors", msgid) if msgid else ""
        return self.said(scope, screen, error)

    def _not_found(self, searching: Screen, text: str) -> str:
        """The words of the screen that stands for a search that found nothing."""
        assert searching.source is not None
        beside = self._menu.screen(searching.none or searching.name)
        scope = self._scope(beside.name, {searching.source.args[MATCHING]: text})
        return self.said(scope, beside, "" if searching.none else CHOICE)

    def _scope(self, screen: str, values: dict[str, str | None] | None = None) -> Scope:
        session = Session(b"", self._edition.version, self._service, screen, self._locale, values=values or {})
        return Scope(self._edition, session, {})

    def _kind(self, answer: str) -> str:
        return self._menu.shown[answer].kind if answer in self._menu.shown else ""

    def _asking(self, answer: str) -> list[Screen]:
        return [screen for screen in self._menu.service.screens.values() if answer in screen.answers]

    def _any(self, answer: str) -> Screen | None:
        return next(iter(self._asking(answer)), None)


def _gives(line: Line, answer: str) -> set[str]:
    """What a line saves as an answer, or, without one, where it leads."""
    if answer:
        return {line.value} if line.value else set()
    return {case.dest.name for case in line.target}


def _alone(screen: Screen, text: str) -> str | None:
    """What is wrong with an answer to a screen, whatever else was answered."""
    if screen.kind == "input":
        return refused(screen, text)
    return None if any(line.value == text for line in screen.lines) else CHOICE
