"""What a menu may have done, and how that can end.

An action acts, by the ledger and once for each key, or it only looks: then there is nothing to repeat, and what does
not come in time is `slow`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Action(NamedTuple):
    """What the engine does and how that can end. `acts`: it changes something, by the ledger."""

    help: str
    acts: bool
    outcomes: Mapping[str, Mapping[str, int]]
    """By name: the values that the screen of this outcome may show, with their longest lengths."""
    closes: frozenset[str] = frozenset()
    """The outcomes after which the run of the form is over."""
    takes: frozenset[str] = frozenset()
    """The secrets that it uses: what was typed on the screen before it and is kept nowhere."""
    needs: frozenset[str] = frozenset()
    """The answers that it uses, by name; those outside a form are dropped once it is done."""
    opens: frozenset[str] = frozenset()
    """The outcomes behind which a case is open."""
    about: bool = False
    """It is about the case that is open."""


OVERTAKEN: dict[str, dict[str, str]] = {
    "submit": {"cancel": "cancelled", "appeal": "", "finish_by_sms": ""},
    "cancel": {"submit": "sent", "appeal": "", "finish_by_sms": ""},
    "appeal": {"submit": "", "cancel": "", "finish_by_sms": ""},
    "finish_by_sms": {"submit": "", "cancel": "", "appeal": ""},
}
"""What is done once for each run of a form, whatever else of these comes with the same key. By act, and by the one that
came first: its outcome for that; where it has none, the other is shown as its own `ok` shows it."""
ENDS_LEFT = frozenset({"cancel", "finish_by_sms"})
"""What ends the run of a form though she has left it for another screen."""
RECEIPT = {"ref": 9, "pin": 4, "due": 10}
"""What the screen after a submission shows, and `last` once more."""
_NONE: dict[str, int] = {}
_WAIT = {"hours": 2}


def _sent(help: str, ok: Mapping[str, int] = _NONE, needs: tuple[str, ...] = (), *, counted: bool = False) -> Action:
    """An act on the case that is open; `counted`: a caller may do it so many times an hour."""
    hour = {"hour": _WAIT} if counted else {}
    outcomes = {"ok": ok, **hour, "refused": _NONE, "failed": _NONE, "in_doubt": _NONE}
    return Action(help, True, outcomes, needs=frozenset(needs), about=True)


def _set(help: str, ok: Mapping[str, int] = _NONE) -> Action:
    return Action(help, True, {"ok": ok, "failed": _NONE, "in_doubt": _NONE})


ACTIONS: dict[str, Action] = {
    "submit": Action(
        "stores what the form holds and shows its reference",
        True,
        {"ok": RECEIPT, "limit": _NONE, "hour": _WAIT, "failed": _NONE, "cancelled": _NONE, "in_doubt": _NONE},
        frozenset({"ok", "cancelled"}),
    ),
    "cancel": Action(
        "leaves the form; nothing is sent after that, and an appeal that was sent before is shown by its own `ok`",
        True,
        {"ok": _NONE, "sent": RECEIPT, "in_doubt": _NONE},
        frozenset({"ok", "sent"}),
    ),
    "finish_by_sms": _set(
        "lets her finish the text of the form by SMS, and tells her by SMS how", {"hours": 2}
    )._replace(closes=frozenset({"ok"})),
    "set_language": _set("changes the language and remembers it"),
    "look_up": Action(
        "opens the case of the answer `ref`: by the phone from which it was sent, or by its PIN",
        False,
        {"found": _NONE, "pin_new": _NONE, "pin_needed": _NONE, "wrong": {"n": 1}, "locked": _WAIT, "slow": _NONE},
        takes=frozenset({"pin"}),
        needs=frozenset({"ref"}),
        opens=frozenset({"found", "pin_new"}),
    ),
    "see_case": Action("looks again at the case that is open", False, {"ok": _NONE, "slow": _NONE}, about=True),
    "may_appeal": Action(
        "whether the case may come to a higher level now",
        False,
        {"ok": _NONE, "too_early": _NONE, "too_late": _NONE, "top": _NONE, "slow": _NONE},
        about=True,
    ),
    "append": _sent("sends the answer `extra` after the case", needs=("extra",), counted=True),
    "rate": _sent("sends the answer `rating`: yes, partly, no", {"appeal_until": 10}, ("rating",)),
    "withdraw": _sent("takes the case back"),
    "appeal": _sent(
        "asks the higher level, for the reason `appeal_why` (unhappy, late, leak, other) in the words `appeal_text`",
        {"due": 10},
        ("appeal_why", "appeal_text"),
        counted=True,
    )._replace(closes=frozenset({"ok", "refused"})),
    "first_pin": _set(
        "shows the first PIN of a case, or the new one that was asked for", {"ref": 9, "pin": 4}
    )._replace(about=True),
    "ask_new_pin": _set("asks for a new PIN of the answer `ref`, to be seen on this phone a day later")._replace(
        needs=frozenset({"ref"})
    ),
    "see_settings": Action("whether this phone gets SMS", False, {"ok": {"onoff": 20}, "slow": _NONE}),
    "set_sms": _set("SMS on, where they were off, and off where they were on", {"onoff": 20}),
    "has_cases": Action(
        "whether anything was sent from this phone", False, {"ok": _NONE, "none": _NONE, "slow": _NONE}
    ),
    "check_pin": Action(
        "whether the PIN is that of the answer `ref`, on its own phone too",
        False,
        {"ok": _NONE, "wrong": {"n": 1}, "locked": _WAIT, "slow": _NONE},
        takes=frozenset({"pin"}),
        needs=frozenset({"ref"}),
    ),
    "erase": _set("erases the number of this phone from all that was sent from it, and forgets its language"),
}
