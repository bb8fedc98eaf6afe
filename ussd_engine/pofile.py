"""One service in one language: a gettext .po file, read as it stands, and what keeps it from saying every text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from gettext import c2py
from pathlib import Path

from babel.messages import catalog as po
from babel.messages.pofile import PoFileError, PoFileParser

from ussd_engine import __version__, gsm, texts
from ussd_engine.errors import Fault, MenuError
from ussd_engine.texts import Text

RULES = {
    "po file": "each language has a .po file for each service, which can be read and holds a text once",
    "translation missing": "each text is translated into each language",
    "translation fuzzy": "no translation waits for a person to look at it",
    "translation unused": "no translation is left of a text that the menu has no more",
    "translation plural": "a text with one count has a form for each plural of the language, any other text has one",
    "translation placeholders": "a translation has the placeholders of its text",
    "translation alphabet": "a translation stays within the GSM alphabet",
}
"""What `PoFile.faults` proves, by the rule's name in its faults."""

_UPDATE = "run `ussd-engine messages`"
_LINE = re.compile(r'\s*(#(?!~).*|(#~\s*)?([a-z_]+(\[\d+\])?\s+)?"([^"\\]|\\.)*"\s*)?')


class Entries(po.Catalog):
    """A .po file as Babel reads it, but a second entry for a text is noted and not merged into the first."""

    def __init__(self, locale: str) -> None:
        super().__init__(locale, project="ussd-engine", version=__version__, header_comment="#", fuzzy=False)
        self.msgid_bugs_address = self.last_translator = self.language_team = ""
        self.twice: list[po.Message] = []

    def __setitem__(self, id: po._MessageID, message: po.Message) -> None:
        if message.id and self.get(message.id, message.context):
            self.twice.append(message)
        else:
            super().__setitem__(id, message)


def read_po(path: Path, locale: str) -> Entries:
    """The entries of `path`, none where it does not exist. Raises `MenuError`."""
    entries = Entries(locale)
    if entries.locale is None:
        raise _unreadable(path, f'Babel knows no language "{locale}"')
    try:
        if path.exists():
            _parse(path, entries)
        _probe(c2py(entries.plural_expr))
    except PoFileError as error:
        raise _unreadable(path, f"cannot be read: {error}", error.lineno + 1) from None
    except (OSError, ValueError, ArithmeticError) as error:
        raise _unreadable(path, f"cannot be read: {error}") from None
    if str(entries.locale) != locale:
        raise _unreadable(path, f'its header says "Language: {entries.locale_identifier}", its folder {locale}')
    for message in entries.twice:
        raise _unreadable(path, f"{_named(message)} has two entries: remove one", message.lineno or 1)
    return entries


def _parse(path: Path, entries: Entries) -> None:
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines, 1):
        if not _LINE.fullmatch(line):  # Babel would take the first and the last letter for quotes
            raise _unreadable(path, "cannot be read: a text stands between two quotes", number)
    PoFileParser(entries, abort_invalid=True).parse(lines)


def _probe(plural: Callable[[int], int]) -> None:
    """Runs the plural rule once for the counts that come, so that no citizen is the first to run it."""
    for n in range(1000):
        plural(n)


def _unreadable(path: Path, message: str, line: int = 1) -> MenuError:
    return MenuError([Fault(str(path), line, message, "po file")])


def _named(entry: po.Message | Text) -> str:
    msgid = entry.msgid if isinstance(entry, Text) else _msgid(entry)
    return f'"{msgid.splitlines()[0]}" ({entry.context or "without context"})'


def _msgid(message: po.Message) -> str:
    return str(message.id if isinstance(message.id, str) else message.id[0])


def _forms(message: po.Message) -> tuple[str, ...]:
    string = message.string or ""
    return (string,) if isinstance(string, str) else tuple(string)


class PoFile:
    """The words of one service in one language."""

    def __init__(self, path: Path, locale: str) -> None:
        """Reads the file; raises `MenuError`. Without a file every text is shown in its own words."""
        entries = read_po(path, locale)
        self.path = path
        self._plural = c2py(entries.plural_expr)
        self.plurals = entries.num_plurals
        """How many plural forms the language has."""
        self._entries = {(message.context, _msgid(message)): message for message in entries if message.id}
        self._ready = {
            key: _forms(message) for key, message in self._entries.items() if all(_forms(message)) and not message.fuzzy
        }
        self._told: dict[tuple[str, str], tuple[str, ...]] = {}

    def plural(self, n: int) -> int:
        """Which of the forms of a text goes with the count `n`."""
        return min(int(self._plural(n)), self.plurals - 1)

    def forms(self, context: str, msgid: str) -> tuple[str, ...]:
        """The words for a text: one form for each plural of the language where the text has a count, else one.

        What is not translated, or only so that a person has to look at it, is shown in its own words.
        """
        key = (context, msgid)
        if key not in self._told:
            self._told[key] = self._found(*key)
        return self._told[key]

    def translated(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each text that is translated, with its forms."""
        return ((msgid, forms) for (_, msgid), forms in self._ready.items())

    def _found(self, context: str, msgid: str) -> tuple[str, ...]:
        found = self._ready.get((context, msgid), (msgid,))
        if texts.count_of(msgid) is None:
            return found[:1]
        return found if len(found) == self.plurals else found[:1] * self.plurals

    def faults(self, asked: Iterable[Text], own: bool) -> Iterator[Fault]:
        """What keeps the file from saying every text that is asked for. `own`: the menu is written in this language."""
        asked = list(asked)
        if not self.path.exists():
            if not own and asked:
                yield Fault(str(self.path), 0, f"does not exist: {_UPDATE}", "po file")
            return
        for text in asked:
            yield from self._faults_of(text, own)
        for key in self._entries.keys() - {text.key for text in asked}:
            yield self._fault(self._entries[key], f"stands in no menu any more: {_UPDATE}", "translation unused")

    def _faults_of(self, text: Text, own: bool) -> Iterator[Fault]:
        message = self._entries.get(text.key)
        if message is None:
            if not own:
                way_out = f"{_named(text)} of {text.file}:{text.line} has no entry: {_UPDATE}"
                yield Fault(str(self.path), 1, way_out, "translation missing")
        elif message.fuzzy:
            yield self._fault(message, 'is marked fuzzy: read it, mend it, remove "fuzzy"', "translation fuzzy")
        elif message.pluralizable != bool(texts.count_of(text.msgid)):
            yield self._fault(message, f"has the wrong number of forms: {_UPDATE}", "translation plural")
        elif not all(_forms(message)):
            if not own or any(_forms(message)):
                yield self._fault(message, "is not translated: fill in msgstr", "translation missing")
        else:
            yield from self._differing(message, text)
            yield from self._outside(message)

    def _differing(self, message: po.Message, text: Text) -> Iterator[Fault]:
        wanted = texts.tokens(text.msgid)
        for form in _forms(message):
            told = texts.tokens(form)
            if found := {*(told - wanted), *(wanted - told)}:
                differ = " ".join(sorted(found))
                yield self._fault(message, f"differs from its text in {differ}", "translation placeholders")

    def _outside(self, message: po.Message) -> Iterator[Fault]:
        for form in _forms(message):
            stranger = gsm.culprit(form)
            if stranger is not None:
                words = f"has {stranger!r} (U+{ord(stranger):04X}), which is outside the GSM alphabet"
                yield self._fault(message, words, "translation alphabet")

    def _fault(self, message: po.Message, words: str, rule: str) -> Fault:
        return Fault(str(self.path), message.lineno or 1, f"{_named(message)} {words}", rule)
