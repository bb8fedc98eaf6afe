"""Which SMS without an id are copies: what was not heard, and what comes at once."""

from __future__ import annotations

from ussd_engine.smpp.bind import Line
from ussd_engine.sms.copies import AGAIN_S, AT_ONCE_S, HEARD_S, MOST, Copies
from ussd_engine.sms.message import Incoming

FIRST, SECOND = Line(1, float("-inf")), 2


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def sms(text: str = "1", msisdn: str = "255700000001") -> Incoming:
    return Incoming(channel="smpp", id="", msisdn=msisdn, to="15200", text=text)


def test_what_comes_again_at_once_is_a_copy_and_later_is_another() -> None:
    clock = Clock()
    copies = Copies(clock)
    first = copies.id(sms(), FIRST)
    copies.answered(sms(), FIRST, kept=True)
    clock.now += AT_ONCE_S
    assert copies.id(sms(), FIRST) == first
    clock.now += AT_ONCE_S + 0.1
    assert copies.id(sms(), FIRST) != first


def test_another_number_or_text_is_no_copy() -> None:
    copies = Copies(Clock())
    ids = {copies.id(one, FIRST) for one in (sms(), sms("2"), sms(msisdn="255700000002"))}
    assert len(ids) == 3


def test_what_we_could_not_keep_is_a_copy_when_it_comes_again() -> None:
    clock = Clock()
    copies = Copies(clock)
    first = copies.id(sms(), FIRST)
    copies.answered(sms(), FIRST, kept=False)
    clock.now += 600
    assert copies.id(sms(), FIRST) == first
    clock.now += AGAIN_S + 1
    assert copies.id(sms(), FIRST) != first


def test_what_was_acknowledged_just_before_the_line_broke_is_a_copy_when_it_comes_again() -> None:
    clock = Clock()
    copies = Copies(clock)
    first = copies.id(sms(), FIRST)
    copies.answered(sms(), FIRST, kept=True)
    clock.now += HEARD_S
    broken = Line(SECOND, clock.now)
    clock.now += 60
    assert copies.id(sms(), broken) == first
    copies.answered(sms(), broken, kept=True)
    clock.now += 60
    assert copies.id(sms(), broken) != first


def test_what_was_heard_before_the_line_broke_is_no_copy() -> None:
    clock = Clock()
    copies = Copies(clock)
    first = copies.id(sms(), FIRST)
    copies.answered(sms(), FIRST, kept=True)
    clock.now += HEARD_S + 1
    assert copies.id(sms(), Line(SECOND, clock.now)) != first


def test_no_more_is_remembered_than_there_is_room_for() -> None:
    clock = Clock()
    copies = Copies(clock)
    first = copies.id(sms(), FIRST)
    for index in range(MOST):
        copies.id(sms(f"n{index}"), FIRST)
    assert copies.id(sms(), FIRST) != first
    assert len(copies._known) == MOST
