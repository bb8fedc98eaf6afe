"""What an officer is shown before he sends is what a phone shows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ussd_engine import gsm
from ussd_engine.feedback.preview import PAGE, lost, pages
from ussd_engine.scope import plain

TEXTS = st.text(st.sampled_from("abc {}[]€“”—…ş'\n "), max_size=400)


@given(TEXTS)
def test_pages_fit_and_nothing_is_lost_between_them(words: str) -> None:
    found = pages(words)
    assert all(gsm.measure(page).encoding == "GSM-7" and gsm.fits(page, PAGE) for page in found)
    assert "".join(found).replace(" ", "") == plain(words).replace(" ", "")


def test_pages_end_at_words() -> None:
    found = pages("Mafundi wamefika leo asubuhi. " * 12)
    assert len(found) == 3
    assert {page.split()[-1] for page in found} <= {"Mafundi", "wamefika", "leo", "asubuhi."}
    assert [len(page) <= PAGE for page in found] == [True] * 3


def test_a_word_longer_than_a_page_is_cut() -> None:
    assert [len(page) for page in pages("x" * (2 * PAGE + 1))] == [PAGE, PAGE, 1]
    assert pages("  ") == []


def test_what_a_phone_cannot_show_is_named_once() -> None:
    assert lost("“ş” — ş 💧…") == "ş💧"
