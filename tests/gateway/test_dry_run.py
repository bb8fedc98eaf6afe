"""A changed menu is tried on the dialogs that are under way in a real Redis: numbers alone, and they come true."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from redis.asyncio import Redis

from tests.gateway.processes import Phone, number
from tests.poll import POLL
from tests.servers.inside import Inside, answering
from tests.servers.redis_server import RedisServer
from ussd_engine import config, sessionsdesk
from ussd_engine.cli import cli
from ussd_engine.engine import read_menus

WAYS = [("1",)] * 3 + [("1", "1")] * 2 + [("1", "1", "1"), ("3",), (), ("1", "1", "1", "1", "1")]
"""Three at the first question, two at the second, one at the third, in the help, at the start, at the end."""
SCREENS = ["Rangi gani?"] * 3 + ["Tunda gani?"] * 2 + ["Tunda gani?", "Piga baadaye.", "Utafiti", "Basi."]
"""What an answer of each meets after the change: the question that it is asked now."""
COUNTRY = config.load({}).country
TOLD = {
    "unchanged": 0,
    "over": 1,
    "acts": 0,
    "stays": 5,
    "elsewhere": 2,
    "dropped": 0,
    "asked_again": 1,
    "asked_more": 0,
    "starts": 0,
    "anew": 0,
    "unreadable": 0,
}

pytestmark = pytest.mark.redis


class Place:
    """Two menus, a Redis, and the folder of a gateway."""

    def __init__(self, folder: Path, redis: RedisServer) -> None:
        self.folder = folder
        self.redis = redis
        self.now, self.changed = folder / "menus", folder / "changed"
        for menus, text in ((self.now, POLL), (self.changed, POLL.replace("fruit", "dish"))):
            menus.mkdir()
            (menus / "poll.yaml").write_text(text)

    def settings(self, menus: Path) -> dict[str, str]:
        folders = {"locales": str(self.folder / "locales"), "menus": str(menus), "country": str(COUNTRY)}
        return {**folders, "codes": "*152*00#=poll", "sessions": self.redis.url, "var": str(self.folder)}

    @asynccontextmanager
    async def gateway(self, menus: Path) -> AsyncIterator[Inside]:
        settings = self.settings(menus)
        edition = read_menus(config.load({f"USSD_ENGINE_{name.upper()}": value for name, value in settings.items()}))
        async with answering(self.folder, edition, **{k: v for k, v in settings.items() if k != "var"}) as inside:
            yield inside

    async def command(self, *words: str, **changes: str) -> Result:
        settings = {**self.settings(self.now), **changes}
        env = {f"USSD_ENGINE_{name.upper()}": value for name, value in settings.items()}
        run = CliRunner().invoke
        return await asyncio.to_thread(run, cli, ["sessions", "dry-run", *words], env=env, standalone_mode=False)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    with RedisServer(tmp_path) as redis:
        yield Place(tmp_path, redis)


async def phones_at(inside: Inside) -> list[Phone]:
    phones = [Phone(inside.client, inside.url, number(index)) for index in range(len(WAYS))]
    for phone, way in zip(phones, WAYS, strict=True):
        await phone.dial()
        for answer in way:
            await phone.type(answer)
    return phones


async def test_the_numbers_that_are_told_are_those_that_come_true(place: Place) -> None:
    async with place.gateway(place.now) as inside:
        phones = await phones_at(inside)
    told = await place.command(str(place.changed), "--json")
    assert told.exception is None, told.output
    assert json.loads(told.stdout) == TOLD
    async with place.gateway(place.changed) as inside:
        for phone, screen in zip(phones, SCREENS, strict=True):
            phone.client, phone.url = inside.client, f"{inside.url}/ussd/africastalking"
            assert (await phone.type("1"))[4:].startswith(screen)


async def test_nothing_is_changed_and_nothing_of_a_dialog_is_shown(place: Place) -> None:
    behind = Redis.from_url(place.redis.url)
    async with place.gateway(place.now) as inside:
        await phones_at(inside)
    before = {key: await behind.get(key) for key in await behind.keys()}
    shown = await place.command(str(place.changed))
    assert {key: await behind.get(key) for key in await behind.keys()} == before
    await behind.aclose()
    assert "9 dialogs were looked at, of which 8 lose nothing" in shown.output
    assert "are asked one question again" in shown.output
    assert not any(word in shown.output for word in ("2557", "mango", "blue", "fruit", "dish", "Tunda", "poll"))


async def test_the_menus_of_the_settings_themselves_change_nothing(place: Place) -> None:
    async with place.gateway(place.now) as inside:
        await phones_at(inside)
    told = json.loads((await place.command("--json")).stdout)
    assert (told["unchanged"], sum(told.values())) == (9, 9)


async def test_what_cannot_be_opened_is_counted_apart_and_a_long_look_tells_how_far_it_is(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessionsdesk, "TELLS_S", 0.0)
    behind = Redis.from_url(place.redis.url)
    async with place.gateway(place.now) as inside:
        await phones_at(inside)
    await behind.set(b"s" + b"x" * 12, b"x" * 80, px=60_000)
    shown = await place.command(str(place.changed))
    await behind.aclose()
    assert "1 could not be opened with the session keys of this file" in shown.output
    assert "10 dialogs looked at; the store has" in shown.stderr


async def test_menus_that_do_not_hold_are_refused_as_at_a_reload(place: Place) -> None:
    (place.changed / "poll.yaml").write_text(POLL.replace("3. Msaada: help", "3. Msaada: halp"))
    refused = await place.command(str(place.changed))
    assert 'target "halp" does not exist' in str(refused.exception)


async def test_sessions_in_memory_cannot_be_read_from_outside_and_that_is_said(place: Place) -> None:
    refused = await place.command(str(place.changed), sessions="memory://")
    assert str(refused.exception).startswith("the sessions of these settings lie in the memory of the gateway itself")


async def test_a_redis_that_is_gone_is_told_in_words(place: Place) -> None:
    async with place.gateway(place.now):
        pass
    place.redis.kill()
    refused = await place.command(str(place.changed))
    assert str(refused.exception).startswith("sessions: ")
