"""How far an SMS is, by what gateways tell of it in whatever order; and who sends on a route."""

from __future__ import annotations

import asyncio
from itertools import permutations

import pytest

from ussd_engine.ledger import Ledger
from ussd_engine.ledger.smsoutcome import ROUNDS_MS
from ussd_engine.ledger.smsqueue import Lent
from ussd_engine.ledger.smsroutes import HOLD_MS
from ussd_engine.ledger.smstables import sms, sms_reports
from ussd_engine.sms.message import Priority, Progress, Report
from ussd_engine.testing.sms_specimens import HOUR_MS, SmsFixtures, notice, outcome, said
from ussd_engine.testing.specimens import MSISDN, StoppedClock, rows

ACCEPTED, SENT, DELIVERED, FAILED = Progress.ACCEPTED, Progress.SENT, Progress.DELIVERED, Progress.FAILED


def report(provider_id: str, progress: Progress | None, route: str = "first", status: str = "") -> Report:
    """What a gateway tells."""
    words = status or (progress.value if progress else "Odd")
    return Report(channel=route, provider_id=provider_id, status=words, progress=progress)


class SmsReportsContract(SmsFixtures):
    """The suite; a part of `SmsLedgerContract`."""

    async def sent(self, ledger: Ledger, clock: StoppedClock, *ids: str) -> Lent:
        """A message that the first route has taken, an SMS an id."""
        await self.queue(ledger, notice())
        (lent,) = (await self.take(ledger, clock)).lent
        await ledger.sms.settle(outcome(lent, "first", clock(), *(said(provider_id=one) for one in ids)))
        return lent

    async def test_a_message_goes_forward_and_gives_up_what_it_held_once_delivered(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        await self.sent(ledger, clock, "1")
        assert (await rows(ledger, sms))[0].sealed is not None
        told = [
            report("1", SENT),
            report("1", SENT),
            report("1", ACCEPTED),
            report("1", DELIVERED),
            report("1", FAILED),
        ]
        joined = [one for each in told for one in await ledger.sms_reports.take([each], clock())]
        assert joined == ["applied", "unchanged", "unchanged", "applied", "unchanged"]
        (row,) = await rows(ledger, sms)
        assert (row.state, row.sealed, row.number) == ("delivered", None, None)

    @pytest.mark.parametrize("order", list(permutations([SENT, ACCEPTED, DELIVERED])))
    async def test_what_was_told_before_the_id_was_known_is_joined_to_it(
        self, ledger: Ledger, clock: StoppedClock, order: tuple[Progress, ...]
    ) -> None:
        assert await ledger.sms_reports.take([report("1", one) for one in order], clock()) == ["unknown_id"] * 3
        await self.sent(ledger, clock, "1")
        assert await self.states(ledger) == ["delivered"]
        assert await rows(ledger, sms_reports) == []

    async def test_an_id_of_another_route_is_another_id(self, ledger: Ledger, clock: StoppedClock) -> None:
        await self.sent(ledger, clock, "1")
        assert await ledger.sms_reports.take([report("1", DELIVERED, "second")], clock()) == ["unknown_id"]
        assert await self.states(ledger) == ["accepted"]

    async def test_a_status_that_nobody_knows_is_kept_and_changes_nothing(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        await self.sent(ledger, clock, "1")
        odd = [report("1", None), report("1", None), report("2", None), report("3", None, status=" ")]
        assert await ledger.sms_reports.take(odd, clock()) == ["unknown_status"] * 4
        assert await self.states(ledger) == ["accepted"]
        assert len(await rows(ledger, sms_reports)) == 3
        assert (await ledger.sms_view.figures(clock())).unknown_statuses == 3

    async def test_a_message_in_parts_is_final_when_all_of_them_are(self, ledger: Ledger, clock: StoppedClock) -> None:
        await self.sent(ledger, clock, "1", "2", "3")
        seen = []
        for told in (report("1", DELIVERED), report("3", SENT), report("2", DELIVERED), report("3", DELIVERED)):
            await ledger.sms_reports.take([told], clock())
            seen += await self.states(ledger)
        assert seen == ["accepted", "accepted", "sent", "delivered"]

    async def test_a_part_that_failed_makes_the_message_fail_when_the_others_are_there(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        await self.sent(ledger, clock, "1", "2")
        await ledger.sms_reports.take([report("1", FAILED, status="AbsentSubscriber")], clock())
        assert await self.states(ledger) == ["accepted"]
        await ledger.sms_reports.take([report("2", DELIVERED)], clock())
        (row,) = await rows(ledger, sms)
        assert (row.state, row.sealed) == ("failed", None)

    async def test_what_was_not_delivered_goes_again_then_by_the_next_route_and_then_no_more(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        await self.sent(ledger, clock, "first 0")
        tries = [(route, at) for route in ("first", "second") for at in range(len(ROUNDS_MS) + 1)]
        for route, at in tries[1:]:
            if at:
                await ledger.sms_reports.take([report(f"{route} {at - 1}", Progress.EXPIRED, route)], clock())
                assert (await self.take(ledger, clock, route)).lent == [], "not at once"
                clock.move(ROUNDS_MS[at - 1])
            else:
                await ledger.sms_reports.take([report(f"first {len(ROUNDS_MS)}", FAILED)], clock())
            (lent,) = (await self.take(ledger, clock, route)).lent
            assert (lent.msisdn, lent.parts, lent.attempts, lent.rounds) == (MSISDN, {}, 1, at)
            await ledger.sms.settle(outcome(lent, route, clock(), said(provider_id=f"{route} {at}")))
        await ledger.sms_reports.take([report("first 0", DELIVERED)], clock())
        assert await self.states(ledger) == ["accepted"], "that was of one that failed"
        await ledger.sms_reports.take([report(f"second {len(ROUNDS_MS)}", FAILED, "second")], clock())
        assert [one.state for one in await ledger.sms_view.given_up()] == [FAILED]

    @pytest.mark.parametrize(("priority", "waits"), [(Priority.REPLY, False), (Priority.NOTICE, True)])
    async def test_a_reply_does_not_wait_for_one_that_came_back_and_news_keep_their_order(
        self, ledger: Ledger, clock: StoppedClock, priority: Priority, waits: bool
    ) -> None:
        await self.queue(ledger, notice(priority=priority, template="help"))
        (lent,) = (await self.take(ledger, clock)).lent
        await ledger.sms.settle(outcome(lent, "first", clock(), said(provider_id="1")))
        await ledger.sms_reports.take([report("1", FAILED, status="AbsentSubscriber")], clock())
        await self.queue(ledger, notice(priority=priority, template="status"))
        seen = []
        for _ in range(2):
            while due := (await self.take(ledger, clock)).lent:
                (one,) = due
                seen.append(one.template)
                await ledger.sms.settle(outcome(one, "first", clock(), said()))
            clock.move(ROUNDS_MS[0])
        assert seen == (["help", "status"] if waits else ["status", "help"])

    async def test_a_report_that_comes_with_the_answer_is_not_missed(self, ledger: Ledger, clock: StoppedClock) -> None:
        numbers = [f"2557000002{at:02}" for at in range(12)]
        await self.queue(ledger, *(notice(msisdn=number) for number in numbers))
        lent = (await self.take(ledger, clock)).lent
        both = [
            asyncio.gather(
                ledger.sms.settle(outcome(one, "first", clock(), said(provider_id=one.msisdn))),
                ledger.sms_reports.take([report(one.msisdn, DELIVERED)], clock()),
            )
            for one in lent
        ]
        await asyncio.gather(*both)
        assert set(await self.states(ledger)) == {"delivered"}

    async def test_what_stays_with_a_gateway_for_an_hour_is_found(self, ledger: Ledger, clock: StoppedClock) -> None:
        lent = await self.sent(ledger, clock, "1")
        clock.move(HOUR_MS - 1)
        assert await ledger.sms_view.long_accepted(clock()) == []
        clock.move(1)
        assert [one.id for one in await ledger.sms_view.long_accepted(clock())] == [lent.id]
        assert (await ledger.sms_view.figures(clock())).long_accepted == {"first": 1}

    async def test_one_process_at_a_time_holds_a_route(self, ledger: Ledger, clock: StoppedClock) -> None:
        routes = ledger.sms_routes
        held = [await routes.hold("first", one, clock()) for one in ("a", "b", "a")]
        assert [one and one.token for one in held] == [1, None, 1]
        clock.move(HOLD_MS)
        taken = await routes.hold("first", "b", clock())
        assert taken is not None
        assert taken.token == 2
        assert await routes.hold("first", "a", clock()) is None
        await routes.let_go("first", "b")
        back = await routes.hold("first", "a", clock())
        assert back is not None
        assert (back.token, back.stopped) == (3, False)

    async def test_a_route_is_stopped_until_it_is_started(self, ledger: Ledger, clock: StoppedClock) -> None:
        routes = ledger.sms_routes
        await routes.stop("first", "no credit", clock() - 5)
        held = await routes.hold("first", "a", clock())
        assert held is not None
        assert (held.stopped, held.reason, held.stopped_ms) == (True, "no credit", clock() - 5)
        assert [await routes.start("first"), await routes.start("first")] == [True, False]
        (begun,) = await routes.all()
        assert (begun.name, begun.holder, begun.stopped, begun.stopped_ms) == ("first", "a", False, 0)

    async def test_what_a_provider_answers_does_not_hide_what_a_person_said(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        routes = ledger.sms_routes
        for words, by_hand, stands in (
            ("no credit", False, "no credit"),
            ("no key", False, "no credit"),
            ("they move", True, "they move"),
            ("no key", False, "they move"),
            ("moved by Monday", True, "moved by Monday"),
        ):
            await routes.stop("first", words, clock(), by_hand=by_hand)
            assert [one.reason for one in await routes.all()] == [stands]

    async def test_a_bind_that_does_not_stand_is_told_beside_a_stop_and_since_when(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        routes, began = ledger.sms_routes, clock()
        await routes.hold("first", "a", began, "it was not reached")
        await routes.stop("first", "they move", began)
        clock.move(5_000)
        held = await routes.hold("first", "a", clock(), "the password is wrong")
        assert held is not None
        assert (held.stopped, held.reason, held.unbound, held.unbound_ms) == (
            True,
            "they move",
            "the password is wrong",
            began,
        )
        assert held.unbound_s(clock()) == 5
        assert await routes.start("first")
        (begun,) = await routes.all()
        assert (begun.stopped, begun.unbound) == (False, "the password is wrong"), "no start makes a bind stand"
        stands = await routes.hold("first", "a", clock())
        assert stands is not None
        assert (stands.unbound, stands.unbound_ms, stands.unbound_s(clock())) == ("", 0, 0)

    async def test_who_holds_it_without_a_bind_yields_to_who_has_one(self, ledger: Ledger, clock: StoppedClock) -> None:
        routes, down = ledger.sms_routes, "it refuses the bind"
        await routes.hold("first", "a", clock(), down)
        assert await routes.hold("first", "b", clock(), down) is None
        taken = await routes.hold("first", "b", clock())
        assert taken is not None
        assert (taken.holder, taken.token, taken.unbound, taken.unbound_ms) == ("b", 2, "", 0)
        assert [await routes.hold("first", "a", clock(), why) for why in (down, "")] == [None, None]

    async def test_how_long_a_route_rests_is_known_to_who_holds_it_next(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        routes = ledger.sms_routes
        await routes.hold("first", "a", clock())
        await routes.rest("first", "a", clock() + HOUR_MS, clock() - 5)
        await routes.read_to("first", "a", "m7")
        await routes.let_go("first", "a")
        taken = await routes.hold("first", "b", clock())
        assert taken is not None
        assert (taken.not_before_ms, taken.down_ms, taken.inbox) == (clock() + HOUR_MS, clock() - 5, "m7")
        # Who holds it no longer says nothing of it.
        await routes.rest("first", "a", 0, 0)
        await routes.read_to("first", "a", "m1")
        assert await routes.all() == [taken]

    async def test_a_route_that_is_started_by_somebody_rests_no_longer(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        routes = ledger.sms_routes
        await routes.hold("first", "a", clock())
        await routes.rest("first", "a", clock() + HOUR_MS, clock())
        await routes.stop("first", "no credit", clock())
        await routes.start("first")
        assert [(one.not_before_ms, one.down_ms) for one in await routes.all()] == [(0, 0)]

    async def test_a_link_goes_with_the_first_attempt_and_not_after_a_report_that_it_failed(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        await self.queue(ledger, notice(link="a link"))
        (lent,) = (await self.take(ledger, clock)).lent
        assert lent.link == "a link"
        await ledger.sms.settle(outcome(lent, "first", clock(), said(provider_id="1")))
        await ledger.sms_reports.take([report("1", FAILED, status="InvalidLinkId")], clock())
        clock.move(HOUR_MS)
        (again,) = (await self.take(ledger, clock)).lent
        assert (again.attempts, again.link) == (1, "")
