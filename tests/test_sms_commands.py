"""What an operator sees of SMS: where each stands and why, and nothing of whom or what it is about."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sms_operator import (
    OTHER,
    REF,
    ROUTES,
    Command,
    behind,
    change,
    command,
    due,
    failed,
    in_hand,
    in_ledger,
    lend,
    listed,
    night,
    noon,
    now,
    queue,
    refusal,
    rejected,
    silent,
    stopped,
    taken,
    var,
    withheld,
)
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.tables import cases
from ussd_engine.model import Mode
from ussd_engine.sms.message import Priority, Progress, Report
from ussd_engine.testing.databases import sqlite_template
from ussd_engine.testing.sms_specimens import notice, outcome, said
from ussd_engine.testing.specimens import NAME, SPELLINGS, rows, submit
from ussd_engine.testing.specimens import TEXT as WORDS

__all__ = ["command", "sqlite_template", "var"]


@pytest.mark.parametrize(
    ("happened", "stands", "told"),
    [
        (due, "queued", "a sender: a running gateway takes it within seconds"),
        (in_hand, "queued", "nothing: a sender has it in hand"),
        (behind, "queued", "an earlier message to the same phone"),
        (night, "queued", "the hours of the day, at 12:00 UTC"),
        (failed, "queued", "its next try, at 12:00 UTC; the last try: kannel answered 500"),
        (stopped, "queued", "its route, which is stopped"),
        (taken, "accepted", "a report"),
        (silent, "accepted", "a report, for 3 h: ask the provider"),
        (rejected, "rejected", "Blacklisted"),
        (withheld, "withheld", "stopped"),
    ],
    ids=["due", "lent", "behind", "night", "failed", "stopped", "taken", "silent", "rejected", "withheld"],
)
def test_each_is_listed_with_its_state_and_reason(
    command: Command, var: Path, happened: Callable[[Ledger], Any], stands: str, told: str
) -> None:
    in_ledger(var, happened)
    row = listed(command("list", "--state", stands, "--json"))[0]
    assert (row["state"], row["reason"], row["route"]) == (stands, told, "kannel")
    printed = command("list", "--state", stands).output
    assert row["id"][:18] in printed
    assert told.split()[-1] in printed
    shown = json.loads(command("show", row["id"], "--json").output)
    assert (shown["state"], shown["reason"]) == (stands, told)


def test_nothing_is_shown_of_whom_and_what_it_is_about(command: Command, var: Path) -> None:
    async def tell(ledger: Ledger) -> None:
        await ledger.act(submit())
        await ledger.act(submit(mode=Mode.CONFIDENTIAL))
        await queue(ledger, msisdn=OTHER)

    in_ledger(var, tell)
    references = [row.reference for row in in_ledger(var, lambda ledger: rows(ledger, cases))]
    found = listed(command("list", "--json"))
    assert {row["to"] for row in found} == {"2557****0001", "2557****0002"}
    said = [command("list"), command("list", "--json")]
    said += [command("show", row["id"], *form) for row in found for form in ((), ("--json",))]
    for one in said:
        assert one.exception is None
        for secret in (*SPELLINGS, OTHER, OTHER[3:], NAME, WORDS, REF, *references):
            assert secret not in one.output
    assert not any("template" in row for row in found)
    assert not any("****" in one.output for one in said[2:]), "what kind of text it is does not stand beside a number"


def test_a_number_whose_message_has_ended_is_not_told_though_its_case_has_it(command: Command, var: Path) -> None:
    async def tell(ledger: Ledger) -> None:
        await ledger.act(submit())
        for lent in (await ledger.sms.take("kannel", noon(), 9)).lent:
            await ledger.sms.settle(outcome(lent, "kannel", now(), said(Progress.REJECTED)))

    in_ledger(var, tell)
    assert {row["to"] for row in listed(command("list", "--state", "rejected", "--json"))} == {""}


def test_a_number_that_no_key_here_opens_is_told_so(command: Command, var: Path) -> None:
    in_ledger(var, due)
    in_ledger(var, lambda ledger: change(ledger, number=b"of another key"))
    assert [row["to"] for row in listed(command("list", "--json"))] == ["sealed"]


def test_what_needs_nobody_is_listed_when_it_is_asked_for(command: Command, var: Path) -> None:
    async def delivered(ledger: Ledger) -> None:
        await ledger.sms.settle(outcome(await lend(ledger), "kannel", now(), said(provider_id="7")))
        await change(ledger, state="delivered")
        await ledger.sms.settle(outcome(await lend(ledger, msisdn=OTHER), "kannel", now(), said(provider_id="8")))

    in_ledger(var, delivered)
    assert [row["state"] for row in listed(command("list", "--json"))] == ["accepted"]
    asked = command("list", "--state", "delivered", "--state", "accepted", "--json")
    assert [row["state"] for row in listed(asked)] == ["accepted", "delivered"]
    assert len(listed(command("list", "--state", "delivered", "--limit", "1", "--json"))) == 1


def test_a_list_of_a_route_holds_what_goes_by_it(command: Command, var: Path) -> None:
    async def two(ledger: Ledger) -> None:
        await queue(ledger)
        made = notice(at_ms=now(), msisdn=OTHER, priority=Priority.REPLY)
        await ledger.database.write(lambda conn: ledger.sms.put(conn, [made], "loopback"))

    in_ledger(var, two)
    first, second = (listed(command("list", "--route", name, "--json")) for name in ROUTES)
    assert [row["to"] for row in first] == ["2557****0001"]
    assert [row["to"] for row in second] == ["2557****0002"]
    assert 'no route is called "kanel" (did you mean "kannel"?)' in refusal(command("list", "--route", "kanel"))


def test_each_sms_of_a_message_is_shown_as_its_gateway_knows_it(command: Command, var: Path) -> None:
    async def two(ledger: Ledger) -> str:
        lent = await lend(ledger)
        await ledger.sms.settle(outcome(lent, "kannel", now(), said(provider_id="P-71"), said(provider_id="P-72")))
        return lent.id.hex()

    id: str = in_ledger(var, two)
    shown = json.loads(command("show", id, "--json").output)
    assert [(one["part"], one["provider_id"], one["state"]) for one in shown["parts"]] == [
        (1, "P-71", "accepted"),
        (2, "P-72", "accepted"),
    ]
    assert json.loads(command("show", "P-72", "--json").output)["id"] == id, "the provider's id names it too"
    printed = command("show", id[:18]).output
    for told in ("template    opened", "attempts    1", "P-71", "P-72"):
        assert told in printed


def test_what_was_reported_as_failed_is_shown_with_its_id_at_the_provider_and_what_the_report_said(
    command: Command, var: Path
) -> None:
    async def reported(ledger: Ledger) -> str:
        lent = await lend(ledger)
        await ledger.sms.settle(outcome(lent, "kannel", now(), said(provider_id="P-71")))
        failure = Report(
            channel="kannel", provider_id="P-71", status="16", progress=Progress.FAILED, reason="AbsentSubscriber"
        )
        assert await ledger.sms_reports.take([failure], now()) == ["applied"]
        await change(ledger, not_before_ms=noon())
        return lent.id.hex()

    id: str = in_ledger(var, reported)
    told = "its next try, at 12:00 UTC; the last try: AbsentSubscriber, of P-71 at kannel"
    assert json.loads(command("show", id, "--json").output)["reason"] == told
    assert told in command("show", id).output
    assert json.loads(command("show", id, "--json").output)["attempts"] == 1, "it was sent once"
    assert [row["attempts"] for row in listed(command("list", "--json"))] == [1]


def test_what_waits_is_listed_before_what_was_given_up_and_that_before_what_a_gateway_has(
    command: Command, var: Path
) -> None:
    async def three(ledger: Ledger) -> None:
        await queue(ledger)
        await rejected(ledger)
        await ledger.sms.settle(outcome(await lend(ledger, msisdn=OTHER), "kannel", now(), said(provider_id="7")))

    in_ledger(var, three)
    order = ["queued", "rejected", "accepted"]
    assert [row["state"] for row in listed(command("list", "--json"))] == order
    for limit in (1, 2):
        cut = command("list", "--json", "--limit", str(limit))
        assert [row["state"] for row in listed(cut)] == order[:limit]
        assert f"{limit} listed of 3: --limit 3 lists all, --state and --route fewer" in cut.stderr
    assert "1 listed;" in command("list", "--state", "rejected").output
    assert "listed of" not in command("list").output


@pytest.mark.parametrize("id", ["", "00", "xyz", "0" * 33, "²"])
def test_what_names_no_message_is_told_so(command: Command, var: Path, id: str) -> None:
    in_ledger(var, due)
    for words in (("show", id), ("retry", id)):
        assert "no messages have that id; `ussd-engine sms list` prints the ids" in refusal(command(*words))


def test_what_names_several_is_told_so(command: Command, var: Path) -> None:
    in_ledger(var, behind)
    first, second = (row["id"] for row in listed(command("list", "--json")))
    same = next(n for n, (a, b) in enumerate(zip(first, second, strict=True)) if a != b)
    said = refusal(command("show", first[:same]))
    assert "several messages have that id; `ussd-engine sms list --json` prints all digits" in said
    assert command("show", first[: same + 1]).exception is None
