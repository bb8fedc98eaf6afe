import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from ussd_engine.words import Vocabulary, split

WORD = st.text(alphabet="abc", min_size=1, max_size=7)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Wizara ya Maji", ["maji"]),
        ("Nyang'hwale Nyang\u2019hwale", ["nyanghwale", "nyanghwale"]),
        ("Kigoma/Ujiji, (UTT-AMIS)", ["kigoma", "ujiji", "utt", "amis"]),
        ("ÉLIMU Straße ﬁle", ["elimu", "strasse", "file"]),
        ("ya wizara", []),
        ("!?\x00\ud800😀", []),
    ],
)
def test_words_are_folded_and_what_everybody_says_is_dropped(text: str, words: list[str]) -> None:
    assert split(text, {"wizara", "ya"}) == words


@given(st.text())
def test_words_split_again_are_the_same_words(text: str) -> None:
    words = split(text)
    assert split(" ".join(words)) == words


def test_a_beginning_finds_longer_words_alone() -> None:
    words = Vocabulary(["maji", "majisafi", "majengo", "mji"])
    assert words.starting("maj", 5) == ["majengo", "maji", "majisafi"]
    assert words.starting("maji", 5) == ["majisafi"]
    assert words.starting("maj", 2) == ["majengo", "maji"]
    assert words.starting("z", 5) == []


@pytest.mark.parametrize("slip", ["tnesco", "taneesco", "tanesko", "tanecso", "atnesco", "tanesc", "tanescox"])
def test_one_slip_leads_to_the_word(slip: str) -> None:
    assert Vocabulary(["tanesco", "tanroads"]).near(slip, 5) == ["tanesco"]


@given(st.sets(WORD, max_size=30), WORD)
def test_near_words_are_those_at_distance_one_and_no_other(words: set[str], typed: str) -> None:
    expected = {word for word in words if max(len(word), len(typed)) >= 4 and OSA.distance(word, typed) == 1}
    assert set(Vocabulary(words).near(typed, 100)) == expected


def test_a_vocabulary_knows_its_words() -> None:
    words = Vocabulary(["maji"])
    assert "maji" in words
    assert "maj" not in words


def test_a_word_longer_than_any_is_not_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of its forms is as long as itself: 60,000 letters would be 60,000 of them."""
    words = Vocabulary(["tanesco"])
    taken: list[str] = []

    def shortened(word: str) -> list[str]:
        taken.append(word)
        return []

    monkeypatch.setattr("ussd_engine.words._shortened", shortened)
    assert words.near("tanescoxx", 5) == words.near("a" * 60_000, 5) == []
    assert taken == []
    words.near("tanescox", 5)
    assert taken == ["tanescox"]
