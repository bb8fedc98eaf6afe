"""Texts that break programs: what a citizen may type, paste or be told to type. Our own list, by category.

What can be written down plainly stands in `naughty.txt`, a text a line; what an editor would spoil is made here.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator
from pathlib import Path

PLAIN = Path(__file__).with_name("naughty.txt")
LETTERS = "Maji hayatoki"
SCRIPTS = {
    "arabic": 0x0660,
    "persian": 0x06F0,
    "devanagari": 0x0966,
    "bengali": 0x09E6,
    "tamil": 0x0BE6,
    "thai": 0x0E50,
    "tibetan": 0x0F20,
    "myanmar": 0x1040,
    "khmer": 0x17E0,
    "mongolian": 0x1810,
    "full width": 0xFF10,
    "bold": 0x1D7CE,
    "double struck": 0x1D7D8,
    "osmanya": 0x104A0,
}
BLANKS = (*range(0x2000, 0x200B), 0x00A0, 0x1680, 0x202F, 0x205F, 0x3000, 0x180E)
INVISIBLE = (0x00AD, 0x034F, 0x061C, *range(0x200B, 0x2010), 0x2060, 0x2061, 0x2063, 0x2064, 0x206A, 0xFE0F, 0xFEFF)
BIDI = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))


def plain() -> Iterator[str]:
    """The lines of the file, without its headings."""
    for line in PLAIN.read_text(encoding="utf-8").split("\n"):
        if line and not line.startswith("## "):
            yield line


def controls() -> Iterator[str]:
    for code in (*range(0x20), *range(0x7F, 0xA0)):
        yield f"Maji{chr(code)}hayatoki leo"
    yield "\x00" * 20
    yield "\x00Maji\x00 hayatoki\x00 leo\x00"
    yield "\x1b[2J\x1b[31mMaji hayatoki leo\x1b[0m"
    yield "\x1b]0;title\x07 Maji hayatoki leo"
    yield "Maji\r\nhayatoki\r\nleo"
    yield "Maji hayatoki leo\x08\x08\x08kesho"
    yield "a\x00\u0301 b\x1b\u0308 c\u202e\u0323"


def blanks() -> Iterator[str]:
    for code in BLANKS:
        yield chr(code) * 3
        yield f"{chr(code)}Maji{chr(code)}hayatoki{chr(code)}leo{chr(code)}"
    yield from (" ", "  ", "\t", "\n", "\r\n", " \t\n ", "\u2028", "\u2029")
    yield "  Maji   hayatoki   leo  "
    yield "Maji\u2028hayatoki\u2029leo"


def invisible() -> Iterator[str]:
    for code in INVISIBLE:
        yield chr(code)
        yield f"{chr(code)}Maji{chr(code)} hayatoki leo{chr(code)}"


def both_ways() -> Iterator[str]:
    """Text that runs from right to left, and marks that turn it round."""
    for code in BIDI:
        yield f"Maji {chr(code)}hayatoki leo"
    yield "\u202eoel ikotayah ijaM\u202c"
    yield "\u2067\u2067\u2067Maji hayatoki leo"
    yield "\u0627\u0644\u0645\u0627\u0621 \u0645\u0642\u0637\u0648\u0639 \u0627\u0644\u064a\u0648\u0645"
    yield "\u05d0\u05d9\u05df \u05de\u05d9\u05dd \u05d4\u05d9\u05d5\u05dd"
    yield "invoice\u202efdp.exe haina maji"


def combining() -> Iterator[str]:
    """Marks above and below, apart and composed, too many of them."""
    for mark in (0x0300, 0x0301, 0x0302, 0x0303, 0x0308, 0x030A, 0x0323, 0x0327, 0x0331, 0x20D0, 0x20E3, 0x0489):
        yield f"Maji{chr(mark)} hayatoki leo"
        yield chr(mark)
    for name in (
        "Ng\u0303ombe",
        "Zoe\u0308 Ame\u0301lie",
        "u\u0323\u0306",
        "e\u0302\u0301",
        "\u1e69",
        "s\u0323\u0307",
        "s\u0307\u0323",
    ):
        yield f"{name} {name} {name}"
    for depth in (5, 20, 60):
        marks = "".join(chr(0x0300 + index % 0x30) for index in range(depth))
        yield "".join(letter + marks for letter in "Maji")
    yield "\u1112\u1161\u11ab\u1100\u1173\u11af haina maji"
    yield "\u212b \u2126 \u212a ni vipimo"
    yield "\ufb01\ufb02 \u01c4 \u00bd haina maji"
    yield unicodedata.normalize("NFD", "Tafadhali rekebisheni \u00e9\u00e8\u00ea\u00eb")


def emoji() -> Iterator[str]:
    for code in range(0x1F600, 0x1F610):
        yield f"{chr(code)} Maji hayatoki"
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
    yield from (family, family * 20, f"{family} haina maji leo")
    yield "\U0001f1f9\U0001f1ff Tanzania haina maji"
    yield "\U0001f1f9" * 7
    yield "\U0001f44b\U0001f3ff habari za leo"
    yield "\u0039\ufe0f\u20e3 \u0030\ufe0f\u20e3"
    yield "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
    yield "\u2764\ufe0f\u200d\U0001f525 maji moto sana"
    yield "\U0001f600" * 79
    yield "\U0001f600" * 80
    yield "\U0001f600" * 81


def digits() -> Iterator[str]:
    """Numbers, and keys of the menu, in other scripts."""
    for zero in SCRIPTS.values():
        yield "".join(chr(zero + digit) for digit in (1, 5, 2))
        yield chr(zero)
        yield chr(zero + 9) + chr(zero + 8)
    yield from ("\u00b2\u00b3", "\u2460\u2461", "\u2163", "\u5341\u4e8c", "\u00bd", "\u0f33", "\u3007")


def long_ones() -> Iterator[str]:
    for size in (2, 25, 26, 27, 40, 41, 59, 60, 61, 149, 150, 151, 160, 161, 479, 480, 481, 1_000, 5_000):
        yield (f"{LETTERS} " * size)[:size]
        yield "x" * size
    yield "\u2019" * 480
    yield "\u20ac" * 160
    yield "^{}[]~|\\" * 20
    yield "a" * 20_000
    yield "* " * 240
    yield "neno " * 96


def scripts() -> Iterator[str]:
    """A few words from every corner of Unicode, assigned or not."""
    for start in (0x0370, 0x0400, 0x0530, 0x10A0, 0x1200, 0x13A0, 0x1400, 0x1680, 0x16A0, 0x2C00, 0x2D30, 0x3040):
        word = "".join(map(chr, range(start + 2, start + 8)))
        yield f"{word} {word} {word}"
    for start in (0x4E00, 0xA000, 0xAC00, 0xE000, 0xF900, 0xFB50, 0xFDD0, 0xFFF0, 0x10000, 0x1D400, 0x20000, 0xE0000):
        word = "".join(map(chr, range(start + 2, start + 8)))
        yield f"{word} haina maji"
    yield from ("\ufffe", "\uffff", "\U0010ffff", "\ufffd", "\ufffc", "\ufff9a\ufffab\ufffb")


def doubled() -> Iterator[str]:
    """Marks that programs give a meaning, once and often."""
    for mark in "*#'\"`\\/%&;|<>{}[]()$@!?^~=+-_.,:":
        yield mark
        yield mark * 30
        yield f"Maji{mark} hayatoki{mark} {mark}leo"


def naughty() -> list[str]:
    """All of them, each once, in a fixed order."""
    made = (controls, blanks, invisible, both_ways, combining, emoji, digits, long_ones, scripts, doubled, plain)
    return list(dict.fromkeys(itertools.chain.from_iterable(category() for category in made)))
