"""What is drawn is what runs, and the flowchart is one that Mermaid reads."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, assume, given, settings

from tests.menu.generated import edition_of, menus
from tests.menu.menu_folder import MenuFolder, shipped
from ussd_engine.errors import EngineError
from ussd_engine.menu.compile import Menu
from ussd_engine.menu.draw import arrows_of, drawing, mermaid

ID = r"s\d+_[a-z0-9_]+"
LABEL = r'"(?:[^"#<>`\\.&\n]|#(?:quot|\d+|lt|gt|amp);|<br/>)*"'
BOX = rf"\[{LABEL}\]|\[/{LABEL}/\]|\[\[{LABEL}\]\]|\({LABEL}\)|\(\[{LABEL}\]\)|\(\({LABEL}\)\)"
GRAMMAR = [
    r"flowchart TD",
    rf"  subgraph s\d+_\[{LABEL}\]",
    rf"    {ID}(?:{BOX})",
    rf"    {ID} (?:-->|<-->)\|{LABEL}\| {ID}",
    rf"  {ID} -\.->\|{LABEL}\| {ID}",
    r"  end",
]
MOST_ARROWS = 500
"""Mermaid draws no more unless its page is told to."""


def transitions_of(menu: Menu) -> set[tuple[str, str, str | None]]:
    return {
        (event.name, transition.source, transition.dest)
        for event in menu.machine.events.values()
        for transitions in event.transitions.values()
        for transition in transitions
    }


@pytest.mark.parametrize("name", ["gmp", "emrejesho"])
def test_what_is_drawn_is_what_the_machine_runs_on(name: str) -> None:
    menu = shipped().services[name]
    assert drawing(menu).transitions() == transitions_of(menu)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(menus())
def test_that_holds_of_any_menu(text: str) -> None:
    edition = edition_of(text)
    assume(edition is not None)
    assert edition is not None
    menu = edition.services["demo"]
    assert drawing(menu).transitions() == transitions_of(menu)


@pytest.mark.parametrize("locale", ["sw", "en"])
def test_every_line_of_the_flowchart_is_of_the_grammar(locale: str) -> None:
    for line in mermaid(shipped(), locale=locale).splitlines():
        assert any(re.fullmatch(pattern, line) for pattern in GRAMMAR), line


def test_the_arrows_that_are_written_are_those_of_the_drawing() -> None:
    edition = shipped()
    drawn = drawing(edition.services["emrejesho"])
    pairs = {(arrow.source, arrow.dest) for arrow in drawn.arrows} | {("", dest) for _, dest in drawn.everywhere}
    written = list(arrows_of(mermaid(edition, "emrejesho")))
    strip = {f"s0__{name}": name for name in edition.services["emrejesho"].service.screens} | {"s0___any": ""}
    assert {(strip[source], strip[dest]) for source, _, _, dest in written} == pairs
    assert len(written) == len(drawn.arrows) + len(drawn.everywhere) < MOST_ARROWS


def test_a_way_and_its_way_back_are_one_arrow() -> None:
    found = {(source, dest): head for source, head, _, dest in arrows_of(mermaid(shipped(), "gmp"))}
    assert found["s1__gmp_root", "s1__gmp_feedback"] == "<-->"
    assert ("s1__gmp_feedback", "s1__gmp_root") not in found


def test_the_words_are_those_of_the_language_that_is_asked_for() -> None:
    labels = {label for _, _, label, _ in arrows_of(mermaid(shipped(), "emrejesho", "en"))}
    assert any(label.startswith("1#46; Complaint<br/>") for label in labels)
    assert not any("Lalamiko" in label for label in labels)
    assert 'home<br/>Welcome to e-Mrejesho"' in mermaid(shipped(), "emrejesho", "en")


def test_a_line_into_another_service_is_drawn_where_both_are() -> None:
    assert 's1__gmp_feedback -.->|"2#46; e-Mrejesho"| s0__home' in mermaid(shipped())
    assert "-.->" not in mermaid(shipped(), "gmp")


def test_no_word_of_a_menu_breaks_the_picture(folder: MenuFolder) -> None:
    folder.replace("menus/demo/service.yaml", "menu: Karibu", """menu: 'a "b" [c] (d) {e} #f; <g> & `h` \\ |'""")
    lines = mermaid(folder.edition(), "demo").splitlines()
    assert all(any(re.fullmatch(pattern, line) for pattern in GRAMMAR) for line in lines)
    box = '    s0__home["home<br/>a #quot;b#quot; [c] (d) {e} #35;f; #lt;g#gt; #amp; #96;h#96; #92; |"]'
    assert box in lines


def test_an_unknown_service_or_language_is_an_error_with_the_way_out() -> None:
    with pytest.raises(EngineError, match='did you mean "emrejesho"'):
        mermaid(shipped(), "emrejeso")
    with pytest.raises(EngineError, match="there are en, sw"):
        mermaid(shipped(), locale="fr")
