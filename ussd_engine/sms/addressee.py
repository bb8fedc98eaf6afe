"""For whom an SMS is: the institution at its front, and the message behind it.

`split(data, text, locale)` gives an `Addressee`. It is `sure` where the front is nothing but the short name, the full
name or the code of one institution, a part of its full name that no other has (`halmashauri ya Bahi`), or everyday
words that together with each other or a region mean one (`bima ya afya`, `maji Dodoma`). A single everyday word
(`umeme`, `kodi`) may as well be what the message is about, so it only proposes, with what is joined to it (`hospitali
ya Bahi`); so does a name with a slip, one that several share, and one further on in the text, and a short name that is
an ordinary word (`must`, `taa`) unless it is typed in capitals and what stands behind it is not. What is not sure is
asked.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from rapidfuzz.distance import OSA

from ussd_engine.institutions import Institution, Institutions
from ussd_engine.words import split as words_of

MOST: Final = 3
"""Institutions that are proposed."""
_LONGEST: Final = 10
"""Words of a name that are looked at."""
_SLIPS_FROM: Final = 5
"""Letters of a short name in which a slip is looked for."""
_LOOKED_AT: Final = 40
"""Words of a text in which a name is looked for."""

_word = re.compile(r"\S+")
_between = " \t\n.,:;-–!?/"


class Addressee(NamedTuple):
    """What was read. `message`: the text behind the name; with the everyday words, which belong to the matter."""

    codes: tuple[str, ...]
    """Of the institutions that may be meant, the likeliest first, at most three; none where nothing is known."""
    sure: bool
    """There is one, and it is named."""
    message: str


def split(
    data: Institutions,
    text: str,
    locale: str,
    before: Collection[str] = (),
    kinds: Collection[str] = (),
    everyday: Collection[str] = (),
) -> Addressee:
    """The institution at the front of `text`. `before`: folded words that may stand before it; `kinds`: of which it
    must be, if any are given, and then a single word names it too; `everyday`: folded short names that are ordinary
    words."""
    spans = list(_word.finditer(text))
    first = _behind(spans, before)
    for start in dict.fromkeys([first, _behind(spans, before, data)]):
        title = [word for span in spans[:start] for word in words_of(span.group())]
        for length in range(min(_LONGEST, len(spans) - start), 0, -1):
            end = spans[start + length - 1].end()
            if length > 1 and data.joins("".join(words_of(spans[start + length - 1].group()))):
                continue  # `NIDA kwa …`: what joins is no end of a name, and would hide the name before it
            phrase = text[spans[start].start() : end]
            rows, topic = _named(data, phrase, kinds, title)
            topic = topic or ("".join(words_of(phrase)) in everyday and not _stands_out(spans, start))
            if rows:
                message = text[spans[start].start() if topic else end :].strip(_between)
                if len(rows) == 1 and (not topic or kinds or len(data.words(phrase)) > 1):
                    return Addressee((rows[0].code,), True, message)
                joined, named = _joined(data, spans[start:], locale), _named_on(data, spans[start:], kinds, everyday)
                more = [*joined, *rows, *named, *data.search(phrase, locale)]
                return Addressee(_codes([row for row in more if not kinds or row.kind in kinds]), False, message)
    told = any(not data.joins(word) for span in spans[first:start] for word in words_of(span.group()))
    found = list(_like(data, spans[start if told else first :], locale, kinds, everyday))
    return Addressee(_codes(found), False, text.strip())


def _behind(spans: Sequence[re.Match[str]], before: Collection[str], data: Institutions | None = None) -> int:
    """Where the name can begin: behind what may stand before it; with `data` also behind words of many names."""
    at = 0
    while at < min(len(spans), _LOOKED_AT):
        word = "".join(words_of(spans[at].group()))
        if word and word not in before and (data is None or data.words(word)):
            break
        at += 1
    return at


def _joined(data: Institutions, spans: Sequence[re.Match[str]], locale: str) -> list[Institution]:
    """What may be meant by the first word with those that are joined to it, as in `hospitali ya wilaya ya Bahi`; none
    where it stands alone."""
    words = ["".join(words_of(span.group())) for span in spans[:_LONGEST]]
    end = 1
    while end + 1 < len(words) and data.joins(words[end]):
        end += 2
    if end == 1:
        return []
    return [*data.titled(" ".join(words[2:end])), *data.search(" ".join(words[:end]), locale)]


def _named(
    data: Institutions, phrase: str, kinds: Collection[str], title: Sequence[str]
) -> tuple[list[Institution], bool]:
    """The institutions that a whole phrase names, and whether its words may be the matter too. `title`: the words
    before it, which may say what it is, as `wizara ya`."""
    names, part = data.named(phrase), data.titled(phrase)
    if not names and len(part) == 1 and (not kinds or part[0].kind in kinds):
        return list(part), False
    meant = data.meant(phrase)
    rows = list({row.code: row for row in (*names, *meant) if not kinds or row.kind in kinds}.values())
    titled = [row for row in names if row in rows and any(words_of(name)[0] in title for name in row.names.values())]
    if len(titled) == 1:
        return titled, False
    return rows, not names or _everyday(phrase, names[0])


def _everyday(phrase: str, row: Institution) -> bool:
    """Whether a short name is an ordinary word: one that the full name is made of (`Afya`, `Works`)."""
    words = words_of(phrase)
    return len(words) == 1 and any(words[0] in words_of(name) for name in row.names.values())


def _stands_out(spans: Sequence[re.Match[str]], at: int) -> bool:
    """Whether a word is typed in capitals, and the one behind it is not."""
    behind = next((span.group() for span in spans[at + 1 :] if any(map(str.isalpha, span.group()))), "")
    return spans[at].group().isupper() and behind != "" and not behind.isupper()


def _like(
    data: Institutions,
    spans: Sequence[re.Match[str]],
    locale: str,
    kinds: Collection[str],
    everyday: Collection[str],
) -> Iterator[Institution]:
    """What may be meant where the front names nothing: part of a short name, one with a slip, a name further on."""
    if not spans:
        return
    first = "".join(words_of(spans[0].group()))
    for row in data.search(spans[0].group(), locale):
        if (not kinds or row.kind in kinds) and any(_near(first, short) for short in row.shorts.values()):
            yield row
    yield from _named_on(data, spans, kinds, everyday)


def _named_on(
    data: Institutions, spans: Sequence[re.Match[str]], kinds: Collection[str], everyday: Collection[str]
) -> Iterator[Institution]:
    """What is named further on."""
    for at in range(1, min(len(spans), _LOOKED_AT)):
        word = spans[at].group()
        if "".join(words_of(word)) in everyday and not _stands_out(spans, at):
            continue
        for row in data.named(word):
            if (not kinds or row.kind in kinds) and not _everyday(word, row):
                yield row


def _near(word: str, short: str) -> bool:
    """Whether a word is one of a short name, or the whole of it but for a slip."""
    words = words_of(short)
    return word in words or (len(word) >= _SLIPS_FROM and OSA.distance(word, "".join(words), score_cutoff=1) == 1)


def _codes(rows: Sequence[Institution]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row.code for row in rows))[:MOST]


def answers_of(row: Institution, save: Mapping[str, str], locale: str = "") -> dict[str, str]:
    """The answers that an institution gives to a form, by the columns of `save`; none where a column is empty."""
    columns = {"code": row.code, "name": row.name(locale), "region": row.region}
    return {answer: columns[column] for answer, column in save.items() if columns.get(column)}
