"""What an operator does about SMS: lets them go again, stops routes and starts them, tries one."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from tests.sms_operator import (
    KANNEL,
    LOOPBACK,
    OTHER,
    Command,
    command,
    environment,
    failed,
    in_hand,
    in_ledger,
    listed,
    now,
    queue,
    refusal,
    rejected,
    stopped,
    taken,
    var,
)
from ussd_engine import gsm
from ussd_engine.channels.sms import reaches_phones
from ussd_engine.cli import cli
from ussd_engine.config import load, open_gateways
from ussd_engine.errors import EngineError
from ussd_engine.ledger import Ledger
from ussd_engine.smsdesk import TEXT
from ussd_engine.testing.databases import sqlite_template
from ussd_engine.testing.provider import Asked, Says, playing
from ussd_engine.testing.sms_contract import KEY
from ussd_engine.testing.specimens import MSISDN

__all__ = ["command", "sqlite_template", "var"]

# letting it go again


@pytest.mark.parametrize("named", [True, False])
def test_what_waits_goes_again_with_all_its_attempts(command: Command, var: Path, named: bool) -> None:
    in_ledger(var, failed)
    (row,) = listed(command("list", "--json"))
    assert row["attempts"] == 1
    done = command("retry", row["id"] if named else "--all")
    assert "1 may go now; a running gateway takes them within seconds" in done.output
    (row,) = listed(command("list", "--json"))
    assert row["attempts"] == 0
    assert row["reason"] == "a sender: a running gateway takes it within seconds; the last try: kannel answered 500"


@pytest.mark.parametrize(
    ("happened", "told"),
    [
        (in_hand, "a sender has it in hand"),
        (taken, "it is accepted, and does not wait: its gateway has it"),
        (rejected, "it is rejected, and does not wait: what it said is dropped"),
    ],
)
def test_what_does_not_wait_is_left_alone(
    command: Command, var: Path, happened: Callable[[Ledger], Any], told: str
) -> None:
    in_ledger(var, happened)
    (row,) = listed(command("list", "--json"))
    assert told in refusal(command("retry", row["id"]))
    assert "0 may go now" in command("retry", "--all").output
    assert listed(command("list", "--json"))[0]["attempts"] == row["attempts"]


def test_who_lets_go_by_a_stopped_route_is_told_the_way_out(command: Command, var: Path) -> None:
    in_ledger(var, stopped)
    said = command("retry", "--all").output
    assert "kannel is stopped" in said
    assert "`ussd-engine sms start-route kannel` lets it send again" in said


@pytest.mark.parametrize("words", [(), ("--all", "ab")])
def test_either_names_or_all(command: Command, words: tuple[str, ...]) -> None:
    assert "or say --all" in refusal(command("retry", *words))


# routes


def test_a_stopped_route_lends_nothing_to_its_senders_until_it_is_started(command: Command, var: Path) -> None:
    async def held(ledger: Ledger) -> tuple[bool, str]:
        route = await ledger.sms_routes.hold("kannel", "a node", now())
        assert route is not None
        return route.stopped, route.reason

    assert in_ledger(var, held) == (False, "")
    said = command("stop-route", "kannel", "--reason", " repeats,\n ask them ")
    assert "`ussd-engine sms start-route kannel` lets it send again" in said.output
    assert in_ledger(var, held) == (True, "repeats, ask them")
    told = [row for row in map(json.loads, command("list", "--json").stdout.splitlines()) if "is" in row]
    assert [(row["route"], row["is"], row["reason"]) for row in told] == [
        ("kannel", "stopped", "repeats, ask them"),
        ("loopback", "no gateway runs that sends", ""),
    ]
    assert [row["since"] is None for row in told] == [False, True]
    printed = command("list").output
    assert "repeats, ask them" in printed
    assert re.search(r"kannel +stopped +[0-9]+ s ago ", printed)
    assert "kannel: a running gateway sends within seconds" in command("start-route", "kannel").output
    assert in_ledger(var, held) == (False, "")
    assert "kannel: it was not stopped" in command("start-route", "kannel").output


def test_since_when_a_route_is_stopped_is_told(command: Command, var: Path) -> None:
    in_ledger(var, stopped)
    first = json.loads(command("list", "--json").stdout.splitlines()[0])
    assert (first["is"], first["reason"]) == ("stopped", "no credit")
    assert 3 * 3600 <= now() / 1000 - datetime.fromisoformat(first["since"]).timestamp() < 4 * 3600
    assert re.search(r"kannel +stopped +3 h ago ", command("list").output)
    command("stop-route", "kannel", "--reason", "they move")
    assert re.search(r"kannel +stopped +[0-9]+ s ago .* they move", command("list").output)


def test_a_route_that_is_configured_no_longer_can_be_started(command: Command, var: Path) -> None:
    command("stop-route", "kannel", "--reason", "it goes")
    alone = {"loopback": LOOPBACK}
    assert '"is": "not configured"' in command("list", "--json", **alone).output
    assert command("start-route", "kannel", **alone).exception is None


def test_how_routes_stand_is_counted_by_state(command: Command, var: Path) -> None:
    async def some(ledger: Ledger) -> None:
        await taken(ledger)
        await queue(ledger, msisdn=OTHER)
        await ledger.sms_routes.hold("kannel", "a node", now())

    in_ledger(var, some)
    first = json.loads(command("list", "--json").stdout.splitlines()[0])
    assert (first["is"], first["states"]) == ("sends", {"accepted": 1, "queued": 1})
    printed = command("list").output
    assert "1 queued, 1 accepted" in printed
    assert "2 listed; the oldest that may leave has waited for" in printed


def test_until_when_a_route_rests_is_told(command: Command, var: Path) -> None:
    async def rests(ledger: Ledger) -> None:
        await ledger.sms_routes.hold("kannel", "a node", now())
        await ledger.sms_routes.rest("kannel", "a node", now() + 3_600_000, 0)

    async def is_down(ledger: Ledger) -> None:
        await ledger.sms_routes.rest("kannel", "a node", now() + 3_600_000, now())

    in_ledger(var, rests)
    first = json.loads(command("list", "--json").stdout.splitlines()[0])
    assert first["is"].startswith("rests until ")
    assert first["reason"] == "its provider asks to be left alone"
    in_ledger(var, is_down)
    first = json.loads(command("list", "--json").stdout.splitlines()[0])
    assert first["reason"].startswith("its provider has not answered since ")


@pytest.mark.parametrize("reason", ["", " \n", "a" * 201])
def test_a_reason_is_short_and_not_empty(command: Command, reason: str) -> None:
    assert "--reason: say in 1 to 200 characters why" in refusal(command("stop-route", "kannel", "--reason", reason))


@pytest.mark.parametrize("words", [("start-route", "mgov"), ("stop-route", "mgov", "--reason", "a")])
def test_a_route_that_is_not_there_is_told_with_those_that_are(
    command: Command, var: Path, words: tuple[str, ...]
) -> None:
    assert 'no route is called "mgov"; there are kannel, loopback' in refusal(command(*words))
    assert in_ledger(var, lambda ledger: ledger.sms_routes.all()) == []


# a test


@pytest.mark.parametrize(
    ("name", "table", "reaches"),
    [
        ("loopback", {}, False),
        ("africastalking", {"username": "sandbox", "api_key": KEY}, False),
        ("africastalking", {"username": "emrejesho", "api_key": KEY}, True),
        ("nextsms", {"username": "us", "password": KEY, "sender": "US", "test": True}, False),
        ("nextsms", {"username": "us", "password": KEY, "sender": "US"}, True),
        ("beem", {"api_key": KEY, "secret_key": KEY, "sender": "US"}, True),
        ("kannel", KANNEL["sms"], True),
        ("mgov", {"account": "em", "api_key": KEY, "service_id": "9", "sender": "15200"}, True),
    ],
)
def test_only_where_nothing_reaches_a_phone_a_test_is_sent_unasked(
    command: Command, var: Path, name: str, table: dict[str, Any], reaches: bool
) -> None:
    settings = {name: {"sms": table}}
    (gateway,) = open_gateways(load(environment(var, settings)), lambda _: None).values()
    assert reaches_phones(gateway) is reaches
    if reaches:
        said = refusal(command("test", MSISDN, **settings))
        assert f"{name} reaches phones" in said
        assert "Say --really for that" in said
        assert MSISDN not in said


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


async def _tested(command: Command, says: Says | None, *words: str) -> tuple[Result, list[Asked]]:
    """What a test by Kannel came to, and what Kannel was asked."""
    async with playing(lambda _: says) as provider:
        table = msgspec.to_builtins({**KANNEL["sms"], "url": provider.url})
        said = await asyncio.to_thread(command, "test", MSISDN, "--really", *words, kannel={"sms": table})
        return said, provider.asked


async def test_a_test_sends_one_text_and_says_what_came_of_it(command: Command, var: Path) -> None:
    before = files(var)
    said, (asked,) = await _tested(command, Says(202, b"0: Accepted for delivery"))
    assert (said.return_value, said.output) == (0, "kannel: sent\n")
    assert "text=Jaribio" in asked.target
    assert f"to={MSISDN}" in asked.target
    refused, _ = await _tested(command, Says(400, b"Invalid number"), "--json")
    assert refused.return_value == 1
    assert json.loads(refused.output) == {
        "route": "kannel",
        "to": "2557****0001",
        "state": "rejected",
        "provider_id": "",
        "reason": "400",
    }
    assert files(var) == before
    assert gsm.segments(TEXT) == [TEXT]


async def test_a_test_says_where_the_answer_names_another_number(command: Command) -> None:
    row = {"statusCode": 101, "number": "+255700000099", "status": "Success", "messageId": "ATXid_1"}
    answer = json.dumps({"SMSMessageData": {"Message": "Sent to 1/1", "Recipients": [row]}}).encode()
    async with playing(lambda _: Says(201, answer)) as provider:
        table = {"username": "sandbox", "api_key": KEY, "url": provider.url}
        said = await asyncio.to_thread(command, "test", MSISDN, africastalking={"sms": table})
    assert said.output == "africastalking: failed: the answer does not name this number\n"
    assert said.return_value == 1


@pytest.mark.parametrize(
    ("says", "told"),
    [
        (Says(403), "kannel answered 403: look at its credentials, credit and sender. Its settings are the table"),
        (Says(500), "kannel answered 500; it may have arrived all the same. Its settings"),
        (None, "kannel did not answer: HungUp; it may have arrived all the same"),
    ],
)
async def test_a_fault_of_the_route_is_told_with_the_way_out(command: Command, says: Says | None, told: str) -> None:
    said, _ = await _tested(command, says)
    assert told in refusal(said)
    assert "`sms` of kannel in USSD_ENGINE_CHANNEL_SETTINGS" in refusal(said)
    assert KEY not in refusal(said)


def test_a_test_needs_no_gateway_that_ran(tmp_path: Path) -> None:
    new = tmp_path / "new"
    env = environment(new, {"loopback": LOOPBACK})
    said = CliRunner().invoke(cli, ["sms", "test", "0700 000 001", "--json"], env=env, standalone_mode=False)
    assert said.return_value == 0
    assert json.loads(said.output)["state"] == "accepted"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", ["", "12", "+254700000001", "VODACOM", "0100000001"])
def test_what_is_no_number_of_the_country_gets_no_test(command: Command, number: str) -> None:
    said = refusal(command("test", number, "--route", "loopback"))
    assert "that is no phone number of TZ: write it as 255700000001" in said


def test_of_several_channels_one_is_named(command: Command) -> None:
    assert "several channels carry SMS: say --route kannel|loopback" in refusal(command("test", MSISDN))
    assert 'no route is called "beem"' in refusal(command("test", MSISDN, "--route", "beem"))
    assert "loopback: accepted, under the id " in command("test", MSISDN, "--route", "loopback").output


# where there is nothing


NOTHING = {"africastalking": {"hold_s": 3}}


@pytest.mark.parametrize(
    "words", [("stop-route", "kannel", "--reason", "a"), ("start-route", "kannel"), ("test", MSISDN)]
)
def test_where_no_channel_carries_sms_it_is_told_how_one_does(command: Command, words: tuple[str, ...]) -> None:
    assert "no channel here carries SMS: give one a table `sms`" in refusal(command(*words, **NOTHING))
    empty = command("list", **NOTHING)
    assert empty.exception is None
    assert "no channel here carries SMS" in empty.output


@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("show", "ab"),
        ("retry", "--all"),
        ("stop-route", "kannel", "--reason", "a"),
        ("start-route", "kannel"),
    ],
)
def test_where_no_gateway_has_run_nothing_is_made(tmp_path: Path, words: tuple[str, ...]) -> None:
    env = environment(tmp_path / "new", {"kannel": KANNEL})
    result = CliRunner().invoke(cli, ["sms", *words], env=env)
    assert isinstance(result.exception, EngineError)
    assert "no gateway has run here yet. Begin with `ussd-engine serve`" in str(result.exception)
    assert list(tmp_path.iterdir()) == []
