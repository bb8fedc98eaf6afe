"""`ussd-engine case …`: what an officer does."""

from __future__ import annotations

import io
import re
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Literal

import pytest

from tests.feedback.desks import WORDS, shipped_offices
from tests.feedback.terminal import Run, in_core, rows_of, sent
from ussd_engine.messages import Appeal, Rating
from ussd_engine.reference import draw


def test_an_officers_day(folder: Path, run: Run) -> None:
    ref = sent(folder, answers={"message": WORDS}).reference
    assert ref in run("inbox")[1]
    assert rows_of(run("show", ref)[1])["state"] == "received"
    assert run("open", ref)[1].startswith(f"{ref} opened, at DUWASA, due on ")
    assert run("progress", ref)[1].startswith(f"{ref} in_progress")
    assert run("ask", ref, "Ni mtaa gani?", "--yes")[1].startswith(f"{ref} need_info")
    assert run("progress", ref)[0] == 0
    code, said, _ = run("answer", ref, "Maji yamerudi.", "--yes")
    assert (code, said) == (0, f"{ref} answered, at DUWASA\n")
    code, shown, _ = run("show", ref, "--purpose", "handling")
    assert code == 0
    for words in (WORDS, "officer@DUWASA: need_info", "Ni mtaa gani?", "officer@DUWASA: answered", "Maji yamerudi."):
        assert words in shown
    code, said, told = run("close", ref)
    assert (code, said) == (1, "")
    by_itself = shipped_offices().day(int(time.time() * 1000)) + timedelta(days=15)
    assert (
        f"it closes when the citizen is content, wholly or partly, and by itself from {by_itself:%d/%m/%Y} on" in told
    )
    rates(folder, ref, "partly")
    rows = rows_of(run("show", ref)[1])
    assert (rows["state"], rows["content"]) == ("closed", "partly")
    assert run("inbox")[1] == "nothing waits for officer@DUWASA\n"
    assert run("list", "--state", "closed")[1].count(ref) == 1
    code, verified, _ = run("verify")
    assert (code, verified.splitlines()[0]) == (0, "7 rows, 0 faults")


def rates(folder: Path, reference: str, rating: Literal["yes", "partly", "no"]) -> None:
    said = Rating(idempotency_key=token_hex(16), reference=reference, rating=rating, at_ms=int(time.time() * 1000))
    in_core(folder, lambda store: store.rate(said))


def test_what_show_offers_is_what_the_commands_do(folder: Path, run: Run) -> None:
    ref = sent(folder).reference
    to_do = {"open": (), "progress": (), "ask": ("Ni wapi?", "--yes"), "answer": ("Sawa.", "--yes")}
    due = "progress … --due DAY/MONTH/YEAR"
    offered = {
        "": ["open …", "transfer … OFFICE", due],
        "open": ["progress …", "transfer … OFFICE", "refuse … TEXT", due],
        "progress": ["ask … TEXT", "answer … TEXT", "transfer … OFFICE", "refuse … TEXT", due],
        "ask": ["progress …", due],
        "answer": [],
    }
    for act in ("", "open", "progress", "ask", "progress", "answer"):
        if act:
            assert run(act, ref, *to_do[act])[0] == 0
        printed = run("show", ref)[1]
        found = [line.split("ussd-engine case ")[1] for line in printed.splitlines() if "ussd-engine case " in line]
        assert found == [one.replace("…", ref) for one in offered[act]]
    rates(folder, ref, "no")
    assert "the citizen is not content and may appeal until" in rows_of(run("show", ref)[1])["stands"]


def test_who_opens_an_open_case_is_told_since_when_it_is(folder: Path, run: Run) -> None:
    ref = sent(folder).reference
    run("open", ref)
    code, said, told = run("open", ref)
    today = f"{shipped_offices().day(int(time.time() * 1000)):%d/%m/%Y}"
    assert (code, said) == (1, "")
    assert told == (
        f"the case is open already, since {today}: nothing was changed. "
        "Now: `case progress`, `case transfer`, `case refuse` or `case progress --due`\n"
    )


def test_a_due_date_of_another_century_is_a_slip(folder: Path, run: Run) -> None:
    code, _, told = run("progress", sent(folder).reference, "--due", "01/01/2099")
    assert (code, told.partition(":")[0]) == (1, "a due date lies within a year")


def test_how_a_day_is_written_is_shown_by_one_to_come(folder: Path, run: Run) -> None:
    ref = sent(folder).reference
    today = shipped_offices().day(int(time.time() * 1000))
    for words in (("progress", "--help"), ("progress", ref, "--due", "1/1"), ("progress", ref, "--due", "01/01/2020")):
        told = "".join(map(str, run(*words)[1:]))
        days = [datetime.strptime(one, "%d/%m/%Y").date() for one in re.findall(r"\d\d/\d\d/\d{4}", told)]
        assert days, told
        assert "%" not in told
        assert all(day > today for day in days if day != date(2020, 1, 1))


def test_who_acts_must_be_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("USSD_ENGINE_OFFICER")
    code, out, told = run("inbox")
    assert (code, out) == (1, "")
    assert "--as ROLE@OFFICE" in told
    assert "USSD_ENGINE_OFFICER" in told
    assert run("inbox", "--as", "head@TANESCO")[1] == "nothing waits for head@TANESCO\n"
    assert 'did you mean "officer"' in run("inbox", "--as", "oficer@TANESCO")[2]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("answer", "{ref}", "x", "--yes"), "nobody has opened the case yet. Now: `case open`"),
        (("answer", "{ref}", "x"), "nobody has opened the case yet. Now: `case open`"),
        (("show", "{ref}", "--purpose", "handling"), "`case open` comes first"),
        (("show", "{ref}", "--as", "head@TANESCO"), "or it is none of yours"),
        (("open", "{ref}", "--as", "head@TANESCO"), "or it is none of yours"),
        (("open", "{other}"), "or it is none of yours"),
        (("transfer", "{ref}", "TANESKO"), "did you mean"),
        (("open", "12345"), "9 digits"),
        (("progress", "{ref}", "--due", "1/1"), '"1/1" is no day: write day, month and year, as'),
        (("progress", "{ref}", "--due", "01/01/2020"), "in the future"),
        (("progress", "{ref}", "--due", "01/01/2099", "--directive", "x"), "--due or --directive"),
        (("progress", "{ref}", "--directive", "x"), "given by leaders"),
        (("show", "{ref}", "--purpose", "curiosity"), "handling"),
    ],
)
def test_what_may_not_be_is_refused_in_words(folder: Path, run: Run, words: tuple[str, ...], told: str) -> None:
    ref = sent(folder).reference
    code, out, err = run(*(word.format(ref=ref, other=draw()) for word in words))
    assert code in (1, 2)
    assert out == ""
    assert told in err
    assert ref not in err
    assert "Traceback" not in err


def worked_on(folder: Path, run: Run) -> str:
    ref = sent(folder).reference
    run("open", ref)
    run("progress", ref)
    return ref


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    """A person at a terminal who answers so."""
    given = iter(lines)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: next(given))


def test_the_answer_is_shown_in_pages_before_it_is_sent(
    folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = worked_on(folder, run)
    words = "Tumepokea “taarifa” yako — mafundi wako njiani… ş " + "leo " * 40
    typed(monkeypatch, "n")
    code, out, err = run("answer", ref, words)
    assert (code, err) == (1, "nothing was sent\n")
    assert "screen 1 of 2" in out
    assert "screen 2 of 2" in out
    assert out.count("98. Zaidi") == 1
    assert out.count("1. Endelea") == 1
    assert 'Tumepokea "taarifa" yako - mafundi' in out
    assert "a phone shows ? for: ş" in out
    assert rows_of(run("show", ref)[1])["state"] == "in_progress"
    typed(monkeypatch, "y")
    code, out, _ = run("answer", ref, words)
    assert code == 0
    assert out.endswith(f"{ref} answered, at DUWASA\n")
    view = in_core(folder, lambda store: store.view(ref))
    assert view.words == words.strip(), "stored as typed"


def test_without_a_terminal_nothing_is_sent_unasked(folder: Path, run: Run) -> None:
    ref = worked_on(folder, run)
    code, out, err = run("answer", ref, "Maji yamerudi.")
    assert code == 1
    assert "screen 1 of 1" in out
    assert "add --yes" in err


def test_words_come_from_standard_input_too(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = worked_on(folder, run)
    monkeypatch.setattr("sys.stdin", io.StringIO("Maji yamerudi.\n"))
    assert run("answer", ref, "--yes")[0] == 0
    assert in_core(folder, lambda store: store.view(ref)).words == "Maji yamerudi."


@pytest.mark.parametrize(("words", "told"), [("  ", "there are no words"), ("x" * 1601, "1600 at most")])
def test_words_that_are_none_or_too_many_are_refused(folder: Path, run: Run, words: str, told: str) -> None:
    ref = worked_on(folder, run)
    code, _, err = run("answer", ref, words, "--yes")
    assert code == 1
    assert told in err


def test_an_appeal_is_decided_above(folder: Path, run: Run) -> None:
    ref = worked_on(folder, run)
    run("answer", ref, "Subiri.", "--yes")
    asked = Appeal(
        idempotency_key="0f" * 16,
        reference=ref,
        reason="unhappy",
        text="Bado hakuna maji",
        institution="MAJI",
        due=None,
        at_ms=int(time.time() * 1000),
    )
    in_core(folder, lambda store: store.appeal(asked))
    assert "lies with MAJI" in run("show", ref)[1]
    code, shown, _ = run("show", ref, "--purpose", "appeal", "--as", "ministry@MAJI")
    assert code == 0
    assert "citizen: appealed, unhappy" in shown
    assert "Bado hakuna maji" in shown
    assert run("decide", ref, "Maji yarudi leo.", "--yes", "--as", "ministry@MAJI")[1].startswith(
        f"{ref} appeal_decided, at MAJI"
    )


def test_a_case_moves_on_and_after_three_moves_to_the_desk(folder: Path, run: Run) -> None:
    ref = sent(folder).reference
    for at, to in (("DUWASA", "TANESCO"), ("TANESCO", "TRA"), ("TRA", "NIDA")):
        assert run("transfer", ref, to, "--as", f"desk@{at}")[1].startswith(f"{ref} received, at {to}")
    code, said, _ = run("transfer", ref, "TANESCO", "--as", "desk@NIDA")
    assert code == 0
    assert said.startswith("three moves are the most: UTUMISHI, the feedback desk, names who keeps the case")
    assert f"{ref} received, at UTUMISHI" in said


def test_refusals_directions_and_due_dates(folder: Path, run: Run) -> None:
    ref = sent(folder, "minister").reference
    assert run("progress", ref, "--directive", "Fanya haraka", "--as", "ministry@MAJI")[0] == 0
    later = f"{date.today() + timedelta(days=300):%d/%m/%Y}"
    assert f"due on {later}" in run("progress", ref, "--due", later, "--as", "desk@MAJI")[1]
    run("open", ref, "--as", "desk@MAJI")
    assert run("refuse", ref, "Iko mahakamani.", "--yes", "--as", "desk@MAJI")[1].startswith(f"{ref} not_accepted")
