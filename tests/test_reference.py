import pickle
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_engine import reference
from ussd_engine.reference import Pin, Secret, derive_pin

DIGITS = st.text(alphabet="0123456789", min_size=1, max_size=12)


@pytest.mark.parametrize(("digits", "check"), [("572", "4"), ("0", "0"), ("", "0"), ("43881234567", "9")])
def test_the_check_digit_is_damms(digits: str, check: str) -> None:
    assert reference.check_digit(digits) == check


@given(DIGITS, st.data())
def test_one_wrong_digit_is_found(digits: str, data: st.DataObject) -> None:
    whole = digits + reference.check_digit(digits)
    at = data.draw(st.integers(0, len(whole) - 1))
    wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != whole[at]]))
    assert reference.check_digit(whole) == "0"
    assert reference.check_digit(whole[:at] + wrong + whole[at + 1 :]) != "0"


@given(DIGITS, st.data())
def test_two_neighbours_that_changed_places_are_found(digits: str, data: st.DataObject) -> None:
    whole = digits + reference.check_digit(digits)
    at = data.draw(st.integers(0, len(whole) - 2))
    swapped = whole[:at] + whole[at + 1] + whole[at] + whole[at + 2 :]
    assert swapped == whole or reference.check_digit(swapped) != "0"


@pytest.mark.parametrize(("drawn", "digits"), [(0, "10000000"), (89_999_999, "99999999"), (38_217_365, "48217365")])
def test_a_reference_has_nine_digits_and_does_not_begin_with_zero(drawn: int, digits: str) -> None:
    whole = reference.draw(lambda below: drawn if below == 90_000_000 else -1)
    assert whole == digits + reference.check_digit(digits)
    assert reference.parse(whole) == whole


def test_references_are_drawn_at_random() -> None:
    source = random.Random(7)
    drawn = [reference.draw(source.randrange) for _ in range(200)]
    assert len(set(drawn)) == 200
    assert all(reference.parse(each) == each for each in drawn)
    assert {each[0] for each in drawn} == set("123456789")


def test_spaces_hyphens_and_the_letter_o_are_read_as_meant() -> None:
    whole = reference.draw(lambda below: 1)
    assert whole.startswith("10000001")
    typed = whole.replace("0", "O")
    assert reference.parse(f" {typed[:3]} {typed[3:6]}-{typed[6:].lower()}") == whole


@pytest.mark.parametrize(
    "text", ["", "12345678", "1234567890", "000000000", "012345678", "abcdefghi", "482173659", "١٢٣٤٥٦٧٨٩", "²00000000"]
)
def test_what_cannot_be_a_reference_is_none(text: str) -> None:
    assert reference.parse(text) is None


@given(st.text())
def test_noise_is_a_reference_or_none(text: str) -> None:
    found = reference.parse(text)
    assert found is None or (len(found) == 9 and reference.check_digit(found) == "0")


@given(st.binary(min_size=16, max_size=32), st.binary(min_size=16, max_size=16), st.integers(0, 1000))
def test_a_pin_has_four_digits_and_is_never_a_weak_one(key: bytes, case: bytes, generation: int) -> None:
    pin = derive_pin(key, case, generation).reveal()
    assert len(pin) == 4
    assert pin.isascii()
    assert pin.isdigit()
    assert pin != "1234"
    assert len(set(pin)) > 1
    assert derive_pin(key, case, generation).reveal() == pin


def test_weak_pins_are_drawn_again() -> None:
    pins = {derive_pin(b"k" * 32, case.to_bytes(16, "big"), 0).reveal() for case in range(60_000)}
    weak = {"1234"} | {digit * 4 for digit in "0123456789"}
    assert not pins & weak
    assert len(pins) > 9_900


def test_key_case_and_generation_each_make_another_pin() -> None:
    def pins(key: bytes, first: int, generation: int) -> list[str]:
        return [derive_pin(key, bytes([first, n]) * 8, generation).reveal() for n in range(8)]

    assert len({tuple(pins(*each)) for each in [(b"a", 0, 0), (b"b", 0, 0), (b"a", 1, 0), (b"a", 0, 1)]}) == 4


def test_a_pin_shows_itself_to_nobody_who_did_not_ask() -> None:
    pin = Pin("5739")
    assert "5739" not in f"{pin} {pin!r} {[pin]}" + str(pin) + "%s" % pin  # noqa: UP031
    assert repr(pin) == "Pin(***)"
    assert not hasattr(pin, "__dict__")
    with pytest.raises(TypeError, match="a Pin is not stored"):
        pickle.dumps(pin)
    with pytest.raises(TypeError):
        hash(pin)


@pytest.mark.parametrize(
    ("typed", "right"),
    [("5739", True), ("5738", False), ("", False), ("57390", False), ("٥٧٣٩", False), ("\ud800", False)],
)
def test_a_pin_is_compared_with_what_was_typed(typed: str, right: bool) -> None:
    assert Pin("5739").matches(typed) is right


def test_equal_secrets_are_equal_and_nothing_else_is() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
