"""Commands beside a gateway that hosts another institution's service: what is the institution's is left to it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.feedback.terminal import Run
from ussd_engine.cli import cli
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.outbox import Whose
from ussd_engine.testing.specimens import submit

DAY_MS = 86_400_000


@pytest.fixture(autouse=True)
def hosted(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"maji": {"url": "https://huduma.example.go.tz/fomu"}}
    monkeypatch.setenv("USSD_ENGINE_HOSTED", json.dumps(table))


def in_ledger(folder: Path, work: Callable[[Ledger], Any]) -> Any:
    async def opened() -> Any:
        keyring = Keyring.load(folder / "var" / "keys.json")
        ledger = await Ledger.open(f"sqlite:///{folder}/var/ussd-engine.db", keyring, _now_ms)
        try:
            return await work(ledger)
        finally:
            await ledger.close()

    return asyncio.run(opened())


def _now_ms() -> int:
    return int(time.time() * 1000)


async def two(ledger: Ledger) -> list[str]:
    """The references of a case of the core's and one of an institution's, neither of them carried yet."""
    services = ("emrejesho", "maji")
    return [(await ledger.act(submit(caller=None, service=of, at_ms=_now_ms()))).reference for of in services]


def listed() -> list[dict[str, Any]]:
    ran = CliRunner().invoke(cli, ["outbox", "list", "--json"])
    return [json.loads(line) for line in ran.stdout.splitlines()]


def test_an_officers_command_carries_what_is_the_cores_alone(folder: Path, run: Run) -> None:
    ours, theirs = in_ledger(folder, two)
    code, printed, _ = run("inbox")
    assert code == 0
    assert ours in printed
    assert theirs not in printed
    (left,) = listed()
    assert (left["service"], left["attempts"]) == ("maji", 0)
    assert run("show", theirs)[0] == 1


def test_what_waits_is_listed_with_its_service_and_a_stopped_route_is_the_cores(folder: Path) -> None:
    async def stopped(ledger: Ledger) -> None:
        await two(ledger)
        later_ms = _now_ms() + 60_000
        (core,) = await ledger.outbox.claim(_now_ms(), 9, Whose(but=("maji",)))
        assert await ledger.outbox.later(core, later_ms, "RoutePaused", counts=False, paused=True)

    in_ledger(folder, stopped)
    waits = {one["service"]: one["waits_for"] for one in listed()}
    assert waits["emrejesho"].startswith("the route, which is stopped")
    assert waits["maji"] == "nothing: where a gateway runs, it goes within seconds"
    printed = CliRunner().invoke(cli, ["outbox", "list"]).output
    assert "2 wait for the core and institutions" in printed
    assert [line.split()[1] for line in printed.splitlines() if "submission" in line] == ["emrejesho", "maji"]


def test_an_institution_that_takes_nothing_is_listed_in_one_line_since_when_and_when_it_is_asked_again(
    folder: Path,
) -> None:
    async def stopped(ledger: Ledger) -> tuple[int, int]:
        await two(ledger)
        noon_ms = (_now_ms() // DAY_MS + 2) * DAY_MS - DAY_MS // 2 + 7_000
        (form,) = await ledger.outbox.claim(_now_ms(), 9, Whose(of="maji"))
        reason = "the institution answered 500"
        assert await ledger.outbox.later(form, noon_ms, reason, counts=False, paused=True)
        await ledger.act(submit(caller=None, service="maji", at_ms=_now_ms()))
        return form.queued_ms, noon_ms

    since_ms, noon_ms = in_ledger(folder, stopped)
    since = datetime.fromtimestamp(since_ms // 1000, UTC)
    printed = CliRunner().invoke(cli, ["outbox", "list"]).output
    (line,) = [line for line in printed.splitlines() if line.startswith("maji: ")]
    assert f"takes nothing since the form of {since:%Y-%m-%d %H:%M:%S} UTC" in line
    assert line.endswith("it is asked again at 12:00:07 UTC")
    waits = "its institution, which takes nothing now; it is asked again at 12:00:07 UTC"
    of_maji, *rows = listed()
    again = datetime.fromtimestamp(noon_ms // 1000, UTC)
    assert of_maji == {
        "service": "maji",
        "takes_nothing_since": since.isoformat(),
        "asked_again": again.isoformat(),
    }
    assert [one["waits_for"] for one in rows] == [
        "nothing: where a gateway runs, it goes within seconds",
        f"{waits}; the last try: the institution answered 500",
        waits,
    ]


def test_what_was_given_up_is_listed_with_its_service_and_goes_back_to_it(folder: Path) -> None:
    async def given_up(ledger: Ledger) -> None:
        await two(ledger)
        for claim in await ledger.outbox.claim(_now_ms(), 9):
            assert await ledger.outbox.dead(claim, "Rejected", _now_ms())

    in_ledger(folder, given_up)
    assert {one["service"] for one in listed()} == {"emrejesho", "maji"}
    assert CliRunner().invoke(cli, ["outbox", "retry", "--all"]).exit_code == 0
    back = in_ledger(folder, lambda ledger: ledger.outbox.claim(_now_ms(), 9, Whose(of="maji")))
    assert [claim.service for claim in back] == ["maji"]
