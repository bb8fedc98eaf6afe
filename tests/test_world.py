"""The turn in a simulated world: every pair of places of three stories, seeds, and a test of the test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from world import scenarios
from world.__main__ import explain, failures
from world.plan import Climate, draw
from world.promise import PROMISES
from world.rules import RULES
from world.shrink import judge, shrink, trace

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


def test_every_rule_of_the_turn_has_a_switch() -> None:
    assert sorted(DOCUMENTED) == sorted(RULES)


def test_every_promise_says_what_it_is() -> None:
    assert [one.__name__ for one in PROMISES if not one.__doc__] == []


@pytest.mark.parametrize("number", sorted(RULES))
def test_without_a_rule_a_promise_is_broken(number: str) -> None:
    rule = RULES[number]
    with rule.switch():
        failing = next((plan for plan in rule.tries() if judge(plan)), None)
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
    assert runs[0] == runs[1] != b""


def test_a_failing_plan_is_made_short() -> None:
    plan = draw(3, Climate(people=(3, 3), faults=(6, 6), shipped=0.0))._replace(workers=3)
    with RULES["1.2"].switch():
        short = shrink(plan)
        assert judge(short)
    assert (len(short.people), len(short.faults), short.workers) == (2, 0, 1)
