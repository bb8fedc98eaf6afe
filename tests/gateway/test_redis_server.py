"""A real Redis that dies, stands still, is slow, is full or evicts: what was answered is found, and nothing is lost."""

from __future__ import annotations

import asyncio
import random
import re
import secrets
from datetime import date
from pathlib import Path

import pytest
from redis.asyncio import Redis

from tests.gateway.complaints import answers, assert_each_has_one_case, phones_at, redialled, until_it_ends
from tests.gateway.processes import Phone, environment, number, reference_in, served
from tests.servers.inside import Inside, answering
from tests.servers.process import free_port
from tests.servers.redis_server import RedisServer
from ussd_engine.keys import Keyring
from ussd_engine.menu.edition import Edition
from ussd_engine.testing.specimens import cases_of
from ussd_engine.testing.wire import Proxy, listening

pytestmark = pytest.mark.redis

PHONES = 12
ABREAST = 3
SLOWEST_S = 0.1
"""Well under what a store is given, so that no turn has an excuse."""
DURABLE = {"appendonly": "yes"}
"""As the settings for production ask."""
FILLER = 65_536
"""Octets that another program writes at once."""
MOST_FILLERS = 2000
APOLOGY = "END Samahani, kuna hitilafu. Piga tena"


@pytest.mark.parametrize("fsync", ["everysec", "always"])
async def test_every_answered_step_is_found_by_a_redis_that_was_killed(
    tmp_path: Path, edition: Edition, fsync: str
) -> None:
    depths = [index % len(answers(0)) for index in range(PHONES)]
    with RedisServer(tmp_path, **DURABLE, appendfsync=fsync) as redis:
        async with answering(tmp_path, edition, sessions=redis.url) as inside:
            phones = await phones_at(inside, *depths)
            redis.kill()
            assert (await Phone(inside.client, inside.url, number(99)).dial()).startswith(APOLOGY)
            redis.start()
            screens = await asyncio.gather(
                *(phone.type(*answers(index)[depths[index] :]) for index, phone in enumerate(phones))
            )
            await assert_each_has_one_case(inside, list(map(reference_in, screens)))


@pytest.mark.parametrize("trouble", ["killed", "stopped"])
async def test_confirmations_under_way_when_redis_goes_are_one_case_each(
    tmp_path: Path, edition: Edition, trouble: str
) -> None:
    last = len(answers(0)) - 1
    depths = [last - index % 3 for index in range(PHONES)]
    with RedisServer(tmp_path, **DURABLE) as redis:
        async with answering(tmp_path, edition, sessions=redis.url) as inside:
            phones = await phones_at(inside, *depths)

            screens: dict[int, str] = {}
            first = asyncio.Event()

            async def one_after_another(*indices: int) -> None:
                for index in indices:
                    screens[index] = await until_it_ends(phones[index], answers(index)[depths[index] :])
                    first.set()

            legs = asyncio.gather(*(one_after_another(*range(begin, PHONES, ABREAST)) for begin in range(ABREAST)))
            await first.wait()
            redis.kill() if trouble == "killed" else redis.stop()
            await legs
            redis.start() if trouble == "killed" else redis.go_on()
            references = await asyncio.gather(*(redialled(phone, index) for index, phone in enumerate(phones)))
            apologies = [index for index in screens if screens[index].startswith(APOLOGY)]
            assert 0 < len(apologies) < PHONES
            for index in screens.keys() - set(apologies):
                assert reference_in(screens[index]) == references[index]
            await assert_each_has_one_case(inside, references)


@pytest.mark.parametrize("trouble", ["killed", "stopped", "full", "read only"])
async def test_while_redis_takes_nothing_turns_end_politely_and_the_redial_goes_on(
    tmp_path: Path, edition: Edition, trouble: str
) -> None:
    last = len(answers(0)) - 1
    depths = [last, last - 1, last - 2]
    with RedisServer(tmp_path, **DURABLE) as redis:
        async with answering(tmp_path, edition, sessions=redis.url) as inside:
            phones = await phones_at(inside, *depths)
            await strike(redis, trouble)
            screens = await asyncio.gather(
                *(phone.type(answers(index)[depths[index]]) for index, phone in enumerate(phones))
            )
            assert [screen[: len(APOLOGY)] for screen in screens] == [APOLOGY] * 3
            assert await cases_of(inside.engine.ledger) == []
            await mend(redis, trouble)
            references = [await redialled(phone, index) for index, phone in enumerate(phones)]
            await assert_each_has_one_case(inside, references)


async def strike(redis: RedisServer, trouble: str) -> None:
    """Let no write pass any more."""
    match trouble:
        case "killed":
            redis.kill()
        case "stopped":
            redis.stop()
        case "full":
            await ask(redis, "CONFIG", "SET", "maxmemory", "1")
        case "read only":
            await ask(redis, "REPLICAOF", "127.0.0.1", str(free_port()))


async def mend(redis: RedisServer, trouble: str) -> None:
    match trouble:
        case "killed":
            redis.start()
        case "stopped":
            redis.go_on()
        case "full":
            await ask(redis, "CONFIG", "SET", "maxmemory", "0")
        case "read only":
            await ask(redis, "REPLICAOF", "NO", "ONE")


async def ask(redis: RedisServer, *command: str) -> None:
    operator = Redis.from_url(redis.url)
    await operator.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py leaves it bare
    await operator.aclose()


class SlowProxy(Proxy):
    """Every piece of a reply is late by some tenths of a second, always the same ones."""

    def __init__(self, port: int) -> None:
        super().__init__("127.0.0.1", port)
        self._chance = random.Random(7)

    async def _replies(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await there.read(65536):
            await asyncio.sleep(self._chance.uniform(0.0, SLOWEST_S))
            writer.write(data)
            await writer.drain()


async def test_a_slow_redis_breaks_no_dialog(tmp_path: Path, edition: Edition) -> None:
    with RedisServer(tmp_path, **DURABLE) as redis:
        async with (
            listening(SlowProxy(redis.port)) as port,
            answering(tmp_path, edition, sessions=f"redis://127.0.0.1:{port}") as inside,
        ):
            phones = await phones_at(inside, *[0] * PHONES)
            screens = await asyncio.gather(*(phone.type(*answers(index)) for index, phone in enumerate(phones)))
            await assert_each_has_one_case(inside, list(map(reference_in, screens)))


async def test_production_refuses_a_redis_that_evicts_and_takes_it_when_it_does_not(tmp_path: Path) -> None:
    Keyring.create(tmp_path / "keys.json", date(2026, 1, 15))
    with RedisServer(tmp_path, **DURABLE, maxmemory="64mb", **{"maxmemory-policy": "allkeys-lru"}) as redis:
        settings = environment(
            env="production",
            sessions=redis.url,
            keys=str(tmp_path / "keys.json"),
            channels=f"africastalking:{secrets.token_hex(16)}",
        )
        async with served(tmp_path, env=settings) as gateway:
            assert await gateway.ended() == 1
            assert "maxmemory-policy is allkeys-lru; set it to noeviction" in gateway.said
            assert "Traceback" not in gateway.said
        await ask(redis, "CONFIG", "SET", "maxmemory-policy", "noeviction")
        async with served(tmp_path, env=settings) as gateway:
            assert await gateway.url()


async def thrown_away(redis: RedisServer) -> None:
    """An operator's mistake: a small memory in which every key may go, shared with a program that writes much.

    When every key that stood is gone, the other program takes its own away.
    """
    operator = Redis.from_url(redis.url)
    sessions = await operator.keys("*")
    assert sessions
    used = (await operator.info("memory"))["used_memory"]
    await operator.config_set("maxmemory", used + 16 * FILLER)
    await operator.config_set("maxmemory-policy", "allkeys-lru")
    fillers: list[str] = []
    while await operator.exists(*sessions):
        assert len(fillers) < MOST_FILLERS, "Redis keeps the sessions"
        fillers.append(f"filler {len(fillers)}")
        await operator.set(fillers[-1], bytes(FILLER))
    await operator.delete(*fillers)
    await operator.aclose()


async def test_sessions_that_redis_throws_away_begin_again_and_what_was_committed_stands(
    tmp_path: Path, edition: Edition
) -> None:
    last = len(answers(0))
    with RedisServer(tmp_path) as redis:
        async with answering(tmp_path, edition, sessions=redis.url) as inside:
            sender, *others = phones = await phones_at(inside, last, *range(last))
            (committed,) = await cases_of(inside.engine.ledger)
            await thrown_away(redis)
            again = [await sender.leg(), *[await phone.type(answers(0)[at]) for at, phone in enumerate(others)]]
            at_home, first, *at_language = again
            assert at_home.startswith("CON Karibu e-Mrejesho"), "her language was kept with her submission"
            assert first.startswith("CON Maoni na mrejesho"), "nothing but the dialled code was behind her"
            assert all(screen.startswith("CON e-Mrejesho\nChagua lugha") for screen in at_language)
            assert await cases_of(inside.engine.ledger) == [committed]
            behind = [1, *[2] * len(at_language)]
            screens = [
                await phone.type(*answers(index)[behind[index - 1] :]) for index, phone in enumerate(phones) if index
            ]
            await assert_each_has_one_case(inside, [committed.reference, *map(reference_in, screens)])


@pytest.mark.parametrize("trouble", ["full", "read only"])
async def test_a_gateway_whose_redis_takes_no_write_says_that_it_is_not_ready(
    tmp_path: Path, edition: Edition, trouble: str
) -> None:
    with RedisServer(tmp_path, **DURABLE) as redis:
        async with answering(tmp_path, edition, sessions=redis.url) as inside:
            assert await readiness(inside) == (200, "ready\n")
            await strike(redis, trouble)
            status, words = await readiness(inside)
            assert status == 503
            assert re.fullmatch(r"sessions: \S.*\n", words)
            await mend(redis, trouble)
            assert await readiness(inside) == (200, "ready\n")


async def readiness(inside: Inside) -> tuple[int, str]:
    async with inside.client.get(f"{inside.url}/readyz") as answer:
        return answer.status, await answer.text()
