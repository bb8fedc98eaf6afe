"""Files of dialoguss are read as transcripts: what they say, what they leave open, and what is no such file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from simulator import dialoguss
from simulator.player import Difference
from simulator.transcript import BadTranscript, Step, Transcript
from tests.transcripts.conftest import Told

Command = Callable[..., Told]
HEAD = "url: http://localhost:7654\ndial: '*152*00#'\nphoneNumber: 255700000001\n"
SESSIONS = """\
sessions:
- id: 1
  description: The way to the service
  steps:
  - expect: |
      Huduma za Serikali
      9. Maoni na mrejesho
  - text: '9'
    expect: |-
      Maoni na mrejesho
      2. e-Mrejesho
      0. Rudi
- id: 2
  phoneNumber: 0700 000 002
  steps:
  - expect: "Huduma za Serikali\\n9. Maoni na mrejesho"
  - userInput: '9'
  - userInput: '2'
    componentId: first
components:
- namespace: default
  items:
  - id: first
    expect: |
      e-Mrejesho
      Chagua lugha / Choose language
      Namba yako hutumika kukujibu tu.
      Your number is used only to answer you.
      1. Kiswahili
      2. English
"""


def saved(folder: Path, text: str) -> Path:
    file = folder / "dialoguss.yml"
    file.write_text(text, encoding="utf-8")
    return file


def steps_of(folder: Path, steps: str) -> list[Step]:
    file = saved(folder, f"{HEAD}sessions:\n- id: 1\n  steps:\n{steps}")
    return dialoguss.load(file)[0][0].steps


def test_each_session_is_a_transcript_with_its_own_number(tmp_path: Path) -> None:
    file = saved(tmp_path, HEAD + SESSIONS)
    assert dialoguss.reads(file)
    (first, number), (second, other) = dialoguss.load(file)
    assert (first.title, number) == ("The way to the service (1)", "255700000001")
    assert (second.title, other) == ("2", "0700000002")
    assert first.steps == [
        Step(dial="*152*00#", shows="Huduma za Serikali\n9. Maoni na mrejesho"),
        Step(type="9", ends="Maoni na mrejesho\n2. e-Mrejesho\n0. Rudi"),
    ]
    assert second.steps[1] == Step(type="9")
    assert (second.steps[2].ends or "").startswith("e-Mrejesho\n")


def test_what_was_typed_so_far_is_not_typed_again(tmp_path: Path) -> None:
    said = "  - expect: a\n  - {text: '1', expect: b}\n  - {text: 1*2, expect: c}\n  - text: 1*2*1\n"
    steps = steps_of(tmp_path, said)
    assert [step.type for step in steps] == [None, "1", "2", "1"]


def test_the_same_answer_twice_is_typed_twice(tmp_path: Path) -> None:
    steps = steps_of(tmp_path, "  - expect: a\n  - text: '1'\n  - text: '1'\n")
    assert [step.type for step in steps] == [None, "1", "1"]


@pytest.mark.parametrize(("first", "count"), [("expect: a", 1), ("text: '*152*00#'", 1), ("text: '5'", 2)])
def test_the_first_step_is_the_dial_unless_it_types(tmp_path: Path, first: str, count: int) -> None:
    steps = steps_of(tmp_path, f"  - {first}\n")
    assert len(steps) == count
    assert steps[0].dial == "*152*00#"


@pytest.mark.parametrize(("written", "found"), [("a\n(END)", "a"), ("a\n(END)", "a\n(END)")])
def test_the_last_screen_may_wait_or_end(written: str, found: str) -> None:
    two = Transcript(title="t", steps=[Step(dial="*1#", shows="b"), Step(type="1", ends="a")])
    assert not dialoguss.differs(Difference(2, "type 1", written, found), two)
    assert dialoguss.differs(Difference(2, "type 1", written, f"b{found}"), two)
    assert dialoguss.differs(Difference(1, "dial *1#", written, found), two)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD + "sessions:\n- id: 1\n", "required field `steps`"),
        (HEAD + "sessions:\n- {id: 1, steps: []}\n", 'session "1" has no steps'),
        (HEAD + "sessions:\n- {id: 1, steps: [{componentId: nowhere}]}\n", 'component "nowhere" does not exist'),
        ("sessions: []\n", "required field `dial`"),
    ],
)
def test_a_file_that_says_too_little_is_refused(tmp_path: Path, text: str, words: str) -> None:
    file = saved(tmp_path, text)
    assert dialoguss.reads(file)
    with pytest.raises(BadTranscript) as refused:
        dialoguss.load(file)
    assert str(refused.value).startswith(f"{file}: ")
    assert words in str(refused.value)


@pytest.mark.parametrize("text", ["title: a\nsteps: []\n", "- a list\n", "dial: *123#\nsessions: []\n", ""])
def test_other_files_are_not_taken_for_one(tmp_path: Path, text: str) -> None:
    assert not dialoguss.reads(saved(tmp_path, text))


def test_it_is_replayed_as_transcripts_are(command: Command, tmp_path: Path) -> None:
    file = saved(tmp_path, HEAD + SESSIONS)
    assert command("replay", str(file)) == (0, "", "2 as written, 0 not\n")
    saved(tmp_path, HEAD + SESSIONS.replace("2. e-Mrejesho", "3. e-Mrejesho"))
    code, out, err = command("replay", str(tmp_path))
    assert (code, err) == (1, "1 as written, 1 not\n")
    assert out.startswith(f"{file} (The way to the service (1)): step 2 (type 9) on africastalking:\n")
    assert command("replay", "--update", str(file)) == (0, "", f"{file}: left out: only transcripts are renewed\n" * 2)
