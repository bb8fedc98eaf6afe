"""A service in pilot as the menus have it: whose lines are there for its phones alone, what is proven, and drawn."""

from __future__ import annotations

from pathlib import Path

from tests.browser import chromium
from tests.menu.menu_folder import MenuFolder
from ussd_engine.facts import PILOT
from ussd_engine.menu.draw import mermaid
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.page import page
from ussd_engine.model import Profile

SECOND = """
service: second
language: sw
start: start
keys: {back: 0. Rudi, more: 98. Zaidi, home: "00"}
tries: 3
too_many: over
system: {fault: over, old: over, busy: over, maint: over}
pilot: soon
errors: {choice: Chaguo si sahihi., empty: Hujaandika kitu.}
screens:
  start: {menu: Ya pili, go: {1. Maliza: over}}
  over: {end: Basi.}
  soon: {end: Bado haijafunguliwa.}
"""


ROOT_LINES = "    go: {1. Maoni: service demo}\n"
DEEP = """    go: {1. Maoni: service demo, 2. Nyingine: more, 3. Zote: all}
  more: {menu: Nyingine, go: {1. Ya pili: service second}}
  all: {menu: Zote, go: {1. Maoni: service demo, 2. Ya pili: service second}}
"""


def folder(where: Path, root: str) -> MenuFolder:
    """The base with a second service in pilot, and with these lines in the root's menu."""
    made = MenuFolder(where)
    (made.menus / "second.yaml").write_text(SECOND)
    file = made.menus / "root.yaml"
    text = file.read_text()
    assert ROOT_LINES in text
    file.write_text(text.replace(ROOT_LINES, root))
    made.translate()
    return made


def hidden(edition: Edition, screen: str) -> dict[str, tuple[str, ...]]:
    """By number: the pilots for whose phones alone a line is there."""
    return {
        line.number: test.values
        for line in edition.services["root"].screen(screen).lines
        for test in line.tests
        if test.name == PILOT
    }


def test_a_line_that_leads_to_pilots_alone_is_hidden_and_so_is_one_over_a_screen_of_such_lines(
    tmp_path: Path,
) -> None:
    edition = folder(tmp_path, DEEP).edition()
    assert hidden(edition, "door") == {"2": ("second",)}
    assert hidden(edition, "more") == {"1": ("second",)}
    assert hidden(edition, "all") == {"2": ("second",)}


def test_screens_that_lead_round_in_a_circle_hide_nothing_above_them(tmp_path: Path) -> None:
    circle = DEEP.replace("1. Ya pili: service second}}\n  all", "1. Ya pili: service second, 2. Zote: all}}\n  all")
    circle = circle.replace("{1. Maoni: service demo, 2. Ya pili: service second}", "{1. Nyingine: more}")
    edition = folder(tmp_path, circle).edition()
    assert hidden(edition, "door") == {}
    assert hidden(edition, "more") == {"1": ("second",)}


def test_without_a_pilot_no_line_has_a_condition(tmp_path: Path) -> None:
    made = folder(tmp_path, DEEP)
    made.replace("menus/second.yaml", "pilot: soon\n", "")
    made.replace("menus/second.yaml", "  soon: {end: Bado haijafunguliwa.}\n", "")
    assert hidden(made.edition(), "door") == {}


def test_the_check_proves_a_pilot_and_its_screen(tmp_path: Path) -> None:
    made = folder(tmp_path, DEEP)
    assert made.check() == []
    made.replace("menus/second.yaml", "pilot: soon\n", "")
    (fault,) = made.check()
    assert 'screen "soon" cannot be reached' in str(fault)


def test_a_pilot_is_drawn_as_one(tmp_path: Path) -> None:
    drawn = mermaid(folder(tmp_path, DEEP).edition())
    assert '["second (pilot: listed phones alone)"]' in drawn
    assert '["demo"]' in drawn
    assert drawn.count("#46; Ya pili") == 2, "its lines are drawn, for they are there for its phones"


async def test_the_clickable_page_says_of_a_service_its_lines_and_its_screens_that_they_are_a_pilot(
    tmp_path: Path,
) -> None:
    file = tmp_path / "menus.html"
    file.write_text(page(folder(tmp_path, DEEP).edition(), Profile()), encoding="utf-8")
    async with chromium(tmp_path / "browser") as browser:
        sheet = await browser.page()
        await sheet.open(f"{file.as_uri()}#root/more/sw")
        buttons = await sheet.run("[...document.querySelectorAll('#services button')].map((one) => one.textContent)")
        assert buttons == ["demo", "root", "second (pilot)"]
        listed = "the phone is listed for the pilot of second"
        assert f"if {listed}" in await sheet.run("document.getElementById('leads').textContent")
        off = "document.querySelector('#screen button.off') !== null"
        assert not await sheet.run(off)
        await sheet.run("document.querySelector('#supposed input').click()")
        assert listed in await sheet.run("document.getElementById('supposed').textContent")
        assert await sheet.run(off), "to others the line is not there"
        await sheet.run("[...document.querySelectorAll('#services button')].at(-1).click()")
        assert (await sheet.run("document.getElementById('place').textContent")).startswith(
            "pilot: listed phones alone"
        )
        await sheet.open(f"{file.as_uri()}#second/soon/sw")
        assert "the engine itself (pilot)" in await sheet.run("document.getElementById('from').textContent")
