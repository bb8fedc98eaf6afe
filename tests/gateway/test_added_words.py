"""Words that are added to a text: what is told of their length is what is left of the whole."""

from __future__ import annotations

import pytest

from tests.gateway.house import HOME, Caller

WRITTEN = ("1", "1", "tanesco", "1", "1")
"""A complaint up to its text."""
FULL = "neno " * 31 + "mwisho"
ROOM, LIMIT = 480 - len(FULL) - 1, "Andika ujumbe wako, hadi herufi {}."


@pytest.mark.parametrize(("more", "stays"), [(ROOM, False), (ROOM + 1, True)])
async def test_what_is_left_is_told_taken_and_no_letter_above_it(caller: Caller, more: int, stays: bool) -> None:
    first = await caller.at(*HOME, *WRITTEN)
    assert LIMIT.format(480) in first.text
    await caller.type(FULL)
    assert caller.screen == "text_more"
    again = await caller.type("2")
    assert LIMIT.format(ROOM) in again.text
    after = await caller.type("m" * more)
    assert (caller.screen == "message") is stays
    if stays:
        assert after.text.startswith(f"Herufi zimezidi {ROOM}. Fupisha.\n")
        assert LIMIT.format(ROOM) in after.text


async def test_a_text_that_is_written_anew_has_all_the_room(caller: Caller) -> None:
    await caller.at(*HOME, *WRITTEN)
    await caller.type(FULL)
    assert LIMIT.format(480) in (await caller.type("3")).text


async def test_what_was_left_is_not_remembered_for_a_text_that_begins_anew(caller: Caller) -> None:
    await caller.at(*HOME, *WRITTEN)
    await caller.type(FULL)
    await caller.type("2")
    await caller.type("0")
    assert LIMIT.format(480) in (await caller.type("3")).text
