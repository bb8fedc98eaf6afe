import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_engine import gsm

GSM_TEXT = st.text(alphabet=gsm.BASIC + gsm.EXTENSION, max_size=400)


def test_the_alphabet_has_its_127_characters_and_ten_more_behind_the_escape() -> None:
    assert len(gsm.BASIC) == len(set(gsm.BASIC)) == 127
    assert len(gsm.EXTENSION) == len(set(gsm.EXTENSION)) == 10
    assert not set(gsm.BASIC) & set(gsm.EXTENSION)


@pytest.mark.parametrize(
    ("text", "encoding", "units"),
    [
        ("", "GSM-7", 0),
        ("Karibu", "GSM-7", 6),
        ("a\nb", "GSM-7", 3),
        ("ng'ombe", "GSM-7", 7),
        ("^{}\\[]~|€", "GSM-7", 18),
        ("ÄÖÑÜ§¿äöñüà", "GSM-7", 11),
        ("ΔΦΓΛΩΠΨΣΘΞ", "GSM-7", 10),
        ("ng\u2019ombe", "UCS-2", 7),
        ("`", "UCS-2", 1),
        ("ç", "UCS-2", 1),
        ("\t", "UCS-2", 1),
        ("[ç", "UCS-2", 2),
        ("😀", "UCS-2", 2),
    ],
)
def test_a_text_is_measured_in_its_own_encoding(text: str, encoding: str, units: int) -> None:
    assert gsm.measure(text) == (encoding, units)


@given(st.text(max_size=200))
def test_the_measure_is_that_of_the_wire(text: str) -> None:
    size = gsm.measure(text)
    if gsm.culprit(text) is None:
        assert size == ("GSM-7", sum(1 + (character in gsm.EXTENSION) for character in text))
    else:
        assert size == ("UCS-2", len(text.encode("utf-16-le", "surrogatepass")) // 2)


@pytest.mark.parametrize(
    ("text", "fits"),
    [("a" * 160, True), ("a" * 161, False), ("{" * 80, True), ("{" * 81, False), ("ç" * 80, True), ("ç" * 81, False)],
)
def test_a_screen_fits_160_septets_or_80_units(text: str, fits: bool) -> None:
    assert gsm.fits(text) is fits


def test_the_culprit_is_the_first_character_outside_the_alphabet() -> None:
    assert gsm.culprit("abc{ç😀") == "ç"
    assert gsm.culprit("abc{") is None


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("ng\u2019ombe", "ng'ombe"),
        ("\u201cjibu\u201d", '"jibu"'),
        ("2024\u20132025 \u2014 ndiyo", "2024-2025 - ndiyo"),
        ("subiri\u2026", "subiri..."),
        ("a\u00a0b\u202fc", "a b c"),
        ("a\u200bb\ufeff", "ab"),
        ("cafe\u0301", "café"),
        ("chai {moto}", "chai {moto}"),
        ("😀", "😀"),
    ],
)
def test_typography_is_folded_to_ascii(typed: str, folded: str) -> None:
    assert gsm.fold(typed) == folded


@given(st.text())
def test_folding_twice_folds_no_more(text: str) -> None:
    assert gsm.fold(gsm.fold(text)) == gsm.fold(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", [0]),
        ("a" * 160, [160]),
        ("a" * 161, [153, 8]),
        ("a" * 152 + "{" + "b" * 10, [152, 11]),
        ("ç" * 70, [70]),
        ("ç" * 71, [67, 4]),
        ("ç" * 66 + "😀" + "b" * 10, [66, 11]),
    ],
)
def test_an_sms_is_cut_into_parts_that_split_no_character(text: str, parts: list[int]) -> None:
    assert [len(part) for part in gsm.segments(text)] == parts


@given(st.text() | GSM_TEXT)
def test_parts_join_to_the_text_and_each_fits(text: str) -> None:
    parts = gsm.segments(text)
    unicode = gsm.culprit(text) is not None
    width = (70 if unicode else 160) if len(parts) == 1 else (67 if unicode else 153)
    assert "".join(parts) == text
    for part in parts:
        units = len(part.encode("utf-16-le", "surrogatepass")) // 2
        assert (units if unicode else gsm.measure(part).units) <= width


@pytest.mark.parametrize(
    ("text", "septets", "units", "head"),
    [
        ("abcdef", 3, None, "abc"),
        ("ab{c", 3, None, "ab"),
        ("ab{c", 4, None, "ab{"),
        ("abc", 0, None, ""),
        ("çççççç", 8, None, "çççç"),
        ("ab😀cd", 100, 3, "ab"),
        ("ab😀cd", 100, 4, "ab😀"),
        ("a" * 50 + "ç", 60, 30, "a" * 50),
    ],
)
def test_a_text_is_cut_at_a_width(text: str, septets: int, units: int | None, head: str) -> None:
    assert gsm.cut(text, septets, units) == head


@given(st.text(max_size=60) | GSM_TEXT, st.integers(0, 60))
def test_what_is_cut_is_the_longest_beginning_that_fits(text: str, septets: int) -> None:
    head = gsm.cut(text, septets)
    assert text.startswith(head)
    assert gsm.fits(head, septets, septets // 2)
    assert head == text or not gsm.fits(text[: len(head) + 1], septets, septets // 2)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("maji hayatoki", "maji hayatoki"),
        ("a\r\nb\nc\td", "a b c d"),
        ("a\x00b\x1bc\x85d\x9f", "abc d"),
        ("a\u202eb\u2066c\u2069", "abc"),
        ("a\ud800b\udfff", "ab"),
        ("e\x00\u0301", "é"),
        ("ng\u2019ombe 😀", "ng\u2019ombe 😀"),
        ("{message} %s =1+1", "{message} %s =1+1"),
    ],
)
def test_a_citizens_text_is_kept_but_for_what_is_no_text(typed: str, stored: str) -> None:
    assert gsm.clean(typed) == stored


@given(st.text(alphabet=st.characters()))
def test_a_clean_text_is_composed_can_be_encoded_and_stays_clean(text: str) -> None:
    stored = gsm.clean(text)
    assert stored.encode("utf-8").decode("utf-8") == unicodedata.normalize("NFC", stored) == gsm.clean(stored)
    assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in stored)
