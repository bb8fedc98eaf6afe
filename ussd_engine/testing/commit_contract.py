"""How a ledger commits: together, and truthfully where the connection ends."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import event

from ussd_engine.errors import RolledBack, Unknown
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Faults, Ledger
from ussd_engine.ledger.tables import effects
from ussd_engine.model import Committed
from ussd_engine.testing.specimens import LedgerFixtures, StoppedClock, cancel, cases_of, rows, submit


class CommitContract(LedgerFixtures):
    """The suite; a part of `LedgerContract`."""

    async def test_an_act_that_the_database_refuses_fails_alone(self, ledger: Ledger) -> None:
        good = [submit(caller=None) for _ in range(3)]
        bad = submit(caller=None, institution=None)
        results = await asyncio.gather(*map(ledger.act, [good[0], bad, *good[1:]]), return_exceptions=True)
        assert isinstance(results.pop(1), RolledBack)
        assert {case.reference for case in await cases_of(ledger)} == {act.reference for act in good}
        assert all(isinstance(result, Committed) for result in results)

    async def test_fifty_acts_at_once_share_a_few_commits(self, ledger: Ledger) -> None:
        commits: list[object] = []
        event.listen(ledger.database.engine, "commit", commits.append)
        await asyncio.gather(*(ledger.act(submit(caller=None)) for _ in range(50)))
        assert len(commits) < 5
        assert len(await cases_of(ledger)) == 50

    async def test_a_connection_lost_before_the_commit_wrote_nothing_and_says_so(
        self, ledger: Ledger, faults: Faults
    ) -> None:
        act = submit()
        faults.arm("lost")
        with pytest.raises(RolledBack):
            await ledger.act(act)
        assert await rows(ledger, effects) == []
        assert (await ledger.act(act)).kind == "submit"

    async def test_a_commit_that_was_not_answered_is_unknown_and_stands(self, ledger: Ledger, faults: Faults) -> None:
        act = submit()
        faults.arm("unanswered")
        with pytest.raises(Unknown):
            await ledger.act(act)
        assert (await ledger.act(cancel(act.key))).reference == act.reference

    async def test_a_commit_that_never_came_through_is_unknown_and_gone(self, ledger: Ledger, faults: Faults) -> None:
        act = submit()
        faults.arm("unknown_rolled")
        with pytest.raises(Unknown):
            await ledger.act(act)
        assert (await ledger.act(cancel(act.key))).kind == "cancel"

    async def test_a_fault_is_told_to_all_who_shared_the_transaction(self, ledger: Ledger, faults: Faults) -> None:
        faults.arm("unanswered")
        acts = [submit(caller=None) for _ in range(3)]
        results = await asyncio.gather(*map(ledger.act, acts), return_exceptions=True)
        assert [type(result) for result in results] == [Unknown] * 3
        assert len(await cases_of(ledger)) == 3

    async def test_a_caller_who_stops_waiting_stops_nothing(self, ledger: Ledger) -> None:
        act, other = submit(), submit()
        waiting = asyncio.create_task(ledger.act(act))
        beside = asyncio.create_task(ledger.act(other))
        await asyncio.sleep(0)
        waiting.cancel()
        assert (await beside).reference == other.reference
        assert waiting.cancelled()
        assert (await ledger.act(cancel(act.key))).reference == act.reference

    async def test_closing_waits_for_what_is_under_way(
        self, url: str, ledger: Ledger, keyring: Keyring, clock: StoppedClock
    ) -> None:
        closing, act = await Ledger.open(url, keyring, clock), submit()
        waiting = asyncio.create_task(closing.act(act))
        await asyncio.sleep(0)
        await closing.close()
        assert (await waiting).reference == act.reference
        assert await ledger.case(act.reference)
