"""Who sees what: an officer's role and office, a case, and the institutions, to what may be seen of it. Pure.

*State* is reference, type, institution, state and dates; *text* is the message, what was said since, who handled it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple, get_args

from ussd_engine.errors import EngineError, did_you_mean
from ussd_engine.feedback.case import LEADERS, CoreCase
from ussd_engine.feedback.offices import Offices
from ussd_engine.messages import OfficerRole

INSIDE: Final = ("officer", "desk", "head")
ROLES: Final = get_args(OfficerRole)
"""`officer`, `desk` and `head` of an institution; `district`: commissioner and administrative secretary of the district
that a council names; `region`: those of a secretariat; `ministry`: minister, permanent secretary and their deputies;
`national`: the desk of last resort and whoever stands above it."""
LEADING: Final = ("district", "region", "ministry", "national")
"""Who may give directions."""
PURPOSES: Final = ("handling", "appeal", "supervision", "audit")
"""Why a text is read. A closed list: free words would bring content into the record."""


class Refused(EngineError):
    """An officer's act that the rules do not allow; its words name the way out."""


class Officer(NamedTuple):
    """Who acts: a role at an office, never a name."""

    role: str
    office: str
    """The code of an institution; of a district that of its council."""

    def __str__(self) -> str:
        return f"{self.role}@{self.office}"


class Sight(NamedTuple):
    """What an officer may do with a case."""

    state: bool = False
    text: bool = False
    acts: bool = False
    """Open it, ask, answer, pass it on."""
    directs: bool = False
    """Give directions as a leader, whoever holds it."""


NOTHING: Final = Sight()


def officer_of(text: str, offices: Offices) -> Officer:
    """The officer that `ROLE@OFFICE` names. `Refused` for a role that nobody has, or not at that office."""
    role, at, office = text.partition("@")
    if not at:
        raise Refused(f'"{text}" is no ROLE@OFFICE: write it as officer@DUWASA; roles are {", ".join(ROLES)}')
    if role not in ROLES:
        raise Refused(f'"{role}" is no role{did_you_mean(role, ROLES)}; roles are {", ".join(ROLES)}')
    if office not in offices.codes:
        raise Refused(f'"{office}" is no institution{offices.hint(office)}: write its code, as in {role}@DUWASA')
    if role == "national" and not offices.is_national(office):
        raise Refused(f"{office} is not the desk of last resort nor above it, so nobody is national there")
    if role == "ministry" and (offices.is_secretariat(office) or not offices.below(office, role)):
        raise Refused(f"{office} is no ministry with institutions below, so nobody is ministry there; its head is head")
    if role == "region" and not offices.is_secretariat(office):
        raise Refused(f"{office} is no regional secretariat, so nobody is region there; heads of institutions are head")
    if role == "district" and not offices.is_council(office):
        raise Refused(f"{office} is no council, and a district is named by its council")
    return Officer(role, office)


def sight(officer: Officer, case: CoreCase, offices: Offices) -> Sight:
    """What an officer may see of a case, and do with it."""
    mine = officer.office
    if mine in case.hidden:
        return NOTHING
    holds = case.institution == mine
    if officer.role in INSIDE:
        return Sight(holds or mine in case.passed, holds, holds)
    if officer.role == "district":
        sent = case.leader == "district" and case.district == mine
        return Sight(sent, sent, sent and case.institution == case.addressed, sent)
    below = offices.below(mine, officer.role)
    text = holds or _reached(officer, case, below)
    # Who was appealed from follows it, and has no more to say to those above him.
    directs = text and mine not in case.passed
    state = officer.role == "national" or text or case.institution in below or mine in case.passed
    return Sight(state, text, holds, directs)


def seen(officer: Officer, offices: Offices) -> Collection[str] | None:
    """The offices of whose cases an officer may see something, by which they are looked for; `None`: all."""
    if officer.role == "national":
        return None
    return {officer.office, *offices.below(officer.office, officer.role)}


def _reached(officer: Officer, case: CoreCase, below: Collection[str]) -> bool:
    """Whether it came from below by appeal or report, or was sent to this leader and not appealed from him."""
    if any(office in below for office in case.passed):
        return True
    sent = LEADERS.get(case.leader) == officer.role and case.addressed == officer.office
    return sent and officer.office not in case.passed
