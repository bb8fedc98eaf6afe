"""Three edits that a writer of menus makes to e-Mrejesho, touching `menus/` and `locales/` alone: checked, played,
translated."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.guides.guide import Reader, Typed, change, changes

ROOT = Path(__file__).parent.parent.parent
EDITS = Path(__file__).parent / "edits"
ENGLISH = ("--lang", "en", "--msisdn", "255700000002")
DIALS = {
    "question": (
        ["1", "1", "tanesco", "1", "1", "umeme umekatika leo", "40", "1", "1"],
        ["Watu wangapi wameathirika?", "Namba: "],
        ["How many people are affected?", "Number: "],
    ),
    "kind": (
        ["9", "1", "tanesco", "1", "waya zimeanguka barabarani", "1", "1"],
        ["98. Zaidi", "taarifa ya hatari kwa TANESCO", "Namba: "],
        ["98. More", "warning of danger to TANESCO", "Number: "],
    ),
    "help": (
        ["8", "1"],
        ["1. Maana ya maneno", "Rufaa: ukipinga jibu"],
        ["1. What words mean", "Appeal: the level above decides"],
    ),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("edit", DIALS)
def test_an_edit_is_checked_played_and_translated(tmp_path: Path, edit: str) -> None:
    for name in ("menus", "locales"):
        shutil.copytree(ROOT / name, tmp_path / name)
    (tmp_path / "ussd-engine.toml").write_text('menus = "menus"\nlocales = "locales"\n')
    reader = Reader(tmp_path)
    typed, swahili, english = DIALS[edit]

    def run(*words: str, fails: bool = False) -> str:
        line = " ".join(words)
        reader.run(list(words), Typed(line, fails))
        return reader.said[line]

    def dial(*words: str) -> str:
        ends = "(end)" if edit != "help" else "..."
        said = run("ussd-engine", "dial", "*152*00*9*2#", *words, fails=edit == "help")
        assert ends in said
        return said

    for one in changes((EDITS / edit / "menus.diff").read_text(encoding="utf-8")):
        change(tmp_path, one)
    assert "is not translated" in run("ussd-engine", "messages", fails=True)
    for one in changes((EDITS / edit / "locales.diff").read_text(encoding="utf-8")):
        change(tmp_path, one)
    assert "no faults" in run("ussd-engine", "check")
    said = dial("1", *typed)
    assert [words for words in swahili if words not in said] == []
    said = dial(*ENGLISH, *typed)
    assert [words for words in english if words not in said] == []


def test_an_edit_touches_menus_and_locales_alone() -> None:
    touched = [one.file for file in EDITS.rglob("*.diff") for one in changes(file.read_text(encoding="utf-8"))]
    assert {file.split("/")[0] for file in touched} == {"menus", "locales"}
