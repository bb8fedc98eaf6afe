"""What a core tells by webhook: late, twice, out of order, wrong."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.feedback.hooked_core import Core, Gateway, WebhookFixtures, drawn, known, opened
from ussd_engine import reference
from ussd_engine.errors import RolledBack
from ussd_engine.feedback import kept, wire
from ussd_engine.feedback.webhook import WebhookStore
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.tables import news
from ussd_engine.messages import Handled, View
from ussd_engine.model import CaseState
from ussd_engine.testing.databases import dump
from ussd_engine.testing.feedback_contract import NAME, WORDS, submission
from ussd_engine.testing.specimens import rows

SCHEMA = wire.schema()
FIRST, SECOND = "Bomba litatengenezwa Jumanne", "Bomba limetengenezwa"


async def words_of(store: WebhookStore, reference: str) -> str | None:
    view = await store.view(reference)
    return None if view is None else view.words


async def state_of(ledger: Ledger, reference: str) -> CaseState:
    case = await ledger.case(reference)
    assert case is not None
    return case.state


class WhatIsTold(WebhookFixtures):
    async def test_an_event_changes_the_case_and_its_words_are_read(
        self, store: WebhookStore, core: Core, ledger: Ledger
    ) -> None:
        ref = await known(ledger)
        change = {"reference": ref, "sequence": 3, "state": "answered", "words": f" {FIRST}\n\x00", "by": "head"}
        at = datetime(2026, 1, 15, 6, 30, tzinfo=UTC)
        assert await core.call("case.changed", change, at=at) == (204, "")
        assert await state_of(ledger, ref) == CaseState.ANSWERED
        assert await store.view(ref) == View(f" {FIRST} ", (Handled(date(2026, 1, 15), "head", "answered"),))
        closed = {"reference": ref, "sequence": 4, "state": "closed", "by": "desk", "office": "TANESCO"}
        assert await core.call("case.changed", closed, at=at) == (204, "")
        view = await store.view(ref)
        assert view is not None
        assert view.history[1:] == (Handled(date(2026, 1, 15), "desk", "closed", "TANESCO"),)

    async def test_a_repeat_and_a_late_one_change_nothing(
        self, store: WebhookStore, core: Core, ledger: Ledger
    ) -> None:
        ref = await known(ledger)
        asked = {"reference": ref, "sequence": 1, "state": "need_info", "words": FIRST}
        answered = {"reference": ref, "sequence": 2, "state": "answered", "words": SECOND}
        for change, id in ((answered, "e2"), (asked, "e1"), (answered, "e2"), (asked, "e1"), (answered, "e9")):
            assert await core.call("case.changed", change, id=id) == (204, "")
            assert await words_of(store, ref) == SECOND
            assert await state_of(ledger, ref) == CaseState.ANSWERED
        view = await store.view(ref)
        assert view is not None
        assert [line.act for line in view.history][:2] == ["need_info", "answered"]

    async def test_without_a_count_time_orders(self, store: WebhookStore, core: Core, ledger: Ledger) -> None:
        ref, now = await known(ledger), datetime.now(UTC)
        late = {"reference": ref, "state": "opened", "words": FIRST}
        await core.call("case.changed", {"reference": ref, "state": "answered", "words": SECOND}, at=now)
        await core.call("case.changed", late, at=now - timedelta(hours=1))
        assert await words_of(store, ref) == SECOND
        assert await state_of(ledger, ref) == CaseState.ANSWERED

    @pytest.mark.parametrize("state", ["need_info", "no_such_state"])
    async def test_words_of_what_is_refused_are_not_read(
        self, store: WebhookStore, core: Core, ledger: Ledger, state: str
    ) -> None:
        ref = await known(ledger)
        await core.tell(ref, state="answered", words=FIRST)
        for _ in range(2):
            refused = {"reference": ref, "sequence": 5, "state": state, "words": SECOND}
            assert await core.call("case.changed", refused, id="again") == (204, "")
            assert await words_of(store, ref) == FIRST
        assert await state_of(ledger, ref) == CaseState.ANSWERED

    async def test_what_is_told_of_no_case_of_ours_is_taken_and_shown_to_nobody(
        self, store: WebhookStore, core: Core, ledger: Ledger
    ) -> None:
        ref = reference.draw()
        await core.tell(ref, state="answered", words=FIRST)
        assert await store.view(ref) is None

    async def test_at_once_and_often_is_once(self, store: WebhookStore, core: Core, ledger: Ledger) -> None:
        ref = await known(ledger)
        change = {"reference": ref, "sequence": 1, "state": "answered", "words": FIRST}
        answers = await asyncio.gather(*(core.call("case.changed", change, id="once") for _ in range(8)))
        assert {status for status, _ in answers} <= {204, 503}
        assert await core.call("case.changed", change, id="once") == (204, "")
        assert len(await rows(ledger, news)) == 1
        assert await words_of(store, ref) == FIRST

    async def test_who_does_not_sign_tells_nothing(self, core: Core, ledger: Ledger, gateway: Gateway) -> None:
        change = {"reference": await known(ledger), "state": "answered", "words": FIRST}
        status, text = await core.call("case.changed", change, secret=drawn())
        assert (status, text) == (401, "webhook-signature: none of them is of a secret that is known here\n")
        assert gateway.told == []
        assert await rows(ledger, kept.webhook_words) == []

    async def test_what_becomes_of_calls_is_counted(self, core: Core, ledger: Ledger, gateway: Gateway) -> None:
        await core.tell(await known(ledger), state="opened")
        await core.call("case.changed", {}, secret=drawn())
        await core.call("case.changed", {})
        lines = gateway.metrics.exposition().decode().splitlines()
        for line in (
            'ussd_news_total{verdict="applied"} 1.0',
            'ussd_not_signed_total{channel=""} 1.0',
            'ussd_not_a_callback_total{channel=""} 1.0',
        ):
            assert line in lines

    async def test_what_we_sent_cannot_be_sent_back(self, store: WebhookStore, core: Core, gateway: Gateway) -> None:
        await store.submit(submission())
        body = core.requests[0][1].decode()
        assert (await core.post(body, id="x"))[0] == 400
        assert gateway.told == []

    async def test_words_lie_sealed(self, store: WebhookStore, core: Core, ledger: Ledger) -> None:
        ref = await known(ledger)
        await core.tell(ref, state="answered", words=FIRST)
        assert FIRST not in await dump(ledger.database)
        assert await words_of(store, ref) == FIRST

    async def test_a_core_that_shows_nothing_leaves_no_words(
        self, core: Core, ledger: Ledger, keyring: Keyring
    ) -> None:
        store = await opened(core, ledger, keyring, can=["append"])
        async with Gateway(ledger).standing(store) as core.gateway:
            await core.tell(await known(ledger), state="answered", words=FIRST)
        assert await rows(ledger, kept.webhook_words) == []
        await store.close()

    async def test_while_the_ledger_is_away_a_core_is_asked_to_come_again(
        self, core: Core, ledger: Ledger, gateway: Gateway, store: WebhookStore
    ) -> None:
        ref = await known(ledger)
        change = {"reference": ref, "sequence": 1, "state": "answered", "words": FIRST}
        gateway.failure = RolledBack("away")
        assert await core.call("case.changed", change, id="e1") == (503, "not now\n")
        assert await words_of(store, ref) == ""
        gateway.failure = None
        assert await core.call("case.changed", change, id="e1") == (204, "")
        assert await words_of(store, ref) == FIRST


class TestWhatIsToldOnSqlite(WhatIsTold):
    pass


@pytest.mark.postgres
class TestWhatIsToldOnPostgres(WhatIsTold):
    @pytest.fixture
    def url(self, postgres_url: str) -> str:
        return postgres_url


GOOD = {"reference": "100000007"}
BAD: dict[str, tuple[Any, str]] = {
    "no reference": ({"state": "opened"}, "data: `reference` is missing"),
    "a reference that is none": ({"reference": "12345678"}, "data.reference: is not what"),
    "a name for a role": (GOOD | {"by": NAME}, "data.by: is not what"),
    "a count of nothing": (GOOD | {"sequence": 0}, "data.sequence: is not what"),
    "a count that no database holds": (GOOD | {"sequence": 2**53}, "data.sequence: is not what"),
    "a count that is true": (GOOD | {"sequence": True}, "data.sequence: is not what"),
    "a state that is a sentence": (GOOD | {"state": WORDS}, "data.state: is not what"),
    "an institution with NUL": (GOOD | {"institution": "A\0"}, "data.institution: is not what"),
    "a day that is none": (GOOD | {"due": "2026-02-30"}, "data.due: is not what"),
    "a book": (GOOD | {"words": "m" * 8_001}, "data.words: is not what"),
    "a misspelt field": (GOOD | {"sate": "opened"}, "data: holds a field that is not known here"),
    "a list": ([GOOD], "data: is not what"),
}


class TestWhatCannotBeRead(WebhookFixtures):
    @pytest.mark.parametrize("label", BAD)
    async def test_it_is_refused_with_its_place_and_without_its_words(
        self, core: Core, gateway: Gateway, label: str
    ) -> None:
        data, said = BAD[label]
        status, text = await core.call("case.changed", data)
        assert (status, text.startswith(said)) == (400, True), text
        assert NAME not in text
        assert WORDS[:10] not in text
        assert gateway.told == []
        message = {"type": "case.changed", "timestamp": "2026-01-15T06:30:00Z", "data": data}
        checker = jsonschema.FormatChecker()
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(message, {**SCHEMA, "$ref": "#/$defs/from_core"}, format_checker=checker)

    @pytest.mark.parametrize(
        ("id", "said"),
        [
            ("0" * 33, "data.id: is not what"),
            ("00" * 7, "data.id: is not what"),
            ("00" * 33, "data.id: is not what"),
            ("0g" * 16, "data.id: is not what"),
            ("AB" * 16, "data.id: is not what"),
            ("00 " * 8, "data.id: is not what"),
            *(("00" * octets, "data.id: no message waits") for octets in (8, 12, 16, 32)),
        ],
    )
    async def test_an_id_is_whole_octets(self, core: Core, id: str, said: str) -> None:
        status, text = await core.call("message.read", {"id": id})
        assert (status, text.startswith(said)) == (400, True), text

    @pytest.mark.parametrize(
        "body",
        ["", "[]", "null", "{", "[" * 20_000, '{"type":"case.closed"}', '{"type":5}', "\ufeff{}", '{"a":"\\ud800"}'],
    )
    async def test_a_body_that_is_no_message_is_refused(self, core: Core, body: str) -> None:
        assert (await core.post(body))[0] == 400

    async def test_a_body_that_is_too_large_is_refused(self, core: Core) -> None:
        assert await core.post(" " * 65_537) == (400, "the body is too large\n")

    @pytest.mark.parametrize("years", [-30, 1])
    async def test_a_time_that_cannot_be_is_refused(self, core: Core, gateway: Gateway, years: int) -> None:
        at = datetime.now(UTC) + timedelta(days=365 * years)
        assert await core.call("case.changed", GOOD, at=at) == (
            400,
            "timestamp: expected the time at which it happened\n",
        )

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
    @given(
        st.dictionaries(
            st.sampled_from(["reference", "sequence", "state", "institution", "due", "directive", "words", "by"]),
            st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.sampled_from(["100000007", "opened"]),
        ),
        st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-15T06:30:00Z", "x"]),
    )
    async def test_no_body_breaks_anything(self, core: Core, data: dict[str, Any], at: str) -> None:
        body = json.dumps({"type": "case.changed", "timestamp": at, "data": data})
        assert (await core.post(body))[0] in (204, 400)


def test_the_published_schema_is_current() -> None:
    page = Path(__file__).parent.parent.parent / "docs" / "events.schema.json"
    assert page.read_text() == wire.published(), "run `make schema`"
    jsonschema.Draft202012Validator.check_schema(wire.schema())
