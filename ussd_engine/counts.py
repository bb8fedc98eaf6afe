"""What an operator counts: how a turn ended, and what happened on the way. Names alone; who counts is `metrics`."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """How a turn was answered."""

    CONTINUED = "continued"
    """A screen that waits for an answer."""
    ENDED = "ended"
    """A last screen."""
    CLOSED = "closed"
    """The provider said that the dialogue is over; nothing was shown."""
    FAULT = "fault"
    """A fault of our own: words and an end."""
    LATE = "late"
    """The deadline passed: words and an end."""
    SHED = "shed"
    """Refused at the door before any work was done: a short word and an end."""


class Count(StrEnum):
    """What is counted, and what it means to whoever reads the numbers."""

    help: str

    def __new__(cls, value: str, help: str = "") -> Count:
        member = str.__new__(cls, value)
        member._value_ = value
        member.help = help
        return member

    CALLBACK_REPLAY = "callback_replay", "The same leg came again and was answered again."
    HELD = "held", "An answer on an acting screen that may have been a repeat; the screen was shown again."
    OUT_OF_ORDER = "out_of_order", "A leg that was older than the last one."
    PREFIX_MISMATCH = "prefix_mismatch", "A cumulative text that was changed on its way."
    LEGS_LOST = "legs_lost", "A cumulative text that brought several answers at once."
    NOT_APPLIED = "not_applied", "An input that met a screen other than the one it answered; the screen was shown."
    REDIAL = "redial", "A dialogue that found the caller's unfinished dialog."
    OLD_DIALOGUE = "old_dialogue", "A leg of a dialogue that the caller had left."
    CLOSED = "closed", "End-of-session notices."
    RECEIPT = "receipt", "Notices that a screen reached its phone."
    NOT_POSTED = "not_posted", "Screens that a provider takes by a request of ours, and did not take."
    NO_NUMBER = "no_number", "Legs without the caller's number."
    SESSION_MISMATCH = "session_mismatch", "A dialogue's id that came with another number."
    PENDING_RESUMED = "pending_resumed", "An act that was found begun and was carried through."
    IN_DOUBT = "in_doubt", "An act of which it is not known whether it was committed."
    ACT_FAILED = "act_failed", "An act that the ledger refused and rolled back."
    SLOW = "slow", "What a screen shows did not come in time, from the core or from the ledger."
    EFFECT_RACE = "effect_race", "An act whose key was taken by another."
    RACE = "race", "Two legs of one dialog at once; the second was not applied."
    MENU_MOVED = "menu_moved", "A dialog that went on in a new version of its menu."
    SESSION_UNAVAILABLE = "session_unavailable", "The session store did not answer."
    SHED_LOAD = "shed_load", "Refused as busy: as many turns were under way as may be."
    SHED_STEPS = "shed_steps", "Refused: the caller's steps of the minute were used up."
    SHED_DIALS = "shed_dials", "Refused: the caller's dials of the day were used up."
    MAINTENANCE = "maintenance", "Callers who were told that the service, or the channel, is stopped."
    NOT_OPEN = "not_open", "Callers who were told that a service in pilot is not open yet."
    CODE_NOT_SERVED = "code_not_served", "Refused: no service answers the code that was dialled."
    DEADLINE = "deadline", "A turn that took too long and ended with a polite word."
    NOT_A_CALLBACK = "not_a_callback", "Requests that cannot be the provider's; answered 400, or in its own form."
    UNKNOWN_TOKEN = "unknown_token", "Requests with a wrong token; answered 404."
    NOT_SIGNED = "not_signed", "Calls of a core that are not signed with a secret known here; answered 401."
