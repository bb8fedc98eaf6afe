"""A service's section `keywords`: what an SMS may begin with, as data beside the menus.

    keywords:
      drop: [TUMA, SEND]                     # said before a keyword and dropped
      beside: [NAMBA, NUMBER, KWA, PLEASE]   # may stand beside a keyword and mean nothing
      please: [PLEASE]                       # and before one that stands alone
      form complaint: {set: {identity: confidential}, sw: [LALAMIKO, KERO], en: [COMPLAINT]}
      form leader: {for: {ministry: {level: minister}}, save: {region: region}, sw: [KIONGOZI], en: [LEADER]}
      language en: {sw: [KIINGEREZA], en: [ENGLISH]}
      rate no: {sw: [HAPANA], en: ["NO"]}
      status: {sw: [HALI], en: [STATUS], about: [UJUMBE, MESSAGE]}
      stop: {sw: [ACHA], en: [STOP], about: [MESSAGES], beside: [SENDING, ALL, IT]}

An entry has the words of each language of the service; none (`en: []`) where that is meant. `set`: answers that the
form takes for granted; `for`: the kinds of institutions that it can go to, each with the answers that follow from it;
`save`: answers that take columns of the institution, beside `institution`, its code; `about`: words that show, in a
short sentence behind the keyword, that the keyword is meant; of a form, words that may stand before the institution;
`beside`: words that may stand beside this keyword, so that it is as good as alone.
What she wrote is the answer `message`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from ussd_engine.errors import Fault, did_you_mean, some
from ussd_engine.menu.load import Node
from ussd_engine.menu.shapes import Reader
from ussd_engine.model import Answers
from ussd_engine.registry import columns_of
from ussd_engine.screens.base import Place
from ussd_engine.words import split

ACTIONS: Final[dict[str, str]] = {
    "send": "sends the text that is being finished by SMS",
    "status": "tells where a case stands",
    "read": "reads what the institution said; with words behind it, adds them",
    "add": "adds words to a case, or answers an officer's question",
    "rate yes": "she is satisfied with the answer",
    "rate partly": "she is partly satisfied",
    "rate no": "she is not satisfied",
    "appeal": "asks the higher level",
    "leak": "reports that her identity became known",
    "withdraw": "takes a case back",
    "help": "says how to write",
    "stop": "no more SMS",
    "start": "SMS again",
    "erase": "says how her number is erased",
}
"""What an SMS can ask for in every service."""
TAKING: Final[dict[str, str]] = {
    "form": "fills a form: KEYWORD institution message",
    "language": "changes the language to this one",
}
"""What takes a name behind it: of a form, of a language of the service."""
WORD_LISTS: Final[dict[str, str]] = {
    "drop": "words that are dropped before a keyword",
    "beside": "words that may stand beside a keyword and mean nothing",
    "please": "words of `beside` that may stand before a keyword too, where no other words are behind it",
    "short": "ratings that may be short for `number`, with a full stop or a colon behind them",
    "everyday": "short names of institutions that are ordinary words too",
}
OF_ENTRY: Final[dict[str, str]] = {
    "set": "answers that the form takes for granted",
    "for": "kinds of institutions that the form can go to, each with the answers that follow",
    "save": "answers that take columns of the institution, beside `institution`, its code",
    "about": "words which show that the keyword is meant, in a short sentence behind it; of a form, words that may "
    "stand before the institution",
    "beside": "words that may stand beside this keyword, like those of the whole section",
}
OF_FORMS: Final = ("set", "for", "save")
INSTITUTION: Final = "institution"
MESSAGE: Final = "message"
"""The answers that an SMS gives to a form."""
SHORTEST, LONGEST = 2, 12
"""Letters of a keyword."""


class Entry(NamedTuple):
    """One action with its words."""

    action: str
    """A name of `ACTIONS`, `form` or `language`; of a rating `rate`."""
    value: str
    """The form, the language, the rating; else empty."""
    words: Mapping[str, tuple[str, ...]]
    """By language, as they stand in the file."""
    set: Answers
    kinds: Mapping[str, Answers]
    save: Mapping[str, str]
    """Answer to the column of the institution."""
    about: frozenset[str]
    """Folded."""
    beside: frozenset[str]
    """Folded."""
    place: Place

    @property
    def name(self) -> str:
        """As it stands in the file."""
        return f"{self.action} {self.value}".strip()

    @property
    def spelt(self) -> frozenset[str]:
        """Its words of all languages, folded."""
        return frozenset(fold(word) for words in self.words.values() for word in words)


class Keywords(NamedTuple):
    """The section of one service."""

    entries: tuple[Entry, ...]
    drop: frozenset[str]
    """Folded."""
    beside: frozenset[str]
    """Folded."""
    please: frozenset[str]
    """Folded."""
    short: frozenset[str]
    """Folded."""
    everyday: frozenset[str]
    """Folded."""
    place: Place


def read_keywords(reader: Reader, node: Node) -> Keywords:
    """The section as it stands; what has the wrong shape becomes a fault of the reader."""
    lists: dict[str, frozenset[str]] = dict.fromkeys(WORD_LISTS, frozenset())
    entries = []
    for name, block in reader.mapping(node, "keywords").items():
        if name in WORD_LISTS:
            lists[name] = _folded(reader, block, f"keywords: {name}")
        elif entry := _entry(reader, name, block):
            entries.append(entry)
    return Keywords(tuple(entries), **lists, place=reader.place(node))


def _entry(reader: Reader, name: str, node: Node) -> Entry | None:
    where = f'keywords: "{name}"'
    action, _, value = name.partition(" ")
    if name not in ACTIONS and not (action in TAKING and value):
        known = [*ACTIONS, *(f"{verb} {value or 'NAME'}" for verb in TAKING), *WORD_LISTS]
        reader.fault(node, f"{where} is nothing that an SMS can ask for{did_you_mean(name, known)}", "keywords")
        return None
    found = reader.mapping(node, where)
    words = {key: _words(reader, value, f"{where}: {key}") for key, value in found.items() if key not in OF_ENTRY}
    for key in OF_FORMS:
        if key in found and action != "form":
            reader.fault(found[key], f'{where}: only a form has "{key}"', "keywords")
    sets: Answers = dict(reader.texts(found["set"], f"{where}: set")) if "set" in found else {}
    kinds = reader.mapping(found["for"], f"{where}: for") if "for" in found else {}
    return Entry(
        action,
        value,
        words,
        sets,
        {kind: dict(reader.texts(answers, f"{where}: for: {kind}")) for kind, answers in kinds.items()},
        {INSTITUTION: "code", **(reader.texts(found["save"], f"{where}: save") if "save" in found else {})},
        _folded(reader, found["about"], f"{where}: about") if "about" in found else frozenset(),
        _folded(reader, found["beside"], f"{where}: beside") if "beside" in found else frozenset(),
        reader.place(node),
    )


def _words(reader: Reader, node: Node, where: str) -> tuple[str, ...]:
    return tuple(filter(None, (reader.text(entry, where) for entry in reader.entries(node, where))))


def _folded(reader: Reader, node: Node, where: str) -> frozenset[str]:
    return frozenset(fold(word) for word in _words(reader, node, where))


def fold(word: str) -> str:
    """A word as it is compared: without case, accents, apostrophes."""
    return "".join(split(word))


def check_keywords(
    keywords: Keywords,
    languages: Sequence[str],
    forms: Collection[str],
    answers: Mapping[str, Sequence[str]],
    faults: list[Fault],
) -> None:
    """Add a fault for each keyword that means two things or nothing. `forms` are those of the service, `answers` the
    answers of the service with their values; empty where anything can be."""
    named = {entry.name for entry in keywords.entries}
    missing = [name for name in ACTIONS if name not in named]
    if missing:
        none = ", ".join(f"{language}: []" for language in languages)
        message = f"keywords: nothing for {some(missing)}: give their words, or none ({missing[0]}: {{{none}}})"
        faults.append(Fault(*keywords.place, message, "keywords"))
    rated = {word for entry in keywords.entries if entry.action == "rate" for word in entry.spelt}
    for word in sorted(keywords.short - rated):
        faults.append(Fault(*keywords.place, f'keywords: short: "{word.upper()}" is no rating', "keywords"))
    for entry in keywords.entries:
        faults += (Fault(*entry.place, words, "keywords") for words in _faults(entry, languages, forms, answers))
    faults += _clashes(keywords)


def _faults(
    entry: Entry, languages: Sequence[str], forms: Collection[str], answers: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    where = f'keywords: "{entry.name}"'
    known = {"form": forms, "language": languages}.get(entry.action)
    if known is not None and entry.value not in known:
        yield f'{where}: {entry.action} "{entry.value}" does not exist{did_you_mean(entry.value, known)}'
    for language in entry.words:
        if language not in languages:
            hint = did_you_mean(language, [*languages, *OF_ENTRY])
            yield f'{where}: "{language}" is no language of the service{hint}'
    for language in languages:
        if language not in entry.words:
            yield f'{where} has no words in "{language}": give them, or write {language}: [] where none are meant'
    for word in (word for words in entry.words.values() for word in words):
        if not re.fullmatch(r"[^\W\d_]+", word) or not SHORTEST <= len(fold(word)) <= LONGEST:
            yield f'{where}: "{word}" is no keyword: {SHORTEST} to {LONGEST} letters, without digits and blanks'
    for name, column in entry.save.items() if entry.action == "form" else ():
        if name not in answers:
            yield f'{where}: answer "{name}" does not exist{did_you_mean(name, answers)}'
        if column not in columns_of("institution"):
            yield f'{where}: save: an institution has no "{column}"{did_you_mean(column, columns_of("institution"))}'
    for given in (entry.set, *entry.kinds.values()):
        for name, value in given.items():
            if name not in answers:
                yield f'{where}: answer "{name}" does not exist{did_you_mean(name, answers)}'
            elif answers[name] and value not in answers[name]:
                yield f'{where}: {name}: value "{value}" does not exist{did_you_mean(value or "", answers[name])}'


def _clashes(keywords: Keywords) -> Iterator[Fault]:
    """A fault for each word that stands twice, in whatever language and action."""
    first: dict[str, Entry] = {}
    for entry in keywords.entries:
        for word in (fold(word) for words in entry.words.values() for word in words):
            if word not in first:
                first[word] = entry
                continue
            place = first[word].place
            message = (
                f'keywords: "{word.upper()}" of "{entry.name}" stands for "{first[word].name}" already '
                f"({place.file}:{place.line}): leave it to one of them"
            )
            yield Fault(*entry.place, message, "keywords")
