"""The lifecycle as the built-in core keeps it, a row each.

Kind of case, what happened before, what happens now; then the state afterwards, what the citizen is told, and the row
that the record gets, or the refusal after a `!`. `-`: nothing. A complaint to DUWASA is due on 29/12/2025, 34 days
after the first day; one to MAJI 21 days after.
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    kind: str
    given: str
    when: str
    state: str
    told: str
    record: str

    @property
    def label(self) -> str:
        return f"{self.kind}: {self.given or 'new'}, {self.when}"


WORKED = "open progress"
ANSWERED = "open progress answer"
REFUSED = "open refuse"
APPEALED = "open progress answer appeal:unhappy"
DECIDED = "open progress answer appeal:unhappy decide"
CLOSED_LATE = f"{ANSWERED} +15 close"
MOVED = "transfer:TANESCO transfer:TRA transfer:NIDA"
AT_DESK = f"{MOVED} transfer:MAJI"

_TABLE = [
    # the office's own steps
    ("complaint", "", "open", "opened", "opened", "officer opened"),
    ("complaint", "", "desk@DUWASA/open", "opened", "opened", "desk opened"),
    ("complaint", "", "head@DUWASA/open", "opened", "opened", "head opened"),
    (
        "complaint",
        "",
        "progress",
        "received",
        "-",
        "! nobody has opened the case yet. Now: `case open`, `case transfer` or `case progress --due`",
    ),
    (
        "complaint",
        "",
        "ask",
        "received",
        "-",
        "! nobody has opened the case yet. Now: `case open`, `case transfer` or `case progress --due`",
    ),
    (
        "complaint",
        "",
        "answer",
        "received",
        "-",
        "! nobody has opened the case yet. Now: `case open`, `case transfer` or `case progress --due`",
    ),
    (
        "complaint",
        "",
        "refuse",
        "received",
        "-",
        "! nobody has opened the case yet. Now: `case open`, `case transfer` or `case progress --due`",
    ),
    (
        "complaint",
        "",
        "decide",
        "received",
        "-",
        "! nobody has opened the case yet. Now: `case open`, `case transfer` or `case progress --due`",
    ),
    (
        "complaint",
        "",
        "close",
        "received",
        "-",
        "! nobody has opened the case yet. Now: `case open`, `case transfer` or `case progress --due`",
    ),
    ("complaint", "open", "open", "opened", "-", "! is open already, since 25/11/2025"),
    ("complaint", "open", "progress", "in_progress", "in_progress", "officer in_progress"),
    ("complaint", "open", "ask", "opened", "-", "! nobody works on it yet. Now: `case progress`"),
    ("complaint", "open", "answer", "opened", "-", "! nobody works on it yet. Now: `case progress`"),
    ("complaint", "open", "refuse", "not_accepted", "not_accepted", "officer not_accepted"),
    ("complaint", "open", "decide", "opened", "-", "! nobody works on it yet. Now: `case progress`"),
    ("complaint", "open", "close", "opened", "-", "! nobody works on it yet. Now: `case progress`"),
    ("complaint", WORKED, "progress", "in_progress", "-", "! is being worked on"),
    ("complaint", f"{WORKED} +3", "open", "in_progress", "-", "! is open already, since 25/11/2025"),
    ("complaint", "open transfer:MAJI +3 open +3", "open", "opened", "-", "! is open already, since 28/11/2025"),
    ("complaint", WORKED, "ask", "need_info", "need_info", "officer need_info"),
    ("complaint", WORKED, "answer", "answered", "answered", "officer answered"),
    ("complaint", WORKED, "refuse", "not_accepted", "not_accepted", "officer not_accepted"),
    ("complaint", WORKED, "close", "in_progress", "-", "! is being worked on"),
    ("complaint", f"{WORKED} ask", "answer", "need_info", "-", "! waits for the citizen"),
    ("complaint", f"{WORKED} ask", "refuse", "need_info", "-", "! waits for the citizen"),
    ("complaint", f"{WORKED} ask", "ask", "need_info", "-", "! waits for the citizen"),
    ("complaint", f"{WORKED} ask", "progress", "in_progress", "in_progress", "officer in_progress"),
    ("complaint", ANSWERED, "answer", "answered", "-", "! is answered"),
    ("complaint", ANSWERED, "progress", "answered", "-", "! is answered"),
    ("complaint", ANSWERED, "refuse", "answered", "-", "! is answered"),
    ("complaint", ANSWERED, "close", "answered", "-", "! by itself from 10/12/2025 on"),
    ("complaint", f"{ANSWERED} +14", "close", "answered", "-", "! by itself from 10/12/2025 on"),
    ("complaint", CLOSED_LATE, "close", "closed", "-", "! is closed"),
    ("complaint", f"{ANSWERED} +15", "close", "closed", "closed", "officer closed"),
    ("complaint", f"{ANSWERED} rate:yes", "close", "closed", "-", "! may appeal until 25/12/2025"),
    ("complaint", f"{ANSWERED} rate:partly", "close", "closed", "-", "! may appeal until 25/12/2025"),
    ("complaint", f"{ANSWERED} rate:partly +31", "close", "closed", "-", "! is closed, for good"),
    ("complaint", CLOSED_LATE, "answer", "closed", "-", "! is closed"),
    ("complaint", REFUSED, "close", "not_accepted", "-", "! was not accepted"),
    ("complaint", REFUSED, "answer", "not_accepted", "-", "! was not accepted"),
    ("question", WORKED, "answer", "answered", "answered", "officer answered"),
    ("question", WORKED, "refuse", "not_accepted", "not_accepted", "officer not_accepted"),
    # officers of other offices
    ("complaint", "", "officer@TANESCO/open", "received", "-", "! none of yours"),
    ("complaint", "", "ministry@MAJI/open", "received", "-", "! lies with DUWASA"),
    ("complaint", WORKED, "ministry@MAJI/answer", "in_progress", "-", "! lies with DUWASA"),
    ("complaint", WORKED, "national@UTUMISHI/answer", "in_progress", "-", "! lies with DUWASA"),
    ("complaint", "transfer:TANESCO", "officer@DUWASA/open", "received", "-", "! none of yours"),
    ("complaint", APPEALED, "officer@DUWASA/decide", "appealed", "-", "! lies with MAJI"),
    # due dates that the office moves
    ("complaint", WORKED, "due:15/01/2026", "in_progress", "due_changed", "officer due"),
    ("complaint", "open", "due:15/01/2026", "in_progress", "in_progress", "officer in_progress"),
    ("complaint", "", "due:15/01/2026", "received", "due_changed", "officer due"),
    ("complaint", APPEALED, "due:15/01/2026", "appealed", "due_changed", "officer due"),
    ("complaint", WORKED, "due:29/12/2025", "in_progress", "-", "! due on 29/12/2025 already"),
    ("complaint", WORKED, "due:25/11/2025", "in_progress", "-", "! lies in the future"),
    ("complaint", ANSWERED, "due:15/01/2026", "answered", "-", "! is answered"),
    ("opinion", WORKED, "due:15/01/2026", "in_progress", "-", "! no due date"),
    # transfers
    ("complaint", "", "transfer:MAJI", "received", "transferred", "officer transferred"),
    ("complaint", "open", "transfer:MAJI", "received", "transferred", "officer transferred"),
    ("complaint", WORKED, "transfer:MAJI", "received", "transferred", "officer transferred"),
    ("complaint", f"{WORKED} ask", "transfer:MAJI", "need_info", "-", "! waits for the citizen"),
    ("complaint", ANSWERED, "transfer:MAJI", "answered", "-", "! is answered"),
    ("complaint", REFUSED, "transfer:MAJI", "not_accepted", "-", "! was not accepted"),
    ("complaint", APPEALED, "transfer:DUWASA", "appealed", "-", "! under appeal"),
    ("complaint", "", "transfer:DUWASA", "received", "-", "! lies with DUWASA already"),
    ("complaint", "", "transfer:TANESKO", "received", "-", "! did you mean"),
    ("complaint", "transfer:TANESCO", "open", "opened", "opened", "officer opened"),
    ("complaint", "transfer:TANESCO transfer:TRA", "transfer:NIDA", "received", "transferred", "officer transferred"),
    ("complaint", MOVED, "transfer:MAJI", "received", "transferred", "officer transferred"),
    ("complaint", AT_DESK, "transfer:DUWASA", "received", "transferred", "officer transferred"),
    ("complaint", f"{AT_DESK} transfer:DUWASA", "transfer:TRA", "received", "-", "! which keeps the case"),
    ("complaint", f"{AT_DESK} transfer:DUWASA", "open", "opened", "opened", "officer opened"),
    ("unsure", "", "transfer:DUWASA", "received", "transferred", "officer transferred"),
    ("unsure", f"transfer:DUWASA {MOVED}", "transfer:MAJI", "received", "transferred", "officer transferred"),
    ("bribery", "", "transfer:LGA-BAHI-DC", "received", "-", "! must not see it"),
    ("bribery", "", "transfer:TAKUKURU", "received", "transferred", "officer transferred"),
    # what the citizen adds
    ("complaint", "", "append", "received", "-", "citizen addition"),
    ("complaint", f"{WORKED} ask", "append", "in_progress", "in_progress", "citizen addition"),
    ("complaint", f"{WORKED} ask append", "answer", "answered", "answered", "officer answered"),
    ("complaint", f"{WORKED} ask append", "append", "in_progress", "-", "citizen addition"),
    ("complaint", APPEALED, "append", "appealed", "-", "citizen addition"),
    ("complaint", CLOSED_LATE, "append", "closed", "-", "citizen addition"),
    # what she takes back
    ("complaint", "", "withdraw", "withdrawn", "-", "citizen withdrawn"),
    ("complaint", "open", "withdraw", "withdrawn", "-", "citizen withdrawn"),
    ("complaint", WORKED, "withdraw", "withdrawn", "-", "citizen withdrawn"),
    ("complaint", f"{WORKED} ask", "withdraw", "withdrawn", "-", "citizen withdrawn"),
    ("complaint", ANSWERED, "withdraw", "answered", "-", "-"),
    ("complaint", REFUSED, "withdraw", "not_accepted", "-", "-"),
    ("complaint", APPEALED, "withdraw", "appealed", "-", "-"),
    ("complaint", "withdraw", "withdraw", "withdrawn", "-", "-"),
    ("complaint", "withdraw", "open", "withdrawn", "-", "! took the case back"),
    ("complaint", "withdraw", "transfer:MAJI", "withdrawn", "-", "! took the case back"),
    ("complaint", f"{WORKED} withdraw", "answer", "withdrawn", "-", "! took the case back"),
    # what she says of the answer
    ("complaint", ANSWERED, "rate:yes", "closed", "-", "citizen rated"),
    ("complaint", ANSWERED, "rate:partly", "closed", "-", "citizen rated"),
    ("complaint", ANSWERED, "rate:no", "answered", "-", "citizen rated"),
    ("complaint", f"{ANSWERED} rate:no", "rate:yes", "answered", "-", "-"),
    ("complaint", f"{ANSWERED} rate:no", "close", "answered", "-", "! it closes from 26/12/2025 on"),
    ("complaint", f"{ANSWERED} rate:no +30", "close", "answered", "-", "! may appeal until 25/12/2025"),
    ("complaint", f"{ANSWERED} rate:no +31", "close", "closed", "closed", "officer closed"),
    ("complaint", CLOSED_LATE, "rate:no", "closed", "-", "citizen rated"),
    ("complaint", WORKED, "rate:yes", "in_progress", "-", "-"),
    # what time does
    ("complaint", f"{ANSWERED} +14", "tick", "answered", "-", "-"),
    ("complaint", f"{ANSWERED} +15", "tick", "closed", "closed", "core closed"),
    ("complaint", f"{ANSWERED} rate:no +30", "tick", "answered", "-", "-"),
    ("complaint", f"{ANSWERED} rate:no +31", "tick", "closed", "closed", "core closed"),
    ("complaint", f"{ANSWERED} +15 tick", "tick", "closed", "-", "-"),
    ("complaint", f"{REFUSED} +60", "tick", "not_accepted", "-", "-"),
    ("complaint", f"{DECIDED} +60", "tick", "appeal_decided", "-", "-"),
    ("complaint", f"{WORKED} +60", "tick", "in_progress", "-", "-"),
    ("opinion", f"{ANSWERED} +15", "tick", "closed", "closed", "core closed"),
    # appeals
    ("complaint", ANSWERED, "appeal:unhappy", "appealed", "-", "citizen appealed"),
    ("complaint", f"{ANSWERED} rate:no", "appeal:unhappy", "appealed", "-", "citizen appealed"),
    ("complaint", f"{ANSWERED} rate:partly", "appeal:unhappy", "appealed", "-", "citizen appealed"),
    ("complaint", f"{ANSWERED} +30", "appeal:unhappy", "appealed", "-", "citizen appealed"),
    ("complaint", f"{ANSWERED} +31", "appeal:unhappy", "answered", "-", "! time to appeal is over"),
    ("complaint", f"{ANSWERED} +15 close +30", "appeal:other", "appealed", "-", "citizen appealed"),
    ("complaint", f"{ANSWERED} +15 close +31", "appeal:other", "closed", "-", "! time to appeal is over"),
    ("complaint", REFUSED, "appeal:other", "appealed", "-", "citizen appealed"),
    ("complaint", f"{REFUSED} +31", "appeal:other", "not_accepted", "-", "! time to appeal is over"),
    ("complaint", "+33", "appeal:late", "received", "-", "! still has time"),
    ("complaint", "+34", "appeal:late", "received", "-", "! still has time"),
    ("complaint", "+35", "appeal:late", "appealed", "-", "citizen appealed"),
    ("complaint", f"{WORKED} +35", "appeal:late", "appealed", "-", "citizen appealed"),
    ("complaint", f"{WORKED} ask +35", "appeal:late", "appealed", "-", "citizen appealed"),
    ("complaint", f"{WORKED} due:15/01/2026 +35", "appeal:late", "in_progress", "-", "! still has time"),
    ("complaint", "transfer:MAJI +21", "appeal:late", "received", "-", "! still has time"),
    ("complaint", "transfer:MAJI +22", "appeal:late", "appealed", "-", "citizen appealed"),
    ("complaint", "withdraw", "appeal:leak", "appealed", "-", "citizen appealed"),
    ("complaint", APPEALED, "decide", "appeal_decided", "appeal_decided", "officer appeal_decided"),
    ("complaint", APPEALED, "ministry@MAJI/decide", "appeal_decided", "appeal_decided", "ministry appeal_decided"),
    ("complaint", APPEALED, "answer", "appealed", "-", "! is under appeal. Now: `case decide`"),
    ("complaint", APPEALED, "open", "appealed", "-", "! is under appeal. Now: `case decide`"),
    ("complaint", DECIDED, "decide", "appeal_decided", "-", "! the appeal is decided"),
    ("complaint", DECIDED, "close", "appeal_decided", "-", "! the appeal is decided"),
    ("complaint", DECIDED, "appeal:unhappy", "appealed", "-", "citizen appealed"),
    ("complaint", f"{DECIDED} +31", "appeal:unhappy", "appeal_decided", "-", "! time to appeal is over"),
    ("complaint", f"{APPEALED} +60", "appeal:late", "appealed", "-", "citizen appealed"),
    ("complaint", f"{DECIDED} appeal:unhappy", "decide", "appeal_decided", "appeal_decided", "officer appeal_decided"),
    ("complaint", f"{DECIDED} appeal:unhappy decide", "appeal:unhappy", "appeal_decided", "-", "! no higher level"),
    ("complaint", f"{DECIDED} appeal:unhappy", "appeal:leak", "appealed", "-", "! no higher level"),
    ("complaint", f"{DECIDED} appeal:unhappy decide", "appeal:leak", "appeal_decided", "-", "! no higher level"),
    ("opinion", ANSWERED, "appeal:unhappy", "appealed", "-", "citizen appealed"),
    ("opinion", "+300", "appeal:late", "received", "-", "! still has time"),
    # a leaked identity, and bribery
    ("complaint", "", "appeal:leak", "appealed", "-", "citizen appealed"),
    ("complaint", WORKED, "appeal:leak", "appealed", "-", "citizen appealed"),
    ("complaint", f"{ANSWERED} +300", "appeal:leak", "appealed", "-", "citizen appealed"),
    ("complaint", "appeal:leak", "officer@DUWASA/open", "appealed", "-", "! none of yours"),
    ("complaint", "appeal:leak", "head@DUWASA/open", "appealed", "-", "! none of yours"),
    ("complaint", "appeal:leak", "decide", "appeal_decided", "appeal_decided", "officer appeal_decided"),
    ("bribery", "", "open", "opened", "opened", "officer opened"),
    ("bribery", "", "region@RS-DODOMA/open", "opened", "opened", "region opened"),
    ("bribery", "", "officer@LGA-BAHI-DC/open", "received", "-", "! none of yours"),
    ("bribery", "", "head@LGA-BAHI-DC/open", "received", "-", "! none of yours"),
    ("bribery", ANSWERED, "appeal:unhappy", "appealed", "-", "citizen appealed"),
    # Speak to a Leader
    ("minister", "", "ministry@MAJI/open", "opened", "opened", "ministry opened"),
    ("minister", WORKED, "answer", "answered", "leader_answered", "officer answered"),
    ("minister", WORKED, "ministry@MAJI/direct", "in_progress", "leader_directive", "ministry directive"),
    ("minister", "transfer:DUWASA", "ministry@MAJI/direct", "received", "leader_directive", "ministry directive"),
    ("minister", WORKED, "direct", "in_progress", "-", "! given by leaders"),
    ("minister", ANSWERED, "ministry@MAJI/direct", "answered", "-", "! is answered"),
    ("complaint", WORKED, "ministry@MAJI/direct", "in_progress", "-", "! given by leaders"),
    ("region", "", "region@RS-DODOMA/open", "opened", "opened", "region opened"),
    ("region", "transfer:LGA-BAHI-DC", "region@RS-DODOMA/direct", "received", "leader_directive", "region directive"),
    ("district", "", "district@LGA-BAHI-DC/open", "opened", "opened", "district opened"),
    ("district", "", "officer@RS-DODOMA/open", "opened", "opened", "officer opened"),
    ("district", "", "officer@LGA-BAHI-DC/open", "received", "-", "! none of yours"),
    ("district", "", "district@LGA-CHEMBA-DC/open", "received", "-", "! none of yours"),
    ("district", "transfer:TANESCO", "district@LGA-BAHI-DC/open", "received", "-", "! lies with TANESCO"),
    (
        "district",
        "transfer:TANESCO",
        "district@LGA-BAHI-DC/direct",
        "received",
        "leader_directive",
        "district directive",
    ),
    ("council", WORKED, "region@RS-DODOMA/answer", "in_progress", "-", "! lies with LGA-BAHI-DC"),
    # opinions and compliments
    ("opinion", "", "open", "opened", "opened", "officer opened"),
    ("opinion", WORKED, "answer", "answered", "answered", "officer answered"),
    ("compliment", "", "open", "opened", "compliment_read", "officer opened"),
    ("compliment", "open", "progress", "opened", "-", "! a compliment ends when it was read"),
    ("compliment", "open", "refuse", "opened", "-", "! a compliment ends when it was read"),
    ("compliment", "open", "transfer:MAJI", "opened", "-", "! a compliment ends when it was read"),
    ("compliment", "", "transfer:MAJI", "received", "transferred", "officer transferred"),
    ("compliment", "open", "appeal:unhappy", "opened", "-", "! takes no appeal"),
    ("compliment", "open +300", "tick", "opened", "-", "-"),
]
ROWS = [Row(*row) for row in _TABLE]
