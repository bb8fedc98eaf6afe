"""What every ledger must do, whatever database is under it.

Subclass `LedgerContract`, and give it the fixture `url`: the address of an empty database with the newest tables.
Tests and fixtures are coroutines; run pytest with `asyncio_mode = auto`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import update

from ussd_engine import reference
from ussd_engine.keys import CannotOpen, Keyring
from ussd_engine.ledger import Ledger, PurgeLog
from ussd_engine.ledger.tables import contacts, languages, limits, submissions
from ussd_engine.model import Case, CaseState, Committed, Mode, SetLanguage, Submit
from ussd_engine.testing.commit_contract import CommitContract
from ussd_engine.testing.databases import dump
from ussd_engine.testing.erasure_contract import ErasureContract
from ussd_engine.testing.outbox_contract import OutboxContract
from ussd_engine.testing.specimens import (
    DAY,
    DAY_MS,
    MSISDN,
    NAME,
    NOON_MS,
    TEXT,
    StoppedClock,
    anonymous,
    cancel,
    cases_of,
    named,
    rows,
    submit,
)
from ussd_engine.testing.tracking_contract import TrackingContract
from ussd_engine.tracking import Append
from ussd_engine.vault import Vault


class LedgerContract(CommitContract, ErasureContract, OutboxContract, TrackingContract):
    """The suite."""

    async def test_a_submission_is_there_once_the_act_has_returned(self, ledger: Ledger) -> None:
        act = submit()
        assert await ledger.act(act) == Committed("submit", act.reference, act.case, act.due, "confidential")
        stored = await ledger.submission(act.reference)
        assert stored is not None
        assert stored.answers == {"message": TEXT}
        assert (stored.idempotency_key, stored.reference, stored.submitted) == (act.key.hex(), act.reference, DAY)
        case = await ledger.case(act.reference)
        assert case == Case(
            reference=act.reference,
            case=act.case,
            handle=stored.handle,
            service="emrejesho",
            type="complaint",
            mode=Mode.CONFIDENTIAL,
            institution="DUWASA",
            state=CaseState.QUEUED,
            submitted=DAY,
            changed=DAY,
            due=act.due,
            sequence=0,
            core_reference=None,
        )

    async def test_the_contact_is_sealed_apart_and_found_by_its_tag(self, ledger: Ledger, keyring: Keyring) -> None:
        act = submit()
        await ledger.act(act)
        contact = (await rows(ledger, contacts))[0]
        stored = await ledger.submission(act.reference)
        assert stored is not None
        assert (contact.handle, contact.tag) == (stored.handle, Vault(keyring).vault_tag(MSISDN))
        assert Vault(keyring).open(contact.sealed, bytes.fromhex(contact.handle)) == MSISDN

    async def test_a_repeat_gets_the_first_result_whatever_it_brings(self, ledger: Ledger) -> None:
        first = submit()
        committed = await ledger.act(first)
        assert await ledger.act(submit(key=first.key, institution="TANESCO")) == committed
        assert len(await cases_of(ledger)) == 1

    async def test_a_cancel_after_a_submit_is_told_of_the_submit(self, ledger: Ledger) -> None:
        act = submit()
        committed = await ledger.act(act)
        assert await ledger.act(cancel(act.key)) == committed

    async def test_a_submit_after_a_cancel_is_told_of_the_cancel_and_stores_nothing(self, ledger: Ledger) -> None:
        act = submit()
        assert (await ledger.act(cancel(act.key))).kind == "cancel"
        assert (await ledger.act(act)).kind == "cancel"
        assert await cases_of(ledger) == []
        assert {row.count for row in await rows(ledger, limits)} == {0}

    async def test_of_a_submit_and_a_cancel_at_once_one_is(self, ledger: Ledger) -> None:
        act = submit()
        results = await asyncio.gather(ledger.act(act), ledger.act(cancel(act.key)), ledger.act(act))
        assert len(set(results)) == 1

    async def test_the_sixth_case_of_a_day_is_not_written(self, ledger: Ledger) -> None:
        acts = [submit() for _ in range(5)]
        for act in acts:
            await ledger.act(act)
        before = await dump(ledger.database)
        assert await ledger.act(anonymous()) == Committed("limit")
        assert await dump(ledger.database) == before
        assert (await ledger.act(acts[0])).reference == acts[0].reference
        assert (await ledger.act(submit(caller="255700000002"))).kind == "submit"
        assert (await ledger.act(submit(at_ms=NOON_MS + DAY_MS))).kind == "submit"

    async def test_five_submissions_an_hour_of_any_kind(self, ledger: Ledger) -> None:
        act = submit()
        await ledger.act(act)
        more = Append(key=b"1", reference=act.reference, msisdn=MSISDN, text="x", at_ms=NOON_MS)
        kinds = [(await ledger.act(msgspec.structs.replace(more, key=bytes([2, key])))).kind for key in range(6)]
        assert kinds == ["append"] * 4 + ["hour"] * 2
        assert await ledger.act(submit()) == Committed("hour")
        assert (await ledger.act(msgspec.structs.replace(more, key=b"3", msisdn="255700000009"))).kind == "append"
        assert (await ledger.act(msgspec.structs.replace(more, key=b"4", at_ms=NOON_MS + 3_600_000))).kind == "append"

    async def test_a_cancel_after_a_full_day_is_a_cancel(self, ledger: Ledger) -> None:
        await asyncio.gather(*(ledger.act(submit()) for _ in range(5)))
        act = submit()
        limited, left = await asyncio.gather(ledger.act(act), ledger.act(cancel(act.key)))
        assert (limited.kind, left.kind) == ("limit", "cancel")

    async def test_of_eight_cases_of_one_caller_at_once_five_are_written(self, ledger: Ledger) -> None:
        results = await asyncio.gather(*(ledger.act(submit()) for _ in range(8)))
        assert sorted(result.kind for result in results) == ["limit"] * 3 + ["submit"] * 5
        assert len(await cases_of(ledger)) == 5

    async def test_a_case_without_number_is_counted_for_nobody(self, ledger: Ledger) -> None:
        results = [await ledger.act(anonymous(caller=None)) for _ in range(6)]
        assert {result.kind for result in results} == {"submit"}

    async def test_a_reference_that_is_taken_is_drawn_again(
        self, url: str, keyring: Keyring, clock: StoppedClock
    ) -> None:
        first, second = submit(), submit(caller=None)
        drawn = iter([first.reference, second.reference])
        ledger = await Ledger.open(url, keyring, clock, draw_reference=lambda: next(drawn))
        await ledger.act(first)
        committed = await ledger.act(msgspec.structs.replace(second, reference=first.reference))
        stored = await ledger.submission(second.reference)
        await ledger.close()
        assert committed.reference == second.reference
        assert stored is not None
        assert (stored.reference, stored.idempotency_key) == (second.reference, second.key.hex())

    async def test_two_cases_at_once_with_one_reference_get_two(self, ledger: Ledger) -> None:
        same = reference.draw()
        results = await asyncio.gather(ledger.act(submit(reference=same)), ledger.act(submit(reference=same)))
        assert len({result.reference for result in results}) == 2
        assert {case.reference for case in await cases_of(ledger)} == {result.reference for result in results}

    async def test_an_anonymous_case_leaves_of_its_caller_the_tag_of_the_day_alone(
        self, ledger: Ledger, keyring: Keyring
    ) -> None:
        act = anonymous()
        await ledger.act(act)
        assert await rows(ledger, contacts) == []
        assert await rows(ledger, languages) == []
        assert {row.tag for row in await rows(ledger, limits)} == {keyring.limit_tag(MSISDN, DAY)}
        stored = await ledger.submission(act.reference)
        assert stored is not None
        assert (stored.handle, stored.number, stored.name) == ("", None, None)

    async def test_a_number_that_comes_with_an_anonymous_case_is_not_kept(self, ledger: Ledger) -> None:
        await ledger.act(submit(mode=Mode.ANONYMOUS))
        assert await rows(ledger, contacts) == []
        assert await rows(ledger, languages) == []

    @pytest.mark.parametrize(("make", "kept"), [(named, NAME), (submit, None), (anonymous, None)])
    async def test_a_name_is_kept_in_named_alone(
        self, ledger: Ledger, make: Callable[[], Submit], kept: str | None
    ) -> None:
        act = make()
        await ledger.act(act)
        stored = await ledger.submission(act.reference)
        assert stored is not None
        assert (stored.name, stored.answers) == (kept, {"message": TEXT})

    async def test_a_language_is_remembered_for_twelve_months(self, ledger: Ledger, clock: StoppedClock) -> None:
        assert await ledger.language(MSISDN) is None
        await ledger.act(submit(locale="sw"))
        act = SetLanguage(key=b"k" * 16, msisdn=MSISDN, locale="en", at_ms=NOON_MS)
        assert await ledger.act(act) == Committed("set_language")
        assert await ledger.language(MSISDN) == "en"
        clock.move(365 * DAY_MS)
        assert await ledger.language(MSISDN) == "en"
        clock.move(DAY_MS)
        assert await ledger.language(MSISDN) is None

    async def test_a_language_is_found_after_the_key_was_rotated(
        self, url: str, ledger: Ledger, keyring: Keyring, clock: StoppedClock
    ) -> None:
        await ledger.act(submit())
        rotated = await Ledger.open(url, keyring.rotate("vault_tag"), clock)
        assert await rotated.language(MSISDN) == "en"
        await rotated.act(submit(locale="sw", at_ms=NOON_MS + DAY_MS))
        assert await rotated.language(MSISDN) == "sw"
        await rotated.close()

    async def test_of_a_reference_that_nobody_has_there_is_nothing(self, ledger: Ledger) -> None:
        assert await ledger.case("000000000") is None
        assert await ledger.submission("000000000") is None

    async def test_a_sealed_row_that_was_moved_does_not_open(self, ledger: Ledger) -> None:
        first, second = submit(), submit()
        await ledger.act(first)
        await ledger.act(second)
        sealed = {row.case: row.sealed for row in await rows(ledger, submissions)}[second.case]
        swap = update(submissions).where(submissions.c.case == first.case).values(sealed=sealed)
        await ledger.database.write(lambda conn: conn.execute(swap).rowcount)
        with pytest.raises(CannotOpen):
            await ledger.submission(first.reference)

    async def test_purge_drops_the_tags_of_days_past_and_old_languages(
        self, ledger: Ledger, clock: StoppedClock, tmp_path: Path
    ) -> None:
        log = PurgeLog(tmp_path / "erased.log")
        await ledger.act(submit())
        await ledger.purge(log)
        assert len({row.tag for row in await rows(ledger, limits)}) == len(await rows(ledger, languages)) == 1
        clock.move(DAY_MS)
        await ledger.purge(log)
        assert await rows(ledger, limits) == []
        assert len(await rows(ledger, languages)) == 1
        clock.move(365 * DAY_MS)
        await ledger.purge(log)
        assert await rows(ledger, languages) == []
