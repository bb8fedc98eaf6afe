"""Dialled codes in all their spellings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_engine.channels.codes import Codes, NotACode, normalise


@pytest.mark.parametrize("spelling", ["148*69", "*148*69", "148*69#", "*148*69#", "*148*69%23", "%2A148%2a69%23"])
def test_one_code_has_one_spelling(spelling: str) -> None:
    assert Codes().split(spelling) == ("*148*69#", "")
    assert normalise(spelling) == "*148*69#"


def test_a_short_code_is_the_first_two_segments() -> None:
    assert Codes().split("*152*00*9*2#") == ("*152*00#", "9*2")


def test_a_served_code_says_how_many_segments_are_its_own() -> None:
    codes = Codes(["*150#", "*152*00#", "*152*00*77#"])
    assert codes.split("*150*9#") == ("*150#", "9")
    assert codes.split("*152*00*77*1#") == ("*152*00*77#", "1")
    assert codes.split("*152*00*7#") == ("*152*00#", "7")
    assert codes.serves("152*00")
    assert not codes.serves("*152*01#")


def test_a_code_of_one_segment_may_be_dialled_unserved() -> None:
    assert Codes().split("*102#") == ("*102#", "")


@pytest.mark.parametrize("text", ["", "#", "**", "Karibu", "*152**00#", "*152*00#1", "١٥٢*٠٠", "*152*0 0#"])
def test_what_nobody_can_dial_is_no_code(text: str) -> None:
    with pytest.raises(NotACode, match="not a code that can be dialled"):
        Codes(["*152*00#"]).split(text)


@given(st.text())
def test_any_text_is_a_code_or_is_refused(text: str) -> None:
    try:
        code, _ = Codes(["*152*00#"]).split(text)
    except NotACode:
        return
    assert normalise(code) == code
