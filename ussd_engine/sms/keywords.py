"""What an SMS says, by the keywords of a service: pure, and the same for whoever asks twice.

    ear = Ear(keywords, data, prefix)      # once for each edition, service and number that takes SMS
    heard = ear.hear("Tuma lalamiko TANESCO umeme umekatika siku tatu", "sw")

A `Heard` says what she asks for and how sure that is; `talk` decides what is done about it. The reply is in its
`locale`, else in hers. The first word counts, in any case and both languages; words of `drop` before it, and a prefix
for a number that several services share, are left out. A keyword that ordinary sentences begin with too (`Hali ya
hewa`, `No water`) is one only where it stands alone, has a reference behind it, or a short sentence behind it that says
so (`about`). A word that is nearly a keyword is one where what follows bears it out: a reference, an institution; or
alone, where it can do no harm.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, NamedTuple

import msgspec

from ussd_engine import gsm
from ussd_engine.institutions import Institution, Institutions
from ussd_engine.menu.keywords import MESSAGE, Entry, Keywords
from ussd_engine.model import Answers, Quiet
from ussd_engine.sms import addressee
from ussd_engine.sms.numbers import Number, like_a_reference, references
from ussd_engine.sms.spelling import Match, Nearness, Spelling, sound
from ussd_engine.words import split

PLAIN: Final = "plain"
"""No keyword: an answer to what is open, or nothing that we understand."""
CHOICE: Final = "choice"
"""Nothing but 1, 2 or 3."""
_SHORT: Final = 5
"""Words of a short sentence, behind its keyword."""
_NEAR: Final = 3
"""So many words may stand between a keyword and its reference."""
_LONG: Final = 5
"""Letters of a keyword that no other word is likely to be a slip of."""
_FORM_LONG: Final = 8
"""Letters from which on a slip is asked about, though no institution stands behind it."""
_TAKE_TEXT: Final = frozenset({"add", "read", "appeal", "leak"})
_HARMLESS: Final = frozenset({"status", "read", "add", "help", "language", "erase"})
"""What changes nothing, or only adds."""


class Heard(Quiet, frozen=True, kw_only=True):
    """What an SMS says."""

    action: str
    """A name of `menu.keywords.ACTIONS` (of a rating `rate`), `form`, `language`, `plain` or `choice`."""
    value: str = ""
    """The form, the language, the rating; of a choice its number."""
    sure: bool = True
    """Else it is never done before she has been asked."""
    reference: str = ""
    """Ours, its check digit right."""
    wrong: bool = False
    """Something stands there that should be a reference, and is none."""
    core_reference: str = ""
    """What may be the core's own reference, in capitals; one that no case of hers has is taken to have hyphens:
    `EMR-2026-48213`."""
    text: str = ""
    """What stands behind keyword and reference; of a form the message; without a keyword all of it."""
    whole: str = ""
    """All of it, but for the prefix."""
    locale: str = ""
    """The language of the keyword; empty where there is none."""
    institutions: tuple[str, ...] = ()
    """Of a form: the codes that may be meant, at most three, the likeliest first; one, where `named`. Of a text without
    a keyword: the one that it names, where it is nothing but a name."""
    named: bool = False
    """The institution is clear."""
    guessed: bool = False
    """There is no keyword; a reference makes it a `status`, if nothing is open that wants the text."""
    alone: bool = False
    """Nothing but a reference stands there."""
    polite: bool = False
    """It has no words but those that mean nothing here."""
    stopping: bool = False
    """A stop word stands in front of a sentence in which it may be meant: it is neither an answer nor a text."""
    entry: Entry | None = None
    """Of a form: what it takes for granted."""

    @property
    def numbered(self) -> bool:
        """Whether it says which case."""
        return bool(self.reference or self.core_reference)

    @property
    def stops(self) -> bool:
        """Whether it is a stop word and nothing else: she wants no SMS any more."""
        return self.action == "stop" and self.sure and not self.numbered

    @property
    def asks(self) -> bool:
        """Whether it asks for something by a keyword: a person does."""
        return bool(self.locale) and self.sure


class _Rest(NamedTuple):
    """What stands behind a keyword."""

    whole: str
    text: str
    """Without the reference, where one was found."""
    words: tuple[str, ...]
    """Folded, without those that mean nothing."""
    number: Number | None

    @property
    def known(self) -> bool:
        return self.number is not None and bool(self.number.ours or self.number.core)

    @property
    def wrong(self) -> bool:
        return self.number is not None and not self.known


class Ear:
    """Hears SMS for one service."""

    def __init__(self, keywords: Keywords, data: Institutions | None, prefix: str = "") -> None:
        """`prefix` is what stands before every keyword on a number that is shared."""
        self._beside = keywords.beside
        self._beside_of = {entry.name: entry.beside | entry.spelt for entry in keywords.entries}
        self._everyday = keywords.everyday
        self._please = keywords.please
        self._short = keywords.short
        self._drop = frozenset(map(sound, keywords.drop))
        self._data = data
        self._prefix = "".join(split(prefix))
        self._spelling = Spelling(keywords.entries)

    def hear(self, text: str, locale: str, cores: Collection[str] = ()) -> Heard:
        """What a text says. `locale` is her language, in which institutions are looked for; `cores` are the core's
        references of her cases."""
        whole = self._without_prefix(gsm.clean(text).strip())
        return msgspec.structs.replace(self._heard(whole, locale, cores), whole=whole)

    def addressee(self, text: str, locale: str, entry: Entry | None) -> addressee.Addressee:
        """The institution at the front of a text, of those to which the form of a keyword can go."""
        if self._data is None:
            return addressee.Addressee((), False, text)
        before, kinds = (self._beside | entry.about, entry.kinds) if entry else (self._beside, {})
        return addressee.split(self._data, text, locale, before, kinds, self._everyday)

    def _heard(self, text: str, locale: str, cores: Collection[str]) -> Heard:
        found = self._alone(text, cores)
        if found:
            return found
        first, behind = _first(text)
        while sound(first) in self._drop and self._spelling.exact(_first(behind)[0]):
            first, behind = _first(behind)
        if first in self._please and (asked := self._asked(behind, cores)):
            return asked
        match = self._spelling.find(first)
        if match is None:
            return self._plain(text, locale)
        rest = self._rest(behind, cores)
        found = self._form(match, rest, locale) if match.entry.action == "form" else self._action(match, rest)
        if found and found.action == "rate" and first in self._short and behind[:1] in _SHORTENED:
            return msgspec.structs.replace(found, sure=found.sure and not found.numbered)
        stopping = match.entry.action == "stop" and match.nearness is not Nearness.SLIP
        return found or msgspec.structs.replace(self._plain(text, locale), stopping=stopping)

    def _asked(self, text: str, cores: Collection[str]) -> Heard | None:
        """A keyword behind words with which one asks (`Tafadhali tuma`); `None` where more than a reference is behind
        it, for then it is a word of a sentence."""
        first, behind = _first(text)
        while first in self._beside and not self._spelling.exact(first):
            first, behind = _first(behind)
        match = self._spelling.find(first) if self._spelling.exact(first) else None
        rest = self._rest(behind, cores)
        words = set(rest.words) - self._beside_of[match.entry.name] if match else {text}
        if match is None or words:
            return None
        return self._form(match, rest, "") if match.entry.action == "form" else self._action(match, rest)

    def _without_prefix(self, text: str) -> str:
        first, behind = _first(text)
        return behind if self._prefix and first == self._prefix else text

    def _rest(self, text: str, cores: Collection[str]) -> _Rest:
        number = next(references(text, _NEAR, cores), None) or self._wrong(text)
        left = text
        if number:
            left = f"{text[: number.start].rstrip()} {text[number.end :].lstrip(_STRIPPED)}"
        return _Rest(text.strip(_STRIPPED), left.strip(_STRIPPED), self._meaning(left), number)

    def _wrong(self, text: str) -> Number | None:
        """Something right at the front that should be a reference."""
        found = like_a_reference(text)
        return None if found is None or self._meaning(text[: found.start]) else found

    def _meaning(self, text: str) -> tuple[str, ...]:
        return tuple(word for word in split(text) if word not in self._beside)

    # without a keyword

    def _alone(self, text: str, cores: Collection[str]) -> Heard | None:
        """Nothing but a number: a choice, or a reference."""
        words = self._meaning(text)
        if len(words) == 1 and re.fullmatch(r"0?[1-3]", words[0]):
            return Heard(action=CHOICE, value=str(int(words[0])), text=text)
        rest = self._rest(text, cores)
        return _heard("status", rest, text=text, guessed=True, alone=True) if rest.number and not rest.words else None

    def _plain(self, text: str, locale: str) -> Heard:
        number = next(references(text, len(text)), None)
        if number is None:
            named = self.addressee(text, locale, None)
            codes = named.codes if named.sure and not named.message else ()
            return Heard(action=PLAIN, text=text, institutions=codes, polite=not self._meaning(text))
        return Heard(action="status", reference=number.ours, core_reference=number.core, text=text, guessed=True)

    # by a keyword

    def _action(self, match: Match, rest: _Rest) -> Heard | None:
        """What a keyword asks for with what stands behind it; `None` where it is an ordinary word."""
        action, beside = match.entry.action, self._beside_of[match.entry.name]
        words = tuple(word for word in rest.words if word not in beside)
        rest = rest._replace(words=words)
        about = bool(match.entry.about.intersection(words)) and len(words) <= _SHORT and rest.number is None
        if not _meant(match, rest, about):
            return None
        if action == "read" and words and not about:
            action = "add"
        if action == "stop" and rest.number:
            action = "withdraw"
        if action == "send" and rest.number:
            action = "status"
        stopping = match.entry.action == "stop" and action == "withdraw"
        rated = action == "rate" and bool(words and rest.number)
        sure = not stopping and not rated and _certain(match, action, rest)
        return _heard(
            action,
            rest,
            value=match.entry.value if action == match.entry.action else "",
            sure=sure,
            text=rest.text if words else "",
            locale=match.locale,
        )

    def _form(self, match: Match, rest: _Rest, locale: str) -> Heard | None:
        """A form, with its institution at the front; with a reference alone the case of that is meant."""
        entry = match.entry
        if rest.number and not rest.words:
            return _heard("status", rest, locale=match.locale)
        found = self.addressee(rest.whole, locale or match.locale, entry)
        slipped = match.nearness is Nearness.SLIP
        if slipped and not found.codes and rest.words and match.length < _FORM_LONG:
            return None
        return Heard(
            action="form",
            value=entry.value,
            sure=not slipped or found.sure,
            text=found.message if rest.words else "",
            locale=match.locale,
            institutions=found.codes,
            named=found.sure,
            entry=entry,
        )


def answers(heard: Heard, row: Institution) -> Answers:
    """The answers with which a form begins: what its keyword takes for granted, the institution, the message."""
    entry = heard.entry
    if entry is None:
        return {}
    given = addressee.answers_of(row, entry.save)
    return {**entry.set, **entry.kinds.get(row.kind, {}), **given, MESSAGE: heard.text}


def _heard(
    action: str,
    rest: _Rest,
    *,
    value: str = "",
    sure: bool = True,
    text: str = "",
    locale: str = "",
    guessed: bool = False,
    alone: bool = False,
) -> Heard:
    return Heard(
        action=action,
        value=value,
        sure=sure,
        reference=rest.number.ours if rest.number else "",
        wrong=rest.wrong,
        core_reference=rest.number.core if rest.number else "",
        text=text,
        locale=locale,
        guessed=guessed,
        alone=alone,
    )


def _meant(match: Match, rest: _Rest, about: bool) -> bool:
    """Whether a word is a keyword here, and not the first one of an ordinary sentence."""
    if rest.known or not rest.words:
        return True
    if match.nearness is not Nearness.EXACT:
        return False
    return rest.wrong or about or match.entry.action in _TAKE_TEXT


def _certain(match: Match, action: str, rest: _Rest) -> bool:
    """Whether it may be done at once."""
    if match.nearness is Nearness.EXACT:
        return True
    if action == "withdraw":
        return False
    if match.nearness is Nearness.SOUNDS or match.length >= _LONG:
        return True
    return rest.known and action in _HARMLESS


# the words of a text

_STRIPPED: Final = " \t\n.,:;-\u2013!?/#"
_SHORTENED: Final = (".", ":")
"""Stands behind a word that is short for another one."""
_word = re.compile(r"\W*([^\W\d_]+(?:['\u2019`][^\W\d_]+)*)")


def _first(text: str) -> tuple[str, str]:
    """The first word, folded, and what stands behind it; no word where the text begins with a number."""
    found = _word.match(text)
    return ("".join(split(found[1])), text[found.end() :]) if found else ("", text)
