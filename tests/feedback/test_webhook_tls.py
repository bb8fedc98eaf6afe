"""TLS to a core, over a real handshake: who is believed, who is not, and what an operator then reads."""

from __future__ import annotations

import asyncio
import io
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from tests.feedback.certificates import Authority
from tests.feedback.hooked_core import Core, now_ms
from tests.feedback.test_webhook_dialled import typed
from ussd_engine.app import ENGINE, create_app, running
from ussd_engine.config import load
from ussd_engine.delivery import PAUSE_MS, Delivery
from ussd_engine.errors import ConfigError, DeliveryError, NotTrusted, Why
from ussd_engine.feedback import Surroundings, open_feedback
from ussd_engine.feedback.webhook import WebhookStore
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.logs import Log
from ussd_engine.model import CaseState
from ussd_engine.testing.feedback_contract import submission
from ussd_engine.testing.specimens import DAY, StoppedClock, submit


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """One that this machine trusts."""
    found = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(found.file))
    return found


@pytest.fixture
def keyring() -> Keyring:
    return Keyring.random(DAY)


@pytest.fixture
async def ledger(sqlite_url: str, keyring: Keyring) -> AsyncIterator[Ledger]:
    ledger = await Ledger.open(sqlite_url, keyring, StoppedClock())
    yield ledger
    await ledger.close()


@asynccontextmanager
async def standing(core: Core, shows: ssl.SSLContext, port: int = 0) -> AsyncIterator[int]:
    """A core behind TLS on 127.0.0.1; its port."""
    app = web.Application()
    app.router.add_post("/hook", core.take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, ssl_context=shows).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def opened(core: Core, host: str, port: int, ledger: Ledger, keyring: Keyring) -> WebhookStore:
    surroundings = Surroundings(ledger.database, keyring, now_ms, {"secrets": core.secret})
    store = await open_feedback(f"webhook+https://{host}:{port}/hook", surroundings)
    assert isinstance(store, WebhookStore)
    return store


async def sent(core: Core, shows: ssl.SSLContext, host: str, ledger: Ledger, keyring: Keyring) -> None:
    """Send one submission to a core that shows a certificate, at an address with a host."""
    async with standing(core, shows) as port:
        store = await opened(core, host, port, ledger, keyring)
        try:
            await store.submit(submission())
        finally:
            await store.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_core_of_a_trusted_authority_is_told(
    authority: Authority, ledger: Ledger, keyring: Keyring, host: str
) -> None:
    core = Core()
    await sent(core, authority.server(host), host, ledger, keyring)
    assert len(core.messages) == 1


class TestWhoIsNotBelieved:
    async def refused(self, shows: ssl.SSLContext, host: str, ledger: Ledger, keyring: Keyring) -> NotTrusted:
        core = Core()
        with pytest.raises(NotTrusted) as failed:
            await sent(core, shows, host, ledger, keyring)
        assert core.requests == [], "not a word went out"
        assert (failed.value.retry, failed.value.pause) == (True, True)
        return failed.value

    async def test_who_shows_the_certificate_of_another_host(
        self, authority: Authority, ledger: Ledger, keyring: Keyring
    ) -> None:
        for names, host in (("core.example.org", "127.0.0.1"), ("127.0.0.2", "127.0.0.1"), ("127.0.0.1", "localhost")):
            error = await self.refused(authority.server(names), host, ledger, keyring)
            assert error.why is Why.OTHER_HOST

    async def test_who_is_of_an_authority_that_nobody_here_knows(
        self, authority: Authority, ledger: Ledger, keyring: Keyring, tmp_path: Path
    ) -> None:
        other = Authority(tmp_path, "other")
        error = await self.refused(other.server("127.0.0.1"), "127.0.0.1", ledger, keyring)
        assert error.why is Why.UNKNOWN_AUTHORITY
        assert "SSL_CERT_FILE" in str(error)

    async def test_a_private_authority_that_was_not_named(
        self, tmp_path: Path, ledger: Ledger, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
        error = await self.refused(Authority(tmp_path).server("127.0.0.1"), "127.0.0.1", ledger, keyring)
        assert error.why is Why.UNKNOWN_AUTHORITY

    async def test_whose_certificate_is_over(self, authority: Authority, ledger: Ledger, keyring: Keyring) -> None:
        error = await self.refused(authority.server("127.0.0.1", timedelta(days=-1)), "127.0.0.1", ledger, keyring)
        assert error.why is Why.NOT_TODAY


async def test_who_does_not_speak_tls_is_away(authority: Authority, ledger: Ledger, keyring: Keyring) -> None:
    core = Core()
    async with core.standing():
        port = int(core.address.rpartition(":")[2].partition("/")[0])
        store = await opened(core, "127.0.0.1", port, ledger, keyring)
        with pytest.raises(DeliveryError) as failed:
            await store.submit(submission())
        await store.close()
    assert failed.value.why is Why.AWAY
    assert not failed.value.pause


@pytest.mark.parametrize("text", [None, "", "no certificate"])
async def test_a_named_file_without_a_certificate_stops_the_start(
    tmp_path: Path, ledger: Ledger, keyring: Keyring, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    file = tmp_path / "ca.pem"
    if text is not None:
        file.write_text(text)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(ConfigError, match=r"SSL_CERT_FILE: .*ca\.pem cannot be read, or holds no certificate"):
        await opened(Core(), "127.0.0.1", 1, ledger, keyring)


async def test_the_route_waits_is_asked_once_a_minute_says_why_and_goes_on_when_it_is_mended(
    authority: Authority, ledger: Ledger, keyring: Keyring
) -> None:
    core, clock, lines, happened = Core(), StoppedClock(), io.BytesIO(), list[str]()
    references = [(await ledger.act(submit(caller=None))).reference for _ in range(3)]
    async with standing(core, authority.server("core.example.org")) as port:
        store = await opened(core, "127.0.0.1", port, ledger, keyring)
        worker = Delivery(ledger.outbox, store, clock, count=happened.append, told=Log(stream=lines).fault)
        assert [await worker.step(), await worker.step()] == [3, 0], "nothing is asked while the route waits"
        for _ in range(20):
            clock.move(PAUSE_MS)
            assert await worker.step() == 1, "one asks whether it is mended"
    assert set(happened) == {"paused"}, "no attempt is used up, and nothing is given up"
    (line,) = [json.loads(one) for one in lines.getvalue().splitlines()]
    assert line["chain"][0]["why"] == Why.OTHER_HOST
    assert line["level"] == "error"
    async with standing(core, authority.server("127.0.0.1"), port):
        clock.move(PAUSE_MS)
        while await worker.step():
            continue
    await store.close()
    assert happened.count("delivered") == 3
    for reference in references:
        case = await ledger.case(reference)
        assert case is not None
        assert case.state is CaseState.RECEIVED


class Lines(io.BytesIO):
    """Where a log is written; `faulted` is set by the first fault."""

    def __init__(self) -> None:
        super().__init__()
        self.faulted = asyncio.Event()

    def write(self, octets: object) -> int:
        written = super().write(octets)  # type: ignore[arg-type]
        if b'"fault"' in self.getvalue():
            self.faulted.set()
        return written


@pytest.mark.parametrize("names", ["127.0.0.1", "core.example.org"])
async def test_a_dialled_complaint_goes_over_tls_or_waits_and_the_operator_reads_why(
    authority: Authority, tmp_path: Path, names: str
) -> None:
    core, lines = Core(), Lines()
    async with standing(core, authority.server(names)) as port:
        environ = {
            "USSD_ENGINE_VAR": str(tmp_path / "var"),
            "USSD_ENGINE_FEEDBACK": f"webhook+https://127.0.0.1:{port}/hook",
            "USSD_ENGINE_FEEDBACK_SETTINGS": json.dumps({"secrets": core.secret}),
        }
        app = create_app(load(environ), proven=True, log=Log(stream=lines))
        async with running(app) as gateway, ClientSession() as client:
            screen = await typed(client, gateway)
            await (core.got_one if names == "127.0.0.1" else lines.faulted).wait()
            await app[ENGINE].delivery.step()
            async with client.get(f"{gateway}/metrics") as answer:
                told = await answer.text()
    why = [line["chain"][0]["why"] for line in map(json.loads, lines.getvalue().splitlines()) if "chain" in line]
    if names == "127.0.0.1":
        assert core.messages[0]["data"]["reference"] in screen
        assert why == []
    else:
        assert core.requests == []
        assert why == [Why.OTHER_HOST]
        assert "ussd_dead_letters 0.0" in told
