"""When an answer is due: working days by institution, kind and type of feedback, from a table operators replace."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final

from ussd_engine.country import Country
from ussd_engine.errors import MenuError, did_you_mean
from ussd_engine.institutions import Institution, Institutions
from ussd_engine.table import Table

_days = re.compile("[1-9][0-9]?|1[0-9][0-9]|2[0-5][0-9]").fullmatch


EVERYBODY: Final = "*"
NONE: Final = "none"
"""Stands for the working days of what nobody has to answer."""


class Deadlines:
    """Working days by (code, kind or `*`, type); `None` where no answer is due. `file` and `lines`, the first of each
    type, say where they stand."""

    def __init__(
        self, days: Mapping[tuple[str, str], int | None], file: str = "", lines: Mapping[str, int] | None = None
    ) -> None:
        self._days = days
        self.file = file
        self.lines = lines or {}
        self.everybodys = frozenset(type for whose, type in days if whose == EVERYBODY)
        """The types for which everybody has a time, or none."""

    @classmethod
    def load(cls, path: Path, institutions: Institutions) -> Deadlines:
        """Read a table with the columns `for` (code, kind or `*`), `type` and `working_days`
        (a number or `none`).

        `MenuError` names every fault with its line.
        """
        table = Table(path, ("for", "type", "working_days"))
        known = institutions.addressees | {EVERYBODY}
        days: dict[tuple[str, str], int | None] = {}
        lines: dict[str, int] = {}
        for number, cells in table.lines:
            whose, given = cells["for"], cells["working_days"]
            if whose not in known:
                table.fault(number, f'for: "{whose}" is no code, no kind and not *{did_you_mean(whose, known)}')
            if not cells["type"]:
                table.fault(number, "type: is empty")
            if (whose, cells["type"]) in days:
                table.fault(number, f"{whose} and {cells['type']} stand in an earlier line already")
            if given != NONE and not _days(given):
                table.fault(number, f'working_days: "{given}" is not a number from 1 to 259, nor "{NONE}"')
            days[whose, cells["type"]] = int(given) if _days(given) else None
            lines.setdefault(cells["type"], number)
        if table.faults:
            raise MenuError(table.faults)
        return cls(days, table.file, lines)

    def working_days(self, institution: Institution, type: str) -> int | None:
        """The institution's own time, else its kind's, else everybody's; `None` where no answer is due."""
        for whose in (institution.code, institution.kind, EVERYBODY):
            if (whose, type) in self._days:
                return self._days[whose, type]
        return None

    def due(self, institution: Institution, type: str, start: date, country: Country) -> date | None:
        """The day by which what is sent on `start` is to be answered; `None` where no answer is due."""
        days = self.working_days(institution, type)
        return None if days is None else country.working_days_after(start, days)
