"""A scan over real nodes: those of a cluster together, and a Redis that goes in the midst of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.crc import key_slot

from sessions import Seal, StoreUnavailable
from sessions.redis import RedisSessions
from tests.servers.process import free_port
from tests.servers.redis_server import RedisServer
from ussd_engine.testing.sessions_contract import TTL_S, new_key, new_session

pytestmark = pytest.mark.redis

SLOTS = 16_384
SETTLES_S = 30
SESSIONS = 40


@pytest.fixture
async def ports(tmp_path: Path) -> AsyncIterator[list[int]]:
    """A real cluster of two nodes, each with one half of the slots; their ports."""
    folders = [tmp_path / name for name in ("low", "high")]
    for folder in folders:
        folder.mkdir()
    options = {"cluster-enabled": "yes"}
    nodes = [RedisServer(folder, **options, **{"cluster-port": str(free_port())}) for folder in folders]
    with nodes[0], nodes[1]:
        clients: list[Any] = [Redis(port=node.port) for node in nodes]
        halves = [(0, SLOTS // 2 - 1), (SLOTS // 2, SLOTS - 1)]
        for client, half in zip(clients, halves, strict=True):
            await client.execute_command("CLUSTER ADDSLOTSRANGE", *half)
        bus = nodes[1]._options["cluster-port"]
        await clients[0].execute_command("CLUSTER MEET", "127.0.0.1", nodes[1].port, bus)
        async with asyncio.timeout(SETTLES_S):
            for client in clients:
                while (await client.execute_command("CLUSTER INFO"))["cluster_state"] != "ok":
                    pass
        for client in clients:
            await client.aclose()
        yield [node.port for node in nodes]


async def test_every_session_of_a_cluster_is_given_once(ports: list[int], seal: Seal) -> None:
    store = RedisSessions.from_url(f"redis+cluster://127.0.0.1:{ports[0]}", seal, timeout_s=10)
    keys = [new_key() for _ in range(SESSIONS)]
    assert {key_slot(key) * 2 // SLOTS for key in keys} == {0, 1}, "both nodes have some"
    sessions = [new_session() for _ in keys]
    for key, session in zip(keys, sessions, strict=True):
        await store.commit(key, session, None, TTL_S)
        await store.link(new_key(b"l"), key, TTL_S)
    found = [one async for batch in store.scan(7) for one in batch]
    assert sorted(one.dialog for one in found if one) == sorted(one.dialog for one in sessions)
    assert None not in found
    await store.close()


async def test_a_redis_that_goes_in_the_midst_makes_the_scan_unavailable(tmp_path: Path, seal: Seal) -> None:
    with RedisServer(tmp_path) as server:
        store = RedisSessions.from_url(server.url, seal, timeout_s=2)
        for _ in range(SESSIONS):
            await store.commit(new_key(), new_session(), None, TTL_S)
        batches: list[object] = []

        async def scanned() -> None:
            async for batch in store.scan(5):
                batches.append(batch)
                server.kill()

        with pytest.raises(StoreUnavailable):
            await scanned()
        assert len(batches) == 1
        await store.close()
