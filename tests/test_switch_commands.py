"""The switches as commands: what they change, what they say, and that no number is shown."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.sms_operator import KANNEL, in_ledger, now, refusal
from ussd_engine import config
from ussd_engine.cli import cli
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger, upgrade
from ussd_engine.ledger.switches import Stop
from ussd_engine.testing.sms_contract import KEY
from ussd_engine.testing.specimens import DAY

Command = Callable[..., Result]
BOTH = {"sms": {"username": "us", "api_key": KEY}}
NUMBERS = ("255700000001", "0700 000 002", "+255 700 000 003")


@pytest.fixture
def var(tmp_path: Path) -> Path:
    """A folder in which a gateway has run."""
    asyncio.run(upgrade(f"sqlite:///{tmp_path / 'ussd-engine.db'}"))
    Keyring.create(tmp_path / "keys.json", DAY)
    return tmp_path


@pytest.fixture
def command(var: Path) -> Command:
    """Runs a command where `generic` takes dials, Kannel carries SMS, and `africastalking` does both."""

    def run(*words: str, text: str | None = None, **settings: str) -> Result:
        named = {
            "VAR": str(var),
            "CHANNELS": "generic kannel africastalking",
            "CHANNEL_SETTINGS": json.dumps({"kannel": KANNEL, "africastalking": BOTH}),
            **settings,
        }
        env = {f"USSD_ENGINE_{name}": value for name, value in named.items()}
        return CliRunner().invoke(cli, words, env=env, input=text, standalone_mode=False)

    return run


def stops(var: Path) -> list[Stop]:
    found: list[Stop] = in_ledger(var, lambda ledger: ledger.switches.stopped(now()))
    return found


def routes(var: Path) -> dict[str, str]:
    async def work(ledger: Ledger) -> dict[str, str]:
        return {one.name: one.reason for one in await ledger.sms_routes.all() if one.stopped}

    found: dict[str, str] = in_ledger(var, work)
    return found


def test_maintenance_has_an_end_and_is_a_stop_like_another(command: Command, var: Path) -> None:
    done = command("maintenance", "emrejesho", "--until", "2126-01-15", "--why", "  the core   moves ")
    assert done.exception is None, done.output
    assert "emrejesho: stopped until 2126-01-16 00:00 EAT" in done.output
    (one,) = stops(var)
    assert (one.kind, one.name, one.why) == ("service", "emrejesho", "the core moves")
    assert "within seconds" in command("stop", "emrejesho").output
    (again,) = stops(var)
    assert (again.until_ms, again.why) == (None, "")
    assert "every process knows" in command("start", "emrejesho").output
    assert stops(var) == []
    assert "it was not stopped" in command("start", "emrejesho").output


def test_of_a_channel_that_does_both_the_dials_and_the_sms_are_stopped_or_one_of_them(
    command: Command, var: Path
) -> None:
    said = command("stop", "africastalking", "--why", "its provider moves")
    assert "its dials are stopped and its SMS wait" in said.output
    assert [one.name for one in stops(var)] == ["africastalking"]
    assert routes(var) == {"africastalking": "its provider moves"}
    command("start", "africastalking", "--only", "sms")
    assert routes(var) == {}
    assert [one.name for one in stops(var)] == ["africastalking"]
    command("start", "africastalking")
    assert stops(var) == []
    command("stop", "africastalking", "--only", "ussd")
    assert (len(stops(var)), routes(var)) == (1, {})


def test_each_channel_stops_what_it_does(command: Command, var: Path) -> None:
    assert "kannel: its SMS wait." in command("stop", "kannel").output
    assert "generic: its dials are stopped." in command("stop", "generic").output
    assert routes(var) == {"kannel": "stopped by an operator"}
    assert [(one.kind.value, one.name) for one in stops(var)] == [("channel", "generic")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("stop", "emrejesh"), 'no service and no channel is called "emrejesh" (did you mean "emrejesho"?)'),
        (("stop", "emrejesho", "--only", "sms"), "--only is for channels"),
        (("stop", "generic", "--only", "sms"), "generic carries no SMS here"),
        (("stop", "kannel", "--only", "ussd"), "kannel takes no dials here"),
        (("maintenance", "kannel", "--until", "14:00"), "kannel carries SMS alone, and they wait without an end"),
        (("maintenance", "gmp", "--until", "soon"), "write it as 14:00, 2026-01-15 or 2026-01-15 14:00"),
        (("maintenance", "gmp", "--until", "2020-01-01"), "that is over"),
        (("maintenance", "gmp", "--until", "14:00", "--why", "x" * 201), "200 characters at most"),
        (("pilot", "add", "emrejesh", "255700000001"), 'service "emrejesh" does not exist'),
        (("pilot", "add", "emrejesho"), "name numbers, or --from a file"),
        (("pilot", "remove", "emrejesho"), "name numbers, or --from a file, or say --all"),
        (("pilot", "remove", "emrejesho", "255700000001", "--all"), "or say --all"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_changes_nothing(
    command: Command, var: Path, words: tuple[str, ...], said: str
) -> None:
    assert said in refusal(command(*words))
    assert stops(var) == []
    assert routes(var) == {}


def test_what_is_stopped_is_listed_with_its_end_and_its_reason(command: Command, var: Path) -> None:
    assert "0 stopped" in command("stopped").output
    command("maintenance", "emrejesho", "--until", "2126-01-15 14:00", "--why", "the core moves")
    command("stop", "kannel", "--why", "no credit")
    shown = command("stopped").output
    for words in ("2126-01-15 14:00 EAT", "the core moves", "no credit", "2 stopped"):
        assert words in shown
    rows = [json.loads(line) for line in command("stopped", "--json").stdout.splitlines()]
    assert [(row["what"], row["name"], row["why"]) for row in rows] == [
        ("service", "emrejesho", "the core moves"),
        ("sms", "kannel", "no credit"),
    ]
    assert rows[0]["until"] == "2126-01-15T11:00:00+00:00"
    for row in rows:
        assert 0 <= now() / 1000 - datetime.fromisoformat(row["since"]).timestamp() < 600
    assert len(re.findall(r"[0-9] s ago", shown)) == 2


def test_what_runs_is_stopped_also_while_the_menus_on_the_disk_are_broken(
    command: Command, var: Path, tmp_path: Path
) -> None:
    menus = tmp_path / "menus"
    shutil.copytree(config.load({}).menus, menus)
    (menus / "gmp.yaml").write_text("service: [")
    done = command("stop", "emrejesho", MENUS=str(menus))
    assert done.exception is None, done.output
    assert "the menus cannot be read now" in done.output
    assert [one.name for one in stops(var)] == ["emrejesho"]
    assert "its dials are stopped" in command("stop", "generic", MENUS=str(menus)).output


# pilots


def counted(var: Path) -> dict[str, int]:
    found: dict[str, int] = in_ledger(var, lambda ledger: ledger.switches.counted())
    return found


def shown_nowhere(*outputs: str) -> None:
    for output in outputs:
        assert not any(digits in output for digits in ("0000001", "000 002", "0000002", "000 003", "0000003"))


def test_phones_are_listed_and_taken_off_in_any_spelling_and_never_shown(command: Command, var: Path) -> None:
    done = command("pilot", "add", "emrejesho", *NUMBERS)
    assert done.exception is None, done.output
    assert "emrejesho: 3 phones are listed" in done.output
    assert "emrejesho is no pilot, so that everybody sees it" in done.output
    assert counted(var) == {"emrejesho": 3}
    table, gone = command("pilot", "list").output, command("pilot", "remove", "emrejesho", "255700000002").output
    assert "open to everybody" in table
    assert "1 taken from the list" in gone
    shown_nowhere(done.output, table, gone)
    assert "2 taken from the list" in command("pilot", "remove", "emrejesho", "--all").output
    assert "no service is in pilot" in command("pilot", "list").output


def test_a_file_or_what_is_piped_lists_a_number_a_line(command: Command, var: Path, tmp_path: Path) -> None:
    file = tmp_path / "phones.txt"
    file.write_text("# testers\n\n255700000001\n 0700000002 \n")
    assert "2 phones" in command("pilot", "add", "emrejesho", "--from", str(file)).output
    assert "3 phones" in command("pilot", "add", "emrejesho", "--from", "-", text="255700000003\n").output
    assert counted(var) == {"emrejesho": 3}


def test_a_slip_is_told_by_its_place_and_nothing_is_changed(command: Command, var: Path) -> None:
    slip = command("pilot", "add", "emrejesho", "255700000001", "25570000002")
    assert refusal(slip) == "number 2: that is no phone number; nothing was changed"
    piped = command("pilot", "add", "emrejesho", "--from", "-", text="255700000001\n\nJuma\n")
    assert refusal(piped) == "line 3: that is no phone number; nothing was changed"
    shown_nowhere(slip.output, piped.output)
    assert counted(var) == {}


def test_a_pilot_and_a_list_without_its_service_are_told_apart(command: Command, var: Path, tmp_path: Path) -> None:
    menus: Any = tmp_path / "menus"
    shutil.copytree(config.load({}).menus, menus)
    file = menus / "emrejesho/service.yaml"
    file.write_text(file.read_text().replace("last: last ", "pilot: shut\nlast: last "))
    in_ledger(var, lambda ledger: ledger.switches.list_phones("survey", ["255700000001"], now()))
    rows = [json.loads(line) for line in command("pilot", "list", "--json", MENUS=str(menus)).stdout.splitlines()]
    assert rows == [
        {"service": "emrejesho", "phones": 0, "is": "in pilot"},
        {"service": "survey", "phones": 1, "is": "not in the menus"},
    ]
