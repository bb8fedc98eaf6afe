"""The way in: from a dialled code and the digits behind it to a service's door."""

from __future__ import annotations

from ussd_engine.menu.pilots import in_sight, is_hidden
from ussd_engine.screens.base import Dest
from ussd_engine.walk import Walk


def enter(walk: Walk, digits: tuple[str, ...]) -> None:
    """Follow the dialled digits through the root's lines; the rest must be an alias.

    Lines that are there for a pilot's phones alone can be dialled outright: others are told at its door. So is who
    would see no line at all.
    """
    walk.open("")
    _follow(walk, digits)
    while number := _unseen(walk):
        _on(walk, number)


def _unseen(walk: Walk) -> str:
    """Where no line is there for her, the number of one that is there for a pilot's phones; else nothing."""
    lines = walk.scope.screen.lines
    if any(map(walk.shows, lines)):
        return ""
    return next((line.number for line in lines if is_hidden(line) and walk.shows(in_sight(line))), "")


def _follow(walk: Walk, digits: tuple[str, ...]) -> None:
    for index, digit in enumerate(digits):
        dest = _on(walk, digit, "*".join(digits[index + 1 :]))
        if dest.verb != "to":
            return


def _on(walk: Walk, digit: str, rest: str = "") -> Dest:
    """Take the line of a dialled digit, where it leads to a screen or into a service."""
    found = (line for line in walk.scope.screen.lines if line.number == digit and walk.shows(in_sight(line)))
    line = next(found, None)
    dest = line.target[0].dest if line and line.target else Dest("")
    if dest.verb == "service":
        walk.session.waiting = walk.edition.services[dest.name].service.dial.get(rest, "")
        walk.service(dest.name)
    elif dest.verb == "to" and dest.name in walk.scope.menu.service.screens:
        walk.screen(dest.name)
    else:
        return Dest("")
    return dest
