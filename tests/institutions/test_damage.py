"""Files that an operator damaged: each fault with its file, its line and the way out."""

from pathlib import Path

import pytest

from ussd_engine.errors import MenuError
from ussd_engine.institutions import Institutions

DAMAGE = [
    # file, line, what replaces it, the line named, the message
    (
        "institutions.csv",
        1,
        "code,kind,name_en,short,regon,parent",
        1,
        'column "regon" is not known (did you mean "region"?)',
    ),
    ("institutions.csv", 1, "code,kind,name_en,short,region,region", 1, 'column "region" stands twice'),
    ("institutions.csv", 1, "code,kind,short_en,short,region,parent", 1, "a column of names is missing, as name_en"),
    (
        "institutions.csv",
        3,
        "WATER,ministry,Ministry of Water",
        3,
        "3 values stand under 6 columns; quote a value with a comma",
    ),
    (
        "institutions.csv",
        3,
        "water,ministry,Ministry of Water,Water,,CROWN",
        3,
        'code: "water" is not made of capital letters, digits and hyphens',
    ),
    (
        "institutions.csv",
        3,
        "WATER,Ministry,Ministry of Water,Water,,CROWN",
        3,
        'kind: "Ministry" is not made of small letters and underscores',
    ),
    ("institutions.csv", 3, "CROWN,ministry,Ministry of Water,Water,,", 3, 'code: "CROWN" stands in line 2 already'),
    (
        "institutions.csv",
        3,
        "WATER,ministry,Ministry of Water,Crown,,CROWN",
        3,
        'short: "Crown" stands in line 2 already',
    ),
    (
        "institutions.csv",
        3,
        "WATER,ministry,Office of the Crown,Water,,CROWN",
        3,
        'name_en: "Office of the Crown" stands in line 2 already',
    ),
    ("institutions.csv", 3, "WATER,ministry,,Water,,CROWN", 3, "name_en: is empty"),
    ("institutions.csv", 3, "WATER,ministry,Ministry of Water,,,CROWN", 3, "short: is empty"),
    (
        "institutions.csv",
        3,
        "WATER,ministry,Ministry of Water,Water for everybody,,CROWN",
        3,
        'short: "Water for everybody" takes 19 septets, 16 at most',
    ),
    (
        "institutions.csv",
        3,
        "WATER,ministry,Ministry of Water,Waters [of] {us},,CROWN",
        3,
        'short: "Waters [of] {us}" takes 20 septets, 16 at most',
    ),
    (
        "institutions.csv",
        3,
        "WATER,ministry,Ministry of \u201cWater\u201d,Water,,CROWN",
        3,
        "name_en: '\u201c' is outside GSM-7",
    ),
    (
        "institutions.csv",
        3,
        "WATER,ministry,Ministry of Water,Water,,CROWM",
        3,
        'parent: code "CROWM" is not known (did you mean "CROWN"?)',
    ),
    ("institutions.csv", 2, "CROWN,office,Office of the Crown,Crown,,WATER", 2, 'parent: "WATER" leads back to CROWN'),
    ("institutions.csv", 2, "CROWN,office,Office of the Crown,Crown,,CROWN", 2, 'parent: "CROWN" leads back to CROWN'),
    (
        "institutions.csv",
        6,
        "NORTHTOWN,borough,Borough of Strelsau,Strelsau,Nort,NORTH",
        6,
        'region: "Nort" is not known (did you mean "North"?)',
    ),
    (
        "institutions.csv",
        5,
        "SOUTH,province,Southern Province,South,North,CROWN",
        5,
        'region: "North" has its province in line 4 already',
    ),
    (
        "institutions.csv",
        3,
        '"WATER,ministry,Ministry of Water,Water,,CROWN',
        8,
        "is not CSV: a quotation mark is open or stands in the wrong place",
    ),
    (
        "roles.csv",
        2,
        "secretariat,provinse,",
        2,
        'secretariat: kind "provinse" is not known (did you mean "province"?)',
    ),
    ("roles.csv", 4, "pipes,,WATER", 4, 'pipes: kind "WATER" is not known'),
    ("roles.csv", 5, "desk,,CRWN", 5, 'desk: code "CRWN" is not known (did you mean "CROWN"?)'),
    ("roles.csv", 5, "", 1, 'role "desk" is missing: the institution that takes what has no better address'),
    ("topics.csv", 2, "water,pipe,", 2, 'role: "pipe" is not known (did you mean "pipes"?)'),
    ("topics.csv", 3, "water,,WATR", 3, 'code: "WATR" is not known (did you mean "WATER"?)'),
    ("topics.csv", 3, "water,pipes,WATER", 3, 'topic "water": give one of code, role'),
    ("topics.csv", 4, ",,WATER", 4, "topic: is empty"),
    ("aliases.csv", 3, "tap,WATTER,,", 3, 'code: "WATTER" is not known (did you mean "WATER"?)'),
    ("aliases.csv", 5, "up,,,Noth", 5, 'region: "Noth" is not known (did you mean "North"?)'),
    ("aliases.csv", 4, "queen,,,", 4, 'typed "queen": give one of code, role, region'),
    ("aliases.csv", 4, "of the,CROWN,,", 4, 'typed: "of the" has no word that the search looks at'),
    ("stopwords.csv", 1, "wurd", 1, 'column "wurd" is not known (did you mean "word"?)'),
]


def damage(path: Path, line: int, text: str) -> None:
    lines = path.read_text("utf-8").splitlines()
    lines[line - 1] = text
    path.write_text("\n".join(lines) + "\n", "utf-8")


def faults(folder: Path) -> list[str]:
    with pytest.raises(MenuError) as refused:
        Institutions.load(folder)
    return [str(fault).removeprefix(f"{folder}/") for fault in refused.value.faults]


@pytest.mark.parametrize(("name", "line", "text", "at", "message"), DAMAGE)
def test_a_fault_is_named_with_its_line(small: Path, name: str, line: int, text: str, at: int, message: str) -> None:
    damage(small / name, line, text)
    assert f"{name}:{at}: {message}" in faults(small)


def test_the_sound_files_have_no_fault(small: Path) -> None:
    assert len(Institutions.load(small)) == 7


def test_all_faults_of_all_files_are_named_at_once(small: Path) -> None:
    damage(small / "institutions.csv", 3, "WATER,ministry,Ministry of Water,Water,,CROWM")
    damage(small / "topics.csv", 3, "water,,WATR")
    damage(small / "aliases.csv", 4, "queen,CRWN,,")
    assert [fault.split(": ")[0] for fault in faults(small)] == ["institutions.csv:3", "topics.csv:3", "aliases.csv:4"]


def test_a_cycle_is_named_on_each_of_its_rows(small: Path) -> None:
    damage(small / "institutions.csv", 2, "CROWN,office,Office of the Crown,Crown,,SOUTHPIPES")
    named = [fault for fault in faults(small) if "leads back" in fault]
    assert [fault.split(": ")[0] for fault in named] == [f"institutions.csv:{line}" for line in (2, 3, 8)]


def test_short_names_of_one_language_are_told_apart(small: Path) -> None:
    text = (small / "institutions.csv").read_text().splitlines()
    text = [text[0] + ",short_fr", *(line + "," for line in text[1:])]
    text[2] = "WATER,ministry,Ministry of Water,Water,,CROWN,Crown"
    (small / "institutions.csv").write_text("\n".join(text))
    assert faults(small) == ['institutions.csv:3: short_fr: "Crown" stands in line 2 already']


def test_a_file_without_rows_is_named_and_nothing_else(small: Path) -> None:
    (small / "institutions.csv").write_text("code,kind,name_en,short,region,parent\n")
    assert faults(small) == ["institutions.csv:1: holds no institution"]


def test_a_missing_file_is_named(small: Path) -> None:
    (small / "topics.csv").unlink()
    assert faults(small) == ["topics.csv:1: cannot be read: No such file or directory"]


def test_an_empty_file_misses_its_columns(small: Path) -> None:
    (small / "stopwords.csv").write_text("")
    assert faults(small) == ['stopwords.csv:1: column "word" is missing']


def test_a_file_in_another_encoding_is_named_with_its_line(small: Path) -> None:
    (small / "aliases.csv").write_bytes("typed,code,role,region\nqueen,CROWN,,\nkönig,CROWN,,\n".encode("latin-1"))
    assert "aliases.csv:3: is not UTF-8" in faults(small)


def test_a_byte_order_mark_and_crlf_are_no_fault(small: Path) -> None:
    text = (small / "institutions.csv").read_text().replace("\n", "\r\n")
    (small / "institutions.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert len(Institutions.load(small)) == 7


def test_a_slip_in_a_kind_that_many_have_is_named(shipped: Path, tmp_path: Path) -> None:
    for file in shipped.glob("*.csv"):
        (tmp_path / file.name).write_text(file.read_text())
    table = tmp_path / "institutions.csv"
    table.write_text(table.read_text().replace("UTUMISHI,ministry,", "UTUMISHI,minstry,", 1))
    assert faults(tmp_path) == ['institutions.csv:5: kind: "minstry" stands here alone (did you mean "ministry"?)']
