"""What every ledger must do with cases that were sent: open them, change them, hear of them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from ussd_engine import reference
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.lookup import ALL_TRIES, LOOKS, TRIES
from ussd_engine.ledger.tables import cases, news, outbox
from ussd_engine.lifecycle import Verdict
from ussd_engine.messages import CaseEvent
from ussd_engine.model import Case, CaseState, Committed, Submit, Told
from ussd_engine.reference import derive_pin
from ussd_engine.testing.databases import dump
from ussd_engine.testing.specimens import DAY, DAY_MS, MSISDN, NOON_MS, StoppedClock, anonymous, named, rows, submit
from ussd_engine.tracking import (
    Append,
    AskHigher,
    AskNewPin,
    Effect,
    LookedUp,
    LookUp,
    Rate,
    SetSms,
    ShowPin,
    Withdraw,
)

STRANGER = "255700000009"


def ask(reference: str, pin: str | None = None, msisdn: str | None = MSISDN, at_ms: int = NOON_MS) -> LookUp:
    """A look-up; by the case's own phone unless another is given."""
    return LookUp(reference=reference, msisdn=msisdn, pin=pin, at_ms=at_ms)


def event(reference: str, state: str, sequence: int = 1, **changes: Any) -> CaseEvent:
    """What a core tells an hour after noon."""
    made = CaseEvent(
        reference=reference, id=secrets.token_hex(4), at_ms=NOON_MS + 3_600_000, sequence=sequence, state=state
    )
    return msgspec.structs.replace(made, **changes)


def _on(type_: Callable[..., Effect], act: Submit, **fields: Any) -> Effect:
    return type_(
        key=secrets.token_bytes(12), reference=act.reference, **{"msisdn": MSISDN, "at_ms": NOON_MS + 1, **fields}
    )


class TrackingContract:
    """The suite."""

    def pin(self, keyring: Keyring, act: Submit, generation: int = 0) -> str:
        return derive_pin(keyring.pin, act.case, generation).reveal()

    def wrong(self, keyring: Keyring, act: Submit) -> str:
        return "5678" if self.pin(keyring, act) != "5678" else "8765"

    async def sent(self, ledger: Ledger, make: Callable[..., Submit] = submit, **changes: Any) -> Submit:
        act = make(**changes)
        assert (await ledger.act(act)).kind == "submit"
        return act

    async def case(self, ledger: Ledger, act: Submit) -> Case:
        found = await ledger.case(act.reference)
        assert found is not None
        return found

    async def answered(self, ledger: Ledger, act: Submit) -> None:
        (heard,) = await ledger.tell([event(act.reference, "answered")], "test")
        assert heard.told is Told.ANSWERED

    # opening

    async def test_a_named_case_opens_on_its_own_phone(self, ledger: Ledger) -> None:
        act = await self.sent(ledger, named)
        found = await ledger.look_up(ask(act.reference))
        assert (found.outcome, found.own, found.case) == ("found", True, await self.case(ledger, act))

    async def test_a_confidential_case_needs_its_pin_on_its_own_phone_too(
        self, ledger: Ledger, keyring: Keyring
    ) -> None:
        act = await self.sent(ledger)
        assert await ledger.look_up(ask(act.reference)) == LookedUp("pin_needed")
        found = await ledger.look_up(ask(act.reference, self.pin(keyring, act)))
        assert (found.outcome, found.own) == ("found", True)

    async def test_an_anonymous_case_opens_with_its_pin_on_any_phone(self, ledger: Ledger, keyring: Keyring) -> None:
        act = await self.sent(ledger, anonymous)
        for msisdn in (MSISDN, STRANGER, None):
            found = await ledger.look_up(ask(act.reference, self.pin(keyring, act), msisdn))
            assert (found.outcome, found.own) == ("found", False)

    async def test_unknown_foreign_and_wrongly_opened_cases_differ_in_nothing(
        self, ledger: Ledger, keyring: Keyring
    ) -> None:
        act = await self.sent(ledger, named)
        nobody = reference.draw()
        for msisdn in (STRANGER, None):
            assert await ledger.look_up(ask(act.reference, None, msisdn)) == LookedUp("pin_needed")
            assert await ledger.look_up(ask(nobody, None, msisdn)) == LookedUp("pin_needed")
        for left in reversed(range(TRIES)):
            wrong = LookedUp("wrong", left=left) if left else LookedUp("locked", hours=24)
            assert await ledger.look_up(ask(act.reference, self.wrong(keyring, act), STRANGER)) == wrong
            assert await ledger.look_up(ask(nobody, self.wrong(keyring, act), STRANGER)) == wrong

    @pytest.mark.parametrize("make", [submit, named, anonymous])
    async def test_a_lock_is_one_answer_for_an_unknown_a_foreign_and_an_own_reference(
        self, ledger: Ledger, keyring: Keyring, make: Callable[..., Submit]
    ) -> None:
        whose = {} if make is anonymous else {"msisdn": STRANGER, "caller": STRANGER}
        own, foreign, nobodys = await self.sent(ledger), await self.sent(ledger, make, **whose), submit()
        found = []
        for act in (own, foreign, nobodys):
            for left in reversed(range(TRIES)):
                tried = await ledger.look_up(ask(act.reference, self.wrong(keyring, act)))
                assert tried.outcome == ("wrong" if left else "locked"), "nobody is told that none is left to try"
            for pin in (self.wrong(keyring, act), self.pin(keyring, act)):
                found.append(msgspec.json.encode(await ledger.look_up(ask(act.reference, pin))))
        assert found == [msgspec.json.encode(LookedUp("locked", hours=24))] * 6

    async def test_a_lock_ends_after_24_hours(self, ledger: Ledger, keyring: Keyring) -> None:
        act = await self.sent(ledger)
        right = self.pin(keyring, act)
        for _ in range(TRIES):
            await ledger.look_up(ask(act.reference, self.wrong(keyring, act)))
        assert (await ledger.look_up(ask(act.reference, right, at_ms=NOON_MS + DAY_MS - 1))).outcome == "locked"
        assert (await ledger.look_up(ask(act.reference, right, at_ms=NOON_MS + 2 * DAY_MS))).outcome == "found"

    async def test_a_right_pin_is_no_try(self, ledger: Ledger, keyring: Keyring) -> None:
        act = await self.sent(ledger)
        for at in range(2 * TRIES):
            right = ask(act.reference, self.pin(keyring, act), at_ms=NOON_MS + at)
            assert (await ledger.look_up(right)).outcome == "found"

    async def test_strangers_use_up_their_tries_and_the_own_phone_opens_it_all_the_same(
        self, ledger: Ledger, keyring: Keyring
    ) -> None:
        act = await self.sent(ledger)
        callers = [f"2557000001{at:02}" for at in range(ALL_TRIES)]
        for caller in callers:
            assert (await ledger.look_up(ask(act.reference, self.wrong(keyring, act), caller))).outcome == "wrong"
        right = self.pin(keyring, act)
        assert (await ledger.look_up(ask(act.reference, right, STRANGER))).outcome == "locked"
        assert (await ledger.look_up(ask(act.reference, right))).outcome == "found"

    async def test_of_many_tries_at_once_no_more_are_compared(self, ledger: Ledger, keyring: Keyring) -> None:
        act = await self.sent(ledger)
        tried = ask(act.reference, self.wrong(keyring, act), STRANGER)
        found = await asyncio.gather(*(ledger.look_up(tried) for _ in range(3 * TRIES)))
        assert sorted(one.outcome for one in found) == ["locked"] * (2 * TRIES + 1) + ["wrong"] * (TRIES - 1)

    async def test_copies_of_one_answer_are_one_try(self, ledger: Ledger, keyring: Keyring) -> None:
        act = await self.sent(ledger)
        tried = msgspec.structs.replace(ask(act.reference, self.wrong(keyring, act), STRANGER), answer=b"one")
        for left, one in enumerate((tried, msgspec.structs.replace(tried, pin="0" + (tried.pin or "")[1:])), 1):
            found = await asyncio.gather(*(ledger.look_up(one) for _ in range(3)))
            assert found == [LookedUp("wrong", left=TRIES - left)] * 3
        right = msgspec.structs.replace(tried, pin=self.pin(keyring, act), answer=b"two")
        assert {(await ledger.look_up(right)).outcome for _ in range(TRIES)} == {"found"}

    async def test_only_so_many_references_are_typed_in_an_hour(self, ledger: Ledger) -> None:
        for _ in range(LOOKS):
            assert (await ledger.look_up(ask(reference.draw(), None, STRANGER))).outcome == "pin_needed"
        assert await ledger.look_up(ask(reference.draw(), None, STRANGER)) == LookedUp("locked", hours=1)
        later = ask(reference.draw(), None, STRANGER, NOON_MS + 3_600_001)
        assert (await ledger.look_up(later)).outcome == "pin_needed"

    async def test_a_phone_that_was_silent_for_90_days_is_a_strangers(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        act = await self.sent(ledger, named)
        assert await ledger.own_cases(MSISDN) == [await self.case(ledger, act)]
        clock.move(91 * DAY_MS)
        assert await ledger.own_cases(MSISDN) == []
        assert (await ledger.look_up(ask(act.reference, at_ms=clock()))).outcome == "pin_needed"

    async def test_own_cases_are_the_newest_first_and_nobody_elses(self, ledger: Ledger, clock: StoppedClock) -> None:
        first = await self.sent(ledger)
        clock.move(DAY_MS)
        second = await self.sent(ledger, named, at_ms=clock())
        await self.sent(ledger, anonymous, at_ms=clock())
        await self.sent(ledger, msisdn=STRANGER, caller=STRANGER, at_ms=clock())
        third, fourth = [await self.sent(ledger, at_ms=clock() + more) for more in (60_000, 30_000)]
        wanted = [act.reference for act in (third, fourth, second, first)]
        assert [case.reference for case in await ledger.own_cases(MSISDN)] == wanted

    # another PIN

    async def test_a_new_pin_comes_a_day_later_and_ends_the_old_one(self, ledger: Ledger, keyring: Keyring) -> None:
        act = await self.sent(ledger)
        assert (await ledger.act(_on(AskNewPin, act))).kind == "ask_pin"
        early, late = NOON_MS + DAY_MS, NOON_MS + DAY_MS + 1
        assert (await ledger.look_up(ask(act.reference, at_ms=early))).outcome == "pin_needed"
        assert (await ledger.act(_on(ShowPin, act, at_ms=early))).kind == "refused"
        found = await ledger.look_up(ask(act.reference, at_ms=late))
        assert (found.outcome, found.generation) == ("pin_new", 1)
        assert await ledger.act(_on(ShowPin, act, at_ms=late)) == Committed(
            "show_pin", act.reference, act.case, generation=1
        )
        assert (await ledger.look_up(ask(act.reference, self.pin(keyring, act), at_ms=late))).outcome == "wrong"
        assert (await ledger.look_up(ask(act.reference, self.pin(keyring, act, 1), at_ms=late))).outcome == "found"

    async def test_the_old_pin_cancels_the_new_one(self, ledger: Ledger, keyring: Keyring) -> None:
        act = await self.sent(ledger)
        await ledger.act(_on(AskNewPin, act))
        assert (await ledger.look_up(ask(act.reference, self.pin(keyring, act)))).outcome == "found"
        late = NOON_MS + 2 * DAY_MS
        assert (await ledger.look_up(ask(act.reference, at_ms=late))).outcome == "pin_needed"

    @pytest.mark.parametrize("msisdn", [STRANGER, None])
    async def test_nobody_else_gets_a_new_pin(self, ledger: Ledger, msisdn: str | None) -> None:
        act = await self.sent(ledger)
        assert (await ledger.act(_on(AskNewPin, act, msisdn=msisdn))).kind == "refused"

    async def test_no_new_pin_while_sms_are_stopped(self, ledger: Ledger) -> None:
        act = await self.sent(ledger)
        assert await ledger.sms_on(MSISDN)
        await ledger.act(SetSms(key=b"off", msisdn=MSISDN, on=False, locale="sw", at_ms=NOON_MS))
        assert not await ledger.sms_on(MSISDN)
        assert (await ledger.act(_on(AskNewPin, act))).kind == "refused"
        await ledger.act(SetSms(key=b"on", msisdn=MSISDN, on=True, locale="sw", at_ms=NOON_MS))
        assert (await ledger.act(_on(AskNewPin, act))).kind == "ask_pin"

    # acts

    async def test_an_act_on_a_case_is_done_once_and_queued_once(self, ledger: Ledger) -> None:
        act = await self.sent(ledger)
        more = _on(Append, act, text="Na jana pia")
        assert (await ledger.act(more)).kind == "append"
        before = await dump(ledger.database)
        assert (await ledger.act(more)).kind == "append"
        assert await dump(ledger.database) == before
        assert [row.turn for row in await rows(ledger, outbox)] == [0, 1]

    async def test_she_takes_it_back(self, ledger: Ledger) -> None:
        act = await self.sent(ledger)
        assert (await ledger.act(_on(Withdraw, act))).kind == "withdraw"
        assert (await self.case(ledger, act)).state is CaseState.WITHDRAWN
        for again in (_on(Withdraw, act), _on(Append, act, text="x"), _on(Rate, act, rating="yes")):
            assert (await ledger.act(again)).kind == "refused"
        assert len(await rows(ledger, outbox)) == 2

    async def test_an_answer_is_too_late_for_taking_back_and_closes_when_she_is_content(self, ledger: Ledger) -> None:
        act = await self.sent(ledger)
        await self.answered(ledger, act)
        assert (await ledger.act(_on(Withdraw, act))).kind == "refused"
        rated = await ledger.act(_on(Rate, act, rating="partly"))
        assert (rated.kind, rated.until) == ("rate", DAY + timedelta(days=30))
        case = await self.case(ledger, act)
        assert (case.state, case.rating) == (CaseState.CLOSED, "partly")
        assert (await ledger.act(_on(Rate, act, rating="no"))).kind == "refused"

    async def test_an_appeal_goes_higher_and_counts_anew(self, ledger: Ledger) -> None:
        act = await self.sent(ledger)
        due = date(2026, 1, 15)
        higher = {"reason": "unhappy", "text": "Si kweli", "higher": "MAJI", "due": due}
        assert (await ledger.act(_on(AskHigher, act, **higher))).kind == "refused"
        await self.answered(ledger, act)
        assert await ledger.act(_on(AskHigher, act, **higher)) == Committed("appeal", act.reference, act.case, due)
        case = await self.case(ledger, act)
        assert (case.state, case.institution, case.due, case.appeals) == (CaseState.APPEALED, "MAJI", due, 1)

    async def test_a_leak_is_told_at_any_time(self, ledger: Ledger) -> None:
        act = await self.sent(ledger)
        leak = _on(AskHigher, act, reason="leak", text="Afisa alisema", higher="MAJI", due=None)
        assert (await ledger.act(leak)).kind == "appeal"

    async def test_an_act_on_no_case_is_refused(self, ledger: Ledger) -> None:
        assert (await ledger.act(_on(Withdraw, submit()))).kind == "refused"

    # what the core tells

    async def test_news_change_the_case_and_a_repeat_or_a_late_one_does_not(self, ledger: Ledger) -> None:
        act = await self.sent(ledger)
        opened, answered = event(act.reference, "opened", 1), event(act.reference, "answered", 3)
        late = event(act.reference, "in_progress", 2)
        told = await ledger.tell([opened, answered, late, answered], "core", "mark 4")
        assert [(one.told, one.verdict) for one in told] == [
            (Told.OPENED, Verdict.APPLIED),
            (Told.ANSWERED, Verdict.APPLIED),
            (None, Verdict.LATE),
            (None, Verdict.REPEAT),
        ]
        assert (await self.case(ledger, act)).state is CaseState.ANSWERED
        assert await ledger.mark("core") == "mark 4"
        assert await ledger.mark("another") == ""
        again = await ledger.tell([opened, answered, late], "core")
        assert {one.verdict for one in again} == {Verdict.REPEAT}
        assert len(await rows(ledger, news)) == 3

    async def test_what_nobody_understands_is_kept_for_the_operator(self, ledger: Ledger) -> None:
        act = await self.sent(ledger)
        unknown, impossible = event(act.reference, "imefungwa", 1), event(act.reference, "appeal_decided", 2)
        nobodys = event(reference.draw(), "opened")
        verdicts = [one.verdict for one in await ledger.tell([unknown, impossible, nobodys], "core")]
        assert verdicts == [Verdict.UNKNOWN, Verdict.REFUSED, Verdict.NO_CASE]
        assert {row.verdict for row in await rows(ledger, news)} == {"unknown", "refused", "no_case"}

    async def test_a_transfer_begins_the_due_date_anew_by_our_table(self, ledger: Ledger) -> None:
        act = await self.sent(ledger)
        asked = []

        def due(service: str, institution: str, type: str, day: date) -> date:
            asked.append((service, institution, type, day))
            return date(2026, 2, 2)

        ledger.due = due
        (heard,) = await ledger.tell([event(act.reference, "", institution="TANESCO")], "core")
        assert (heard.told, heard.case and heard.case.institution) == (Told.TRANSFERRED, "TANESCO")
        assert heard.case is not None
        assert (heard.case.due, heard.case.state) == (date(2026, 2, 2), CaseState.RECEIVED)
        assert asked == [("emrejesho", "TANESCO", "complaint", DAY)]

    async def test_a_late_answer_is_told_once(self, ledger: Ledger, clock: StoppedClock) -> None:
        act = await self.sent(ledger)
        assert await ledger.overdue() == []
        assert act.due is not None
        clock.move((act.due - DAY).days * DAY_MS)
        assert await ledger.overdue() == []
        clock.move(DAY_MS)
        assert [case.reference for case in await ledger.overdue()] == [act.reference]
        assert await ledger.overdue() == []
        assert [row.overdue for row in await rows(ledger, cases)] == [True]
