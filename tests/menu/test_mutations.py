"""A slip in the shipped menu, of any kind and anywhere, is told by `ussd-engine check` with file and line."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.menu import mutations_of_files as files
from tests.menu import mutations_of_length as length
from tests.menu import mutations_of_tables as tables
from tests.menu import mutations_of_twins as twins
from tests.menu import mutations_of_ways as ways
from tests.menu import mutations_of_words as words
from tests.menu.mutations_of_ways import Kind
from tests.menu.shipped_copy import ShippedCopy

KINDS: tuple[Kind, ...] = (*ways.KINDS, *length.KINDS, *words.KINDS, *files.KINDS, *tables.KINDS, *twins.KINDS)
PLACES = 3 if os.environ.get("CI") == "true" else 1
"""How many places of a kind are tried, spread over the menu."""
EVERYWHERE = {length.line_above_over_its_bound_in_swahili, length.line_above_over_its_bound_in_english}
"""Lines that stand above nearly every screen: a place of these takes minutes, so one is tried."""


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> ShippedCopy:
    return ShippedCopy(tmp_path_factory.mktemp("shipped"))


@pytest.fixture
def copy(shipped: ShippedCopy) -> Iterator[ShippedCopy]:
    yield shipped
    shipped.restore()


def test_the_copy_has_no_fault(copy: ShippedCopy) -> None:
    assert copy.check() == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", KINDS, ids=[kind.__name__ for kind in KINDS])
def test_a_slip_is_told_with_file_and_line(copy: ShippedCopy, kind: Kind) -> None:
    places = list(kind(copy))
    assert places, "the shipped menu has no such place"
    missed = []
    most = 1 if kind in EVERYWHERE else PLACES
    step = max(1, len(places) // most)
    for place, make in places[step // 2 :: step][:most]:
        expected = make()
        told = copy.check()
        if not any(one[:2] == expected[:2] and expected.message in one.message for one in told):
            missed.append((place, expected, told))
        copy.restore()
    assert missed == []
