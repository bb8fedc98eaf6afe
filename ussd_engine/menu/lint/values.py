"""The longest value that a placeholder can have on a screen; the bounds are those of the registry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ussd_engine import gsm
from ussd_engine.actions import ACTIONS, RECEIPT
from ussd_engine.menu.compile import Menu, targets
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.template import Slot
from ussd_engine.registry import CASE, KINDS, LONGEST_COUNT, LONGEST_SPOKEN, OFFERS, SETTINGS, SOURCES, SPOKEN
from ussd_engine.screens.base import Screen, Target
from ussd_engine.texts import COUNTS

_WIDE = "M"


class Values:
    """What the placeholders of one service can show."""

    def __init__(self, edition: Edition, menu: Menu) -> None:
        self.edition = edition
        self.menu = menu
        self.results = _results(menu)
        self.told = {screen.full for screen in menu.service.screens.values() if screen.full}
        """The screens that tell how long the reply was."""
        self.closed = _closed(menu)

    def has(self, screen: Screen, slot: Slot) -> bool:
        """Whether anything gives the placeholder a value on that screen."""
        if slot.name in CASE and CASE[slot.name].words and screen.name in self.closed:
            return False
        return bool(self._lengths(screen, slot)) or any(True for _ in self._shown(slot, self.menu.service.language))

    def names(self, screen: Screen) -> set[str]:
        """The placeholders that a text of the screen may hold."""
        names = {*self.results.get(screen.name, {}), *self.menu.shown, *screen.bounds, *self.settings()}
        if screen.name not in self.closed:
            names |= CASE.keys()
        return names | ({"n"} if screen.name in self.told else set())

    def longest(self, screen: Screen, slot: Slot, locale: str, plural: int) -> str:
        """The longest value; a count is the greatest that takes the plural form of that number."""
        found = [*self._shown(slot, locale)]
        for length in self._lengths(screen, slot):
            found.append(self.filled(slot.name, locale, length, plural))
        if slot.name in screen.bounds and slot.name not in self.menu.shown:
            found = [str(screen.bounds[slot.name])]
        return max(found, key=lambda text: gsm.measure(text).units, default="")

    def filled(self, name: str, locale: str, length: int, plural: int) -> str:
        """The longest value of a length; of a count the greatest that takes the plural form of that number."""
        return self._count(locale, length, plural) if name in COUNTS else _WIDE * length

    def worded(self, table: str, locale: str) -> str:
        """The longest words of a table."""
        return max(self._shown(Slot(table, "", 0), locale), key=lambda text: gsm.measure(text).units, default="")

    def column(self, kind: str, name: str, locale: str) -> str:
        """The longest value of a column of a list's rows."""
        column = KINDS[kind].columns.get(name)
        if column and column.words:
            return self.worded(column.words, locale)
        return _WIDE * column.longest if column else ""

    def _lengths(self, screen: Screen, slot: Slot) -> list[int]:
        """The longest lengths of what is not worded: results, rows, typed texts, bounds, settings."""
        name, found = slot.name, []
        if name in self.results.get(screen.name, {}):
            found.append(self.results[screen.name][name])
        if screen.offer and screen.offer.answer == name:
            found += _column(OFFERS[screen.offer.function].kind, slot.column)
        shown = self.menu.shown.get(name)
        if shown and shown.kind:
            found += _column(shown.kind, slot.column)
        if shown and shown.longest and not slot.column:
            found.append(shown.longest)
        if name == "n" and screen.name in self.told:
            found.append(LONGEST_COUNT)
        if name in screen.bounds:
            found.append(len(str(screen.bounds[name])))
        if name in CASE and screen.name not in self.closed:
            found += _column(CASE[name].kind, slot.column) if CASE[name].kind else [CASE[name].longest]
        if name == SPOKEN and screen.kind == "read" and screen.slow and not slot.column:
            found.append(LONGEST_SPOKEN)
        if name in self.settings() and not slot.column:
            found.append(self.settings()[name])
        return found

    def _shown(self, slot: Slot, locale: str) -> Iterator[str]:
        """The words of a stored answer, as they are shown."""
        shown = self.menu.shown.get(slot.name)
        for context, msgid in shown.words.values() if shown and not slot.column else ():
            yield self.edition.catalog.gettext(locale, self.menu.name, context, msgid)

    def settings(self) -> Mapping[str, int]:
        """Each setting with the longest length declared, or with that of this edition where it is longer."""
        found = {name: length for name, (length, _) in SETTINGS.items()}
        actual = [*self.edition.settings.items()]
        actual += [("code", self.edition.code(self.menu.name, passes)) for passes in (True, False)]
        for name, value in actual:
            found[name] = max(found.get(name, 0), gsm.measure(value).units)
        return found

    def _count(self, locale: str, digits: int, plural: int) -> str:
        counts = range(10**digits - 1, -1, -1)
        catalog, service = self.edition.catalog, self.menu.name
        return str(next((n for n in counts if catalog.plural(locale, service, n) == plural), counts[0]))


def _column(kind: str, name: str) -> list[int]:
    column = KINDS[kind].columns.get(name)
    return [column.longest] if column else []


def _results(menu: Menu) -> dict[str, dict[str, int]]:
    """By screen: the values of the outcomes that lead there; only those that every way there brings."""
    service = menu.service
    found: dict[str, list[Mapping[str, int]]] = {}
    for action in service.actions.values():
        for outcome, target in action.outcomes.items():
            for case in target:
                if case.dest.verb == "to":
                    found.setdefault(case.dest.name, []).append(ACTIONS[action.do].outcomes[outcome])
    for name in _otherwise(menu):
        found.setdefault(name, []).append({})
    if service.last:
        found[service.last] = [RECEIPT]
    return {name: _common(ways) for name, ways in found.items()}


def _otherwise(menu: Menu) -> set[str]:
    """The screens that may be shown with no action's outcome."""
    service = menu.service
    outcomes = {id(target) for action in service.actions.values() for target in action.outcomes.values()}
    plain = [target for target in targets(service) if id(target) not in outcomes]
    found = {case.dest.name for target in plain for case in target if case.dest.verb == "to"}
    found |= {service.start, service.first, service.resume, service.pilot, service.too_many}
    found |= {*service.system.values(), *service.dial.values()}
    for screen in service.screens.values():
        found |= {name for name in (screen.full, screen.none, screen.slow) if name}
    return found | {name for name, homes in menu.homes.items() if homes}


def _closed(menu: Menu) -> set[str]:
    """The screens that may stand while no case is open: a walk that takes no outcome which opens one."""
    service = menu.service
    doors = {service.start, service.first, service.resume, service.last, service.pilot, service.too_many}
    queue = [*doors, *service.system.values(), *service.dial.values()]
    found: set[str] = set()
    while queue:
        name = queue.pop()
        if name in service.screens and name not in found:
            screen = service.screens[name]
            found.add(name)
            queue += [beside for beside in (screen.full, screen.none, screen.slow) if beside]
            for target in (screen.then, *(line.target for line in screen.lines)):
                queue += _without_case(menu, target)
    return found


def _without_case(menu: Menu, target: Target) -> Iterator[str]:
    """The screens to which a target leads without opening a case."""
    service = menu.service
    for dest in (case.dest for case in target if case.dest.verb == "to"):
        if dest.name in service.actions:
            action = service.actions[dest.name]
            for outcome, led in action.outcomes.items():
                if outcome not in ACTIONS[action.do].opens:
                    yield from _without_case(menu, led)
        elif dest.name in menu.plans:
            yield from (item.name for item in menu.plans[dest.name].items if not item.asks)
        else:
            yield dest.name


def _common(ways: list[Mapping[str, int]]) -> dict[str, int]:
    names = set(ways[0]).intersection(*ways[1:])
    return {name: max(way[name] for way in ways) for name in names}


def row_columns(screen: Screen) -> tuple[str, list[str]]:
    """The kind of a list's rows, and the placeholders that its `row` may hold."""
    assert screen.source is not None
    kind = SOURCES[screen.source.source].kind
    return kind, [kind, *filter(None, KINDS[kind].columns)]
