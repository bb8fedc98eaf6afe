"""What counts as offered, and what is only listed because no walk can come to it."""

from __future__ import annotations

from functools import cache

import pytest

from simulator.coverage import Coverage
from simulator.offer import LACKING, Facts, offer
from ussd_engine import config
from ussd_engine.country import Country
from ussd_engine.menu.edition import Edition, load_edition
from ussd_engine.model import Phase, Turn
from ussd_engine.view import Seen

BEST: Facts = {"can": frozenset({"be_reached"}), "core_wants": frozenset({"place", "date"})}


@cache
def edition() -> Edition:
    settings = config.load({})
    return load_edition(settings.menus, settings.locales, settings.codes, Country.load(settings.country))


def test_a_question_that_the_core_does_not_want_is_listed_and_not_counted() -> None:
    lacking = offer(edition(), {**BEST, "core_wants": frozenset()})
    assert lacking.listed["screen emrejesho/when"] == LACKING
    assert ("screen emrejesho/when", "sw") not in lacking.counted
    assert ("screen emrejesho/when", "sw") in offer(edition(), BEST).counted
    assert ("screen emrejesho/region", "sw") in lacking.counted, "another form asks for it"


def test_a_line_for_callers_with_a_number_is_listed_where_no_number_comes() -> None:
    lacking = offer(edition(), {**BEST, "can": frozenset()})
    assert lacking.listed["line emrejesho/identity_no_sms 1"] == LACKING
    assert "screen emrejesho/name" not in lacking.listed
    assert ("line emrejesho/identity_no_sms 3", "en") in lacking.counted


def test_what_has_no_trigger_yet_is_listed_with_the_reason() -> None:
    assert "shed" in offer(edition(), BEST).listed["screen emrejesho/busy"]


@pytest.mark.parametrize(
    "what",
    [
        "line emrejesho/topic 15",
        "line emrejesho/place 1",
        "row emrejesho/inst_results",
        "outcome emrejesho/forget sent",
        "outcome emrejesho/send cancelled",
        "above emrejesho/!private",
        "above gmp/empty",
        "screen gmp/old",
    ],
)
@pytest.mark.parametrize("language", ["sw", "en"])
def test_everything_is_offered_in_both_languages(what: str, language: str) -> None:
    assert (what, language) in offer(edition(), BEST).counted


def test_the_first_screen_speaks_both_languages_at_once() -> None:
    found = offer(edition(), BEST).counted
    assert ("screen emrejesho/lang", "sw") in found
    assert ("screen emrejesho/lang", "en") not in found


def test_a_line_counts_in_the_language_in_which_it_was_printed() -> None:
    coverage = Coverage()
    turn = Turn(channel="generic", dialogue="d", phase=Phase.INPUT, text="")
    coverage.tap(turn, Seen(locale="sw", taken=["screen s/a"]))
    coverage.tap(turn, Seen(locale="en", taken=["line s/a 1", "outcome s/switch ok", "screen s/b"]))
    assert coverage.taken == {
        ("screen s/a", "sw"),
        ("line s/a 1", "sw"),
        ("outcome s/switch ok", "en"),
        ("screen s/b", "en"),
    }


def test_the_report_names_what_is_missing() -> None:
    coverage = Coverage()
    coverage.offer = offer(edition(), BEST)
    coverage.taken = coverage.offer.counted - {("line emrejesho/home 4", "en")}
    assert coverage.missing == [("line emrejesho/home 4", "en")]
    report = coverage.report()
    assert "missing: line emrejesho/home 4 (en)" in report
    assert "99 %" in report
