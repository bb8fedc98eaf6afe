"""What may go wrong between a gateway and its SMSCs, and what a citizen, an operator and the SMSC then see."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from simulator.smsc import smsc_anywhere
from tests.gateway.bound import Bound, bound_edge
from tests.gateway.handset import numbers
from tests.gateway.house import HOME, NUMBER
from tests.gateway.test_http import TOKEN
from tests.gateway.texting import COMPLAINT, WAIT_S, count
from ussd_engine import config
from ussd_engine.binds import Binds
from ussd_engine.channels.base import Dial
from ussd_engine.errors import ConfigError, RolledBack
from ussd_engine.ledger.database import Database
from ussd_engine.metrics import Metrics
from ussd_engine.model import Profile, Reply, Turn
from ussd_engine.smpp import pdu as p
from ussd_engine.smpp.pdu import Sm
from ussd_engine.view import Seen

BUSY = 'ussd_bind_changes_total{change="busy",channel="smpp",medium="ussd"}'
NOT_POSTED = 'ussd_not_posted_total{channel="smpp"}'


@pytest.fixture
async def bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bound]:
    for name, seconds in (("FIRST_S", 0.01), ("FIRST_PAUSE_S", 0.01), ("LONGEST_PAUSE_S", 0.02)):
        monkeypatch.setattr(f"ussd_engine.smpp.bind.{name}", seconds)
    async with bound_edge(tmp_path, {"post_s": 0.5}) as found:
        yield found


async def posted(bound: Bound, series: str, wanted: float = 1) -> None:
    """Return once it is counted."""
    async with asyncio.timeout(WAIT_S):
        while (await numbers(bound.edge)).get(series) != wanted:
            pass


# the dialog


async def test_a_leg_that_comes_again_gets_its_screen_again(bound: Bound) -> None:
    await bound.dial()
    first = await bound.type(*HOME)
    for _ in range(2):
        assert await bound.leg() == first
    assert await bound.type("1") != first


async def test_an_older_leg_changes_nothing(bound: Bound) -> None:
    await bound.dial()
    await bound.type("9")
    older = bound.dial_
    current = await bound.type("2")
    newest, bound.dial_ = bound.dial_, older
    assert await bound.leg() == current
    bound.dial_ = newest
    assert await bound.leg() == current


async def test_a_dialog_goes_on_after_the_line_broke_in_it(bound: Bound) -> None:
    await bound.dial()
    before = await bound.type(*HOME)
    bound.network.drop()
    assert await bound.leg() == before
    assert "TANESCO" in (await bound.type("1", "1", "tanesco")).text
    changes = await numbers(bound.edge)
    assert changes['ussd_bind_changes_total{change="lost",channel="smpp",medium="ussd"}'] == 1


async def test_a_screen_that_is_ready_while_the_line_is_down_follows_when_it_stands(bound: Bound) -> None:
    await bound.dial()
    real = bound.edge.engine.gateway.take_turn

    heard = asyncio.Event()

    async def dropped(turn: Turn, profile: Profile, seen: Seen | None = None) -> Reply:
        await heard.wait()
        bound.network.drop()
        return await real(turn, profile, seen)

    bound.edge.engine.gateway.take_turn = dropped  # type: ignore[method-assign]  # the line falls meanwhile
    bound.dial_ = Dial(dialogue="f7", dialled="*152*00#", msisdn=NUMBER)
    assert await bound.bring() == p.OK
    heard.set()
    assert "9. Maoni na mrejesho" in (await bound.screen()).text


async def test_a_throttled_screen_is_sent_again(bound: Bound) -> None:
    left = iter([p.THROTTLED, p.QUEUE_FULL, p.SYSTEM_ERROR])
    bound.network.play = lambda _: (next(left, p.OK), "1")
    assert "9. " in (await bound.dial()).text
    found = await numbers(bound.edge)
    assert found[BUSY] == 3
    assert found.get(NOT_POSTED, 0) == 0


@pytest.mark.parametrize("status", [0x0B, 0x45, 0x58, 0x400])
async def test_a_screen_that_is_not_taken_is_counted_and_the_dialog_stands(bound: Bound, status: int) -> None:
    first = await bound.dial()
    bound.network.play = lambda _: (status, "")
    bound.dial_ = msgspec.structs.replace(bound.dial_, inputs=("9",))
    assert await bound.bring() == p.OK
    await posted(bound, NOT_POSTED)
    bound.network.play = lambda _: (p.OK, "1")
    assert await bound.leg() != first


async def test_who_hangs_up_is_counted_and_gets_no_screen(bound: Bound) -> None:
    await bound.dial()
    close = bound.channel.build_close(bound.dial_)
    assert await bound.network.deliver(close.body[p.HEADER :]) == p.OK
    assert (await numbers(bound.edge))['ussd_turns_total{channel="smpp",outcome="closed"}'] == 1
    assert bound.network.sent.empty()


async def test_what_is_no_leg_is_told_so_and_counted(bound: Bound) -> None:
    assert await bound.network.deliver(p.dump_sm(Sm(short=b"Habari"))) == p.NEVER
    assert (await numbers(bound.edge))['ussd_not_a_callback_total{channel="smpp"}'] == 1


async def test_a_caller_in_haste_is_told_so_as_on_any_channel(tmp_path: Path) -> None:
    async with bound_edge(tmp_path, steps_a_minute="2") as bound:
        await bound.dial()
        for text in ("9", "2"):
            bound.dial_ = msgspec.structs.replace(bound.dial_, inputs=(*bound.dial_.inputs, text))
            last = await bound.leg()
        assert last.ends
        assert (await numbers(bound.edge))['ussd_shed_steps_total{channel="smpp"}'] == 1


# SMS


async def test_an_sms_that_cannot_be_kept_is_asked_for_again_and_is_one(
    bound: Bound, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, away = type(bound.edge.engine.ledger.database).write, [True]

    async def write(self: Database, job: Any) -> Any:
        if away[0] and "_write" in job.__qualname__:
            raise RolledBack("away on purpose")
        return await real(self, job)

    monkeypatch.setattr(type(bound.edge.engine.ledger.database), "write", write)
    monkeypatch.setattr("ussd_engine.sms.answering.WAIT_S", 0.05)
    assert await bound.write(COMPLAINT) == p.NOT_NOW
    away[0] = False
    monkeypatch.setattr("ussd_engine.sms.answering.WAIT_S", 4.0)
    # the first is tried on meanwhile: whichever is kept first, the other is its copy
    bound.edge.now += 60
    assert await bound.write(COMPLAINT) == p.OK
    await bound.next()
    async with asyncio.timeout(WAIT_S):
        while await count(bound.edge) != 1:
            pass


async def test_an_sms_whose_acknowledgement_was_perhaps_lost_is_one(
    bound: Bound,
) -> None:
    assert await bound.write("HALI") == p.OK
    bound.centre.drop()
    bound.edge.now += 60
    assert await bound.write("HALI") == p.OK
    found = await numbers(bound.edge)
    assert found['ussd_sms_in_total{arrival="repeat",channel="smpp"}'] == 1


async def test_a_receipt_of_nothing_that_is_known_is_kept_and_acknowledged(bound: Bound) -> None:
    assert await bound.report("FFFF") == p.OK
    assert await bound.report("FFFF", "SKIPPED") == p.OK
    assert await bound.write("Habari", esm_class=p.RECEIPT) == p.NEVER


# settings and roles


def settings(**own: Any) -> dict[str, str]:
    given = {
        "ENV": "production",
        "KEYS": "keys.json",
        "CHANNELS": "smpp",
        "CHANNEL_SETTINGS": json.dumps({"smpp": own}),
    }
    return {f"USSD_ENGINE_{name}": value for name, value in given.items()}


def test_production_wants_to_be_told_where_to_bind_and_asks_for_no_token() -> None:
    with pytest.raises(ConfigError, match='channel "smpp": production needs "url", to which it is bound'):
        config.load(settings())
    account = {"url": "smpps://smsc.example.org", "system_id": "us", "password": "p"}
    assert config.load(settings(**account)).channels[0].name == "smpp"
    assert config.load(settings(sms=account)).channels[0].name == "smpp"


def test_its_passwords_are_shown_to_nobody() -> None:
    account = {"url": "smpps://smsc.example.org", "system_id": "us", "password": "geheim12"}
    loaded = config.load(settings(**account, sms=account))
    shown = "\n".join(row.value for row in loaded.describe())
    assert "geheim12" not in shown + repr(loaded)


@pytest.mark.parametrize(("role", "ussd", "sms"), [("all", 1, 1), ("ussd", 1, 0), ("worker", 0, 1)])
async def test_a_process_opens_the_binds_of_its_role(tmp_path: Path, role: str, ussd: int, sms: int) -> None:
    async with smsc_anywhere() as network, smsc_anywhere() as centre:
        own = {"url": network.url, "sms": {"url": centre.url, "system_id": "us", "password": "p"}}
        environ = {**settings(**own), "USSD_ENGINE_ENV": "development", "USSD_ENGINE_VAR": str(tmp_path)}
        loaded = config.load(environ)
        channels = {"smpp": config.open_channel(loaded, "smpp", lambda _: None)}
        gateways = config.open_gateways(loaded, lambda _: None)
        binds = Binds(channels, gateways, role, Metrics(), lambda *_, **__: None)
        assert (len(binds.ussd), len(binds.sms)) == (ussd, sms)
        assert len(binds.down()) == ussd + sms


def test_a_token_is_harmless_where_there_is_no_address() -> None:
    account = {"url": "smpps://smsc.example.org", "system_id": "us", "password": "p"}
    given = {**settings(**account), "USSD_ENGINE_CHANNELS": f"smpp:{TOKEN}"}
    assert config.load(given).channels[0].name == "smpp"
