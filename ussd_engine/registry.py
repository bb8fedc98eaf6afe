"""What a menu may name beside actions and facts: sources, offers, rules, warnings, values of a case, settings.

Each entry declares its values with their longest length in septets; the proofs read the bounds only here. A menu
never reaches Python but through this table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

from ussd_engine.institutions import Institution, Institutions
from ussd_engine.messages import Role
from ussd_engine.reference import parse as parse_reference

Row = Institution | str | tuple[str, ...]
"""What a list shows: an institution, a name, or the columns of what stands elsewhere."""
Check = Mapping[str, int]
"""The bounds that a rule was given in the menu, by name."""


class Place(NamedTuple):
    """What a source or an offer may look at: the service's data and the language. Pure and synchronous."""

    known: Institutions | None
    """`None` where the service has none: `check` refuses there what would look at them."""
    locale: str

    @property
    def data(self) -> Institutions:
        """The institutions, for whatever looks at them."""
        assert self.known is not None
        return self.known


class Column(NamedTuple):
    """One value of a row."""

    longest: int
    read: Callable[[Row, str], str]
    """Row and locale to the words shown."""
    words: str = ""
    """The table of `words` in which its values have their words."""


class Kind(NamedTuple):
    """How a stored answer is shown: by the columns of the row that it names."""

    columns: Mapping[str, Column]
    find: Callable[[Place, str], Row | None]


class Source(NamedTuple):
    """Rows of a list. `local` ones are at hand; the others are asked for elsewhere and have a `slow` screen: of those
    the columns are kept as they were shown, in their order."""

    help: str
    kind: str
    args: Mapping[str, Literal["literal", "answer"]]
    rows: Callable[[Place, Mapping[str, str]], Sequence[Row]]
    local: bool = True
    chosen: bool = True
    """A row is an answer; else it is only read, and has no number."""
    within: bool = False
    """It is asked for elsewhere, and may stand within a form all the same."""

    @property
    def in_forms(self) -> bool:
        return self.local or self.within


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
    longest: int = 0
    """Of what passes, where its bounds do not say it."""
    kept: Callable[[str], str] = str
    """What is kept of a text that passes."""


class Warning(NamedTuple):
    """A line that stands once above the next screen; the answer is kept."""

    help: str
    run: Callable[[str, str, Collection[str]], bool]
    """Text, the caller's national number (digits, may be empty), and what people of the country call a PIN."""


def _name(row: Row, locale: str) -> str:
    return row.name(locale) if isinstance(row, Institution) else str(row)


def _short(row: Row, locale: str) -> str:
    return row.short(locale) if isinstance(row, Institution) else str(row)


def _region(row: Row, locale: str) -> str:
    return row.region if isinstance(row, Institution) else str(row)


def _at(column: int) -> Callable[[Row, str], str]:
    """Reads one column of what was kept; empty where an older release kept less."""
    return lambda row, locale: row[column] if isinstance(row, tuple) and column < len(row) else ""


KINDS: dict[str, Kind] = {
    "institution": Kind(
        {"": Column(16, _short), "name": Column(90, _name), "region": Column(16, _region)},
        lambda place, code: place.data.get(code),
    ),
    "region": Kind({"": Column(16, _region)}, lambda place, name: name),
    "case": Kind(
        {"": Column(9, _at(0)), "ref": Column(9, _at(0)), "status": Column(20, _at(1), "status")},
        lambda place, ref: (ref,),
    ),
    "handling": Kind(
        {
            "": Column(10, _at(0)),
            "date": Column(10, _at(0)),
            "role": Column(16, _at(1), "role"),
            "act": Column(20, _at(2), "act"),
            "office": Column(16, _at(3)),
        },
        lambda place, day: (day,),
    ),
    "checked": Kind({"": Column(40, _at(0)), "name": Column(60, _at(1))}, lambda place, value: (value,)),
}


def columns_of(kind: str) -> list[str]:
    """The columns of a kind that `save` may name; `code` is the row's key."""
    return ["code", *filter(None, KINDS[kind].columns)]


def key_of(row: Row) -> str:
    """What `save` stores of a row."""
    return row.code if isinstance(row, Institution) else row if isinstance(row, str) else row[0]


def _elsewhere(place: Place, args: Mapping[str, str]) -> Sequence[Row]:
    return ()


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
    "my_cases": Source("what was sent from this phone, the newest first", "case", {}, _elsewhere, local=False),
    "history": Source(
        "who handled the case, the newest last: asked of the core",
        "handling",
        {},
        _elsewhere,
        local=False,
        chosen=False,
    ),
    "checked": Source(
        "what the institution that a service is hosted for says of a typed answer: one row, or none",
        "checked",
        {"typed": "answer"},
        _elsewhere,
        local=False,
        within=True,
    ),
}
MOST_KEPT = 20
"""Rows of a list from elsewhere that are shown: they are kept in the session."""

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
    "reference": Rule(
        "a reference: 9 digits, the last one a check digit",
        (),
        ("reference",),
        _reference,
        9,
        lambda text: parse_reference(text) or text,
    ),
    "pin": Rule("a PIN: 4 digits", (), ("pin",), _pin_digits, 4),
}


def _private(text: str, number: str, secrets: Collection[str]) -> bool:
    words = "|".join(map(re.escape, secrets))
    if words and re.search(rf"\b(?:{words})(?![a-z])\D*\d", text, re.IGNORECASE):
        return True
    return len(number) > 5 and number in re.sub(r"[\s\-().]", "", text)


WARNINGS: dict[str, Warning] = {
    "private": Warning("the text holds a PIN or the caller's own number", _private),
}


class CaseValue(NamedTuple):
    """A value that the screens of an opened case may show."""

    help: str
    longest: int = 0
    kind: str = ""
    """A kind whose columns are shown; the value is the key of its row."""
    words: str = ""
    """The table of `words` in which its values have their words."""


CASE: dict[str, CaseValue] = {
    "ref": CaseValue("its reference", 9),
    "institution": CaseValue("who holds it", kind="institution"),
    "status": CaseValue("where it stands", words="status"),
    "says": CaseValue("what the institution said last: an answer or a question", words="says"),
    "refused": CaseValue("what of hers the core did not take; empty where it took all", words="refused"),
    "date": CaseValue("the day of the last change", 10),
    "due": CaseValue("the day by which an answer is due; empty where none is", 10),
    "appeal_until": CaseValue("the last day on which she may appeal; empty where there is none yet", 10),
    "higher": CaseValue("the next higher level; empty where there is none", kind="institution"),
}
"""What a menu may show once an action has opened a case."""
SPOKEN = "answer"
"""The placeholder for the institution's last word: asked of the core whenever it is shown, and kept nowhere."""
LONGEST_SPOKEN = 480


class Table(NamedTuple):
    """A table of `words` that the engine looks into, with all that must have words in it."""

    values: tuple[str, ...]
    by: tuple[str, ...] = ()
    """Where words differ by type: the keys one level deeper."""


_STATES = (
    *("received", "opened", "in_progress", "need_info", "transferred", "answered", "closed", "not_accepted"),
    *("appealed", "appeal_decided", "withdrawn"),
)
ROW = "ref"
"""Stands for a type where the word follows a reference."""
WORDS: dict[str, Table] = {
    "status": Table(_STATES, ("complaint", "opinion", "question", "compliment", ROW)),
    "role": Table(get_args(Role)),
    "act": Table((*_STATES, "due_changed", "directive")),
    "onoff": Table(("on", "off")),
    "refusal": Table(("too_early", "too_late", "top", "never")),
    "says": Table(("answer", "question")),
    "refused": Table(("addition", "rating", "withdrawal", "appeal")),
}

SETTINGS: dict[str, tuple[int, str]] = {
    "code": (12, "what to dial to reach the service"),
    "sc": (6, "the number that takes SMS"),
    "site": (21, "the service's web site"),
    "emergency": (3, "the emergency number"),
    "graft_no": (3, "the anti-corruption bureau's number"),
    "minutes": (
        2,
        "how long what was written is kept, empty where nothing is; on busy and steps until the next try; in minutes",
    ),
    "hours": (2, "how long to wait, in hours"),
    "date": (16, "until when the service is stopped: a time of today, a day, or both"),
    "days": (3, "how long a number is kept after the case was closed, in days"),
}

LONGEST_COUNT = 3
"""The longest count shown, in digits."""
LONGEST_PREFIX = 8
"""Before the keywords of a number for SMS that is shared, in letters and digits."""
