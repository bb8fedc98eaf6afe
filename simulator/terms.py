"""Words for what the engine names: states, types, acts, faults, displays, reports."""

from __future__ import annotations

from typing import Final

from simulator.handset import Display
from simulator.officer import Act
from simulator.speech import Note, told
from simulator.trouble import Fault

STATES: Final[dict[str, Note]] = {
    "queued": told("on its way"),
    "received": told("received"),
    "opened": told("opened"),
    "in_progress": told("in progress"),
    "need_info": told("waits for the citizen"),
    "transferred": told("transferred"),
    "answered": told("answered"),
    "closed": told("closed"),
    "not_accepted": told("not accepted"),
    "appealed": told("under appeal"),
    "appeal_decided": told("appeal decided"),
    "withdrawn": told("withdrawn"),
}
TYPES: Final[dict[str, Note]] = {
    "complaint": told("complaint"),
    "opinion": told("opinion"),
    "question": told("question"),
    "compliment": told("compliment"),
}
MODES: Final[dict[str, Note]] = {
    "confidential": told("confidential"),
    "named": told("named"),
    "anonymous": told("anonymous"),
}
ACTS: Final[dict[Act, Note]] = {
    "open": told("Open"),
    "progress": told("Work on it"),
    "ask": told("Ask the citizen"),
    "answer": told("Answer"),
    "transfer": told("Transfer"),
    "refuse": told("Refuse"),
    "decide": told("Decide the appeal"),
    "close": told("Close"),
    "tick": told("Let a day's work be done"),
}
SPEAKS: Final[dict[str, Note]] = {
    "ask": told("the question"),
    "answer": told("the answer"),
    "transfer": told("code of the institution, as DUWASA"),
    "refuse": told("the reason"),
    "decide": told("the decision"),
}
"""What an act needs besides."""
FAULTS: Final[dict[Fault, Note]] = {
    "slow": told("Core slow"),
    "sessions": told("Session not written"),
    "lost": told("Ledger: lost before"),
    "unanswered": told("Ledger: no answer"),
    "unknown_rolled": told("Ledger: rolled back"),
}
NETWORK: Final[dict[Display, Note]] = {
    Display.LOST: told("Network error. Your request was not completed."),
    Display.OVER: told("The session has timed out."),
}
"""What a handset says by itself."""
REPORTS: Final[dict[str, Note]] = {
    "delivered": told("delivered"),
    "failed": told("failed"),
    "late": told("delivered late"),
    "twice": told("reported twice"),
}
PAUSES: Final[dict[int, Note]] = {
    60: told("1 minute"),
    180: told("3 minutes"),
    600: told("10 minutes"),
    86_400: told("1 day"),
    1_209_600: told("14 days"),
}
"""Seconds that can be let pass, in one go."""
