"""Finding an institution by what a citizen types: short names, words of the names, everyday words, regions, slips.

What is looked at does not grow with the number of rows: words lead to at most `_POSTINGS` rows each, a query to at
most `CANDIDATES`, and only these are compared with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from rapidfuzz.fuzz import ratio

from ussd_engine.roster import Institution, Roster, Target
from ussd_engine.words import Vocabulary, split

CANDIDATES = 96
_WORDS = 6
_POSTINGS = 32
_SPELLINGS = 12
_PART = 2
"""Words that are a part of a name: one of them alone may be another's."""
_JOINING = 3
"""Letters of a stopword that only joins others (`ya`, `kwa`); a longer one says what a body is, as `ministry` would."""
_IN_ROLE = 3
"""So many rows of a role stand for it where a region has more: a place among the first five stays for other bodies."""

# What a row earns: everyday words before names, whole words before beginnings, beginnings before slips; but a slip in
# a short name goes before a beginning in a long one.
_EXACT = 100
_MEANT = 60
_WHOLE = 36
_BEGINNING = 20
_SLIP = 18
_OF_SHORT = 4
_OF_REGION = 5

_Spellings = Sequence[tuple[str, int]]


class _Phrase(msgspec.Struct, frozen=True):
    """Words of the query that belong together: an everyday word with what it means, or one word by itself."""

    words: Sequence[_Spellings]
    meant: Mapping[int, int] = {}
    """What the rows earn that it leads to."""
    kinds: frozenset[str] = frozenset()
    """The kinds whose rows it means, whichever the region."""
    place: bool = False
    """It only names the region."""


class _Query(msgspec.Struct, frozen=True):
    squashed: str
    phrases: Sequence[_Phrase]
    region: str


class Index:
    """The rows by their words. Made once; `search` changes nothing."""

    def __init__(self, roster: Roster) -> None:
        self._rows = roster.rows
        self._stopwords = roster.stopwords
        self._joining = frozenset(word for word in roster.stopwords if len(word) <= _JOINING)
        self._kinds = roster.kinds
        self._short_words = [self._words_of(row.shorts.values(), squashed=True) for row in roster.rows]
        self._name_words = [self._words_of(row.names.values()) for row in roster.rows]
        self._whole_names = [[frozenset(split(name)) for name in row.names.values()] for row in roster.rows]
        self._shorts = [_squashed(row.shorts) for row in roster.rows]
        self._names = [_squashed(row.names) for row in roster.rows]
        self._exact = _lists(
            (text, at) for texts in (self._shorts, self._names) for at, of in enumerate(texts) for text in of.values()
        )
        self._codes = _lists((_squash(row.code), at) for at, row in enumerate(roster.rows))
        self._postings = self._post()
        self._vocabulary = Vocabulary(word for word, _ in self._postings)
        self._at = {row.code: at for at, row in enumerate(roster.rows)}
        self._in_role = self._roles()
        self._places = self._implied_regions()
        self._regions = {tuple(self.words(region)): region for region in roster.regions}
        self._aliases: dict[tuple[str, ...], Sequence[Target]] = {}
        for typed, targets in roster.aliases.items():
            self._name(tuple(self.words(typed)), targets)
        self._everyday = Vocabulary(word for alias in self._aliases for word in alias)
        self._longest = max(map(len, [*self._aliases, *self._regions]), default=1)

    def search(self, text: str, locale: str, most: int) -> list[Institution]:
        """The best matches, best first; none where nothing in `text` is known."""
        query = self._read(text)
        scores = self._scores(query)
        likeness = {at: self._likeness(at, query, locale) for at in scores}
        ranked = sorted(scores, key=lambda at: (-scores[at], -likeness[at], at))
        return [self._rows[at] for at in ranked[:most]]

    def candidates(self, text: str) -> list[int]:
        """The rows, by position, that a search for `text` compares."""
        return list(self._gathered(self._read(text)))

    def named(self, text: str) -> list[Institution]:
        """The rows of which `text` is the short name, the full name in some language, or the code; nothing less."""
        found = dict.fromkeys([*self._exact.get(_squash(text), ()), *self._codes.get(_squash(text), ())])
        return [self._rows[at] for at in found]

    def meant(self, text: str) -> list[Institution]:
        """The rows that `text` means by everyday words and a region, each word of it; none where it has other words."""
        words = self.words(text)
        aliases, places = list(self._found(words, self._aliases)), list(self._found(words, self._regions))
        known = {at + step for at, length in (*aliases, *places) for step in range(length)}
        if not words or len(known) < len(words):
            return []
        region = self._regions[_part(words, *places[0])] if places else ""
        if not aliases:
            return [row for row in self._rows if row.region == region]
        targets = [target for one in aliases for target in self._aliases[_part(words, *one)]]
        found: dict[int, None] = {}
        for target in targets:
            at = [self._at[target.code]] if target.code else self._in_role.get((target.role, region), [])
            found.update(dict.fromkeys(at))
        local = [at for at in found if region and self._rows[at].region == region]
        return [self._rows[at] for at in local or found]

    def titled(self, text: str) -> list[Institution]:
        """The rows that `text` names with a part of their full name, as `halmashauri ya Bahi`: all its words are of it,
        but for words that join, and one is of the short name. None where one word stands alone, where a row has them
        all in its full name alone, or so many rows have each that not all of them are known here."""
        told = split(text)
        beside = set(told) - self._joining
        kept = [word for word in told if word not in self._stopwords]
        lists = [self._postings.get((word, None), []) for word in kept]
        fewest = min(lists, key=len, default=[])
        if not fewest or len(fewest) >= _POSTINGS or len(beside) < _PART:
            return []
        found = [at for at in fewest if any(name.issuperset(beside) for name in self._whole_names[at])]
        by_short = all(self._short_words[at].intersection(kept) for at in found)
        return [self._rows[at] for at in found] if by_short else []

    def joins(self, word: str) -> bool:
        """Whether a folded word only joins others."""
        return word in self._joining

    def words(self, text: str) -> list[str]:
        """The words of `text` that say something here."""
        return split(text, self._stopwords)

    # made at load

    def _words_of(self, texts: Iterable[str], squashed: bool = False) -> frozenset[str]:
        words = [self.words(text) for text in texts]
        joined = ["".join(parts) for parts in words if squashed]
        return frozenset([word for parts in words for word in parts] + joined)

    def _post(self) -> dict[tuple[str, str | None], list[int]]:
        """Word and region to rows, those first whose short name has it; under `None` those of all regions."""
        postings: dict[tuple[str, str | None], list[int]] = defaultdict(list)
        for words in (self._short_words, self._name_words):
            for at, row in enumerate(self._rows):
                for word in words[at]:
                    for region in (None, row.region):
                        posted = postings[word, region]
                        if len(posted) < _POSTINGS and at not in posted:
                            posted.append(at)
        return dict(postings)

    def _roles(self) -> dict[tuple[str, str], list[int]]:
        """Role and region to rows, those first that are named after the region."""
        named: dict[tuple[str, str], list[int]] = defaultdict(list)
        others: dict[tuple[str, str], list[int]] = defaultdict(list)
        for at, row in enumerate(self._rows):
            for role in (role for role, kinds in self._kinds.items() if row.kind in kinds):
                same = self._short_words[at].issuperset(self.words(row.region))
                (named if same else others)[role, row.region].append(at)
        return {key: (named[key] + others[key])[:_IN_ROLE] for key in [*named, *others]}

    def _implied_regions(self) -> dict[str, str]:
        """Words that only councils of one region have: who names a council names its region."""
        found: dict[str, set[str]] = defaultdict(set)
        for at, row in enumerate(self._rows):
            if row.kind in self._kinds.get("council", ()):
                for word in self._name_words[at]:
                    found[word].add(row.region)
        return {word: regions.pop() for word, regions in found.items() if len(regions) == 1}

    def _name(self, alias: tuple[str, ...], targets: Sequence[Target]) -> None:
        for target in targets:
            if target.region:
                self._regions[alias] = target.region
            else:
                self._aliases[alias] = [*self._aliases.get(alias, ()), target]

    # at a request

    def _read(self, text: str) -> _Query:
        words = self.words(text)[:_WORDS]
        places = [(at, length) for at, length in self._found(words, self._regions)]
        region = self._regions[_part(words, *places[0])] if places else ""
        named = {at + step for at, length in places for step in range(length)}
        near = region or next((self._places[word] for word in words if word in self._places), "")
        return _Query(_squash(text), list(self._phrases(words, named, region, near)), region)

    def _found(self, words: Sequence[str], known: Mapping[tuple[str, ...], object]) -> Iterator[tuple[int, int]]:
        """Start and length of the known phrases, the longest first from the left."""
        at = 0
        while at < len(words):
            lengths = range(min(self._longest, len(words) - at), 0, -1)
            length = next((length for length in lengths if _part(words, at, length) in known), 0)
            if length:
                yield at, length
            at += length or 1

    def _phrases(self, words: Sequence[str], named: set[int], region: str, near: str) -> Iterator[_Phrase]:
        everyday = [self._corrected(word) for word in words]
        free = set(range(len(words)))
        for at, length in self._found(everyday, self._aliases):
            free -= set(range(at, at + length))
            spelt = [self._spellings(word) for word in words[at : at + length]]
            yield self._meant(self._aliases[_part(everyday, at, length)], spelt, near)
        for at in sorted(free):
            known = at in named
            yield _Phrase([[(words[at], _WHOLE)] if known else self._spellings(words[at])], place=known)

    def _corrected(self, word: str) -> str:
        """The everyday word that a word unknown to us begins, or is one slip from."""
        if word in self._everyday or word in self._vocabulary or len(word) < 4:
            return word
        return next(iter([*self._everyday.starting(word, 1), *self._everyday.near(word, 1)]), word)

    def _meant(self, targets: Sequence[Target], spelt: Sequence[_Spellings], region: str) -> _Phrase:
        rows: dict[int, int] = {}
        kinds: frozenset[str] = frozenset()
        for rank, target in enumerate(targets):
            kinds |= self._kinds.get(target.role, frozenset())
            found = [self._at[target.code]] if target.code else self._in_role.get((target.role, region), [])
            for at in found:
                rows.setdefault(at, (_MEANT - rank) * len(spelt))
        return _Phrase(spelt, rows, kinds)

    def _spellings(self, word: str) -> _Spellings:
        """The words of our names that `word` may stand for, and what each earns."""
        known = word in self._vocabulary
        whole = [(word, _WHOLE)] if known else []
        longer = [(other, _BEGINNING) for other in self._vocabulary.starting(word, _SPELLINGS)]
        slips = [] if known else [(other, _SLIP) for other in self._vocabulary.near(word, _SPELLINGS)]
        return whole + longer + slips

    def _gathered(self, query: _Query) -> dict[int, None]:
        """Rows worth comparing: exact names, what is meant, then those of the rarest words."""
        found = dict.fromkeys(self._exact.get(query.squashed, ()))
        found.update(dict.fromkeys(at for phrase in query.phrases for at in phrase.meant))
        lists = [posted for phrase in query.phrases for posted in self._posted(phrase, query.region)]
        for posted in sorted(lists, key=len):
            found.update(dict.fromkeys(posted))
            if len(found) >= CANDIDATES:
                break
        return dict.fromkeys(list(found)[:CANDIDATES])

    def _posted(self, phrase: _Phrase, region: str) -> Iterator[Sequence[int]]:
        for spellings in phrase.words:
            for word, _ in spellings:
                for where in (region, "") if region else (None,):
                    yield self._postings.get((word, where), ())

    def _scores(self, query: _Query) -> dict[int, int]:
        earned = {at: self._earned(at, query) for at in self._gathered(query)}
        # Where a word beside the region is known, the region only filters: it finds nothing by itself.
        beside = any(other for _, other in earned.values())
        return {at: place + other for at, (place, other) in earned.items() if (other if beside else place)}

    def _earned(self, at: int, query: _Query) -> tuple[int, int]:
        """What a row earns by the region, and by everything else."""
        row = self._rows[at]
        named = sum(self._by_words(at, phrase) for phrase in query.phrases if phrase.place)
        others = [phrase for phrase in query.phrases if not phrase.place]
        by_words = [max(phrase.meant.get(at, 0), self._by_words(at, phrase)) for phrase in others]
        found = named + sum(by_words)
        # A whole kind is meant only where something else of the query speaks for the row.
        by_kind = [
            _MEANT * len(phrase.words) * (row.kind in phrase.kinds and found > own)
            for phrase, own in zip(others, by_words, strict=True)
        ]
        exact = _EXACT * (at in self._exact.get(query.squashed, ()))
        inside = _OF_REGION * (query.region != "" and row.region == query.region)
        return named + inside, exact + sum(map(max, by_words, by_kind))

    def _by_words(self, at: int, phrase: _Phrase) -> int:
        return sum(self._best(at, spellings) for spellings in phrase.words)

    def _best(self, at: int, spellings: _Spellings) -> int:
        """What the best spelling earns that the row has; they come best first."""
        for word, points in spellings:
            if word in self._short_words[at]:
                return points + _OF_SHORT
            if word in self._name_words[at]:
                return points
        return 0

    def _likeness(self, at: int, query: _Query, locale: str) -> float:
        texts = (self._shorts[at], self._names[at])
        return max(ratio(query.squashed, of.get(locale) or of[""]) for of in texts)


def _squashed(texts: Mapping[str, str]) -> dict[str, str]:
    return {locale: _squash(text) for locale, text in texts.items()}


def _squash(text: str) -> str:
    return "".join(split(text))


def _part(words: Sequence[str], at: int, length: int) -> tuple[str, ...]:
    return tuple(words[at : at + length])


def _lists(pairs: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for key, value in pairs:
        if value not in found[key]:
            found[key].append(value)
    return dict(found)
