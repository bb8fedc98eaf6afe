"""A core that is down, or asks to be left alone: nobody waits for it, nothing is lost, nothing comes twice."""

from collections import Counter

import pytest

from tests.feedback.carrying import Core, poison
from ussd_engine import delivery
from ussd_engine.delivery import ATTEMPTS, FIRST_MS, PAUSE_MS, Delivery, Happening
from ussd_engine.errors import DeliveryError
from ussd_engine.ledger import Ledger
from ussd_engine.testing.specimens import StoppedClock, submit


async def test_a_core_that_answers_nobody_uses_up_no_attempts(
    ledger: Ledger, worker: Delivery, core: Core, clock: StoppedClock, counted: Counter[Happening]
) -> None:
    for _ in range(delivery.SILENT):
        await ledger.act(submit(caller=None))
    core.failure = OSError("connection refused")
    assert await worker.step() == delivery.SILENT
    assert await worker.step() == 0
    for _ in range(5 * ATTEMPTS):
        clock.move(PAUSE_MS)
        assert await worker.step() == 1, "one row asks whether the core is back"
    core.failure = None
    clock.move(PAUSE_MS)
    while await worker.step():
        continue
    assert (counted["delivered"], counted["dead"], counted["retried"]) == (delivery.SILENT, 0, 0)


@pytest.mark.parametrize(("after_s", "waits_ms"), [(3600.0, 3_600_000), (1e9, delivery.LONGEST_MS), (1.0, FIRST_MS)])
async def test_a_core_is_left_alone_as_long_as_it_asks(
    ledger: Ledger,
    worker: Delivery,
    core: Core,
    clock: StoppedClock,
    counted: Counter[Happening],
    after_s: float,
    waits_ms: int,
) -> None:
    await ledger.act(submit(caller=None))
    core.failure = DeliveryError("not now")
    core.failure.after_s = after_s
    assert await worker.step() == 1
    clock.move(waits_ms - 1)
    core.failure = None
    assert await worker.step() == 0
    clock.move(1)
    assert await worker.step() == 1
    assert counted == {"retried": 1, "delivered": 1}


async def test_what_is_sent_while_a_core_asks_to_be_left_alone_waits_too(
    ledger: Ledger, worker: Delivery, core: Core, clock: StoppedClock
) -> None:
    await poison(ledger, core, DeliveryError("not now"))
    assert isinstance(core.failure, DeliveryError)
    core.failure.after_s = 60.0
    await worker.step()
    await ledger.act(submit(caller=None))
    assert await worker.step() == 0
    clock.move(60_000)
    assert await worker.step() == 1
    assert len(core.taken) == 1


HOUR_MS = 3_600_000


@pytest.mark.parametrize("every_ms", [30_000, 5 * 60_000])
async def test_a_core_that_is_down_for_an_hour_gets_everything_once(
    ledger: Ledger, worker: Delivery, core: Core, clock: StoppedClock, counted: Counter[Happening], every_ms: int
) -> None:
    shown: list[str] = []
    core.failure = OSError("connection refused")
    ends = clock() + HOUR_MS
    while clock() < ends:
        before = clock()
        shown.append((await ledger.act(submit(caller=None, at_ms=clock()))).reference)
        assert clock() == before, "nobody waits for the core"
        while await worker.step():
            continue
        clock.move(every_ms)
    assert core.taken == []
    core.failure = None
    for _ in range(2 * 60):
        clock.move(30_000)
        await worker.step()
    assert Counter(sent.reference for sent in core.taken) == Counter(shown)
    assert len({sent.idempotency_key for sent in core.taken}) == len(shown) == HOUR_MS // every_ms
    assert (counted["delivered"], counted["dead"]) == (len(shown), 0)
