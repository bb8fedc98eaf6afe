"""Thin messages of a webhook: what the core reads of them, what it is asked, and what is forgotten."""

import json
import secrets
from datetime import date
from typing import Any

import jsonschema
import msgspec
import pytest
from standardwebhooks import Webhook

from tests.feedback.hooked_core import Core, WebhookFixtures, drawn, known, opened
from ussd_engine import reference
from ussd_engine.errors import DeliveryError
from ussd_engine.feedback import kept, wire
from ussd_engine.feedback.webhook import WebhookStore
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.messages import Handled, View
from ussd_engine.model import Mode, Submission
from ussd_engine.testing.databases import dump
from ussd_engine.testing.feedback_contract import NAME, NUMBER, WORDS, act, send, submission
from ussd_engine.testing.specimens import NOON_MS, named, rows
from ussd_engine.tracking import Erase

SCHEMA = wire.schema()
ANSWER = "Bomba litatengenezwa Jumanne"


class Thin(WebhookFixtures):
    more = {"payload": "thin"}

    async def test_nothing_of_hers_goes_out_until_it_is_asked_for(
        self, store: WebhookStore, core: Core, ledger: Ledger
    ) -> None:
        core.says = [(202, {}, b"")]
        once = submission(mode=Mode.NAMED, number=NUMBER, name=NAME)
        await store.submit(once)
        sent = json.loads(core.requests[0][1])
        assert sent["data"] == {"id": once.idempotency_key}
        jsonschema.validate(sent, {**SCHEMA, "$ref": "#/$defs/to_core"})
        assert not [secret for secret in (NUMBER, NAME, WORDS) if secret in await dump(ledger.database)]
        status, text = await core.call("message.read", sent["data"])
        assert status == 200
        read = json.loads(text)
        assert (read["type"], read["data"]["number"], read["data"]["name"]) == ("submission.created", NUMBER, NAME)
        assert read["data"]["answers"]["message"] == WORDS

    async def test_only_the_core_reads(self, store: WebhookStore, core: Core) -> None:
        core.says = [(202, {}, b"")]
        once = submission()
        await store.submit(once)
        assert (await core.call("message.read", {"id": once.idempotency_key}, secret=drawn()))[0] == 401
        assert (await core.call("message.read", {"id": "00" * 16}))[0] == 400

    async def test_what_was_read_three_days_ago_is_gone(
        self, store: WebhookStore, core: Core, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        core.says = [(202, {}, b"")] * 2
        read, unread = submission(), submission()
        for one in (read, unread):
            await store.submit(one)
        assert (await core.call("message.read", {"id": read.idempotency_key}))[0] == 200
        assert (await core.call("message.read", {"id": read.idempotency_key}))[0] == 200
        monkeypatch.setattr(kept, "READ_FOR_MS", -1)
        assert (await core.call("message.read", {"id": read.idempotency_key}))[0] == 400
        assert (await core.call("message.read", {"id": unread.idempotency_key}))[0] == 200

    async def test_an_erased_name_is_not_read_any_more(self, store: WebhookStore, core: Core) -> None:
        core.says = [(202, {}, b"")] * 2
        once = submission(mode=Mode.NAMED, number=NUMBER, name=NAME)
        await store.submit(once)
        await send(store, act("erase", once.reference))
        _, text = await core.call("message.read", {"id": once.idempotency_key})
        assert not {"number", "name"} & json.loads(text)["data"].keys()
        assert json.loads(text)["data"]["answers"]["message"] == WORDS

    async def test_what_comes_again_without_a_name_stands_without_it(self, store: WebhookStore, core: Core) -> None:
        core.says = [(503, {}, b""), (202, {}, b"")]
        once = submission(mode=Mode.NAMED, number=NUMBER, name=NAME)
        with pytest.raises(DeliveryError):
            await store.submit(once)
        await store.submit(msgspec.structs.replace(once, number=None, name=None))
        assert not {"number", "name"} & (await read_back(core, once)).keys()

    @pytest.mark.parametrize("again", [False, True], ids=["before", "behind"])
    async def test_who_is_erased_is_named_no_more_though_the_core_is_not_told_yet(
        self, store: WebhookStore, core: Core, ledger: Ledger, again: bool
    ) -> None:
        core.says = [(503, {}, b"")] * 2
        kept_case = await ledger.act(named(msisdn=NUMBER))
        once = submission(reference=kept_case.reference, mode=Mode.NAMED, number=NUMBER, name=NAME)
        with pytest.raises(DeliveryError):
            await store.submit(once)
        assert (await read_back(core, once))["number"] == NUMBER
        await ledger.act(Erase(key=secrets.token_bytes(12), msisdn=NUMBER, at_ms=NOON_MS))
        if again:
            with pytest.raises(DeliveryError):
                await store.submit(once)
        assert not {"number", "name"} & (await read_back(core, once)).keys()
        assert (await read_back(core, once))["answers"]["message"] == WORDS

    async def test_an_attempt_that_is_overtaken_by_the_erasure_leaves_no_name(
        self, store: WebhookStore, core: Core, ledger: Ledger, keyring: Keyring
    ) -> None:
        core.says = [(202, {}, b"")] * 3
        kept_case = await ledger.act(named(msisdn=NUMBER))
        once = submission(reference=kept_case.reference, mode=Mode.NAMED, number=NUMBER, name=NAME)
        await store.submit(once)
        await ledger.act(Erase(key=secrets.token_bytes(12), msisdn=NUMBER, at_ms=NOON_MS))
        await send(store, act("erase", once.reference))
        await store.submit(once)
        waiting = await rows(ledger, kept.webhook_messages)
        plain = b"".join(keyring.open("webhook_messages", row.key, row.sealed) for row in waiting)
        assert once.idempotency_key.encode() in plain
        assert NUMBER.encode() not in plain

    async def test_a_core_that_forgets_nothing_does_not_keep_us_from_it(
        self, core: Core, ledger: Ledger, keyring: Keyring
    ) -> None:
        store = await opened(core, ledger, keyring, payload="thin", can="read")
        assert store.capabilities == {"read", "erase"}
        core.says = [(202, {}, b"")]
        once = submission(mode=Mode.NAMED, number=NUMBER, name=NAME)
        await store.submit(once)
        await send(store, act("erase", once.reference))
        assert len(core.requests) == 1
        _, text = await core.call("message.read", {"id": once.idempotency_key})
        assert not {"number", "name"} & json.loads(text)["data"].keys()
        await store.close()

    async def test_the_core_is_asked_for_its_words_and_they_stay_there(
        self, store: WebhookStore, core: Core, ledger: Ledger
    ) -> None:
        ref = await known(ledger)
        await core.tell(ref, state="answered", words="not to be kept")
        line = {"day": "2026-01-15", "role": "head", "office": "MAJI"}
        lines = [line | {"act": act} for act in ("answered", "counted")]
        core.views[ref] = json.dumps({"words": f"{ANSWER}\0", "history": lines}).encode()
        assert await store.view(ref) == View(ANSWER, (Handled(date(2026, 1, 15), "head", "answered", "MAJI"),))
        assert Webhook(core.secret).verify(core.requests[-1][1], dict(core.requests[-1][0]))["type"] == "case.read"
        assert await rows(ledger, kept.webhook_words) == []
        assert await store.view(reference.draw()) is None

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"[]",
            b'{"words": 5}',
            b'{"words": "' + b"m" * 70_000 + b'"}',
            b'{"history": [{"day": "2026-01-15", "role": "Neema Mfano", "act": "opened"}]}',
        ],
    )
    async def test_what_a_core_says_wrongly_is_not_shown(self, store: WebhookStore, core: Core, body: bytes) -> None:
        ref = reference.draw()
        core.views[ref] = body
        with pytest.raises(DeliveryError) as failed:
            await store.view(ref)
        assert NAME not in str(failed.value)


class TestThinOnSqlite(Thin):
    pass


@pytest.mark.postgres
class TestThinOnPostgres(Thin):
    @pytest.fixture
    def url(self, postgres_url: str) -> str:
        return postgres_url


async def read_back(core: Core, sent: Submission) -> dict[str, Any]:
    """What the core reads of a message that was sent thin."""
    status, text = await core.call("message.read", {"id": sent.idempotency_key})
    assert status == 200, text
    return dict(json.loads(text)["data"])
