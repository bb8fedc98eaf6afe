"""How a ledger lends its outbox, and what may be seen of it without keys."""

from __future__ import annotations

import asyncio
from secrets import token_hex
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from ussd_engine.keys import CannotOpen, Keyring
from ussd_engine.ledger import Ledger, Outbox
from ussd_engine.ledger.outbox import LEASE_MS, Whose
from ussd_engine.ledger.queue import enqueue, outbox_row
from ussd_engine.ledger.tables import cases, dead_letters
from ussd_engine.messages import Addition, CaseEvent
from ussd_engine.model import Case, CaseState, Mode, Submission
from ussd_engine.testing.databases import dump
from ussd_engine.testing.specimens import (
    DAY,
    DAY_MS,
    MSISDN,
    NAME,
    SPELLINGS,
    TEXT,
    LedgerFixtures,
    StoppedClock,
    anonymous,
    named,
    rows,
    submit,
)
from ussd_engine.tracking import Append, AskHigher, Effect, Rate, Withdraw


class OutboxContract(LedgerFixtures):
    """The suite; a part of `LedgerContract`."""

    async def test_a_row_is_lent_to_one_worker_at_a_time(self, ledger: Ledger, clock: StoppedClock) -> None:
        await ledger.act(submit())
        late = (await ledger.outbox.claim(clock(), 10))[0]
        assert await ledger.outbox.claim(clock(), 10) == []
        clock.move(LEASE_MS)
        fresh = (await ledger.outbox.claim(clock(), 10))[0]
        assert (fresh.attempts, fresh.token) == (2, 2)
        assert not await ledger.outbox.done(late, "late")
        assert not await ledger.outbox.later(late, 0)
        assert not await ledger.outbox.dead(late, "late", clock())
        assert (await ledger.outbox.backlog()).waiting == 1
        assert await ledger.outbox.done(fresh, "EMR-1")

    async def test_rows_are_lent_by_the_service_of_their_case(self, ledger: Ledger, clock: StoppedClock) -> None:
        lent: list[set[str]] = []
        sent = [(await ledger.act(submit(caller=None, service=of))).reference for of in ("emrejesho", "maji", "umeme")]
        for whose in (Whose(of="maji"), Whose(of="maji"), Whose(but=("maji", "umeme")), Whose(of="umeme"), Whose()):
            lent.append({claim.reference for claim in await ledger.outbox.claim(clock(), 10, whose)})
        assert lent == [{sent[1]}, set(), {sent[0]}, {sent[2]}, set()]

    async def test_workers_at_once_claim_every_row_once(self, ledger: Ledger, clock: StoppedClock) -> None:
        await asyncio.gather(*(ledger.act(submit(caller=None)) for _ in range(12)))
        claims = await asyncio.gather(*(ledger.outbox.claim(clock(), 5) for _ in range(4)))
        rest = await ledger.outbox.claim(clock(), 12)
        keys = [claim.key for claimed in [*claims, rest] for claim in claimed]
        assert len(keys) == len(set(keys)) == 12

    async def test_what_the_core_took_is_received(self, ledger: Ledger, clock: StoppedClock) -> None:
        act = submit()
        await ledger.act(act)
        claim = (await ledger.outbox.claim(clock(), 1))[0]
        assert await ledger.outbox.done(claim, "EMR-1")
        case = await ledger.case(act.reference)
        assert case is not None
        assert (case.state, case.core_reference) == (CaseState.RECEIVED, "EMR-1")
        assert (await ledger.outbox.backlog()).waiting == 0

    async def test_a_late_receipt_does_not_turn_a_case_back(self, ledger: Ledger, clock: StoppedClock) -> None:
        act = submit()
        await ledger.act(act)
        opened = update(cases).values(state=CaseState.OPENED.value)
        await ledger.database.write(lambda conn: conn.execute(opened).rowcount)
        await ledger.outbox.done((await ledger.outbox.claim(clock(), 1))[0], act.reference)
        case = await ledger.case(act.reference)
        assert case is not None
        assert case.state == CaseState.OPENED

    async def test_the_number_is_opened_for_named_alone(self, ledger: Ledger, clock: StoppedClock) -> None:
        for act in (named(), submit(), anonymous()):
            await ledger.act(act)
        opened = [await ledger.outbox.message(claim) for claim in await ledger.outbox.claim(clock(), 3)]
        numbers = {message.mode: message.number for message in opened if isinstance(message, Submission)}
        assert numbers == {Mode.NAMED: MSISDN, Mode.CONFIDENTIAL: None, Mode.ANONYMOUS: None}

    async def test_a_dead_letter_keeps_the_whole_row_sealed(
        self, ledger: Ledger, keyring: Keyring, clock: StoppedClock
    ) -> None:
        await ledger.act(submit())
        claim = (await ledger.outbox.claim(clock(), 1))[0]
        assert await ledger.outbox.dead(claim, "Rejected", clock())
        letter = (await rows(ledger, dead_letters))[0]
        kept = msgspec.msgpack.decode(keyring.open("dead_letter", claim.key, letter.sealed), type=type(claim))
        assert (kept, letter.reason) == (claim, "Rejected")
        backlog = await ledger.outbox.backlog()
        assert (backlog.waiting, backlog.oldest_ms, backlog.dead) == (0, None, 1)

    async def test_of_a_case_one_message_is_lent_at_a_time_in_the_order_of_its_acts(
        self, ledger: Ledger, keyring: Keyring, clock: StoppedClock
    ) -> None:
        act, other = submit(caller=None), submit(caller=None)
        for one in (act, other):
            await ledger.act(one)
        for texts in (("1",), ("2", "3")):
            await self._queue(ledger, keyring, act.reference, *texts)
        lent = []
        while claims := await ledger.outbox.claim(clock(), 10):
            assert await ledger.outbox.claim(clock(), 10) == []
            lent.append([(claim.reference, claim.turn) for claim in claims])
            for claim in claims:
                assert await ledger.outbox.done(claim, "EMR" if claim.turn == 0 else None)
        first, *rest = lent
        assert sorted(first) == sorted([(act.reference, 0), (other.reference, 0)])
        assert rest == [[(act.reference, turn)] for turn in (1, 2, 3)]

    async def test_what_was_put_back_comes_whole_and_before_what_waited_for_it(
        self, ledger: Ledger, keyring: Keyring, clock: StoppedClock
    ) -> None:
        act = submit(caller=None)
        await ledger.act(act)
        (claim,) = await ledger.outbox.claim(clock(), 1)
        assert await ledger.outbox.dead(claim, "Rejected", clock())
        await self._queue(ledger, keyring, act.reference, "1")
        assert await ledger.outbox.claim(clock(), 10) == []
        (letter,) = await ledger.outbox.letters()
        assert (letter.key, letter.kind, letter.reason) == (act.key, "submission", "Rejected")
        assert (letter.attempts, letter.queued_ms, letter.at_ms) == (1, act.at_ms, clock())
        assert await ledger.outbox.retry([letter.key, b"unknown"]) == 1
        assert await ledger.outbox.retry([letter.key]) == 0
        assert await ledger.outbox.letters() == []
        (again,) = await ledger.outbox.claim(clock(), 10)
        assert again == msgspec.structs.replace(claim, token=2)
        assert not await ledger.outbox.done(claim, "late")
        assert await ledger.outbox.done(again, "EMR")
        assert [claim.turn for claim in await ledger.outbox.claim(clock(), 10)] == [1]

    @pytest.mark.parametrize("kind", ["addition", "rating", "withdrawal", "appeal"])
    async def test_an_act_that_the_core_never_takes_is_taken_back(
        self, ledger: Ledger, clock: StoppedClock, kind: str
    ) -> None:
        before, after = await self._acted(ledger, clock, kind)
        (claim,) = await ledger.outbox.claim(clock(), 1)
        assert await ledger.outbox.dead(claim, "Rejected", clock())
        assert await ledger.case(before.reference) == msgspec.structs.replace(before, refused=kind)
        assert await ledger.outbox.retry([claim.key]) == 1
        assert await ledger.case(before.reference) == after

    async def test_what_the_core_told_since_is_newer_than_what_it_refused(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        before, _ = await self._acted(ledger, clock, "withdrawal")
        (claim,) = await ledger.outbox.claim(clock(), 1)
        told = CaseEvent(reference=before.reference, id="2", at_ms=clock(), sequence=2, state="answered")
        (heard,) = await ledger.tell([told], "core")
        assert heard.case is not None
        assert heard.case.state is CaseState.ANSWERED
        await ledger.outbox.dead(claim, "Rejected", clock())
        refused = msgspec.structs.replace(heard.case, refused="withdrawal")
        assert await ledger.case(before.reference) == refused
        rating = Rate(key=b"again", reference=before.reference, msisdn=MSISDN, rating="no", at_ms=clock())
        assert (await ledger.act(rating)).kind == "rate"
        assert await ledger.case(before.reference) == msgspec.structs.replace(heard.case, rating="no")

    async def _acted(self, ledger: Ledger, clock: StoppedClock, kind: str) -> tuple[Case, Case]:
        """A case that the core has, before and after an act on it that waits for the core."""
        act = submit()
        await ledger.act(act)
        (claim,) = await ledger.outbox.claim(clock(), 1)
        await ledger.outbox.done(claim, "EMR-1")
        state = "answered" if kind in ("rating", "appeal") else "opened"
        told = CaseEvent(reference=act.reference, id="1", at_ms=clock(), sequence=1, state=state)
        (heard,) = await ledger.tell([told], "core")
        on: dict[str, Any] = {"key": b"act", "reference": act.reference, "msisdn": MSISDN, "at_ms": clock() + DAY_MS}
        acts: dict[str, Effect] = {
            "addition": Append(text="Na jana pia", **on),
            "rating": Rate(rating="yes", **on),
            "withdrawal": Withdraw(**on),
            "appeal": AskHigher(reason="unhappy", text="Si kweli", higher="MAJI", due=DAY, **on),
        }
        assert (await ledger.act(acts[kind])).kind not in ("refused", "limit", "hour")
        after = await ledger.case(act.reference)
        assert heard.case is not None
        assert after is not None
        return heard.case, after

    async def test_without_the_data_key_a_dead_letter_is_counted_and_never_touched(
        self, ledger: Ledger, clock: StoppedClock, keyring: Keyring
    ) -> None:
        await ledger.act(submit(caller=None))
        (claim,) = await ledger.outbox.claim(clock(), 1)
        await ledger.outbox.dead(claim, "Rejected", clock())
        blind = Outbox(ledger.database, Keyring.random(DAY))
        assert [(letter.kind, letter.reason) for letter in await blind.letters()] == [("", "Rejected")]
        with pytest.raises(CannotOpen):
            await blind.retry([claim.key])
        assert (await ledger.outbox.backlog()).dead == 1

    async def _queue(self, ledger: Ledger, keyring: Keyring, reference: str, *texts: str) -> None:
        rows = [
            outbox_row(keyring, Addition(idempotency_key=token_hex(16), reference=reference, text=text, at_ms=0), 0)
            for text in texts
        ]
        await ledger.database.write(lambda conn: enqueue(conn, rows))

    async def test_a_dump_without_keys_shows_no_number_no_text_no_name(
        self, ledger: Ledger, clock: StoppedClock
    ) -> None:
        for act in (named(), submit(), anonymous()):
            await ledger.act(act)
        dead, *_ = await ledger.outbox.claim(clock(), 1)
        await ledger.outbox.dead(dead, "Rejected", clock())
        seen = await dump(ledger.database)
        assert "DUWASA" in seen
        for secret in (*SPELLINGS, TEXT, TEXT[:12], NAME, TEXT.encode().hex(), NAME.encode().hex()):
            assert secret not in seen
