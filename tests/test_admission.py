"""The door by itself: buckets, clocks, how many callers it remembers and what of them."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from datetime import date
from itertools import count

import msgspec
import pytest
from msgspec.structs import replace

from ussd_engine.admission import Admission, Callers, Limits, Refusal
from ussd_engine.counts import Count
from ussd_engine.model import LegKind, Phase, Turn

CODE = "*152*00#"
NOON_S = 1_768_467_600.0


def turn(index: int, phase: Phase = Phase.START, text: str = "") -> Turn:
    return Turn("generic", f"dialogue-{index}", phase, text, CODE, f"2557{index:08d}", LegKind.WINDOW)


def answers() -> Iterator[Turn]:
    """One caller's answers, no two alike."""
    return (turn(1, Phase.INPUT, str(number)) for number in count())


def door(now: list[float], limits: Limits, most: int = 100) -> Admission:
    return Admission(limits, {CODE}, lambda: now[0], lambda: date(2026, 1, 15), most_callers=most)


def test_a_clock_set_back_neither_gives_steps_nor_takes_them() -> None:
    now = [NOON_S]
    entry, legs = door(now, Limits(10, 3, 0)), answers()
    assert [entry.refuse(next(legs)) for _ in range(2)] == [None, None]
    now[0] -= 86_400
    assert entry.refuse(next(legs)) is None
    assert entry.refuse(next(legs)) == Refusal("steps", Count.SHED_STEPS)
    now[0] += 20
    assert entry.refuse(next(legs)) is None


def test_the_words_tell_how_long_to_wait() -> None:
    entry, legs = door([NOON_S], Limits(10, 1, 0)), answers()
    entry.refuse(next(legs))
    refusal = entry.refuse(next(legs))
    assert refusal is not None
    assert refusal.minutes == 1


def test_the_first_repeats_are_no_steps() -> None:
    entry = door([NOON_S], Limits(10, 2, 0))
    assert [entry.refuse(turn(1)) is None for _ in range(7)] == [True] * 5 + [False] * 2
    entry = door([NOON_S], Limits(10, 2, 0))
    assert [entry.refuse(turn(1, Phase.INPUT, text)) is None for text in "1122"] == [True, True, True, True]
    assert entry.refuse(turn(1, Phase.INPUT, "3")) is not None


@pytest.mark.parametrize("phase", [Phase.START, Phase.INPUT])
def test_a_code_that_no_service_answers_is_no_step_and_no_dial(phase: Phase) -> None:
    entry = door([NOON_S], Limits(10, 1, 1))
    for code in ("*152*01#", "*152#", "*152*00*1#"):
        assert entry.refuse(replace(turn(1, phase), service_code=code)) == Refusal("not_served", Count.CODE_NOT_SERVED)
    assert entry.refuse(turn(1, phase)) is None


@pytest.mark.parametrize(("code", "phase"), [(None, Phase.START), ("", Phase.START), ("*152*01#", Phase.CLOSED)])
def test_a_turn_without_a_code_is_let_in_and_so_is_a_closed_notice_with_any(code: str | None, phase: Phase) -> None:
    assert door([NOON_S], Limits(10, 1, 1)).refuse(replace(turn(1, phase), service_code=code)) is None


def test_legs_of_two_dialogues_that_cross_are_two_dials() -> None:
    entry = door([NOON_S], Limits(10, 0, 2))
    legs = [msgspec.structs.replace(turn(1), dialogue=dialogue, text=str(at)) for at, dialogue in enumerate("ababab")]
    assert [entry.refuse(leg) for leg in legs] == [None] * 6
    assert entry.refuse(msgspec.structs.replace(turn(1), dialogue="c")) is not None


def test_callers_without_end_take_no_more_room() -> None:
    entry = door([NOON_S], Limits(10, 3, 0), most=1000)
    size = room(entry.callers)
    for index in range(200_000):
        assert entry.refuse(turn(index)) is None
    assert room(entry.callers) == size
    assert len(set(entry.callers.key)) > 500


def room(callers: Callers) -> int:
    return sum(
        column.buffer_info()[1] * column.itemsize for column in vars(callers).values() if hasattr(column, "itemsize")
    )


def test_of_two_in_the_same_places_who_was_silent_for_longer_goes() -> None:
    callers = Callers(most=2)
    early, late = callers.find(1, 3, 1.0), callers.find(2, 3, 2.0)
    assert {early, late} == {0, 1}
    assert callers.find(3, 3, 3.0) == early
    assert callers.find(2, 3, 4.0) == late
    callers.tokens[late] = 1
    assert callers.find(1, 3, 5.0) == late
    assert callers.tokens[late] == 3


def test_neither_a_number_nor_a_dialogue_is_kept() -> None:
    entry = door([NOON_S], Limits(10, 3, 3))
    entry.refuse(turn(1))
    entry.heard(turn(1), "sw")
    held = [bytes(column) for column in vars(entry.callers).values() if isinstance(column, array)]
    number = int(turn(1).msisdn or 0)
    for secret in (str(number).encode(), number.to_bytes(8, "big"), number.to_bytes(8, "little"), b"dialogue"):
        assert not any(secret in octets for octets in held)
