"""What the text of a screen depends on, so that one which was rendered before need not be rendered again.

A screen that shows what a citizen typed, a reference, or a PIN is never remembered.
"""

from __future__ import annotations

from collections.abc import Iterator

from ussd_engine.facts import FACTS, PILOT
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.template import template
from ussd_engine.registry import CASE, SETTINGS, SOURCES
from ussd_engine.scope import Scope
from ussd_engine.screens.base import Screen

MOST = 8192
"""The most screens, and the most page cuts, that an edition remembers."""


def key_of(scope: Scope, septets: int, units: int) -> object | None:
    """All that the text of the session's screen depends on; `None` where it is not to be remembered."""
    names = _inputs(scope.edition, scope.menu, scope.session.screen)
    if names is None or scope.adding:
        return None
    session, extra = scope.session, scope.extra
    results = session.outcome.values if session.outcome else {}
    case = scope.about.values if scope.about else {}
    # A name may stand for several things, of which one place shows this and another that.
    places = (extra, results, scope.answers, case, scope.facts)
    values = [tuple(place.get(name) for place in places) for name in names]
    return (scope.menu.name, session.screen, scope.locale, session.page, session.line, septets, units, *values)


def _inputs(edition: Edition, menu: Menu, name: str) -> tuple[str, ...] | None:
    """The names of the answers, facts and settings that a screen shows or asks for; worked out once."""
    known = edition.inputs
    if (menu.name, name) not in known:
        screen = menu.screen(name)
        names = tuple(sorted(set(_names(screen))))
        bounded = all(_bounded(edition, menu, screen, one) for one in names)
        known[menu.name, name] = names if bounded else None
    return known[menu.name, name]


def _names(screen: Screen) -> Iterator[str]:
    lines = [*screen.lines, *([screen.skip] if screen.skip else [])]
    for text in (screen.text, screen.again or "", *(line.label for line in lines)):
        yield from (slot.name for slot in template(text).slots if not _offered(screen, slot.name))
    for line in lines:
        yield from (test.name for test in line.tests)
    if screen.offer:
        yield from screen.offer.args
    if screen.slow:
        yield ELSEWHERE
    if screen.source:
        kinds = SOURCES[screen.source.source].args
        yield from (value for arg, value in screen.source.args.items() if kinds[arg] == "answer")


ELSEWHERE = "*"
"""Stands for what is asked for elsewhere, which no screen that is remembered may show."""


def _offered(screen: Screen, name: str) -> bool:
    """Whether a name stands for what the screen offers, which follows from the offer's arguments."""
    return screen.offer is not None and screen.offer.answer == name


def _bounded(edition: Edition, menu: Menu, screen: Screen, name: str) -> bool:
    """Whether the values of a name are few, and none was typed by a citizen."""
    if name in menu.typed or name == ELSEWHERE or (name in CASE and CASE[name].words):
        return False
    if name in screen.bounds:
        return screen.name not in menu.full
    if name in (*FACTS, PILOT) or name in SETTINGS or name in edition.settings:
        return True
    return name in menu.shown
