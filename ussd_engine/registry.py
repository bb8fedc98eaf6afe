"""What a menu may name: actions, sources, offers, rules, warnings, facts, settings.

Each entry declares its values with their longest length in septets; the proofs read the bounds only here. A menu
never reaches Python but through this table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Literal, NamedTuple

from ussd_engine.institutions import Institution, Institutions
from ussd_engine.reference import parse as parse_reference

Check = Mapping[str, int]
"""The bounds that a rule was given in the menu, by name."""


class Place(NamedTuple):
    """What a source or an offer may look at: the service's data and the language. Pure and synchronous."""

    data: Institutions
    locale: str


class Column(NamedTuple):
    """One value of a row."""

    longest: int
    read: Callable[[Institution | str, str], str]
    """Row and locale to the words shown."""


class Kind(NamedTuple):
    """How a stored answer is shown: by the columns of the row that it names."""

    columns: Mapping[str, Column]
    find: Callable[[Place, str], Institution | str | None]


class Source(NamedTuple):
    """Rows of a list. `local` ones are at hand; the others are asked for elsewhere and have a `slow` screen."""

    help: str
    kind: str
    args: Mapping[str, Literal["literal", "answer"]]
    rows: Callable[[Place, Mapping[str, str]], Sequence[Institution | str]]
    local: bool = True


class Offer(NamedTuple):
    """One row worked out from answers; none is a possible outcome."""

    help: str
    kind: str
    args: int
    sure: bool
    """Always finds one."""
    work_out: Callable[[Place, Sequence[str]], Institution | None]
    topics: Callable[[Institutions], frozenset[str]] | None = None
    """What its first answer can be, where the data say so."""


class Rule(NamedTuple):
    """A check of a typed answer. `run` gives the name of the error line, or `None`."""

    help: str
    bounds: tuple[str, ...]
    """The names of the numbers it takes, the last one first to be given where one is."""
    errors: tuple[str, ...]
    run: Callable[[str, Check], str | None]


class Warning(NamedTuple):
    """A line that stands once above the next screen; the answer is kept."""

    help: str
    run: Callable[[str, str, Collection[str]], bool]
    """Text, the caller's national number (digits, may be empty), and what people of the country call a PIN."""


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


def _name(row: Institution | str, locale: str) -> str:
    return row if isinstance(row, str) else row.name(locale)


def _short(row: Institution | str, locale: str) -> str:
    return row if isinstance(row, str) else row.short(locale)


def _region(row: Institution | str, locale: str) -> str:
    return row if isinstance(row, str) else row.region


KINDS: dict[str, Kind] = {
    "institution": Kind(
        {"": Column(16, _short), "name": Column(90, _name), "region": Column(16, _region)},
        lambda place, code: place.data.get(code),
    ),
    "region": Kind({"": Column(16, _region)}, lambda place, name: name),
}


def columns_of(kind: str) -> list[str]:
    """The columns of a kind that `save` may name; `code` is the row's key."""
    return ["code", *filter(None, KINDS[kind].columns)]


def key_of(row: Institution | str) -> str:
    """What `save` stores of a row."""
    return row if isinstance(row, str) else row.code


def _institutions(place: Place, args: Mapping[str, str]) -> Sequence[Institution]:
    if "matching" in args:
        return place.data.search(args["matching"], place.locale)
    if "parent" in args:
        return place.data.children(args["parent"])
    if "parents" in args:
        return place.data.parents(args["parents"])
    return place.data.of_kind(args["kind"])


SOURCES: dict[str, Source] = {
    "institutions": Source(
        "public institutions: those that match a typed name, of a kind, of a kind and with bodies below, or below one",
        "institution",
        {"matching": "answer", "kind": "literal", "parents": "literal", "parent": "answer"},
        _institutions,
    ),
    "regions": Source("the names of the regions", "region", {}, lambda place, args: place.data.regions()),
    "councils": Source(
        "the councils of a region",
        "institution",
        {"region": "answer"},
        lambda place, args: place.data.councils(args["region"]),
    ),
}

OFFERS: dict[str, Offer] = {
    "for": Offer(
        "the institution for a topic in a region",
        "institution",
        2,
        False,
        lambda place, args: place.data.propose(args[0], args[1]),
        lambda data: data.topics,
    ),
    "desk_for": Offer(
        "the feedback desk of a region, where no institution can be proposed",
        "institution",
        1,
        True,
        lambda place, args: place.data.desk(args[0]),
    ),
    "secretariat_of": Offer(
        "the secretariat of a region",
        "institution",
        1,
        True,
        lambda place, args: place.data.secretariat(args[0]),
    ),
}


def _letters(text: str, bounds: Check) -> str | None:
    if len(text) < bounds.get("min", 0):
        return "short"
    return "letters" if len(text) > bounds["max"] else None


def _words(text: str, bounds: Check) -> str | None:
    return "words" if len(text.split()) < bounds["n"] else None


def _reference(text: str, bounds: Check) -> str | None:
    return None if parse_reference(text) else "reference"


def _pin_digits(text: str, bounds: Check) -> str | None:
    return None if re.fullmatch(r"[0-9]{4}", text) else "pin"


RULES: dict[str, Rule] = {
    "letters": Rule("from so many letters to so many", ("min", "max"), ("short", "letters"), _letters),
    "words": Rule("so many words or more", ("n",), ("words",), _words),
    "reference": Rule("a reference: 9 digits, the last one a check digit", (), ("reference",), _reference),
    "pin": Rule("a PIN: 4 digits", (), ("pin",), _pin_digits),
}


def _private(text: str, number: str, secrets: Collection[str]) -> bool:
    words = "|".join(map(re.escape, secrets))
    if words and re.search(rf"\b(?:{words})(?![a-z])\D*\d", text, re.IGNORECASE):
        return True
    return len(number) > 5 and number in re.sub(r"[\s\-().]", "", text)


WARNINGS: dict[str, Warning] = {
    "private": Warning("the text holds a PIN or the caller's own number", _private),
}

FACTS: dict[str, dict[str, str]] = {
    "can": {
        "be_reached": "the caller's number reached us",
    },
    "core_wants": {
        "place": "the core asks where it happened",
        "date": "the core asks when it happened",
    },
}

SETTINGS: dict[str, tuple[int, str]] = {
    "code": (12, "what to dial to reach the service"),
    "sc": (6, "the number that takes SMS"),
    "site": (21, "the service's web site"),
    "emergency": (3, "the emergency number"),
    "graft_no": (3, "the anti-corruption bureau's number"),
    "minutes": (
        2,
        "how long what was written is kept, empty where nothing is; on busy until the next try; in minutes",
    ),
    "hours": (2, "how long to wait, in hours"),
    "date": (10, "the last day of maintenance"),
}

RECEIPT = {"ref": 9, "pin": 4, "due": 10}
"""What the screen after a submission shows, and `last` once more."""
_NONE: dict[str, int] = {}

ACTIONS: dict[str, Action] = {
    "submit": Action(
        "stores what the form holds and shows its reference",
        True,
        {"ok": RECEIPT, "limit": _NONE, "failed": _NONE, "cancelled": _NONE, "in_doubt": _NONE},
        frozenset({"ok", "cancelled"}),
    ),
    "cancel": Action(
        "leaves the form; nothing is sent after that",
        True,
        {"ok": _NONE, "sent": RECEIPT, "in_doubt": _NONE},
        frozenset({"ok", "sent"}),
    ),
    "set_language": Action(
        "changes the language and remembers it",
        True,
        {"ok": _NONE, "failed": _NONE, "in_doubt": _NONE},
    ),
}

LONGEST_COUNT = 3
"""The longest count shown, in digits."""
