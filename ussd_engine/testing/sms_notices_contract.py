"""What a change leaves to be told by SMS."""

from __future__ import annotations

import secrets

import pytest

from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.lookup import NEW_PIN_MS
from ussd_engine.ledger.notices import BY_SMS
from ussd_engine.ledger.smstables import conversations, sms
from ussd_engine.model import CaseState, Mode
from ussd_engine.reference import derive_pin
from ussd_engine.sms.message import Priority
from ussd_engine.testing.databases import dump
from ussd_engine.testing.sms_specimens import EAST, SmsFixtures, event
from ussd_engine.testing.specimens import (
    DAY,
    DAY_MS,
    MSISDN,
    NOON_MS,
    SPELLINGS,
    StoppedClock,
    anonymous,
    named,
    rows,
    submit,
)
from ussd_engine.tracking import AskNewPin, Erase, LookUp, Rate, SetSms

OPENED, ANSWERED, NEED_INFO = CaseState.OPENED, CaseState.ANSWERED, CaseState.NEED_INFO


def set_sms(on: bool, at_ms: int = NOON_MS) -> SetSms:
    """The owner of `MSISDN` wants SMS, or none."""
    return SetSms(key=secrets.token_bytes(12), msisdn=MSISDN, on=on, locale="sw", at_ms=at_ms)


def new_pin(reference: str, at_ms: int = NOON_MS) -> AskNewPin:
    """The owner of `MSISDN` asks for a new PIN."""
    return AskNewPin(key=secrets.token_bytes(12), reference=reference, msisdn=MSISDN, at_ms=at_ms)


class SmsNoticesContract(SmsFixtures):
    """The suite; a part of `SmsLedgerContract`."""

    async def test_what_was_sent_by_ussd_is_receipted_by_its_mode(self, ledger: Ledger) -> None:
        for act in (named(), submit(), anonymous()):
            await ledger.act(act)
            await ledger.act(act)
        (full, values), (quiet, little) = await self.waiting(ledger)
        assert (full, set(values)) == ("received", {"ref", "institution", "due"})
        assert (quiet, set(little)) == ("received_quiet", {"ref"})
        found = await rows(ledger, sms)
        assert {(row.push, row.priority, row.not_before_ms) for row in found} == {(True, Priority.REPLY, NOON_MS)}

    async def test_what_was_sent_by_sms_is_answered_though_she_wants_no_others(self, ledger: Ledger) -> None:
        await ledger.act(set_sms(False))
        await ledger.act(submit())
        await ledger.act(submit(channel=f"{BY_SMS}loopback"))
        (row,) = await rows(ledger, sms)
        assert (row.template, row.push) == ("received_quiet", False)

    async def test_nothing_is_queued_where_there_is_no_route(self, url: str, keyring: Keyring) -> None:
        silent = await Ledger.open(url, keyring, StoppedClock(), zone=EAST)
        act = named()
        await silent.act(act)
        await silent.tell([event(act.reference, 1, OPENED)], "core")
        await silent.act(new_pin(act.reference))
        await silent.remind()
        assert await rows(silent, sms) == []
        await silent.close()

    async def test_each_visible_change_is_told_once_in_its_order(self, ledger: Ledger) -> None:
        act = await self.submitted(ledger, mode=Mode.NAMED)
        told = [
            event(act.reference, 1, OPENED),
            event(act.reference, 2, OPENED),
            event(act.reference, 3, CaseState.RECEIVED, institution="EGA"),
            event(act.reference, 2, CaseState.IN_PROGRESS),
            event(act.reference, 4, CaseState.WITHDRAWN),
            event(act.reference, 5, ANSWERED),
        ]
        await ledger.tell(told, "core")
        await ledger.tell(told, "core")
        queued = await self.waiting(ledger)
        assert [template for template, _ in queued] == ["opened", "transferred", "answered"]
        moved = queued[1][1]
        assert (moved["from"], moved["institution"], moved["ref"]) == ("DUWASA", "EGA", act.reference)

    async def test_a_confidential_case_tells_nothing_but_that_there_is_news(self, ledger: Ledger) -> None:
        act = await self.submitted(ledger)
        await ledger.tell([event(act.reference, 1, OPENED), event(act.reference, 2, NEED_INFO)], "core")
        assert await self.waiting(ledger) == [("quiet_change", {"ref": act.reference})] * 2

    async def test_an_anonymous_case_is_told_to_nobody(self, ledger: Ledger) -> None:
        act = anonymous(caller=None)
        await ledger.act(act)
        await ledger.tell([event(act.reference, 1, OPENED)], "core")
        assert await rows(ledger, sms) == []

    async def test_what_changed_while_she_wanted_no_sms_is_never_told(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        act = await self.submitted(ledger, mode=Mode.NAMED)
        await ledger.tell([event(act.reference, 1, OPENED)], "core")
        await ledger.act(set_sms(False))
        await ledger.tell([event(act.reference, 2, CaseState.IN_PROGRESS)], "core")
        await ledger.act(set_sms(True))
        await ledger.act(set_sms(True))
        await ledger.tell([event(act.reference, 3, ANSWERED)], "core")
        assert [template for template, _ in await self.waiting(ledger)] == ["answered"]

    async def test_who_waits_too_long_is_told_on_the_day_after_once(self, ledger: Ledger, clock: StoppedClock) -> None:
        act = await self.submitted(ledger, mode=Mode.NAMED, due=DAY)
        assert await ledger.overdue() == []
        clock.move(DAY_MS)
        await ledger.overdue()
        await ledger.overdue()
        assert [template for template, _ in await self.waiting(ledger)] == ["overdue"]
        assert act.reference in str(await self.waiting(ledger))

    @pytest.mark.parametrize(("mode", "asked"), [(Mode.NAMED, ["answered", "rate_ask"]), (Mode.CONFIDENTIAL, None)])
    async def test_who_says_nothing_of_an_answer_is_asked_after_three_days_once(
        self, ledger: Ledger, clock: StoppedClock, mode: Mode, asked: list[str] | None
    ) -> None:
        act = await self.submitted(ledger, mode=mode)
        await ledger.tell([event(act.reference, 1, ANSWERED)], "core")
        for _ in range(6):
            await ledger.remind()
            clock.move(DAY_MS)
        assert [template for template, _ in await self.waiting(ledger)] == (asked or ["quiet_change"])

    async def test_who_has_said_something_is_not_asked(self, ledger: Ledger, clock: StoppedClock) -> None:
        act = await self.submitted(ledger, mode=Mode.NAMED)
        await ledger.tell([event(act.reference, 1, ANSWERED)], "core")
        key = secrets.token_bytes(12)
        await ledger.act(Rate(key=key, reference=act.reference, msisdn=MSISDN, rating="no", at_ms=clock()))
        clock.move(4 * DAY_MS)
        await ledger.remind()
        assert [template for template, _ in await self.waiting(ledger)] == ["answered"]

    async def test_a_new_pin_is_told_when_it_is_asked_for_and_when_it_can_be_seen(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        act = await self.submitted(ledger)
        for _ in range(2):
            await ledger.act(new_pin(act.reference))
        await ledger.remind()
        assert [template for template, _ in await self.waiting(ledger)] == ["pin_asked"]
        clock.move(NEW_PIN_MS)
        for _ in range(2):
            await ledger.remind()
        assert [template for template, _ in await self.waiting(ledger)] == ["pin_asked", "pin_ready"]

    async def test_a_new_pin_that_was_taken_back_is_not_told(
        self, ledger: Ledger, clock: StoppedClock, keyring: Keyring
    ) -> None:
        act = await self.submitted(ledger)
        await ledger.act(new_pin(act.reference))
        pin = derive_pin(keyring.pin, act.case, 0).reveal()
        await ledger.look_up(LookUp(reference=act.reference, msisdn=MSISDN, pin=pin, at_ms=clock()))
        clock.move(NEW_PIN_MS)
        await ledger.remind()
        assert [template for template, _ in await self.waiting(ledger)] == ["pin_asked"]

    async def test_the_last_message_says_that_the_number_is_erased(self, ledger: Ledger, clock: StoppedClock) -> None:
        for act in (named(), submit()):
            await ledger.act(act)
        gone = Erase(key=secrets.token_bytes(12), msisdn=MSISDN, at_ms=clock())
        await ledger.act(gone)
        await ledger.act(gone)
        taken = await self.take(ledger, clock)
        assert [(lent.template, lent.msisdn, lent.locale) for lent in taken.lent] == [("erased", MSISDN, "en")]
        assert taken.withheld == ["erased", "erased"]

    @pytest.mark.parametrize("wanted", [True, False])
    async def test_who_has_sent_nothing_or_wants_no_sms_is_told_of_no_erasure(
        self, ledger: Ledger, wanted: bool
    ) -> None:
        if not wanted:
            await self.submitted(ledger)
            await ledger.act(set_sms(False))
        await ledger.act(Erase(key=secrets.token_bytes(12), msisdn=MSISDN, at_ms=NOON_MS))
        assert [row.template for row in await rows(ledger, sms)] == []

    async def test_a_dump_without_keys_shows_no_number_and_no_reference_of_a_message(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        act = await self.submitted(ledger, mode=Mode.NAMED)
        await ledger.tell([event(act.reference, 1, ANSWERED)], "core")
        talks = ledger.notices.talks
        await ledger.database.write(
            lambda conn: talks.open(conn, MSISDN, "rate", "emrejesho", clock(), reference=act.reference)
        )
        assert len(await rows(ledger, conversations)) == 1
        seen = await dump(ledger.database)
        assert all(secret not in seen for secret in SPELLINGS)
        mine = [*(await rows(ledger, sms)), *(await rows(ledger, conversations))]
        assert act.reference not in str(mine)
