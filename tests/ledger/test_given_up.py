"""What no core has taken: nothing that was promised is lost, and an operator is told before the rest goes."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import update

from tests.ledger.retained import YEAR, carried, stands
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger, PurgeLog
from ussd_engine.ledger.outbox import Claim
from ussd_engine.ledger.queue import enqueue, outbox_row
from ussd_engine.ledger.retention import MOST
from ussd_engine.ledger.tables import contacts, dead_letters, submissions
from ussd_engine.messages import Addition, Erasure, Message
from ussd_engine.model import Submission
from ussd_engine.testing.specimens import DAY, DAY_MS, MSISDN, NAME, TEXT, StoppedClock, named, rows, submit


async def given_up(ledger: Ledger, keyring: Keyring, clock: StoppedClock, kind: str) -> bytes:
    """A dead letter of a kind, of a case of its own that stood last on DAY; its key."""
    act = submit()
    await ledger.act(act)
    if kind != "submission":
        await carried(ledger, clock)
        await stands(ledger, act.reference, state="received")
        said: dict[str, Any] = {"idempotency_key": secrets.token_hex(16), "reference": act.reference, "at_ms": clock()}
        message: Message = Addition(text=TEXT, **said) if kind == "addition" else Erasure(**said)
        await ledger.database.write(lambda conn: enqueue(conn, [outbox_row(keyring, message, clock())]))
    (claim,) = await ledger.outbox.claim(clock(), 2)
    assert await ledger.outbox.dead(claim, "Rejected", clock())
    return claim.key


async def test_a_dead_letter_goes_with_its_case_and_what_was_promised_stays(
    ledger: Ledger, clock: StoppedClock, log: PurgeLog, keyring: Keyring
) -> None:
    kinds = {await given_up(ledger, keyring, clock, kind): kind for kind in ("submission", "addition", "erasure")}
    until = {kinds[letter.key]: letter.until for letter in await ledger.outbox.letters()}
    assert until == {"submission": None, "addition": DAY + timedelta(days=YEAR), "erasure": None}
    for day, going in ((YEAR - 30, 0), (1, 1), (29, 1)):
        clock.move(day * DAY_MS)
        assert (await ledger.purge(log))["dead letters"] == 0
        assert await ledger.purging.going() == going, "an operator is told 30 days before"
    clock.move(DAY_MS)
    assert (await ledger.purge(log))["dead letters"] == 1
    assert await ledger.purging.going() == 0
    assert {kinds[letter.key] for letter in await ledger.outbox.letters()} == {"submission", "erasure"}
    clock.move(10 * YEAR * DAY_MS)
    counts = await ledger.purge(log)
    assert (counts["dead letters"], counts["numbers"]) == (0, 0)
    left = [row.case for row in await rows(ledger, submissions)]
    assert len(left) == 1, "but the copy of what the core has goes, though an erasure was given up"
    assert len(await rows(ledger, contacts)) == 1, "nor does the number of a submission that no core has"


async def test_a_submission_that_was_put_back_after_years_reaches_the_core_with_its_number(
    ledger: Ledger, clock: StoppedClock, log: PurgeLog
) -> None:
    await ledger.act(named())
    (claim,) = await ledger.outbox.claim(clock(), 1)
    await ledger.outbox.dead(claim, "Rejected", clock())
    clock.move(3 * YEAR * DAY_MS)
    await ledger.purge(log)
    assert await ledger.outbox.retry([claim.key]) == 1
    (again,) = await ledger.outbox.claim(clock(), 1)
    told = await ledger.outbox.message(again)
    assert isinstance(told, Submission)
    assert (told.number, told.name) == (MSISDN, NAME)


async def test_dead_letters_go_in_portions_past_those_that_stay(
    ledger: Ledger, clock: StoppedClock, log: PurgeLog, keyring: Keyring
) -> None:
    act = submit()
    await ledger.act(act)
    await carried(ledger, clock)
    await stands(ledger, act.reference, state="closed", ended=DAY)
    many: list[Message] = [
        *(Erasure(idempotency_key=f"{at:032x}", reference=act.reference, at_ms=0) for at in range(MOST + 1)),
        *(
            Addition(idempotency_key=f"f{at:031x}", reference=act.reference, text="x", at_ms=0)
            for at in range(2 * MOST + 1)
        ),
    ]
    letters = []
    for turn, message in enumerate(many, 1):
        row = outbox_row(keyring, message, 0)
        claim = Claim(row["key"], act.reference, row["sealed"], 8, 1, turn, 0, row["passes"])
        sealed = keyring.seal("dead_letter", claim.key, msgspec.msgpack.encode(claim))
        place = {"key": claim.key, "reference": act.reference, "turn": turn}
        letters.append({**place, "reason": "Rejected", "sealed": sealed, "at_ms": 0})
    await ledger.database.write(lambda conn: conn.execute(dead_letters.insert(), letters).rowcount)
    clock.move(91 * DAY_MS)
    assert (await ledger.purge(log))["dead letters"] == 2 * MOST + 1
    assert {letter.kind for letter in await ledger.outbox.letters()} == {"erasure"}


async def test_a_letter_that_does_not_open_here_stays(
    ledger: Ledger, clock: StoppedClock, log: PurgeLog, keyring: Keyring
) -> None:
    key = await given_up(ledger, keyring, clock, "addition")
    spoilt = update(dead_letters).where(dead_letters.c.key == key).values(sealed=b"spoilt")
    await ledger.database.write(lambda conn: conn.execute(spoilt).rowcount)
    clock.move(3 * YEAR * DAY_MS)
    assert (await ledger.purge(log))["dead letters"] == 0
    assert [letter.until for letter in await ledger.outbox.letters()] == [None]
