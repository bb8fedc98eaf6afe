"""How long things are kept: nothing of a citizen longer than said, nothing that is still needed shorter."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, event

from tests.ledger.retained import YEAR, carried, stands
from ussd_engine.errors import EngineError
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger, PurgeLog
from ussd_engine.ledger.purge import Erased
from ussd_engine.ledger.queue import decoded
from ussd_engine.ledger.retention import EFFECT_KEPT_MS, MOST, PURGES, forget
from ussd_engine.ledger.tables import (
    cases,
    contacts,
    effects,
    erased,
    languages,
    limits,
    outbox,
    submissions,
    tries,
)
from ussd_engine.ledger.terms import last_day
from ussd_engine.messages import Erasure
from ussd_engine.testing.databases import dump
from ussd_engine.testing.specimens import (
    DAY,
    DAY_MS,
    MSISDN,
    NAME,
    TEXT,
    StoppedClock,
    anonymous,
    named,
    rows,
    submit,
)
from ussd_engine.tracking import Withdraw

LONG_AGO = DAY - timedelta(days=1000)


# What a case stands at on DAY, and the last day after DAY on which its number is still kept; None: for ever.
TERMS: list[tuple[dict[str, Any], int | None]] = [
    ({"state": "queued"}, None),
    ({"state": "received"}, YEAR),
    ({"state": "opened"}, YEAR),
    ({"state": "in_progress"}, YEAR),
    ({"state": "need_info"}, YEAR),
    ({"state": "transferred"}, YEAR),
    ({"state": "appealed"}, YEAR),
    ({"state": "received", "touched": DAY + timedelta(days=40)}, YEAR + 40),
    ({"state": "received", "changed": DAY + timedelta(days=50), "touched": DAY + timedelta(days=40)}, YEAR + 50),
    ({"state": "closed", "ended": DAY}, 90),
    ({"state": "closed", "ended": DAY, "rating": "yes"}, 90),
    ({"state": "not_accepted", "ended": DAY}, 90),
    ({"state": "appeal_decided", "ended": DAY}, 90),
    ({"state": "withdrawn", "changed": DAY}, 90),
    ({"state": "answered", "ended": DAY}, 90 + 14),
    ({"state": "answered", "ended": DAY, "rating": "no"}, 90 + 30),
    ({"state": "opened", "type": "compliment", "changed": DAY}, 90),
    ({"state": "received", "type": "compliment", "changed": DAY}, YEAR),
    ({"state": "opened", "type": "opinion", "changed": DAY}, YEAR),
]


@pytest.mark.parametrize(("case", "days"), TERMS, ids=lambda value: None)
async def test_a_number_is_kept_as_long_as_it_may_be_needed_and_no_longer(
    ledger: Ledger, clock: StoppedClock, log: PurgeLog, case: dict[str, Any], days: int | None
) -> None:
    act = named()
    await ledger.act(act)
    await carried(ledger, clock)
    await stands(ledger, act.reference, **case)
    (row,) = await rows(ledger, cases)
    assert last_day(row) == (None if days is None else DAY + timedelta(days=days))
    clock.move((1000 if days is None else days) * DAY_MS)
    assert (await ledger.purge(log))["numbers"] == 0
    assert len(await rows(ledger, contacts)) == 1
    if days is None:
        return
    clock.move(DAY_MS)
    counts = await ledger.purge(log)
    assert (counts["numbers"], await rows(ledger, contacts)) == (1, [])
    (kept,) = await rows(ledger, cases)
    assert (kept.reference, kept.handle) == (act.reference, None)
    assert (await ledger.purge(log))["numbers"] == 0


async def test_an_appeal_takes_the_closing_back(ledger: Ledger, clock: StoppedClock, log: PurgeLog) -> None:
    act = submit()
    await ledger.act(act)
    await stands(ledger, act.reference, state="closed", ended=DAY)
    clock.move(60 * DAY_MS)
    await stands(ledger, act.reference, state="appealed", ended=None)
    clock.move(100 * DAY_MS)
    await ledger.purge(log)
    assert len(await rows(ledger, contacts)) == 1
    decided = DAY + timedelta(days=160)
    await stands(ledger, act.reference, state="appeal_decided", ended=decided)
    clock.move(91 * DAY_MS)
    assert (await ledger.purge(log))["numbers"] == 1


async def test_what_is_over_leaves_no_word_no_name_and_no_number(
    ledger: Ledger, clock: StoppedClock, log: PurgeLog, keyring: Keyring
) -> None:
    for act in (named(), submit(caller=None), anonymous(caller=None)):
        await ledger.act(act)
        await stands(ledger, act.reference, state="closed", ended=DAY)
    await carried(ledger, clock)
    clock.move(91 * DAY_MS)
    counts = await ledger.purge(log)
    assert (counts["numbers"], counts["copies of submissions"]) == (2, 2), "one waits for the core to hear of it"
    (told,) = await rows(ledger, outbox)
    assert isinstance(decoded(keyring.open("outbox", told.key, told.sealed)), Erasure)
    await carried(ledger, clock)
    assert (await ledger.purge(log))["copies of submissions"] == 1
    for table in (contacts, submissions, outbox):
        assert await rows(ledger, table) == []
    seen = await dump(ledger.database)
    for secret in (MSISDN, NAME, TEXT):
        assert secret not in seen


async def test_the_copy_stays_while_anything_of_its_case_has_to_reach_the_core(
    ledger: Ledger, clock: StoppedClock, log: PurgeLog, keyring: Keyring
) -> None:
    act = submit()
    await ledger.act(act)
    (claim,) = await ledger.outbox.claim(clock(), 1)
    await ledger.outbox.dead(claim, "Rejected", clock())
    await stands(ledger, act.reference, state="closed", ended=DAY)
    clock.move(91 * DAY_MS)
    assert (await ledger.purge(log))["copies of submissions"] == 0
    assert await ledger.outbox.retry([claim.key]) == 1
    assert (await ledger.purge(log))["copies of submissions"] == 0
    await carried(ledger, clock)
    assert (await ledger.purge(log))["copies of submissions"] == 1


async def test_what_no_core_took_and_she_took_back_goes_with_her_number(
    ledger: Ledger, clock: StoppedClock, log: PurgeLog
) -> None:
    act, other = named(), named()
    for one in (act, other):
        await ledger.act(one)
    for claim in await ledger.outbox.claim(clock(), 2):
        await ledger.outbox.dead(claim, "Rejected", clock())
    await ledger.act(Withdraw(key=b"w" * 16, reference=act.reference, msisdn=MSISDN, at_ms=clock()))
    assert sorted(letter.until or DAY for letter in await ledger.outbox.letters()) == [DAY, DAY + timedelta(days=90)]
    clock.move(60 * DAY_MS)
    assert await ledger.purging.going() == 0
    clock.move(30 * DAY_MS)
    assert await ledger.purging.going() == 1
    assert (await ledger.purge(log))["dead letters"] == 0
    assert len(await rows(ledger, outbox)) == 1, "her withdrawal waits for what it takes back"
    clock.move(DAY_MS)
    assert (await ledger.purge(log))["dead letters"] == 1
    (erasure,) = await rows(ledger, outbox)
    assert erasure.passes, "the core may have heard of her number all the same"
    await carried(ledger, clock)
    assert (await ledger.purge(log))["copies of submissions"] == 1
    (kept,) = await ledger.outbox.letters()
    assert (kept.kind, kept.until) == ("submission", None), "what was promised stays"


async def test_results_of_acts_are_kept_30_days_and_tries_24_hours(
    ledger: Ledger, clock: StoppedClock, log: PurgeLog
) -> None:
    await ledger.act(submit())
    one = {"tag": b"t", "what": "pin", "at_ms": clock(), "once": b"1"}
    await ledger.database.write(lambda conn: conn.execute(tries.insert(), [one]).rowcount)
    clock.move(DAY_MS)
    await ledger.purge(log)
    assert len(await rows(ledger, tries)) == 1
    clock.move(EFFECT_KEPT_MS - DAY_MS)
    counts = await ledger.purge(log)
    assert (counts["tries"], counts["results of acts"], len(await rows(ledger, effects))) == (1, 0, 1)
    clock.move(1)
    assert ((await ledger.purge(log))["results of acts"], await rows(ledger, effects)) == (1, [])


async def test_more_than_one_transaction_holds_is_purged_whole(
    ledger: Ledger, clock: StoppedClock, log: PurgeLog
) -> None:
    kept = [{"key": secrets.token_bytes(16), "kind": "cancel", "result": b"", "at_ms": 0} for _ in range(2 * MOST + 1)]
    await ledger.database.write(lambda conn: conn.execute(effects.insert(), kept).rowcount)
    assert (await ledger.purge(log))["results of acts"] == 2 * MOST + 1


OLD: list[tuple[str, Table, Callable[[int], dict[str, Any]]]] = [
    ("languages", languages, lambda at: {"tag": at.to_bytes(2), "locale": "sw", "touched": LONG_AGO, "muted": False}),
    ("counters", limits, lambda at: {"tag": at.to_bytes(2), "what": "cases", "day": LONG_AGO, "count": 1}),
    ("tries", tries, lambda at: {"tag": (at // 3).to_bytes(2), "what": "pin", "at_ms": at // 3, "once": b""}),
]


@pytest.mark.parametrize(("name", "table", "row"), OLD, ids=lambda value: value if isinstance(value, str) else None)
async def test_what_is_old_goes_in_portions(
    ledger: Ledger,
    clock: StoppedClock,
    log: PurgeLog,
    name: str,
    table: Table,
    row: Callable[[int], dict[str, Any]],
) -> None:
    many = 4 * MOST + 2
    await ledger.database.write(lambda conn: conn.execute(table.insert(), [row(at) for at in range(many)]).rowcount)
    commits: list[object] = []
    event.listen(ledger.database.engine, "commit", commits.append)
    assert (await ledger.purge(log))[name] == many
    assert await rows(ledger, table) == []
    # Tries of one key go together, so a portion may be larger.
    assert len(commits) >= len(PURGES) + 3


# a backup that is brought back


async def handles(ledger: Ledger) -> list[str]:
    return [row.handle for row in await rows(ledger, contacts)]


async def test_a_backup_that_was_brought_back_is_purged_again(
    ledger: Ledger, clock: StoppedClock, log: PurgeLog, keyring: Keyring
) -> None:
    for act in (named(), submit()):
        await ledger.act(act)
    await carried(ledger, clock)
    backup = {
        table: [dict(row._mapping) for row in await rows(ledger, table)] for table in (contacts, cases, submissions)
    }
    gone, stays = await handles(ledger)
    await ledger.database.write(lambda conn: forget(conn, keyring, [gone], clock()))
    await ledger.purging.note(log)
    await ledger.purging.note(log)
    assert [line.handle for line in log] == [gone]

    def restore(conn: Any) -> None:
        for table in (*backup, erased, outbox):
            conn.execute(table.delete())
        for table, old in backup.items():
            conn.execute(table.insert(), old)

    await ledger.database.write(restore)
    assert sorted(await handles(ledger)) == sorted([gone, stays])
    assert (await ledger.purge(log))["erased again after a restore"] == 1
    assert await handles(ledger) == [stays]
    assert (await ledger.purge(log))["erased again after a restore"] == 0
    assert {row.handle for row in await rows(ledger, erased)} == {gone}


async def test_a_lost_log_is_written_again_from_the_table(
    ledger: Ledger, clock: StoppedClock, log: PurgeLog, keyring: Keyring, tmp_path: Path
) -> None:
    await ledger.act(submit())
    (gone,) = await handles(ledger)
    await ledger.database.write(lambda conn: forget(conn, keyring, [gone], clock()))
    await ledger.purge(log)
    (tmp_path / "log" / "erased.log").unlink()
    await ledger.purge(log)
    assert [line.handle for line in log] == [gone]


def test_a_line_that_was_not_written_to_its_end_is_written_over(log: PurgeLog, tmp_path: Path) -> None:
    lines = [Erased(secrets.token_hex(16), at) for at in range(20)]
    log.append(lines[:19])
    file = tmp_path / "log" / "erased.log"
    file.write_bytes(file.read_bytes() + b"abcdef 12")
    assert len(list(log)) == 19
    log.append(lines[19:])
    assert list(log) == lines
    assert file.stat().st_mode & 0o077 == 0


def test_a_log_that_was_spoilt_stops_the_purge_and_names_the_line(log: PurgeLog, tmp_path: Path) -> None:
    log.append([Erased("00", 1)])
    file = tmp_path / "log" / "erased.log"
    file.write_text(file.read_text() + "what is this\n")
    with pytest.raises(EngineError, match=r"erased\.log:2: is no line of a purge log"):
        list(log)
