"""A core behind signed webhooks: what reaches it, what its answers mean, what it tells."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.feedback.hooked_core import ACT_OF, Clerk, Core, Gateway, WebhookFixtures, drawn, now_ms, opened, settings
from ussd_engine import reference
from ussd_engine.answered import MOST_READ
from ussd_engine.delivery import PAUSE_MS, Delivery
from ussd_engine.errors import ConfigError, DeliveryError, Gone, Rejected, RoutePaused, Why
from ussd_engine.feedback import Surroundings, open_feedback, webhook, wire
from ussd_engine.feedback.webhook import WebhookStore
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.messages import CaseEvent
from ussd_engine.model import Mode
from ussd_engine.testing.feedback_contract import (
    ACTS,
    NAME,
    NUMBER,
    WORDS,
    Acts,
    FeedbackContract,
    Heard,
    Held,
    act,
    send,
    submission,
)
from ussd_engine.testing.specimens import StoppedClock, submit

SCHEMA = wire.schema()
AWAY = "webhook+http://127.0.0.1:1/"
ROOT = Path(__file__).parents[2]


class WebhookContract(WebhookFixtures, FeedbackContract):
    @pytest.fixture
    def held(self, core: Core) -> Held:
        return core.held

    @pytest.fixture
    def acts(self, core: Core) -> Acts:
        return core.acts

    @pytest.fixture
    def heard(self, gateway: Gateway) -> Heard:
        async def told() -> Sequence[CaseEvent]:
            return gateway.told

        return told

    @pytest.fixture
    async def away(self, core: Core, ledger: Ledger, keyring: Keyring) -> AsyncIterator[WebhookStore]:
        surroundings = Surroundings(ledger.database, keyring, now_ms, settings(core, **self.more))
        store = await open_feedback(AWAY, surroundings)
        assert isinstance(store, WebhookStore)
        yield store
        await store.close()


class TestWebhookContract(WebhookContract):
    pass


@pytest.mark.postgres
class TestWebhookContractOnPostgres(WebhookContract):
    @pytest.fixture
    def url(self, postgres_url: str) -> str:
        return postgres_url


class TestThinWebhookContract(WebhookContract):
    more = {"payload": "thin"}

    asks_back = True

    @pytest.fixture
    def officer(self, core: Core, ledger: Ledger) -> Clerk:
        return ThinClerk(core, ledger)


class ThinClerk(Clerk):
    """Keeps its words until it is asked for them."""

    async def answer(self, reference: str, words: str) -> None:
        lines = [{"day": "2026-01-15", "role": "officer", "act": one} for one in ("opened", "answered")]
        self.core.views[reference] = json.dumps({"words": words, "history": lines}).encode()
        await self.core.tell(reference, state="answered")


class TestWhatIsSent(WebhookFixtures):
    @pytest.mark.parametrize("name", ["submit", *ACTS])
    async def test_it_is_what_the_schema_says(self, store: WebhookStore, core: Core, name: str) -> None:
        sent = submission()
        message = sent if name == "submit" else act(name, sent.reference)
        await send(store, message)
        headers, body = core.requests[0]
        jsonschema.validate(json.loads(body), {**SCHEMA, "$ref": "#/$defs/to_core"})
        assert headers["webhook-id"] == message.idempotency_key
        assert core.messages[0]["type"] == next((t for t, one in ACT_OF.items() if one == name), "submission.created")
        for field, value in core.messages[0]["data"].items():
            assert value == wire_value(getattr(message, "idempotency_key" if field == "id" else field))

    async def test_number_and_name_go_in_named_alone(self, store: WebhookStore, core: Core) -> None:
        for mode in Mode:
            handle = "" if mode is Mode.ANONYMOUS else "ab" * 16
            await store.submit(submission(mode=mode, handle=handle, number=NUMBER, name=NAME))
        found = {message["data"]["mode"]: message["data"] for message in core.messages}
        assert (found["named"]["number"], found["named"]["name"]) == (NUMBER, NAME)
        for other in ("confidential", "anonymous"):
            assert not {"number", "name"} & found[other].keys()
        assert "handle" not in found["anonymous"]

    async def test_no_minute_of_hers_is_told(self, store: WebhookStore, core: Core) -> None:
        await send(store, act("append", reference.draw(), at_ms=1_764_075_599_999))
        assert core.messages[0]["timestamp"] == "2025-11-25T00:00:00Z"
        assert b"17640" not in core.requests[0][1]

    async def test_every_attempt_has_the_same_id_and_body(self, store: WebhookStore, core: Core) -> None:
        once = submission()
        core.says = [(503, {}, b"")]
        with pytest.raises(DeliveryError):
            await store.submit(once)
        assert await store.submit(once) == "EMR-1"
        (first, body), (again, body_again) = core.requests
        assert first["webhook-id"] == again["webhook-id"] == once.idempotency_key
        assert body == body_again

    async def test_two_secrets_sign_while_one_is_replaced(self, core: Core, ledger: Ledger, keyring: Keyring) -> None:
        store = await opened(core, ledger, keyring, secrets=f"{drawn()} {core.secret}")
        await store.submit(submission())
        assert len(core.messages) == 1
        await store.close()

    async def test_what_is_too_large_is_never_sent(self, store: WebhookStore, core: Core) -> None:
        with pytest.raises(Rejected, match="20000"):
            await store.submit(submission(answers={"message": "m" * 20_000}))
        assert core.requests == []


RETRY = (DeliveryError, True, False)
NEVER = (Rejected, False, False)
PAUSE = (RoutePaused, True, True)
GONE = (Gone, True, True)


class TestWhatAnAnswerMeans(WebhookFixtures):
    @pytest.mark.parametrize("status", [200, 201, 202, 204, 299, 409])
    async def test_the_core_has_it(self, store: WebhookStore, core: Core, status: int) -> None:
        once = submission()
        core.says = [(status, {}, b"")] * 2
        assert await store.submit(once) == once.reference
        await send(store, act("rate", once.reference))

    @pytest.mark.parametrize(
        ("status", "meaning"),
        [
            *((status, RETRY) for status in (301, 302, 307, 404, 405, 408, 425, 429, 500, 501, 502, 503, 504, 599)),
            *((status, NEVER) for status in (400, 402, 406, 413, 415, 422)),
            *((status, PAUSE) for status in (401, 403)),
            (410, GONE),
        ],
    )
    async def test_the_core_has_it_not(
        self, store: WebhookStore, core: Core, status: int, meaning: tuple[type[Exception], bool, bool]
    ) -> None:
        core.says = [(status, {"Location": core.address}, WORDS.encode())]
        with pytest.raises(DeliveryError) as failed:
            await store.submit(submission())
        assert (type(failed.value), failed.value.retry, failed.value.pause) == meaning
        assert str(failed.value) == f"the core answered {status}"
        assert len(core.requests) == 1, "no redirect is followed"

    @pytest.mark.parametrize(("status", "kept"), [(422, "given up"), (503, "waits"), (403, "waits")])
    async def test_the_outbox_keeps_the_status_and_none_of_the_words(
        self, store: WebhookStore, core: Core, ledger: Ledger, status: int, kept: str
    ) -> None:
        await ledger.act(submit(caller=None))
        core.says = [(status, {}, WORDS.encode())]
        assert await Delivery(ledger.outbox, store, StoppedClock()).step() == 1
        found = {
            "given up": [letter.reason for letter in await ledger.outbox.letters()],
            "waits": [row.error for row in await ledger.outbox.waiting()],
        }
        assert found.pop(kept) == [f"the core answered {status}"]
        assert list(found.values()) == [[]]

    async def test_an_address_that_is_gone_gets_nothing_more_before_the_gateway_is_started_again(
        self, store: WebhookStore, core: Core, ledger: Ledger, keyring: Keyring
    ) -> None:
        clock, told = StoppedClock(), list[Exception]()
        await ledger.act(submit(caller=None))
        core.says = [(410, {}, b"")]
        worker = Delivery(ledger.outbox, store, clock, told=told.append)
        for _ in range(20):
            assert await worker.step() == 1
            clock.move(PAUSE_MS)
        assert len(core.requests) == 1
        assert [(type(error), error.why) for error in told if isinstance(error, DeliveryError)] == [(Gone, Why.GONE)]
        backlog = await ledger.outbox.backlog()
        assert (backlog.waiting, backlog.dead, backlog.gone) == (1, 0, True)
        again = await opened(core, ledger, keyring)
        assert await Delivery(ledger.outbox, again, clock).step() == 1
        await again.close()
        backlog = await ledger.outbox.backlog()
        assert (len(core.requests), backlog.waiting, backlog.gone) == (2, 0, False)

    async def test_an_address_that_is_gone_is_asked_for_no_words(
        self, core: Core, ledger: Ledger, keyring: Keyring
    ) -> None:
        store = await opened(core, ledger, keyring, payload="thin")
        core.says = [(410, {}, b"")]
        for _ in range(2):
            with pytest.raises(Gone):
                await store.view("123456789")
        await store.close()
        assert len(core.requests) == 1

    @pytest.mark.parametrize(
        ("text", "least", "most"),
        [
            ("120", 120, 120),
            ("0", 0, 0),
            ("999999999", 86_400, 86_400),
            ("tomorrow noon and later", 86_400, 86_400),
            ("an hour ago", 0, 0),
        ],
    )
    async def test_a_core_says_when_to_come_again(
        self, store: WebhookStore, core: Core, text: str, least: float, most: float
    ) -> None:
        dates = {"tomorrow noon and later": timedelta(hours=36), "an hour ago": timedelta(hours=-1)}
        if text in dates:
            text = format_datetime(datetime.now(UTC) + dates[text], usegmt=True)
        core.says = [(status, {"Retry-After": text}, b"") for status in (429, 502, 503, 504)]
        for _ in range(len(core.says)):
            with pytest.raises(DeliveryError) as failed:
                await store.submit(submission())
            assert failed.value.after_s is not None
            assert least <= failed.value.after_s <= most

    @pytest.mark.parametrize("text", ["", "soon", "-5", "1e9", "12345678901234567890"])
    async def test_what_is_no_time_is_none(self, store: WebhookStore, core: Core, text: str) -> None:
        core.says = [(503, {"Retry-After": text}, b"")]
        with pytest.raises(DeliveryError) as failed:
            await store.submit(submission())
        assert failed.value.after_s is None

    @pytest.mark.parametrize(
        ("body", "taken"),
        [
            (b'{"reference": "EMR-2026-48213", "more": 1}', "EMR-2026-48213"),
            (b'{"reference": "two words"}', ""),
            (b'{"reference": 5}', ""),
            (b'{"reference": "\\u0000"}', ""),
            (b"EMR-2026-48213", ""),
            (b"[" * 60_000, ""),
            (b'{"reference": "EMR-1"}' + b" " * MOST_READ, ""),
        ],
    )
    async def test_its_own_reference_is_taken_where_it_can_be_used(
        self, store: WebhookStore, core: Core, body: bytes, taken: str
    ) -> None:
        once = submission()
        core.says = [(200, {}, body)]
        assert await store.submit(once) == (taken or once.reference)

    async def test_silence_is_tried_again(
        self, core: Core, ledger: Ledger, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert webhook.TIMEOUT_S == 15
        monkeypatch.setattr(webhook, "TIMEOUT_S", 0.001)
        core.silent.clear()
        store = await opened(core, ledger, keyring)
        with pytest.raises(DeliveryError, match="did not answer"):
            await asyncio.wait_for(store.submit(submission()), 10)
        await store.close()


class TestSettings(WebhookFixtures):
    @pytest.mark.parametrize(
        ("more", "message"),
        [
            ({"secrets": []}, "secrets: there is none"),
            ({"secrets": ["whsec_short"]}, "secrets: expected whsec_ and the base64 of 24 to 64 random octets"),
            ({"secrets": [drawn() for _ in range(3)]}, "secrets: expected one, or 2 while one is replaced"),
            ({"secrets": 5}, "expected texts"),
            ({"payload": "thick"}, "payload: expected full or thin"),
            ({"can": ["fly"]}, "can: expected some of appeal, append"),
            ({"allow": "not.a.network"}, "`allow` names networks"),
            ({"paylaod": "thin"}, r'no such setting \(did you mean "payload"\?\)'),
        ],
    )
    async def test_what_cannot_be_used_stops_the_start(
        self, core: Core, ledger: Ledger, keyring: Keyring, more: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(ConfigError, match=f"feedback_settings: .*{message}"):
            await opened(core, ledger, keyring, **more)

    def test_a_gateway_without_a_secret_does_not_start_and_says_what_to_do(self, tmp_path: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("USSD_ENGINE_")}
        found = subprocess.run(
            [sys.executable, "-c", "from ussd_engine.cli import main; main()", "serve", "--port", "0"],
            cwd=tmp_path,
            env={**kept, "PYTHONPATH": str(ROOT), "USSD_ENGINE_FEEDBACK": AWAY},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert found.returncode == 1
        assert "Traceback" not in found.stderr
        for told in (
            "feedback_settings: secrets: there is none",
            "whsec_ and the base64 of 24 to 64 random octets",
            'echo "whsec_$(openssl rand -base64 32)"',
            'USSD_ENGINE_FEEDBACK_SETTINGS, as {"secrets": "whsec_…"}',
        ):
            assert told in found.stderr

    async def test_what_it_cannot_do_it_does_not_claim(self, core: Core, ledger: Ledger, keyring: Keyring) -> None:
        store = await opened(core, ledger, keyring, can="read, append")
        assert store.capabilities == {"read", "append"}
        await store.close()


def wire_value(value: object) -> object:
    return value.isoformat() if hasattr(value, "isoformat") else value
