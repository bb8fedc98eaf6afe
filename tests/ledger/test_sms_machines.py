"""What reads as a machine's answer, and what a person writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ussd_engine.ledger.smsinbox import looks_automatic

SENTENCES = Path(__file__).parent.parent / "sms" / "sentences.txt"


@pytest.mark.parametrize(
    "text",
    [
        "This is an automatic reply. I am away until Monday.",
        "AUTO-REPLY: out of office",
        "Automated message, do not reply",
        "I'm driving. Will text you later",
        "Sorry, I'm in a meeting",
        "I can't talk now, I will get back to you later",
        "Usijibu ujumbe huu",
        "Nipo kwenye kikao, nitakupigia baadaye",
        "Message delivery failed",
        "You have 1 missed call from 0700000001",
        "Thank you. This is an automated message.",
        "Samahani, naendesha gari. Nitakupigia baadaye",
        "I\u2019m driving with Do Not Disturb turned on",
    ],
)
def test_a_machine_is_heard(text: str) -> None:
    assert looks_automatic(text)


@pytest.mark.parametrize(
    "text",
    [
        "HALI 482173659",
        "LALAMIKO TANESCO umeme umekatika siku tatu",
        "ONGEZA 482173659 ofisi ilifungwa mchana",
        "Hakuna aliyenijibu",
        "They never replied to my message",
        "Nobody from the office came to the meeting",
        "SWALI NIDA kadi yangu iko wapi?",
        "COMPLAINT DART driver says I will text you later and drives on",
        "My letter came back undelivered twice",
        "They never told me the delivery status",
        "Mimi naendesha gari la abiria kila siku",
        "The officer said I will call you back and never did",
        "Alisema nitakupigia baadaye akapotea",
        "I only got an automated message from them",
    ],
)
def test_a_person_is_not_taken_for_one(text: str) -> None:
    assert not looks_automatic(text)


@pytest.mark.parametrize(
    "text",
    [
        "COMPLAINT DART. I'm driving a bus and nobody pays me",
        "COMPLAINT TTCL. Do not reply with a machine again",
        "LALAMIKO LATRA. Naendesha gari sasa miaka kumi bila leseni",
        "JIBU 482173657. This is an automatic reply of theirs",
    ],
)
def test_who_asks_for_something_by_a_keyword_is_no_machine(text: str) -> None:
    assert looks_automatic(text)
    assert not looks_automatic(text, asks=True)


def test_a_machine_may_begin_with_a_keyword_of_ours() -> None:
    assert looks_automatic("Jibu la moja kwa moja: nipo likizo", asks=True)


def test_no_ordinary_sentence_is_taken_for_a_machines() -> None:
    assert [line for line in SENTENCES.read_text(encoding="utf-8").splitlines() if looks_automatic(line)] == []
