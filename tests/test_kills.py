"""A gateway is killed at every await and every commit of a turn that submits: nothing is lost, nothing is there twice.

`python -m tests.kills` prints the points, `pytest -rP tests/test_kills.py` what the dead left at how many of them.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from tests.kills.__main__ import heading, shown
from tests.kills.following import ACTS, CARRYING, Following
from tests.kills.points import KINDS
from tests.kills.promises import carried, leaving_lives_on, turn_lives_on
from tests.kills.scene import NUMBER
from tests.kills.story import DELIVERY, LEAVING, NAME, TURNS, WORDS, Stories, stories
from tests.kills.tries import SHARE, at, killed, traced
from tests.servers.redis_server import RedisServer
from ussd_engine.cli import cli

pytestmark = [pytest.mark.redis, pytest.mark.timeout(600)]

COMMIT = "sql COMMIT #1"
LEFT = {
    LEAVING: {"draft", "begun", "written", "done"},
    "she confirms": {"draft", "begun", "written", "done"},
    "she redials on an act begun and not written": {"begun", "written", "done"},
    "the provider repeats the leg of an act begun and not written": {"begun", "written", "done"},
}
"""What the dead leave of each turn."""


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stories]:
    folder = tmp_path_factory.mktemp("kills")
    with RedisServer(folder) as redis, stories(folder, redis.url) as found:
        asyncio.run(found.prepare())
        yield found


def shown_to_an_officer(found: Stories, reference: str) -> dict[str, str]:
    """What `case show` prints of a case that he has opened."""
    env = {f"USSD_ENGINE_{name.upper()}": value for name, value in found.ground.given.items()}
    words = ["case", "show", "--json", "--purpose", "handling", reference, "--as", "officer@TANESCO"]
    result = CliRunner().invoke(cli, words, env=env)
    assert result.exit_code == 0, result.output
    rows: dict[str, str] = json.loads(result.output)
    return rows


@pytest.mark.parametrize("story", TURNS)
def test_a_turn_that_is_killed_anywhere_loses_nothing_and_doubles_nothing(played: Stories, story: str) -> None:
    every, chance = traced(played, story)
    points = every[::-SHARE]
    left: Counter[str] = Counter()
    lives_on = leaving_lives_on if story == LEAVING else turn_lives_on
    for index, point in enumerate([*points, *chance]):
        with at(point):
            run = killed(played, story, point)
            if run is None:
                assert point in chance, "not reached"
                continue
            state = asyncio.run(lives_on(played.ground, run, repeats=index % 2 == 1))
            if state not in left and story != LEAVING:
                case, _ = asyncio.run(carried(played.ground))
                assert shown_to_an_officer(played, case.reference)["message"] == WORDS
            left[state] += 1
    print(f"{left.total()} of {len(points)} points and {len(chance)} by chance, which left {dict(left)}")
    assert left.total() >= len(points)
    assert set(left) == LEFT[story]


def test_what_was_written_is_carried_though_she_never_comes_back_and_nothing_else_is(played: Stories) -> None:
    points = traced(played, "she confirms").every
    commit = points.index(COMMIT)
    for point, written in ((COMMIT, False), (points[commit + 1], True), (points[-1], True)):
        with at(point):
            assert killed(played, "she confirms", point)
            assert bool(played.ground.books().references) == written
            if written:
                case, _ = asyncio.run(carried(played.ground))
                assert shown_to_an_officer(played, case.reference)["message"] == WORDS


def test_a_worker_that_is_killed_anywhere_brings_the_core_one_case(played: Stories) -> None:
    every, chance = traced(played, DELIVERY)
    assert not chance
    points = every[::-SHARE]
    left: Counter[str] = Counter()
    for point in points:
        with at(point):
            assert killed(played, DELIVERY, point)
            rows = played.ground.books().rows
            left["delivered" if not rows["outbox"] else "taken" if rows["core_cases"] else "waiting"] += 1
            _, submission = asyncio.run(carried(played.ground))
            assert (submission.number, submission.name) == (NUMBER, NAME)
    print(f"{len(points)} points, which left {dict(left)}")
    assert set(left) == {"waiting", "taken", "delivered"}


@pytest.fixture(scope="module")
def following(played: Stories) -> Following:
    found = Following(played)
    asyncio.run(found.prepare())
    return found


@pytest.mark.parametrize("story", ACTS)
def test_an_act_on_a_case_that_is_killed_anywhere_is_done_once(following: Following, story: str) -> None:
    every, chance = traced(following, story)
    left: Counter[str] = Counter()
    for index, point in enumerate([*every[::-SHARE], *chance]):
        with at(point):
            run = killed(following, story, point)
            if run is None:
                assert point in chance, "not reached"
                continue
            left[asyncio.run(following.lives_on(story, run, repeats=index % 2 == 1))] += 1
    print(f"{left.total()} points, which left {dict(left)}")
    assert set(left) == {"draft", "begun", "written", "done"}


@pytest.mark.parametrize("story", ACTS)
def test_a_worker_that_is_killed_anywhere_brings_the_core_one_act(following: Following, story: str) -> None:
    every, chance = traced(following, CARRYING[story])
    assert not chance
    for point in every[::-SHARE]:
        with at(point):
            assert killed(following, CARRYING[story], point)
            asyncio.run(following.carried(story))


def test_the_points_are_found_from_the_code(played: Stories) -> None:
    points = traced(played, "she confirms").every
    kinds = [point.split()[0] for point in points]
    assert set(kinds) == set(KINDS)
    begin, commit = points.index("sql BEGIN IMMEDIATE #1"), points.index(COMMIT)
    assert begin < points.index("sql INSERT INTO effects #1") < commit
    before, behind = points[:begin], points[commit + 1 :]
    assert any("Gateway._commit" in point for point in before)
    assert any(point.startswith("line") for point in behind)
    assert any("Gateway._settle" in point for point in behind)


def test_a_point_stands_under_the_heading_of_its_columns() -> None:
    story, columns, first, second, end = shown("she confirms", ["sql COMMIT #1", "awake a.py:7 wait #2"]).split("\n")
    assert (story, end) == ("she confirms", "")
    at = columns.index("place")
    assert [line[:at].strip() for line in (columns, first, second)] == ["kind", "sql", "awake"]
    assert [line[at:] for line in (first, second)] == ["COMMIT #1", "a.py:7 wait #2"]
    assert [line[:at].strip() for line in heading().splitlines()[1:]] == list(KINDS)
