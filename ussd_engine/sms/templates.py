"""What the engine can say by SMS: a template for each, with the values that it may show.

A service words them in its section `sms`; `check` asks for every one, and proves each with its longest values.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Final, NamedTuple

from ussd_engine import until
from ussd_engine.registry import CASE, LONGEST_COUNT, LONGEST_PREFIX, CaseValue

SEPTETS = 160
UNITS = 70
"""The room of one SMS: in GSM-7, and where a character has no place there."""
LONGEST_PART = 136
"""Of a long text, in septets; `parts` says what it is in UCS-2."""
LONGEST_ASK = 40

VALUES: dict[str, CaseValue] = {
    **{name: CASE[name] for name in ("ref", "institution", "status", "date", "due", "appeal_until", "higher")},
    "from": CaseValue("who held the case before", kind="institution"),
    "level": CaseValue("the leader to whom the case was addressed", words="level"),
    "ask": CaseValue("the office's question or reason, cut", LONGEST_ASK),
    "part": CaseValue("one part of a long text", LONGEST_PART),
    "n": CaseValue("a count: of characters, or of parts", LONGEST_COUNT),
    "max": CaseValue("the most characters", LONGEST_COUNT),
    "hours": CaseValue("for how long what she sent is kept", 2),
    "until": CaseValue("until when the service stands still", until.LONGEST),
    "prefix": CaseValue("what stands before each keyword on a number that is shared", LONGEST_PREFIX),
}
"""What a text may show, beside the settings, by the name of its placeholder."""

WARNING = "warning"
"""Stands in the values of a reply for the warning above it, by its name in the menu."""
RELAYED = "relayed"
"""What stands for a template where the words are an institution's own: no menu has any for them."""
BELOW_A_WARNING = {"appeal_received": "act_quiet"}
"""What is said instead where the two would not fit one SMS together."""

PREFIXED: Final = {"help": "help_shared"}
"""What is said instead where a prefix stands before the keywords: it says the prefix once, for all of them."""

DATES = frozenset({"date", "due", "appeal_until"})
"""Those that hold a day, as an ISO date."""


class Template(NamedTuple):
    """One SMS. `values`: what it may show. `rows`: those of them that stand several times in the text, each place with
    the next of the values given, which are joined by line breaks; a line without a value left is left out."""

    help: str
    values: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()
    may_lack: tuple[str, ...] = ()
    """What may have no value: its line is left out then, and something else must stay."""
    words: str = ""
    """The table of `words` in which `ask` has its words, where the engine gives the reason."""
    promises: frozenset[str] = frozenset()
    """What she is told that she can do, by the words of the fact `core_can`."""
    instead: str = ""
    """The template that says as much and promises less; empty where nothing is left to say."""
    warns: bool = False
    """It tells that a text of hers was kept, so that a warning may stand above it."""


_CASE = ("ref", "institution", "due")
_READ, _RATE, _APPEAL = frozenset({"read"}), frozenset({"rate"}), frozenset({"appeal"})
_APPEND, _WITHDRAW = frozenset({"append"}), frozenset({"withdraw"})
SMS: dict[str, Template] = {
    # what happened
    "received": Template("named: what she sent has arrived", _CASE, may_lack=("due",)),
    "received_quiet": Template("what she sent has arrived", ("ref",), warns=True),
    "first_use": Template("once, after the first reply to a number: what it is kept for"),
    "opened": Template("named: an officer opened it", (*_CASE, "date"), may_lack=("due",)),
    "compliment_read": Template("named: her compliment was read", ("ref", "institution")),
    "in_progress": Template(
        "named: it is being worked on", ("ref", "institution"), promises=_APPEND, instead="in_progress_told"
    ),
    "in_progress_told": Template("the same, where nothing can be added", ("ref", "institution")),
    "quiet_change": Template("confidential: something changed", ("ref",)),
    "need_info": Template(
        "named: an officer asks", ("ref", "institution", "ask"), promises=_APPEND, instead="need_info_told"
    ),
    "need_info_told": Template("the same, where nothing can be added", ("ref", "institution", "ask")),
    "transferred": Template("named: it went to another institution", (*_CASE, "from"), may_lack=("due",)),
    "due_changed": Template("named: the due date is another one", _CASE),
    "answered": Template(
        "named: there is an answer", ("ref", "institution"), promises=_READ | _RATE, instead="answered_read"
    ),
    "answered_read": Template(
        "the same, where it cannot be rated", ("ref", "institution"), promises=_READ, instead="answered_told"
    ),
    "answered_told": Template("the same, where it cannot be read", ("ref", "institution")),
    "answer_part": Template("named: one part of what the institution said", ("ref", "n", "part"), rows=("n",)),
    "no_answer": Template("named: there is no answer yet", ("ref", "due"), may_lack=("due",)),
    "closed": Template("named: it is closed", ("ref", "appeal_until"), promises=_APPEAL, instead="closed_told"),
    "closed_told": Template("the same, where no appeal is possible", ("ref",)),
    "not_accepted": Template(
        "named: it was not taken up", ("ref", "institution", "ask"), promises=_APPEAL, instead="not_accepted_told"
    ),
    "not_accepted_told": Template("the same, where no appeal is possible", ("ref", "institution", "ask")),
    "overdue": Template(
        "named: the due date has passed", ("ref", "institution"), promises=_APPEAL, instead="overdue_told"
    ),
    "overdue_told": Template("the same, where no appeal is possible", ("ref", "institution")),
    "appeal_decided": Template(
        "named: the higher level has decided", ("ref", "higher"), promises=_READ, instead="appeal_decided_told"
    ),
    "appeal_decided_told": Template("the same, where it cannot be read", ("ref", "higher")),
    "leader_answered": Template(
        "named: the leader has answered", ("ref", "level"), promises=_READ, instead="leader_answered_told"
    ),
    "leader_answered_told": Template("the same, where it cannot be read", ("ref", "level")),
    "leader_directive": Template("named: the leader gave directions", ("ref", "level", "institution")),
    "rate_ask": Template("named: whether she is satisfied", ("ref",), promises=_READ | _RATE),
    # what she did
    "rate_thanks": Template(
        "she is satisfied, or partly", ("ref", "appeal_until"), promises=_APPEAL, instead="rate_closed"
    ),
    "rate_closed": Template("the same, where no appeal is possible", ("ref",)),
    "rate_no": Template("she is not satisfied", ("ref", "appeal_until"), promises=_APPEAL, instead="rate_heard"),
    "rate_heard": Template("the same, where no appeal is possible", ("ref",)),
    "appeal_received": Template("named: the appeal has arrived", ("ref", "higher", "due")),
    "appeal_refused": Template("named: no appeal is possible now", ("ref", "ask"), words="refusal"),
    "leak_received": Template("named: the report of a leak has arrived", ("ref", "higher"), warns=True),
    "act_quiet": Template("confidential: an appeal or the report of a leak has arrived", ("ref",), warns=True),
    "status": Template("named: where it stands", (*_CASE, "status", "date"), may_lack=("due",)),
    "status_quiet": Template("confidential: where it stands", ("ref", "status", "date")),
    "status_list": Template("where her newest open cases stand", ("ref", "status"), rows=("ref", "status")),
    "status_none": Template("nothing of hers is open"),
    "status_locked": Template("not by SMS: it is opened by USSD", ("ref",)),
    "unknown_ref": Template("no such reference can be"),
    "withdrawn": Template("named: she took it back", ("ref",)),
    "added": Template("her words were added", ("ref",), warns=True),
    # what is asked back
    "add_ask": Template("what to add to her case is missing", ("ref",)),
    "withdraw_which": Template(
        "which case she takes back, or whether she wants no SMS", promises=_WITHDRAW, instead="withdraw_none"
    ),
    "withdraw_none": Template("nothing can be taken back; perhaps she wants no SMS"),
    "which_ref": Template("for which case", ("ref", "hours"), rows=("ref",)),
    "sms_no_inst": Template("the institution is missing"),
    "sms_which": Template("which institution she means", ("institution", "hours"), rows=("institution",)),
    "sms_no_text": Template("the message is missing"),
    "sms_long": Template("the message is too long", ("max",)),
    # a text that is finished by SMS
    "finish_ask": Template("how a text is finished by SMS", ("hours",)),
    "finish_more": Template("how long the text is by now", ("n",), warns=True),
    # the service itself
    "help": Template("how to write"),
    "help_shared": Template("the same, where a prefix stands before each keyword", ("prefix",)),
    "unknown": Template("the message was not understood"),
    "stopped": Template("no more SMS"),
    "started": Template("SMS again"),
    "language": Template("the language is this one"),
    "pin_asked": Template("a new PIN was asked for", ("ref",)),
    "pin_ready": Template("the new PIN can be seen", ("ref",)),
    "erase_ask": Template("how her number is erased"),
    "erased": Template("her number was erased"),
    "limit": Template("the day's limit is reached"),
    "error": Template("the message could not be taken"),
    "maint": Template("the same, for the service stands still until a time", ("until",)),
}

NEWS: Final = "quiet_change"
"""What is said where no more may be told than that there is news."""
ASKS: Final = {name: name.removesuffix("_told") for name, one in SMS.items() if "ask" in one.values and not one.words}
"""Texts that show an office's words, with the state of the case in which its last words are those."""


def truthful(template: str, lacks: Set[str]) -> str:
    """The template that stands for another where something is lacking, by the words of the fact `core_can`; empty
    where nothing is left to say."""
    while template and not lacks.isdisjoint(SMS[template].promises):
        template = SMS[template].instead
    return template
