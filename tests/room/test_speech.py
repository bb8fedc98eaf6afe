"""The simulator's own words: every one of them in every language, with the same placeholders, none left over."""

from __future__ import annotations

import errno
import re
import shutil
from pathlib import Path
from string import Formatter

import pytest
from rich.cells import cell_len

from simulator import speech
from simulator.deeds import PHONES, TROUBLES
from simulator.floor import Way
from simulator.room import Room
from simulator.speech import LANGUAGES, OWN, Speech, texts, told, words_of
from simulator.transcript import BadTranscript
from ussd_engine import config
from ussd_engine.config import HOME
from ussd_engine.errors import ConfigError, EngineError, Fault, MenuError

LOCALES = HOME / "locales"
OTHERS = [language for language in LANGUAGES if language != OWN]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_has_a_translation_with_its_placeholders_and_no_other_stands_there(language: str) -> None:
    words, asked = words_of(LOCALES, language), {text for _, text in texts()}
    assert len(asked) > 100
    assert asked - set(words) == set()
    assert set(words) - asked == set()
    assert {text for text in asked if placeholders(text) != placeholders(words[text])} == set()


@pytest.mark.parametrize("language", OTHERS)
def test_no_text_is_left_in_the_language_of_the_code(language: str) -> None:
    words = words_of(LOCALES, language)
    assert {text for text, said in words.items() if said == text} == {"SMS"}


@pytest.mark.parametrize(
    "error",
    [
        ConfigError("USSD_ENGINE_KEYS: the folder cannot be made"),
        BadTranscript("saved.yaml:3: object contains unknown field `tipe`"),
        MenuError([Fault("menus/gmp.yaml", 7, "screen does not exist")]),
        EngineError("the core refused it"),
        PermissionError(errno.EACCES, "Permission denied"),
        OSError(errno.EIO, "Input/output error"),
    ],
)
def test_what_others_say_in_english_is_told_where_to_find_it(error: Exception) -> None:
    room = Room(config.load({}), Way("africastalking", None))
    note = room._words_for(error)
    said, english = Speech("sw").note(note), Speech("en").note(note)
    assert not set(re.findall("[a-z]{4,}", str(error).lower())) & set(said.lower().split()), said
    place = re.search(r"\S+:\d+(?=:)", str(error))
    assert place is None or place[0] in said
    if not isinstance(error, PermissionError):
        assert "badili lugha" in said
        assert str(error).partition("] ")[2] or str(error).partition("\n")[0] in english


def test_every_text_in_the_code_is_found() -> None:
    found = {text for _, text in texts()}
    assert {
        "Hang up",
        "TOO LONG",
        "Kiswahili",
        "No SMS yet.",
        "Network error. Your request was not completed.",
    } <= found


def test_the_files_are_those_that_the_code_makes(tmp_path: Path) -> None:
    shutil.copytree(LOCALES, tmp_path / "locales")
    assert speech.renew(tmp_path / "locales") == [], "run `make messages`"


def test_a_text_that_is_gone_goes_and_a_new_one_comes_without_words(tmp_path: Path) -> None:
    folder = tmp_path / "locales"
    shutil.copytree(LOCALES, folder)
    path = folder / "sw" / "LC_MESSAGES" / "simulator.po"
    path.write_text(path.read_text(encoding="utf-8").replace('msgid "Hang up"', 'msgid "Hang on"'), encoding="utf-8")
    assert speech.renew(folder) == [path]
    words = words_of(folder, "sw")
    assert "Hang on" not in words
    assert Speech("sw", folder)("Hang up") == "Hang up"


def test_a_value_stands_where_its_placeholder_is() -> None:
    assert Speech("sw")("Sent to {number}.", number="15200") == "Imetumwa kwenda 15200."
    assert Speech("en").note(told("Done: {act}", act=told("Open"))) == "Done: Open"


def test_keys_are_given_once() -> None:
    keys = [deed.key for deed in (*TROUBLES, *PHONES) if deed.key]
    assert len(keys) == len(set(keys))
    assert {"ctrl+q", "ctrl+c", "ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m"}.isdisjoint(keys)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_lists_say_fits_beside_the_phone(language: str) -> None:
    say = Speech(language)
    labels = [say.note(deed.label) for deed in (*TROUBLES, *PHONES)]
    assert [label for label in labels if cell_len(label) > 80 - 36 - 4 - 2 - len("^K [x] ")] == []
