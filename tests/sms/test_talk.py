"""What is done about an SMS, by what it says and what is open: every cell of the table, in both languages."""

from __future__ import annotations

import pytest
from sms_edition import OTHER, OURS, THIRD, UNLIKE_OURS, hear

from ussd_engine.sms.talk import Act, AskBack, Decision, Help, Kind, Open, State, decide
from ussd_engine.sms.templates import SMS

CASES = (OURS, OTHER)
RATE = Open(id=b"rate", kind=Kind.RATE, reference=OURS)
ASKED = Open(id=b"asked", kind=Kind.ASKED, reference=OTHER)
WHICH = Open(id=b"which", kind=Kind.WHICH, offered=(OURS, OTHER, THIRD))
WHERE = Open(id=b"where", kind=Kind.WHICH, offered=("TANESCO", "REA"), institutions=True)
TEXT = Open(id=b"text", kind=Kind.TEXT)
RATE_TOO = Open(id=b"rate too", kind=Kind.RATE, reference=THIRD)
ASKED_TOO = Open(id=b"asked too", kind=Kind.ASKED, reference=THIRD)

COLUMNS: dict[str, tuple[Open, ...]] = {
    "nothing": (),
    "rate": (RATE,),
    "asked": (ASKED,),
    "which": (WHICH,),
    "where": (WHERE,),
    "text": (TEXT,),
    "rate+asked": (RATE, ASKED),
    "which+rate": (WHICH, RATE),
    "text+asked": (TEXT, ASKED),
    "text+rate": (TEXT, RATE),
    "two rates": (RATE, RATE_TOO),
    "two asked": (ASKED, ASKED_TOO),
}

MESSAGES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "rate": (("NDIYO", "kiasi", "Hapana asante"), ("YES", "partly", "No thanks")),
    "add": (
        ("ONGEZA mita ni 24411", "JIBU nimetuma risiti jana"),
        ("ADD my meter is 24411", "ANSWER I sent it yesterday"),
    ),
    "higher": (
        ("RUFAA", "RUFAA sijaridhika", "SIRI afisa amenitaja"),
        ("APPEAL", "APPEAL not satisfied", "LEAK he told them"),
    ),
    "withdraw": (("ONDOA", "ondoa ujumbe wangu"), ("WITHDRAW", "withdraw my message")),
    "choice": (("1", "namba 1"), ("1", "number 1")),
    "send": (("TUMA", "tuma sasa"), ("SEND", "send now")),
    "plain": (("Mita yangu ni 24411", "Hapana maji kwetu"), ("My meter is 24411", "No water at our place")),
}

# message | column: what is done. `do NAME ID`, `ask TEMPLATE ROWS`, `help`; a `+` behind ask: what came is kept
TABLE = """
rate     | nothing    | help
rate     | rate       | do rate rate
rate     | asked      | ask+ which_ref 634011274
rate     | which      | ask which_ref 482173657 634011274 501234567
rate     | where      | ask sms_which TANESCO REA
rate     | text       | ask finish_more
rate     | rate+asked | ask rate_ask 482173657
rate     | which+rate | ask which_ref 482173657 634011274 501234567
rate     | text+asked | ask finish_more
rate     | text+rate  | ask rate_ask 482173657
rate     | two rates  | ask+ which_ref 482173657 501234567
rate     | two asked  | ask+ which_ref 634011274 501234567
add      | nothing    | ask+ which_ref 482173657 634011274
add      | rate       | ask+ which_ref 482173657 634011274
add      | asked      | do add asked
add      | which      | ask+ which_ref 482173657 634011274
add      | where      | ask+ which_ref 482173657 634011274
add      | text       | ask+ which_ref 482173657 634011274
add      | rate+asked | ask+ which_ref 482173657 634011274
add      | which+rate | ask+ which_ref 482173657 634011274
add      | text+asked | ask+ which_ref 482173657 634011274
add      | text+rate  | ask+ which_ref 482173657 634011274
add      | two rates  | ask+ which_ref 482173657 634011274
add      | two asked  | ask+ which_ref 482173657 634011274
higher   | nothing    | ask+ which_ref 482173657 634011274
higher   | rate       | ask+ which_ref 482173657 634011274
higher   | asked      | ask+ which_ref 482173657 634011274
higher   | which      | ask+ which_ref 482173657 634011274
higher   | where      | ask+ which_ref 482173657 634011274
higher   | text       | ask+ which_ref 482173657 634011274
higher   | rate+asked | ask+ which_ref 482173657 634011274
higher   | which+rate | ask+ which_ref 482173657 634011274
higher   | text+asked | ask+ which_ref 482173657 634011274
higher   | text+rate  | ask+ which_ref 482173657 634011274
higher   | two rates  | ask+ which_ref 482173657 634011274
higher   | two asked  | ask+ which_ref 482173657 634011274
withdraw | nothing    | ask withdraw_which
withdraw | rate       | ask withdraw_which
withdraw | asked      | ask withdraw_which
withdraw | which      | ask withdraw_which
withdraw | where      | ask withdraw_which
withdraw | text       | ask withdraw_which
withdraw | rate+asked | ask withdraw_which
withdraw | which+rate | ask withdraw_which
withdraw | text+asked | ask withdraw_which
withdraw | text+rate  | ask withdraw_which
withdraw | two rates  | ask withdraw_which
withdraw | two asked  | ask withdraw_which
choice   | nothing    | help
choice   | rate       | ask rate_ask 482173657
choice   | asked      | ask+ which_ref 634011274
choice   | which      | do choose which
choice   | where      | do choose where
choice   | text       | ask finish_more
choice   | rate+asked | ask+ which_ref 634011274
choice   | which+rate | do choose which
choice   | text+asked | ask+ which_ref 634011274
choice   | text+rate  | ask finish_more
choice   | two rates  | ask+ which_ref 482173657 501234567
choice   | two asked  | ask+ which_ref 634011274 501234567
send     | nothing    | help
send     | rate       | help
send     | asked      | help
send     | which      | ask which_ref 482173657 634011274 501234567
send     | where      | ask sms_which TANESCO REA
send     | text       | do send text
send     | rate+asked | help
send     | which+rate | help
send     | text+asked | do send text
send     | text+rate  | do send text
send     | two rates  | help
send     | two asked  | help
plain    | nothing    | help
plain    | rate       | ask rate_ask 482173657
plain    | asked      | do add asked
plain    | which      | ask which_ref 482173657 634011274 501234567
plain    | where      | ask sms_which TANESCO REA
plain    | text       | do continue text
plain    | rate+asked | ask+ which_ref 634011274
plain    | which+rate | ask which_ref 482173657 634011274 501234567
plain    | text+asked | ask+ which_ref 634011274
plain    | text+rate  | ask finish_more
plain    | two rates  | ask+ which_ref 482173657 501234567
plain    | two asked  | ask+ which_ref 634011274 501234567
"""
ROWS = [[cell.strip() for cell in row.split("|")] for row in TABLE.strip().splitlines()]


def told(decided: Decision) -> str:
    if isinstance(decided, Act):
        return " ".join(filter(None, ["do", decided.name, (decided.open.id if decided.open else b"").decode()]))
    if isinstance(decided, Help):
        return "help"
    assert decided.template in SMS
    rows = (*decided.references, *decided.institutions)
    return " ".join(["ask+" if decided.holds else "ask", decided.template, *rows])


def state(*open: Open, cases: tuple[str, ...] = CASES, answered: tuple[str, ...] = ()) -> State:
    return State(open=open, cases=cases, answered=answered)


@pytest.mark.parametrize("language", ["sw", "en"])
@pytest.mark.parametrize(("message", "column", "wanted"), ROWS, ids=[f"{row[0]}, {row[1]}" for row in ROWS])
def test_a_cell(message: str, column: str, wanted: str, language: str) -> None:
    for text in MESSAGES[message][language == "en"]:
        assert told(decide(hear(text, language), state(*COLUMNS[column]))) == wanted, text


def test_the_table_is_whole() -> None:
    assert [(row[0], row[1]) for row in ROWS] == [(message, column) for message in MESSAGES for column in COLUMNS]


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
    "ANZA": "do start",
    "START": "do start",
    "KISWAHILI": "do language",
    "ENGLISH": "do language",
    "FUTA": "do erase",
    "ERASE": "do erase",
    "LALAMIKO TANESCO umeme umekatika siku tatu": "do form",
    "COMPLAINT TANESCO no power for three days": "do form",
    f"HALI {UNLIKE_OURS}": "ask unknown_ref",
    "LALAMIKO umekatika siku tatu": "ask sms_no_inst",
    "COMPLAINT nobody listens to us": "ask sms_no_inst",
    "LALAMIKO TANESCO": "ask sms_no_text",
    "QUESTION NIDA": "ask sms_no_text",
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
        assert told(decided) in ("help", "do add asked", "do continue text") or isinstance(decided, AskBack), name
    assert told(decide(hear("TUMO"), state(TEXT))) == "ask finish_more"


def test_a_near_word_never_takes_a_case_back() -> None:
    assert told(decide(hear(f"ONDOWA {OURS}"), state())) == "ask withdraw_which"


def test_a_word_that_is_not_sure_with_a_number_only_asks_where_it_stands() -> None:
    for text in (f"SIRU {OURS} jina langu", f"ACHO {OURS}", f"XYZ {OURS}"):
        assert told(decide(hear(text), state())) in ("do status", "ask withdraw_which")
