"""How many cases stand where: counted as they change, told by institution, region, kind, type and level.

A cell under 5 is hidden, for it may point at somebody; where one cell alone of a column would be hidden, the next
smallest is hidden with it, or a total would give it away.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, get_args

from sqlalchemy import Connection, RowMapping, select

from ussd_engine.feedback.access import Officer, seen
from ussd_engine.feedback.case import CoreCase
from ussd_engine.feedback.offices import Offices
from ussd_engine.feedback.tables import core_figures
from ussd_engine.ledger.database import inserting

LEAST: Final = 5
"""A smaller figure is hidden."""
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
        statement = inserting(conn.dialect.name, core_figures)
        more = {"count": core_figures.c.count + statement.excluded.count}
        conn.execute(statement.on_conflict_do_update(index_elements=_KEYS, set_=more), rows)


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
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for row in conn.execute(query):
        cell = row._mapping
        line = counted[_name(cell, offices, by)]
        line[cell["bucket"]] += cell["count"]
        line["overdue"] += cell["count"] if cell["overdue"] else 0
    return _hidden({name: counted[name] for name in sorted(counted)})


def _name(row: RowMapping, offices: Offices, by: By) -> str:
    if by == "all":
        return "all"
    if by in ("region", "kind"):
        found = offices.get(row["service"], row["institution"])
        return (getattr(found, by) if found else "") or "-"
    return str(row[by])


def _hidden(counted: Mapping[str, Counter[str]]) -> list[Figures]:
    shown = {column: _visible({name: line[column] for name, line in counted.items()}) for column in COLUMNS}
    return [Figures(name, *(shown[column].get(name) for column in COLUMNS)) for name in counted]


def _visible(column: Mapping[str, int]) -> dict[str, int]:
    rising = sorted(column, key=lambda name: (column[name], name))
    small = [name for name in column if column[name] < LEAST]
    hidden = set(rising[:2]) if len(small) == 1 else set(small)
    return {name: value for name, value in column.items() if name not in hidden}
