"""What every ledger must do when a number is erased, and what stays as it was chosen when a key is changed."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import event

from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger, PurgeLog
from ussd_engine.ledger.lookup import ALL_TRIES
from ussd_engine.ledger.outbox import Claim
from ussd_engine.ledger.queue import decoded
from ussd_engine.ledger.tables import cases, contacts, languages, limits, outbox
from ussd_engine.messages import Addition, Erasure
from ussd_engine.model import Mode, Submission
from ussd_engine.reference import derive_pin
from ussd_engine.testing.specimens import (
    DAY_MS,
    MSISDN,
    NOON_MS,
    LedgerFixtures,
    StoppedClock,
    anonymous,
    named,
    rows,
    submit,
)
from ussd_engine.tracking import Append, Effect, Erase, LookUp, SetSms

STRANGER = "255700000009"
MIDNIGHT_MS = NOON_MS + DAY_MS // 2


def erase(at_ms: int) -> Erase:
    """The owner of `MSISDN` erases her number."""
    return Erase(key=secrets.token_bytes(12), msisdn=MSISDN, at_ms=at_ms)


class ErasureContract(LedgerFixtures):
    """The suite; a part of `LedgerContract`."""

    async def test_a_number_and_a_name_are_erased_and_the_cases_stay(self, ledger: Ledger, keyring: Keyring) -> None:
        mine, other = named(), submit(msisdn=STRANGER, caller=STRANGER)
        await ledger.act(mine)
        await ledger.act(other)
        assert (await ledger.act(erase(NOON_MS + 1))).kind == "erase"
        handles = {row.reference: row.handle for row in await rows(ledger, cases)}
        assert [row.handle for row in await rows(ledger, contacts)] == [handles[other.reference]]
        assert len(await rows(ledger, languages)) == 1
        stored = await ledger.submission(mine.reference)
        assert stored is not None
        assert (stored.name, stored.handle, stored.answers) == (None, "", {"message": mine.answers["message"]})
        asked = LookUp(reference=mine.reference, msisdn=MSISDN, pin=None, at_ms=NOON_MS + 2)
        assert (await ledger.look_up(asked)).outcome == "pin_needed"
        pin = derive_pin(keyring.pin, mine.case, 0).reveal()
        assert (await ledger.look_up(msgspec.structs.replace(asked, pin=pin))).outcome == "found"
        assert [row.reference for row in await rows(ledger, outbox) if row.turn] == [mine.reference]

    async def test_an_act_begun_before_the_erasure_leaves_no_number(self, ledger: Ledger) -> None:
        await ledger.act(erase(NOON_MS + 60_000))
        before, after = submit(at_ms=NOON_MS + 59_000), submit(at_ms=NOON_MS + 61_000)
        await ledger.act(before)
        await ledger.act(after)
        found = {row.reference: row.handle for row in await rows(ledger, cases)}
        assert found[before.reference] is None
        assert [row.handle for row in await rows(ledger, contacts)] == [found[after.reference]]

    @pytest.mark.parametrize("first", ["submission", "erasure"])
    async def test_what_is_committed_together_with_an_erasure_leaves_no_number(
        self, ledger: Ledger, first: str
    ) -> None:
        act, gone = named(), erase(NOON_MS + 1)
        both: list[Effect] = [act, gone] if first == "submission" else [gone, act]
        results = await asyncio.gather(*map(ledger.act, both))
        assert [result.kind for result in results] == ["submit" if one is act else "erase" for one in both]
        assert await rows(ledger, contacts) == await rows(ledger, languages) == []
        assert [row.handle for row in await rows(ledger, cases)] == [None]

    async def test_what_was_begun_after_the_erasure_keeps_its_number_though_both_are_committed_together(
        self, ledger: Ledger
    ) -> None:
        old = submit()
        await ledger.act(old)
        new = submit(at_ms=NOON_MS + 60_000)
        await asyncio.gather(ledger.act(new), ledger.act(erase(NOON_MS + 1000)))
        found = {row.reference: row.handle for row in await rows(ledger, cases)}
        assert found[old.reference] is None
        assert [row.handle for row in await rows(ledger, contacts)] == [found[new.reference]]

    @pytest.mark.parametrize("erased_at", [0, -30_000])
    async def test_an_erasure_at_midnight_holds_for_what_was_begun_before_it(
        self, ledger: Ledger, clock: StoppedClock, tmp_path: Path, erased_at: int
    ) -> None:
        await ledger.act(submit(at_ms=MIDNIGHT_MS - 180_000))
        await ledger.act(erase(MIDNIGHT_MS + erased_at))
        clock.now_ms = MIDNIGHT_MS + 60_000
        await ledger.purge(PurgeLog(tmp_path / "erased.log"))
        await ledger.act(named(at_ms=MIDNIGHT_MS - 120_000))
        assert await rows(ledger, contacts) == []
        await ledger.act(submit(at_ms=MIDNIGHT_MS + 90_000))
        assert len(await rows(ledger, contacts)) == 1
        clock.move(2 * DAY_MS)
        await ledger.purge(PurgeLog(tmp_path / "erased.log"))
        assert await rows(ledger, limits) == []

    async def test_a_name_goes_with_the_number_that_was_erased_meanwhile(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        await ledger.act(erase(NOON_MS + 60_000))
        act = named(at_ms=NOON_MS + 59_000)
        await ledger.act(act)
        (claim,) = await ledger.outbox.claim(clock(), 1)
        for told in (await ledger.submission(act.reference), await ledger.outbox.message(claim)):
            assert isinstance(told, Submission)
            assert (told.mode, told.name, told.number) == (act.mode, None, None)
            assert told.answers == {"message": act.answers["message"]}

    @pytest.mark.parametrize("by", ["the citizen", "the clock"])
    async def test_the_core_hears_of_an_erasure_where_it_was_given_the_number_and_nowhere_else(
        self, ledger: Ledger, keyring: Keyring, clock: StoppedClock, tmp_path: Path, by: str
    ) -> None:
        acts = {act.mode: act for act in (submit(), named(), anonymous())}
        for act in acts.values():
            await ledger.act(act)
        while claims := await ledger.outbox.claim(clock(), 10):
            for claim in claims:
                await ledger.outbox.done(claim, claim.reference)
        if by == "the citizen":
            await ledger.act(erase(NOON_MS + 1))
        else:
            clock.move(3 * 365 * DAY_MS)
            await ledger.purge(PurgeLog(tmp_path / "erased.log"))
        assert await rows(ledger, contacts) == []
        (told,) = await rows(ledger, outbox)
        assert isinstance(decoded(keyring.open("outbox", told.key, told.sealed)), Erasure)
        assert told.reference == acts[Mode.NAMED].reference

    async def test_a_phone_erases_no_more_than_it_is_shown(self, ledger: Ledger, clock: StoppedClock) -> None:
        before_her, hers = submit(), submit(at_ms=NOON_MS + 91 * DAY_MS)
        await ledger.act(before_her)
        clock.move(91 * DAY_MS)
        await ledger.act(hers)
        assert [case.reference for case in await ledger.own_cases(MSISDN)] == [hers.reference]
        await ledger.act(erase(clock() + 1000))
        found = {row.reference: row.handle for row in await rows(ledger, cases)}
        assert found[hers.reference] is None
        assert [row.handle for row in await rows(ledger, contacts)] == [found[before_her.reference]]

    async def test_an_erasure_passes_a_submission_that_was_given_up_and_nothing_else_does(
        self, ledger: Ledger, keyring: Keyring, clock: StoppedClock
    ) -> None:
        act = named()
        await ledger.act(act)
        (dead,) = await ledger.outbox.claim(clock(), 1)
        more = Append(key=b"more", reference=act.reference, msisdn=MSISDN, text="Na jana pia", at_ms=NOON_MS)
        await ledger.act(more)
        await ledger.act(erase(NOON_MS + 1))
        assert await ledger.outbox.claim(clock(), 10) == []
        await ledger.outbox.dead(dead, "Rejected", clock())
        (claim,) = await ledger.outbox.claim(clock(), 10)
        assert isinstance(await ledger.outbox.message(claim), Erasure)
        assert await ledger.outbox.done(claim, None)
        assert await ledger.outbox.claim(clock(), 10) == []
        await ledger.outbox.retry([dead.key])
        for turn in (0, 1):
            (claim,) = await ledger.outbox.claim(clock(), 10)
            assert (claim.turn, await ledger.outbox.done(claim, None)) == (turn, True)

    async def test_an_erasure_waits_for_its_turn_where_nothing_was_given_up(
        self, ledger: Ledger, keyring: Keyring, clock: StoppedClock
    ) -> None:
        act = named()
        await ledger.act(act)
        await ledger.act(Append(key=b"more", reference=act.reference, msisdn=MSISDN, text="Na jana", at_ms=NOON_MS))
        await ledger.act(erase(NOON_MS + 1))
        kinds = []
        while claims := await ledger.outbox.claim(clock(), 10):
            (claim,) = claims
            kinds.append(type(decoded(keyring.open("outbox", claim.key, claim.sealed))))
            await ledger.outbox.done(claim, None)
        assert kinds == [Submission, Addition, Erasure]

    async def test_receipts_hold_their_cases_in_the_order_of_references(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        await asyncio.gather(*(ledger.act(submit(caller=None)) for _ in range(3)))
        claims = sorted(await ledger.outbox.claim(clock(), 3), key=_reference, reverse=True)
        ran: list[str] = []

        @event.listens_for(ledger.database.engine, "before_cursor_execute")
        def seen(conn: object, cursor: object, statement: str, values: object, *rest: object) -> None:
            if statement.startswith("UPDATE cases") and "core_reference" in statement:
                ran.extend(one for row in values for one in row if one in references)  # type: ignore[attr-defined]

        references = sorted(map(_reference, claims))
        await asyncio.gather(*(ledger.outbox.done(claim, "EMR") for claim in claims))
        assert ran == references

    async def test_an_erasure_holds_all_cases_of_its_transaction_in_the_order_of_references(
        self, ledger: Ledger, keyring: Keyring
    ) -> None:
        first, second = sorted((submit() for _ in range(2)), key=lambda act: act.reference)
        await ledger.act(first)
        await ledger.act(second)
        taken: list[str] = []

        @event.listens_for(ledger.database.engine, "before_cursor_execute")
        def seen(conn: object, cursor: object, statement: str, values: tuple[object, ...], *rest: object) -> None:
            if "FROM cases" in statement and "ORDER BY cases.reference" in statement and "JOIN" not in statement:
                taken.append(str(sorted(str(one) for one in values)))

        more = Append(key=b"more", reference=second.reference, msisdn=STRANGER, text="Na jana", at_ms=NOON_MS)
        await asyncio.gather(ledger.act(more), ledger.act(erase(NOON_MS + 1)))
        assert taken == [str([first.reference, second.reference])]

    async def test_sms_come_again_after_the_key_was_rotated(
        self, url: str, ledger: Ledger, keyring: Keyring, clock: StoppedClock
    ) -> None:
        await ledger.act(SetSms(key=b"off", msisdn=MSISDN, on=False, locale="sw", at_ms=NOON_MS))
        rotated = await Ledger.open(url, keyring.rotate("vault_tag"), clock)
        try:
            assert not await rotated.sms_on(MSISDN)
            await rotated.act(submit())
            assert not await rotated.sms_on(MSISDN)
            await rotated.act(SetSms(key=b"on", msisdn=MSISDN, on=True, locale="sw", at_ms=NOON_MS))
            assert await rotated.sms_on(MSISDN)
            assert len(await rows(ledger, languages)) == 1
        finally:
            await rotated.close()

    async def test_one_caller_locks_a_reference_for_herself_alone(self, ledger: Ledger) -> None:
        act = submit()
        await ledger.act(act)
        for at in range(2 * ALL_TRIES):
            tried = LookUp(reference=act.reference, msisdn=STRANGER, pin="x", at_ms=NOON_MS + at)
            found = await ledger.look_up(tried)
        assert found.outcome == "locked"
        other = LookUp(reference=act.reference, msisdn="255700000008", pin="x", at_ms=NOON_MS + 2 * ALL_TRIES)
        assert (await ledger.look_up(other)).outcome == "wrong"

    async def test_a_dead_erasure_that_was_put_back_passes_again(self, ledger: Ledger, clock: StoppedClock) -> None:
        await ledger.act(named())
        (dead,) = await ledger.outbox.claim(clock(), 1)
        await ledger.outbox.dead(dead, "Rejected", clock())
        await ledger.act(erase(NOON_MS + 1))
        (told,) = await ledger.outbox.claim(clock(), 1)
        await ledger.outbox.dead(told, "Rejected", clock())
        assert await ledger.outbox.retry([told.key]) == 1
        assert [claim.key for claim in await ledger.outbox.claim(clock(), 10)] == [told.key]


def _reference(claim: Claim) -> str:
    return claim.reference
