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
from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from ussd_engine import gsm, reference
from ussd_engine.institutions import Institution, Institutions
from ussd_engine.menu.keywords import MESSAGE, Entry, Keywords
from ussd_engine.model import Answers, Quiet
from ussd_engine.sms import addressee
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
    """What may be the core's own reference, in capitals, with hyphens: `EMR-2026-48213`."""
    text: str = ""
    """What stands behind keyword and reference; of a form the message; without a keyword all of it."""
    whole: str = ""
    """All of it, but for the prefix."""
    locale: str = ""
    """The language of the keyword; empty where there is none."""
    institutions: tuple[str, ...] = ()
    """Of a form: the codes that may be meant, at most three, the likeliest first; one, where `named`."""
    named: bool = False
    """The institution is clear."""
    guessed: bool = False
    """There is no keyword; a reference makes it a `status`, if nothing is open that wants the text."""
    alone: bool = False
    """Nothing but a reference stands there."""
    entry: Entry | None = None
    """Of a form: what it takes for granted."""

    @property
    def numbered(self) -> bool:
        """Whether it says which case."""
        return bool(self.reference or self.core_reference)


class _Number(NamedTuple):
    """A reference, and where it stands."""

    start: int
    end: int
    ours: str = ""
    core: str = ""


class _Rest(NamedTuple):
    """What stands behind a keyword."""

    whole: str
    text: str
    """Without the reference, where one was found."""
    words: tuple[str, ...]
    """Folded, without those that mean nothing."""
    number: _Number | None

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
        self._drop = frozenset(map(sound, keywords.drop))
        self._data = data
        self._prefix = "".join(split(prefix))
        self._spelling = Spelling(keywords.entries)

    def hear(self, text: str, locale: str) -> Heard:
        """What a text says. `locale` is her language, in which institutions are looked for."""
        whole = self._without_prefix(gsm.clean(text).strip())
        return msgspec.structs.replace(self._heard(whole, locale), whole=whole)

    def _heard(self, text: str, locale: str) -> Heard:
        found = self._alone(text)
        if found:
            return found
        first, behind = _first(text)
        while sound(first) in self._drop and self._spelling.exact(_first(behind)[0]):
            first, behind = _first(behind)
        match = self._spelling.find(first)
        if match:
            rest = self._rest(behind)
            found = self._form(match, rest, locale) if match.entry.action == "form" else self._action(match, rest)
        return found or self._plain(text)

    def _without_prefix(self, text: str) -> str:
        first, behind = _first(text)
        return behind if self._prefix and first == self._prefix else text

    def _rest(self, text: str) -> _Rest:
        number = next(_references(text, _NEAR), None) or self._wrong(text)
        left = text
        if number:
            left = f"{text[: number.start].rstrip()} {text[number.end :].lstrip(_STRIPPED)}"
        return _Rest(text.strip(_STRIPPED), left.strip(_STRIPPED), self._meaning(left), number)

    def _wrong(self, text: str) -> _Number | None:
        """Something right at the front that should be a reference."""
        found = _like_a_number.search(text)
        if found and not self._meaning(text[: found.start()]) and sum(map(str.isdigit, found.group())) >= _DIGITS:
            return _Number(*found.span())
        return None

    def _meaning(self, text: str) -> tuple[str, ...]:
        return tuple(word for word in split(text) if word not in self._beside)

    # without a keyword

    def _alone(self, text: str) -> Heard | None:
        """Nothing but a number: a choice, or a reference."""
        words = self._meaning(text)
        if len(words) == 1 and re.fullmatch(r"0?[1-3]", words[0]):
            return Heard(action=CHOICE, value=str(int(words[0])), text=text)
        rest = self._rest(text)
        return _heard("status", rest, text=text, guessed=True, alone=True) if rest.number and not rest.words else None

    @staticmethod
    def _plain(text: str) -> Heard:
        number = next(_references(text, len(text)), None)
        if number is None:
            return Heard(action=PLAIN, text=text)
        return Heard(action="status", reference=number.ours, core_reference=number.core, text=text, guessed=True)

    # by a keyword

    def _action(self, match: Match, rest: _Rest) -> Heard | None:
        """What a keyword asks for with what stands behind it; `None` where it is an ordinary word."""
        action, words = match.entry.action, rest.words
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
        sure = not stopping and _certain(match, action, rest)
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
        found = addressee.Addressee((), False, rest.whole)
        if self._data is not None:
            before = self._beside | entry.about
            found = addressee.split(self._data, rest.whole, locale or match.locale, before, entry.kinds)
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
_DIGITS: Final = 7
"""From which on a number should be a reference."""
_word = re.compile(r"\W*([^\W\d_]+(?:['\u2019`][^\W\d_]+)*)")
_like_a_number = re.compile(r"[0-9][0-9Oo \-]*[0-9]")
_ours = re.compile(r"(?<!\w)[1-9](?:[ \-\u00a0\u2010\u2011\u2013]{0,2}[0-9Oo]){8}(?!\w)")
_core = re.compile(r"(?<!\w)([A-Za-z]{2,8})[ \-/]?([0-9]{4})[ \-/]([0-9]{3,10})(?!\w)")


def _first(text: str) -> tuple[str, str]:
    """The first word, folded, and what stands behind it; no word where the text begins with a number."""
    found = _word.match(text)
    return ("".join(split(found[1])), text[found.end() :]) if found else ("", text)


def _references(text: str, near: int) -> Iterator[_Number]:
    """What can be a reference behind at most `near` words: ours first, then the core's."""
    for found in _overlapping(_ours, text):
        ours = reference.parse(re.sub(r"\s", "", found.group()))
        if ours and len(text[: found.start()].split()) <= near:
            yield _Number(*found.span(), ours=ours)
    for found in _core.finditer(text):
        if len(text[: found.start()].split()) <= near:
            yield _Number(*found.span(), core="-".join(found.groups()).upper())


def _overlapping(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Every match, from wherever it begins."""
    at = 0
    while found := pattern.search(text, at):
        yield found
        at = found.start() + 1
