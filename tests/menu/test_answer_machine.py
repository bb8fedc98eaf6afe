"""Forms against their model: whatever a caller does, the next screen follows from the set of answers alone."""

from __future__ import annotations

import os

import pytest
from hypothesis import Phase

from tests.menu.answer_faults import FAULTS, Fault
from tests.menu.answer_machines import GeneratedForms, ShippedForms, run
from ussd_engine.walk import Walk

pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("strict")]

EXAMPLES = 60
OFTEN = 5 if os.environ.get("CI") == "true" else 1


def test_the_shipped_forms_follow_from_their_answers() -> None:
    run(ShippedForms, EXAMPLES * OFTEN)


def test_any_forms_follow_from_their_answers() -> None:
    run(GeneratedForms, EXAMPLES * OFTEN)


def _freely(walk: Walk, verb: str, dest: str) -> None:
    """A screen without its transition: a faulty engine goes ways that no menu has."""
    walk.stand(dest)


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.instead.__name__)
def test_a_faulty_engine_is_found_out(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Walk, "fire", _freely)
    instead = property(fault.instead) if isinstance(getattr(fault.owner, fault.method), property) else fault.instead
    monkeypatch.setattr(fault.owner, fault.method, instead)
    quickly = {"phases": [Phase.generate], "derandomize": True, "database": None, "report_multiple_bugs": False}

    def all_forms() -> None:
        run(ShippedForms, 5 * EXAMPLES, **quickly)
        run(GeneratedForms, 50 * EXAMPLES, **quickly)

    with pytest.raises(Exception, match="=>"):
        all_forms()
