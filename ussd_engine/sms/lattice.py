"""How far an SMS is. Forward only, so that order and repeats of what gateways tell do not matter: final stays final."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ussd_engine.sms.message import FINAL, Progress

_WAY: Final = (Progress.QUEUED, Progress.ACCEPTED, Progress.SENT)
"""What may still go on, in its order."""
_WORST: Final = (Progress.REJECTED, Progress.FAILED, Progress.EXPIRED, Progress.WITHHELD, Progress.DELIVERED)
"""What a message has come to whose parts came to different things: the first of these."""


def further(stands: Progress, told: Progress | None) -> Progress:
    """Where a part stands once this was told of it; `None`, a status that nobody knows, changes nothing."""
    if told is None or stands in FINAL:
        return stands
    return told if told in FINAL or _WAY.index(told) > _WAY.index(stands) else stands


def message(parts: Sequence[Progress]) -> Progress:
    """Where a message stands: as far as the least of its parts, and final only when all of them are."""
    under_way = [part for part in parts if part not in FINAL]
    if under_way:
        return min(under_way, key=_WAY.index)
    return min(parts, key=_WORST.index, default=Progress.QUEUED)
