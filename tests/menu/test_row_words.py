"""A row of a list with its values: what is empty leaves no hole, and never makes the row longer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_engine import gsm
from ussd_engine.menu.template import Slot, template

SHIPPED = "{date} {role} {office}: {act}"
FULL = {"date": "15/01/2026", "role": "Afisa Mrejesho", "office": "TANESCO", "act": "alifungua"}


@pytest.mark.parametrize(
    ("row", "lacks", "shown"),
    [
        (SHIPPED, "", "15/01/2026 Afisa Mrejesho TANESCO: alifungua"),
        (SHIPPED, "office", "15/01/2026 Afisa Mrejesho: alifungua"),
        (SHIPPED, "role office", "15/01/2026: alifungua"),
        (SHIPPED, "date", "Afisa Mrejesho TANESCO: alifungua"),
        (SHIPPED, "act", "15/01/2026 Afisa Mrejesho TANESCO:"),
        (SHIPPED, "date role office act", ":"),
        ("{office} ({role}), {date}", "office", "(Afisa Mrejesho), 15/01/2026"),
        ("{office:3}{act}", "act", "TANESCO"),
        ("{office}", "office", ""),
    ],
)
def test_an_empty_value_goes_with_the_blank_before_it(row: str, lacks: str, shown: str) -> None:
    assert template(row).fill_row(lambda slot: "" if slot.name in lacks.split() else FULL[slot.name]) == shown


@given(
    st.lists(st.sampled_from(["{date}", "{role}", "{office}", "{act}", " ", ": ", "na "]), min_size=1, max_size=9),
    st.sets(st.sampled_from(sorted(FULL))),
)
def test_it_is_never_longer_than_with_all_its_values_and_leaves_no_two_blanks(
    parts: list[str], lacks: set[str]
) -> None:
    row = " ".join("".join(parts).split())

    def fill(slot: Slot) -> str:
        return "" if slot.name in lacks else FULL[slot.name]

    shown, whole = template(row).fill_row(fill), template(row).fill_row(lambda slot: FULL[slot.name])
    assert gsm.measure(shown).units <= gsm.measure(whole).units
    assert "  " not in shown
    assert shown == shown.strip()
