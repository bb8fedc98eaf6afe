"""Words with which one asks and thanks, before a keyword, behind it and alone."""

from __future__ import annotations

import pytest

from tests.sms.sms_edition import OURS, hear
from ussd_engine.sms.keywords import PLAIN, Heard


def named(heard: Heard) -> str:
    return f"{heard.action} {heard.value}".strip()


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("Tafadhali tuma", "send"),
        ("Please, send", "send"),
        ("Sawa, tuma ujumbe wangu", "send"),
        ("naomba msaada", "help"),
        ("please help", "help"),
        (f"Naomba HALI namba {OURS}", "status"),
        (f"please withdraw {OURS}", "withdraw"),
        ("Tafadhali acha", "stop"),
        ("PLS STOP", "stop"),
        ("naomba kuuliza", PLAIN),
        ("Naomba majibu ya barua yangu", PLAIN),
        ("Please answer my letter", PLAIN),
        ("Tafadhali tuma gari la taka mtaani", PLAIN),
        ("Asante kwa msaada", PLAIN),
        ("Asante kwa jibu", PLAIN),
        ("Thank you for the answer", PLAIN),
        ("Please", PLAIN),
    ],
)
def test_words_with_which_one_asks_may_stand_before_a_keyword_that_stands_alone(text: str, action: str) -> None:
    assert named(hear(text)) == action


@pytest.mark.parametrize("text", ["Asante", "ok", "Sawa sawa", "Thanks", "Thank you.", "Tafadhali", "...", "🙏"])
def test_courtesies_alone_say_nothing(text: str) -> None:
    assert (named(hear(text)), hear(text).polite) == (PLAIN, True)


@pytest.mark.parametrize(
    "text",
    [
        "FUTA namba yangu",
        "Futa namba yangu ya simu",
        "futa taarifa zangu",
        "ERASE my number",
        "Delete my number please",
        "DELETE my data",
        "delete me",
    ],
)
def test_erasing_a_number_is_understood_with_the_words_for_it(text: str) -> None:
    assert (named(hear(text)), hear(text).sure) == ("erase", True)


@pytest.mark.parametrize("text", ["delete my complaint", "Futa deni langu la maji", "erase all the debts of farmers"])
def test_what_else_is_to_be_erased_is_a_sentence(text: str) -> None:
    assert named(hear(text)) == PLAIN
