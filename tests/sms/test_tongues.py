"""A text without a keyword tells its language by the words of the service's own texts."""

from __future__ import annotations

import pytest

from tests.sms.sms_edition import SERVICE, lines, shipped
from ussd_engine.sms.tongues import Tongues

TONGUES = Tongues(shipped(), SERVICE)
ENGLISH = (
    "the",
    "no",
    "is",
    "to",
    "in",
    "our",
    "from",
    "us",
    "my",
    "was",
    "of",
    "please",
    "me",
    "with",
    "are",
    "about",
)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hello, the water in our street is gone since Monday", "en"),
        ("I want to complain about the police", "en"),
        ("when will it be fixed?", "en"),
        ("no network here", "en"),
        ("Maji yamekatika hapa kwa siku tatu", "sw"),
        ("Nataka kulalamika kuhusu polisi wa hapa", "sw"),
        ("asante sana", "sw"),
        ("", ""),
        ("TANESCO", ""),
        ("482173657", ""),
        ("xyz abc", ""),
        ("SMS", ""),
    ],
)
def test_the_words_of_a_text_tell_its_language_or_nothing(text: str, language: str) -> None:
    assert TONGUES.of(text) == language


def test_ordinary_sentences_are_never_taken_for_the_other_language() -> None:
    for text in lines("sentences.txt"):
        english = any(word in ENGLISH for word in text.casefold().split())
        if english:
            assert TONGUES.of(text) == "en", text
    swahili = [
        text for text in lines("sentences.txt") if {"ya", "wa", "la", "kwa", "ni"} & set(text.casefold().split())
    ]
    assert len(swahili) > 30
    assert {TONGUES.of(text) for text in swahili} == {"sw"}
