"""From a case as the ledger has it to what a dialog may know of it: what she may do, and what its screens show."""

from __future__ import annotations

from datetime import date

from sessions import About
from ussd_engine import lifecycle
from ussd_engine.catalog import format_date
from ussd_engine.lifecycle import APPEALED, NEED_INFO, OPEN, QUEUED, RECEIVED
from ussd_engine.menu.edition import Edition
from ussd_engine.messages import Handled
from ussd_engine.model import Case
from ussd_engine.registry import MOST_KEPT, WORDS

UNNAMED = "core"
"""The role of somebody whose role the menu has no words for."""


def about(edition: Edition, case: Case, locale: str, today: date) -> About:
    """What is known of a case once it is open."""
    above = higher(edition, case)
    waits = case.state in OPEN or case.state is APPEALED
    until = lifecycle.appeal_until(case)
    dates = {"date": case.changed, "due": case.due if waits else None, "appeal_until": until}
    values: dict[str, str | None] = {
        "type": case.type,
        "status": status(case),
        "institution": case.institution,
        "higher": above,
        "refused": case.refused,
        **{name: format_date(locale, day) for name, day in dates.items() if day},
    }
    asked = case.state is NEED_INFO and case.spoken
    values["says"] = ("question" if asked else "answer") if case.spoken else ""
    can = set(lifecycle.can(case)) | ({"reply"} if asked else set()) | ({"be_late"} if case.due else set())
    if above:
        can |= {"higher"} if "appeal" in can else {"higher", "leak"}
    if until is not None and until < today:
        can.add("appeal_over")
    return About(case.reference, True, sorted(can), {name: value for name, value in values.items() if value})


def higher(edition: Edition, case: Case) -> str:
    """The code of the next higher level; empty where there is none."""
    return edition.higher(case.service, case.institution)


def status(case: Case) -> str:
    """The state that she is shown: what is stored with us has been received."""
    return str(RECEIVED if case.state is QUEUED else case.state)


def cases(found: list[Case]) -> list[list[str]]:
    """The rows of a list of cases: no institution, no date."""
    return [[case.reference, status(case)] for case in found[:MOST_KEPT]]


def history(edition: Edition, service: str, found: tuple[Handled, ...], locale: str) -> list[list[str]]:
    """The rows of who handled a case; an act for which no menu has words is left out, an office that nobody knows is
    not named."""
    roles, acts, data = WORDS["role"].values, WORDS["act"].values, edition.data.get(service)
    known = [one for one in found if one.act in acts]
    rows = [(one, data.get(one.office) if data else None) for one in known[-MOST_KEPT:]]
    return [
        [
            format_date(locale, one.day),
            one.role if one.role in roles else UNNAMED,
            one.act,
            office.short(locale) if office else "",
        ]
        for one, office in rows
    ]
