"""What waited is told as it is true when it leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from ussd_engine.ledger import Ledger
from ussd_engine.ledger.smsqueue import Lent
from ussd_engine.ledger.smstables import conversations
from ussd_engine.ledger.tables import cases
from ussd_engine.model import CaseState, Mode
from ussd_engine.testing.sms_specimens import SmsFixtures, event, outcome, said
from ussd_engine.testing.specimens import DAY_MS, StoppedClock, rows

ANSWERED, NEED_INFO, IN_PROGRESS = CaseState.ANSWERED, CaseState.NEED_INFO, CaseState.IN_PROGRESS


class SmsStaleContract(SmsFixtures):
    """The suite; a part of `SmsLedgerContract`."""

    async def lend(self, ledger: Ledger, clock: StoppedClock) -> Lent:
        """The one message that is due."""
        (lent,) = (await self.take(ledger, clock)).lent
        return lent

    @pytest.mark.parametrize("state", [NEED_INFO, CaseState.NOT_ACCEPTED])
    async def test_an_office_s_words_are_promised_only_while_they_are_its_last(
        self, ledger: Ledger, clock: StoppedClock, state: CaseState
    ) -> None:
        act = await self.submitted(ledger, mode=Mode.NAMED)
        await ledger.tell([event(act.reference, 1, state)], "core")
        first = await self.lend(ledger, clock)
        assert first.template == state
        again = outcome(first, "first", clock(), again=True, parts=1, reason="busy")
        await ledger.sms.settle(again)
        await ledger.tell([event(act.reference, 2, CaseState.APPEALED), event(act.reference, 3, ANSWERED)], "core")
        assert (await self.lend(ledger, clock)).template == "quiet_change"

    @pytest.mark.parametrize(
        ("asked", "gone_on", "kind"), [(NEED_INFO, IN_PROGRESS, "need_info"), (ANSWERED, CaseState.CLOSED, "rate")]
    )
    async def test_nothing_is_open_that_the_case_asks_no_longer_when_its_sms_is_out(
        self, ledger: Ledger, clock: StoppedClock, asked: CaseState, gone_on: CaseState, kind: str
    ) -> None:
        act = await self.submitted(ledger, mode=Mode.NAMED)
        await ledger.tell([event(act.reference, 1, asked)], "core")
        lent = await self.lend(ledger, clock)
        await ledger.tell([event(act.reference, 2, gone_on)], "core")
        await ledger.sms.settle(outcome(lent, "first", clock(), said(provider_id="1")))
        assert await rows(ledger, conversations) == []

        other = await self.submitted(ledger, mode=Mode.NAMED)
        await ledger.tell([event(other.reference, 1, asked)], "core")
        lent = await self.lend(ledger, clock)
        await ledger.sms.settle(outcome(lent, "first", clock(), said(provider_id="2")))
        assert [row.kind for row in await rows(ledger, conversations)] == [kind]

    @pytest.mark.parametrize(("silent", "template"), [(90, "answered"), (91, "quiet_change")])
    async def test_a_phone_that_was_silent_for_long_may_be_another_s(
        self, ledger: Ledger, clock: StoppedClock, silent: int, template: str
    ) -> None:
        act = await self.submitted(ledger, mode=Mode.NAMED)
        clock.move(silent * DAY_MS)
        day = ledger.notices.scribe.day(clock()) - timedelta(days=silent)
        await ledger.database.write(lambda conn: conn.execute(update(cases).values(touched=day)).rowcount)
        await ledger.tell([event(act.reference, 1, ANSWERED, at_ms=clock())], "core")
        assert (await self.lend(ledger, clock)).template == template
