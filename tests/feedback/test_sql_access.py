"""Who sees what of which case: the table of roles, as rows. `-` nothing, `s` state, `t` text, `a` acts, `d` directs."""

from __future__ import annotations

import msgspec
import pytest

from tests.feedback.desks import KINDS, shipped_offices
from ussd_engine.feedback.access import NOTHING, ROLES, Officer, Refused, officer_of, seen, sight
from ussd_engine.feedback.case import CoreCase, received, seats
from ussd_engine.testing.feedback_contract import submission

COUNCIL, REGION, ABOVE = "LGA-BAHI-DC", "RS-DODOMA", "TAMISEMI"


def case(kind: str, **changes: object) -> CoreCase:
    return msgspec.structs.replace(received(submission(**KINDS[kind]), shipped_offices()), **changes)


CASES = {
    "own": case("complaint"),
    "council": case("council"),
    "bribery": case("bribery"),
    "appealed": case("council", institution=REGION, passed=(COUNCIL,), appeals=1),
    "appealed twice": case("council", institution=ABOVE, passed=(COUNCIL, REGION), appeals=2),
    "leaked": case("council", institution=REGION, passed=(COUNCIL,), hidden=frozenset({COUNCIL}), appeals=1),
    "leaked by the region": case(
        "council", institution=ABOVE, passed=(COUNCIL, REGION), hidden=frozenset({COUNCIL, REGION}), appeals=2
    ),
    "minister": case("minister"),
    "minister, passed on": case("minister", institution="DUWASA"),
    "minister, appealed from": case("minister", institution="KMK", passed=("MAJI",), appeals=1),
    "ministry, appealed from": case("complaint", addressed="MAJI", institution="KMK", passed=("MAJI",), appeals=1),
    "ministry reported, passed on": case(
        "complaint", institution="TAKUKURU", passed=("MAJI",), hidden=frozenset({"MAJI"})
    ),
    "region": case("region"),
    "region, passed on": case("region", institution=COUNCIL),
    "district": case("district"),
    "district, passed on": case("district", institution=COUNCIL),
    "desk of last resort": case("complaint", institution="UTUMISHI"),
    "up to the top": case("complaint", institution="KMK", passed=("DUWASA", "MAJI"), appeals=2),
    "reported above the desk": case(
        "complaint", institution="KMK", passed=("UTUMISHI",), hidden=frozenset({"UTUMISHI"})
    ),
}
TABLE = {
    "officer@DUWASA": {"own": "sta", "minister, passed on": "sta", "up to the top": "s"},
    "desk@DUWASA": {"own": "sta", "minister, passed on": "sta", "up to the top": "s"},
    "head@DUWASA": {"own": "sta", "minister, passed on": "sta", "up to the top": "s"},
    "officer@LGA-BAHI-DC": {
        "council": "sta",
        "appealed": "s",
        "appealed twice": "s",
        "region, passed on": "sta",
        "district, passed on": "sta",
    },
    "head@LGA-BAHI-DC": {
        "council": "sta",
        "appealed": "s",
        "appealed twice": "s",
        "region, passed on": "sta",
        "district, passed on": "sta",
    },
    "district@LGA-BAHI-DC": {"district": "stad", "district, passed on": "std"},
    "district@LGA-CHEMBA-DC": {},
    "officer@RS-DODOMA": {
        "bribery": "sta",
        "appealed": "sta",
        "appealed twice": "s",
        "leaked": "sta",
        "region": "sta",
        "district": "sta",
    },
    "region@RS-DODOMA": {
        "council": "s",
        "bribery": "stad",
        "appealed": "stad",
        "appealed twice": "st",
        "leaked": "stad",
        "region": "stad",
        "region, passed on": "std",
        "district": "stad",
        "district, passed on": "s",
    },
    "region@RS-SINGIDA": {},
    "ministry@MAJI": {
        "own": "s",
        "minister": "stad",
        "minister, passed on": "std",
        "minister, appealed from": "s",
        "ministry, appealed from": "s",
        "up to the top": "st",
    },
    "officer@MAJI": {
        "minister": "sta",
        "minister, appealed from": "s",
        "ministry, appealed from": "s",
        "up to the top": "s",
    },
    "ministry@TAMISEMI": {
        "bribery": "s",
        "appealed": "s",
        "appealed twice": "stad",
        "leaked": "s",
        "leaked by the region": "stad",
        "region": "s",
        "district": "s",
    },
    "officer@UTUMISHI": {"desk of last resort": "sta"},
    "national@UTUMISHI": {
        **dict.fromkeys(CASES, "s"),
        "desk of last resort": "stad",
        "reported above the desk": "-",
    },
    "national@KMK": {
        **dict.fromkeys(CASES, "s"),
        "minister, appealed from": "stad",
        "ministry, appealed from": "stad",
        "ministry reported, passed on": "std",
        "up to the top": "stad",
        "reported above the desk": "stad",
    },
}


@pytest.mark.parametrize("who", TABLE)
def test_the_table_of_roles(who: str) -> None:
    offices = shipped_offices()
    officer = officer_of(who, offices)
    found = {name: sight(officer, one, offices) for name, one in CASES.items()}
    shown = {
        name: "".join(
            letter for letter, holds in zip("stad", (got.state, got.text, got.acts, got.directs), strict=True) if holds
        )
        or "-"
        for name, got in found.items()
    }
    assert shown == {name: TABLE[who].get(name, "-") for name in CASES}


@pytest.mark.parametrize("who", TABLE)
def test_whoever_sees_a_case_finds_it(who: str) -> None:
    """The offices by which cases are looked for reach every case that an officer sees."""
    offices = shipped_offices()
    officer = officer_of(who, offices)
    wide = seen(officer, offices)
    for one in CASES.values():
        if wide is not None and sight(officer, one, offices).state:
            assert set(wide) & {one.institution, *seats(one)}


def test_nothing_is_seen_of_what_reports_one_by_any_role() -> None:
    offices = shipped_offices()
    hidden = case("council", institution=ABOVE, hidden=frozenset({COUNCIL, REGION, "UTUMISHI"}))
    for role in ROLES:
        for office in (COUNCIL, REGION, "UTUMISHI"):
            assert sight(Officer(role, office), hidden, offices) == NOTHING


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is no ROLE@OFFICE"),
        ("officer", "write it as officer@DUWASA; roles are officer, desk"),
        ("chief@DUWASA", "roles are officer, desk, head, district, region, ministry, national"),
        ("oficer@DUWASA", 'did you mean "officer"'),
        ("officer@DUWASSA", 'did you mean "DUWASA"'),
        ("officer@TANESC", 'did you mean "TANESCO"'),
        ("officer@tanesco", 'did you mean "TANESCO"[?]'),
        ("officer@maji dodoma", '"DUWASA"'),
        ("region@DODOMA", '"RS-DODOMA"'),
        ("officer@qqqq", "is no institution: write its code"),
        ("national@DUWASA", "nobody is national there"),
        ("national@MAJI", "nobody is national there"),
        ("ministry@DUWASA", "is no ministry with institutions below"),
        ("ministry@RS-DODOMA", "is no ministry with institutions below"),
        ("region@DUWASA", "no regional secretariat"),
        ("district@RS-DODOMA", "no council"),
    ],
)
def test_a_role_that_is_none_is_refused_with_the_way_out(text: str, told: str) -> None:
    with pytest.raises(Refused, match=told):
        officer_of(text, shipped_offices())
