"""The words of the menus in each language, and what is said of a translation that cannot be used."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from tests.catalog.demo_service import HEADER, PLURAL, Demo, entry
from ussd_engine.catalog import Catalog, format_date, languages_in, services_in
from ussd_engine.errors import Fault, MenuError

ROOT = Path(__file__).parent.parent.parent
MENUS, LOCALES = ROOT / "menus", ROOT / "locales"


def test_every_text_of_the_shipped_menus_is_translated_and_no_translation_is_left_over() -> None:
    services = services_in(MENUS)
    catalog = Catalog.load(LOCALES, [service.name for service in services], languages_in(LOCALES))
    assert [str(fault) for service in services for fault in catalog.check(*service)] == []
    assert {service.name for service in services} == {"gmp", "emrejesho"}
    assert languages_in(LOCALES) == ["en", "sw"]


def test_a_text_is_shown_in_the_language_and_else_in_its_own_words(demo: Demo) -> None:
    catalog = demo.load()
    assert catalog.gettext("en", "demo", "people", "Ruka") == "Skip"
    assert catalog.gettext("sw", "demo", "people", "Ruka") == "Ruka"
    assert catalog.gettext("en", "demo", "case", "Ruka") == "Ruka"


@pytest.mark.parametrize(("n", "words"), [(0, "words"), (1, "word"), (2, "words"), (480, "words")])
def test_a_count_takes_the_plural_of_the_language(demo: Demo, n: int, words: str) -> None:
    text = demo.load().ngettext("en", "demo", "errors", "Eleza kwa maneno {n} au zaidi.", n)
    assert text == f"Use {{n}} {words} or more."


def test_the_shipped_swahili_knows_one_word_from_many() -> None:
    catalog = Catalog.load(LOCALES, ["emrejesho"], ["sw"])
    one, many = catalog.forms("sw", "emrejesho", "errors", "Eleza kwa maneno {n} au zaidi.")
    assert (one, many) == ("Eleza kwa neno {n} au zaidi.", "Eleza kwa maneno {n} au zaidi.")


def test_a_language_with_more_plurals_has_as_many_forms(tmp_path: Path) -> None:
    catalog = Catalog.load(tmp_path, ["demo"], ["pl"])
    assert catalog.forms("pl", "demo", "text_more", "Umeandika herufi {n}.") == ("Umeandika herufi {n}.",) * 3
    assert [catalog.plural("pl", "demo", n) for n in (1, 2, 5, 22, 100)] == [0, 1, 2, 1, 2]


def test_a_complete_file_has_no_fault(demo: Demo) -> None:
    assert demo.faults() == []


def test_a_missing_entry_names_both_places(demo: Demo) -> None:
    demo.rewrite(entry("people", "Ruka", "Skip"), "")
    path = demo.po("en")
    message = f'"Ruka" (people) of {demo.menu}:13 has no entry: run `ussd-engine messages`'
    assert demo.faults() == [Fault(str(path), 1, message, "translation missing")]


def test_an_empty_translation_is_missing(demo: Demo) -> None:
    line = demo.rewrite('msgid "Ruka"\nmsgstr "Skip"', 'msgid "Ruka"\nmsgstr ""')
    (fault,) = demo.faults()
    assert (fault.line, fault.rule) == (line, "translation missing")
    assert demo.load().gettext("en", "demo", "people", "Ruka") == "Ruka"


def test_an_empty_plural_form_is_missing(demo: Demo) -> None:
    demo.rewrite('msgstr[1] "Use {n} words or more."', 'msgstr[1] ""')
    assert [fault.rule for fault in demo.faults()] == ["translation missing"]
    forms = demo.load().forms("en", "demo", "errors", "Eleza kwa maneno {n} au zaidi.")
    assert forms == ("Eleza kwa maneno {n} au zaidi.",) * 2


def test_a_fuzzy_translation_is_reported_and_not_shown(demo: Demo) -> None:
    line = demo.rewrite('msgctxt "people"\nmsgid "Ruka"', '#, fuzzy\nmsgctxt "people"\nmsgid "Ruka"')
    (fault,) = demo.faults()
    assert (fault.line, fault.rule) == (line + 2, "translation fuzzy")
    assert demo.load().gettext("en", "demo", "people", "Ruka") == "Ruka"


@pytest.mark.parametrize("wrong", ["Use {m} words or more.", "Use words or more.", "Use {n} {words or more."])
def test_a_translation_with_other_placeholders_is_reported(demo: Demo, wrong: str) -> None:
    demo.rewrite('msgstr[1] "Use {n} words or more."', f'msgstr[1] "{wrong}"')
    (fault,) = demo.faults()
    assert fault.rule == "translation placeholders"
    assert demo.po("en").read_text().splitlines()[fault.line - 1].startswith("msgid ")


def test_a_translation_without_the_plurals_of_its_text_is_reported(demo: Demo) -> None:
    demo.rewrite(PLURAL, entry("errors", "Eleza kwa maneno {n} au zaidi.", "Use {n} words or more."))
    assert [fault.rule for fault in demo.faults()] == ["translation plural"]


def test_a_translation_that_no_menu_asks_for_is_reported_in_every_language(demo: Demo) -> None:
    for language in ("sw", "en"):
        path = demo.po(language)
        old = path.read_text() if path.exists() else HEADER.replace("Language: en", "Language: sw")
        path.write_text(f"{old}\n{entry('people', 'Watu', 'People')}")
    found = demo.faults()
    assert [(fault.file, fault.rule) for fault in found] == [
        (str(demo.po(language)), "translation unused") for language in ("en", "sw")
    ]


def test_a_language_without_a_file_is_one_fault(demo: Demo) -> None:
    demo.po("en").unlink()
    assert [fault.rule for fault in demo.faults()] == ["po file"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('msgstr "Skip"', "msgstr Skip", "between two quotes"),
        ('msgstr "Skip"', 'msgstr "Skip', "between two quotes"),
        ('msgstr "Skip"', 'msgtxt "Skip"', "cannot be read"),
        ('msgstr "Skip"\n', "", "cannot be read"),
        (
            'msgid "Ruka"\nmsgstr "Skip"\n',
            'msgid "Ruka"\nmsgstr "Skip"\n\n' + entry("people", "Ruka", "Jump"),
            "two entries",
        ),
        ("Language: en", "Language: sw", 'says "Language: sw"'),
        ("plural=(n != 1)", "plural=n!", "cannot be read"),
        ("nplurals=2", "nplurals=two", "cannot be read"),
        ("plural=(n != 1)", "plural=n%0", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_stops_the_start(demo: Demo, old: str, new: str, says: str) -> None:
    demo.rewrite(old, new)
    with pytest.raises(MenuError, match=says) as caught:
        demo.load()
    (fault,) = caught.value.faults
    assert (fault.file, fault.rule) == (str(demo.po("en")), "po file")
    assert fault.line > 0


def test_a_language_unknown_to_babel_stops_the_start(demo: Demo) -> None:
    with pytest.raises(MenuError, match='no language "xx"'):
        Catalog.load(demo.locales, ["demo"], ["xx"])


def test_an_edited_file_is_seen_by_the_next_load(demo: Demo) -> None:
    before = demo.load()
    demo.rewrite('msgstr "Skip"', 'msgstr "Leave out"')
    assert demo.load().gettext("en", "demo", "people", "Ruka") == "Leave out"
    assert before.gettext("en", "demo", "people", "Ruka") == "Skip"


@pytest.mark.parametrize("locale", ["sw", "en"])
def test_a_date_is_day_month_year(locale: str) -> None:
    assert format_date(locale, dt.date(2026, 3, 9)) == "09/03/2026"
