"""In what order and how fast a sender sends, whatever happens on the way, in time that leaps."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import pytest

from tests.sms.leaping import LeapingLoop
from tests.sms.sms_provider import (
    Office,
    Provider,
    Tell,
    notice_to,
    run_for,
    run_until,
)
from ussd_engine.channels.sms import Limits
from ussd_engine.ledger.smsoutcome import Outcome
from ussd_engine.sms.message import Outgoing, Priority, Progress, RouteFault, Sent


def test_replies_overtake_notices_and_notices_bulk(tell: Tell) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        provider = Provider(loop, limits=Limits(5, 1, ""))
        order = [Priority.BULK, Priority.NOTICE, Priority.REPLY] * 10
        await office.queue(*(notice_to(at, priority=one, template=one.name) for at, one in enumerate(order)))
        await run_for(30, office.sender(provider))
        names = [seen.text.split()[0] for seen in provider.seen]
        assert names == ["REPLY"] * 10 + ["NOTICE"] * 10 + ["BULK"] * 10

    tell(story)


def test_a_reply_that_comes_late_waits_for_no_bulk(tell: Tell) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        provider = Provider(loop, limits=Limits(10, 1, ""))
        await office.queue(*(notice_to(at, priority=Priority.BULK) for at in range(300)))
        sending = asyncio.create_task(run_for(20, office.sender(provider)))
        await asyncio.sleep(8)
        asked_s = loop.time()
        await office.queue(notice_to(999, priority=Priority.REPLY, template="help"))
        await sending
        (reply,) = [seen for seen in provider.seen if seen.text.startswith("help")]
        assert reply.at_s - asked_s < 2.5

    tell(story)


@pytest.mark.parametrize(
    "limits", [Limits(1, 1, ""), Limits(7, 1, ""), Limits(20, 6, ""), Limits(2.5, 100, ""), Limits(0.5, 1, "")]
)
@pytest.mark.parametrize("slowest_s", [0.0, 0.4, 3.0])
def test_no_sliding_second_holds_more_than_the_limit(tell: Tell, limits: Limits, slowest_s: float) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        chance = random.Random(7)

        async def slow(call: int, batch: Sequence[Outgoing]) -> None:
            await asyncio.sleep(chance.uniform(0, slowest_s))

        provider = Provider(loop, slow, limits=limits)
        await office.queue(*(notice_to(at, values={}) for at in range(40)))
        await run_for(300, office.sender(provider))
        assert provider.most_in_a_second() <= max(1, int(limits.per_second))
        arrived = sorted(seen.at_s for seen in provider.seen)
        # Where the provider itself counts, between begin and end of a call, it is the same.
        most = max(sum(1 for other in arrived[at:] if other < one + 1.0) for at, one in enumerate(arrived))
        assert most <= max(1, int(limits.per_second))
        assert len(provider.seen) == 40
        assert provider.repeats == 0

    tell(story)


def test_equal_texts_go_in_one_call(tell: Tell) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        provider = Provider(loop, limits=Limits(100, 10, ""))
        await office.queue(*(notice_to(at, values={"ref": str(at % 2)}) for at in range(24)))
        await run_for(5, office.sender(provider))
        assert sorted(size for _, size in provider.calls) == [2, 2, 10, 10]

    tell(story)


def test_two_processes_keep_the_limit_of_one_route(tell: Tell) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        provider = Provider(loop, limits=Limits(10, 1, ""))
        await office.queue(*(notice_to(at) for at in range(300)))
        for first, second in (("a", "b"), ("b", "a"), ("a", "b")):
            await run_for(12, office.sender(provider, first), office.sender(provider, second))
        assert provider.most_in_a_second() <= 10
        assert len(provider.seen) == 300
        assert provider.repeats == office.counts["perhaps_twice"] == 0

    tell(story)


def test_no_more_is_sent_than_a_slow_ledger_can_mark(tell: Tell) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        provider, settle = Provider(loop, limits=Limits(10, 1, "")), office.ledger.sms.settle

        async def slow(outcome: Outcome) -> str:
            await asyncio.sleep(6)
            return await settle(outcome)

        office.ledger.sms.settle = slow  # type: ignore[method-assign]
        await office.queue(*(notice_to(at) for at in range(40)))
        sending = asyncio.create_task(run_for(60, office.sender(provider)))
        await asyncio.sleep(6)
        assert len(provider.seen) == 10
        await sending
        assert len(provider.seen) == 40
        assert provider.repeats == 0

    tell(story)


@pytest.mark.parametrize("seed", range(12))
def test_under_every_kind_of_trouble_each_is_accepted_and_repeats_are_counted(tell: Tell, seed: int) -> None:
    chance = random.Random(seed)
    per_second, per_call = chance.choice([5, 20, 50]), chance.choice([1, 1, 8])

    async def story(office: Office, loop: LeapingLoop) -> None:
        async def troubled(call: int, batch: Sequence[Outgoing]) -> list[Sent] | None:
            await asyncio.sleep(chance.choice([0.0, 0.1, 2.0]))
            dice = chance.random()
            if dice < 0.05:
                raise RouteFault("429", after_s=chance.uniform(0, 5))
            if dice < 0.1:
                raise RouteFault("500")
            if dice < 0.15:
                provider.take(batch)
                raise RouteFault("the connection broke", perhaps_taken=True)
            if dice < 0.2:
                raise TimeoutError
            if dice < 0.3:
                taken = [one for one in batch if chance.random() < 0.5]
                provider.take(taken)
                return [Sent(id=one.id, progress=Progress.ACCEPTED, provider_id=one.id.hex()) for one in taken]
            return None

        provider = Provider(loop, troubled, limits=Limits(per_second, per_call, ""))
        await office.queue(*(notice_to(at, priority=Priority(at % 3)) for at in range(90)))
        senders = [office.sender(provider, seed=seed), office.sender(Provider(loop, name="second"))]
        await run_until(90, office, 3600, *senders)
        assert len({seen.id for seen in provider.seen}) == 90
        assert provider.repeats <= office.counts["perhaps_twice"]
        assert provider.most_in_a_second() <= per_second
        assert await office.states() == {"accepted": 90}

    tell(story)
