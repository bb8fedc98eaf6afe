"""Words for what the engine names: states, acts, faults, displays, reports, and what a step does."""

from __future__ import annotations

from typing import Final

from simulator.exchange import Report
from simulator.glance import Kept
from simulator.handset import Display
from simulator.officer import Act
from simulator.speech import Note, told
from simulator.transcript import Step
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
    "lost": told("Ledger: refused"),
    "unanswered": told("Ledger: written, no answer"),
    "unknown_rolled": told("Ledger: not written, no answer"),
}
NETWORK: Final[dict[Display, Note]] = {
    Display.LOST: told("Network error. Your request was not completed."),
    Display.OVER: told("The session has timed out."),
}
"""What a handset says by itself."""
KEPT: Final[dict[Kept, Note]] = {
    Kept.NOTHING: told("Nothing is kept: a redial begins anew."),
    Kept.DRAFT: told("Redial: it goes on where it stood."),
    Kept.ACT: told("Redial: it tells what became of what was sent."),
    Kept.LAST: told("Redial: reference and PIN are shown once more."),
}
REPORTS: Final[dict[Report, Note]] = {
    "delivered": told("delivered"),
    "failed": told("failed"),
    "late": told("delivered late"),
    "twice": told("delivered, told twice"),
}
PAUSES: Final[dict[int, Note]] = {
    60: told("Let 1 minute pass"),
    180: told("Let 3 minutes pass"),
    600: told("Let 10 minutes pass"),
    86_400: told("Let 1 day pass"),
    1_209_600: told("Let 14 days pass"),
}
"""Seconds that can be let pass, in one go."""
STEPS: Final[dict[str, Note]] = {
    "dial": told("dial {what}"),
    "type": told("type {what}"),
    "redial": told("redial"),
    "repeat": told("repeat the last request"),
    "late": told("send an old request late"),
    "hang_up": told("hang up"),
    "wait": told("let {what} seconds pass"),
    "caller": told("take the phone of {what}"),
    "forget": told("let the session be lost"),
    "sms": told("write the SMS {what}"),
    "report": told("report an SMS: {what}"),
    "provider": told("go through {what}"),
    "core": told("the core: {what}"),
    "restart": told("stop the gateway and start it again"),
    "officer": told("be the officer: {what}"),
}
"""What a step of a transcript does."""
SWITCHED: Final[dict[str, Note]] = {"down": told("down"), "back": told("back")}
FIRST: Final = told("take the first phone")


def doing(step: Step) -> Note:
    """What comes next."""
    value = getattr(step, step.does)
    if step.officer or step.report or step.core:
        words = (
            ACTS[step.officer] if step.officer else REPORTS[step.report] if step.report else SWITCHED[step.core or ""]
        )
        return Note(STEPS[step.does].text, {"what": words})
    if step.wait is not None:
        value = f"{step.wait:g}"
    if step.caller == "":
        return FIRST
    return Note(STEPS[step.does].text, {"what": str(value)})
