"""When a message may leave: a table of moved clocks, and what holds for every one."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_engine.ledger.pushhours import earliest_ms
from ussd_engine.sms.message import Priority

EAST = ZoneInfo("Africa/Dar_es_Salaam")
REPLY, NOTICE, BULK = Priority.REPLY, Priority.NOTICE, Priority.BULK
MINUTE_MS = 60_000


def at(text: str) -> int:
    """A moment of the week of Monday 24 November 2025, in the country: `Mon 20:30`, `Tue 08:00:00.001`."""
    name, _, clock = text.partition(" ")
    day = 24 + ("Mon", "Tue", "Wed").index(name)
    hours, minutes, *seconds = clock.split(":")
    moment = datetime(2025, 11, day, int(hours), int(minutes), tzinfo=EAST)
    return round((moment + timedelta(seconds=float(seconds[0]) if seconds else 0)).timestamp() * 1000)


@pytest.mark.parametrize("priority", [NOTICE, BULK])
@pytest.mark.parametrize(
    ("wanted", "leaves"),
    [
        ("Mon 00:00", "Mon 08:00"),
        ("Mon 07:59:59.999", "Mon 08:00"),
        ("Mon 08:00", "Mon 08:00"),
        ("Mon 12:00", "Mon 12:00"),
        ("Mon 19:59:59.999", "Mon 19:59:59.999"),
        ("Mon 20:00", "Tue 08:00"),
        ("Mon 20:30", "Tue 08:00"),
        ("Mon 23:59:59.999", "Tue 08:00"),
    ],
)
def test_what_nobody_asked_for_waits_for_the_hours_of_the_day(priority: Priority, wanted: str, leaves: str) -> None:
    assert earliest_ms(at(wanted), priority, at(wanted), EAST) == at(leaves)


@pytest.mark.parametrize(
    ("asked", "wanted", "leaves"),
    [
        ("Mon 20:30", "Mon 20:30", "Mon 20:30"),
        ("Mon 23:55", "Tue 00:05", "Tue 00:05"),
        ("Mon 20:30", "Mon 20:40", "Mon 20:40"),
        ("Mon 20:30", "Mon 20:40:00.001", "Tue 08:00"),
        ("Mon 03:00", "Mon 05:00", "Mon 08:00"),
        ("Mon 03:00", "Mon 09:00", "Mon 09:00"),
    ],
)
def test_a_reply_goes_at_once_while_it_is_one(asked: str, wanted: str, leaves: str) -> None:
    assert earliest_ms(at(wanted), REPLY, at(asked), EAST) == at(leaves)


def test_a_country_whose_clock_is_moved_sleeps_until_its_own_eight() -> None:
    zone = ZoneInfo("Europe/Berlin")
    evening = datetime(2026, 3, 28, 21, 0, tzinfo=zone)
    leaves = earliest_ms(round(evening.timestamp() * 1000), NOTICE, 0, zone)
    assert datetime.fromtimestamp(leaves / 1000, zone) == datetime(2026, 3, 29, 8, 0, tzinfo=zone)
    assert leaves / 1000 - evening.timestamp() == 10 * 3600


@given(st.integers(0, 4 * 10**12), st.integers(0, 30 * MINUTE_MS), st.sampled_from(Priority), st.integers(-12, 14))
def test_it_is_never_early_never_a_day_late_and_never_moves_twice(
    asked_ms: int, waited_ms: int, priority: Priority, hours: int
) -> None:
    zone = timezone(timedelta(hours=hours))
    wanted_ms = asked_ms + waited_ms
    leaves = earliest_ms(wanted_ms, priority, asked_ms, zone)
    assert 0 <= leaves - wanted_ms <= 12 * 60 * MINUTE_MS
    assert earliest_ms(leaves, priority, asked_ms, zone) == leaves
