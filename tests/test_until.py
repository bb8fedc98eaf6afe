"""When a stop ends: what an operator writes, and what a phone shows."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ussd_engine import until

ZONE = ZoneInfo("Africa/Dar_es_Salaam")
NOON_MS = 1_768_467_600_000
"""2026-01-15, 12:00 there."""


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


@pytest.mark.parametrize(
    ("written", "ends", "shown"),
    [
        ("14:00", "2026-01-15T14:00", "14:00"),
        ("9:30", "2026-01-16T09:30", "16/01/2026 09:30"),
        ("12:00", "2026-01-16T12:00", "16/01/2026 12:00"),
        ("00:00", "2026-01-16T00:00", "15/01/2026"),
        ("2026-01-15", "2026-01-16T00:00", "15/01/2026"),
        ("20/1/2026", "2026-01-21T00:00", "20/01/2026"),
        (" 2026-01-15 14:05 ", "2026-01-15T14:05", "14:05"),
        ("2026-02-01T08:00", "2026-02-01T08:00", "01/02/2026 08:00"),
        ("1/2/2026 08:00", "2026-02-01T08:00", "01/02/2026 08:00"),
    ],
)
def test_it_is_read_and_shown_by_the_clock_of_the_country(written: str, ends: str, shown: str) -> None:
    found = until.read(written, NOON_MS, ZONE)
    assert found == ms(ends)
    assert until.shown(found, NOON_MS, ZONE) == shown
    assert len(shown) <= until.LONGEST


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("soon", "write it as 14:00, 2026-01-15 or 2026-01-15 14:00"),
        ("", "write it as 14:00, 2026-01-15 or 2026-01-15 14:00"),
        ("T", "write it as 14:00, 2026-01-15 or 2026-01-15 14:00"),
        ("25:00", "there is no such day or time"),
        ("2026-02-30", "there is no such day or time"),
        ("0/1/2026", "there is no such day or time"),
        ("2026-01-14", "that is over"),
        ("2026-01-15 12:00", "that is over"),
    ],
)
def test_what_is_none_is_refused_with_the_way_to_write_it(written: str, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{words}$"):
        until.read(written, NOON_MS, ZONE)
