"""An SMS on its way out or in, killed at every await and every commit: nothing is lost, what comes twice is counted.

`python -m tests.kills` prints the points, `pytest -rP tests/test_sms_kills.py` what the dead left at how many of them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.kills.coming import ANSWERED, IN, Coming
from tests.kills.coming import LEFT as LEFT_IN
from tests.kills.going import LEFT as LEFT_OUT
from tests.kills.going import OUT, Going
from tests.kills.post import Post, post_office
from tests.kills.promises import carried
from tests.kills.tries import SHARE, at, killed, traced

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    with post_office(tmp_path_factory.mktemp("kills")) as found:
        yield found


@pytest.mark.parametrize("story", OUT)
def test_a_worker_that_is_killed_anywhere_loses_no_sms_and_repeats_only_what_was_under_way(
    post: Post, story: str
) -> None:
    going = Going(post)
    asyncio.run(going.prepare())
    every, chance = traced(going, story)
    left: Counter[str] = Counter()
    for point in [*every[::-SHARE], *chance]:
        with at(point):
            run = killed(going, story, point)
            if run is None:
                assert point in chance, "not reached"
                continue
            left[asyncio.run(going.lives_on(story, run))] += 1
    print(f"{left.total()} of {len(every)} points and {len(chance)} by chance, which left {dict(left)}")
    assert set(left) == LEFT_OUT[story]


@pytest.mark.parametrize("story", IN)
def test_an_sms_whose_process_is_killed_anywhere_is_one_case_once_its_provider_brings_it_again(
    post: Post, story: str
) -> None:
    coming = Coming(post)
    asyncio.run(coming.prepare(story))
    every, chance = traced(coming, story)
    left: Counter[str] = Counter()
    for point in [*every[::-SHARE], *chance]:
        with at(point):
            run = killed(coming, story, point)
            if run is None:
                assert point in chance, "not reached"
                continue
            state = asyncio.run(coming.lives_on(story, run))
            if state not in left:
                asyncio.run(carried(post.place))
            left[state] += 1
    print(f"{left.total()} of {len(every)} points and {len(chance)} by chance, which left {dict(left)}")
    assert set(left) == LEFT_IN
    assert asyncio.run(coming.lives_on(story, asyncio.run(coming.play(story, "")))) == ANSWERED
