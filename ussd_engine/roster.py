"""The five files of a service that name its institutions and the words people use for them: read and checked."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

import msgspec

from ussd_engine import gsm
from ussd_engine.errors import MenuError, did_you_mean
from ussd_engine.table import Line, Table
from ussd_engine.words import split

SHORT_SEPTETS = 16
COMMON = 3
"""Rows from which on a kind is common."""


class Institution(msgspec.Struct, frozen=True):
    """One row. `names` and `shorts` are by locale; under the empty one stands what every other locale shows."""

    code: str
    kind: str
    names: Mapping[str, str]
    shorts: Mapping[str, str]
    region: str
    """Empty for a national body."""
    parent: str
    """The code of the next higher level; empty at the top."""

    def name(self, locale: str) -> str:
        """The full name."""
        return self.names.get(locale) or self.names[""]

    def short(self, locale: str) -> str:
        """What fits a phone: at most 16 septets."""
        return self.shorts.get(locale) or self.shorts[""]


class Target(msgspec.Struct, frozen=True):
    """What a topic or a typed word leads to; one of the three is set."""

    code: str = ""
    role: str = ""
    """The rows of a role in the region at hand."""
    region: str = ""


class Roster(msgspec.Struct, frozen=True, kw_only=True):
    """What the files hold, after all checks. Order is the order of the files."""

    rows: tuple[Institution, ...]
    regions: tuple[str, ...]
    kinds: Mapping[str, frozenset[str]]
    """The kinds of each role that is given by kinds: `council`, `secretariat`, and any that the other files use."""
    desk: str
    """The code of the institution that takes what has no better address."""
    topics: Mapping[str, tuple[Target, ...]]
    aliases: Mapping[str, tuple[Target, ...]]
    stopwords: frozenset[str]
    version: str
    """A hash of the files' contents."""


def read(folder: Path) -> Roster:
    """Read the files of a service folder; `MenuError` holds every fault of all five."""
    institutions = Table(folder / "institutions.csv", ("code", "kind", "short", "region", "parent"), _BY_LOCALE)
    roles = Table(folder / "roles.csv", ("role", "kind", "code"))
    topics = Table(folder / "topics.csv", ("topic", "role", "code"))
    aliases = Table(folder / "aliases.csv", ("typed", "code", "role", "region"))
    stopwords = Table(folder / "stopwords.csv", ("word",))
    tables = (institutions, roles, topics, aliases, stopwords)

    # Where this file cannot be read, each code in the other ones would seem wrong.
    rows = [] if institutions.faults else _institutions(institutions)
    if not rows:
        if not institutions.faults:
            institutions.fault(1, "holds no institution")
        raise MenuError(institutions.faults)
    _check_kinds(institutions)
    known = {row.code for row in rows}
    kinds, desk = _roles(roles, rows, known)
    dropped = frozenset(line.cells["word"] for line in stopwords.lines)
    _check_typed(aliases, dropped)
    for table in (roles, topics, aliases, stopwords):
        _check_rows(table)
    regions = _regions(rows, kinds.get("secretariat", frozenset()))
    _check_places(institutions, kinds.get("secretariat", frozenset()), regions)
    roster = Roster(
        rows=tuple(rows),
        regions=regions,
        kinds=kinds,
        desk=desk,
        topics=_targets(topics, "topic", known, kinds, regions, may_be_empty=True),
        aliases=_targets(aliases, "typed", known, kinds, regions),
        stopwords=dropped,
        version=hashlib.sha256(b"\0".join(table.raw for table in tables)).hexdigest()[:16],
    )
    faults = [fault for table in tables for fault in sorted(table.faults, key=lambda fault: fault.line)]
    if faults:
        raise MenuError(faults)
    return roster


_BY_LOCALE = "(name|short)_[a-z]{2,3}"
_code = re.compile("[A-Z0-9-]+").fullmatch
_kind = re.compile("[a-z][a-z_]*").fullmatch


def _institutions(table: Table) -> list[Institution]:
    if table.columns and not any(column.startswith("name_") for column in table.columns):
        table.fault(1, "a column of names is missing, as name_en")
        return []
    _check_unique(table)
    rows = []
    for line in table.lines:
        _check_cells(table, line)
        rows.append(_institution(line.cells))
    _check_parents(table, {row.code: row.parent for row in rows})
    return rows


def _institution(cells: Mapping[str, str]) -> Institution:
    names = {column[5:]: value for column, value in cells.items() if column.startswith("name_")}
    shorts = {column[6:]: value for column, value in cells.items() if column.startswith("short_") and value}
    return Institution(
        code=cells["code"],
        kind=cells["kind"],
        names={**names, "": next(iter(names.values()))},
        shorts={**shorts, "": cells["short"]},
        region=cells["region"],
        parent=cells["parent"],
    )


def _check_unique(table: Table) -> None:
    """No two rows share a code, a full name, or what one language shows for short."""
    for column in (name for name in table.columns if name not in ("kind", "region", "parent")):
        first: dict[str, int] = {}
        for number, cells in table.lines:
            value = cells[column] or (cells["short"] if column.startswith("short_") else "")
            if value and first.setdefault(value, number) != number:
                table.fault(number, f'{column}: "{value}" stands in line {first[value]} already')


def _check_kinds(table: Table) -> None:
    """A kind that stands once and looks like one that many have is a slip."""
    counts = Counter(cells["kind"] for _, cells in table.lines)
    common = [kind for kind, count in counts.items() if count >= COMMON]
    for number, cells in table.lines:
        if counts[cells["kind"]] == 1 and (meant := get_close_matches(cells["kind"], common, n=1, cutoff=0.85)):
            table.fault(number, f'kind: "{cells["kind"]}" stands here alone (did you mean "{meant[0]}"?)')


def _check_cells(table: Table, line: Line) -> None:
    number, cells = line
    if not _code(cells["code"]):
        table.fault(number, f'code: "{cells["code"]}" is not made of capital letters, digits and hyphens')
    if not _kind(cells["kind"]):
        table.fault(number, f'kind: "{cells["kind"]}" is not made of small letters and underscores')
    for column, value in cells.items():
        if not value and (column == "short" or column.startswith("name_")):
            table.fault(number, f"{column}: is empty")
        stranger = gsm.culprit(value)
        if stranger:
            table.fault(number, f"{column}: {stranger!r} is outside GSM-7")
        elif column.startswith("short") and not gsm.fits(value, SHORT_SEPTETS):
            septets = gsm.measure(value).units
            table.fault(number, f'{column}: "{value}" takes {septets} septets, {SHORT_SEPTETS} at most')


def _check_parents(table: Table, parents: Mapping[str, str]) -> None:
    sound: set[str] = {""}
    for number, cells in table.lines:
        parent = cells["parent"]
        if parent and parent not in parents:
            table.fault(number, f'parent: code "{parent}" is not known{did_you_mean(parent, parents)}')
        at, passed = _climbed(cells["code"], parents, sound)
        if at in sound:
            sound |= passed
        elif at == cells["code"]:
            table.fault(number, f'parent: "{parent}" leads back to {at}')


def _climbed(code: str, parents: Mapping[str, str], sound: Collection[str]) -> tuple[str, set[str]]:
    """Where the way up from `code` ends, at a sound code or one passed before, and the codes that it passed."""
    passed: set[str] = set()
    at = code
    while at not in sound and at not in passed:
        passed.add(at)
        at = parents.get(at, "")
    return at, passed


def _roles(table: Table, rows: Iterable[Institution], known: Collection[str]) -> tuple[dict[str, frozenset[str]], str]:
    existing = {row.kind for row in rows}
    kinds: dict[str, frozenset[str]] = {}
    desk = ""
    for number, cells in table.lines:
        role, kind, code = cells["role"], cells["kind"], cells["code"]
        if role == "desk":
            desk = code
            if kind or code not in known:
                table.fault(number, f'desk: code "{code}" is not known{did_you_mean(code, known)}')
        elif code or kind not in existing:
            table.fault(number, f'{role}: kind "{kind or code}" is not known{did_you_mean(kind, existing)}')
        else:
            kinds[role] = kinds.get(role, frozenset()) | {kind}
    if table.columns and not desk:
        table.fault(1, 'role "desk" is missing: the institution that takes what has no better address')
    return kinds, desk


def _regions(rows: Iterable[Institution], seats: Collection[str]) -> tuple[str, ...]:
    """Every region has a secretariat; where the country has none, the regions are those that occur."""
    named = dict.fromkeys(row.region for row in rows if row.region and (not seats or row.kind in seats))
    return tuple(named)


def _check_places(table: Table, seats: Collection[str], regions: Collection[str]) -> None:
    taken: dict[str, int] = {}
    for number, cells in table.lines:
        region = cells["region"]
        if region and region not in regions:
            table.fault(number, f'region: "{region}" is not known{did_you_mean(region, regions)}')
        if cells["kind"] in seats and taken.setdefault(region, number) != number:
            table.fault(number, f'region: "{region}" has its {cells["kind"]} in line {taken[region]} already')


def _check_rows(table: Table) -> None:
    """A row that stands twice does nothing: one of the two was meant to be another."""
    first: dict[tuple[str, ...], int] = {}
    for number, cells in table.lines:
        row = tuple(cells.values())
        if first.setdefault(row, number) != number:
            table.fault(number, f'"{",".join(row)}" stands in line {first[row]} already', "same row")


def _check_typed(table: Table, stopwords: Collection[str]) -> None:
    for number, cells in table.lines:
        if cells["typed"] and not split(cells["typed"], stopwords):
            table.fault(number, f'typed: "{cells["typed"]}" has no word that the search looks at')


def _targets(
    table: Table,
    key: str,
    codes: Collection[str],
    roles: Collection[str],
    regions: Collection[str],
    may_be_empty: bool = False,
) -> dict[str, tuple[Target, ...]]:
    known = {"code": codes, "role": roles, "region": regions}
    found: dict[str, tuple[Target, ...]] = {}
    for number, cells in table.lines:
        given = {column: cells[column] for column in known if cells.get(column)}
        if not cells[key]:
            table.fault(number, f"{key}: is empty")
        if len(given) > 1 or not (given or may_be_empty):
            table.fault(number, f'{key} "{cells[key]}": give one of {", ".join(_columns(cells, known))}')
        for column, value in given.items():
            if value not in known[column]:
                table.fault(number, f'{column}: "{value}" is not known{did_you_mean(value, known[column])}')
        found[cells[key]] = found.get(cells[key], ()) + ((Target(**given),) if len(given) == 1 else ())
    return found


def _columns(cells: Mapping[str, str], known: Iterable[str]) -> Iterator[str]:
    return (column for column in known if column in cells)
