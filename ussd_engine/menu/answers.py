"""What the answers of a service can be, and which of its screens stand inside a form."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from ussd_engine.menu.schema import Service

TEXTS: Final = ("read", "notice")
"""Types of screens that only tell something."""


def answers_of(service: Service) -> dict[str, list[str]]:
    """Every answer of the service with the values that it can have; empty where anything can be."""
    found: dict[str, list[str]] = {}
    for screen in service.screens.values():
        for name in screen.answers:
            values = found.setdefault(name, [])
            if screen.kind == "menu":
                values += [line.value for line in screen.lines if line.value is not None]
    for form in service.forms.values():
        for name, value in form.set.items():
            found.setdefault(name, []).append(value or "")
    typed = [screen for screen in service.screens.values() if screen.kind != "menu" or screen.offer]
    open_ended = {name for screen in typed for name in screen.answers}
    return {name: [] if name in open_ended else values for name, values in found.items()}


def asked_in(service: Service) -> set[str]:
    """The questions and sub-forms that forms ask."""
    return {item.name for form in service.forms.values() for item in form.ask}


def read_beside(service: Service, asked: Collection[str], name: str) -> bool:
    """Whether a form's line may lead there: to a text, which is read and left again for the question."""
    return name in service.screens and service.screens[name].kind in TEXTS and name not in asked


def beside_of(service: Service, asked: Collection[str], name: str) -> list[str]:
    """The screens that stand beside a question's own one: in its place, or only read. An end stands beside nothing."""
    screen = service.screens[name]
    dests = [case.dest for line in screen.lines for case in line.target if case.dest.verb == "to"]
    read = [dest.name for dest in dests if read_beside(service, asked, dest.name)]
    slow = service.screens.get(screen.slow or "")
    late = slow.name if slow and slow.kind != "end" else None
    return [one for one in (screen.full, screen.none, late, *dict.fromkeys(read)) if one]


def inside_forms(service: Service) -> set[str]:
    """The screens that stand inside a form: what forms ask, and what stands beside a question."""
    asked = asked_in(service)
    found = asked & service.screens.keys()
    queue = list(found)
    while queue:
        for name in beside_of(service, asked, queue.pop()):
            if name in service.screens and name not in found:
                found.add(name)
                queue.append(name)
    return found


def all_named(service: Service) -> bool:
    """Whether all that forms ask and screens show beside them exists; else nobody knows what stands outside a form."""
    asked = asked_in(service)
    beside = {name for screen in service.screens.values() for name in (screen.full, screen.none) if name}
    return asked | beside <= service.screens.keys() | service.forms.keys()
