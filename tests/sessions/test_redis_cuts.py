"""The replies of Redis cut at every octet: nobody gets what is another's, and what a commit says is so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from sessions import Seal, Sealed, Session, SessionStore, StoreUnavailable
from sessions.redis import RedisSessions
from ussd_engine.testing.sessions_contract import new_key
from ussd_engine.testing.wire import Proxy, listening

REAL = ("127.0.0.1", 6379)
TTL_S = 60
TOLD = 3
"""How many callers are in the batch of each kind."""

# The proxy carries every exchange in well under this; only what is never answered waits for it.
TIMEOUT_S = 8


def session_of(key: bytes) -> Session:
    """A session that says whose it is."""
    return Session(dialog=key, menu=b"m", service="s", screen="a", locale="sw")


@dataclass
class Told:
    """What the store said in one exchange: what was loaded, and the last commit, by key."""

    loaded: list[tuple[bytes, Sealed | None]] = field(default_factory=list)
    committed: dict[bytes, bytes | None] = field(default_factory=dict)
    unavailable: set[bytes] = field(default_factory=set)
    """Keys of which a commit's outcome is not known."""

    async def load(self, store: SessionStore, key: bytes) -> Sealed | None:
        try:
            sealed = await store.load(key)
        except StoreUnavailable:
            return None
        self.loaded.append((key, sealed))
        return sealed

    async def commit(self, store: SessionStore, key: bytes, expect: bytes | None) -> None:
        try:
            self.committed[key] = await store.commit(key, session_of(key), expect, TTL_S)
        except StoreUnavailable:
            self.unavailable.add(key)


async def exchange(store: SessionStore) -> Told:
    """A caller's turn and a half, then several callers at once."""
    told = Told()
    first, *rest = (new_key() for _ in range(1 + TOLD))
    await told.load(store, first)
    await told.commit(store, first, None)
    sealed = await told.load(store, first)
    await asyncio.gather(
        told.commit(store, first, sealed.version if sealed else None),
        *(told.load(store, key) for key in rest),
        *(told.commit(store, key, None) for key in rest),
        *(told.load(store, key) for key in rest),
    )
    return told


async def assert_true(told: Told, clean: SessionStore) -> None:
    """What was told is what a store that nobody disturbs finds; nobody else writes there."""
    assert all(sealed.session.dialog == key for key, sealed in told.loaded if sealed)
    for key, version in told.committed.items():
        found = await clean.load(key)
        if version is not None and key not in told.unavailable:
            assert found is not None
            assert found.version == version


@pytest.fixture
async def proxy(redis_server: tuple[str, int]) -> AsyncIterator[Proxy]:
    proxy = Proxy(*redis_server)
    async with listening(proxy):
        yield proxy


@pytest.fixture
async def clean(redis_server: tuple[str, int], seal: Seal) -> AsyncIterator[SessionStore]:
    host, port = redis_server
    store = RedisSessions.from_url(f"redis://{host}:{port}", seal, timeout_s=TIMEOUT_S)
    yield store
    await store.close()


@pytest.fixture
def stride(redis_server: tuple[str, int]) -> int:
    """The real server is cut at every octet; the fake, which is slow, at every 17th."""
    return 1 if redis_server == REAL else 17


async def octets_of_an_exchange(proxy: Proxy, seal: Seal) -> int:
    store = RedisSessions.from_url(f"redis://127.0.0.1:{proxy.port}", seal, timeout_s=TIMEOUT_S)
    proxy.spoil()
    await exchange(store)
    await store.close()
    return proxy.passed


async def test_one_cut_anywhere_is_made_good(proxy: Proxy, clean: SessionStore, seal: Seal, stride: int) -> None:
    total = await octets_of_an_exchange(proxy, seal)
    assert total > 400
    for cut_after in range(1, total + 1, stride):
        store = RedisSessions.from_url(f"redis://127.0.0.1:{proxy.port}", seal, timeout_s=TIMEOUT_S)
        proxy.spoil(cut_after)
        told = await exchange(store)
        assert not told.unavailable
        assert all(told.committed.values())
        await assert_true(told, clean)
        assert await store.load(new_key()) is None
        await store.close()


async def test_cuts_of_every_connection_leave_what_is_told_true(
    proxy: Proxy, clean: SessionStore, seal: Seal, stride: int
) -> None:
    total = await octets_of_an_exchange(proxy, seal)
    for cut_after in range(0, total + 1, 3 * stride):
        store = RedisSessions.from_url(f"redis://127.0.0.1:{proxy.port}", seal, timeout_s=TIMEOUT_S)
        proxy.spoil(cut_after, always=True)
        told = await exchange(store)
        await assert_true(told, clean)
        proxy.spoil()
        assert await store.load(new_key()) is None
        await store.close()
