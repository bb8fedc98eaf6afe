"""Commits whose answer was lost: whatever happened to them, what is told is so."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from redis.asyncio import Redis

from sessions import Seal, SessionCodec
from sessions.redis import SWAP, RedisSessions
from sessions.seal import version_of
from ussd_engine.testing.sessions_contract import new_key, new_session
from ussd_engine.testing.wire import Answers, bulk

Told = Callable[..., AbstractAsyncContextManager[tuple[RedisSessions, Answers]]]
KEY = new_key()
TTL_S = 60


class Forgetful:
    """One value; the first compare-and-set is never answered, and what happened to it is up to the test."""

    def __init__(self, standing: bytes, happens: Callable[[bytes], bytes], before_repeat: bytes | None = None) -> None:
        self.standing = standing
        self.happens = happens
        self.before_repeat = before_repeat
        self.sets = 0

    def __call__(self, command: list[bytes]) -> bytes:
        if command[0] == b"GET":
            return bulk(self.standing) if self.standing else b"$-1\r\n"
        self.sets += 1
        if self.sets == 1:
            self.first = command[5]
            self.standing = self.happens(self.first)
            return b""
        if self.before_repeat is not None:
            self.standing = self.first
        if version_of(self.standing) == command[4]:
            self.standing = command[5]
        return bulk(version_of(self.standing))


@pytest.fixture
def old(seal: Seal) -> bytes:
    return SessionCodec(seal).dump(new_session(), KEY)


@pytest.fixture
def foreign(seal: Seal) -> bytes:
    return SessionCodec(seal).dump(new_session(), KEY)


async def test_a_commit_without_an_answer_that_was_carried_out_is_not_repeated(told: Told, old: bytes) -> None:
    server = Forgetful(old, happens=lambda blob: blob)
    async with told(server) as (store, _):
        version = await store.commit(KEY, new_session(), version_of(old), TTL_S)
    assert version == version_of(server.standing)
    assert server.sets == 1


async def test_a_commit_without_an_answer_that_was_lost_is_repeated_with_its_version(told: Told, old: bytes) -> None:
    server = Forgetful(old, happens=lambda blob: old)
    async with told(server) as (store, _):
        version = await store.commit(KEY, new_session(), version_of(old), TTL_S)
    assert version == version_of(server.standing) == version_of(server.first)
    assert server.sets == 2


async def test_a_commit_without_an_answer_after_which_another_stands_is_lost(
    told: Told, old: bytes, foreign: bytes
) -> None:
    server = Forgetful(old, happens=lambda blob: foreign)
    async with told(server) as (store, _):
        assert await store.commit(KEY, new_session(), version_of(old), TTL_S) is None
    assert server.standing == foreign
    assert server.sets == 1


async def test_a_commit_that_arrives_between_look_and_repeat_is_no_lost_race(told: Told, old: bytes) -> None:
    server = Forgetful(old, happens=lambda blob: old, before_repeat=b"the first one")
    async with told(server) as (store, _):
        version = await store.commit(KEY, new_session(), version_of(old), TTL_S)
    assert version == version_of(server.standing)


async def test_the_script_names_the_version_that_stands_so_a_repeat_is_harmless(behind: Redis, old: bytes) -> None:
    key, blob, other = new_key(), b"\1\1\1" + b"a" * 30, b"\1\1\1" + b"b" * 30
    await behind.set(key, old, ex=TTL_S)
    for _ in range(2):
        assert await behind.eval(SWAP.decode(), 1, key, version_of(old), blob, TTL_S * 1000) == version_of(blob)
    assert await behind.eval(SWAP.decode(), 1, key, version_of(old), other, TTL_S * 1000) == version_of(blob)
    assert await behind.get(key) == blob
