"""A case as the built-in core has it: the projection of the gateway, and who may not see it."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Row

from ussd_engine import lifecycle
from ussd_engine.feedback.offices import Offices
from ussd_engine.feedback.tables import core_cases
from ussd_engine.lifecycle import WAITING
from ussd_engine.model import Case, CaseState, Submission

LEADERS = {"minister": "ministry", "region": "region", "district": "district"}
"""The level that she chose, and the role to which her message goes."""


class CoreCase(Case, frozen=True, kw_only=True):
    """`case` is the key of the submission. All that may be read of a case without a key."""

    addressed: str = ""
    """The institution to which it was sent."""
    district: str = ""
    """The council by which the district of its commissioner is named; empty where it was not sent to one."""
    passed: tuple[str, ...] = ()
    """The offices from which it was appealed, and those above which it was reported; the oldest first."""
    hidden: frozenset[str] = frozenset()
    """The offices that do not see it: it reports them."""
    unaddressed: bool = False
    """She did not know whose matter it is; the desk has not passed it on yet."""
    kept: bool = False
    """The desk of last resort has named who keeps it."""

    @property
    def waiting(self) -> bool:
        """Whether somebody is to answer or to decide."""
        return self.state in WAITING

    @property
    def level(self) -> str:
        """Whose word is asked: that of the institution, of a leader, or of a higher level."""
        return "appeal" if self.appeals else self.leader or "institution"

    @property
    def bucket(self) -> str:
        """How figures count it."""
        return next(name for name, states in lifecycle.BUCKETS.items() if self.state in states)


_NAMES = {"case": "key", "submitted": "received"}
_KEPT = [name for name in CoreCase.__struct_fields__ if name not in ("core_reference", "event", "refused")]
COLUMNS = [core_cases.c[_NAMES.get(name, name)].label(name) for name in _KEPT]
"""What a `CoreCase` is made from."""


def case_of(row: Row[Any]) -> CoreCase:
    """The case of a row of `COLUMNS`, among whatever others."""
    values: dict[str, Any] = {name: row._mapping[name] for name in _KEPT}
    values["changed"] = values["changed"] or values["submitted"]
    values["addressed"] = values["addressed"] or values["institution"]
    values["passed"] = values["passed"].split()
    values["hidden"] = values["hidden"].split()
    return msgspec.convert(values, CoreCase)


def row_of(case: CoreCase) -> dict[str, object]:
    """The columns of a case."""
    values = {_NAMES.get(name, name): getattr(case, name) for name in _KEPT}
    return values | {
        "mode": case.mode.value,
        "state": case.state.value,
        "passed": " ".join(case.passed),
        "hidden": " ".join(sorted(case.hidden)),
    }


def is_bribery(submission: Submission) -> bool:
    """Whether a submission reports a bribe: nobody of the office that it names may see it."""
    return submission.answers.get("nature") == "bribery"


def received(submission: Submission, offices: Offices) -> CoreCase:
    """The case of a submission, before any event. A report of bribery is held above the office that it names."""
    answers, service, addressed = submission.answers, submission.service, submission.institution
    leader = (answers.get("level") or "") if answers.get("to") == "leader" else ""
    report = is_bribery(submission)
    unsure = bool(answers.get("topic")) and offices.takes_unaddressed(service, addressed, answers.get("region") or "")
    return CoreCase(
        reference=submission.reference,
        case=bytes.fromhex(submission.idempotency_key),
        handle=submission.handle or None,
        service=service,
        type=submission.type,
        mode=submission.mode,
        institution=(offices.above(service, addressed) if report else "") or addressed,
        state=CaseState.RECEIVED,
        submitted=submission.submitted,
        changed=submission.submitted,
        due=submission.due,
        sequence=0,
        leader=leader if leader in LEADERS else "",
        addressed=addressed,
        district=(answers.get("council") or "") if leader == "district" else "",
        passed=(addressed,) if report else (),
        hidden=frozenset({addressed}) if report else frozenset(),
        unaddressed=unsure,
    )


def seats(case: CoreCase) -> set[str]:
    """The offices that have to do with a case which they may not hold."""
    found = {*case.passed, case.district, case.addressed if case.leader else ""}
    return found - {""}


def kept(case: object) -> CoreCase:
    """A case that the lifecycle has changed: `msgspec.structs.replace` keeps the type that it was given."""
    assert isinstance(case, CoreCase)
    return case
