"""How long a route rests stands with the route: a sender that is started again honours it, and so does another node."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from tests.sms.leaping import LeapingLoop
from tests.sms.sms_provider import Office, Provider, Tell, failing, notice_to, run_for
from ussd_engine.channels.sms import Limits
from ussd_engine.errors import RolledBack
from ussd_engine.ledger.smsroutes import SmsRoutes
from ussd_engine.sms.message import Outgoing, Priority, Progress, RouteFault, Sent
from ussd_engine.sms.pace import LONGEST_S
from ussd_engine.sms.sender import ELSEWHERE_S


@pytest.mark.parametrize("next_holder", ["a", "b"])
def test_what_a_provider_asked_for_outlives_the_sender(tell: Tell, next_holder: str) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        provider = Provider(loop, failing(RouteFault("429", after_s=300.0)), limits=Limits(10, 1, ""))
        await office.queue(notice_to(1))
        await run_for(10, office.sender(provider, "a"))
        assert len(provider.calls) == 1
        # What is queued afterwards has no time of its own to wait for.
        await office.queue(*(notice_to(at) for at in range(2, 12)))
        await run_for(280, office.sender(provider, next_holder))
        assert len(provider.calls) == 1
        await run_for(30, office.sender(provider, next_holder))
        assert len(provider.seen) == 11

    tell(story)


@pytest.mark.parametrize(("asked_s", "left"), [(50.0, []), (300.0, ["reply"]), (7200.0, ["reply", "notice"])])
def test_a_route_that_asks_to_be_left_alone_for_long_is_left_to_the_next(
    tell: Tell, asked_s: float, left: list[str]
) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        first = Provider(loop, failing(RouteFault("429", after_s=asked_s)), limits=Limits(10, 1, ""))
        second = Provider(loop, name="second")
        await office.queue(notice_to(1))
        await run_for(10, office.sender(first, "a"))
        await office.queue(notice_to(2, priority=Priority.REPLY), notice_to(3))
        await run_for(20, office.sender(first, "a"))
        await run_for(10, office.sender(second))
        numbers = {"reply": notice_to(2).msisdn, "notice": notice_to(3).msisdn}
        assert {numbers[one] for one in left} <= {one.msisdn for one in second.seen}
        assert len(second.seen) == len(left) + ("notice" in left)

    tell(story)


def test_a_sender_that_was_killed_leaves_its_rest_to_the_next(tell: Tell) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        provider = Provider(loop, failing(RouteFault("429", after_s=300.0)), limits=Limits(10, 1, ""))
        await office.queue(notice_to(1))
        killed = office.sender(provider, "a")
        assert await killed.step() == 0  # a route begins with a second in which nothing goes
        await asyncio.sleep(2)
        assert await killed.step() == 1
        await killed.settled()
        assert len(provider.calls) == 1
        await office.queue(notice_to(2))
        await run_for(290, office.sender(provider, "b"))
        assert len(provider.calls) == 1
        await run_for(60, office.sender(provider, "b"))
        assert len(provider.seen) == 2

    tell(story)


def test_a_node_that_takes_over_a_route_that_is_down_asks_by_one_message_at_a_time(tell: Tell) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        async def down(call: int, batch: Sequence[Outgoing]) -> None:
            await asyncio.sleep(1)
            raise RouteFault("nobody answers")

        first = Provider(loop, down, limits=Limits(20, 1, ""))
        await office.queue(*(notice_to(at) for at in range(100)))
        await run_for(30, office.sender(first, "a"))
        (route,) = await office.ledger.sms_routes.all()
        assert 0 < route.down_ms <= office.clock()
        taken_over = Provider(loop, down, limits=Limits(20, 1, ""))
        await run_for(LONGEST_S, office.sender(taken_over, "b"))
        assert taken_over.calls
        assert taken_over.at_once == 1

    tell(story)


def test_a_route_is_left_for_the_next_by_how_long_it_is_down_not_by_how_long_its_sender_lives(tell: Tell) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        async def down(call: int, batch: Sequence[Outgoing]) -> None:
            raise RouteFault("nobody answers")

        first, second = Provider(loop, down), Provider(loop, name="second")
        await office.queue(*(notice_to(at) for at in range(30)))
        for turn in range(4):
            await run_for(ELSEWHERE_S / 3, office.sender(first, f"node {turn}"))
        await run_for(120, office.sender(second))
        assert len(second.seen) == 30

    tell(story)


def test_a_route_that_answers_again_is_down_no_longer_for_anybody(tell: Tell) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        provider = Provider(loop, failing(*[RouteFault("nobody answers")] * 4), limits=Limits(5, 1, ""))
        await office.queue(*(notice_to(at) for at in range(5)))
        await run_for(300, office.sender(provider))
        assert len(provider.seen) == 5
        (route,) = await office.ledger.sms_routes.all()
        assert route.down_ms == 0
        assert route.not_before_ms <= office.clock()

    tell(story)


def test_where_a_rest_cannot_be_written_the_next_call_tells_it(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    left, real = [1], SmsRoutes.rest

    async def away(self: SmsRoutes, *of: object) -> None:
        if left[0]:
            left[0] -= 1
            raise RolledBack("away on purpose")
        await real(self, *of)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(SmsRoutes, "rest", away)

    async def story(office: Office, loop: LeapingLoop) -> None:
        faults = [RouteFault("429", after_s=20.0), RouteFault("429", after_s=600.0)]
        provider = Provider(loop, failing(*faults), limits=Limits(10, 1, ""))
        await office.queue(notice_to(1))
        await run_for(60, office.sender(provider))
        assert len(provider.calls) == 2
        assert left == [0]
        (route,) = await office.ledger.sms_routes.all()
        assert route.not_before_ms - office.clock() > 500_000

    tell(story)


# what a reply carries back


def test_a_link_goes_with_the_first_attempt_alone(tell: Tell) -> None:
    async def story(office: Office, loop: LeapingLoop) -> None:
        links: list[list[str]] = []

        async def refuses_links(call: int, batch: Sequence[Outgoing]) -> list[Sent] | None:
            links.append([one.link for one in batch])
            if any(one.link for one in batch):
                return [Sent(id=one.id, progress=Progress.FAILED, reason="used up", again=True) for one in batch]
            return None

        provider = Provider(loop, refuses_links, limits=Limits(100, 10, ""))
        linked = ["l0", "l1", "", ""]
        replies = [notice_to(at, priority=Priority.REPLY, values={}, link=link) for at, link in enumerate(linked)]
        await office.queue(*replies)
        await run_for(60, office.sender(provider))
        # Of equal text, and not in one call: each carries its own.
        assert sorted(links) == [[""], [""], ["", ""], ["l0"], ["l1"]]
        assert len(provider.seen) == 4

    tell(story)
