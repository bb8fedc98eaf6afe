"""Whether a number that is typed means one thing: lines, rows and navigation keys do not clash."""

from __future__ import annotations

from collections.abc import Iterator

from ussd_engine.errors import Fault
from ussd_engine.menu.compile import Menu
from ussd_engine.registry import MOST_KEPT, SOURCES
from ussd_engine.screens.base import Line, Screen, number_of


def clashes(menu: Menu) -> Iterator[Fault]:
    """A fault for each number that means two things."""
    service = menu.service
    keys = {"home": service.home}
    keys |= {name: line.number for name, line in (("back", service.back), ("more", service.more)) if line}
    yield from _among_keys(menu, keys)
    for screen in service.screens.values():
        for line in _lines(screen):
            for name, number in keys.items():
                if line.number == number:
                    message = f'screen "{screen.name}": {number} is the key for {name}: give the line another number'
                    yield Fault(*line.place, message, "navigation")
        if screen.source and SOURCES[screen.source.source].chosen:
            yield from _rows(screen, keys)


def _lines(screen: Screen) -> tuple[Line, ...]:
    return (*screen.lines, screen.skip) if screen.skip else screen.lines


def _among_keys(menu: Menu, keys: dict[str, str]) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for name, number in keys.items():
        if number in seen:
            place = menu.service.places["keys"]
            yield Fault(*place, f"{name} and {seen[number]} have the same key, {number}", "navigation")
        seen[number] = name


def _rows(screen: Screen, keys: dict[str, str]) -> Iterator[Fault]:
    """Rows are numbered from 1; the key for more is passed over, the others are not."""
    most = screen.most or (MOST_KEPT if screen.slow else None)
    last = number_of(most - 1, keys.get("more", "")) if most else None
    fixed = [(line.number, line.place, f'line "{line.number}. {line.label}"') for line in _lines(screen)]
    fixed += [(keys[name], screen.place, f"key for {name}") for name in ("back", "home") if name in keys]
    for number, place, what in fixed:
        counts = number.isascii() and number.isdecimal() and not number.startswith("0")
        if counts and (last is None or int(number) <= last):
            limit = f"has up to {most} rows" if most else 'has no "most"'
            message = f'screen "{screen.name}" {limit}: a row may have the number of the {what}'
            yield Fault(*place, message, "navigation")
