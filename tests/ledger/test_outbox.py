"""Claims that are settled late and together: whoever holds an old token changes nothing, whatever shares its batch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, insert, text

from ussd_engine.keys import Keyring
from ussd_engine.ledger import Claim, Ledger, outbox
from ussd_engine.ledger.outbox import LEASE_MS, Whose
from ussd_engine.ledger.tables import outbox as table
from ussd_engine.model import CaseState
from ussd_engine.testing.specimens import DAY, StoppedClock, rows, submit

UNTOUCHED = (CaseState.QUEUED, None)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
async def ledger(url: str, clock: StoppedClock) -> AsyncIterator[Ledger]:
    ledger = await Ledger.open(url, Keyring.random(DAY), clock)
    yield ledger
    await ledger.close()


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many claims each transaction settled."""
    sizes: list[int] = []
    settle = outbox._done

    def counted(conn: Connection, taken: list[tuple[Claim, str]]) -> list[bool | Exception]:
        sizes.append(len(taken))
        return settle(conn, taken)

    monkeypatch.setattr(outbox, "_done", counted)
    return sizes


async def claimed_twice(ledger: Ledger, clock: StoppedClock, count: int) -> tuple[list[Claim], Claim]:
    """So many claims, the first of them stale; and the claim that took its place."""
    for _ in range(count):
        await ledger.act(submit(caller=None))
    first = await ledger.outbox.claim(clock(), count)
    clock.move(LEASE_MS)
    (fresh,) = await ledger.outbox.claim(clock(), 1)
    return sorted(first, key=lambda claim: claim.key != fresh.key), fresh


async def case_of(ledger: Ledger, claim: Claim) -> tuple[CaseState, str | None]:
    case = await ledger.case(claim.reference)
    assert case is not None
    return case.state, case.core_reference


async def test_a_late_claim_among_good_ones_changes_nothing_and_holds_up_nobody(
    ledger: Ledger, clock: StoppedClock, batches: list[int]
) -> None:
    claims, fresh = await claimed_twice(ledger, clock, 4)
    settled = await asyncio.gather(*(ledger.outbox.done(claim, f"EMR-{at}") for at, claim in enumerate(claims)))
    assert batches == [4]
    assert settled == [False, True, True, True]
    received = [await case_of(ledger, claim) for claim in claims]
    assert received == [UNTOUCHED, *((CaseState.RECEIVED, f"EMR-{at}") for at in (1, 2, 3))]
    assert (await ledger.outbox.backlog()).waiting == 1
    assert await ledger.outbox.done(fresh, "EMR-FRESH")
    assert await case_of(ledger, fresh) == (CaseState.RECEIVED, "EMR-FRESH")


@pytest.mark.parametrize("late_first", [True, False])
async def test_of_two_claims_of_one_row_in_one_batch_the_fresh_one_counts(
    ledger: Ledger, clock: StoppedClock, batches: list[int], late_first: bool
) -> None:
    (late,), fresh = await claimed_twice(ledger, clock, 1)
    pair = [(late, "EMR-LATE"), (fresh, "EMR-FRESH")]
    settled = await asyncio.gather(*(ledger.outbox.done(*one) for one in (pair if late_first else reversed(pair))))
    assert batches == [2]
    assert settled == ([False, True] if late_first else [True, False])
    assert await case_of(ledger, fresh) == (CaseState.RECEIVED, "EMR-FRESH")


async def test_a_late_claim_does_not_overwrite_what_the_core_said_to_another_worker(
    ledger: Ledger, clock: StoppedClock
) -> None:
    claims, fresh = await claimed_twice(ledger, clock, 2)
    assert await ledger.outbox.done(fresh, "EMR-FRESH")
    assert await asyncio.gather(*(ledger.outbox.done(claim, "EMR-LATE") for claim in claims)) == [False, True]
    assert await case_of(ledger, fresh) == (CaseState.RECEIVED, "EMR-FRESH")


async def test_a_row_that_was_given_back_is_not_settled_by_an_old_claim(ledger: Ledger, clock: StoppedClock) -> None:
    (late,), fresh = await claimed_twice(ledger, clock, 1)
    assert await ledger.outbox.later(fresh, clock() + 1)
    assert not await ledger.outbox.done(late, "EMR-LATE")
    assert await case_of(ledger, late) == UNTOUCHED
    clock.move(1)
    (again,) = await ledger.outbox.claim(clock(), 1)
    assert (again.attempts, again.token) == (3, 3)


# what is passed over


MANY = 5_000
"""So many rows of another worker's are due before one's own."""


async def crowded(ledger: Ledger, service: str) -> None:
    """Rows of a service as they wait while its addressee is away."""
    (row,) = await rows(ledger, table)
    like = row._asdict() | {"service": service, "lease_ms": 0}
    more = [like | {"key": b"more %d" % at, "reference": f"more {at}"} for at in range(MANY)]

    def job(conn: Connection) -> int:
        conn.execute(insert(table), more)
        conn.execute(text("ANALYZE"))
        return len(more)

    await ledger.database.write(job)


def looked_at(conn: Connection, whose: Whose) -> int:
    """How much the database looks at to claim a row: steps of its machine on SQLite, rows on PostgreSQL."""
    if conn.dialect.name == "sqlite":
        steps, driver = [0], conn.connection.driver_connection
        assert driver is not None

        def step() -> int:
            steps[0] += 1
            return 0

        driver.set_progress_handler(step, 1)
        claimed = outbox._claim(conn, StoppedClock()(), 1, whose)
        driver.set_progress_handler(None, 1)
        found = steps[0]
    else:
        read = text("SELECT sum(coalesce(idx_tup_fetch, 0) + seq_tup_read) FROM pg_stat_xact_user_tables")
        before = conn.scalar(read)
        claimed = outbox._claim(conn, StoppedClock()(), 1, whose)
        found = int(conn.scalar(read) - before)
    assert len(claimed) == 1
    return found


@pytest.mark.parametrize(
    ("crowd", "whose"),
    [("emrejesho", Whose(of="maji")), ("maji", Whose(but=("maji",)))],
    ids=["the core is away", "an institution is away"],
)
async def test_claiming_looks_at_no_rows_of_others(ledger: Ledger, crowd: str, whose: Whose) -> None:
    ours = "maji" if crowd == "emrejesho" else "emrejesho"
    await ledger.act(submit(caller=None, service=crowd))
    await crowded(ledger, crowd)
    await ledger.act(submit(caller=None, service=ours))
    assert await ledger.database.write(lambda conn: looked_at(conn, whose)) < MANY / 10
