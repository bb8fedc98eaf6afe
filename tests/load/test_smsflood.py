"""What the flood of SMS concludes from what its provider saw."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.smsflood import Asked, Provider, Run, most_in_a_second, out_of_order_s
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
    provider.asked = [Asked(at_s, str(at), taken=True) for at, (at_s, _) in enumerate(asked)]
    priorities = {str(at): int(priority) for at, (_, priority) in enumerate(asked)}
    assert out_of_order_s(Run(provider, Counter(), 1.0, priorities)) == late_s
