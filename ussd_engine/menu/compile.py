"""Ties the parts of a service together: forms laid flat, words looked up, one shared `transitions` machine.

A compiled menu never changes; a new version is a new object. Nothing here is done while a citizen waits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from transitions import Event, Machine, MachineError

from ussd_engine.actions import ACTIONS
from ussd_engine.menu.answers import read_beside
from ussd_engine.menu.graph import Edge, Graph
from ussd_engine.menu.plan import Plan, lay_flat
from ussd_engine.menu.schema import Service
from ussd_engine.registry import KINDS, OFFERS, RULES, SOURCES
from ussd_engine.screens.base import Dest, Screen, Target


class Shown(NamedTuple):
    """How a stored answer is shown."""

    words: Mapping[str, tuple[str, str]]
    """Value, or value and type as `received.complaint`, to the context and message id of its words."""
    kind: str
    """A kind of the registry, whose columns are shown; empty for words and typed texts."""
    longest: int
    """Of a typed text, in septets."""


@dataclass(frozen=True, slots=True)
class Menu:
    """One service, ready to run."""

    name: str
    service: Service
    plans: Mapping[str, Plan]
    """By form, those that a line enters."""
    homes: Mapping[str, Mapping[str, int]]
    """Screen to the forms in which it may stand."""
    shown: Mapping[str, Shown]
    edges: frozenset[Edge]
    machine: Machine
    silent: frozenset[str]
    """Screens without a back line: the doors, and those that end their form."""
    warned: Mapping[str, frozenset[str]]
    """Screen to the warnings that can stand above it, where there are any."""
    typed: frozenset[str]
    """The answers that citizens type."""
    full: frozenset[str]
    """The screens that follow a full reply."""
    aside: frozenset[str]
    """The texts that are read beside a question, and left again for it."""
    acting: Mapping[Dest, tuple[str, ...]]
    """What acts, an action or `forget`, to the screens with an answer that leads to it."""

    def screen(self, name: str) -> Screen:
        return self.service.screens[name]


def compile_service(service: Service) -> Menu:
    """The menu of a service that has passed the checks of its names."""
    plans = {name: lay_flat(service.forms[name], service.forms, service.screens) for name in sorted(entered(service))}
    graph = Graph(service, plans)
    edges = frozenset(graph.edges())
    screens = service.screens.values()
    return Menu(
        service.name,
        service,
        plans,
        graph.homes,
        _shown(service),
        edges,
        _machine(service, edges),
        frozenset(_silent(service, plans)),
        _warned(service, edges),
        frozenset(name for screen in screens if screen.kind == "input" for name in screen.answers),
        frozenset(screen.full for screen in screens if screen.full),
        frozenset(name for name, forms in graph.homes.items() if forms and read_beside(service, graph.asked, name)),
        _acting(service),
    )


def targets(service: Service) -> list[Target]:
    """All places of a service where something leads on."""
    found = [line.target for screen in service.screens.values() for line in screen.lines]
    found += [screen.then for screen in service.screens.values()]
    found += [target for action in service.actions.values() for target in action.outcomes.values()]
    return [target for target in found if target]


def entered(service: Service) -> set[str]:
    """The forms that a line or an outcome enters."""
    dests: list[Dest] = [case.dest for target in targets(service) for case in target]
    return {dest.name for dest in dests if dest.verb == "to" and dest.name in service.forms}


class _Move(Event):
    """An event of a machine without conditions, callbacks and queue: it only moves the model."""

    def trigger(self, model: Any, *args: object, **kwargs: object) -> bool:
        """Move `model` from its state to the next. Raises `MachineError` where this event leads nowhere from there."""
        if model.state not in self.transitions:
            raise MachineError(f"{self.name} leads nowhere from {model.state}")
        model.state = self.transitions[model.state][0].dest
        return True


class _Moves(Machine):
    event_cls = _Move


def _machine(service: Service, edges: frozenset[Edge]) -> Machine:
    machine = _Moves(
        model=None, states=list(service.screens), initial=service.start, auto_transitions=False, send_event=False
    )
    for trigger, source, dest in sorted({(edge.trigger, edge.source, edge.dest) for edge in edges}):
        machine.add_transition(trigger, source, dest)
    return machine


def _silent(service: Service, plans: Mapping[str, Plan]) -> set[str]:
    doors = {service.start, service.first, service.resume, service.last} - {""}
    ends = {plan.items[-1].name for plan in plans.values() if plan.items and not plan.items[-1].saves}
    return doors | ends


def _acting(service: Service) -> dict[Dest, tuple[str, ...]]:
    found: dict[Dest, dict[str, None]] = {}
    for screen in service.screens.values():
        for dest in done_by(service, (screen.then, *(line.target for line in screen.lines))):
            found.setdefault(dest, {})[screen.name] = None
    return {dest: tuple(screens) for dest, screens in found.items()}


def done_by(service: Service, targets: Iterable[Target]) -> Iterator[Dest]:
    """What acts behind these targets; what an action that only looks leads on to is among them."""
    for dest in (case.dest for target in targets for case in target):
        if dest.verb == "forget":
            yield dest
        elif dest.verb == "to" and dest.name in service.actions:
            action = service.actions[dest.name]
            if ACTIONS[action.do].acts:
                yield dest
            else:
                yield from done_by(service, action.outcomes.values())


def _warned(service: Service, edges: frozenset[Edge]) -> dict[str, frozenset[str]]:
    """Who is warned goes on all the same: the warning stands above whatever follows a screen that warns."""
    warned: dict[str, frozenset[str]] = {}
    for edge in edges:
        warn = service.screens[edge.source].warn
        if warn and edge.verb in ("ask", "full", "none", "to"):
            warned[edge.dest] = warned.get(edge.dest, frozenset()).union(warn)
    return warned


def _shown(service: Service) -> dict[str, Shown]:
    shown: dict[str, Shown] = {}
    for screen in service.screens.values():
        for answer, column in screen.save.items():
            _merge(shown, answer, _by_screen(screen, column))
        if screen.offer and screen.offer.function in OFFERS:
            _merge(shown, screen.offer.answer, Shown({}, OFFERS[screen.offer.function].kind, 0))
    for answer, table in service.words.items():
        words = {value: (f"words.{answer}", text) for value, text in _worded(table)}
        _merge(shown, answer, Shown(words, "", 0))
    return shown


def _worded(table: Mapping[str, str | Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for value, words in table.items():
        if isinstance(words, str):
            yield value, words
        else:
            yield from ((f"{value}.{by}", text) for by, text in words.items())


def _by_screen(screen: Screen, column: str) -> Shown:
    if screen.kind == "input":
        return Shown(
            {}, "", screen.bounds.get("max") or max((RULES[rule].longest for rule in screen.checks), default=0) or 160
        )
    if screen.source and screen.source.source in SOURCES:
        kind = SOURCES[screen.source.source].kind
        if column in ("", "code"):
            return Shown({}, kind, 0)
        return Shown({}, column, 0) if column in KINDS else Shown({}, "", KINDS[kind].columns[column].longest)
    return Shown({line.value: (screen.name, line.label) for line in screen.lines if line.value is not None}, "", 0)


def _merge(shown: dict[str, Shown], answer: str, found: Shown) -> None:
    """Later words win: the table `words` stands last."""
    old = shown.get(answer)
    if old is None:
        shown[answer] = found
        return
    shown[answer] = Shown({**old.words, **found.words}, old.kind or found.kind, max(old.longest, found.longest))
