"""Two phones beside each other: rows that belong together stand together, and no colour is needed to see it."""

from __future__ import annotations

import click
import pytest
from rich.cells import cell_len

from simulator.player import Difference
from simulator.side_by_side import BESIDE, Pair, pairs, side_by_side, visible, wrapped

WRITTEN = "Maoni na mrejesho\n3. e-Mrejesho\n0. Rudi"
SHOWN = "Maoni na mrejesho\n2. e-Mrejesho\n5. Msaada\n0. Rudi"


def printed(written: str, shown: str, width: int = BESIDE) -> list[str]:
    return [click.unstyle(row) for row in side_by_side(Difference(2, "type 9", written, shown), width)]


def test_rows_are_paired_and_marked() -> None:
    assert pairs(WRITTEN, SHOWN) == [
        Pair(" ", "Maoni na mrejesho", "Maoni na mrejesho"),
        Pair("!", "3. e-Mrejesho", "2. e-Mrejesho"),
        Pair(">", None, "5. Msaada"),
        Pair(" ", "0. Rudi", "0. Rudi"),
    ]
    assert [pair.mark for pair in pairs(SHOWN, WRITTEN)] == [" ", "!", "<", " "]


def test_the_phones_stand_side_by_side_at_80_columns() -> None:
    assert printed(WRITTEN, SHOWN) == [
        "  written                                 shown",
        "  +-----------------------------------+   +-----------------------------------+",
        "  | Maoni na mrejesho                 |   | Maoni na mrejesho                 |",
        "  | 3. e-Mrejesho                     | ! | 2. e-Mrejesho                     |",
        "  |                                   | > | 5. Msaada                         |",
        "  | 0. Rudi                           |   | 0. Rudi                           |",
        "  +-----------------------------------+   +-----------------------------------+",
    ]


def test_at_less_than_80_columns_one_stands_below_the_other() -> None:
    assert printed(WRITTEN, SHOWN, 40) == [
        "    written",
        "    +----------------------------------+",
        "    | Maoni na mrejesho                |",
        "  ! | 3. e-Mrejesho                    |",
        "    | 0. Rudi                          |",
        "    +----------------------------------+",
        "    shown",
        "    +----------------------------------+",
        "    | Maoni na mrejesho                |",
        "  ! | 2. e-Mrejesho                    |",
        "  > | 5. Msaada                        |",
        "    | 0. Rudi                          |",
        "    +----------------------------------+",
    ]


@pytest.mark.parametrize("width", [24, 40, 79, 80, 200])
def test_no_row_is_wider_than_the_terminal(width: int) -> None:
    long = "Andika ujumbe wako, hadi herufi 480. " * 4 + "x" * 90 + " 🐄🐄🐄 " + "ę" * 50
    assert max(map(cell_len, printed(long, "short", width))) <= width


def test_a_long_row_is_broken_behind_words_and_nothing_of_it_is_lost() -> None:
    text = "Mawasiliano yalikatika kabla ya kutuma, na neno" + "refu" * 12
    pieces = wrapped(text, 20)
    assert pieces[0] == "Mawasiliano"
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")


def test_what_cannot_be_seen_is_written_out() -> None:
    assert visible("\x1b[2Ja\u200bb\xa0c  ") == r"\x1b[2Ja\u200bb\xa0c\x20\x20"
    assert r"0. Rudi\x20" in "\n".join(printed("0. Rudi", "0. Rudi "))


def test_changed_rows_are_coloured_too() -> None:
    rows = side_by_side(Difference(1, "dial", "a\nb", "a\nc"))
    assert [row for row in rows if "\x1b[" in row] == [rows[3]]
