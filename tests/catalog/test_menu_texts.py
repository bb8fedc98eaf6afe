"""Which texts a menu file has."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS
from babel.messages.extract import extract as babel_extract

from tests.catalog.demo_service import Demo
from ussd_engine import texts
from ussd_engine.catalog import services_in
from ussd_engine.errors import MenuError
from ussd_engine.menu.load import load_file

ROOT = Path(__file__).parent.parent.parent
MENUS, LOCALES = ROOT / "menus", ROOT / "locales"


def test_a_file_gives_its_texts_with_context_line_and_role(demo: Demo) -> None:
    found = texts.texts_in(demo.menu)
    assert [(text.context, text.msgid, text.line, text.role) for text in found] == [
        ("keys", "Rudi", 3, "line 0"),
        ("errors", "Eleza kwa maneno {n} au zaidi.", 5, "words"),
        ("words.status", "Limefunguliwa", 8, "complaint"),
        ("words.status", "Yamefunguliwa", 8, "opinion"),
        ("people", "Watu wangapi?", 11, "input"),
        ("people", "Ruka", 13, "line 1"),
        ("case", "Soma jibu", 17, "line 1"),
        ("case", "Hapana, rudi", 17, "line 2"),
    ]


def test_babel_extracts_what_the_engine_asks_for() -> None:
    for path in sorted(MENUS.glob("emrejesho/*.yaml")):
        with path.open("rb") as file:
            found = list(babel_extract("ussd_engine.catalog:extract", file, DEFAULT_KEYWORDS))
        wanted = [
            (
                text.line,
                (text.msgid, text.msgid) if texts.count_of(text.msgid) else text.msgid,
                [text.role],
                text.context,
            )
            for text in texts.texts_in(path)
        ]
        assert wanted
        assert found == wanted


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Umeandika herufi {n}.", "n"),
        ("Piga {code}\nndani ya dakika {minutes}.", "minutes"),
        ("{n} kati ya {n}", "n"),
        ("Kutoka {min} hadi {max}", None),
        ("Namba {ref}", None),
        ("Hakuna", None),
    ],
)
def test_a_text_has_plurals_if_it_holds_exactly_one_count(text: str, count: str | None) -> None:
    assert texts.count_of(text) == count


def test_a_file_that_is_no_yaml_is_refused_with_its_line() -> None:
    with pytest.raises(MenuError) as caught:
        texts.compose(BytesIO(b"screens:\n  home: {menu: [\n"), "home.yaml")
    assert caught.value.faults[0][:2] == ("home.yaml", 3)


def test_an_alias_does_not_unfold() -> None:
    bomb = "a0: &a0 {menu: Habari}\n" + "".join(f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}}}\n" for n in range(1, 60))
    tree = texts.compose(BytesIO(f"{bomb}screens: *a59\n".encode()), "home.yaml")
    assert list(texts.texts_of(tree)) == []


def test_a_folder_without_a_frame_is_no_service(demo: Demo) -> None:
    (demo.menus / "countries").mkdir()
    (demo.menus / "countries" / "tz.yaml").write_text("prefix: 255\n")
    (demo.menus / "more" / "transcripts").mkdir(parents=True)
    (demo.menus / "more" / "service.yaml").write_text("service: more\nlanguage: sw\n")
    (demo.menus / "more" / "help.yaml").write_text("screens: {help: {notice: Msaada}}\n")
    (demo.menus / "more" / "transcripts" / "help.yaml").write_text("screens: {help: {notice: Hapana}}\n")
    first, more = services_in(demo.menus)
    assert (first.name, more.name) == ("demo", "more")
    assert [text.key for text in more.texts] == [("help", "Msaada")]


def test_the_menu_loader_and_the_translator_see_the_same_texts() -> None:
    for path in sorted(MENUS.glob("emrejesho/*.yaml")):
        assert list(texts.texts_of(load_file(path, str(path)))) == texts.texts_in(path)
