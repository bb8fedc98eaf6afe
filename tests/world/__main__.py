"""`make world`: runs of many seeds, or every pair of faults; what fails is made short and printed."""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.world import pairs, scenarios
from tests.world.pairs import Failure, Part
from tests.world.plan import CHANNELS, Plan, draw
from tests.world.shrink import judge, shrink, trace
from tests.world.weather import kinds

CHUNK = 20


def failures(plans: Iterable[Plan]) -> Iterator[Failure]:
    """The plans that break a promise; judged on all cores, in their order."""
    kept, judged = itertools.tee(plans)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for plan, broken in zip(kept, pool.map(judge, judged, chunksize=CHUNK), strict=True):
            if broken:
                yield Failure(plan, broken)


def explain(plan: Plan) -> str:
    """The shortest form of a plan that fails, and what happens in it."""
    short = shrink(plan)
    people = "\n".join(f"  {person}" for person in short.people)
    faults = "\n".join(f"  {fault}" for fault in short.faults) or "  none"
    story = "\n".join(trace(short))
    broken = "\n".join(judge(short))
    head = f"made short: seed {short.seed}, {short.workers} workers"
    return f"{head}\npeople\n{people}\nfaults\n{faults}\n\n{story}\n\nbroken in the short one\n{broken}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="world", description=__doc__)
    parser.add_argument("--seed", type=int, help="this seed, with its whole trace; with --runs the first of so many")
    parser.add_argument("--runs", type=_whole, help="how many seeds, from 0 where none is named; 5000")
    parser.add_argument("--pairs", action="store_true", help="every pair of faults of the three stories instead")
    parser.add_argument("--part", type=Part.read, default=Part(), help="one part of the pairs, as 3/8")
    parser.add_argument("--points", action="store_true", help="print the places at which faults can strike")
    asked = parser.parse_args(arguments)
    if asked.points:
        _print_points()
        return 0
    if asked.pairs:
        return _pairs(asked.part)
    if asked.seed is not None and asked.runs is None:
        return _one(draw(asked.seed))
    first = asked.seed or 0
    return _seeds(range(first, first + (asked.runs or 5000)))


def _whole(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError("expected a whole number from 1")
    return int(text)


def _print_points() -> None:
    for story in scenarios.STORIES:
        for channel in CHANNELS:
            print(f"{story} ({channel})")
            for point in scenarios.points(story, channel):
                print(f"  {point.place} {point.nth} {point.name}: {' '.join(kinds(point))}")
    print(f"{len(scenarios.rows())} faults, {scenarios.named()} plans of one or two")


def _one(plan: Plan) -> int:
    print("\n".join([str(plan), *trace(plan)]))
    broken = judge(plan)
    print("\nbroken:", *broken, explain(plan), sep="\n") if broken else print("\nevery promise was kept")
    return 1 if broken else 0


def _seeds(seeds: range) -> int:
    print(f"seeds {seeds.start} to {seeds.stop - 1}", flush=True)
    found = next(failures(map(draw, seeds)), None)
    kept = len(seeds) if found is None else found.plan.seed - seeds.start
    _report(found)
    print(f"{kept} of {len(seeds)} runs kept every promise{', and the next one did not' if found else ''}")
    return 1 if found else 0


def _pairs(part: Part) -> int:
    """All rows of a part, whatever fails; the first failure is made short at the end."""
    first, plans, failing = None, 0, 0
    for told in pairs.walk(part):
        plans, failing = plans + told.plans, failing + len(told.failures)
        for failure in told.failures:
            first = first or failure
            print(f"{_story(failure.plan)}:", *failure.broken, sep="\n  ", flush=True)
    _report(first)
    kept = f"{plans - failing} of {plans} runs kept every promise"
    print(f"{kept}; {scenarios.named()} plans have a name in all parts together")
    return 1 if first else 0


def _story(plan: Plan) -> str:
    (person,) = plan.people
    story = next(name for name, script in scenarios.STORIES.items() if script == person.script)
    return f"{story} ({person.channel}), {', '.join(map(str, plan.faults))}"


def _report(found: Failure | None) -> None:
    if found is not None:
        print(f"seed {found.plan.seed}:", *found.broken, sep="\n  ")
        print(f"\n{explain(found.plan)}\n")


if __name__ == "__main__":
    sys.exit(main())
