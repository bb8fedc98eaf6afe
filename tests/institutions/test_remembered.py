"""What a search remembers: bounded, the same rows as from nothing, and no typed word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ussd_engine import institutions as module
from ussd_engine.institutions import Institutions

MOST = 5
TYPED = ("zenda", "strelsau", "tap", "queen", "water", "nowhere", "up", "borough", "crown", "north")
WORDS = "Malalamiko ya Neema Mfano"


@pytest.fixture
def found(small: Path, monkeypatch: pytest.MonkeyPatch) -> Institutions:
    """Institutions with room for few searches."""
    monkeypatch.setattr(module, "REMEMBERED", MOST)
    return Institutions.load(small)


def test_however_many_ask_the_memory_stays_bounded(found: Institutions) -> None:
    sizes = []
    for index in range(20 * MOST):
        found.search(f"zenda {index}", "en")
        sizes.append(len(found._found))
    assert max(sizes) == MOST


def test_what_is_remembered_is_what_a_search_from_nothing_finds(small: Path, found: Institutions) -> None:
    asked = [(typed, locale, most) for typed in TYPED for locale in ("en", "sw") for most in (1, 2, 5)]
    fresh = Institutions.load(small)
    for one in [each for each in asked for _ in range(2)] + asked[::-1]:
        fresh._found.clear()
        assert found.search(*one) == fresh.search(*one), one
    assert any(fresh.search(*one) for one in asked)


def test_a_search_that_was_asked_before_is_not_made_again(found: Institutions, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    search = found._index.search

    def searched(text: str, *rest: Any) -> object:
        made.append(text)
        return search(text, *rest)

    monkeypatch.setattr(found._index, "search", searched)
    for typed in ("zenda", "nowhere", "zenda", "nowhere"):
        found.search(typed, "en")
    assert made == ["zenda", "nowhere"]


def test_no_typed_word_is_remembered(found: Institutions) -> None:
    found.search(WORDS, "sw")
    kept = repr(vars(found)["_found"]).lower()
    assert len(found._found) == 1
    for spelling in (WORDS, *WORDS.split()[2:]):
        for written in (spelling, spelling.encode().hex(), repr(spelling.encode())[2:-1]):
            assert written.lower() not in kept


def test_two_processes_remember_the_same_words_differently(small: Path) -> None:
    kept = []
    for _ in range(2):
        one = Institutions.load(small)
        one.search(WORDS, "sw")
        kept.append(set(one._found))
    assert not kept[0] & kept[1], "a list of likely words would tell what was typed"
