"""How many cases stand where: counted as they change, told by institution, region, kind, type and level.

A figure under 5 is hidden, for it may point at somebody, and others with it where it could be worked out from all that
the same officer is shown (`feedback.hiding`): in whatever order she asks, the tables hold the same figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Final, Literal, NamedTuple, get_args

from sqlalchemy import Connection, RowMapping, select
from sqlalchemy.dialects import postgresql, sqlite

from ussd_engine.feedback.access import Officer, seen
from ussd_engine.feedback.case import CoreCase
from ussd_engine.feedback.hiding import LEAST, Part, hidden, told
from ussd_engine.feedback.offices import Offices
from ussd_engine.feedback.tables import core_figures
from ussd_engine.ledger.database import inserting

__all__ = ["BY", "COLUMNS", "LEAST", "By", "Cell", "Figures", "cell_of", "count", "figures", "moved"]

COLUMNS: Final = ("open", "in_progress", "completed", "overdue")
By = Literal["all", "institution", "region", "kind", "type", "level"]
BY: Final[tuple[By, ...]] = get_args(By)
_KEYS = [column.name for column in core_figures.primary_key]

Cell = tuple[str, str, str, str, str, bool]


class Figures(NamedTuple):
    """One line of the statistics; `None` where a figure is hidden."""

    name: str
    open: int | None
    in_progress: int | None
    completed: int | None
    overdue: int | None


def cell_of(case: CoreCase) -> Cell:
    """Where a case is counted."""
    return (case.service, case.institution, case.type, case.level, case.bucket, case.overdue)


def count(conn: Connection, changes: Mapping[Cell, int]) -> None:
    """Add to the figures. In one order for every process, or two of them would wait for each other."""
    rows = [
        {**dict(zip(_KEYS, cell, strict=True)), "count": changes[cell]} for cell in sorted(changes) if changes[cell]
    ]
    if rows:
        conn.execute(_counting(conn.dialect.name), rows)


@cache
def _counting(dialect: str) -> postgresql.Insert | sqlite.Insert:
    """The statement, built once: building one costs as much as carrying it out."""
    statement = inserting(dialect, core_figures)
    more = {"count": core_figures.c.count + statement.excluded.count}
    return statement.on_conflict_do_update(index_elements=_KEYS, set_=more)


def moved(before: CoreCase, after: CoreCase) -> Counter[Cell]:
    """What a change of a case does to the figures."""
    changes = Counter({cell_of(after): 1})
    changes.subtract([cell_of(before)])
    return changes


def figures(conn: Connection, officer: Officer, offices: Offices, by: By) -> list[Figures]:
    """The figures of the offices that an officer sees, by name."""
    query = select(core_figures).where(core_figures.c.count > 0)
    allowed = seen(officer, offices)
    if allowed is not None:
        query = query.where(core_figures.c.institution.in_(sorted(allowed)))
    counted = [(_place(row._mapping, offices), row._mapping) for row in conn.execute(query)]
    lines: dict[str, dict[str, int | None]] = {}
    for column in COLUMNS:
        found = told(Part(place, row["count"] if _counts(row, column) else 0) for place, row in counted)
        away = hidden(found)
        for figure in found:
            if figure.table == by:
                lines.setdefault(figure.name, {})[column] = None if figure in away else figure.value
    return [Figures(name, **lines[name]) for name in sorted(lines)]


def _counts(row: RowMapping, column: str) -> bool:
    if column == "overdue":  # a case keeps the mark of an answer that came late
        return bool(row["overdue"]) and row["bucket"] != "completed"
    return bool(row["bucket"] == column)


def _place(row: RowMapping, offices: Offices) -> tuple[str, ...]:
    """By what cases are told, in the order of `hiding.TABLES`. A code stands for one office, whatever the service."""
    office = offices.codes.get(row["institution"])
    region, kind = (office.region, office.kind) if office else ("", "")
    return (region or "-", row["institution"], kind or "-", row["type"], row["level"], "all")
