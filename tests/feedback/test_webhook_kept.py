"""What is kept for a core behind webhooks goes with its case: words for the citizen, and messages that nobody read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from tests.feedback.hooked_core import Clerk, Core, WebhookFixtures, known
from ussd_engine import reference
from ussd_engine.feedback import kept
from ussd_engine.feedback.webhook import WebhookStore
from ussd_engine.ledger import Ledger, PurgeLog
from ussd_engine.ledger.tables import cases
from ussd_engine.messages import View
from ussd_engine.testing.feedback_contract import act, send
from ussd_engine.testing.specimens import cases_of, rows

ANSWER = "Bomba litatengenezwa Jumanne"


def days_ago(days: int) -> date:
    return datetime.now(UTC).date() - timedelta(days=days)


async def stands(ledger: Ledger, reference: str, **values: Any) -> None:
    change = update(cases).where(cases.c.reference == reference).values(**values)
    await ledger.database.write(lambda conn: conn.execute(change).rowcount)


@pytest.fixture
def log(tmp_path: Path) -> PurgeLog:
    return PurgeLog(tmp_path / "erased.log")


def test_a_line_of_a_release_that_knew_no_offices_is_read() -> None:
    day = date(2026, 1, 15)
    older, newer = (ANSWER, (day, "head", "answered")), (ANSWER, (day, "head", "answered", "MAJI"))
    lines = [msgspec.msgpack.decode(msgspec.msgpack.encode(one), type=kept.Word).line for one in (older, newer)]
    assert [line and (line.role, line.office) for line in lines] == [("head", ""), ("head", "MAJI")]


class Words(WebhookFixtures):
    async def test_they_go_with_the_case_and_are_offered_no_more(
        self, store: WebhookStore, officer: Clerk, ledger: Ledger, log: PurgeLog
    ) -> None:
        closed, open = await known(ledger), await known(ledger)
        for one in (closed, open):
            await officer.answer(one, ANSWER)
        for days, gone in ((90, 0), (91, 1)):
            await stands(ledger, closed, state="closed", ended=days_ago(days))
            assert (await ledger.purge(log, kept.PURGES))["words of the core"] == gone
        assert await store.view(closed) == View("", ()), "nobody is told to try again later"
        assert {case.reference: case.spoken for case in await cases_of(ledger)} == {closed: False, open: True}
        view = await store.view(open)
        assert view is not None
        assert view.words == ANSWER

    async def test_words_for_a_case_that_is_not_ours_go_at_once(
        self, store: WebhookStore, core: Core, ledger: Ledger, log: PurgeLog
    ) -> None:
        await core.tell(reference.draw(), state="answered", words=ANSWER)
        assert len(await rows(ledger, kept.webhook_words)) == 1
        assert (await ledger.purge(log, kept.PURGES))["words of the core"] == 1
        assert await rows(ledger, kept.webhook_words) == []


class TestWords(Words):
    pass


@pytest.mark.postgres
class TestWordsOnPostgres(Words):
    @pytest.fixture
    def url(self, postgres_url: str) -> str:
        return postgres_url


class Messages(WebhookFixtures):
    more = {"payload": "thin"}

    async def test_one_that_nobody_reads_goes_with_its_case_and_an_operator_is_told_before(
        self, store: WebhookStore, core: Core, ledger: Ledger, log: PurgeLog
    ) -> None:
        core.says = [(202, {}, b"")] * 2
        theirs, undelivered = await known(ledger), await known(ledger)
        for one in (theirs, undelivered):
            await send(store, act("append", one))
        for days, going, gone in ((335, 0, 0), (336, 1, 0), (365, 1, 0), (366, 1, 1)):
            await stands(ledger, theirs, state="received", changed=days_ago(days), touched=days_ago(days))
            await stands(ledger, undelivered, state="queued", changed=days_ago(days), touched=days_ago(days))
            assert await ledger.purging.going(kept.GOING) == going
            assert (await ledger.purge(log, kept.PURGES))["thin messages"] == gone
        assert [row.reference for row in await rows(ledger, kept.webhook_messages)] == [undelivered]
        assert await ledger.purging.going(kept.GOING) == 0

    async def test_one_that_was_read_goes_after_three_days_though_no_core_calls_again(
        self, store: WebhookStore, core: Core, ledger: Ledger, log: PurgeLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        core.says = [(202, {}, b"")]
        more = act("append", await known(ledger))
        await send(store, more)
        assert (await core.call("message.read", {"id": more.idempotency_key}))[0] == 200
        assert (await ledger.purge(log, kept.PURGES))["thin messages"] == 0
        monkeypatch.setattr(kept, "READ_FOR_MS", -1)
        assert (await ledger.purge(log, kept.PURGES))["thin messages"] == 1
        assert await rows(ledger, kept.webhook_messages) == []


class TestMessages(Messages):
    pass


@pytest.mark.postgres
class TestMessagesOnPostgres(Messages):
    @pytest.fixture
    def url(self, postgres_url: str) -> str:
        return postgres_url
