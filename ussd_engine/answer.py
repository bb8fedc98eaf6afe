"""What an answer means on the screen where it was given, and what comes of it."""

from __future__ import annotations

from ussd_engine.country import Country
from ussd_engine.registry import RULES, SOURCES, WARNINGS
from ussd_engine.render import has_more
from ussd_engine.scope import JOINT
from ussd_engine.screens import TYPES
from ussd_engine.screens.base import Chosen, Row, Screen, Skipped, Typed, Wrong
from ussd_engine.walk import Walk


def answer(walk: Walk, text: str) -> None:
    """Take a key for navigation, or an answer to the screen. An end takes none."""
    screen = walk.scope.screen
    if screen.kind == "end" or navigate(walk, screen, text):
        return
    more = walk.scope.menu.service.more
    rows = len(walk.scope.rows(screen)) if screen.source and SOURCES[screen.source.source].chosen else 0
    taken = TYPES[screen.kind].take(screen, text, rows, more.number if more else "", walk.shows)
    if isinstance(taken, Wrong):
        wrong(walk, taken.error)
    elif isinstance(taken, Typed):
        typed(walk, screen, taken.text)
    elif isinstance(taken, Row):
        walk.taken.append(f"row {walk.scope.menu.name}/{screen.name}")
        walk.save(screen, walk.scope.keep(screen, walk.scope.rows(screen)[taken.index]))
    elif isinstance(taken, Skipped):
        walk.took(screen, screen.skip.number if screen.skip else "")
        walk.save(screen, dict.fromkeys(screen.answers))
    else:
        chosen(walk, screen, taken)


def navigate(walk: Walk, screen: Screen, text: str) -> bool:
    """The keys that hold everywhere; false where the text is none of them here."""
    service = walk.scope.menu.service
    doors = (service.start, service.first, service.resume, service.last)
    if text == service.home:
        walk.home()
        walk.accept()
    elif service.back and text == service.back.number and screen.name not in doors:
        walk.accept()
        walk.back()
    elif service.more and text == service.more.number and _has_more(walk, screen):
        walk.accept(page=walk.session.page + 1)
    else:
        return False
    return True


def _has_more(walk: Walk, screen: Screen) -> bool:
    if screen.kind == "read" and screen.slow:
        # The words are not at hand; how many pages they had was noted when they were shown.
        return any(walk.session.page + 1 < int(pages) for _, pages in walk.session.rows)
    return TYPES[screen.kind].PAGED and has_more(walk.scope, walk.profile)


def wrong(walk: Walk, error: str) -> None:
    """The line above the same screen; after too many in a row a polite end, and the draft stays."""
    walk.session.wrong += 1
    walk.session.line = error
    if walk.session.wrong >= walk.scope.menu.service.tries:
        walk.leave_form()
        walk.accept()
        walk.fire("too_many", walk.scope.menu.service.too_many)


def chosen(walk: Walk, screen: Screen, taken: Chosen) -> None:
    """A numbered line: it saves its value, or leads where it says."""
    line = taken.line
    walk.took(screen, line.number)
    if line.value is None:
        walk.accept()
        walk.follow(line.target)
    else:
        (name,) = screen.save
        walk.save(screen, {name: line.value})


def typed(walk: Walk, screen: Screen, text: str) -> None:
    """A text: checked as a whole where it is added to an older one, kept, warned of once."""
    name = screen.secret or screen.answers[0]
    adding = walk.scope.adding
    whole = f"{walk.scope.answers.get(name) or ''}{JOINT}{text}".strip() if adding else text
    error = refused(screen, whole)
    if error:
        wrong(walk, error)
        return
    whole = kept(screen, whole)
    full = screen.full if len(text) >= walk.profile.reply_full else None
    if screen.secret:
        walk.accept()
        walk.secret[name] = whole
        walk.follow(screen.then)
        return
    if adding:
        walk.run.added()
    walk.save(screen, {name: whole}, full)
    warning = warning_of(screen, whole, str(walk.session.msisdn or ""), walk.edition.country)
    walk.session.line = f"!{warning}" if warning else ""


def refused(screen: Screen, text: str) -> str | None:
    """The error line of the first rule of a screen that a text breaks; `None` where it keeps them all."""
    return next((found for rule, at in screen.checks.items() if (found := RULES[rule].run(text, at))), None)


def kept(screen: Screen, text: str) -> str:
    """What is kept of a text that keeps the rules of a screen."""
    for rule in screen.checks:
        text = RULES[rule].kept(text)
    return text


def warning_of(screen: Screen, text: str, msisdn: str, country: Country) -> str:
    """Of the warnings of a screen the first that a text asks for; empty for none."""
    national = country.national(msisdn)
    return next((name for name in screen.warn if WARNINGS[name].run(text, national, country.pin_words)), "")
