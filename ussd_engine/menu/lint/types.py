"""Whether everything that is sent has a type, and each type its time to be answered: nothing is without one unsaid."""

from __future__ import annotations

from collections.abc import Iterator

from ussd_engine.deadlines import EVERYBODY, NONE, Deadlines
from ussd_engine.errors import Fault, did_you_mean
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.plan import Plan

TYPE = "type"
"""The answer that says what a submission is."""


def untimed(edition: Edition, menu: Menu) -> Iterator[Fault]:
    """A fault for each form that sends without a type, and for each type without a row for everybody: it may be
    misspelt in the form, or in the row of one office."""
    deadlines = edition.deadlines.get(menu.name)
    for plan in menu.plans.values():
        if not _sends(menu, plan):
            continue
        place, types = menu.service.forms[plan.form].place, _types(menu, plan)
        if not types:
            message = f'form "{plan.form}" sends what has no type: write set: {{type: complaint}}, or another one'
            yield Fault(*place, message, "types")
        if deadlines:
            for type in sorted(types - deadlines.everybodys):
                yield Fault(*place, f'form "{plan.form}": {_rowless(type, deadlines)}', "types")
    if deadlines:
        for type in deadlines.lines.keys() - deadlines.everybodys:
            yield Fault(deadlines.file, deadlines.lines[type], f"type: {_rowless(type, deadlines)}", "types")


def _rowless(type: str, deadlines: Deadlines) -> str:
    known = deadlines.everybodys
    return (
        f'"{type}" has no row for everybody in deadlines.csv{did_you_mean(type, known)}: write "{EVERYBODY},{type},14" '
        f'for 14 working days, or "{EVERYBODY},{type},{NONE}" where no answer is due'
    )


def _sends(menu: Menu, plan: Plan) -> bool:
    """Whether the last question of a form sends it."""
    screen = menu.service.screens.get(plan.items[-1].name) if plan.items else None
    dests = [case.dest for line in screen.lines for case in line.target] if screen else []
    actions = menu.service.actions
    return any(dest.verb == "to" and dest.name in actions and actions[dest.name].do == "submit" for dest in dests)


def _types(menu: Menu, plan: Plan) -> set[str]:
    """The types that a form can have: set by it, or chosen in it."""
    if given := plan.sets.get(TYPE):
        return {given}
    asked = [menu.service.screens[item.name] for item in plan.items if not item.asks and TYPE in item.saves]
    return {line.value for screen in asked for line in screen.lines if line.value is not None}
