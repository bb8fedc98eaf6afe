"""The sender of a route against a provider that fails in every way, in time that leaps."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from tests.sms.leaping import LeapingLoop
from tests.sms.sms_provider import (
    Office,
    Provider,
    Tell,
    failing,
    notice_to,
    run_for,
    run_until,
)
from ussd_engine.channels.sms import Limits
from ussd_engine.errors import LedgerUnavailable, RolledBack
from ussd_engine.ledger.smsoutcome import Outcome
from ussd_engine.ledger.smsqueue import LEASE_MS, Lent
from ussd_engine.ledger.smsroutes import HOLD_MS
from ussd_engine.sms.message import Outgoing, Progress, RouteFault, Sent
from ussd_engine.sms.pace import SILENT
from ussd_engine.sms.sender import CAP_MS, ELSEWHERE_S


def test_a_provider_that_asks_to_be_left_alone_is(tell: Tell) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        provider = Provider(loop, failing(RouteFault("429", after_s=120.0)))
        await office.queue(notice_to(1), notice_to(2))
        await run_for(110, office.sender(provider))
        assert len(provider.calls) == 1
        await run_for(20, office.sender(provider))
        assert len(provider.seen) == 2

    tell(story)


def test_a_route_without_credit_stops_until_it_is_started(tell: Tell) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        provider = Provider(loop, failing(RouteFault("no credit", stop=True)), limits=Limits(1, 1, ""))
        await office.queue(notice_to(1), notice_to(2))
        await run_for(300, office.sender(provider))
        assert len(provider.calls) == 1
        assert office.counts["stopped"] == 1
        assert [(one.stopped, one.reason) for one in await office.ledger.sms_routes.all()] == [(True, "no credit")]
        await office.ledger.sms_routes.start("first")
        await run_for(10, office.sender(provider))
        assert len(provider.seen) == 2

    tell(story)


def test_an_operator_stops_a_route_that_runs(tell: Tell) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        provider = Provider(loop, limits=Limits(1, 1, ""))
        await office.queue(*(notice_to(at) for at in range(100)))
        sending = asyncio.create_task(run_for(60, office.sender(provider)))
        await asyncio.sleep(10)
        await office.ledger.sms_routes.stop("first", "by an operator", office.clock())
        await sending
        assert 8 <= len(provider.seen) <= 16

    tell(story)


def test_a_provider_that_is_down_is_asked_by_one_message_at_a_time(tell: Tell) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        async def down(call: int, batch: Sequence[Outgoing]) -> None:
            if loop.time() < 500:
                raise RouteFault("500")

        provider = Provider(loop, down, limits=Limits(3, 1, ""))
        await office.queue(*(notice_to(at) for at in range(30)))
        await run_for(590, office.sender(provider))
        early = [at_s for at_s, _ in provider.calls if at_s < 490]
        assert SILENT <= len(early) <= 30
        assert len(provider.seen) == 30
        assert office.counts["dead"] == 0

    tell(story)


def test_what_waits_for_a_route_that_stays_down_goes_by_the_next(tell: Tell) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        async def down(call: int, batch: Sequence[Outgoing]) -> None:
            raise RouteFault("nobody answers")

        first, second = Provider(loop, down), Provider(loop, name="second")
        await office.queue(*(notice_to(at) for at in range(30)))
        await run_for(ELSEWHERE_S + 120, office.sender(first), office.sender(second))
        assert len(second.seen) == 30
        assert first.seen == []

    tell(story)


@pytest.mark.parametrize("again", [True, False])
def test_what_a_provider_cannot_send_goes_by_the_next_and_then_no_more(tell: Tell, again: bool) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        async def never(call: int, batch: Sequence[Outgoing]) -> list[Sent]:
            return [Sent(id=one.id, progress=Progress.FAILED, reason="501", again=again) for one in batch]

        providers = [Provider(loop, never), Provider(loop, never, name="second")]
        await office.queue(notice_to(1))
        await run_until(1, office, 20 * CAP_MS / 1000, *(office.sender(one) for one in providers))
        assert [len(one.calls) for one in providers] == ([8, 8] if again else [1, 1])
        assert (office.counts["rerouted"], office.counts["dead"]) == (1, 1)
        (row,) = await office.ledger.sms_view.given_up()
        assert row.reason == "501"

    tell(story)


def test_what_was_perhaps_taken_comes_again_a_few_times_and_is_counted(tell: Tell) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        async def drops(call: int, batch: Sequence[Outgoing]) -> None:
            provider.take(batch)
            raise RouteFault("the connection broke", perhaps_taken=True)

        provider = Provider(loop, drops, name="second")
        await office.queue(notice_to(1), route="second")
        await run_until(1, office, 20 * CAP_MS / 1000, office.sender(provider))
        assert len(provider.seen) == 8
        assert len({seen.id for seen in provider.seen}) == 1
        assert office.counts["perhaps_twice"] == 8
        assert (await office.ledger.sms_view.given_up())[0].reason == "the connection broke"

    tell(story)


def test_of_a_sender_that_was_killed_only_what_was_under_way_may_come_twice(tell: Tell) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        dead, alive = Provider(loop, limits=Limits(5, 1, "")), Provider(loop, limits=Limits(5, 1, ""))

        async def hangs(call: int, batch: Sequence[Outgoing]) -> None:
            dead.take(batch)
            await asyncio.sleep(1e6)

        dead._answer = hangs
        await office.queue(*(notice_to(at) for at in range(20)))
        killed = office.sender(dead, "killed")
        await asyncio.sleep(0)
        assert await killed.step() == 0
        await asyncio.sleep(1.1)
        assert await killed.step() == 5
        await asyncio.sleep(0.1)
        for task in killed._under_way:
            task.cancel()
        await run_for(HOLD_MS / 1000 + 40, office.sender(alive, "alive"))
        assert alive.seen[0].at_s >= HOLD_MS / 1000
        assert len({seen.id for seen in alive.seen}) == 20
        assert {seen.id for seen in dead.seen} <= {seen.id for seen in alive.seen}
        assert office.counts["perhaps_twice"] == len(dead.seen) == dead.at_once == 5

    tell(story)


def test_what_has_no_words_is_given_up_and_what_has_none_yet_waits(tell: Tell) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        asked: list[str] = []

        async def words(lent: Lent) -> list[str]:
            asked.append(lent.template)
            if lent.template == "slow" and asked.count("slow") == 1:
                raise LedgerUnavailable("the core does not answer")
            return [] if lent.template == "none" else ["(1/2) a", "(2/2) b"]

        provider = Provider(loop)
        await office.queue(notice_to(1, template="none"), notice_to(2, template="slow"))
        await run_for(60, office.sender(provider, words=words))
        assert [seen.text for seen in provider.seen] == ["(1/2) a", "(2/2) b"]
        (row,) = await office.ledger.sms_view.given_up()
        assert (row.template, row.reason) == ("none", "there is nothing to say")

    tell(story)


def test_a_ledger_that_does_not_take_the_mark_is_asked_again(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        settle, asked = office.ledger.sms.settle, Counter[bytes]()

        async def the_third_time(outcome: Outcome) -> str:
            asked[outcome.id] += 1
            if asked[outcome.id] < 3:
                raise RolledBack("busy")
            return await settle(outcome)

        monkeypatch.setattr(office.ledger.sms, "settle", the_third_time)
        provider = Provider(loop)
        await office.queue(*(notice_to(at) for at in range(10)))
        await run_for(60, office.sender(provider))
        assert (office.counts["accepted"], provider.repeats) == (10, 0)

    tell(story)


def test_a_reply_that_waited_too_long_for_its_turn_is_not_sent_into_the_next_lease(
    tell: Tell,
) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        async def words(lent: Lent) -> list[str]:
            return [f"({at}/20) {lent.msisdn}" for at in range(1, 21)]

        provider = Provider(loop, limits=Limits(1, 1, ""))
        await office.queue(notice_to(1), notice_to(2))
        await run_for(LEASE_MS / 1000 * 4, office.sender(provider, words=words))
        assert len(provider.seen) == 40
        assert provider.repeats == office.counts["perhaps_twice"] == 0

    tell(story)
