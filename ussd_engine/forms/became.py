"""What becomes of a form that was collected elsewhere."""

from __future__ import annotations

from enum import StrEnum


class Became(StrEnum):
    """What became of a form."""

    TAKEN = "taken"
    REPEAT = "repeat"
    """The same form again: it gets the same answer."""
    REFUSED = "refused"
    """Something in it is wrong or missing; she is told what."""
    LIMIT = "limit"
    """Her day or her hour is full."""
    STOPPED = "stopped"
    """The service, or the channel, takes nothing from her now."""
    SHED = "shed"
    """Refused at the door, before any work was done."""
    UNKEPT = "unkept"
    """It could not be stored while the platform waited."""
    FAULT = "fault"
    """A fault of our own."""
