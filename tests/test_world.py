"""The turn in a simulated world: every pair of places of three stories, seeds, and a test of the test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.world import scenarios
from tests.world.__main__ import explain, failures, main
from tests.world.pairs import Failure, Part
from tests.world.plan import Climate, Errand, Person, Plan, draw
from tests.world.promise import PROMISES
from tests.world.rules import RULES
from tests.world.run import play
from tests.world.shrink import judge, shrink, trace
from tests.world.weather import KINDS, Fault

ROOT = Path(__file__).parent.parent
WHOLE = bool(os.environ.get("CI"))
SEEDS = 150 if WHOLE else 40
SHARE = 1 if WHOLE else 4
"""Of the pairs of places, one in so many is tried where nobody waits for all."""
DOCUMENTED = re.findall(r"^\*\*(\d+\.\d+)\*\* ", (ROOT / "docs" / "turn-rules.md").read_text(), re.MULTILINE)


def test_every_pair_of_places_keeps_every_promise() -> None:
    assert [(failure.plan, failure.broken) for failure in failures(islice(scenarios.pairs(), 0, None, SHARE))] == []


def test_every_seed_keeps_every_promise() -> None:
    found = next(failures(map(draw, range(SEEDS))), None)
    assert found is None, explain(found.plan)


@pytest.mark.parametrize(
    ("fails", "told"),
    [
        (None, "20 of 20 runs kept every promise"),
        (7, "0 of 20 runs kept every promise, and the next one did not"),
        (26, "19 of 20 runs kept every promise, and the next one did not"),
        (27, "20 of 20 runs kept every promise"),
    ],
)
def test_it_runs_the_seeds_that_were_asked_for_and_ends_with_how_many_kept_all(
    fails: int | None, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = []

    def failing(plans: Iterable[Plan]) -> Iterator[Failure]:
        for plan in plans:
            seeds.append(plan.seed)
            if plan.seed == fails:
                yield Failure(plan, ["a promise: broken"])

    monkeypatch.setattr("tests.world.__main__.failures", failing)
    monkeypatch.setattr("tests.world.__main__.explain", lambda plan: f"seed {plan.seed} made short")
    code = main(["--seed", "7", "--runs", "20"])
    said = capsys.readouterr().out.splitlines()
    assert (said[0], said[-1]) == ("seeds 7 to 26", told)
    broken = fails is not None and fails <= 26
    assert code == broken
    assert (f"seed {fails} made short" in said) == broken
    assert seeds == list(range(7, (fails if broken and fails else 26) + 1))


def test_a_pair_that_is_left_out_is_a_run_over_again() -> None:
    row = scenarios.Row("she leaves at the review", "numbered", Fault("redis", 10, "evict"))
    alone = play(row.alone)
    told = {plan.faults[1] for plan in row.pairs(alone)}
    named = [Fault(point.place, point.nth, what) for point in row.later() for what in KINDS[point.place]]
    left_out = [fault for fault in named if fault not in told]
    assert left_out
    for fault in left_out:
        again = trace(row.alone._replace(faults=(row.first, fault)))
        assert [line for line in again if f"!! {fault.place} {fault.nth}" not in line] == alone.witness.trace


def test_the_parts_hold_every_row_once() -> None:
    rows = scenarios.rows()
    parts = [Part.read(f"{number}/7").rows(rows) for number in range(1, 8)]
    assert sorted(row for part in parts for row in part) == sorted(rows)


def test_what_redis_forgot_excuses_only_whom_it_touched() -> None:
    # A has sent when her last write is lost; B, who dials much later, is not shown her reference by her redial.
    people = Person("A", 1, "numbered"), Person("B", 2, "numbered", start_s=200.0)
    faults = Fault("redis", 12, "forget1"), Fault("leg", 9, "drop")
    plan = Plan(7, people, faults, brief=True)
    assert judge(plan) == []
    with RULES["3.10"].switch():
        assert [words for words in judge(plan) if words.startswith("what_is_committed") and "of B" in words]


def test_menus_change_in_seeded_runs() -> None:
    runs = [draw(seed) for seed in range(SEEDS)]
    assert {change.gone for plan in runs for change in plan.changes} == {True, False}
    assert any(
        "menu_moved" in copy.seen.counts for plan in runs for leg in play(plan).witness.legs for copy in leg.copies
    )


def test_cases_are_acted_on_in_seeded_runs() -> None:
    missing = {
        "append",
        "rate",
        "withdraw",
        "appeal",
        "erase",
        "need_info",
        "answered",
        "closed",
        "carry",
        "core",
        "news",
    }
    for run in (play(plan) for plan in map(draw, range(SEEDS)) if plan.core):
        missing -= {committed.kind for committed in run.effects.values()}
        missing -= {one.state for steps in run.files.steps.values() for one in steps}
        missing -= {fault.place for _, fault in run.weather.struck}
        if not missing:
            break
    assert not missing


def test_every_rule_of_the_turn_has_a_switch() -> None:
    assert sorted(DOCUMENTED) == sorted(RULES)


def test_every_promise_says_what_it_is() -> None:
    assert [one.__name__ for one in PROMISES if not one.__doc__] == []


def harmed(plan: Plan) -> list[str]:
    """What a plan breaks; an exception alone would only say that a switch no longer fits the code."""
    return [words for words in judge(plan) if not words.startswith("nothing_escapes")]


@pytest.mark.parametrize("number", sorted(RULES))
def test_without_a_rule_a_promise_is_broken(number: str) -> None:
    rule = RULES[number]
    with rule.switch():
        failing = next((plan for plan in rule.tries() if harmed(plan)), None)
    assert failing is not None, f"nothing that was tried shows that rule {number} is left out"
    assert judge(failing) == [], f"rule {number} is not what broke this plan"


def test_a_seed_replays_its_run_exactly() -> None:
    plan = draw(11, Climate(people=(2, 3), faults=(4, 6)))
    assert trace(plan) == trace(plan)


def test_a_seed_replays_its_run_in_another_process() -> None:
    command = [sys.executable, "-m", "tests.world", "--seed", "11"]
    runs = [
        subprocess.run(command, cwd=ROOT, env={"PYTHONHASHSEED": salt}, capture_output=True, check=True).stdout
        for salt in ("1", "2")
    ]
    plan = draw(11)
    assert runs[0] == runs[1]
    # There it is the first run of its process, and here one of many.
    assert runs[0].decode().splitlines() == [str(plan), *trace(plan), "", "every promise was kept"]


def test_a_failing_plan_is_made_short() -> None:
    plan = draw(3, Climate(people=(3, 3), faults=(6, 6), shipped=0.0))._replace(workers=3)
    with RULES["1.2"].switch():
        short = shrink(plan)
        assert judge(short)
    assert (len(short.people), len(short.faults), short.workers) == (2, 0, 1)


def test_of_a_failing_plan_with_a_core_errands_and_faults_are_left_out() -> None:
    plan = RULES["11.3"].plans[0]
    plan = plan._replace(faults=plan.faults[:2], errands=(Errand(30.0, "open", 0), Errand(90.0, "answer", 0)))
    with RULES["11.1"].switch():
        short = shrink(plan)
        assert judge(short)
    assert (short.core, short.errands, len(short.faults)) == (True, (), 1)
