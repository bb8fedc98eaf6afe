"""Stories that the model of answers told otherwise than the engine once did, each in its shortest form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.menu.answer_caller import TEXTS, Caller
from tests.menu.answer_faults import RARE
from tests.menu.generated import edition_of, written
from tests.menu.menu_folder import shipped
from ussd_engine.walk import Walk

pytestmark = pytest.mark.usefixtures("strict")

NOBODY_ASKS: Mapping[str, frozenset[str]] = {"can": frozenset(), "core_wants": frozenset()}
CHOICE = {"menu": "Swali", "choose": {"1. A": "a", "2. B": "b", "3. C": "c"}}
REGIONS = {"list": "Mkoa", "from": "regions"}
OFFICES = {"list": "Ofisi", "from": {"institutions": {"kind": "regional_secretariat"}}, "row": "{region}"}
FULL = next(text for text in TEXTS if len(text) > 150)


def caller(ask: list[Any], home: Mapping[str, Any] | None = None, **screens: Mapping[str, Any]) -> Caller:
    """A caller of a service with one form; a screen saves its own name unless it says otherwise."""
    saving = {name: {"save": name, **screen} if "go" not in screen else screen for name, screen in screens.items()}
    start = {"menu": "Karibu", "go": {"1. Anza": "main", **(home or {})}}
    changes = {f"{number}. Badili": f"change {name}" for number, name in enumerate(saving, 2) if "save" in saving[name]}
    review = {"menu": "Hakiki", "go": {"1. Tuma": "send", **changes, "99. Acha": "leave"}}
    edition = edition_of(written({"main": {"ask": [*ask, "review"]}}, {"home": start, "review": review, **saving}))
    assert edition is not None
    return Caller(edition, "demo", (), NOBODY_ASKS)


def told(who: Caller, *texts: str) -> tuple[str, dict[str, str | None] | None]:
    """Where she stands after some answers, and what is answered; the model agreed all the way."""
    for text in texts:
        who.type(text)
    return who.session.screen, who.answers


def test_a_council_that_was_chosen_in_a_region_falls_with_it() -> None:
    who = Caller(shipped(), "emrejesho", ("9", "2"), {"can": frozenset(), "core_wants": frozenset({"place"})})
    assert told(who, "1", "1", "tanesco", "1", "1", TEXTS[0], "1", "1", "Kata ya tatu", "3")[0] == "review"
    screen, answers = told(who, "3", "4", "3")
    assert (screen, (answers or {}).get("council")) == ("where_council", None)


def test_what_was_chosen_on_a_ground_falls_when_the_ground_alone_is_changed() -> None:
    councils = {"list": "Halmashauri", "from": {"councils": {"region": "q1"}}}
    who = caller(["q1", "q2"], q1=REGIONS, q2=councils)
    assert told(who, "1", "1", "1", "2", "3") == ("q2", {"q1": "Dodoma"})


def test_an_answer_that_was_given_and_forgotten_is_hers_once_she_answers() -> None:
    third: Any = {"q3": {"if": {"q1": "a"}}}
    who = caller(
        ["q1", "q2", third], {"2. Na jibu": {"set": {"q3": "b"}, "go": "main"}}, q1=CHOICE, q2=CHOICE, q3=CHOICE
    )
    assert told(who, "2", "2", "1")[0] == "review"
    assert told(who, "2", "1", "2", "0")[0] == "q3"


def test_back_keeps_what_an_earlier_question_answers_too() -> None:
    who = caller(["q1", "q2"], q1=REGIONS, q2={**OFFICES, "save": {"q2": "code", "q1": "region"}})
    assert told(who, "1", "3", "2", "0") == ("q2", {"q1": "Dar es Salaam"})


def test_back_behind_a_full_reply_is_that_reply() -> None:
    text = {"input": "Andika", "check": {"letters": 300}, "full": "more"}
    who = caller(
        ["q1", {"q2": {"unless": {"q1": "c"}}}, "q3"],
        q1=CHOICE,
        q2=text,
        q3=CHOICE,
        more={"menu": "Mengi", "go": {"1. Endelea": "next"}},
    )
    assert told(who, "1", "3", "1", "2", "1", FULL)[0] == "more"
    assert told(who, "0") == ("q2", {"q1": "a", "q3": "a"})


def test_what_another_question_needs_outlives_a_change() -> None:
    who = Caller(shipped(), "emrejesho", ("9", "2"), {"can": frozenset(), "core_wants": frozenset({"place"})})
    assert told(who, "1", "5", "1", "1", "1", TEXTS[0], "Kata ya tatu", "3")[0] == "review"
    assert told(who, "3", "2", "1")[0] == "review"


def test_a_change_inside_itself_begins_anew() -> None:
    who = Caller(shipped(), "emrejesho", ("9", "2"), NOBODY_ASKS)
    assert told(who, "2", "2", "1", TEXTS[0], "3")[0] == "review"
    assert told(who, "3", "1", "qqqq zzzz", "2")[0] == "inst_how"
    assert told(who, "0")[0] == "review"


STORIES = {
    "full": test_back_behind_a_full_reply_is_that_reply,
    "shared": test_what_another_question_needs_outlives_a_change,
    "anew": test_a_change_inside_itself_begins_anew,
}


@pytest.mark.parametrize("name", RARE)
def test_a_rare_fault_is_found_out_by_its_story(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Walk, "fire", lambda walk, verb, dest: walk.stand(dest))
    monkeypatch.setattr(RARE[name].owner, RARE[name].method, RARE[name].instead)
    with pytest.raises(AssertionError, match="=>"):
        STORIES[name]()


def test_back_passes_over_an_answer_that_a_line_gave() -> None:
    who = caller(
        ["q1", "q2", "q3"], {"2. Na jibu": {"set": {"q2": "a"}, "go": "main"}}, q1=CHOICE, q2=CHOICE, q3=CHOICE
    )
    assert told(who, "2", "1", "0")[0] == "q1"


def test_a_restart_passes_over_an_answer_that_a_line_gave() -> None:
    again = {**CHOICE, "save": "q1", "go": {"5. Upya": "restart"}}
    who = caller(["q1"], {"2. Na jibu": {"set": {"q1": "b"}, "go": "main"}}, q1=again)
    assert told(who, "2", "2", "5")[0] == "review"


def test_back_out_of_what_a_change_opened_may_open_more() -> None:
    councils = {"list": "Halmashauri", "from": {"councils": {"region": "q1"}}}
    fourth: Any = {"q4": {"unless": {"q2": "a"}}}
    asked: dict[str, Any] = {"q1": REGIONS, "q2": CHOICE, "q3": councils, "q4": CHOICE, "q5": CHOICE}
    review = {"menu": "Hakiki", "go": {"1. Tuma": "send", "2. Badili": "change q1", "99. Acha": "leave"}}
    who = caller(["q1", "q2", "q3", fourth, "q5"], **asked, review=review)
    assert told(who, "1", "1", "1", "1", "1", "2", "3")[0] == "q3"
    assert told(who, "0", "2", "1")[0] == "q4"
    assert told(who, "1")[0] == "review"


def test_a_line_that_answers_what_is_not_asked_changes_nothing() -> None:
    second: Any = {"q2": {"if": {"core_wants": "date"}}}
    third: Any = {"q3": {"unless": {"q2": "b"}}}
    text = {"input": "Andika", "check": {"letters": 300}}
    search = {"list": "Chagua", "from": {"institutions": {"matching": "q1"}}, "most": 5, "none": "nothing"}
    nothing = {"menu": "Hakuna", "go": {"1. Tena": "change q1", "2. Sijui": {"set": {"q2": "b"}}}}
    who = caller(["q1", second, third], q1=text, q2=CHOICE, q3=search, nothing=nothing)
    assert told(who, "1", "qqqq zzzz aaaa", "2") == ("nothing", {"q1": "qqqq zzzz aaaa"})
