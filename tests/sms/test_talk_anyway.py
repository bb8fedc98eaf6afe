"""What is done about an SMS whatever is open, and what is never guessed."""

from __future__ import annotations

import pytest

from tests.sms.sms_edition import OTHER, OURS, THIRD, UNLIKE_OURS, hear
from tests.sms.talking import ASKED, COLUMNS, RATE, TEXT, WHAT, WHERE, WHICH, WHO, state, told
from ussd_engine.sms.talk import Act, AskBack, State, decide

# whatever is open

ANYWAY = {
    f"HALI {OURS}": "do status",
    f"STATUS {OURS}": "do status",
    f"JIBU {OURS}": "do read",
    f"ANSWER {OURS}": "do read",
    f"ONGEZA {OURS} mita ni 24411": "do add",
    f"ADD {OURS} my meter is 24411": "do add",
    f"NDIYO {OURS}": "do rate",
    f"NO {OURS}": "do rate",
    f"RUFAA {OURS} sijaridhika": "do appeal",
    f"APPEAL {OURS} not satisfied": "do appeal",
    f"SIRI {OURS} afisa amenitaja": "do leak",
    f"LEAK {OURS} he told them": "do leak",
    f"ONDOA {OURS}": "do withdraw",
    f"WITHDRAW {OURS}": "do withdraw",
    "HALI": "do status_list",
    "STATUS": "do status_list",
    "MSAADA": "do help",
    "HELP": "do help",
    "ACHA": "do stop",
    "STOP": "do stop",
    "STOP ALL": "do stop",
    "Stop it": "do stop",
    "Stop sending SMS": "do stop",
    "STOP STOP": "do stop",
    "acha acha": "do stop",
    "ACHA SMS ZENU": "do stop",
    "acha kutuma sms": "do stop",
    "Jitoe kwenye SMS": "do stop",
    "Cancel my subscription": "do stop",
    "ANZA": "do start",
    "START": "do start",
    "KISWAHILI": "do language",
    "ENGLISH": "do language",
    "FUTA": "do erase",
    "ERASE": "do erase",
    "LALAMIKO TANESCO umeme umekatika siku tatu": "do form",
    "COMPLAINT TANESCO no power for three days": "do form",
    f"HALI {UNLIKE_OURS}": "ask unknown_ref",
    "LALAMIKO umekatika siku tatu": "ask+ sms_no_inst",
    "COMPLAINT nobody listens to us": "ask+ sms_no_inst",
    "LALAMIKO TANESCO": "ask+ sms_no_text",
    "QUESTION NIDA": "ask+ sms_no_text",
    "KERO umeme": "ask+ sms_which TANESCO REA TEMESA",
    f"ACHA {OURS}": "ask withdraw_which",
}


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("text", ANYWAY)
def test_what_is_done_whatever_is_open(text: str, column: str) -> None:
    decided = decide(hear(text), state(*COLUMNS[column]))
    assert told(decided) == ANYWAY[text]
    if OURS in text and isinstance(decided, Act):
        assert decided.reference == OURS


@pytest.mark.parametrize("word", ["JIBU", "ANSWER", "majibu"])
def test_an_answer_is_read_where_there_is_one(word: str) -> None:
    for open in COLUMNS.values():
        one = decide(hear(word), state(*open, answered=(OTHER,)))
        assert told(one) == "do read"
        assert isinstance(one, Act)
        assert one.reference == OTHER
        two = decide(hear(word), state(*open, answered=(OTHER, OURS)))
        assert told(two) == f"ask+ which_ref {OTHER} {OURS}"
        assert told(decide(hear(word), state(*open, cases=()))) == "ask status_none"
    assert told(decide(hear(word), state(cases=(OURS,)))) == "do read"


def test_a_phone_without_a_case_is_told_so() -> None:
    for text in ("RUFAA", "APPEAL", "ONGEZA mita ni 24411", "ADD my meter", "ONDOA", "WITHDRAW", "JIBU"):
        assert told(decide(hear(text), State())) == "ask status_none"


def test_at_most_three_numbers_are_offered_the_newest_first() -> None:
    many = tuple(f"{number:09d}" for number in range(9))
    decided = decide(hear("RUFAA"), state(cases=many))
    assert isinstance(decided, AskBack)
    assert decided.references == many[:3]


def test_a_number_that_was_offered_is_a_choice_and_another_one_is_its_case() -> None:
    chosen = decide(hear(OTHER), state(WHICH))
    assert isinstance(chosen, Act)
    assert (chosen.name, chosen.choice, chosen.open) == ("choose", 2, WHICH)
    other = decide(hear("482173657"), state(WHERE))
    assert isinstance(other, Act)
    assert (other.name, other.reference) == ("status", OURS)


@pytest.mark.parametrize(("text", "choice"), [("1", 1), ("2.", 2), ("3", 3)])
def test_a_choice_counts_from_one_and_only_into_what_was_offered(text: str, choice: int) -> None:
    chosen = decide(hear(text), state(WHICH))
    assert isinstance(chosen, Act)
    assert chosen.choice == choice
    assert told(decide(hear(text), state(WHERE))) == ("do choose where" if choice < 3 else "ask sms_which TANESCO REA")


def test_only_the_newest_which_one_counts() -> None:
    decided = decide(hear("2"), state(WHERE, WHICH))
    assert isinstance(decided, Act)
    assert decided.open == WHERE


def test_a_number_in_an_answer_is_part_of_it() -> None:
    """A meter, a phone, a receipt: what an officer asked for goes to the officer."""
    for text in ("0700000001", UNLIKE_OURS, f"Risiti yangu ni {THIRD}", "Namba ya mita 24411"):
        decided = decide(hear(text), state(ASKED))
        assert (told(decided), isinstance(decided, Act) and decided.reference) == ("do add asked", OTHER)
        assert told(decide(hear(text), state(TEXT))) == "do continue text"
    assert told(decide(hear(OURS), state(ASKED))) == "do status"
    assert told(decide(hear(f"Risiti yangu ni {THIRD}"), state())) == "do status"


@pytest.mark.parametrize("text", ["TUMO", "SENT", "HADI", "SIRO", "ACHE"])
def test_a_word_that_is_nearly_a_keyword_does_nothing_by_itself(text: str) -> None:
    for name, open in COLUMNS.items():
        decided = decide(hear(text), state(*open))
        words = ("help", "do add asked", "do continue text", "do fill who", "do fill what")
        assert told(decided) in words or isinstance(decided, AskBack), name
    assert told(decide(hear("TUMO"), state(TEXT))) == "ask finish_more"


@pytest.mark.parametrize("text", ["Acha kunisumbua na maswali", "Stop sending me rubbish", "SITISHA huduma hii mbovu"])
def test_a_stop_word_that_is_not_understood_is_neither_an_answer_nor_a_text(text: str) -> None:
    for name, open in COLUMNS.items():
        decided = decide(hear(text), state(*open))
        assert told(decided) == ("ask withdraw_which" if open else "help"), name


@pytest.mark.parametrize(
    "text",
    [
        f"No. {OURS}",
        f"No: {OURS}",
        f"Send YES {OURS} or NO {OURS} to 15200",
        f"NDIYO {OURS} lakini sijaridhika",
        f"NDIYO {OURS} HAPANA {OTHER}",
        f"Hapana maji {OURS}",
    ],
)
def test_a_rating_that_may_mean_something_else_is_asked_back(text: str) -> None:
    for name, open in COLUMNS.items():
        decided = decide(hear(text), state(*open, answered=(OURS,)))
        assert told(decided) == f"ask rate_ask {OURS}", name
    assert told(decide(hear(text), state(RATE))) == f"ask rate_ask {OURS}"
    assert told(decide(hear(text), state())) == "do status", "there is nothing to rate, or it is not hers"


@pytest.mark.parametrize(
    "text", [f"NDIYO {OURS}", f"ndiyo namba {OURS} asante sana", f"NO {OURS}", f"Hapana {OURS}. Asante"]
)
def test_a_rating_that_is_clear_is_done(text: str) -> None:
    assert told(decide(hear(text), state())) == "do rate"


def test_the_name_of_an_institution_fills_what_lacks_it_whatever_else_is_open() -> None:
    for more in ((), (ASKED,), (TEXT, RATE), (WHICH,)):
        assert told(decide(hear("TANESCO"), state(WHO, *more))) == "do fill who"
    assert told(decide(hear("TANESCO"), state(WHAT, ASKED))) == "ask sms_no_text"
    for text in ("Asante", "Thank you", "asante sana sana"):
        assert told(decide(hear(text), state(WHAT))) == "ask sms_no_text"
    assert told(decide(hear("Mita 0700000001"), state(WHAT))) == "do fill what"


def test_a_near_word_never_takes_a_case_back() -> None:
    assert told(decide(hear(f"ONDOWA {OURS}"), state())) == "ask withdraw_which"


def test_a_word_that_is_not_sure_with_a_number_only_asks_where_it_stands() -> None:
    for text in (f"SIRU {OURS} jina langu", f"ACHO {OURS}", f"XYZ {OURS}"):
        assert told(decide(hear(text), state())) in ("do status", "ask withdraw_which")
