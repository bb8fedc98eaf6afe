"""The traps of YAML are errors with the way out, and a node knows its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from ussd_engine.errors import MenuError
from ussd_engine.menu.load import MAX_BYTES, MAX_DEPTH, Node, load_file, load_text


def fault_of(text: str) -> tuple[int, str, str]:
    with pytest.raises(MenuError) as caught:
        load_text(text, "menu.yaml")
    (fault,) = caught.value.faults
    return fault.line, fault.message, fault.rule


TRAPS = [
    "00",
    "010",
    "0x1F",
    "1_000",
    "no",
    "Yes",
    "on",
    "OFF",
    "true",
    "null",
    "~",
    "12:30",
    "1.5",
    ".inf",
    "2027-01-01",
]


@pytest.mark.parametrize("trap", TRAPS)
def test_what_yaml_would_turn_into_something_else_is_refused(trap: str) -> None:
    line, message, rule = fault_of(f"a: b\nkey: {trap}\n")
    assert (line, rule) == (2, "quotes")
    assert message == f'{trap}: write it in quotes, as "{trap}"'


@pytest.mark.parametrize("trap", ["00", "no", "12:30"])
def test_a_trap_is_refused_as_a_name_too(trap: str) -> None:
    assert fault_of(f"{trap}: b\n")[2] == "quotes"


@pytest.mark.parametrize("text", ["00", "no", "12:30", "null", "1.5"])
def test_in_quotes_it_is_a_text(text: str) -> None:
    node = load_text(f'key: "{text}"\n', "menu.yaml")
    assert isinstance(node.value, dict)
    assert node.value["key"].value == text


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("7", 7), ("-3", -3), ("480", 480)])
def test_a_plain_whole_number_is_one(text: str, value: int) -> None:
    node = load_text(f"key: {text}\n", "menu.yaml")
    assert isinstance(node.value, dict)
    assert node.value["key"].value == value


def test_a_printed_line_needs_no_quotes() -> None:
    node = load_text("go: {1. Lalamiko au kero: complaint, 98. Zaidi: more}\n", "menu.yaml")
    assert isinstance(node.value, dict)
    lines = node.value["go"].value
    assert isinstance(lines, dict)
    assert list(lines) == ["1. Lalamiko au kero", "98. Zaidi"]


def test_a_value_carries_the_line_of_its_key() -> None:
    node = load_text("a: b\ntext: |-\n  one\n  two\nlist:\n- x\n- y\n", "menu.yaml")
    assert isinstance(node.value, dict)
    assert [value.line for value in node.value.values()] == [1, 2, 5]
    entries = node.value["list"].value
    assert isinstance(entries, list)
    assert [entry.line for entry in entries] == [6, 7]


@pytest.mark.parametrize("text", ["key: &a b\n", "a: &x {b: c}\nd: *x\n"])
def test_anchors_and_aliases_are_refused(text: str) -> None:
    assert fault_of(text)[2] == "anchors"


@pytest.mark.parametrize("text", ["key: !!str b\n", "key: !!python/object/apply:os.system [ls]\n"])
def test_tags_are_refused(text: str) -> None:
    assert fault_of(text)[2] == "tags"


def test_depth_is_bounded_before_anything_is_built() -> None:
    deep = "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)
    assert fault_of(f"key: {deep}\n")[2] == "depth"
    assert fault_of("key: " + "[" * 100_000)[2] in ("depth", "syntax")


def test_a_file_of_the_greatest_size_is_read_and_no_larger_one(tmp_path: Path) -> None:
    path = tmp_path / "menu.yaml"
    path.write_text("key: b\n#" + "x" * (MAX_BYTES - 8))
    assert isinstance(load_file(path, "menu.yaml"), Node)
    path.write_text("key: b\n#" + "x" * (MAX_BYTES - 7))
    with pytest.raises(MenuError, match="larger than 256 KiB"):
        load_file(path, "menu.yaml")


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(MenuError, match=r"menu\.yaml: cannot be read: No such file"):
        load_file(tmp_path / "menu.yaml", "menu.yaml")
