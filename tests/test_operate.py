"""The operator's commands: they do what they say, and print no number, no text, no reference and no key."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ussd_engine import keyfile
from ussd_engine.cli import cli
from ussd_engine.errors import ConfigError, EngineError
from ussd_engine.keyfile import RINGS
from ussd_engine.keys import ROTATING, Keyring
from ussd_engine.ledger import Claim, Ledger, upgrade
from ussd_engine.ledger.queue import enqueue, outbox_row
from ussd_engine.ledger.tables import outbox
from ussd_engine.messages import Addition
from ussd_engine.testing.specimens import (
    DAY,
    DAY_MS,
    MSISDN,
    NAME,
    NOON_MS,
    SPELLINGS,
    TEXT,
    cases_of,
    named,
    rows,
    submit,
)

Command = Callable[..., Result]


@pytest.fixture
def var(tmp_path: Path) -> Path:
    """A folder in which a gateway has run."""
    asyncio.run(upgrade(_url(tmp_path)))
    Keyring.create(tmp_path / "keys.json", DAY)
    return tmp_path


@pytest.fixture
def command(var: Path) -> Command:
    def run(*words: str) -> Result:
        return CliRunner().invoke(cli, words, env={"USSD_ENGINE_VAR": str(var)})

    return run


def _url(var: Path) -> str:
    return f"sqlite:///{var / 'ussd-engine.db'}"


def in_ledger(var: Path, work: Callable[[Ledger], Any]) -> Any:
    """What comes of work on the ledger of a folder."""

    async def opened() -> Any:
        ledger = await Ledger.open(_url(var), Keyring.load(var / "keys.json"), lambda: NOON_MS)
        try:
            return await work(ledger)
        finally:
            await ledger.close()

    return asyncio.run(opened())


@pytest.fixture
def dead(var: Path) -> list[str]:
    """Two dead letters; their ids."""

    async def give_up(ledger: Ledger) -> list[str]:
        for act in (named(), submit()):
            await ledger.act(act)
        claims = await ledger.outbox.claim(NOON_MS, 2)
        for claim, reason in zip(claims, ("Rejected", "the core cannot append"), strict=True):
            assert await ledger.outbox.dead(claim, reason, NOON_MS)
        return [claim.key.hex() for claim in claims]

    found: list[str] = in_ledger(var, give_up)
    return found


def waiting(var: Path) -> list[str]:
    found: list[Any] = in_ledger(var, lambda ledger: rows(ledger, outbox))
    return sorted(row.key.hex() for row in found)


# dead letters


def test_dead_letters_are_listed_without_a_word_of_theirs(command: Command, var: Path, dead: list[str]) -> None:
    references = [case.reference for case in in_ledger(var, lambda ledger: cases_of(ledger))]
    for words in (("outbox", "list"), ("outbox", "list", "--json")):
        shown = command(*words)
        assert shown.exit_code == 0, shown.output
        for told in ("Rejected", "the core cannot append", "submission", *(id[:12] for id in dead)):
            assert told in " ".join(shown.output.split())
        for secret in (*SPELLINGS, NAME, TEXT, *references):
            assert secret not in shown.output
    assert "0 wait for the core; 2 given up" in command("outbox", "list").output
    first = json.loads(command("outbox", "list", "--json").output.splitlines()[0])
    assert (first["attempts"], first["accepted"]) == (1, "2025-11-25T12:00:00+00:00")


def test_a_dead_letter_is_put_back_by_its_id_and_all_by_a_flag(command: Command, var: Path, dead: list[str]) -> None:
    assert "1 put back" in command("outbox", "retry", dead[0][:12]).output
    assert waiting(var) == [dead[0]]
    assert "1 put back" in command("outbox", "retry", "--all").output
    assert waiting(var) == sorted(dead)
    assert "nothing was given up" in command("outbox", "retry", "--all").output
    assert "2 wait for the core, the oldest since" in command("outbox", "list").output


HOUR_MS = 3_600_000


async def _queue_two(ledger: Ledger) -> list[Claim]:
    """A submission, and what its citizen added to it; the submission is lent."""
    act = named()
    await ledger.act(act)
    added = Addition(idempotency_key="0a" * 16, reference=act.reference, text=TEXT, at_ms=NOON_MS)
    await ledger.database.write(lambda conn: enqueue(conn, [outbox_row(ledger._keyring, added, NOON_MS)]))
    return await ledger.outbox.claim(int(time.time() * 1000), 10)


async def _lent(ledger: Ledger) -> None:
    await _queue_two(ledger)


async def _failed(ledger: Ledger) -> None:
    (claim,) = await _queue_two(ledger)
    assert await ledger.outbox.later(claim, _noon(), "DeliveryError")


async def _stopped(ledger: Ledger) -> None:
    (claim,) = await _queue_two(ledger)
    assert await ledger.outbox.later(claim, _noon(), "RoutePaused", counts=False, paused=True)


async def _gone(ledger: Ledger) -> None:
    (claim,) = await _queue_two(ledger)
    assert await ledger.outbox.later(claim, _noon(), "Gone", counts=False, paused=True)


async def _given_up(ledger: Ledger) -> None:
    (claim,) = await _queue_two(ledger)
    assert await ledger.outbox.dead(claim, "Rejected", NOON_MS)


async def _due(ledger: Ledger) -> None:
    (claim,) = await _queue_two(ledger)
    assert await ledger.outbox.later(claim, NOON_MS, "TimeoutError")


ENDED = "the route, which is stopped: the core's address is gone (410). See to it, and start the gateway again"


def _noon() -> int:
    """Some 12:00:00 UTC to come."""
    return (int(time.time() * 1000) // DAY_MS + 2) * DAY_MS - 12 * HOUR_MS


@pytest.mark.parametrize(
    ("happened", "attempts", "told"),
    [
        (_lent, [1, 0], ["nothing: a worker has it in hand", "an earlier message of its case"]),
        (
            _failed,
            [1, 0],
            ["its next try at 12:00:00 UTC; the last try: DeliveryError", "an earlier message of its case"],
        ),
        (
            _stopped,
            [0, 0],
            [
                "the route, which is stopped; it is asked again at 12:00:00 UTC; the last try: RoutePaused",
                "an earlier message of its case",
            ],
        ),
        (_gone, [0, 0], [ENDED, "an earlier message of its case"]),
        (_given_up, [0], ["the submission of its case, which was given up: `outbox retry` puts that back"]),
        (
            _due,
            [1, 0],
            [
                "nothing: where a gateway runs, it goes within seconds; the last try: TimeoutError",
                "an earlier message of its case",
            ],
        ),
    ],
    ids=["lent", "failed", "stopped", "gone", "given up", "due"],
)
def test_what_waits_is_listed_with_its_reason_and_without_a_word_of_its_own(
    command: Command, var: Path, happened: Callable[[Ledger], Any], attempts: list[int], told: list[str]
) -> None:
    in_ledger(var, happened)
    plain, printed = command("outbox", "list", "--json"), command("outbox", "list")
    waits = [row for row in map(json.loads, plain.stdout.splitlines()) if "waits_for" in row]
    assert [row["waits_for"] for row in waits] == told
    assert [row["attempts"] for row in waits] == attempts
    assert {row["kind"] for row in waits} <= {"submission", "addition"}
    assert {row["service"] for row in waits} == {"emrejesho"}
    assert printed.exit_code == 0
    assert f"{len(told)} wait for the core" in printed.output
    references = [case.reference for case in in_ledger(var, lambda ledger: cases_of(ledger))]
    for secret in (*SPELLINGS, NAME, TEXT, *references):
        assert secret not in plain.output + printed.output


@pytest.mark.parametrize("words", [("nothing",), ("",), ("--all", "ab"), ()])
def test_what_names_no_dead_letter_or_several_puts_nothing_back(
    command: Command, var: Path, dead: list[str], words: tuple[str, ...]
) -> None:
    assert command("outbox", "retry", *words).exit_code != 0
    assert waiting(var) == []


def test_where_no_gateway_has_run_there_is_nothing(tmp_path: Path) -> None:
    for words in (["outbox", "list"], ["purge"], ["keys", "list"], ["keys", "share", "x"], ["keys", "rotate", "data"]):
        result = CliRunner().invoke(cli, words, env={"USSD_ENGINE_VAR": str(tmp_path / "new")})
        assert isinstance(result.exception, EngineError)
        assert "no gateway has run here yet. Begin with `ussd-engine serve`" in str(result.exception)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["elsewhere/ledger.db", "none.db"])
def test_a_database_that_is_not_there_is_not_made(var: Path, place: str) -> None:
    before = sorted(var.iterdir())
    env = {"USSD_ENGINE_VAR": str(var), "USSD_ENGINE_DATABASE": f"sqlite:///{var / place}"}
    result = CliRunner().invoke(cli, ["outbox", "list"], env=env)
    assert isinstance(result.exception, EngineError)
    for words in ("the file is not there", "a gateway makes it at its start", "USSD_ENGINE_DATABASE"):
        assert words in str(result.exception)
    assert sorted(var.iterdir()) == before


def test_no_keys_are_made_for_a_server_where_no_gateway_has_run(tmp_path: Path) -> None:
    env = {"USSD_ENGINE_VAR": str(tmp_path / "new"), "USSD_ENGINE_DATABASE": "postgresql://127.0.0.1:1/none"}
    result = CliRunner().invoke(cli, ["purge"], env=env)
    assert "no gateway has run here yet" in str(result.exception)
    assert list(tmp_path.iterdir()) == []


# keys


def spellings(var: Path) -> set[str]:
    """Every key of a folder, in hex and base64."""
    keyring = Keyring.load(var / "keys.json")
    kept = [key for purpose in RINGS for key in keyring.ring(purpose).keys.values()]
    kept += keyring.private.values()
    return {text for key in kept for text in (key.hex(), base64.b64encode(key).decode())}


@pytest.mark.parametrize("purpose", ROTATING)
def test_a_new_key_is_listed_with_the_time_from_which_it_writes(command: Command, var: Path, purpose: str) -> None:
    pin, before = Keyring.load(var / "keys.json").pin, spellings(var)
    made = command("keys", "rotate", purpose)
    assert made.exit_code == 0, made.output
    assert f"{purpose}: key 2 reads now and writes from" in made.output
    listed = [json.loads(line) for line in command("keys", "list", "--json").output.splitlines()]
    uses = {row["id"]: row["use"] for row in listed if row["purpose"] == purpose}
    assert uses["1"].startswith("writes")
    assert uses["2"].startswith("writes from ")
    assert {row["days"] for row in listed if row["purpose"] == "pin"} != {""}
    for text in (made.output, command("keys", "list").output, json.dumps(listed)):
        assert not [key for key in spellings(var) if key in text]
    assert before < spellings(var)
    assert Keyring.load(var / "keys.json").pin == pin
    assert isinstance(command("keys", "rotate", purpose).exception, ConfigError)


def test_where_nothing_runs_a_new_key_writes_at_once(command: Command, var: Path) -> None:
    assert command("keys", "rotate", "dialogue", "--now").exit_code == 0
    assert Keyring.load(var / "keys.json").ring("dialogue").write == 2


def test_while_a_gateway_runs_no_new_key_writes_at_once(command: Command, var: Path) -> None:
    file = var / "keys.json"
    before = file.read_bytes()
    with keyfile.used(file), keyfile.used(file):
        refused = command("keys", "rotate", "data", "--now")
    assert isinstance(refused.exception, ConfigError)
    assert "Leave --now out" in str(refused.exception)
    assert file.read_bytes() == before
    with keyfile.used(file):
        assert command("keys", "rotate", "data").exit_code == 0
    assert command("keys", "rotate", "box", "--now").exit_code == 0


def test_the_pin_key_is_never_changed_and_the_limit_key_by_itself(command: Command, var: Path) -> None:
    before = (var / "keys.json").read_bytes()
    for purpose in ("pin", "limit"):
        assert command("keys", "rotate", purpose).exit_code == 2
    assert (var / "keys.json").read_bytes() == before


def test_a_share_holds_no_private_key_and_spoils_none(command: Command, var: Path, tmp_path: Path) -> None:
    share = tmp_path / "share.json"
    assert command("keys", "share", str(share)).exit_code == 0
    command("keys", "rotate", "data", "--now")
    assert command("keys", "share", str(share)).exit_code == 0
    shared = Keyring.load(share)
    assert (shared.private, shared.ring("data").write) == ({}, 2)
    refused = command("keys", "share", str(var / "keys.json"))
    assert "holds private keys" in str(refused.exception)
    assert Keyring.load(var / "keys.json").private
    env = {"USSD_ENGINE_VAR": str(var), "USSD_ENGINE_KEYS": str(share)}
    box = CliRunner().invoke(cli, ["keys", "rotate", "box"], env=env)
    assert "this file holds no private keys" in str(box.exception)


# the purge


def test_the_purge_prints_how_much_of_each_kind_went(command: Command, var: Path) -> None:
    in_ledger(var, lambda ledger: ledger.act(submit()))
    shown = command("purge")
    assert shown.exit_code == 0, shown.output
    counts = {
        name: int(count) for count, _, name in (line.strip().partition("  ") for line in shown.output.splitlines())
    }
    assert counts["counters"] > 0
    assert counts["numbers"] == 0
    assert MSISDN not in shown.output
