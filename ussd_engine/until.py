"""When a stop ends: as an operator says it, and as a phone shows it."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, tzinfo

LONGEST = len("15/01/2026 14:00")
"""Of what a phone shows."""
_DAY = timedelta(days=1)
_written = re.compile(
    r"(?:(?P<iso>\d{4}-\d{2}-\d{2})|(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4}))?"
    r"[ T]?(?:(?P<hour>\d{1,2}):(?P<minute>\d{2}))?"
)


def read(text: str, now_ms: int, zone: tzinfo) -> int:
    """Unix milliseconds of `14:00`, `2026-01-15`, `15/01/2026`, or of a day and a time.

    A day is meant to its end, a time without a day is the next such time. `ValueError` for what is none of these, and
    for what is over.
    """
    now = datetime.fromtimestamp(now_ms / 1000, zone)
    found = _written.fullmatch(text.strip())
    if found is None or not (found["iso"] or found["day"] or found["hour"]):
        raise ValueError("write it as 14:00, 2026-01-15 or 2026-01-15 14:00")
    try:
        day = _day(found)
        hour = None if found["hour"] is None else time(int(found["hour"]), int(found["minute"]))
    except ValueError:
        raise ValueError("there is no such day or time") from None
    if day is None:
        assert hour is not None
        today = datetime.combine(now.date(), hour, zone)
        ends = today if today > now else datetime.combine(now.date() + _DAY, hour, zone)
    else:
        ends = datetime.combine(day + _DAY if hour is None else day, hour or time(), zone)
    if ends <= now:
        raise ValueError("that is over")
    return int(ends.timestamp() * 1000)


def _day(found: re.Match[str]) -> date | None:
    if found["iso"]:
        return date.fromisoformat(found["iso"])
    return date(int(found["year"]), int(found["month"]), int(found["day"])) if found["day"] else None


def shown(until_ms: int, now_ms: int, zone: tzinfo) -> str:
    """`14:00` for today, `15/01/2026` for the end of a day, else `15/01/2026 14:00`; by the clock of 24 hours."""
    ends, now = (datetime.fromtimestamp(at / 1000, zone) for at in (until_ms, now_ms))
    if ends.time() == time():
        return f"{ends.date() - _DAY:%d/%m/%Y}"
    return f"{ends:%H:%M}" if ends.date() == now.date() else f"{ends:%d/%m/%Y %H:%M}"
