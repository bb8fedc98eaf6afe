"""Whoever lays all tables of an officer side by side works no hidden figure out: the tests try as one would."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.feedback.desks import House
from ussd_engine.feedback.access import officer_of
from ussd_engine.feedback.figures import BY, COLUMNS
from ussd_engine.feedback.hiding import LEAST, TABLES, Part, hidden, told

Name = tuple[str, str]
"""A table and a line of it."""
Sum = tuple[dict[Name, Fraction], Fraction]
"""Unknown figures with their factors, and what they come to."""
Tables = dict[Name, int | None]
"""What is shown; `None` where a figure is hidden."""
Where = Mapping[str, tuple[str, str]]
"""Region and kind of each institution, which are no secret."""


# who works them out


def sums(shown: Tables, where: Where) -> Iterator[Sum]:
    """All that the tables say of each other."""
    groups: dict[Name, list[Name]] = defaultdict(list)
    for table, row in shown:
        if table == "institution":
            region, kind = where[row]
            groups["region", region].append((table, row))
            groups["kind", kind].append((table, row))
    alls = {table: [one for one in shown if one[0] == table] for table in TABLES if table != "all"}
    pairs = [*groups.items(), *((("all", "all"), lines) for lines in alls.values() if lines)]
    for whole, lines in pairs:
        unknown: dict[Name, Fraction] = {}
        rest = Fraction(0)
        for name, factor in [(whole, 1), *((line, -1) for line in lines)]:
            if (value := shown[name]) is None:
                unknown[name] = Fraction(factor)
            else:
                rest -= factor * value
        yield unknown, rest


def reduced(rows: list[Sum]) -> list[Sum]:
    """The same equations, each unknown taken out of all others where that can be."""
    done: list[Sum] = []
    left = [row for row in rows if row[0]]
    while left:
        factors, rest = left.pop()
        pivot = min(factors)
        mine = {name: factor / factors[pivot] for name, factor in factors.items()}, rest / factors[pivot]
        left = [row for row in (_without(row, pivot, mine) for row in left) if row[0]]
        done = [_without(row, pivot, mine) for row in done] + [mine]
    return done


def _without(row: Sum, pivot: Name, other: Sum) -> Sum:
    factor = row[0].get(pivot)
    if factor is None:
        return row
    factors = dict(row[0])
    for name, one in other[0].items():
        factors[name] = factors.get(name, Fraction(0)) - factor * one
    return {name: one for name, one in factors.items() if one}, row[1] - factor * other[1]


def worked_out(shown: Tables, where: Where) -> set[Name]:
    """The hidden figures that are known all the same: nothing is below nought, and all adds up."""
    rows = [row for row in sums(shown, where) if row[0]]
    rows += reduced(rows)
    least = {name: Fraction(0) for name, value in shown.items() if value is None}
    most: dict[Name, Fraction] = {}
    changed = True
    while changed:
        changed = False
        for factors, rest in rows:
            for name, factor in factors.items():
                low, high = _bounds(name, factor, factors, rest, least, most)
                if low is not None and ceil(low) > least[name]:
                    least[name], changed = Fraction(ceil(low)), True
                if high is not None and floor(high) < most.get(name, high + 1):
                    most[name], changed = Fraction(floor(high)), True
    return {name for name in least if most.get(name) == least[name]}


def _bounds(
    name: Name,
    factor: Fraction,
    factors: dict[Name, Fraction],
    rest: Fraction,
    least: dict[Name, Fraction],
    most: dict[Name, Fraction],
) -> tuple[Fraction | None, Fraction | None]:
    """What one equation says of one unknown."""
    low: Fraction | None = rest / factor
    high: Fraction | None = rest / factor
    for other, one in factors.items():
        if other == name:
            continue
        share = -one / factor
        small, large = (least[other], most.get(other)) if share > 0 else (most.get(other), least[other])
        low = None if low is None or small is None else low + share * small
        high = None if high is None or large is None else high + share * large
    return low, high


def tables(parts: list[Part]) -> Tables:
    """What an officer is shown of one column."""
    figures = told(parts)
    away = hidden(figures)
    return {(one.table, one.name): None if one in away else one.value for one in figures}


# the tests

OFFICES = {f"I{number}": (f"R{number % 3}", f"K{number // 3}") for number in range(7)}


def part_of(office: str, cases: int, type: str = "complaint", level: str = "institution") -> Part:
    region, kind = OFFICES[office]
    return Part((region, office, kind, type, level, "all"), cases)


part = st.builds(
    part_of,
    st.sampled_from(sorted(OFFICES)),
    st.integers(0, 9),
    st.sampled_from(["complaint", "opinion", "question"]),
    st.sampled_from(["institution", "appeal"]),
)


def parts_of(**cases: int) -> list[Part]:
    return [part_of(office, count) for office, count in cases.items()]


@given(st.lists(part, max_size=12))
@example(parts_of(I0=3, I1=9, I2=9, I3=4, I4=8, I5=7))
@example(parts_of(I0=0, I3=0, I1=9))
@example(parts_of(I0=3))
@example([])
def test_nobody_works_a_hidden_figure_out_of_all_tables_of_one_officer(parts: list[Part]) -> None:
    shown = tables(parts)
    values = {(one.table, one.name): one.value for one in told(parts)}
    assert all(value is None or value == values[name] >= LEAST for name, value in shown.items())
    assert worked_out(shown, OFFICES) == set()


def test_the_person_of_this_test_finds_what_each_table_by_itself_would_give_away() -> None:
    """Two small offices in one region and of two kinds: hidden by institution, and found by kind."""
    parts = parts_of(I0=3, I3=4, I1=9, I4=8)
    values: Tables = {(one.table, one.name): one.value for one in told(parts)}
    naive = {name: None if value is not None and value < LEAST else value for name, value in values.items()}
    assert worked_out(naive, OFFICES) == {("institution", "I0"), ("institution", "I3")}
    noughts = parts_of(I1=0, I4=0, I0=9)
    bare = {(one.table, one.name): None if one.value < LEAST else one.value for one in told(noughts)}
    assert ("institution", "I1") in worked_out(bare, OFFICES), "nor is it told that there is none"


def test_no_more_is_hidden_than_it_takes() -> None:
    assert None not in tables(parts_of(I0=5, I1=6, I4=7)).values()
    shown = tables(parts_of(I0=3, I1=9, I3=4, I4=8, I6=6, I2=20, I5=20))
    assert [name for name, value in shown.items() if value is None] == [
        ("institution", "I0"),
        ("institution", "I1"),
        ("institution", "I3"),
        ("institution", "I4"),
    ]


def test_what_is_hidden_does_not_depend_on_the_order_in_which_cases_are_counted() -> None:
    parts = parts_of(I0=3, I1=9, I3=9, I4=9, I2=9, I5=9)
    assert tables(parts) == tables(parts[::-1])


@pytest.mark.parametrize("who", ["national@UTUMISHI", "ministry@MAJI", "officer@DUWASA"])
async def test_nor_out_of_the_tables_of_the_built_in_core(house: House, who: str) -> None:
    for kind, count in (("complaint", 6), ("council", 3), ("minister", 4), ("compliment", 2)):
        for number in range(count):
            reference = await house.submit(kind)
            if number % 2 and kind != "compliment":
                await house.play("open", reference)
    officer = officer_of(who, house.offices)
    lines = {by: await house.desk.figures(officer, by) for by in BY}
    offices = {line.name: house.offices.codes[line.name] for line in lines["institution"]}
    where = {code: (office.region or "-", office.kind) for code, office in offices.items()}
    for column in COLUMNS:
        shown: Tables = {(by, line.name): getattr(line, column) for by in BY for line in lines[by]}
        assert None in shown.values()
        assert worked_out(shown, where) == set()
