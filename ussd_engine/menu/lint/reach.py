"""Whether everything can be reached, and left again: walks over the transitions on which the machine runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ussd_engine.errors import Fault
from ussd_engine.menu.compile import Menu
from ussd_engine.screens.base import Dest, Target

MOST_ANSWERS = 2
"""So many answers lead from every screen to the start or to an end."""

_NO_ANSWER = ("home", "too_many", "back")


def unreachable(menu: Menu) -> Iterator[Fault]:
    """A fault for each screen, form and action to which no way leads."""
    service = menu.service
    screens = _screens(menu)
    dests = list(_dests(menu, screens))
    actions = {dest.name for dest in dests if dest.verb == "to" and dest.name in service.actions}
    if any(dest.verb == "forget" for dest in dests):
        actions |= {name for name, action in service.actions.items() if action.do == "cancel"}
    forms = _with_inner(menu, {dest.name for dest in dests if dest.verb == "to" and dest.name in service.forms})
    for what, found, there in (
        ("screen", screens, service.screens),
        ("form", forms, service.forms),
        ("action", actions, service.actions),
    ):
        for name, thing in there.items():
            if name not in found:
                yield Fault(*thing.place, f'{what} "{name}" cannot be reached: nothing leads to it', "reachable")


def dead_ends(menu: Menu) -> Iterator[Fault]:
    """A fault for a start that leads nowhere, and for each live screen from which the way out is long."""
    service = menu.service
    ends = {name for name, screen in service.screens.items() if screen.kind == "end"}
    near = {service.start, *ends}
    for _ in range(MOST_ANSWERS):
        near |= {edge.source for edge in menu.edges if edge.dest in near and edge.verb != "too_many"}
    for name, screen in service.screens.items():
        if name not in near:
            message = f'screen "{name}" has no way out: neither the start nor an end is {MOST_ANSWERS} answers away'
            yield Fault(*screen.place, message, "way out")
    start = service.screens[service.start]
    leads = any(edge.source == service.start and edge.verb not in _NO_ANSWER for edge in menu.edges)
    leads |= any(case.dest.verb == "service" for line in start.lines for case in line.target)
    if not leads:
        yield Fault(*start.place, f'screen "{start.name}" has no way out: no answer to the start leads on', "way out")


def _screens(menu: Menu) -> set[str]:
    service = menu.service
    doors = {service.start, service.first, service.resume, service.last, service.pilot, service.too_many}
    found = (doors | {*service.system.values(), *service.dial.values()}) - {""}
    after: dict[str, set[str]] = {}
    for edge in menu.edges:
        if edge.verb != "back":  # who goes back has been there
            after.setdefault(edge.source, set()).add(edge.dest)
    queue = list(found)
    while queue:
        new = after.get(queue.pop(), set()) - found
        found |= new
        queue += new
    return found


def _dests(menu: Menu, screens: Iterable[str]) -> Iterator[Dest]:
    """Where the lines of these screens lead, and the outcomes of the actions that they take."""
    queue: list[Target] = []
    for name in screens:
        screen = menu.screen(name)
        queue += [line.target for line in screen.lines] + [screen.then]
    seen = set()
    while queue:
        for case in queue.pop():
            yield case.dest
            action = menu.service.actions.get(case.dest.name) if case.dest.verb == "to" else None
            if action and action.name not in seen:
                seen.add(action.name)
                queue += action.outcomes.values()


def _with_inner(menu: Menu, forms: set[str]) -> set[str]:
    """These forms and all that they ask."""
    found, queue = set(forms), list(forms)
    while queue:
        asked = {item.name for item in menu.service.forms[queue.pop()].ask}
        inner = (asked & menu.service.forms.keys()) - found
        found |= inner
        queue += inner
    return found
