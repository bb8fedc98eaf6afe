"""From a plan that fails to a short one that fails in the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.world.plan import Person, Plan
from tests.world.promises import broken
from tests.world.run import Run, StuckRun, play

Judge = Callable[[Plan], list[str]]
MOST_TRIES = 400


def judge(plan: Plan) -> list[str]:
    """What a plan breaks."""
    try:
        return broken(play(plan))
    except StuckRun as stuck:
        return [f"nobody_waits_for_ever: {stuck}"]


def trace(plan: Plan) -> list[str]:
    """What happens in a plan, line by line."""
    try:
        run: Run = play(plan)
    except StuckRun as stuck:
        return stuck.trace
    return run.witness.trace


def shrink(plan: Plan, judge: Judge = judge) -> Plan:
    """A plan that breaks one of the same promises, from which nothing more can be left out."""
    wanted = {_name(words) for words in judge(plan)}
    tries = 0
    found = True
    while found and tries < MOST_TRIES:
        found = False
        for smaller in _smaller(plan):
            tries += 1
            if wanted & {_name(words) for words in judge(smaller)}:
                plan, found = smaller, True
                break
    return plan


def _name(words: str) -> str:
    return words.partition(":")[0]


def _smaller(plan: Plan) -> Iterator[Plan]:
    """Everything that leaves one thing out, the greatest first."""
    if plan.shipped:
        yield plan._replace(shipped=False)
    for index in range(len(plan.people)):
        if len(plan.people) > 1:
            yield plan._replace(people=plan.people[:index] + plan.people[index + 1 :])
    for index in range(len(plan.faults)):
        yield plan._replace(faults=plan.faults[:index] + plan.faults[index + 1 :])
    for index in range(len(plan.changes)):
        yield plan._replace(changes=plan.changes[:index] + plan.changes[index + 1 :])
    if plan.core:
        yield plan._replace(core=False, errands=())
    for index in range(len(plan.errands)):
        yield plan._replace(errands=plan.errands[:index] + plan.errands[index + 1 :])
    if plan.workers > 1:
        yield plan._replace(workers=plan.workers - 1)
    for index, person in enumerate(plan.people):
        for simpler in _simpler(person):
            yield plan._replace(people=(*plan.people[:index], simpler, *plan.people[index + 1 :]))


def _simpler(person: Person) -> Iterator[Person]:
    script = person.script
    if script:
        yield person._replace(script=script[: len(script) // 2])
        yield person._replace(script=script[:-1])
    for index, move in enumerate(script):
        if move:
            yield person._replace(script=(*script[:index], 0, *script[index + 1 :]))
    if person.start_s:
        yield person._replace(start_s=0.0)
