"""What is done about an SMS, by what it says and what is open: every cell of the table, in both languages."""

from __future__ import annotations

import pytest

from tests.sms.sms_edition import OTHER, OURS, hear
from tests.sms.talking import COLUMNS, state, told
from ussd_engine.sms.talk import decide

MESSAGES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "rate": (
        ("NDIYO", "kiasi", "Hapana asante", "Ndiyo nimeridhika", "hapana hapana"),
        ("YES", "partly", "No thanks", "yes satisfied", "No. No."),
    ),
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
    "offered": ((OURS, "namba 634 011 274"), (OTHER, "number 482-173-657")),
    "send": (
        (
            "TUMA",
            "tuma sasa",
            "TUMA UJUMBE",
            "Tuma neno TUMA",
            "TUMA tafadhali",
            "Tafadhali tuma",
            "naomba tuma ujumbe",
        ),
        (
            "SEND",
            "send now",
            "Send my message",
            "Send the word SEND",
            "SEND please",
            "Please send",
            "ok please send it",
        ),
    ),
    "thanks": (("Asante", "sawa", "Asante sana.", "Sawa, ahsante"), ("Thanks", "OK", "thank you", "Okay thanks!")),
    "plain": (("Mita yangu ni 24411", "Hapana maji kwetu"), ("My meter is 24411", "No water at our place")),
}

# message | column: what is done. `do NAME ID`, `ask TEMPLATE ROWS`, `help`; a `+` behind ask: what came is kept
TABLE = """
rate     | nothing    | help
rate     | rate       | do rate rate
rate     | asked      | ask+ which_ref 634011274
rate     | which      | ask which_ref 482173657 634011274 501234567
rate     | where      | ask sms_which TANESCO REA
rate     | who        | ask sms_no_inst
rate     | what       | ask sms_no_text
rate     | text       | ask finish_more
rate     | rate+asked | ask rate_ask 482173657
rate     | which+rate | ask which_ref 482173657 634011274 501234567
rate     | who+asked  | ask sms_no_inst
rate     | what+asked | ask sms_no_text
rate     | text+asked | ask finish_more
rate     | text+rate  | ask rate_ask 482173657
rate     | two rates  | ask+ which_ref 482173657 501234567
rate     | two asked  | ask+ which_ref 634011274 501234567
add      | nothing    | ask+ which_ref 482173657 634011274
add      | rate       | ask+ which_ref 482173657 634011274
add      | asked      | do add asked
add      | which      | ask+ which_ref 482173657 634011274
add      | where      | ask+ which_ref 482173657 634011274
add      | who        | ask+ which_ref 482173657 634011274
add      | what       | ask+ which_ref 482173657 634011274
add      | text       | ask+ which_ref 482173657 634011274
add      | rate+asked | ask+ which_ref 482173657 634011274
add      | which+rate | ask+ which_ref 482173657 634011274
add      | who+asked  | ask+ which_ref 482173657 634011274
add      | what+asked | ask+ which_ref 482173657 634011274
add      | text+asked | ask+ which_ref 482173657 634011274
add      | text+rate  | ask+ which_ref 482173657 634011274
add      | two rates  | ask+ which_ref 482173657 634011274
add      | two asked  | ask+ which_ref 482173657 634011274
higher   | nothing    | ask+ which_ref 482173657 634011274
higher   | rate       | ask+ which_ref 482173657 634011274
higher   | asked      | ask+ which_ref 482173657 634011274
higher   | which      | ask+ which_ref 482173657 634011274
higher   | where      | ask+ which_ref 482173657 634011274
higher   | who        | ask+ which_ref 482173657 634011274
higher   | what       | ask+ which_ref 482173657 634011274
higher   | text       | ask+ which_ref 482173657 634011274
higher   | rate+asked | ask+ which_ref 482173657 634011274
higher   | which+rate | ask+ which_ref 482173657 634011274
higher   | who+asked  | ask+ which_ref 482173657 634011274
higher   | what+asked | ask+ which_ref 482173657 634011274
higher   | text+asked | ask+ which_ref 482173657 634011274
higher   | text+rate  | ask+ which_ref 482173657 634011274
higher   | two rates  | ask+ which_ref 482173657 634011274
higher   | two asked  | ask+ which_ref 482173657 634011274
withdraw | nothing    | ask withdraw_which
withdraw | rate       | ask withdraw_which
withdraw | asked      | ask withdraw_which
withdraw | which      | ask withdraw_which
withdraw | where      | ask withdraw_which
withdraw | who        | ask withdraw_which
withdraw | what       | ask withdraw_which
withdraw | text       | ask withdraw_which
withdraw | rate+asked | ask withdraw_which
withdraw | which+rate | ask withdraw_which
withdraw | who+asked  | ask withdraw_which
withdraw | what+asked | ask withdraw_which
withdraw | text+asked | ask withdraw_which
withdraw | text+rate  | ask withdraw_which
withdraw | two rates  | ask withdraw_which
withdraw | two asked  | ask withdraw_which
choice   | nothing    | help
choice   | rate       | ask rate_ask 482173657
choice   | asked      | ask+ which_ref 634011274
choice   | which      | do choose which
choice   | where      | do choose where
choice   | who        | ask sms_no_inst
choice   | what       | ask sms_no_text
choice   | text       | ask finish_more
choice   | rate+asked | ask+ which_ref 634011274
choice   | which+rate | do choose which
choice   | who+asked  | ask sms_no_inst
choice   | what+asked | ask sms_no_text
choice   | text+asked | ask+ which_ref 634011274
choice   | text+rate  | ask finish_more
choice   | two rates  | ask+ which_ref 482173657 501234567
choice   | two asked  | ask+ which_ref 634011274 501234567
offered  | nothing    | do status
offered  | rate       | do status
offered  | asked      | do status
offered  | which      | do choose which
offered  | where      | do status
offered  | who        | do status
offered  | what       | do status
offered  | text       | do status
offered  | rate+asked | do status
offered  | which+rate | do choose which
offered  | who+asked  | do status
offered  | what+asked | do status
offered  | text+asked | do status
offered  | text+rate  | do status
offered  | two rates  | do status
offered  | two asked  | do status
send     | nothing    | help
send     | rate       | help
send     | asked      | help
send     | which      | ask which_ref 482173657 634011274 501234567
send     | where      | ask sms_which TANESCO REA
send     | who        | ask sms_no_inst
send     | what       | ask sms_no_text
send     | text       | do send text
send     | rate+asked | help
send     | which+rate | help
send     | who+asked  | help
send     | what+asked | help
send     | text+asked | do send text
send     | text+rate  | do send text
send     | two rates  | help
send     | two asked  | help
thanks   | nothing    | help
thanks   | rate       | ask rate_ask 482173657
thanks   | asked      | do add asked
thanks   | which      | ask which_ref 482173657 634011274 501234567
thanks   | where      | ask sms_which TANESCO REA
thanks   | who        | ask sms_no_inst
thanks   | what       | ask sms_no_text
thanks   | text       | ask finish_more
thanks   | rate+asked | ask+ which_ref 634011274
thanks   | which+rate | ask which_ref 482173657 634011274 501234567
thanks   | who+asked  | ask sms_no_inst
thanks   | what+asked | ask sms_no_text
thanks   | text+asked | ask+ which_ref 634011274
thanks   | text+rate  | ask finish_more
thanks   | two rates  | ask+ which_ref 482173657 501234567
thanks   | two asked  | ask+ which_ref 634011274 501234567
plain    | nothing    | help
plain    | rate       | ask rate_ask 482173657
plain    | asked      | do add asked
plain    | which      | ask which_ref 482173657 634011274 501234567
plain    | where      | ask sms_which TANESCO REA
plain    | who        | do fill who
plain    | what       | do fill what
plain    | text       | do continue text
plain    | rate+asked | ask+ which_ref 634011274
plain    | which+rate | ask which_ref 482173657 634011274 501234567
plain    | who+asked  | ask sms_no_inst
plain    | what+asked | ask sms_no_text
plain    | text+asked | ask+ which_ref 634011274
plain    | text+rate  | ask finish_more
plain    | two rates  | ask+ which_ref 482173657 501234567
plain    | two asked  | ask+ which_ref 634011274 501234567
"""
ROWS = [[cell.strip() for cell in row.split("|")] for row in TABLE.strip().splitlines()]


@pytest.mark.parametrize("language", ["sw", "en"])
@pytest.mark.parametrize(("message", "column", "wanted"), ROWS, ids=[f"{row[0]}, {row[1]}" for row in ROWS])
def test_a_cell(message: str, column: str, wanted: str, language: str) -> None:
    for text in MESSAGES[message][language == "en"]:
        assert told(decide(hear(text, language), state(*COLUMNS[column]))) == wanted, text


def test_the_table_is_whole() -> None:
    assert [(row[0], row[1]) for row in ROWS] == [(message, column) for message in MESSAGES for column in COLUMNS]
