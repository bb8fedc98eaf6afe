"""A run as data: who dials with what habits, and what goes wrong. A seed makes one; shrinking makes it shorter."""

from __future__ import annotations

import random
from typing import Literal, NamedTuple

from tests.world.editions import CHANGES
from tests.world.weather import KINDS, Fault

DOES = ("open", "work", "ask", "answer", "answer", "transfer", "refuse", "decide")
"""What an officer can set out to do."""

Channel = Literal["cumulative", "numbered", "window"]
CHANNELS: tuple[Channel, ...] = ("cumulative", "numbered", "window")
Number = Literal["always", "first", "never"]
Ids = Literal["own", "same", "pool"]
Quirk = Literal["", "trims", "bare"]


class Person(NamedTuple):
    """One citizen with one phone.

    `script` has one number a screen that she reads: 0 goes straight on, others choose among what can be done there.
    """

    name: str
    phone: int
    channel: Channel = "cumulative"
    script: tuple[int, ...] = ()
    number: Number = "always"
    ids: Ids = "own"
    quirk: Quirk = ""
    predials: str = "1"
    """The digits that she dials behind the code."""
    start_s: float = 0.0
    guest: bool = False
    """She shares her phone, and leaves alone what she finds there."""
    follows: bool = False
    """She goes on after she has sent something: she looks for it, and does what its screen offers."""


class Change(NamedTuple):
    """The menus are read again, and then other ones are current on every worker."""

    at_s: float
    edition: str
    """By its name in `editions.CHANGES`."""
    gone: bool = False
    """Whether the editions before are no longer at hand, as after a start; else their dialogs go on on them."""


class Errand(NamedTuple):
    """What an officer sets out to do, with all the steps that lead there."""

    at_s: float
    does: str
    """Of `DOES`."""
    case: int
    """Which case of those that stand there, by the order in which they came."""


class Plan(NamedTuple):
    """All of a run: with the same plan it happens again exactly."""

    seed: int
    """Decides the schedule, the delays, and what people type."""
    people: tuple[Person, ...]
    faults: tuple[Fault, ...] = ()
    workers: int = 2
    shipped: bool = False
    """Whether the run is on the shipped menus, else on the small service."""
    brief: bool = False
    """Whether it is enough at the end that everybody can dial, else that each sends another complaint."""
    changes: tuple[Change, ...] = ()
    core: bool = False
    """Whether there is a core: messages are carried there, and what happens to a case is told."""
    errands: tuple[Errand, ...] = ()


class Climate(NamedTuple):
    """What a seed may draw."""

    people: tuple[int, int] = (1, 3)
    faults: tuple[int, int] = (0, 5)
    places: tuple[str, ...] = ("redis", "redis", "redis", "sql", "sql", "leg", "leg", "leg", "look")
    channels: tuple[Channel, ...] = CHANNELS
    whats: tuple[str, ...] = ()
    """The only faults drawn, where any are named."""
    numbers: tuple[Number, ...] = ("always", "always", "always", "first", "never")
    ids: tuple[Ids, ...] = ("own", "own", "own", "own", "same", "pool")
    quirks: tuple[Quirk, ...] = ("", "", "", "trims", "bare")
    script: tuple[int, int] = (0, 14)
    bold: float = 0.35
    """How often somebody does something else than going straight on."""
    guests: float = 0.15
    shipped: float = 0.1
    changes: tuple[int, int] = (0, 2)
    """How often the menus change, where they are those of the small service."""
    core: float = 0.5
    follows: float = 0.8
    """How often somebody follows what she has sent, where there is a core."""
    errands: tuple[int, int] = (2, 9)
    trouble: tuple[int, int] = (0, 4)
    """Faults on the way to the core and back."""
    troubles: tuple[str, ...] = ("carry", "core", "core", "news")


TEMPERATE = Climate()
RANGE = {"redis": 45, "sql": 5, "look": 5, "leg": 20, "carry": 5, "core": 40, "news": 40}
FOLLOWS = (8, 26)
"""Screens that somebody reads who follows her case."""


def draw(seed: int, climate: Climate = TEMPERATE) -> Plan:
    """The plan of a seed."""
    chance = random.Random(f"plan {seed}")
    people = _people(chance, climate)
    shipped = chance.random() < climate.shipped
    wide = 3 if shipped else len(people)
    faults = sorted({_fault(chance, climate, wide) for _ in range(chance.randint(*climate.faults))})
    workers = chance.randint(1, 3)
    plan = Plan(
        seed, tuple(people), tuple(faults), workers, shipped, changes=() if shipped else _changes(seed, climate)
    )
    return _with_core(plan, climate)


def _with_core(plan: Plan, climate: Climate) -> Plan:
    # A source of its own, as for the menus.
    chance = random.Random(f"core {plan.seed}")
    if chance.random() >= climate.core:
        return plan
    people = tuple(_following(one, chance) if chance.random() < climate.follows else one for one in plan.people)
    trouble = {_trouble(chance, climate, len(people)) for _ in range(chance.randint(*climate.trouble))}
    errands = [
        Errand(round(chance.uniform(20.0, 250.0), 1), chance.choice(DOES), chance.randrange(6))
        for _ in range(chance.randint(*climate.errands))
    ]
    faults = (*plan.faults, *sorted(trouble))
    return plan._replace(people=people, faults=faults, core=True, errands=tuple(sorted(errands)))


def _following(person: Person, chance: random.Random) -> Person:
    """Somebody who sends first, and then does whatever can be done."""
    script = tuple(chance.randrange(0, 10) if chance.random() < 0.6 else 0 for _ in range(chance.randint(*FOLLOWS)))
    return person._replace(script=(0, 0, 0, *script), follows=True)


def _trouble(chance: random.Random, climate: Climate, people: int) -> Fault:
    place = chance.choice(climate.troubles)
    return Fault(place, chance.randrange(RANGE[place] * people), chance.choice(KINDS[place]))


def _changes(seed: int, climate: Climate) -> tuple[Change, ...]:
    # A source of its own: with another number of changes a seed keeps its people and its faults.
    chance = random.Random(f"menus {seed}")
    return tuple(
        Change(round(chance.uniform(0.0, 90.0), 1), chance.choice(list(CHANGES)), chance.random() < 0.5)
        for _ in range(chance.randint(*climate.changes))
    )


def _people(chance: random.Random, climate: Climate) -> list[Person]:
    people: list[Person] = []
    ids, number, channel = chance.choice(climate.ids), chance.choice(climate.numbers), chance.choice(climate.channels)
    for index in range(chance.randint(*climate.people)):
        guest = bool(people) and ids == "own" and chance.random() < climate.guests
        if chance.random() < 0.3:
            channel, number = chance.choice(climate.channels), chance.choice(climate.numbers)
        script = [
            chance.randrange(1, 12) if chance.random() < climate.bold else 0
            for _ in range(chance.randint(*climate.script))
        ]
        if guest:
            people[-1] = people[-1]._replace(guest=True)
        quirk = chance.choice(climate.quirks) if channel == "cumulative" else ""
        people.append(
            Person(
                name="ABCDEF"[index],
                phone=people[-1].phone if guest else index,
                channel=channel,
                script=tuple(script),
                number=number,
                ids=ids,
                quirk=quirk,
                predials=_predials(channel, ids, quirk),
                start_s=chance.choice((0.0, 0.0, 2.0, 30.0)),
                guest=guest,
            )
        )
    return people


def _predials(channel: Channel, ids: Ids, quirk: Quirk) -> str:
    """What can be told apart on the wire.

    A cumulative start is flagged by an empty text, so an id that is used again dials no digits; and digits that later
    legs leave out are not those of the first answer.
    """
    if channel == "cumulative" and ids != "own":
        return ""
    return "1*9" if quirk == "bare" else "1"


def _fault(chance: random.Random, climate: Climate, people: int) -> Fault:
    place = chance.choice(climate.places)
    whats = [what for what in KINDS[place] if not climate.whats or what in climate.whats]
    return Fault(place, chance.randrange(RANGE[place] * people), chance.choice(whats or KINDS[place]))
