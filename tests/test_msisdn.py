import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_engine import msisdn
from ussd_engine.msisdn import Numbers

HERE = Numbers(calling_code="255", trunk="0", prefixes=("6", "7"), length=9)
ELSEWHERE = Numbers(calling_code="999", trunk="8", prefixes=("5",), length=6)


@pytest.mark.parametrize(
    "text",
    [
        "+255700000001",
        " 255700000001",
        "%2B255700000001",
        "%2b255700000001",
        "255700000001",
        "00255700000001",
        " 00255700000001",
        "0700000001",
        "0700 000 001",
        "+255 700-000-001",
        "(0700) 000.001",
        "255\u00a0700\u2011000\u2011001",
        " 0700000001 ",
    ],
)
def test_every_spelling_of_a_number_is_one_number(text: str) -> None:
    assert msisdn.parse(text, HERE) == "255700000001"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "+",
        "abc",
        "255",
        "700000001",
        "25570000000",
        "2557000000011",
        "0800000001",
        "+255800000001",
        "+2550700000001",
        "++255700000001",
        "٢٥٥٧٠٠٠٠٠٠٠١",
        "255700000001; DROP",
        "447400123456",
        "+441",
        "+999999999999",
        "0" * 500,
        "1" * 500,
    ],
)
def test_what_is_no_number_here_is_none(text: str) -> None:
    assert msisdn.parse(text, HERE) is None


@pytest.mark.parametrize("text", ["+447400123456", "00447400123456", "%2B44 7400 123456", " 447400123456"])
def test_a_roaming_caller_shows_a_plus_or_double_zero(text: str) -> None:
    assert msisdn.parse(text, HERE) == "447400123456"


def test_the_rules_are_those_of_the_country_given() -> None:
    there = Numbers(calling_code="999", trunk="8", prefixes=("5",), length=6)
    assert msisdn.parse("8 512 345", there) == "999512345"
    assert msisdn.parse("+999512345", there) == "999512345"
    assert msisdn.parse("0700000001", there) is None
    assert msisdn.parse("+255700000001", there) == "255700000001"


@given(st.integers(600_000_000, 799_999_999))
def test_a_parsed_number_parses_to_itself(national: int) -> None:
    found = msisdn.parse(f"0{national}", HERE)
    assert found == f"255{national}"
    assert msisdn.parse(found, HERE) == found


@given(st.text())
def test_noise_is_a_number_of_digits_or_none(text: str) -> None:
    found = msisdn.parse(text, HERE)
    assert found is None or (found.isascii() and found.isdigit() and len(found) <= 15)


@pytest.mark.parametrize(
    ("number", "masked"),
    [("255700004321", "2557****4321"), ("9995123", "****"), ("", "****"), ("447400123456", "4474****3456")],
)
def test_a_mask_shows_the_ends_alone(number: str, masked: str) -> None:
    assert msisdn.mask(number) == masked


@pytest.mark.parametrize(
    ("numbers", "first", "last"),
    [
        (HERE, "255700000001", "255700000042"),
        (ELSEWHERE, "999500001", "999500042"),
        (Numbers(calling_code="1", trunk="1", prefixes=("2345678",), length=9), "1234567801", "1234567842"),
    ],
)
def test_a_specimen_is_a_number_of_its_country(numbers: Numbers, first: str, last: str) -> None:
    assert (numbers.specimen(), numbers.specimen(42)) == (first, last)
    assert msisdn.parse(f"+{last}", numbers) == last


@pytest.mark.parametrize(
    ("numbers", "number", "dialled", "written"),
    [
        (HERE, "255700000001", "0700000001", "0700 000 001"),
        (HERE, "254700000001", "+254700000001", "+254700 000 001"),
        (ELSEWHERE, "999500001", "8500001", "8500 001"),
    ],
)
def test_a_number_as_people_dial_and_write_it(numbers: Numbers, number: str, dialled: str, written: str) -> None:
    assert (numbers.dialled(number), numbers.written(number)) == (dialled, written)
    assert msisdn.parse(dialled, numbers) == msisdn.parse(written, numbers) == number
