"""Whoever walks, and wherever, never meets a missing transition or a screen that cannot be shown."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from tests.menu.generated import edition_of, menus, written
from tests.menu.menu_folder import MenuFolder, shipped
from tests.menu.stroll import Stroll
from ussd_engine import gsm

pytestmark = pytest.mark.usefixtures("strict")

KEYS = ["0", "0", "98", "00", "", "7", "abc"]
ENGINE_SHOWS = {"last", "fault", "old", "busy", "maint", "shut", "too_fast", "no_service"}
"""Screens that the engine shows by itself."""
FOLLOWS = ("9", "2", "5")
"""Most dial so: what lies behind an answer is many screens away."""
WALKS, MOST_WALKS = 400, 4000
"""At least, and at most, until every screen was met."""
SHOWN = 200
"""So often a screen is looked at."""


@pytest.mark.parametrize("seed", range(12))
def test_a_walk_over_the_shipped_menus_never_ends_in_an_error(seed: int) -> None:
    for session in Stroll(shipped(), seed).walk(300):
        assert session.screen


def test_walks_meet_every_screen_and_each_fits() -> None:
    edition = shipped()
    met: Counter[str] = Counter()
    wanted = set(edition.services["emrejesho"].service.screens) - ENGINE_SHOWS
    for seed in range(MOST_WALKS):
        if seed >= WALKS and wanted <= set(met):
            break
        stroll = Stroll(edition, 1000 + seed, dials=FOLLOWS if seed % 4 else None)
        for session in stroll.walk(300):
            met[session.screen] += 1
            assert met[session.screen] > SHOWN or gsm.fits(stroll.show(session)), stroll.steps[-5:]
    assert wanted - set(met) == set()


def test_what_is_shown_behind_the_act_of_a_form_that_was_left_and_resumed_has_the_start_behind_it() -> None:
    stroll = Stroll(shipped(), 2497, dials=FOLLOWS)
    walked = [(session.screen, tuple(session.trail)) for session in stroll.walk(300)]
    at = stroll.steps.index(("appeal_send", "refused"))
    assert stroll.steps[at : at + 3] == [("appeal_send", "refused"), ("see_again", "ok"), ("case", "0")]
    behind = walked.index(("case", ("home",)))
    assert walked[behind + 1] == ("home", ())


def test_a_walk_over_the_base_never_ends_in_an_error(folder: MenuFolder) -> None:
    edition = folder.edition()
    for seed in range(10):
        for session in Stroll(edition, seed).walk(200):
            assert session.screen


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(menus(onward=True), st.integers(0, 1000))
def test_a_walk_over_any_menu_that_passes_never_ends_in_an_error(text: str, seed: int) -> None:
    edition = edition_of(text)
    assume(edition is not None)
    assert edition is not None
    event(f"{len(edition.services['demo'].service.screens) // 5 * 5} screens or more")
    for number in range(4):
        stroll = Stroll(edition, seed + number, KEYS)
        for session in stroll.walk(60):
            assert session.screen, stroll.steps


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(menus(wild=True, onward=True), st.integers(0, 1000))
def test_nor_one_over_a_menu_whose_questions_change_later_ones(text: str, seed: int) -> None:
    edition = edition_of(text)
    assume(edition is not None)
    assert edition is not None
    for number in range(4):
        stroll = Stroll(edition, seed + number, KEYS)
        for session in stroll.walk(60):
            assert session.screen, stroll.steps


def choice(save: str, change: str = "") -> dict[str, Any]:
    """A question with three answers, from which another is changed."""
    lines = {f"{number}. Jibu": value for number, value in enumerate("abc", 1)}
    found = {"menu": "Swali", "save": save, "choose": lines}
    return {**found, "go": {"7. Badili": f"change {change}"}} if change else found


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (choice("q1", "q3"), choice("q3", "q1")),  # each changes the other, so she is back behind the first
        (choice("q1", "q3"), choice("q1")),  # the later one answers the first
    ],
    ids=["each other", "the same answer"],
)
def test_who_changes_a_later_question_goes_on_behind_what_is_answered_by_then(
    first: dict[str, Any], last: dict[str, Any]
) -> None:
    screens = {"q1": first, "q2": {"input": "Andika", "save": "q2", "check": {"letters": 300}}, "q3": last}
    screens["home"] = {"menu": "Karibu", "go": {"1. Anza": "main"}}
    screens["review"] = {"menu": "Hakiki", "go": {"1. Tuma": "send", "2. Badili": "change q1", "9. Acha": "leave"}}
    edition = edition_of(written({"main": {"ask": ["q1", "q2", "q3", "review"]}}, screens))
    assert edition is not None
    for seed in range(60):
        stroll = Stroll(edition, seed, KEYS)
        for session in stroll.walk(40):
            assert session.screen, stroll.steps


def test_what_a_core_wants_rules_out_nothing_else_that_it_may_want() -> None:
    screens = {name: choice(name) for name in ("q1", "q2", "q3")}
    screens["home"] = {"menu": "Karibu", "go": {"1. Anza": "main"}}
    screens["review"] = {"menu": "Hakiki", "go": {"1. Tuma": "send", "9. Acha": "leave"}}
    asked = [{"q1": {"if": {"core_wants": "place"}}}, {"q2": {"unless": {"core_wants": "date"}}}, "q3", "review"]
    edition = edition_of(written({"main": {"ask": asked}}, screens))
    assert edition is not None
    followers = {edge.dest for edge in edition.services["demo"].edges if edge.source == "q1" and edge.verb == "ask"}
    assert followers == {"q2", "q3"}
