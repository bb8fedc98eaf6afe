"""What one answer sets going: an action, and the one to which its outcome leads; of both only one acts."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ussd_engine.actions import ACTIONS
from ussd_engine.errors import Fault
from ussd_engine.menu.schema import Action, Service
from ussd_engine.screens.base import Case


def chained(service: Service, answers: Collection[str]) -> Iterator[Fault]:
    """A fault for each action that lacks an answer, and for each outcome that leads to what a turn cannot do."""
    for action in service.actions.values():
        if action.do not in ACTIONS:
            continue
        for answer in sorted(ACTIONS[action.do].needs.difference(answers)):
            message = f'action "{action.name}": {action.do} needs the answer "{answer}", which no screen saves'
            yield Fault(*action.place, message, "actions")
        for case in (case for target in action.outcomes.values() for case in target):
            yield from _led(service, action, case)


def _led(service: Service, action: Action, case: Case) -> Iterator[Fault]:
    dest, where = case.dest, f'action "{action.name}"'
    if dest.verb not in ("to", "home", "start"):
        message = f"{where}: an outcome leads to a screen, a form, an action, home or start"
        yield Fault(*case.place, message, "outcomes")
    after = service.actions.get(dest.name) if dest.verb == "to" else None
    if after is None or after.do not in ACTIONS:
        return
    if ACTIONS[action.do].acts and ACTIONS[after.do].acts:
        yield Fault(*case.place, f"{where}: what has acted leads to no other act", "outcomes")
    further = (inner.dest for target in after.outcomes.values() for inner in target)
    if any(dest.verb == "to" and dest.name in service.actions for dest in further):
        message = f"{where}: outcomes lead to two more actions in a row: a turn has time for two in all"
        yield Fault(*case.place, message, "outcomes")
