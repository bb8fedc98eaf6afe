"""The stores of this package under the contract, and what is their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from redis.asyncio import Redis

from sessions import MemorySessions, Seal, SessionStore, open_sessions
from sessions.redis import RedisSessions
from ussd_engine.testing.sessions_contract import SessionStoreContract, new_key, new_session


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class MemoryPlace:
    def __init__(self, seal: Seal) -> None:
        self.clock = Clock()
        self.store = MemorySessions(seal, self.clock)

    async def raw(self, key: bytes) -> bytes | None:
        return self.store._get(key)

    async def plant(self, key: bytes, blob: bytes | None) -> None:
        if blob is None:
            del self.store._entries[key]
        else:
            self.store._put(key, blob, 600)

    async def remaining_s(self, key: bytes) -> float:
        return self.store._entries[key].until_s - self.clock.now


class RedisPlace:
    """Remembers what it was asked for, and clears it away."""

    def __init__(self, store: SessionStore, behind: Redis) -> None:
        self.store = store
        self._behind = behind

    async def raw(self, key: bytes) -> bytes | None:
        found = await self._behind.get(key)
        assert not isinstance(found, str)
        return found

    async def plant(self, key: bytes, blob: bytes | None) -> None:
        await (self._behind.delete(key) if blob is None else self._behind.set(key, blob, px=600_000))

    async def remaining_s(self, key: bytes) -> float:
        return await self._behind.pttl(key) / 1000


class TestMemory(SessionStoreContract):
    @pytest.fixture
    def place(self, seal: Seal) -> MemoryPlace:
        return MemoryPlace(seal)


class TestRedis(SessionStoreContract):
    @pytest.fixture
    async def place(self, seal: Seal, redis_server: tuple[str, int], behind: Redis) -> AsyncIterator[RedisPlace]:
        host, port = redis_server
        store = RedisSessions.from_url(f"redis://{host}:{port}", seal, timeout_s=10)
        yield RedisPlace(store, behind)
        await store.close()


async def test_memory_forgets_a_session_when_its_time_is_over(seal: Seal) -> None:
    place, key = MemoryPlace(seal), new_key()
    await place.store.commit(key, new_session(), None, 600)
    place.clock.now += 599
    assert await place.store.load(key) is not None
    place.clock.now += 1
    assert await place.store.load(key) is None
    assert await place.store.commit(key, new_session(), None, 600) is not None


async def test_memory_holds_at_most_twice_the_live_sessions(seal: Seal) -> None:
    place = MemoryPlace(seal)
    for _ in range(500):
        await place.store.commit(new_key(), new_session(), None, 10)
        place.clock.now += 1
    assert len(place.store) <= 20


async def test_a_url_names_its_store(seal: Seal) -> None:
    assert isinstance(open_sessions("memory://", seal), MemorySessions)
    for scheme in ("redis", "rediss", "redis+sentinel", "redis+cluster"):
        store = open_sessions(f"{scheme}://:geheim@127.0.0.1:1/name", seal)
        assert isinstance(store, RedisSessions)
        await store.close()


@pytest.mark.parametrize("url", ["memcached://:geheim@127.0.0.1", "redis+sentinel://:geheim@127.0.0.1:1", "geheim"])
def test_a_url_that_cannot_be_used_is_refused_without_its_password(seal: Seal, url: str) -> None:
    with pytest.raises(ValueError) as refused:
        open_sessions(url, seal)
    assert "geheim@" not in str(refused.value)


def test_an_installed_package_adds_a_scheme(seal: Seal, monkeypatch: pytest.MonkeyPatch) -> None:
    made = MemorySessions(seal)

    class Point:
        def load(self) -> Callable[[str, Seal], SessionStore]:
            return lambda url, seal: made

    monkeypatch.setattr("sessions.plugins.entry_points", lambda group, name: [Point()] * (name == "mine"))
    assert open_sessions("mine://somewhere", seal) is made
