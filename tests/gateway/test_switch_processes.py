"""The commands reach every process of every machine that shares the databases, with no restart and no signal."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.gateway.processes import COMMAND, Phone, environment, number, served
from tests.servers.redis_server import RedisServer
from ussd_engine.testing.databases import postgres_database

pytestmark = [pytest.mark.redis, pytest.mark.postgres]

WITHIN_S = 60
IN_A_ROW = 12
"""Dials on new connections: each worker of a port gets some."""
SHUT = "END Samahani, e-Mrejesho haipatikani kwa sasa. Jaribu tena baadaye."
_phones = itertools.count(1)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Databases that several machines share."""
    with RedisServer(tmp_path) as redis, postgres_database() as database:
        yield {"sessions": redis.url, "database": database}


async def command(folder: Path, *words: str, **settings: str) -> str:
    """What a command says on a machine."""
    env = environment(**settings)
    done = await asyncio.to_thread(
        subprocess.run, [*COMMAND, *words], cwd=folder, env=env, capture_output=True, text=True, timeout=WITHIN_S
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


async def dialled(url: str) -> str:
    """The first screen of a phone on a connection of its own."""
    async with aiohttp.ClientSession() as client:
        return await Phone(client, url, number(5000 + next(_phones))).dial()


async def until_all_say(begin: str, urls: list[str]) -> None:
    """Wait until dials at every address begin so, so many times in a row."""
    async with asyncio.timeout(WITHIN_S):
        for url in urls:
            row = 0
            while row < IN_A_ROW:
                row = row + 1 if (await dialled(url)).startswith(begin) else 0


async def test_a_stop_and_a_start_reach_all_workers_of_two_machines(tmp_path: Path, stores: dict[str, Any]) -> None:
    async with served(tmp_path, "--workers", "2", **stores) as first:
        urls = [await first.url()]
        async with served(tmp_path, **stores) as second:
            urls.append(await second.url())
            async with aiohttp.ClientSession() as client:
                running = Phone(client, urls[0], number(4999))
                await running.dial()
                await running.type("9", "2", "1")
                said = await command(tmp_path, "stop", "gmp", "--why", "a drill", **stores)
                assert "within seconds" in said
                await until_all_say(SHUT, urls)
                assert (await running.type("8")).startswith("CON Andikia taasisi yoyote")
            await command(tmp_path, "start", "gmp", **stores)
            await until_all_say("CON Huduma za Serikali", urls)
            await command(tmp_path, "stop", "africastalking", **stores)
            await until_all_say(SHUT, urls)
