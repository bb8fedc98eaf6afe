"""The proofs measure what the phone shows: each must notice a change that would be seen on some screen."""

from __future__ import annotations

import dataclasses

import pytest

from tests.menu.menu_folder import MenuFolder, shipped
from ussd_engine.menu.edition import load_service
from ussd_engine.menu.lint import prove
from ussd_engine.menu.lint.fits import Whole, Worst
from ussd_engine.menu.lint.values import Values
from ussd_engine.model import Profile

BUILT_IN = {"generic": Profile(), "africastalking": Profile(hold_s=0.0)}


def sizes(screen: str, locale: str, line: str = "") -> list[int]:
    """Septets of every page of a shipped screen with the longest values, with a line above."""
    edition = shipped()
    menu = edition.services["emrejesho"]
    many = edition.catalog.plurals(locale, menu.name) - 1
    scope = Worst(Values(edition, menu), menu.screen(screen), locale, many)
    frame = Whole(scope, Profile())
    found = []
    for page in range(len(frame.pages())):
        scope.session.page, scope.session.line = page, line
        found.append(len(frame.text()))
    return found


def test_the_shipped_menus_have_no_fault() -> None:
    assert [str(fault) for fault in prove(shipped(), BUILT_IN)] == []


@pytest.mark.parametrize(
    ("screen", "sw", "en"),
    [
        ("lang", 138, 138),
        ("last", 91, 91),
        ("inst_how", 122, 131),
        ("inst_results", 138, 135),
        ("inst_confirm", 138, 137),
        ("inst_desk", 134, 127),
        ("nature", 156, 141),
        ("bribe_note", 111, 113),
        ("identity", 127, 122),
        ("leader_district", 106, 126),
        ("done", 140, 132),
        ("done_anon", 155, 157),
        ("fail", 95, 97),
    ],
)
def test_a_screen_is_as_long_as_was_worked_out_by_hand(screen: str, sw: int, en: int) -> None:
    assert (sizes(screen, "sw"), sizes(screen, "en")) == ([sw], [en])


def test_a_line_above_takes_the_place_of_the_words_that_give_way() -> None:
    assert sizes("nature", "sw", "choice") == [152]
    assert sizes("review", "sw", "!private") == [151]
    assert sizes("place", "sw", "!private") == [59 + len("Umeandika PIN au namba ya simu.\n")]


def test_every_page_of_a_long_list_fits_below_every_line() -> None:
    for line in ("", "choice", "empty", "!private"):
        assert max(sizes("where_council", "sw", line)) <= 160
        assert max(sizes("region", "en", line)) <= 160


@pytest.mark.parametrize("room", [155, 150, 120, 60])
def test_on_a_channel_with_less_room_screens_are_named(room: int) -> None:
    faults = prove(shipped(), {"small": Profile(septets=room), "generic": Profile()})
    assert faults
    assert {fault.rule for fault in faults} == {"fits"}
    assert all(f"of {room} septets" in fault.message and "(small)" in fault.message for fault in faults)


def test_a_longer_setting_is_measured_as_it_is(folder: MenuFolder) -> None:
    edition = folder.edition()
    longer = dataclasses.replace(edition, settings={**edition.settings, "emergency": "1" * 160})
    assert [fault.rule for fault in prove(longer, BUILT_IN)] == ["fits", "fits"]


def test_a_plural_form_that_is_too_long_is_found(folder: MenuFolder) -> None:
    path = folder.po("demo")
    form = 'msgstr[0] "Umeandika herufi {n}."'
    assert path.read_text().count(form) == 1
    path.write_text(path.read_text().replace(form, f'msgstr[0] "{"Herufi " * 23}{{n}}."'))
    (fault,) = folder.check()
    assert fault.rule == "fits"
    assert fault.message.startswith('screen "more" does not fit in en on page 1')


def test_one_service_is_proven_by_itself(folder: MenuFolder) -> None:
    for path in (folder.menus / "demo", folder.menus / "demo/report.yaml", folder.menus / "root.yaml"):
        assert folder.check(path=path) == []
    edition = load_service(folder.menus / "demo", folder.locales, folder.edition().country)
    assert list(edition.services) == ["demo"]


def test_faults_stand_by_file_and_line(folder: MenuFolder) -> None:
    folder.replace("menus/demo/service.yaml", "2. Msaada: help", "2. Msaada: halp")
    folder.replace("menus/demo/service.yaml", "3. Idadi ya watu: people", "3. Idadi ya watu: peple")
    folder.replace("menus/demo/report.yaml", "full: more", "full: mor")
    places = [(fault.file, fault.line) for fault in folder.check()]
    assert places == sorted(places)
    assert len(places) == 3


def test_lines_of_which_only_one_is_shown_may_say_the_same(folder: MenuFolder) -> None:
    old = "2. Bila kujulikana: anonymous"
    folder.replace("menus/demo/report.yaml", old, "2. Siri: {is: anonymous, unless: {can: be_reached}}")
    assert [fault.rule for fault in folder.check() if not fault.rule.startswith("translation")] == []
    folder.replace("menus/demo/report.yaml", "unless: {can: be_reached}", "unless: {core_wants: place}")
    (fault,) = [fault for fault in folder.check() if not fault.rule.startswith("translation")]
    assert (fault.rule, fault.message) == ("same words", 'screen "identity": lines 1 and 2 say the same in sw, en')


def test_a_receipt_may_show_reference_and_pin_on_one_line(folder: MenuFolder) -> None:
    folder.replace("menus/demo/report.yaml", r"{ref}\nPIN: {pin}", "{ref} PIN: {pin}")
    assert [fault.rule for fault in folder.check() if not fault.rule.startswith("translation")] == []
