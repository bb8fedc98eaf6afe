"""What the flood of SMS concludes from what its provider saw."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.smsflood import Flood, Run, most_in_a_second, out_of_order_s, verdicts
from benchmarks.smsflood_provider import Asked, Limits, Provider, Said, is_blocked
from ussd_engine.sms.message import Priority

REPLY, NOTICE, BULK = Priority.REPLY, Priority.NOTICE, Priority.BULK


@pytest.mark.parametrize(
    ("times", "most"),
    [([], 0), ([1.0], 1), ([0.0, 0.5, 0.999], 3), ([0.0, 0.5, 1.0], 2), ([5.0, 0.0, 4.1, 4.9, 0.1], 3)],
)
def test_the_fullest_sliding_second_is_found(times: list[float], most: int) -> None:
    assert most_in_a_second(times) == most


@pytest.mark.parametrize(
    ("asked", "late_s"),
    [
        ([(0.0, REPLY), (1.0, NOTICE), (2.0, BULK)], 0.0),
        ([(0.0, NOTICE), (1.5, REPLY), (2.0, BULK)], 1.5),
        ([(0.0, REPLY), (1.0, BULK), (4.0, NOTICE)], 3.0),
        ([(0.0, BULK)], 0.0),
    ],
)
def test_what_overtook_is_found(asked: list[tuple[float, Priority]], late_s: float) -> None:
    provider = Provider(seed=1)
    provider.asked = [Asked(at_s, str(at), "taken") for at, (at_s, _) in enumerate(asked)]
    priorities = {str(at): int(priority) for at, (_, priority) in enumerate(asked)}
    assert out_of_order_s(Run(provider, Counter(), 1.0, priorities)) == late_s


FLOOD = Flood(200, Limits(per_second=50, per_call=10), seed=1)


def judged(said: list[tuple[str, Said]], counts: dict[str, int], mixed_up: int = 0) -> list[bool]:
    """The verdicts on a run in which these SMS were asked for, one a second, all of one priority."""
    provider = Provider(seed=1)
    provider.asked = [Asked(float(at), id, word) for at, (id, word) in enumerate(said)]
    provider.mixed_up = mixed_up
    run = Run(provider, Counter(counts), 1.0, dict.fromkeys((id for id, _ in said), int(NOTICE)))
    return [holds for _, holds in verdicts(run, FLOOD)]


def test_each_thing_that_is_missed_is_found() -> None:
    whole: list[tuple[str, Said]] = [(str(at), "blocked" if is_blocked(at) else "taken") for at in range(200)]
    assert judged(whole, {"dead": 2}) == [True] * 6
    assert judged([("1", "busy"), ("2", "nothing"), *whole], {"dead": 2}) == [True] * 6
    assert judged(whole[:-1], {"dead": 2}) == [False, True, True, True, True, True]
    assert judged([("1", "busy"), *whole[2:]], {"dead": 2}) == [False, True, True, True, True, True]
    assert judged([*whole, whole[0]], {"dead": 2}) == [True, False, True, True, True, True]
    assert judged([*whole, whole[0]], {"dead": 2, "perhaps_twice": 1}) == [True] * 6
    assert judged(whole, {"dead": 2}, mixed_up=1) == [True, True, True, True, False, True]
    assert judged(whole, {"dead": 3}) == [True, True, True, True, True, False]
