"""What every ledger must do with SMS, whatever database is under it.

Subclass `SmsLedgerContract`, and give it the fixture `url`, as for `LedgerContract`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import event, update

from ussd_engine.ledger import Ledger, PurgeLog
from ussd_engine.ledger.smsoutcome import ATTEMPTS
from ussd_engine.ledger.smsqueue import LEASE_MS, Lent
from ussd_engine.ledger.smsrows import withhold
from ussd_engine.ledger.smstables import sms, sms_parts
from ussd_engine.ledger.tables import cases, contacts
from ussd_engine.model import Mode
from ussd_engine.sms.message import Priority, Progress
from ussd_engine.testing.sms_inbox_contract import SmsInboxContract
from ussd_engine.testing.sms_notices_contract import SmsNoticesContract, set_sms
from ussd_engine.testing.sms_reports_contract import SmsReportsContract
from ussd_engine.testing.sms_specimens import HOUR_MS, notice, outcome, said
from ussd_engine.testing.sms_stale_contract import SmsStaleContract
from ussd_engine.testing.specimens import MSISDN, NOON_MS, StoppedClock, rows, submit
from ussd_engine.tracking import Erase

OTHER = "255700000002"
EVENING_MS = NOON_MS + 5 * HOUR_MS + HOUR_MS // 2
"""Half past eight."""
MORNING_MS = NOON_MS + 17 * HOUR_MS
"""Eight on the day after."""


class SmsLedgerContract(SmsNoticesContract, SmsReportsContract, SmsInboxContract, SmsStaleContract):
    """The suite."""

    async def test_of_two_messages_that_tell_the_same_the_first_is_kept(self, ledger: Ledger) -> None:
        one = notice()
        await self.queue(ledger, one)
        await self.queue(ledger, one, msgspec.structs.replace(one, template="answered"))
        assert [template for template, _ in await self.waiting(ledger)] == ["opened"]

    async def test_replies_go_before_notices_and_notices_before_bulk(self, ledger: Ledger, clock: StoppedClock) -> None:
        order = [Priority.BULK, Priority.NOTICE, Priority.REPLY, Priority.BULK, Priority.REPLY, Priority.NOTICE]
        made = [notice(priority=one, msisdn=f"25570000001{at}") for at, one in enumerate(order)]
        await self.queue(ledger, *made)
        lent = [one for _ in range(6) for one in (await self.take(ledger, clock, most=1)).lent]
        assert [one.priority for one in lent] == sorted(order)

    async def test_to_one_number_goes_one_message_at_a_time_in_order(self, ledger: Ledger, clock: StoppedClock) -> None:
        await self.queue(ledger, *(notice(template=name) for name in ("opened", "in_progress", "answered")))
        seen = []
        while lent := (await self.take(ledger, clock)).lent:
            (one,) = lent
            seen.append(one.template)
            assert await ledger.sms.settle(outcome(one, "first", clock(), said())) == "accepted"
        assert seen == ["opened", "in_progress", "answered"]

    async def test_a_message_is_lent_to_one_sender_and_what_may_come_twice_is_told(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        await self.queue(ledger, notice())
        (late,) = (await self.take(ledger, clock)).lent
        assert (await self.take(ledger, clock)).lent == []
        clock.move(LEASE_MS)
        again = await self.take(ledger, clock)
        (fresh,) = again.lent
        assert (again.perhaps_twice, fresh.attempts, fresh.token) == (1, 2, 2)
        assert await ledger.sms.settle(outcome(late, "first", clock(), said())) == "stale"
        assert await ledger.sms.settle(outcome(fresh, "first", clock(), said())) == "accepted"
        assert await ledger.sms.settle(outcome(fresh, "first", clock(), said())) == "stale"

    async def test_what_may_come_twice_is_told_once_though_the_hours_of_the_day_put_it_off(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        await self.queue(ledger, notice())
        await self.take(ledger, clock)
        clock.move(EVENING_MS - NOON_MS)
        assert (await self.take(ledger, clock))[:3] == ([], [], 1)
        clock.move(MORNING_MS - EVENING_MS)
        taken = await self.take(ledger, clock)
        assert (len(taken.lent), taken.perhaps_twice) == (1, 0)

    async def test_what_came_of_many_takes_no_more_statements_than_of_one(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        await self.queue(ledger, *(notice(msisdn=f"2557000000{at:02}") for at in range(60)))
        lent = (await self.take(ledger, clock)).lent
        statements: list[str] = []
        event.listen(ledger.database.engine, "before_cursor_execute", lambda *seen: statements.append(seen[2]))

        async def settled(some: Sequence[Lent]) -> int:
            statements.clear()
            every = [outcome(one, "first", clock(), said(provider_id=one.msisdn)) for one in some]
            assert await asyncio.gather(*map(ledger.sms.settle, every)) == ["accepted"] * len(some)
            return len(statements)

        assert await settled(lent[:1]) >= await settled(lent[1:])

    async def test_senders_at_once_are_lent_each_message_once(self, ledger: Ledger, clock: StoppedClock) -> None:
        await self.queue(ledger, *(notice(msisdn=f"2557000001{at:02}") for at in range(20)))
        taken = await asyncio.gather(*(self.take(ledger, clock, most=7) for _ in range(4)))
        rest = await self.take(ledger, clock)
        ids = [lent.id for some in [*taken, rest] for lent in some.lent]
        assert len(ids) == len(set(ids)) == 20

    async def test_stop_is_read_when_it_leaves_and_silences_pushes_alone(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        await ledger.act(set_sms(False))
        reply = notice(push=False, priority=Priority.REPLY, template="help")
        await self.queue(ledger, notice(), reply, notice(msisdn=OTHER))
        taken = await self.take(ledger, clock)
        assert [(lent.template, lent.msisdn) for lent in taken.lent] == [("help", MSISDN), ("opened", OTHER)]
        assert taken.withheld == ["stopped"]
        (gone,) = [row for row in await rows(ledger, sms) if row.state == Progress.WITHHELD]
        assert (gone.sealed, gone.number, gone.tag, gone.reason) == (None, None, None, "stopped")

    async def test_a_request_without_its_end_is_not_repeated_after_stop(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        await self.queue(ledger, notice())
        await self.take(ledger, clock)
        await ledger.act(set_sms(False))
        clock.move(LEASE_MS)
        assert (await self.take(ledger, clock))[:3] == ([], ["stopped"], 0)

    async def test_erasure_is_read_when_it_leaves(self, ledger: Ledger, clock: StoppedClock) -> None:
        act = submit(mode=Mode.NAMED)
        await ledger.act(act)
        await self.queue(ledger, notice(), notice(msisdn=OTHER))
        await ledger.act(Erase(key=secrets.token_bytes(12), msisdn=MSISDN, at_ms=clock()))
        assert await rows(ledger, contacts) == []
        taken = await self.take(ledger, clock)
        assert {(lent.template, lent.msisdn) for lent in taken.lent} == {("erased", MSISDN), ("opened", OTHER)}

    async def test_a_case_without_its_contact_or_of_nobody_tells_nothing(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        act = await self.submitted(ledger)
        case = await ledger.case(act.reference)
        assert case is not None
        await self.queue(ledger, notice(msisdn=None, handle="00" * 16), notice(msisdn=None, handle=case.handle))
        anonymous = update(cases).values(mode=Mode.ANONYMOUS.value)
        await ledger.database.write(lambda conn: conn.execute(anonymous).rowcount)
        assert (await self.take(ledger, clock))[:2] == ([], ["erased", "anonymous"])

    async def test_a_case_is_told_in_the_language_that_its_citizen_chose_last(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        act = await self.submitted(ledger)
        case = await ledger.case(act.reference)
        assert case is not None
        await self.queue(ledger, notice(msisdn=None, handle=case.handle, locale=""), notice(msisdn=OTHER, locale=""))
        await ledger.act(set_sms(True))
        assert {(lent.msisdn, lent.locale) for lent in (await self.take(ledger, clock)).lent} == {
            (MSISDN, "sw"),
            (OTHER, ""),
        }

    async def test_what_is_told_by_night_goes_in_the_morning_and_a_reply_at_once(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        clock.now_ms = EVENING_MS
        late, reply = notice(at_ms=clock()), notice(at_ms=clock(), priority=Priority.REPLY, msisdn=OTHER)
        await self.queue(ledger, late, reply)
        assert [lent.msisdn for lent in (await self.take(ledger, clock)).lent] == [OTHER]
        clock.now_ms = MORNING_MS - 1
        assert (await self.take(ledger, clock)).withheld == []
        clock.now_ms = MORNING_MS
        assert MSISDN in [lent.msisdn for lent in (await self.take(ledger, clock)).lent]

    async def test_what_waited_into_the_night_waits_for_the_morning(self, ledger: Ledger, clock: StoppedClock) -> None:
        await self.queue(ledger, notice())
        clock.now_ms = EVENING_MS
        assert (await self.take(ledger, clock)).lent == []
        (row,) = await rows(ledger, sms)
        assert (row.not_before_ms, row.sending, row.attempts) == (MORNING_MS, False, 0)

    async def test_after_its_attempts_a_message_goes_to_the_next_route_and_then_no_more(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        await self.queue(ledger, notice())
        failed = said(Progress.FAILED, again=True, reason="500")
        for route, end in (("first", "rerouted"), ("second", "dead")):
            for attempt in range(1, ATTEMPTS + 1):
                (lent,) = (await self.take(ledger, clock, route)).lent
                assert lent.attempts == attempt
                happened = await ledger.sms.settle(outcome(lent, route, clock(), failed))
                assert happened == (end if attempt == ATTEMPTS else "retried")
            assert (await self.take(ledger, clock, route)).lent == []
        (row,) = await rows(ledger, sms)
        assert (row.state, row.sealed, row.number, row.reason) == ("failed", None, None, "500")
        (given_up,) = await ledger.sms_view.given_up()
        assert (given_up.id, given_up.template) == (row.id, "opened")

    @pytest.mark.parametrize(
        ("progress", "happened", "state"),
        [(Progress.FAILED, "rerouted", "queued"), (Progress.REJECTED, "dead", "rejected")],
    )
    async def test_what_a_gateway_cannot_do_another_may_what_it_refuses_nobody_tries(
        self, ledger: Ledger, clock: StoppedClock, progress: Progress, happened: str, state: str
    ) -> None:
        await self.queue(ledger, notice())
        (lent,) = (await self.take(ledger, clock)).lent
        assert await ledger.sms.settle(outcome(lent, "first", clock(), said(progress, reason="403"))) == happened
        (row,) = await rows(ledger, sms)
        assert (row.state, row.reason) == (state, "403")

    async def test_a_fault_of_the_route_is_no_attempt_and_its_rest_is_kept(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        await self.queue(ledger, notice())
        for _ in range(2 * ATTEMPTS):
            (lent,) = (await self.take(ledger, clock)).lent
            rest = outcome(lent, "first", clock(), parts=1, again=True, counts=False, later_ms=clock() + 1000)
            assert await ledger.sms.settle(rest) == "retried"
            assert (await self.take(ledger, clock)).lent == []
            clock.move(1000)
        assert (await rows(ledger, sms))[0].attempts == 0

    async def test_parts_that_were_taken_are_not_sent_again(self, ledger: Ledger, clock: StoppedClock) -> None:
        await self.queue(ledger, notice())
        (lent,) = (await self.take(ledger, clock)).lent
        mixed = [said(provider_id="1"), said(Progress.FAILED, again=True), said(provider_id="3")]
        assert await ledger.sms.settle(outcome(lent, "first", clock(), *mixed)) == "retried"
        (lent,) = (await self.take(ledger, clock)).lent
        assert lent.parts == {0: Progress.ACCEPTED, 2: Progress.ACCEPTED}
        rest = outcome(lent, "first", clock(), said={1: said(provider_id="2")}, parts=3)
        assert await ledger.sms.settle(rest) == "accepted"
        assert [part.provider_id for part in await ledger.sms_view.parts(lent.id)] == ["1", "2", "3"]

    async def test_a_route_that_is_down_gives_what_waits_to_the_next(self, ledger: Ledger, clock: StoppedClock) -> None:
        await self.queue(ledger, notice(), notice(msisdn=OTHER), route=None)
        assert await ledger.sms.hand_over("first", clock()) == 2
        assert (await self.take(ledger, clock)).lent == []
        assert len((await self.take(ledger, clock, "second")).lent) == 2
        assert await ledger.sms.hand_over("second", clock()) == 0

    async def test_a_reply_goes_by_the_route_that_it_is_given(self, ledger: Ledger, clock: StoppedClock) -> None:
        await self.queue(ledger, notice(), route="second")
        await self.queue(ledger, notice(msisdn=OTHER), route="configured no longer")
        assert [lent.msisdn for lent in (await self.take(ledger, clock)).lent] == [OTHER]
        assert len((await self.take(ledger, clock, "second")).lent) == 1

    async def test_an_operator_lets_what_waits_go_now_and_sees_no_word_of_it(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        await self.queue(ledger, notice())
        (lent,) = (await self.take(ledger, clock)).lent
        put_off = outcome(lent, "first", clock(), parts=1, again=True, later_ms=clock() + HOUR_MS)
        await ledger.sms.settle(put_off)
        (seen,) = await ledger.sms_view.messages()
        assert (seen.state, seen.attempts, seen.not_before_ms) == (Progress.QUEUED, 1, clock() + HOUR_MS)
        assert await ledger.sms_view.number(seen.id) == MSISDN
        assert await ledger.sms_view.retry([seen.id, b"unknown"], clock()) == 1
        assert len((await self.take(ledger, clock)).lent) == 1
        assert (await ledger.sms_view.figures(clock())).states == {("", "queued"): 1}

    async def test_an_operator_finds_messages_by_route_and_by_the_beginning_of_an_id(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        view = ledger.sms_view
        await self.queue(ledger, notice(), notice(), notice(msisdn=OTHER))
        await self.queue(ledger, notice(msisdn=OTHER, priority=Priority.BULK), route="second")
        bulk, other, second, first = await view.messages()
        assert [one.behind for one in (first, second, other, bulk)] == [False, True, False, False]
        assert await view.messages(routes=["second"]) == [bulk]
        assert await view.messages(routes=["first", None]) == [other, second, first]
        assert await view.messages(routes=["first"]) == []
        assert await view.named(second.id.hex()) == await view.named(second.id.hex()[:31]) == [second]
        assert len(await view.named(second.id.hex()[:1], 9)) == 4
        assert await view.named("f" * 32) == []
        assert await view.retry(None, clock()) == 4

    async def test_values_are_kept_72_hours_and_that_it_was_sent_30_days(
        self, ledger: Ledger, clock: StoppedClock, tmp_path: Path
    ) -> None:
        log = PurgeLog(tmp_path / "erased.log")
        await self.queue(ledger, notice(), notice(msisdn=OTHER))
        (first, _) = (await self.take(ledger, clock)).lent
        await ledger.sms.settle(outcome(first, "first", clock(), said(provider_id="1")))
        clock.move(72 * HOUR_MS)
        assert (await ledger.purge(log))["values of SMS"] == 0
        clock.move(1)
        assert (await ledger.purge(log))["values of SMS"] == 2
        assert [(row.sealed, row.number, row.tag) for row in await rows(ledger, sms)] == [(None, None, None)] * 2
        assert sorted(await self.states(ledger)) == ["accepted", "expired"]
        clock.move(27 * 24 * HOUR_MS)
        await ledger.purge(log)
        assert await rows(ledger, sms) == await rows(ledger, sms_parts) == []

    async def test_what_is_withheld_for_a_number_leaves_others_alone(self, ledger: Ledger, clock: StoppedClock) -> None:
        await self.queue(ledger, notice(), notice(push=False), notice(msisdn=OTHER))
        tags = ledger.notices.scribe.tags(MSISDN)
        gone = await ledger.database.write(lambda conn: withhold(conn, [], tags, clock(), "stopped", pushes=True))
        assert gone == 1
        assert await self.states(ledger) == ["withheld", "queued", "queued"]
