from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_engine.country import Country
from ussd_engine.errors import MenuError

HERE = Path(__file__).parent
SHIPPED = HERE.parent / "menus" / "countries" / "tanzania.yaml"
OTHER = HERE / "data" / "ruritania.yaml"


@pytest.fixture(scope="module")
def tanzania() -> Country:
    return Country.load(SHIPPED)


@pytest.fixture(scope="module")
def ruritania() -> Country:
    return Country.load(OTHER)


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def test_the_values_shown_to_citizens_stand_in_the_file(tanzania: Country) -> None:
    assert tanzania.settings == {"emergency": "112", "graft_no": "113", "site": "emrejesho.gov.go.tz", "sc": ""}


def test_the_day_begins_at_local_midnight(tanzania: Country) -> None:
    assert tanzania.today(ms(datetime(2026, 3, 1, 20, 59, 59, tzinfo=UTC))) == date(2026, 3, 1)
    assert tanzania.today(ms(datetime(2026, 3, 1, 21, 0, tzinfo=UTC))) == date(2026, 3, 2)
    assert tanzania.today(ms(datetime(2026, 7, 1, 21, 0, tzinfo=UTC))) == date(2026, 7, 2)


@pytest.mark.parametrize("year", range(2026, 2031))
def test_every_year_has_its_fixed_and_moving_holidays(tanzania: Country, year: int) -> None:
    fixed = [(1, 1), (1, 12), (4, 7), (4, 26), (5, 1), (7, 7), (8, 8), (10, 14), (12, 9), (12, 25), (12, 26)]
    assert tanzania.yearly == set(fixed)
    moving = sorted(day for day in tanzania.holidays if day.year == year)
    assert len(moving) == 6
    sunday = easter(year)
    assert {sunday - timedelta(days=2), sunday + timedelta(days=1)} <= set(moving)


def easter(year: int) -> date:
    """Easter Sunday by the anonymous Gregorian rule."""
    golden, century, rest = year % 19, *divmod(year, 100)
    leap, shift = divmod(century, 4)
    moon = (19 * golden + century - leap - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * shift + 2 * (rest // 4) - moon - rest % 4) % 7
    month, day = divmod(moon + week - 7 * ((golden + 11 * moon + 22 * week) // 451) + 114, 31)
    return date(year, month, day + 1)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        (date(2026, 3, 2), 0, date(2026, 3, 2)),
        (date(2026, 3, 2), 1, date(2026, 3, 3)),
        (date(2026, 3, 6), 1, date(2026, 3, 9)),
        (date(2026, 3, 7), 1, date(2026, 3, 9)),
        (date(2026, 4, 2), 1, date(2026, 4, 8)),
        (date(2026, 12, 24), 1, date(2026, 12, 28)),
        (date(2026, 3, 2), 14, date(2026, 3, 23)),
        (date(2026, 12, 31), 1, date(2027, 1, 4)),
    ],
)
def test_working_days_leave_out_weekends_and_holidays(tanzania: Country, start: date, days: int, due: date) -> None:
    assert tanzania.working_days_after(start, days) == due


@given(st.dates(date(2026, 1, 1), date(2029, 12, 31)), st.integers(1, 60))
def test_a_due_date_is_a_working_day_with_as_many_behind_it(start: date, days: int) -> None:
    country = Country.load(OTHER)
    due = country.working_days_after(start, days)
    between = [start + timedelta(days=n) for n in range(1, (due - start).days + 1)]
    assert country.is_working(due)
    assert sum(map(country.is_working, between)) == days


def test_numbers_are_read_by_the_countrys_plan(tanzania: Country, ruritania: Country) -> None:
    assert tanzania.msisdn("0700 000 001") == "255700000001"
    assert tanzania.msisdn("8512345") is None
    assert ruritania.msisdn("8512345") == "999512345"
    assert ruritania.msisdn("0700 000 001") is None


def test_the_national_part_of_a_number_has_no_calling_code(tanzania: Country) -> None:
    assert tanzania.national("255700000001") == "700000001"
    assert tanzania.national("447400123456") == "447400123456"
    assert tanzania.national("") == ""


def test_another_country_has_its_own_days(ruritania: Country) -> None:
    assert ruritania.today(ms(datetime(2026, 3, 1, 18, 20, tzinfo=UTC))) == date(2026, 3, 2)
    assert ruritania.is_working(date(2026, 12, 25)) is False  # a Friday
    assert ruritania.is_working(date(2026, 4, 26))
    assert ruritania.working_days_after(date(2026, 2, 1), 3) == date(2026, 2, 7)


def test_no_module_of_the_engine_knows_a_country() -> None:
    modules = (
        "gsm",
        "msisdn",
        "reference",
        "country",
        "table",
        "roster",
        "words",
        "search",
        "institutions",
        "deadlines",
    )
    words = (
        "tanzania",
        "dodoma",
        "dar es salaam",
        "africa/dar",
        "utumishi",
        "tanesco",
        "emrejesho",
        "ruwasa",
        "wizara",
    )
    for module in modules:
        source = (HERE.parent / "ussd_engine" / f"{module}.py").read_text().lower()
        assert not [word for word in words if word in source], module


LINES = OTHER.read_text().splitlines()

DAMAGE = [
    (1, "contry: RU", 'key "contry" is not known (did you mean "country"?)'),
    (1, "country: Ruritania", 'country: "Ruritania" cannot be used; write it as TZ'),
    (2, "time_zone: Asia/Atlantis", 'time_zone: "Asia/Atlantis" cannot be used; write it as Africa/Nairobi'),
    (2, "time_zone: ../../etc/passwd", 'time_zone: "../../etc/passwd" cannot be used; write it as Africa/Nairobi'),
    (
        3,
        "numbers: {calling_code: 999, trunk: 8, prefixes: [5], lenght: 6}",
        'key "lenght" is not known (did you mean "length"?)',
    ),
    (3, "numbers: {calling_code: 999, trunk: 8, prefixes: [5]}", 'key "length" is missing'),
    (
        3,
        "numbers: {calling_code: +999, trunk: 8, prefixes: [5], length: 6}",
        'calling_code: "+999" cannot be used; write it as 255',
    ),
    (3, "numbers: {calling_code: 999, trunk: 8, prefixes: [], length: 6}", "prefixes: a list is missing here, as [7]"),
    (
        3,
        "numbers: {calling_code: 999, trunk: 8, prefixes: [x], length: 6}",
        'prefixes: "x" cannot be used; write it as 7',
    ),
    (
        3,
        "numbers: {calling_code: 999, trunk: 8, prefixes: [5], length: six}",
        'length: "six" cannot be used; write it as 9',
    ),
    (3, "numbers: 999", "a mapping is missing here, lines of `name: value`"),
    (4, "weekend: [friday, funday]", 'weekend: "funday" cannot be used; write it as saturday'),
    (4, "weekend: friday", "weekend: a list is missing here, as [saturday]"),
    (5, "yearly: {30/02: Founding}", 'yearly: "30/02" cannot be used; write it as 26/04'),
    (5, "yearly: {02/02: Founding, 02/02: Again}", '"02/02" stands twice'),
    (6, "holidays: {2026-02-05: Coronation}", 'holidays: "2026-02-05" cannot be used; write it as 03/04/2026'),
    (6, "holidays: {29/02/2026: Coronation}", 'holidays: "29/02/2026" cannot be used; write it as 03/04/2026'),
    (7, "settings: {emergency: [1]}", "settings: emergency: one value is missing here"),
    (7, "settings: {site: \u201cx\u201d}", "settings: site: '\u201c' is outside GSM-7"),
    (7, "weekend: [monday]", '"weekend" stands twice'),
]


@pytest.mark.parametrize(("line", "text", "message"), DAMAGE)
def test_a_fault_is_named_with_its_line(tmp_path: Path, line: int, text: str, message: str) -> None:
    path = tmp_path / "country.yaml"
    path.write_text("\n".join([*LINES[: line - 1], text, *LINES[line:]]), "utf-8")
    with pytest.raises(MenuError) as refused:
        Country.load(path)
    assert f"{path}:{line}: {message}" in list(map(str, refused.value.faults))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"country: RU\nnumbers: a: b\n", ":2: is not YAML from here on"),
        (b"country: RU\n\x00", ":1: is not YAML from here on"),
        (b"country: \xff", ":1: is not UTF-8"),
        (b"", ":1: a mapping is missing here, lines of `name: value`"),
        (b"- a\n", ":1: a mapping is missing here, lines of `name: value`"),
    ],
)
def test_what_is_no_country_file_is_refused(tmp_path: Path, content: bytes, fault: str) -> None:
    path = tmp_path / "country.yaml"
    path.write_bytes(content)
    with pytest.raises(MenuError) as refused:
        Country.load(path)
    assert str(refused.value.faults[0]) == f"{path}{fault}"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MenuError, match=r"country\.yaml:1: cannot be read: No such file"):
        Country.load(tmp_path / "country.yaml")
