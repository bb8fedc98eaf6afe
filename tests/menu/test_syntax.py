"""What an author did to a file that is not YAML is told at the line to mend, each kind of fault in words of its own."""

from __future__ import annotations

import pytest

from ussd_engine.errors import MenuError
from ussd_engine.menu.load import load_text

TAB = "a tab stands in the indent: indent with spaces"
COLON = "a colon and a blank are missing behind the name"
COLON_INSIDE = 'write the text in quotes: ": " stands in it'
PUSHED_IN = "begins further to the right than the line above, whose text it would go on with"
COLUMNS = "what belongs together begins in one column, and is all names or all entries of a list"
OPEN = "the quote that begins here is not closed"
BEHIND_QUOTE = "more stands behind the quote that ends the text: inside '…' write '' for an apostrophe"
BEHIND_BRACE = "more stands behind the } or ] that ends the value: a text that begins with { or [ needs quotes"
CONTROL = "holds a control character: remove it"
BACKSLASH = r'\ begins a sign inside "…": write \\, or the text in single quotes'


FIRST_LETTERS = ("@b", "`b", "%b", ", b", "] b", "} b", "*", "& b", "|x", ">b", "- b", "? b")


def braces(sign: str) -> str:
    return (
        f"the {sign} that begins here is not closed, or a comma is missing in it; "
        "a text in it that has a comma, #, [ or ] needs quotes"
    )


FAULTS = [
    ("a:\n\tb: c\n", 2, TAB),
    ("a:\n  x: y\n  \tb: c\n", 3, TAB),
    ("a:\n-\tb: c\n", 2, TAB),
    ("a: |\n\tb\n", 2, TAB),
    ("a: b\nc\nd: e\n", 2, COLON),
    ("a: b\nc:d\n", 2, COLON),
    ("a:\n  b: c\n  d\n    e: f\n", 3, COLON),
    ("a:\n  b\n    c: d\n", 2, COLON),
    ("a:\n- b\n  c: d\n", 2, COLON),
    ("a: b: c\n", 1, COLON_INSIDE),
    ("a: b\nc: d: e\n", 2, COLON_INSIDE),
    ("a: b\n  c: d\n", 2, PUSHED_IN),
    ("a: b\n\n  c: d\n", 3, PUSHED_IN),
    ("a:\n    b: c\n  d: e\n", 3, COLUMNS),
    ("a:\n  - b: c\n   d: e\n", 3, COLUMNS),
    ("a: b\n- c\n", 2, COLUMNS),
    ('a: b\nc: "d\ne: f\n', 2, OPEN),
    ("'a: b\n", 1, OPEN),
    ('a: "\n---\n"', 1, OPEN),
    ('a: b\nc: "d\ne: "f"\n', 2, f"{OPEN}, or only in line 3"),
    ("a: 'b\nc: d\ne: 'f'\n", 1, f"{OPEN}, or only in line 3"),
    ("a: 'it's'\n", 1, BEHIND_QUOTE),
    ('a: "b" c\n', 1, BEHIND_QUOTE),
    ("a: {b: c}}\n", 1, BEHIND_BRACE),
    ("a: [b] c\n", 1, BEHIND_BRACE),
    *((f"a: b\nc: {text}\n", 2, f"write the text in quotes: it begins with {text[0]}") for text in FIRST_LETTERS),
    ("a: b\nc: {d: e\nf: g\n", 2, braces("{")),
    ("a: [b, c\n", 1, braces("[")),
    ("a: {b: c d: e}\n", 1, braces("{")),
    ("a: {b: c #d}\n", 1, braces("{")),
    ("a: b\nc: d\x07\n", 2, CONTROL),
    ("a: b\n\x00", 2, CONTROL),
    ('a: "\\d"\n', 1, BACKSLASH),
    ('a: "\\u12"\n', 1, BACKSLASH),
]


@pytest.mark.parametrize(("text", "line", "words"), FAULTS)
def test_a_fault_is_told_at_its_line_in_its_own_words(text: str, line: int, words: str) -> None:
    with pytest.raises(MenuError) as caught:
        load_text(text, "menu.yaml")
    assert [str(fault) for fault in caught.value.faults] == [f"menu.yaml:{line}: is not YAML: {words}"]


@pytest.mark.parametrize("text", ["a:\tb\n", "a: |\n  b\tc\n", 'a: "b\n  c"\nd: e\n', "a: it's\n", "a: b\n  c\n"])
def test_what_only_looks_like_a_fault_is_read(text: str) -> None:
    assert load_text(text, "menu.yaml").kind == "a block"
