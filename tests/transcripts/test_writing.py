"""How the transcripts themselves are written: complete, in pairs, and as `replay --update` writes them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.transcript import LEGS, Transcript, dump, load
from tests.transcripts.conftest import FILES


def test_every_reference_in_a_transcript_comes_with_what_must_be_stored_under_it() -> None:
    for file in FILES:
        sent: set[str] = set()
        for step in load(file).steps:
            seen = " ".join([step.shows or "", step.ends or "", *step.gets])
            new = set(re.findall(r"<ref\d*>", seen)) - sent
            assert not new or step.stored, f"{file.name}: {step.words} shows {new}"
            sent |= new


def test_nobody_types_on_a_screen_that_ended() -> None:
    for file in FILES:
        ended = False
        for step in load(file).steps:
            assert not (ended and step.does == "type"), f"{file.name}: {step.words}"
            ended = step.ends is not None if step.does in (*LEGS, "caller") else ended


def test_every_transcript_has_a_twin_in_the_other_language_with_the_same_inputs() -> None:
    def done(transcript: Transcript) -> list[str]:
        return [step.words for step in transcript.steps]

    for file in FILES:
        if file.name.endswith(".sw.yaml"):
            swahili, english = done(load(file)), done(load(file.with_name(file.name.replace(".sw.", ".en."))))
            differing = {(one, other) for one, other in zip(swahili, english, strict=True) if one != other}
            texts = {pair for pair in differing if all(one.startswith("sms ") for one in pair)}
            alone = not any(step.does in LEGS for step in load(file).steps)
            assert differing - texts == (set() if alone else {("type 1", "type 2")}), file.name


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_transcript_is_written_as_update_would_write_it(file: Path) -> None:
    assert file.read_text(encoding="utf-8") == dump(load(file))


def test_the_circle_is_written_by_both_media_and_by_sms_alone() -> None:
    told = {file.name: load(file) for file in FILES if file.name.startswith("sms-")}
    assert set(told) == {f"sms-{name}.{language}.yaml" for name in ("circle", "alone") for language in ("sw", "en")}
    for name, transcript in told.items():
        steps = transcript.steps
        assert any(step.dial for step in steps) is name.startswith("sms-circle"), name
        assert {step.officer for step in steps} >= {"open", "progress", "answer", "decide"}, name
        assert sum(step.sms is not None for step in steps) >= 3, name
