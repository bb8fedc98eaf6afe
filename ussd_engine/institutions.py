"""The public institutions of a service: lists, proposals, desks and search.

All lists are made at load, in the order of the file: a request neither scans nor sorts.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

from ussd_engine.roster import Institution, Roster, Target, read
from ussd_engine.search import Index

__all__ = ["Institution", "Institutions"]

REMEMBERED = 4096
"""Searches whose rows are remembered."""

_Rows = tuple[Institution, ...]


class Institutions:
    """The rows of one service folder; nothing changes after load."""

    def __init__(self, roster: Roster) -> None:
        council = roster.kinds.get("council", frozenset())
        secretariat = roster.kinds.get("secretariat", frozenset())
        self.version = roster.version
        """A hash of the files: a list that was shown is the same list while this is the same."""
        self.topics = frozenset(roster.topics)
        self.addressees = frozenset(row.code for row in roster.rows) | {row.kind for row in roster.rows}
        """All codes and all kinds."""
        self._by_code = {row.code: row for row in roster.rows}
        self._of_kind = _grouped((row.kind, row) for row in roster.rows)
        self._children = _grouped((row.parent, row) for row in roster.rows if row.kind not in council | secretariat)
        self._parents = _grouped((row.kind, row) for row in roster.rows if row.code in self._children)
        self._councils = _grouped((row.region, row) for row in roster.rows if row.kind in council)
        self._secretariats = {row.region: row for row in roster.rows if row.kind in secretariat}
        self._regions = roster.regions
        self._proposals = _proposals(roster)
        self._desk = self._by_code[roster.desk]
        self._index = Index(roster)
        self._secret = os.urandom(16)
        self._found: dict[tuple[bytes, str, int], _Rows] = {}

    @classmethod
    def load(cls, folder: Path) -> Institutions:
        """Read `institutions.csv`, `roles.csv`, `topics.csv`, `aliases.csv` and `stopwords.csv` of a service folder.

        `MenuError` names every fault with file and line.
        """
        return cls(read(folder))

    def __len__(self) -> int:
        return len(self._by_code)

    def __iter__(self) -> Iterator[Institution]:
        return iter(self._by_code.values())

    def get(self, code: str) -> Institution | None:
        """The row of a code."""
        return self._by_code.get(code)

    def higher(self, code: str) -> str:
        """The code of the next higher level; empty at the top, and for a code that is none."""
        row = self.get(code)
        return row.parent if row else ""

    def of_kind(self, kind: str) -> _Rows:
        """All rows of a kind."""
        return self._of_kind.get(kind, ())

    def children(self, parent: str) -> _Rows:
        """The bodies right below a code. Regional secretariats and councils are not among them: they have own lists."""
        return self._children.get(parent, ())

    def parents(self, kind: str) -> _Rows:
        """The rows of a kind that have bodies below them."""
        return self._parents.get(kind, ())

    def regions(self) -> tuple[str, ...]:
        """The names of the regions."""
        return self._regions

    def councils(self, region: str) -> _Rows:
        """The councils of a region."""
        return self._councils.get(region, ())

    def secretariat(self, region: str) -> Institution | None:
        """The regional secretariat of a region."""
        return self._secretariats.get(region)

    def desk(self, region: str) -> Institution:
        """Who takes what has no better address: the region's secretariat, else the desk named in `roles.csv`."""
        return self._secretariats.get(region, self._desk)

    def propose(self, topic: str, region: str) -> Institution | None:
        """The institution for a topic in a region; `None` where the topic alone does not tell."""
        return self._proposals.get((topic, region)) or self._proposals.get((topic, ""))

    def search(self, text: str, locale: str, most: int = 5) -> _Rows:
        """The institutions that a citizen may mean by `text`, the best first.

        What was found is remembered, for one answer asks several times and many citizens ask the same; what was typed
        is not: only its hash, by a key that this process drew.
        """
        asked = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, key=self._secret).digest(), locale, most
        found = self._found.get(asked)
        if found is None:
            found = tuple(self._index.search(text, locale, most))
            if len(self._found) >= REMEMBERED:
                self._found.clear()
            self._found[asked] = found
        return found

    def words(self, text: str) -> list[str]:
        """The words of `text`, folded, without those that stand in many names."""
        return self._index.words(text)

    def named(self, text: str) -> _Rows:
        """The institutions of which `text` is the whole short name, full name or code."""
        return tuple(self._index.named(text))

    def titled(self, text: str) -> _Rows:
        """The institutions that `text` names with a part of their full name, as `halmashauri ya Bahi`."""
        return tuple(self._index.titled(text))

    def joins(self, word: str) -> bool:
        """Whether a folded word only joins others, as `ya`."""
        return self._index.joins(word)

    def meant(self, text: str) -> _Rows:
        """The institutions that `text` means, where it is everyday words and a region and nothing else."""
        return tuple(self._index.meant(text))


def _grouped(pairs: Iterable[tuple[str, Institution]]) -> dict[str, _Rows]:
    groups: dict[str, list[Institution]] = defaultdict(list)
    for key, row in pairs:
        groups[key].append(row)
    return {key: tuple(rows) for key, rows in groups.items()}


def _proposals(roster: Roster) -> dict[tuple[str, str], Institution]:
    """Topic and region to the first target that exists there; the first row of a role stands for it."""
    by_code = {row.code: row for row in roster.rows}
    of_role = {
        (role, row.region): row
        for role, kinds in roster.kinds.items()
        for row in reversed(roster.rows)
        if row.kind in kinds
    }

    def there(target: Target, region: str) -> Institution | None:
        return by_code.get(target.code) or of_role.get((target.role, region))

    found = {}
    for topic, targets in roster.topics.items():
        for region in ("", *roster.regions):
            row = next(filter(None, (there(target, region) for target in targets)), None)
            if row:
                found[topic, region] = row
    return found
