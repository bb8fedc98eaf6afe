"""A long text leaves in parts that fit, at word ends, and nothing of it is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sms.sms_edition import OURS, SERVICE, shipped
from ussd_engine import gsm
from ussd_engine.sms.message import Notice, Priority
from ussd_engine.sms.parts import SEPTETS, UNITS, parts
from ussd_engine.sms.words import text

LETTERS = st.sampled_from(
    ["a", "b", "ndugu", "[", "€", "ж", "ŵ", "\U0001f600", "’", "…", "é", " ", " ", "  ", "\n", "."]
)
TEXTS = st.lists(LETTERS, max_size=600).map("".join)
LONG = "Tumepokea lalamiko lako na mafundi watafika kesho asubuhi kukagua mita. " * 12


def as_sms(part: str, at: int, of: int) -> str:
    notice = Notice(
        key=b"",
        service=SERVICE,
        template="answer_part",
        values={"ref": OURS, "n": f"{at}\n{of}", "part": part},
        locale="sw",
        priority=Priority.REPLY,
        push=False,
        at_ms=0,
    )
    return text(shipped(), notice, "sw", {})


@given(TEXTS)
def test_nothing_is_lost_and_all_stays_in_order(long: str) -> None:
    folded = gsm.fold(long)
    assert re.sub(r"\s", "", "".join(parts(long))) == re.sub(r"\s", "", folded)


@given(TEXTS)
def test_each_part_is_one_sms_with_its_reference_and_number(long: str) -> None:
    found = parts(long)
    for at, part in enumerate(found, 1):
        assert part
        assert part == part.strip()
        assert len(gsm.segments(as_sms(part, at, len(found)))) == 1
        assert len(gsm.segments(as_sms(part, 999, 999))) == 1


@given(st.lists(st.text("abcdefgh€", min_size=1, max_size=40), max_size=200))
def test_words_stay_whole(words: list[str]) -> None:
    assert " ".join(parts(" ".join(words))).split() == words


def test_a_word_longer_than_a_part_is_cut() -> None:
    assert parts("x" * (2 * SEPTETS + 1)) == ["x" * SEPTETS, "x" * SEPTETS, "x"]


def test_a_part_is_filled_before_the_next_begins() -> None:
    found = parts(LONG)
    following = [part.split()[0] for part in found[1:]]
    for part, word in zip(found, following, strict=False):
        assert len(f"{part} {word}") > SEPTETS


def test_what_is_outside_the_alphabet_makes_its_own_part_dear_and_no_other() -> None:
    found = parts(f"{'ndugu ' * 40}ж {'ndugu ' * 40}")
    dear = [part for part in found if gsm.culprit(part)]
    assert len(dear) == 1
    assert gsm.measure(dear[0]).units <= UNITS
    assert max(len(part) for part in found) > 100


def test_typographic_signs_cost_nothing() -> None:
    assert parts("\u201cNdiyo\u201d \u2013 kesho\u2026") == ['"Ndiyo" - kesho...']


@pytest.mark.parametrize("blank", ["", " ", "\n\t "])
def test_without_words_there_is_no_part(blank: str) -> None:
    assert parts(blank) == []


def test_a_part_says_which_it_is() -> None:
    assert as_sms("Mafundi watafika kesho.", 1, 3) == "482173657 (1/3): Mafundi watafika kesho."
