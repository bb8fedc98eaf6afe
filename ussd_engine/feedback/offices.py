"""The institutions of every service as the built-in core sees them: who is above whom, who is below, what is due."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from difflib import get_close_matches
from functools import cached_property
from typing import Final

from ussd_engine.country import Country
from ussd_engine.deadlines import Deadlines
from ussd_engine.institutions import Institution, Institutions
from ussd_engine.menu.edition import Edition

NEAR: Final = 3
"""Codes that are proposed where one is misspelt."""


class Offices:
    """The institutions of the current menus. Without any, each office stands alone and nothing is due."""

    def __init__(
        self,
        data: Mapping[str, Institutions] | None = None,
        deadlines: Mapping[str, Deadlines] | None = None,
        country: Country | None = None,
    ) -> None:
        self._data = data or {}
        self._deadlines = deadlines or {}
        self._country = country
        self._below: dict[tuple[str, str], frozenset[str]] = {}

    @classmethod
    def of(cls, edition: Edition) -> Offices:
        """Those of an edition."""
        return cls(edition.data, edition.deadlines, edition.country)

    @classmethod
    def current(cls, edition: Callable[[], Edition]) -> Callable[[], Offices]:
        """Those of whatever edition is the current one."""
        made: list[tuple[Edition, Offices]] = []

        def current() -> Offices:
            now = edition()
            if not made or made[0][0] is not now:
                made[:] = [(now, cls.of(now))]
            return made[0][1]

        return current

    @cached_property
    def codes(self) -> Mapping[str, Institution]:
        """Every institution by its code; of two services the first that has it."""
        found: dict[str, Institution] = {}
        for data in self._data.values():
            for row in data:
                found.setdefault(row.code, row)
        return found

    def get(self, service: str, code: str) -> Institution | None:
        """The institution of a code in a service."""
        data = self._data.get(service)
        return data.get(code) if data else None

    def near(self, word: str) -> list[str]:
        """The codes that may be meant by a word that is none, the nearest first."""
        code = word.upper()
        found = [code] if code in self.codes else get_close_matches(code, self.codes, NEAR)
        if code not in found:
            found += [row.code for data in self._data.values() for row in data.search(word, "en", NEAR)]
        return list(dict.fromkeys(found))[:NEAR]

    def hint(self, word: str) -> str:
        """The same as words, with a leading space, or nothing."""
        quoted = [f'"{one}"' for one in self.near(word)]
        return f" (did you mean {' or '.join(quoted)}?)" if quoted else ""

    def higher(self, service: str, code: str) -> str:
        """The code of the next higher level; empty at the top."""
        data = self._data.get(service)
        return data.higher(code) if data else ""

    def desk(self, service: str) -> str:
        """The desk of last resort, which takes what has no better address; empty where a service names none."""
        data = self._data.get(service)
        return data.desk("").code if data else ""

    def last(self, service: str, hidden: Collection[str]) -> str:
        """The desk of last resort, or who stands above it where it must not see a case; empty where nobody is left."""
        at = self.desk(service)
        while at in hidden:
            at = self.higher(service, at)
        return at

    def takes_unaddressed(self, service: str, code: str, region: str) -> bool:
        """Whether an institution is the desk for what is sent from a region to nobody in particular."""
        data = self._data.get(service)
        return data is not None and data.desk(region).code == code

    def above(self, service: str, code: str) -> str:
        """Where a report about an office goes: its parent, else the desk of last resort; empty where there are none."""
        return self.higher(service, code) or self.desk(service)

    def is_national(self, code: str) -> bool:
        """Whether an office is a desk of last resort, or above one."""
        for service in self._data:
            at = self.desk(service)
            while at and at != code:
                at = self.higher(service, at)
            if at:
                return True
        return False

    def is_secretariat(self, code: str) -> bool:
        """Whether an office is that of a region."""
        row = self.codes.get(code)
        return row is not None and any(data.secretariat(row.region) == row for data in self._data.values())

    def is_council(self, code: str) -> bool:
        """Whether an office is a council, by which a district is named."""
        row = self.codes.get(code)
        return row is not None and any(row in data.councils(row.region) for data in self._data.values())

    def below(self, code: str, role: str) -> frozenset[str]:
        """The offices that a leader has below: a region its councils, others all whose parent it is."""
        if (code, role) not in self._below:
            row = self.codes.get(code)
            found: frozenset[str] = frozenset()
            if row is not None and role == "region":
                found = frozenset(one.code for data in self._data.values() for one in data.councils(row.region))
            elif row is not None and role in ("ministry", "national"):
                found = frozenset(one.code for one in self.codes.values() if one.parent == code)
            self._below[code, role] = found
        return self._below[code, role]

    def due(self, service: str, code: str, type: str, day: date) -> date | None:
        """The day by which an answer of an institution is due; `None` where none is."""
        row, deadlines = self.get(service, code), self._deadlines.get(service)
        if row is None or deadlines is None or self._country is None:
            return None
        return deadlines.due(row, type, day, self._country)

    def day(self, at_ms: int) -> date:
        """The country's day of a time in Unix milliseconds."""
        return self._country.today(at_ms) if self._country else datetime.fromtimestamp(at_ms / 1000, UTC).date()

    def hour(self, at_ms: int) -> str:
        """The country's hour and minute at that time."""
        return f"{datetime.fromtimestamp(at_ms / 1000, self._country.time_zone if self._country else UTC):%H:%M}"
