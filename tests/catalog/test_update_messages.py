"""`make messages`: the catalogues follow the menus."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.catalog.demo_service import HEADER, Demo, entry
from ussd_engine.catalog import main, update_messages

ROOT = Path(__file__).parent.parent.parent
MENUS, LOCALES = ROOT / "menus", ROOT / "locales"


def test_an_update_of_the_shipped_files_changes_nothing() -> None:
    before = {path: path.read_bytes() for path in LOCALES.rglob("*.po")}
    assert update_messages(MENUS, LOCALES) == ([], [])
    assert {path: path.read_bytes() for path in LOCALES.rglob("*.po")} == before


def test_an_update_adds_what_is_new_and_keeps_translations_comments_and_the_menu_order(demo: Demo) -> None:
    demo.rewrite('msgctxt "people"\nmsgid "Ruka"', '# of a question\nmsgctxt "people"\nmsgid "Ruka"')
    path = demo.menu
    path.write_text(path.read_text().replace('again: ""', "again: Andika idadi tu."))
    report = update_messages(demo.menus, demo.locales)
    assert report.changed == [demo.po("en")]
    assert [fault.message for fault in report.faults] == [
        '"Andika idadi tu." (people) is not translated: fill in msgstr'
    ]
    text = report.changed[0].read_text()
    assert "# of a question\n#. line 1\n#: menus/demo.yaml\n" in text
    positions = [text.index(f'msgid "{msgid}"') for msgid in ("Rudi", "Watu wangapi?", "Andika idadi tu.", "Ruka")]
    assert positions == sorted(positions)
    assert demo.load().gettext("en", "demo", "people", "Watu wangapi?") == "How many people?"


def test_an_update_proposes_the_words_of_another_screen_as_fuzzy(demo: Demo) -> None:
    path = demo.menu
    path.write_text(path.read_text() + "  why:\n    input: Kwa nini?\n    skip: 1. Ruka\n")
    assert "translation fuzzy" in {fault.rule for fault in update_messages(demo.menus, demo.locales).faults}
    assert demo.load().gettext("en", "demo", "why", "Ruka") == "Ruka"
    text = demo.po("en").read_text()
    assert '#, fuzzy\nmsgctxt "why"\nmsgid "Ruka"\nmsgstr "Skip"\n' in text


def test_an_update_sets_aside_what_the_menu_has_no_more_and_takes_it_back(demo: Demo) -> None:
    path = demo.menu
    whole = path.read_text()
    path.write_text(whole.replace("    skip: 1. Ruka\n", ""))
    assert update_messages(demo.menus, demo.locales).faults == []
    assert '#~ msgid "Ruka"' in demo.po("en").read_text()
    path.write_text(whole)
    assert update_messages(demo.menus, demo.locales).faults == []
    assert demo.load().gettext("en", "demo", "people", "Ruka") == "Skip"


def test_an_update_makes_the_file_of_a_new_language_and_leaves_the_own_one_as_it_is(demo: Demo) -> None:
    (demo.locales / "fr" / "LC_MESSAGES").mkdir(parents=True)
    report = update_messages(demo.menus, demo.locales)
    new = demo.po("fr")
    assert new in report.changed
    assert {fault.rule for fault in report.faults} == {"translation missing"}
    assert {fault.file for fault in report.faults} == {str(new)}
    assert "Language: fr" in new.read_text()
    assert not demo.po("sw").exists()


def test_an_update_keeps_later_wording_of_the_own_language(demo: Demo) -> None:
    path = demo.po("sw")
    path.write_text(HEADER.replace("Language: en", "Language: sw") + entry("people", "Ruka", "Ruka hili"))
    assert update_messages(demo.menus, demo.locales).faults == []
    assert demo.load().gettext("sw", "demo", "people", "Ruka") == "Ruka hili"
    assert "Watu wangapi?" not in path.read_text()


def test_the_command_prints_what_is_left_and_fails_until_nothing_is(
    demo: Demo, capsys: pytest.CaptureFixture[str]
) -> None:
    demo.rewrite(entry("people", "Ruka", "Skip"), "")
    assert main(str(demo.menus), str(demo.locales)) == 1
    path = demo.po("en")
    first, *left = capsys.readouterr().out.splitlines()
    assert first == f"updated {path}"
    assert [line.rpartition(" (people) ")[2] for line in left] == ["is not translated: fill in msgstr"]
    demo.rewrite('msgid "Ruka"\nmsgstr ""', 'msgid "Ruka"\nmsgstr "Skip"')
    assert main(str(demo.menus), str(demo.locales)) == 0


def test_the_command_says_where_a_menu_cannot_be_read(demo: Demo, capsys: pytest.CaptureFixture[str]) -> None:
    (demo.menu).write_text("service: demo\nlanguage: [\n")
    assert main(str(demo.menus), str(demo.locales)) == 1
    assert capsys.readouterr().err.startswith(f"{demo.menus / 'demo.yaml'}:3: is not YAML")
