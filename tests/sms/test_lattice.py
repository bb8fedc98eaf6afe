"""How far an SMS is: whatever comes in whatever order, it goes forward, and ends once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_engine.sms import lattice
from ussd_engine.sms.message import FINAL, Progress

QUEUED, ACCEPTED, SENT = Progress.QUEUED, Progress.ACCEPTED, Progress.SENT
DELIVERED, FAILED, EXPIRED, REJECTED = Progress.DELIVERED, Progress.FAILED, Progress.EXPIRED, Progress.REJECTED
WAY = [QUEUED, ACCEPTED, SENT]
told = st.lists(st.one_of(st.none(), st.sampled_from(list(Progress))), max_size=8)


def walked(stands: Progress, steps: list[Progress | None]) -> Progress:
    for step in steps:
        stands = lattice.further(stands, step)
    return stands


@pytest.mark.parametrize(
    ("stands", "step", "then"),
    [
        (QUEUED, ACCEPTED, ACCEPTED),
        (QUEUED, SENT, SENT),
        (QUEUED, DELIVERED, DELIVERED),
        (ACCEPTED, QUEUED, ACCEPTED),
        (ACCEPTED, REJECTED, REJECTED),
        (SENT, ACCEPTED, SENT),
        (SENT, EXPIRED, EXPIRED),
        (SENT, None, SENT),
        (DELIVERED, FAILED, DELIVERED),
        (DELIVERED, SENT, DELIVERED),
        (FAILED, DELIVERED, FAILED),
        (EXPIRED, None, EXPIRED),
    ],
)
def test_a_part_goes_forward_only(stands: Progress, step: Progress | None, then: Progress) -> None:
    assert lattice.further(stands, step) is then


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], QUEUED),
        ([SENT, ACCEPTED], ACCEPTED),
        ([DELIVERED, SENT], SENT),
        ([FAILED, SENT], SENT),
        ([DELIVERED, DELIVERED], DELIVERED),
        ([DELIVERED, FAILED], FAILED),
        ([EXPIRED, DELIVERED], EXPIRED),
        ([FAILED, REJECTED, EXPIRED], REJECTED),
    ],
)
def test_a_message_is_as_far_as_the_least_of_its_parts(parts: list[Progress], message: Progress) -> None:
    assert lattice.message(parts) is message


@given(told, st.data())
def test_order_and_repeats_of_what_is_told_do_not_matter(steps: list[Progress | None], data: st.DataObject) -> None:
    ends = {step for step in steps if step in FINAL}
    one_end = [step for step in steps if step not in FINAL or step is min(ends, default=None)]
    shuffled = data.draw(st.permutations(one_end + one_end))
    assert walked(QUEUED, one_end) is walked(QUEUED, shuffled)


@given(told, told)
def test_what_is_final_stays_and_nothing_goes_back(before: list[Progress | None], after: list[Progress | None]) -> None:
    stands = walked(QUEUED, before)
    then = walked(stands, after)
    if stands in FINAL:
        assert then is stands
    else:
        assert then in FINAL or WAY.index(then) >= WAY.index(stands)


@given(st.lists(st.sampled_from(list(Progress)), min_size=1, max_size=6))
def test_a_message_is_final_only_when_all_its_parts_are(parts: list[Progress]) -> None:
    assert (lattice.message(parts) in FINAL) is all(part in FINAL for part in parts)
    assert (lattice.message(parts) is DELIVERED) is all(part is DELIVERED for part in parts)
