"""What happened and who may know it: which SMS leaves, if any.

`say(what, mode)` is the table of the service's texts. What is told of a case, `Told`, stands in it beside what happens
otherwise, `Happening`. A `named` case is told fully, a `confidential` one with texts that say nothing, `anonymous` not
at all. `say_anyway(what)` is for what belongs to no case: replies to a number that wrote to us.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from ussd_engine.model import Mode, Told
from ussd_engine.sms.message import Priority


class Happening(StrEnum):
    """What can happen to a case beside what is `Told`."""

    SENT_BY_USSD = "sent_by_ussd"
    SENT_BY_SMS = "sent_by_sms"
    NOT_RATED = "not_rated"
    """Three days after the answer."""
    RATED = "rated"
    """Yes or partly."""
    RATED_NO = "rated_no"
    STATUS = "status"
    """She asked where it stands."""
    READ = "read"
    """She asked what the institution said: there is something to read."""
    READ_TOO_EARLY = "read_too_early"
    """Nobody has answered yet. Where nothing is to be read any more, `STATUS` says how it stands."""
    ADDED = "added"
    NOTHING_TO_ADD = "nothing_to_add"
    """She names the case alone: what is to be added comes next."""
    WITHDRAWN = "withdrawn"
    WITHDRAWN_TOO_LATE = "withdrawn_too_late"
    APPEALED = "appealed"
    APPEAL_REFUSED = "appeal_refused"
    LEAK_REPORTED = "leak_reported"
    PIN_ASKED = "pin_asked"
    PIN_READY = "pin_ready"
    TO_BE_FINISHED = "to_be_finished"
    """A text is to be finished by SMS: of a form that is not sent yet."""
    FINISHED_BY = "finished_by"
    """One more part of it came."""
    ERASED = "erased"


class Anyway(StrEnum):
    """What is said to a number that wrote to us, whatever it has sent before."""

    FIRST_USE = "first_use"
    """Once, after the first reply."""
    STATUS_LIST = "status_list"
    STATUS_NONE = "status_none"
    NOT_HERS = "not_hers"
    """A reference that this phone may not open: someone else's, anonymous, unknown."""
    NO_REFERENCE = "no_reference"
    """Its check digit fails."""
    WITHDRAW_WHICH = "withdraw_which"
    WHICH_CASE = "which_case"
    WHICH_INSTITUTION = "which_institution"
    NO_INSTITUTION = "no_institution"
    NO_TEXT = "no_text"
    TOO_LONG = "too_long"
    HELP = "help"
    UNKNOWN = "unknown"
    STOPPED = "stopped"
    STARTED = "started"
    LANGUAGE = "language"
    ERASE = "erase"
    LIMIT = "limit"
    FAULT = "fault"
    SHUT = "shut"
    """The service stands still until a time."""


class Say(NamedTuple):
    """A template and how it leaves. `push`: STOP withholds it. Priority `REPLY`: it goes at once, also by night."""

    template: str
    push: bool
    priority: Priority


def _push(template: str) -> Say:
    return Say(template, True, Priority.NOTICE)


def _receipt(template: str) -> Say:
    """A push that answers what she did a moment ago on USSD."""
    return Say(template, True, Priority.REPLY)


def _reply(template: str) -> Say:
    return Say(template, False, Priority.REPLY)


_QUIET = _push("quiet_change")
_LOCKED = _reply("status_locked")

TABLE: Final[Mapping[Told | Happening, tuple[Say | None, Say | None]]] = {
    Happening.SENT_BY_USSD: (_receipt("received_quiet"), _receipt("received")),
    Happening.SENT_BY_SMS: (_reply("received_quiet"), None),
    Told.OPENED: (_QUIET, _push("opened")),
    Told.COMPLIMENT_READ: (_QUIET, _push("compliment_read")),
    Told.IN_PROGRESS: (_QUIET, _push("in_progress")),
    Told.TRANSFERRED: (_QUIET, _push("transferred")),
    Told.DUE_CHANGED: (_QUIET, _push("due_changed")),
    Told.OVERDUE: (_QUIET, _push("overdue")),
    Told.NEED_INFO: (_QUIET, _push("need_info")),
    Told.ANSWERED: (_QUIET, _push("answered")),
    Told.APPEAL_DECIDED: (_QUIET, _push("appeal_decided")),
    Told.LEADER_ANSWERED: (_QUIET, _push("leader_answered")),
    Told.LEADER_DIRECTIVE: (_QUIET, _push("leader_directive")),
    Told.NOT_ACCEPTED: (_QUIET, _push("not_accepted")),
    Told.CLOSED: (_QUIET, _push("closed")),
    Happening.NOT_RATED: (None, _push("rate_ask")),
    Happening.RATED: (_reply("rate_thanks"), _reply("rate_thanks")),
    Happening.RATED_NO: (_reply("rate_no"), _reply("rate_no")),
    Happening.STATUS: (_reply("status_quiet"), _reply("status")),
    Happening.READ: (_LOCKED, _reply("answer_part")),
    Happening.READ_TOO_EARLY: (_LOCKED, _reply("no_answer")),
    Happening.ADDED: (_reply("added"), _reply("added")),
    Happening.NOTHING_TO_ADD: (_reply("add_ask"), _reply("add_ask")),
    Happening.WITHDRAWN: (_LOCKED, _reply("withdrawn")),
    Happening.WITHDRAWN_TOO_LATE: (_LOCKED, _reply("status")),
    Happening.APPEALED: (_reply("act_quiet"), _reply("appeal_received")),
    Happening.APPEAL_REFUSED: (_LOCKED, _reply("appeal_refused")),
    Happening.LEAK_REPORTED: (_reply("act_quiet"), _reply("leak_received")),
    Happening.PIN_ASKED: (_receipt("pin_asked"), _receipt("pin_asked")),
    Happening.PIN_READY: (_push("pin_ready"), _push("pin_ready")),
    Happening.TO_BE_FINISHED: (_receipt("finish_ask"), _receipt("finish_ask")),
    Happening.FINISHED_BY: (_reply("finish_more"), _reply("finish_more")),
    Happening.ERASED: (_receipt("erased"), _receipt("erased")),
}
"""What leaves of a confidential case, and of a named one; `None`: nothing."""

REPLIES: Final[Mapping[Anyway, str]] = {
    Anyway.FIRST_USE: "first_use",
    Anyway.STATUS_LIST: "status_list",
    Anyway.STATUS_NONE: "status_none",
    Anyway.NOT_HERS: "status_locked",
    Anyway.NO_REFERENCE: "unknown_ref",
    Anyway.WITHDRAW_WHICH: "withdraw_which",
    Anyway.WHICH_CASE: "which_ref",
    Anyway.WHICH_INSTITUTION: "sms_which",
    Anyway.NO_INSTITUTION: "sms_no_inst",
    Anyway.NO_TEXT: "sms_no_text",
    Anyway.TOO_LONG: "sms_long",
    Anyway.HELP: "help",
    Anyway.UNKNOWN: "unknown",
    Anyway.STOPPED: "stopped",
    Anyway.STARTED: "started",
    Anyway.LANGUAGE: "language",
    Anyway.ERASE: "erase_ask",
    Anyway.LIMIT: "limit",
    Anyway.FAULT: "error",
    Anyway.SHUT: "maint",
}

USSD_ALONE: Final = frozenset({Happening.READ, Happening.WITHDRAWN})
"""What SMS does not do to a confidential case: who asks for it is told where it is done."""


def say(what: Told | Happening, mode: Mode) -> Say | None:
    """What leaves; `None` for nothing. `anonymous` has no SMS at all."""
    if mode is Mode.ANONYMOUS:
        return None
    confidential, named = TABLE[what]
    return confidential if mode is Mode.CONFIDENTIAL else named


def say_anyway(what: Anyway) -> Say:
    """The reply to a number."""
    return _reply(REPLIES[what])
