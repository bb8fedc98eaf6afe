"""A Redis that refuses, is silent, moved, or forgot the script: a server that is told what to say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress

import pytest
from redis.asyncio import Redis

from sessions import Seal, SessionCodec, SessionStore, StoreUnavailable
from sessions.redis import RedisSessions
from sessions.seal import version_of
from ussd_engine.testing.sessions_contract import new_key, new_session
from ussd_engine.testing.wire import Answers, Proxy, bulk, listening

Told = Callable[..., AbstractAsyncContextManager[tuple[RedisSessions, Answers]]]
Opened = Callable[..., RedisSessions]
TTL_S = 60
SHORT_S = 0.3


@pytest.mark.parametrize(
    "error",
    [
        b"-OOM command not allowed when used memory > 'maxmemory'.",
        b"-READONLY You can't write against a read only replica.",
        b"-NOPERM this user has no permissions to run the 'evalsha' command",
        b"-LOADING Redis is loading the dataset in memory",
        b"-MASTERDOWN Link with MASTER is down",
        b"-WRONGTYPE Operation against a key holding the wrong kind of value",
        b":1",
    ],
    ids=lambda error: error.split()[0].decode(),
)
async def test_an_answer_that_refuses_is_unavailable_and_names_no_key(told: Told, error: bytes) -> None:
    key = b"s-a-key-12345"
    async with told(lambda command: error + b"\r\n") as (store, _):
        for asked in (
            store.load(key),
            store.commit(key, new_session(), None, TTL_S),
            store.link(key, key, TTL_S),
            store.follow(key),
        ):
            with pytest.raises(StoreUnavailable) as refused:
                await asked
            assert "key" not in str(refused.value)


async def test_an_answer_that_refuses_one_leaves_the_others_of_its_batch_alone(told: Told) -> None:
    bad, good = new_key(), new_key()

    def answer(command: list[bytes]) -> bytes:
        return b"-WRONGTYPE Operation against a key\r\n" if command[1] == bad else b"$-1\r\n"

    async with told(answer) as (store, server):
        found = await asyncio.gather(store.load(good), store.load(bad), store.load(good), return_exceptions=True)
        assert isinstance(found[1], StoreUnavailable)
        assert (found[0], found[2]) == (None, None)
        assert len([command for command in server.asked if command[0] == b"GET"]) == 3


async def test_a_master_that_became_a_replica_is_looked_for_again(told: Told) -> None:
    readonly = True

    def answer(command: list[bytes]) -> bytes:
        if readonly:
            return b"-READONLY You can't write against a read only replica.\r\n"
        return bulk(version_of(command[5]))

    async with told(answer) as (store, server):
        with pytest.raises(StoreUnavailable):
            await store.commit(new_key(), new_session(), None, TTL_S)
        readonly = False
        assert await store.commit(new_key(), new_session(), None, TTL_S)
        assert len([command for command in server.asked if command[0] == b"SCRIPT"]) == 2


async def test_a_script_that_redis_forgot_is_sent_again(opened: Opened, redis_server: tuple[str, int]) -> None:
    host, port = redis_server
    client = Redis(host=host, port=port)
    store = opened(f"redis://{host}:{port}")
    version = await store.commit(key := new_key(), new_session(), None, TTL_S)
    await client.script_flush()
    assert await store.commit(key, new_session(), version, TTL_S)
    await client.aclose()


@pytest.mark.parametrize("ask", ["load", "commit", "link", "follow", "ping", "check"])
async def test_silence_is_unavailable_and_a_later_call_is_served(
    opened: Opened, redis_server: tuple[str, int], ask: str
) -> None:
    proxy, key = Proxy(*redis_server), new_key()
    arguments = {
        "load": (key,),
        "follow": (key,),
        "commit": (key, new_session(), None, TTL_S),
        "link": (key, key, TTL_S),
    }
    async with listening(proxy) as port:
        store = opened(f"redis://127.0.0.1:{port}", SHORT_S)
        await answered(store)
        proxy.spoil(silent=True)
        with pytest.raises(StoreUnavailable):
            await getattr(store, ask)(*arguments.get(ask, ()))
        proxy.spoil()
        await answered(store)


async def answered(store: SessionStore) -> None:
    """Ask until there is an answer: the test's own limit of time tells when there is none."""
    while True:
        with suppress(StoreUnavailable):
            return await store.ping()


async def test_a_server_that_is_not_there_is_unavailable_without_its_password(opened: Opened) -> None:
    async with listening(Answers(lambda command: b"")) as port:
        pass
    store = opened(f"redis://user:geheim@127.0.0.1:{port}")
    with pytest.raises(StoreUnavailable) as refused:
        await store.load(new_key())
    assert "geheim" not in str(refused.value)


async def test_refused_credentials_are_named_as_such(opened: Opened) -> None:
    server = Answers(lambda command: b"-WRONGPASS invalid username-password pair or user is disabled.\r\n")
    async with listening(server) as port:
        store = opened(f"redis://user:geheim@127.0.0.1:{port}")
        with pytest.raises(StoreUnavailable, match="credentials") as refused:
            await store.ping()
        assert "geheim" not in str(refused.value)


async def test_a_reply_too_many_shows_nobody_what_is_anothers(told: Told, seal: Seal) -> None:
    codec, keys = SessionCodec(seal), [new_key() for _ in range(10)]
    sessions = {key: new_session() for key in keys}
    blobs = {key: codec.dump(session, key) for key, session in sessions.items()}

    def answer(command: list[bytes]) -> bytes:
        reply = bulk(blobs[command[1]])
        return reply * 2 if command[1] == keys[3] else reply

    async with told(answer) as (store, _):
        for _ in range(3):
            for key, sealed in zip(keys, await asyncio.gather(*map(store.load, keys)), strict=True):
                assert sealed is None or sealed.session == sessions[key]


@pytest.mark.parametrize(
    ("info", "fit"),
    [
        (b"used_memory:1\r\nmaxmemory_policy:noeviction\r\n", True),
        (b"maxmemory_policy:allkeys-lru\r\n", False),
        (b"used_memory:1\r\n", False),
    ],
)
async def test_a_redis_that_may_evict_is_not_fit_for_production(told: Told, info: bytes, fit: bool) -> None:
    async with told(lambda command: bulk(info)) as (store, _):
        complaints = await store.check()
    assert (complaints == []) == fit
    assert all("noeviction" in complaint for complaint in complaints)


@pytest.mark.redis
async def test_a_real_redis_tells_its_policy(opened: Opened, real_redis: tuple[str, int]) -> None:
    client = Redis(host=real_redis[0], port=real_redis[1])
    told = (await client.info("memory"))["maxmemory_policy"]
    store = opened(f"redis://{real_redis[0]}:{real_redis[1]}")
    assert (await store.check() == []) == (told == "noeviction")
    await client.aclose()
