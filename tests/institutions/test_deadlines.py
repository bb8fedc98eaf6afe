from datetime import date
from pathlib import Path

import pytest

from ussd_engine.country import Country
from ussd_engine.deadlines import Deadlines
from ussd_engine.errors import MenuError
from ussd_engine.institutions import Institutions


@pytest.fixture(scope="module")
def deadlines(shipped: Path, institutions: Institutions) -> Deadlines:
    return Deadlines.load(shipped / "deadlines.csv", institutions)


@pytest.mark.parametrize(
    ("code", "type", "days"),
    [
        ("NIDA", "complaint", 14),
        ("LGA-BAHI-DC", "question", 14),
        ("TANESCO", "complaint", 21),
        ("EWURA", "question", 21),
        ("DUWASA", "complaint", 21),
        ("NIDA", "opinion", None),
        ("DUWASA", "compliment", None),
    ],
)
def test_own_time_goes_before_the_kinds_and_everybodys(
    deadlines: Deadlines, institutions: Institutions, code: str, type: str, days: int | None
) -> None:
    row = institutions.get(code)
    assert row is not None
    assert deadlines.working_days(row, type) == days


def test_the_due_date_counts_working_days(deadlines: Deadlines, institutions: Institutions, tanzania: Country) -> None:
    nida, duwasa = institutions.get("NIDA"), institutions.get("DUWASA")
    assert nida is not None
    assert duwasa is not None
    assert deadlines.due(nida, "complaint", date(2026, 11, 30), tanzania) == date(2026, 12, 21)
    assert deadlines.due(duwasa, "complaint", date(2026, 11, 30), tanzania) == date(2026, 12, 31)
    assert deadlines.due(nida, "opinion", date(2026, 11, 30), tanzania) is None


def test_no_answer_is_due_where_the_table_says_none_though_it_is_due_of_others(
    tmp_path: Path, institutions: Institutions, tanzania: Country
) -> None:
    path = tmp_path / "deadlines.csv"
    path.write_text("for,type,working_days\n*,question,14\nNIDA,question,none\n*,opinion,none\n")
    found = Deadlines.load(path, institutions)
    nida, duwasa = institutions.get("NIDA"), institutions.get("DUWASA")
    assert nida is not None
    assert duwasa is not None
    assert found.due(nida, "question", date(2026, 11, 30), tanzania) is None
    assert found.due(duwasa, "question", date(2026, 11, 30), tanzania) is not None
    assert found.due(duwasa, "opinion", date(2026, 11, 30), tanzania) is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("TANESKO,complaint,21", 'for: "TANESKO" is no code, no kind and not * (did you mean "TANESCO"?)'),
        ("*,complaint,0", 'working_days: "0" is not a number from 1 to 259, nor "none"'),
        ("*,complaint,", 'working_days: "" is not a number from 1 to 259, nor "none"'),
        ("*,complaint,260", 'working_days: "260" is not a number from 1 to 259, nor "none"'),
        ("*,,14", "type: is empty"),
        ("*,question,21", "* and question stand in an earlier line already"),
        ("*,complaint", "2 values stand under 3 columns; quote a value with a comma"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, institutions: Institutions, line: str, message: str) -> None:
    path = tmp_path / "deadlines.csv"
    path.write_text(f"for,type,working_days\n*,question,14\n{line}\n")
    with pytest.raises(MenuError) as refused:
        Deadlines.load(path, institutions)
    assert list(map(str, refused.value.faults)) == [f"{path}:3: {message}"]
