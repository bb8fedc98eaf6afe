"""Whether the lines of a screen can be told apart: by what they save, and by their words in every language."""

from __future__ import annotations

from collections.abc import Iterator

from ussd_engine.errors import Fault
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.lint.worlds import worlds
from ussd_engine.screens.base import Line, Screen, passes


def alike(edition: Edition, menu: Menu) -> Iterator[Fault]:
    """A fault for each line that saves what another one of its screen saves, or says what another one says."""
    for screen in menu.service.screens.values():
        yield from _saving_the_same(screen)
        yield from _saying_the_same(edition, menu, screen)


def _saving_the_same(screen: Screen) -> Iterator[Fault]:
    """Whatever their conditions: what is stored is shown later in the words of one of them."""
    first: dict[str, Line] = {}
    for line in screen.lines:
        if line.value is not None and (other := first.setdefault(line.value, line)) is not line:
            message = f'screen "{screen.name}": lines {other.number} and {line.number} both save "{line.value}"'
            yield Fault(*line.place, message, "same value")


def _saying_the_same(edition: Edition, menu: Menu, screen: Screen) -> Iterator[Fault]:
    lines = (*screen.lines, screen.skip) if screen.skip else screen.lines
    found: dict[tuple[int, int], list[str]] = {}
    for locale in edition.languages[menu.name]:
        said: dict[tuple[str, ...], list[int]] = {}
        for at, line in enumerate(lines):
            before = said.setdefault(edition.catalog.forms(locale, menu.name, screen.name, line.label), [])
            for above in before:
                found.setdefault((above, at), []).append(locale)
            before.append(at)
    for (above, below), locales in found.items():
        one, other = lines[above], lines[below]
        if _together(one, other):
            message = f'screen "{screen.name}": lines {one.number} and {other.number} say the same in '
            yield Fault(*other.place, message + ", ".join(locales), "same words")


def _together(one: Line, other: Line) -> bool:
    """Whether both can stand on the screen at once."""
    return any(
        passes(one.tests, world.get) and passes(other.tests, world.get) for world in worlds([one.tests, other.tests])
    )
