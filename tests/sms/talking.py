"""What may be open with a phone, and a decision in a few words."""

from __future__ import annotations

from tests.sms.sms_edition import OTHER, OURS, THIRD
from ussd_engine.sms.talk import Act, Decision, Help, Kind, Open, State, Wants
from ussd_engine.sms.templates import SMS

CASES = (OURS, OTHER)
RATE = Open(id=b"rate", kind=Kind.RATE, reference=OURS)
ASKED = Open(id=b"asked", kind=Kind.ASKED, reference=OTHER)
WHICH = Open(id=b"which", kind=Kind.WHICH, offered=(OURS, OTHER, THIRD))
WHERE = Open(id=b"where", kind=Kind.WHICH, offered=("TANESCO", "REA"), institutions=True)
WHO = Open(id=b"who", kind=Kind.WHICH, wants=Wants.INSTITUTION)
WHAT = Open(id=b"what", kind=Kind.WHICH, offered=("TANESCO",), wants=Wants.MESSAGE)
TEXT = Open(id=b"text", kind=Kind.TEXT)
RATE_TOO = Open(id=b"rate too", kind=Kind.RATE, reference=THIRD)
ASKED_TOO = Open(id=b"asked too", kind=Kind.ASKED, reference=THIRD)

COLUMNS: dict[str, tuple[Open, ...]] = {
    "nothing": (),
    "rate": (RATE,),
    "asked": (ASKED,),
    "which": (WHICH,),
    "where": (WHERE,),
    "who": (WHO,),
    "what": (WHAT,),
    "text": (TEXT,),
    "rate+asked": (RATE, ASKED),
    "which+rate": (WHICH, RATE),
    "who+asked": (WHO, ASKED),
    "what+asked": (WHAT, ASKED),
    "text+asked": (TEXT, ASKED),
    "text+rate": (TEXT, RATE),
    "two rates": (RATE, RATE_TOO),
    "two asked": (ASKED, ASKED_TOO),
}


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
