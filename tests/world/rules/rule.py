"""What a rule of the turn is here: its number, and the switch that leaves it out of the real code."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from tests.world.plan import Climate, Person, Plan, draw
from tests.world.weather import Fault

Switch = Callable[[], AbstractContextManager[Any]]
MOST_SEEDS = 400


class Rule(NamedTuple):
    """A rule, how it is left out, and where that shows."""

    number: str
    switch: Switch
    climate: Climate = Climate(people=(1, 2), shipped=0.0, changes=(0, 0), core=0.0)
    plans: tuple[Plan, ...] = ()
    """Stories to try first."""

    def tries(self) -> Iterator[Plan]:
        yield from self.plans
        yield from (draw(seed, self.climate) for seed in range(MOST_SEEDS))


RULES: dict[str, Rule] = {}


def rule(number: str, *plans: Plan, **climate: Any) -> Callable[[Callable[[], Any]], Switch]:
    """The switch of a rule; what is drawn for it, by the fields of `Climate`."""

    def add(function: Callable[[], Any]) -> Switch:
        switch: Switch = contextlib.contextmanager(function)
        RULES[number] = Rule(number, switch, Rule("", switch).climate._replace(**climate), plans)
        return switch

    return add


def story(channel: Any, *script: int, faults: tuple[tuple[str, int, str], ...] = (), **person: Any) -> Plan:
    """One person's story, for what a seed would seldom draw."""
    one = Person("A", 1, channel, script, **person)
    return Plan(7, (one,), tuple(Fault(*fault) for fault in faults), brief=True)


def changed_session(function: Any, **fields: Any) -> Any:
    def after(*args: Any) -> Any:
        session = function(*args)
        for name, value in fields.items():
            setattr(session, name, value)
        return session

    return after
