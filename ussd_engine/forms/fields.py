"""What a form asks for, as a list of fields: for whoever collects it in a menu of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import permutations
from typing import Final, NamedTuple

from sessions import Session
from ussd_engine.errors import ConfigError, did_you_mean, or_one_of
from ussd_engine.menu.answers import answers_of
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.plan import Item, Plan, all_tests
from ussd_engine.model import Profile
from ussd_engine.registry import KINDS, Place
from ussd_engine.render import Frame
from ussd_engine.scope import Scope
from ussd_engine.screens.base import Place as At
from ussd_engine.screens.base import Screen, Test, Tests

MISSING: Final = "…"
"""Stands for what only a dialog knows."""
SUBMIT: Final = "submit"
WANTS: Final = "core_wants"
CAN: Final = "can"
"""What a phone can do is nothing that a platform asks about."""


class FormField(NamedTuple):
    """One answer of a form."""

    name: str
    kind: str
    """`choice`, `text`, or the kind of the row that it names: `institution`, `region`."""
    asks: str
    """The words of the screen that asks for it."""
    values: Mapping[str, str] = {}
    """Of a choice: each value, and the words of its line."""
    check: Mapping[str, Mapping[str, int]] = {}
    """Of a text: the rules that it must keep."""
    optional: bool = False
    """It may be left out."""
    when: tuple[tuple[str, ...], ...] = ()
    """It is asked where all of one of these hold; none: always. Else it is not looked at."""


def sent(menu: Menu) -> dict[str, Plan]:
    """The forms of a service at whose end something new is sent: what can be collected."""
    submits = {action.name for action in menu.service.actions.values() if action.do == SUBMIT}
    return {name: plan for name, plan in menu.plans.items() if submits & _behind(menu.screen(plan.items[-1].name))}


def _behind(screen: Screen) -> set[str]:
    return {case.dest.name for line in screen.lines for case in line.target}


def asked_by(plan: Plan) -> set[str]:
    """The answers for which a form asks."""
    return {answer for item in plan.items if not item.asks for answer in item.saves}


def prove_field(
    edition: Edition,
    menu: Menu,
    place: str,
    answer: str,
    values: Collection[str],
    known: Collection[str],
    named: Collection[str] = (),
) -> None:
    """Raises `ConfigError` where settings name an answer that is none of `known`, or values of ours that it cannot
    have. `place`: where they name it; `named`: what they may best name, where that is not all of `known`."""
    if answer not in known:
        raise ConfigError(f'{place}: no form asks for "{answer}"{or_one_of(answer, sorted(named or known))}')
    possible, data = answers_of(menu.service).get(answer, []), edition.data.get(menu.name)
    kind = menu.shown[answer].kind if answer in menu.shown else ""
    for value in values:
        there = not kind or not data or KINDS[kind].find(Place(data, ""), value) is not None
        if not there or (possible and value not in possible):
            raise ConfigError(f'{place}: "{value}" is no value of "{answer}"{did_you_mean(value, possible)}')


def field_at(menu: Menu, plan: Plan, item: Item) -> str:
    """The answer to which a question belongs: that of the sub-form around it, where it has one of its own."""
    around = (plan.items[index].name for index in item.within)
    return next((name for name in around if name in _savers(menu)), item.saves[0])


def _savers(menu: Menu) -> set[str]:
    """The answers that screens save."""
    return {name for screen in menu.service.screens.values() for name in screen.answers}


class Slot(NamedTuple):
    """A place in a form where one answer is asked for."""

    name: str
    screen: Screen
    tests: Tests
    """When, with those of the sub-forms around it."""
    whole: bool
    """It is a sub-form that has an answer of its own: what it asks inside is a way to that."""


def slots_of(menu: Menu, plan: Plan) -> Iterator[Slot]:
    """All of a form, in its order."""
    savers, behind = _savers(menu), 0
    for index, item in enumerate(plan.items):
        whole = item.asks and item.name in savers
        if index < behind or (item.asks and not whole):
            continue
        if whole:
            behind = item.end
        screen = menu.screen(plan.items[index + 1].name if whole else item.name)
        for name in {item.name: None} if whole else dict.fromkeys(item.saves):
            if name not in plan.sets:
                yield Slot(name, screen, all_tests(plan, item), whole)


def always_asked(menu: Menu, plan: Plan) -> list[str]:
    """The answers without which a form never comes to its end, whoever fills it."""
    asked: dict[str, list[Tests]] = {}
    for slot in slots_of(menu, plan):
        if slot.screen.skip is None:
            asked.setdefault(slot.name, []).append(slot.tests)
    return [name for name, tests in asked.items() if not _either(tests)]


def fields_of(edition: Edition, service: str, form: str, locale: str) -> Collection[FormField]:
    """The fields of a form in its order. A sub-form that has an answer of its own is one field."""
    menu, found, asked = edition.services[service], dict[str, FormField](), dict[str, list[Tests]]()
    for slot in slots_of(menu, menu.plans[form]):
        name, field = slot.name, _field(edition, service, slot.name, slot.screen, locale, slot.whole)
        found[name] = _both(found[name], field) if name in found else field
        asked.setdefault(name, []).append(tuple(test for test in slot.tests if test.name != CAN))
    return [
        field._replace(when=tuple(tuple(map(_when, all_of)) for all_of in _either(asked[field.name])))
        for field in found.values()
    ]


def _both(one: FormField, other: FormField) -> FormField:
    """Two questions for one answer."""
    more, less = sorted((one, other), key=lambda field: len(field.values), reverse=True)
    return more._replace(values={**more.values, **less.values, **more.values})


def _either(asked: Iterable[Tests]) -> list[Tests]:
    """When one of several questions is asked, each where all of its tests hold; none: always. Two that differ in one
    test alone, which is the contrary of the other's, are one without it."""
    # Where each stands in its file makes no other test of it.
    ways = list(dict.fromkeys(tuple(map(_placeless, tests)) for tests in asked))
    for one, other in permutations(ways, 2):
        rest = [test for test in one if test not in other]
        if len(rest) == 1 and set(other) == {*one} - {*rest} | {_contrary(rest[0])}:
            shared = tuple(test for test in one if test not in rest)
            return _either([shared, *(way for way in ways if way not in (one, other))])
    return [] if () in ways else ways


def _placeless(test: Test) -> Test:
    return test._replace(place=At("", 0))


def _contrary(test: Test) -> Test:
    return test._replace(holds=not test.holds)


def _field(edition: Edition, service: str, name: str, screen: Screen, locale: str, whole: bool) -> FormField:
    extra = _Unknown({*screen.bounds, *edition.settings})
    scope = Scope(edition, Session(b"", edition.version, service, screen.name, locale), {}, extra)
    frame = Frame(scope, Profile())
    kind = scope.menu.shown[name].kind if name in scope.menu.shown else ""
    lines = [] if whole or kind else [line for line in screen.lines if line.value is not None]
    return FormField(
        name=name,
        kind=kind or ("choice" if lines else "text"),
        asks=" ".join(frame.head.split()),
        values={line.value or "": frame.words(screen.name, line.label) for line in lines},
        check={rule: dict(bounds) for rule, bounds in screen.checks.items()},
        optional=screen.skip is not None,
    )


class _Unknown(Mapping[str, str]):
    """What a placeholder shows where nobody is in a dialog, but for what is known to all."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = known

    def __bool__(self) -> bool:
        return True

    def __contains__(self, name: object) -> bool:
        return name not in self._known

    def __getitem__(self, name: str) -> str:
        return MISSING

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _when(test: Test) -> str:
    values = " or ".join(test.values)
    if test.name == WANTS:
        return f"the core {'wants' if test.holds else 'does not want'} to know {values} (setting core_wants)"
    return f"{test.name} {'is' if test.holds else 'is not'} {values}"
