"""What the answers of a service can be, and which of its screens stand inside a form."""

from __future__ import annotations

from ussd_engine.menu.schema import Service


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


def inside_forms(service: Service) -> set[str]:
    """The screens that stand inside a form: what forms ask, and what stands beside a question."""
    found = {item.name for form in service.forms.values() for item in form.ask if item.name in service.screens}
    queue = list(found)
    while queue:
        screen = service.screens[queue.pop()]
        for name in (screen.full, screen.none):
            if name and name in service.screens and name not in found:
                found.add(name)
                queue.append(name)
    return found


def all_named(service: Service) -> bool:
    """Whether all that forms ask and screens show beside them exists; else nobody knows what stands outside a form."""
    asked = {item.name for form in service.forms.values() for item in form.ask}
    beside = {name for screen in service.screens.values() for name in (screen.full, screen.none) if name}
    return asked | beside <= service.screens.keys() | service.forms.keys()
