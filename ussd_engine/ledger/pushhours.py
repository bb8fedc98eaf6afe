"""The hours of the day in which somebody may be told what she did not just ask for. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo
from typing import Final

from ussd_engine.sms.message import Priority

FROM: Final = time(8)
UNTIL: Final = time(20)
"""In the country's zone; the last moment does not count."""
ANSWERS_MS: Final = 10 * 60_000
"""So long after what she did a reply is one."""


def earliest_ms(wanted_ms: int, priority: int, asked_ms: int, zone: tzinfo) -> int:
    """When a message may leave that wants to at `wanted_ms`; `asked_ms` is when it was queued. Unix milliseconds.

    A reply goes at once, while it still answers what she did; all else waits for the hours of the day.
    """
    if priority == Priority.REPLY and wanted_ms - asked_ms <= ANSWERS_MS:
        return wanted_ms
    local = datetime.fromtimestamp(wanted_ms / 1000, zone)
    if FROM <= local.time() < UNTIL:
        return wanted_ms
    day = local.date() if local.time() < FROM else local.date() + timedelta(days=1)
    return round(datetime.combine(day, FROM, zone).timestamp() * 1000)
