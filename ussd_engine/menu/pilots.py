"""Services in pilot: a line that leads to nothing else is there for the phones that are listed alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from ussd_engine.facts import PILOT
from ussd_engine.menu.schema import Service
from ussd_engine.screens.base import Line, Screen, Test


def hide(services: Mapping[str, Service]) -> None:
    """Give each line that leads to services in pilot alone, at once or over screens of such lines, the condition that
    its caller is in one of these pilots."""
    pilots = {name for name, service in services.items() if service.pilot}
    for service in services.values() if pilots else ():
        hidden = {screen.name: _hidden(service, screen, pilots) for screen in service.screens.values()}
        for name, lines in hidden.items():
            service.screens[name] = dataclasses.replace(service.screens[name], lines=lines)


def _hidden(service: Service, screen: Screen, pilots: set[str]) -> tuple[Line, ...]:
    lines = []
    for line in screen.lines:
        led = _services(service, line, frozenset([screen.name]))
        if led and led <= pilots:
            line = line._replace(tests=(*line.tests, Test(PILOT, tuple(sorted(led)), True, line.place)))
        lines.append(line)
    return tuple(lines)


def _services(service: Service, line: Line, before: frozenset[str]) -> set[str]:
    """The services to which a line leads; none where it may lead to anything else."""
    found: set[str] = set()
    for case in line.target:
        screen = service.screens.get(case.dest.name) if case.dest.verb == "to" else None
        if case.dest.verb == "service":
            found.add(case.dest.name)
        elif screen is None or screen.name in before or not screen.lines:
            return set()
        else:
            behind = [_services(service, one, before | {screen.name}) for one in screen.lines]
            if not all(behind):
                return set()
            found.update(*behind)
    return found


def is_hidden(line: Line) -> bool:
    """Whether a line is there for listed phones alone."""
    return any(test.name == PILOT for test in line.tests)


def in_sight(line: Line) -> Line:
    """The line without that condition: who dials its digits outright is told at the door."""
    return line._replace(tests=tuple(test for test in line.tests if test.name != PILOT))
