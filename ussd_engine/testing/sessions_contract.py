"""What every session store must do, sentence by sentence of `sessions.store.SessionStore`.

A store outside this package proves itself with a subclass whose name begins with `Test` and that gives the fixture
`place`:

    class TestMyStore(SessionStoreContract):
        @pytest.fixture
        async def place(self, seal):
            ...
            yield MyPlace(store)
"""

from __future__ import annotations

import asyncio
import os
from typing import Protocol

import pytest

from sessions import Draft, Seal, Session, SessionCodec, SessionStore, StoreUnavailable

NUMBER = 255700000001
WORDS = "Mita haisomi"
TTL_S = 600


class Place(Protocol):
    """A store under test and a look behind it."""

    store: SessionStore

    async def raw(self, key: bytes) -> bytes | None:
        """The octets that stand under `key`."""

    async def plant(self, key: bytes, blob: bytes | None) -> None:
        """Put octets there by another way, for ten minutes; `None` removes what stands."""

    async def remaining_s(self, key: bytes) -> float:
        """How much longer the value will stand."""


def new_key(kind: bytes = b"s") -> bytes:
    """A key that nobody used before."""
    return kind + os.urandom(12)


def new_session(screen: str = "review") -> Session:
    """A session with a number and words that must not be seen."""
    return Session(
        dialog=os.urandom(8),
        menu=b"menu",
        service="emrejesho",
        screen=screen,
        locale="sw",
        step=3,
        touched_ms=1_800_000_000_123,
        msisdn=NUMBER,
        drafts=[Draft(service="emrejesho", form="complaint", run=os.urandom(8), answers={"message": WORDS})],
    )


class SessionStoreContract:
    """Subclass this; see the module."""

    @pytest.fixture
    def seal(self) -> Seal:
        """A seal with one random key."""
        return Seal({1: os.urandom(32)}, write=1)

    async def test_nothing_stands_under_a_new_key(self, place: Place) -> None:
        assert await place.store.load(new_key()) is None
        assert await place.store.follow(new_key(b"l")) is None

    async def test_what_was_committed_is_loaded_with_its_version(self, place: Place) -> None:
        key, session = new_key(), new_session()
        version = await place.store.commit(key, session, None, TTL_S)
        found = await place.store.load(key)
        assert found is not None
        assert (found.session, found.version) == (session, version)

    async def test_a_commit_on_the_version_read_replaces_the_session(self, place: Place) -> None:
        key, session = new_key(), new_session("end")
        first = await place.store.commit(key, new_session(), None, TTL_S)
        second = await place.store.commit(key, session, first, TTL_S)
        found = await place.store.load(key)
        assert found is not None
        assert (found.session, found.version) == (session, second)

    async def test_the_same_session_gets_a_new_version_each_time(self, place: Place) -> None:
        key, session = new_key(), new_session()
        first = await place.store.commit(key, session, None, TTL_S)
        second = await place.store.commit(key, session, first, TTL_S)
        assert first
        assert second
        assert first != second

    async def test_a_new_session_expects_that_none_stands(self, place: Place) -> None:
        key = new_key()
        version = await place.store.commit(key, new_session(), None, TTL_S)
        assert await place.store.commit(key, new_session(), None, TTL_S) is None
        await _stands(place, key, version)

    async def test_a_commit_on_an_old_version_changes_nothing(self, place: Place) -> None:
        key = new_key()
        first = await place.store.commit(key, new_session(), None, TTL_S)
        second = await place.store.commit(key, new_session(), first, TTL_S)
        assert await place.store.commit(key, new_session(), first, TTL_S) is None
        await _stands(place, key, second)

    async def test_a_commit_on_a_vanished_session_fails_and_writes_nothing(self, place: Place) -> None:
        key = new_key()
        version = await place.store.commit(key, new_session(), None, TTL_S)
        await place.plant(key, None)
        assert await place.store.commit(key, new_session(), version, TTL_S) is None
        assert await place.raw(key) is None

    async def test_of_many_commits_on_one_version_exactly_one_wins(self, place: Place) -> None:
        key = new_key()
        version = await place.store.commit(key, new_session(), None, TTL_S)
        results = await asyncio.gather(*(place.store.commit(key, new_session(), version, TTL_S) for _ in range(20)))
        winners = [result for result in results if result is not None]
        assert len(winners) == 1
        await _stands(place, key, winners[0])

    async def test_of_many_new_sessions_exactly_one_wins(self, place: Place) -> None:
        key = new_key()
        results = await asyncio.gather(*(place.store.commit(key, new_session(), None, TTL_S) for _ in range(20)))
        winners = [result for result in results if result is not None]
        assert len(winners) == 1
        await _stands(place, key, winners[0])

    @pytest.mark.parametrize("blob", [b"x", b"1234567", b"not sealed at all, but long enough to be looked at closely"])
    async def test_what_cannot_be_opened_counts_as_absent_and_locks_nobody_out(self, place: Place, blob: bytes) -> None:
        key, session = new_key(), new_session()
        await place.plant(key, blob)
        assert await place.store.load(key) is None
        version = await place.store.commit(key, session, None, TTL_S)
        assert version is not None
        await _stands(place, key, version)

    async def test_of_many_new_sessions_over_what_cannot_be_opened_exactly_one_wins(self, place: Place) -> None:
        key = new_key()
        await place.plant(key, os.urandom(80))
        results = await asyncio.gather(*(place.store.commit(key, new_session(), None, TTL_S) for _ in range(20)))
        winners = [result for result in results if result is not None]
        assert len(winners) == 1
        await _stands(place, key, winners[0])

    async def test_a_session_moved_under_another_key_is_not_shown(self, place: Place) -> None:
        key, other = new_key(), new_key()
        await place.store.commit(key, new_session(), None, TTL_S)
        await place.plant(other, await place.raw(key))
        assert await place.store.load(other) is None

    async def test_a_session_sealed_with_an_unknown_key_is_not_shown(self, place: Place) -> None:
        key = new_key()
        stranger = SessionCodec(Seal({1: os.urandom(32)}, write=1))
        await place.plant(key, stranger.dump(new_session(), key))
        assert await place.store.load(key) is None

    async def test_what_is_held_is_counted(self, place: Place) -> None:
        key = new_key()
        await place.store.commit(key, new_session(), None, TTL_S)
        await place.store.link(new_key(b"l"), key, TTL_S)
        assert await place.store.count() >= 2  # others may write there too

    async def test_a_scan_gives_every_session_once_and_no_small_key(self, place: Place) -> None:
        sessions = [new_session() for _ in range(45)]
        kinds = [b"s", b"d"]
        for at, session in enumerate(sessions):
            key = new_key(kinds[at % 2])
            await place.store.commit(key, session, None, TTL_S)
            await place.store.link(new_key(b"l"), key, TTL_S)
        for count in (10, 500):
            found = [one async for batch in place.store.scan(count) for one in batch if one is not None]
            mine = [one.dialog for one in found if one in sessions]  # others may write there too
            assert sorted(mine) == sorted(session.dialog for session in sessions)

    async def test_a_scan_counts_what_cannot_be_opened_and_shows_nothing_of_it(self, place: Place) -> None:
        key, session = new_key(), new_session()
        await place.store.commit(key, session, None, TTL_S)
        await place.plant(new_key(), await place.raw(key))
        await place.plant(new_key(), os.urandom(80))
        found = [one async for batch in place.store.scan() for one in batch]
        assert found.count(session) == 1
        assert found.count(None) >= 2  # others may write there too

    async def test_callers_go_on_while_a_scan_is_under_way(self, place: Place) -> None:
        keys = [new_key() for _ in range(30)]
        versions = {key: await place.store.commit(key, new_session(), None, TTL_S) for key in keys}
        stays = new_session("stays")
        await place.store.commit(new_key(), stays, None, TTL_S)
        seen: list[Session | None] = []
        async for batch in place.store.scan(5):
            seen += batch
            if keys:
                key = keys.pop()
                await place.plant(key, None)
                assert await place.store.load(key) is None
            await place.store.commit(new_key(), new_session(), None, TTL_S)
        assert stays in seen
        for key in keys:
            assert await place.store.commit(key, new_session(), versions[key], TTL_S) is not None

    async def test_what_stands_shows_neither_number_nor_words(self, place: Place) -> None:
        key, small = new_key(), new_key(b"l")
        await place.store.commit(key, new_session(), None, TTL_S)
        await place.store.link(small, key, TTL_S)
        blob = (await place.raw(key) or b"") + (await place.raw(small) or b"")
        assert blob
        for secret in (WORDS.encode(), NUMBER.to_bytes(8, "big"), str(NUMBER).encode(), b"complaint"):
            assert secret not in blob

    async def test_every_value_has_an_end_and_a_commit_sets_it_anew(self, place: Place) -> None:
        key, small = new_key(), new_key(b"l")
        version = await place.store.commit(key, new_session(), None, 600)
        assert 500 < await place.remaining_s(key) <= 600
        await place.store.commit(key, new_session(), version, 180)
        assert 80 < await place.remaining_s(key) <= 180
        await place.store.link(small, key, 300)
        assert 200 < await place.remaining_s(small) <= 300

    async def test_a_small_key_leads_to_the_key_of_a_session(self, place: Place) -> None:
        small, first, second = new_key(b"l"), new_key(), new_key()
        await place.store.link(small, first, TTL_S)
        assert await place.store.follow(small) == first
        await place.store.link(small, second, TTL_S)
        assert await place.store.follow(small) == second

    async def test_a_small_key_that_was_moved_or_damaged_leads_nowhere(self, place: Place) -> None:
        small, moved, damaged, key = new_key(b"l"), new_key(b"l"), new_key(b"l"), new_key()
        await place.store.link(small, key, TTL_S)
        await place.plant(moved, await place.raw(small))
        await place.plant(damaged, key)
        assert await place.store.follow(moved) is None
        assert await place.store.follow(damaged) is None

    async def test_a_session_is_not_followed_as_if_it_were_a_small_key(self, place: Place) -> None:
        key = new_key()
        await place.store.commit(key, new_session(), None, TTL_S)
        assert await place.store.follow(key) is None

    async def test_callers_at_once_get_their_own(self, place: Place) -> None:
        sessions = {new_key(): new_session() for _ in range(50)}
        await asyncio.gather(*(place.store.commit(key, session, None, TTL_S) for key, session in sessions.items()))
        found = await asyncio.gather(*(place.store.load(key) for key in sessions))
        assert [sealed and sealed.session for sealed in found] == list(sessions.values())

    @pytest.mark.parametrize("ticks", [0, 1, 2, 3])
    async def test_a_cancelled_caller_leaves_the_others_their_own(self, place: Place, ticks: int) -> None:
        sessions = {new_key(): new_session() for _ in range(20)}
        for key, session in sessions.items():
            await place.store.commit(key, session, None, TTL_S)
        tasks = [asyncio.ensure_future(place.store.load(key)) for key in sessions]
        for _ in range(ticks):
            await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [sealed.session for sealed in found[1::2]] == list(sessions.values())[1::2]  # type: ignore[union-attr]

    async def test_it_answers_a_ping_and_names_what_keeps_it_from_production(self, place: Place) -> None:
        await place.store.ping()
        assert all(isinstance(complaint, str) for complaint in await place.store.check())

    async def test_what_is_asked_after_the_close_is_unavailable(self, place: Place) -> None:
        store, key = place.store, new_key()
        await store.commit(key, new_session(), None, TTL_S)
        await store.close()
        await store.close()
        for asked in (
            store.load(key),
            store.commit(key, new_session(), None, TTL_S),
            store.link(key, key, TTL_S),
            store.follow(key),
            store.ping(),
        ):
            with pytest.raises(StoreUnavailable):
                await asked
        with pytest.raises(StoreUnavailable):
            await anext(aiter(store.scan()))


async def _stands(place: Place, key: bytes, version: bytes | None) -> None:
    found = await place.store.load(key)
    assert found is not None
    assert found.version == version
