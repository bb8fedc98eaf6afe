"""`ussd-engine case …`: what an officer looks at."""

from __future__ import annotations

import asyncio
import json
import re
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.feedback.desks import shipped_offices
from tests.feedback.terminal import Run, in_core, rows_of, sent
from ussd_engine.feedback.sql import SqlStore
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.model import Mode
from ussd_engine.reference import draw
from ussd_engine.testing.specimens import DAY, submit


def test_what_is_hidden_reads_as_what_is_not_there(folder: Path, run: Run) -> None:
    report = sent(folder, "bribery").reference
    for command in (("show",), ("open",), ("answer",)):
        hidden = run(*command, report, "--as", "head@LGA-BAHI-DC")
        missing = run(*command, draw(), "--as", "head@LGA-BAHI-DC")
        assert hidden == missing


def test_what_is_on_its_way_reads_as_what_is_hidden(folder: Path, run: Run) -> None:
    """What the gateway knows of a reference must not tell an office that its report is real."""
    on_its_way, report = queued(folder), sent(folder, "bribery").reference
    put_off(folder)
    for command in (("show",), ("open",), ("answer", "--yes")):
        told = {run(command[0], one, *command[1:], "--as", "head@LGA-BAHI-DC") for one in (on_its_way, report, draw())}
        ((code, out, words),) = told
        assert (code, out) == (1, "")
        assert "on its way still" in words


def test_who_sees_the_state_alone_is_not_told_whom_it_reports_or_what_she_thinks(folder: Path, run: Run) -> None:
    report, minister = sent(folder, "bribery").reference, sent(folder, "minister", mode=Mode.NAMED).reference
    more = {"addressed to", "hidden from", "content", "mode"}
    shown = {
        (who, ref): rows_of(run("show", ref, "--as", who)[1]).keys() & more
        for who in ("national@UTUMISHI", "region@RS-DODOMA", "ministry@MAJI")
        for ref in (report, minister)
    }
    assert {key: found for key, found in shown.items() if found} == {
        ("region@RS-DODOMA", report): {"hidden from"},
        ("ministry@MAJI", minister): {"addressed to"},
    }
    listed = [json.loads(line) for line in run("list", "--json", "--as", "national@UTUMISHI")[1].splitlines()]
    assert {frozenset(row) for row in listed} == {
        frozenset({"reference", "state", "type", "institution", "received", "due", "overdue"})
    }


def test_an_answer_that_came_late_is_listed_as_late_no_more(folder: Path, run: Run) -> None:
    late = sent(folder, due=DAY).reference
    run("stats")
    for step in (("open",), ("progress",), ("answer", "Maji yamerudi.", "--yes")):
        assert json.loads(run("list", "--json")[1])["overdue"] is True
        assert run(step[0], late, *step[1:])[0] == 0
    assert json.loads(run("list", "--json")[1])["overdue"] is False


def test_for_other_programs(folder: Path, run: Run) -> None:
    one = sent(folder, mode=Mode.NAMED, number="255700000001", name="Neema Mfano")
    (listed,) = [json.loads(line) for line in run("inbox", "--json")[1].splitlines()]
    assert (listed["reference"], listed["overdue"]) == (one.reference, False)
    assert json.loads(run("list", "--json")[1])["state"] == "received"
    run("open", one.reference)
    shown = json.loads(run("show", one.reference, "--purpose", "handling", "--json")[1])
    assert (shown["number"], shown["name"]) == ("255700000001", "Neema Mfano")


def test_statistics_hide_what_is_small_and_count_what_time_did(folder: Path, run: Run) -> None:
    for _ in range(6):
        sent(folder)
    sent(folder, due=DAY)
    code, printed, _ = run("stats")
    assert code == 0
    assert re.search(r"DUWASA +7 +\. +\. +\.", printed)
    assert "under 5: not shown" in printed
    assert json.loads(run("stats", "--json", "--by", "type")[1]) == [
        {"name": "complaint", "open": 7, "in_progress": None, "completed": None, "overdue": None}
    ]
    assert rows_of(run("list", "--limit", "7")[1])
    assert run("stats", "--as", "head@TANESCO", "--json")[1] == "[]\n"


def test_a_changed_row_is_found_with_its_number(folder: Path, run: Run) -> None:
    ref = sent(folder).reference
    run("open", ref)
    code, told, _ = run("verify")
    head = told.split("head ")[1].split()[0]
    assert (code, told.splitlines()[0]) == (0, "1 rows, 0 faults")
    assert run("verify", "--head", head)[0] == 0

    async def change(store: SqlStore) -> None:
        statement = text("UPDATE core_record SET office = 'TANESCO'")
        await store._database.write(lambda conn: conn.execute(statement))

    in_core(folder, change)
    code, told, _ = run("verify")
    assert (code, told.splitlines()[0]) == (1, "row 1 was changed, or put where another stood")


def queued(folder: Path) -> str:
    """What a citizen sent and the core has not taken yet; its reference."""
    act = submit(msisdn=None, caller=None, mode=Mode.ANONYMOUS)

    async def queue() -> None:
        keyring = Keyring.load(folder / "var" / "keys.json")
        ledger = await Ledger.open(f"sqlite:///{folder}/var/ussd-engine.db", keyring, lambda: int(time.time() * 1000))
        await ledger.act(act)
        await ledger.close()

    asyncio.run(queue())
    return act.reference


def put_off(folder: Path) -> None:
    """What the core did not take is tried again in the far future."""

    async def later(store: SqlStore) -> None:
        statement = text("UPDATE outbox SET next_ms = 9000000000000")
        await store._database.write(lambda conn: conn.execute(statement))

    in_core(folder, later)


def test_what_waits_on_its_way_to_the_core_is_taken_first(folder: Path, run: Run) -> None:
    assert queued(folder) in run("inbox")[1]


def test_a_folder_where_no_gateway_ran_has_no_cases(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("USSD_ENGINE_VAR", str(tmp_path / "elsewhere"))
    code, out, told = run("inbox")
    assert (code, out) == (1, "")
    assert "no gateway has run here yet. Begin with `ussd-engine serve` or a `ussd-engine dial`" in told
    assert not (tmp_path / "elsewhere").exists()


def test_a_mistyped_database_is_not_made(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for place in ("misty/ussd-engine.db", "var/ussd-engin.db"):
        monkeypatch.setenv("USSD_ENGINE_DATABASE", f"sqlite:///{place}")
        code, out, told = run("inbox")
        assert (code, out) == (1, "")
        assert "the file is not there" in told
    assert not (tmp_path / "misty").exists()
    assert not (tmp_path / "var" / "ussd-engin.db").exists()


@pytest.mark.parametrize("head", ["foo", "7", "1:00", "0:" + "0" * 64])
def test_a_head_that_cannot_be_one_is_a_slip_and_no_tampering(run: Run, head: str) -> None:
    code, out, told = run("verify", "--head", head)
    assert (code, out) == (2, "")
    assert "NUMBER:HASH" in told
    assert "fault" not in told


def test_who_did_what_is_shown_with_the_text_by_role_and_day(folder: Path, run: Run) -> None:
    ref = sent(folder, "bribery").reference
    run("open", ref, "--as", "region@RS-DODOMA")
    today = f"{shipped_offices().day(int(time.time() * 1000)):%d/%m/%Y}"
    for _ in range(2):
        shown = run("show", ref, "--purpose", "handling", "--as", "region@RS-DODOMA")[1]
    lines = [line.strip() for line in shown.splitlines() if line.strip().startswith(today)]
    assert [re.sub(r"\d\d:\d\d", "HH:MM", line) for line in lines] == [
        f"{today}         core: reported",
        f"{today}  HH:MM  region@RS-DODOMA: opened",
        f"{today}  HH:MM  region@RS-DODOMA: read, handling",
        f"{today}  HH:MM  region@RS-DODOMA: read, handling",
    ]
    assert rows_of(shown)["hidden from"] == "LGA-BAHI-DC"


def test_a_late_case_is_marked_before_time_was_counted(folder: Path, run: Run) -> None:
    late = sent(folder, due=DAY).reference
    assert json.loads(run("inbox", "--json")[1])["overdue"] is True
    assert rows_of(run("show", late)[1])["due"] == f"{DAY:%d/%m/%Y}, overdue"
