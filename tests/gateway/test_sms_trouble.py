"""SMS in trouble: a database that is away, faults of our own, callers who may not, reports, starts that are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.handset import Handset
from tests.gateway.house import NUMBER
from tests.gateway.test_http import TOKEN, Edge
from tests.gateway.test_sms_circle import named_by_ussd
from tests.gateway.texting import COMPLAINT, JSON, Exchange, Writer, carrying, reference_in, sent, settings_of
from ussd_engine import app, config
from ussd_engine.errors import ConfigError, RolledBack
from ussd_engine.ledger.database import Database
from ussd_engine.sms.message import Progress

HOSTILE = [
    "\x00",
    "LALAMIKO \x00 TANESCO \x00",
    "HALI " + "9" * 400,
    "LALAMIKO TANESCO " + "\U0001f600" * 200,
    "\u202eLALAMIKO TANESCO umeme umekatika",
    "ONGEZA 482173657 " + "x" * 5_000,
    "lalamiko\n\n\ttanesco\r\numeme umekatika leo",
    "\ufeffHALI",
    "\u0130\u0131\u00df HALI 482173657",
    "1 2 3 4",
    "{ref} {0} %s %(x)s",
    "KIONGOZI Dodoma barabara ni mbovu sana huku",
    "KIONGOZI afya dawa hakuna kabisa hapa",
]


# trouble


async def test_what_came_while_the_database_was_away_is_kept_when_it_is_back(
    edge: Edge, phone: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, real = [2], type(edge.engine.ledger.database).write

    async def away(self: Database, job: Any) -> Any:
        if "_write" in job.__qualname__ and left[0]:
            left[0] -= 1
            raise RolledBack("away on purpose")
        return await real(self, job)

    monkeypatch.setattr(type(edge.engine.ledger.database), "write", away)
    received, _ = await phone.write(COMPLAINT, replies=2)
    assert left == [0]
    assert await edge.engine.ledger.submission(reference_in(received)) is not None


async def test_what_a_gateway_told_while_the_database_was_away_is_kept_too(
    edge: Edge, phone: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await phone.write("MSAADA", replies=2)
    view, left, real = edge.engine.ledger.sms_view, [2], type(edge.engine.ledger.database).write
    (message, *_) = await view.messages()
    (part,) = await view.parts(message.id)

    async def away(self: Database, job: Any) -> Any:
        if "SmsReports" in job.__qualname__ and left[0]:
            left[0] -= 1
            raise RolledBack("away on purpose")
        return await real(self, job)

    monkeypatch.setattr(type(edge.engine.ledger.database), "write", away)
    body = json.dumps({"id": part.provider_id, "status": "delivered"}).encode()
    assert (await edge.post("/sms/loopback/reports", body, headers=JSON))[0] == 200
    assert left == [0]
    assert (await view.messages())[0].state is Progress.DELIVERED


async def test_a_fault_of_our_own_asks_her_to_send_it_again(
    edge: Edge, phone: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError(f"{NUMBER} {COMPLAINT}")

    monkeypatch.setattr("ussd_engine.sms.deeds.Deeds.done", broken)
    (said,) = await phone.write(COMPLAINT)
    assert said.startswith("Samahani, hatukuweza kupokea ujumbe wako.")
    written = edge.lines.getvalue().decode()
    assert "ZeroDivisionError" in written
    assert NUMBER not in written
    assert "TANESCO" not in written


async def test_nothing_of_a_citizen_is_in_logs_and_numbers(edge: Edge, phone: Writer) -> None:
    ref = await sent(phone)
    await phone.write(f"HALI {ref}")
    await edge.post("/sms/loopback", f'{{"from": "{NUMBER}", "texd": "{COMPLAINT}"}}'.encode(), headers=JSON)
    told = edge.lines.getvalue().decode() + (await edge.get("/metrics"))[1]
    for canary in (NUMBER, NUMBER[3:], "Mtumba", "tanesco", "TANESCO", ref):
        assert canary not in told


# who may call, and what gateways tell


async def test_the_addresses_are_kept_as_those_of_ussd(tmp_path: Path) -> None:
    channels = f"loopback:{TOKEN} africastalking"
    async with carrying(tmp_path, channels=channels) as (edge, exchange):
        phone = Writer(edge, exchange)
        for token, status in ((f"/{TOKEN}", 200), ("", 404), ("/wrong", 404), (f"/reports/{TOKEN[1:]}", 404)):
            assert (await phone.post("MSAADA", "m1", token))[0] == status
        assert (await edge.post("/sms/africastalking"))[0] == 404
        assert (await edge.post("/sms/nobody"))[0] == 404
        assert (await edge.post(f"/sms/loopback/{TOKEN}", b"{}", headers=JSON))[0] == 400
        assert (await edge.post(f"/sms/loopback/reports/{TOKEN}", b"no", headers=JSON))[0] == 400
        assert (await edge.get("/readyz"))[0] == 200


async def test_reports_bring_a_message_on_and_unknown_ones_are_counted(edge: Edge, phone: Writer) -> None:
    await phone.write("MSAADA", replies=2)
    ledger = edge.engine.ledger
    ids = [
        one.provider_id
        for message in await ledger.sms_view.messages()
        for one in await ledger.sms_view.parts(message.id)
    ]
    for id, status in ((ids[0], "delivered"), (ids[0], "sent"), ("nobody", "delivered"), (ids[1], "floating")):
        body = json.dumps({"id": id, "status": status}).encode()
        assert (await edge.post("/sms/loopback/reports", body, headers=JSON))[0] == 200
    states = [message.state for message in await ledger.sms_view.messages()]
    assert sorted(states) == [Progress.ACCEPTED, Progress.DELIVERED]
    numbers = (await edge.get("/metrics"))[1]
    for outcome in ("applied", "unchanged", "unknown_id", "unknown_status"):
        assert f'ussd_sms_reports_total{{channel="loopback",outcome="{outcome}"}} 1.0' in numbers
    assert 'ussd_sms_messages{channel="loopback",state="delivered"} 1.0' in numbers
    assert "ussd_sms_queue_age_seconds 0.0" in numbers


# the start


async def test_a_channel_for_sms_needs_what_its_texts_show(tmp_path: Path) -> None:
    settings = {"loopback": settings_of("http://127.0.0.1:9")["loopback"]}
    names = {"VAR": str(tmp_path), "CHANNELS": "loopback", "CHANNEL_SETTINGS": json.dumps(settings)}
    made = app.create_app(config.load({f"USSD_ENGINE_{name}": value for name, value in names.items()}))
    with pytest.raises(ConfigError, match='SMS of "emrejesho" show sc, which has no value'):
        async with app.running(made):
            pass


async def test_without_a_channel_for_sms_nothing_is_promised_and_no_address_answers(tmp_path: Path) -> None:
    async with carrying(tmp_path, channels="africastalking", channel_settings="{}") as (edge, _):
        await Handset(edge).dial()
        assert (await edge.post("/sms/loopback"))[0] == 404
        await named_by_ussd(edge)
        assert await edge.engine.ledger.sms_view.messages() == []


async def test_no_text_that_comes_is_a_fault_of_ours(edge: Edge, made: tuple[Edge, Exchange]) -> None:
    folder = Path(__file__).parents[1] / "sms"
    lines = [(folder / name).read_text().splitlines() for name in ("misspelt.txt", "sentences.txt")]
    texts = [*HOSTILE, *(line.rpartition(": ")[2] for some in lines for line in some)]
    for number, text in enumerate(texts):
        phone = Writer(*made, msisdn=f"25570000{number:04}")
        assert (await phone.post(text, f"{number}"))[0] == 200
        assert (await phone.post("1", f"{number}-choice"))[0] == 200
    assert '"event":"fault"' not in edge.lines.getvalue().decode()
