"""Every rule refuses what breaks it, naming the place and the way out; a damaged file never ends in a traceback."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.menu.invalid_menus import CASES, damage, faults_of
from tests.menu.menu_folder import BASE, MenuFolder
from ussd_engine.errors import Fault, MenuError
from ussd_engine.menu.load import load_text
from ussd_engine.menu.rules import RULES
from ussd_engine.menu.schema import read_service

REPORT = (BASE / "demo/report.yaml").read_text()


def test_the_base_has_no_fault(folder: MenuFolder) -> None:
    assert [str(fault) for fault in folder.check()] == []


@pytest.mark.parametrize("case", CASES, ids=[f"{number} {case['rule']}" for number, case in enumerate(CASES)])
def test_a_damaged_menu_is_refused_with_its_place(folder: MenuFolder, case: dict[str, Any]) -> None:
    damage(folder, case)
    assert faults_of(folder, case) == case["want"]


def test_every_rule_has_a_menu_that_breaks_it() -> None:
    assert {case["rule"] for case in CASES} == set(RULES)


def test_no_two_cases_are_the_same() -> None:
    edits = [str({key: value for key, value in case.items() if key not in ("rule", "want")}) for case in CASES]
    assert len(set(edits)) == len(edits)


CUTS = st.tuples(st.integers(0, len(REPORT) - 1), st.integers(0, 12), st.sampled_from([*":{[\t&0.", "", "- "]))


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(CUTS)
def test_a_file_cut_anywhere_is_read_or_refused(cut: tuple[int, int, str]) -> None:
    at, length, put = cut
    faults: list[Fault] = []
    try:
        read_service([load_text(REPORT[:at] + put + REPORT[at + length :], "report.yaml")], faults)
    except MenuError as error:
        faults = error.faults
    assert {fault.file for fault in faults} == {"report.yaml"}
    assert all(fault.rule in RULES and fault.line > 0 for fault in faults)
