"""What a transcript may say, what `<ref>` and its like match, and what is said of a file that is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.holes import Holes
from simulator.transcript import BadTranscript, Step, Transcript, dump, load
from ussd_engine import reference
from ussd_engine.msisdn import Numbers

REF, OTHER = "482173659", "117936204"
HEAD = "title: a dialog\nsteps:\n"

BAD = {
    "- type: '1'\n  typo: x\n": (4, "unknown field `typo`"),
    "- dial: '*152*00#'\n- type: '1'\n  wait: 5\n": (4, "a step does one of"),
    "- shows: nothing done\n": (3, "a step does one of"),
    "- dial: '*152*00#'\n- wait: soon\n": (4, "expected `float"),
    "- dial: '*152*00#'\n  fault: lightning\n": (4, "lightning"),
    "- type: '1'\n  type: '2'\n": (4, "stands twice"),
    "- dial: '*152*00#'\n- sms: MSAADA\n": (4, "carries SMS"),
    "- wait: 1\n  gets: [Habari]\n": (3, "carries SMS"),
    "- type: '1'\n   broken: [\n": (4, ""),
    "- &a {wait: 1}\n- *a\n": (4, "an alias"),
}


@pytest.mark.parametrize(("steps", "line", "words"), [(steps, *told) for steps, told in BAD.items()])
def test_a_bad_transcript_is_refused_with_its_file_and_line(tmp_path: Path, steps: str, line: int, words: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(HEAD + steps)
    with pytest.raises(BadTranscript) as refused:
        load(file)
    assert str(refused.value).startswith(f"{file}:{line}: ")
    assert words in str(refused.value)


@pytest.mark.parametrize("text", ["", "- a list\n", "just words\n"])
def test_a_file_without_title_and_steps_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    with pytest.raises(BadTranscript, match=r"bad.yaml:1: a transcript is a block"):
        load(file)


def test_what_is_dumped_is_loaded_again(tmp_path: Path) -> None:
    steps = [
        Step(dial="*152*00#", shows="Huduma\n9. Maoni: na\n\n# “mrejesho” 🐄"),
        Step(type=" ", after=1.5, note="a blank"),
        Step(type="0", fault="lost", ends="no"),
        Step(caller="", stored={"message": "null"}),
        Step(wait=3.0),
        Step(forget=True),
    ]
    file = tmp_path / "made.yaml"
    made = Transcript(title="yes", steps=steps, core_wants=["place"], number=False)
    file.write_text(dump(made), encoding="utf-8")
    assert load(file) == made


def test_the_same_hole_is_the_same_value() -> None:
    holes = Holes()
    assert holes.match("Namba: <ref>, <ref>", f"Namba: {REF}, {REF}")
    assert not holes.match("<ref>", OTHER)
    assert holes.match("<ref2>", OTHER)
    assert not Holes().match("<ref> <ref>", f"{REF} {OTHER}")


@pytest.mark.parametrize("found", ["082173659", "48217365", "4821736590", ""])
def test_a_hole_takes_nothing_of_another_shape(found: str) -> None:
    assert not Holes().match("<ref>", found)


def test_what_did_not_match_leaves_no_value_behind() -> None:
    holes = Holes()
    assert not holes.match("<ref> end", f"{REF} more")
    assert holes.values == {}


def test_a_screen_is_cut_into_holes_that_match_it_again() -> None:
    ref = reference.draw()
    screen = f"Namba: {ref}\nPIN: 6070\nifikapo 29/12/2026.\nPiga *152*00*9*2#, *152*00# 9 2 au 123456789"
    holes = Holes()
    holes.values["number"] = "0700 000 001"
    written = holes.cut(f"{screen} 0700 000 001")
    assert written == "Namba: <ref>\nPIN: <pin>\nifikapo <date>.\nPiga <code>, <code2> au 123456789 <number>"
    assert holes.fill(written) == f"{screen} 0700 000 001"
    assert holes.match(written, f"{screen} 0700 000 001")


def test_the_callers_number_is_a_hole_in_each_spelling_of_her_country() -> None:
    holes = Holes()
    holes.calls("999500001", Numbers(calling_code="999", trunk="8", prefixes=("5",), length=6))
    assert holes.cut("8500 001, 8500001, 999500001") == "<number>, <digits>, <msisdn>"
    assert holes.fill("<number>") == "8500 001"


def test_text_that_looks_like_a_pattern_is_text() -> None:
    assert Holes().match("(.*) <x> [a-z]+", "(.*) <x> [a-z]+")
    assert not Holes().match(".*", "anything")
