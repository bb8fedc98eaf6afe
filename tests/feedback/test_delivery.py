"""The worker between the outbox and the core."""

import asyncio
from collections import Counter

import pytest

from tests.feedback.carrying import Core, poison, state_of
from ussd_engine import delivery
from ussd_engine.delivery import ATTEMPTS, CAP_MS, FIRST_MS, PAUSE_MS, Delivery, Happening
from ussd_engine.errors import DeliveryError, Rejected, RoutePaused
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Claim, Ledger, Outbox
from ussd_engine.ledger.outbox import EVERYBODYS, LEASE_MS, Whose
from ussd_engine.model import CaseState, Mode, Submission
from ussd_engine.testing.specimens import DAY, DAY_MS, MSISDN, StoppedClock, named, submit


class Nothing(Outbox):
    """An outbox in which nothing is due. `claims` counts how often it was asked; `queues` sets `added` meanwhile."""

    def __init__(self) -> None:
        self.added = asyncio.Event()
        self.claims = 0
        self.queues = 0

    async def claim(self, now_ms: int, most: int, whose: Whose = EVERYBODYS) -> list[Claim]:
        self.claims += 1
        if self.queues:
            self.queues -= 1
            self.added.set()
        return []


async def test_a_submission_reaches_the_core_and_its_case_is_received(
    ledger: Ledger, worker: Delivery, core: Core, counted: Counter[Happening]
) -> None:
    act = submit()
    await ledger.act(act)
    assert await worker.step() == 1
    assert [sent.reference for sent in core.taken] == [act.reference]
    assert await state_of(ledger, act.reference) == CaseState.RECEIVED
    assert await worker.step() == 0
    assert counted == {"delivered": 1}


async def test_the_number_goes_to_the_core_in_named_alone(ledger: Ledger, worker: Delivery, core: Core) -> None:
    await ledger.act(named())
    await ledger.act(submit())
    await worker.step()
    taken = [sent for sent in core.taken if isinstance(sent, Submission)]
    assert {sent.mode: sent.number for sent in taken} == {
        Mode.NAMED: MSISDN,
        Mode.CONFIDENTIAL: None,
    }


async def test_a_failure_is_tried_again_later_and_later(
    ledger: Ledger, worker: Delivery, core: Core, clock: StoppedClock, counted: Counter[Happening]
) -> None:
    await poison(ledger, core, DeliveryError("busy"))
    for attempt in range(ATTEMPTS - 1):
        await ledger.act(submit(caller=None))
        assert await worker.step() == 2
        clock.move(min(CAP_MS, FIRST_MS * 2**attempt) - 1)
        assert await worker.step() == 0
        clock.move(1)
    core.failure = None
    await worker.step()
    assert counted == {"retried": ATTEMPTS - 1, "delivered": ATTEMPTS}


async def test_the_wait_has_full_jitter_and_a_cap_that_binds(ledger: Ledger, core: Core, clock: StoppedClock) -> None:
    spans: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        spans.append((low, high))
        return high

    worker = Delivery(ledger.outbox, core, clock, uniform=uniform)
    waits_s = [worker._backoff_ms(attempts) / 1000 for attempts in range(1, ATTEMPTS)]
    assert waits_s == [20, 40, 80, 160, 320, 640, 900]
    assert spans == [(0, 1000 * wait_s) for wait_s in waits_s]


async def test_after_eight_attempts_a_row_is_a_dead_letter(
    ledger: Ledger, worker: Delivery, core: Core, clock: StoppedClock, counted: Counter[Happening]
) -> None:
    await poison(ledger, core, ValueError("a fault of the store's own"))
    for _ in range(ATTEMPTS + 2):
        await ledger.act(submit(caller=None))
        await worker.step()
        clock.move(DAY_MS)
    assert core.asked == ATTEMPTS
    assert counted == {"retried": ATTEMPTS - 1, "dead": 1, "delivered": ATTEMPTS + 2}
    backlog = await ledger.outbox.backlog()
    assert (backlog.waiting, backlog.dead) == (0, 1)
    assert [letter.reason for letter in await ledger.outbox.letters()] == ["ValueError"]


async def test_a_row_that_kills_its_worker_every_time_ends_too(
    ledger: Ledger, worker: Delivery, core: Core, clock: StoppedClock, counted: Counter[Happening]
) -> None:
    await ledger.act(submit())
    for _ in range(ATTEMPTS):
        assert len(await ledger.outbox.claim(clock(), 1)) == 1
        clock.move(LEASE_MS)
    await worker.step()
    assert (core.entered.is_set(), counted) == (False, {"dead": 1})
    assert [letter.reason for letter in await ledger.outbox.letters()] == ["its attempts are used up"]


async def test_a_poison_row_leaves_the_others_alone(
    ledger: Ledger, worker: Delivery, core: Core, counted: Counter[Happening]
) -> None:
    class Picky(Core):
        async def submit(self, submission: Submission) -> str:
            if submission.institution == "POISON":
                raise Rejected("never")
            return await super().submit(submission)

    worker._store = Picky()
    for institution in ("DUWASA", "POISON", "TANESCO"):
        await ledger.act(submit(institution=institution))
    await worker.step()
    assert counted == {"delivered": 2, "dead": 1}


async def test_a_core_that_refuses_all_stops_the_route_and_uses_up_no_attempt(
    ledger: Ledger, worker: Delivery, core: Core, clock: StoppedClock, counted: Counter[Happening]
) -> None:
    for _ in range(3):
        await ledger.act(submit())
    core.failure = RoutePaused("credentials")
    assert await worker.step() == 3
    assert await worker.step() == 0
    for _ in range(ATTEMPTS):
        clock.move(PAUSE_MS)
        assert await worker.step() == 1, "one row asks whether the route is open"
    core.failure = None
    clock.move(PAUSE_MS)
    assert await worker.step() == 1
    assert await worker.step() == 2
    assert counted["delivered"] == 3
    assert counted["dead"] == 0


async def test_a_core_that_is_silent_is_tried_again(
    ledger: Ledger, worker: Delivery, core: Core, counted: Counter[Happening], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "CARRY_S", 0)
    await ledger.act(submit())
    core.open.clear()
    await worker.step()
    assert counted == {"retried": 1}


async def test_a_late_worker_changes_nothing(
    ledger: Ledger, worker: Delivery, core: Core, clock: StoppedClock, counted: Counter[Happening]
) -> None:
    await ledger.act(submit())
    core.open.clear()
    late = asyncio.create_task(worker.step())
    await core.entered.wait()
    clock.move(LEASE_MS)
    assert len(await ledger.outbox.claim(clock(), 1)) == 1
    core.open.set()
    await late
    assert counted == {"stale": 1}
    assert (await ledger.outbox.backlog()).waiting == 1


async def test_without_the_private_key_a_named_case_is_kept_for_a_process_that_has_it(
    sqlite_url: str, core: Core, clock: StoppedClock
) -> None:
    whole = Keyring.random(DAY)
    answering = await Ledger.open(sqlite_url, whole.public(), clock)
    await answering.act(named())
    await Delivery(answering.outbox, core, clock, uniform=lambda low, high: low).step()
    assert core.taken == []
    await answering.close()
    working = await Ledger.open(sqlite_url, whole, clock)
    await Delivery(working.outbox, core, clock).step()
    await working.close()
    assert [sent.number for sent in core.taken if isinstance(sent, Submission)] == [MSISDN]


async def test_a_ledger_that_does_not_answer_loses_no_row(
    ledger: Ledger, worker: Delivery, core: Core, clock: StoppedClock, counted: Counter[Happening]
) -> None:
    await ledger.act(submit())
    await ledger.database.write(lambda conn: conn.exec_driver_sql("ALTER TABLE cases RENAME TO away").rowcount)
    await worker.step()
    assert counted == {"unsettled": 1}
    await ledger.database.write(lambda conn: conn.exec_driver_sql("ALTER TABLE away RENAME TO cases").rowcount)
    clock.move(LEASE_MS)
    await worker.step()
    assert counted == {"unsettled": 1, "delivered": 1}
    assert len({sent.idempotency_key for sent in core.taken}) == 1


async def test_a_running_worker_wakes_for_a_new_submission(
    ledger: Ledger, worker: Delivery, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "POLL_S", 3600)
    running = asyncio.create_task(worker.run())
    for _ in range(3):
        core.got_one.clear()
        await ledger.act(submit())
        await core.got_one.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_running_worker_claims_once_for_what_was_queued_and_then_waits(
    core: Core, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "POLL_S", 3600)
    monkeypatch.setattr(delivery, "GATHER_S", 0)
    outbox = Nothing()
    running = asyncio.create_task(Delivery(outbox, core, clock).run())

    async def claims() -> int:
        """How many there were once the worker has had every chance."""
        for _ in range(100):
            await asyncio.sleep(0)
        return outbox.claims

    assert await claims() == 1
    outbox.added.set()
    assert await claims() == 2
    outbox.queues = 1
    outbox.added.set()
    assert await claims() == 4, "what is queued while a round is under way has a round of its own"
    assert await claims() == 4
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_running_worker_finds_rows_of_other_processes(
    ledger: Ledger, worker: Delivery, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "POLL_S", 0)
    running = asyncio.create_task(worker.run())
    ledger.outbox.added = asyncio.Event()
    await ledger.act(submit())
    ledger.outbox.added.clear()
    await core.got_one.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_worker_that_is_stopped_finishes_what_is_under_way(
    ledger: Ledger, worker: Delivery, core: Core, counted: Counter[Happening]
) -> None:
    act = submit()
    await ledger.act(act)
    core.open.clear()
    running = asyncio.create_task(worker.run())
    await core.entered.wait()
    running.cancel()
    core.open.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert counted == {"delivered": 1}
    assert await state_of(ledger, act.reference) == CaseState.RECEIVED


async def test_a_worker_that_is_stopped_does_not_wait_for_ever(
    ledger: Ledger, worker: Delivery, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "DRAIN_S", 0)
    await ledger.act(submit())
    core.open.clear()
    running = asyncio.create_task(worker.run())
    await core.entered.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await ledger.outbox.backlog()).waiting == 1


async def test_why_a_row_waits_is_kept_with_it_and_what_stops_the_route_is_told_once(
    ledger: Ledger, core: Core, clock: StoppedClock
) -> None:
    told: list[str] = []
    worker = Delivery(
        ledger.outbox, core, clock, uniform=lambda low, high: high, told=lambda error: told.append(type(error).__name__)
    )
    await ledger.act(submit())
    core.failure = DeliveryError("busy")
    await worker.step()
    (row,) = await ledger.outbox.waiting()
    assert (row.kind, row.attempts, row.error, row.paused) == ("submission", 1, "DeliveryError", False)
    assert (told, (await ledger.outbox.backlog()).stopped_of) == ([], {})
    core.failure = RoutePaused("401")
    for _ in range(3):
        clock.move(PAUSE_MS)
        await worker.step()
    (row,) = await ledger.outbox.waiting()
    assert (row.attempts, row.error, row.paused, row.next_ms) == (1, "RoutePaused", True, clock() + PAUSE_MS)
    assert (await ledger.outbox.backlog()).stopped_of == {row.service: (row.next_ms, row.queued_ms)}
    assert told == ["RoutePaused"]
    core.failure = Rejected("never")
    clock.move(PAUSE_MS)
    await worker.step()
    assert told == ["RoutePaused", "Rejected"]
    assert await ledger.outbox.waiting() == []
