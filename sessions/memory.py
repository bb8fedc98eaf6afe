"""Sessions in this process, for development and tests: sealed like anywhere else."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import islice
from typing import NamedTuple

from sessions.codec import SessionCodec
from sessions.keys import DIALOGUE, SESSION
from sessions.seal import Seal, version_of
from sessions.session import Session
from sessions.store import BATCH, Sealed, StoreUnavailable


class _Entry(NamedTuple):
    blob: bytes
    until_s: float


class MemorySessions:
    """A session store in a dict. `clock` gives seconds and only goes forward.

    What is over is swept after as many writes as the last sweep left entries, so about twice the live ones are held at
    most.
    """

    def __init__(self, seal: Seal, clock: Callable[[], float] = time.monotonic) -> None:
        self._codec = SessionCodec(seal)
        self._clock = clock
        self._entries: dict[bytes, _Entry] = {}
        self._writes_until_sweep = 0
        self._closed = False

    def __len__(self) -> int:
        return len(self._entries)

    async def load(self, key: bytes) -> Sealed | None:
        """As `SessionStore.load`."""
        return self._codec.find(self._get(key), key)

    async def commit(self, key: bytes, session: Session, expect: bytes | None, ttl_s: float) -> bytes | None:
        """As `SessionStore.commit`."""
        standing = self._codec.find(self._get(key), key)
        if (standing.version if standing else None) != expect:
            return None
        blob = self._codec.dump(session, key)
        self._put(key, blob, ttl_s)
        return version_of(blob)

    async def link(self, key: bytes, target: bytes, ttl_s: float) -> None:
        """As `SessionStore.link`."""
        self._open()
        self._put(key, self._codec.dump_link(target, key), ttl_s)

    async def follow(self, key: bytes) -> bytes | None:
        """As `SessionStore.follow`."""
        return self._codec.find_link(self._get(key), key)

    async def check(self) -> list[str]:
        """As `SessionStore.check`."""
        return []

    async def count(self) -> int:
        """As `SessionStore.count`."""
        self._open()
        return sum(entry.until_s > self._clock() for entry in self._entries.values())

    async def scan(self, count: int = BATCH) -> AsyncIterator[Sequence[Session | None]]:
        """As `SessionStore.scan`."""
        self._open()
        keys = iter([key for key in self._entries if key.startswith((SESSION, DIALOGUE))])
        while some := list(islice(keys, count)):
            standing = [(key, blob) for key in some if (blob := self._get(key))]
            yield self._codec.open_all(standing)

    async def ping(self) -> None:
        """As `SessionStore.ping`."""
        self._open()

    async def close(self) -> None:
        """As `SessionStore.close`."""
        self._closed = True
        self._entries.clear()

    def _open(self) -> None:
        if self._closed:
            raise StoreUnavailable("closed")

    def _get(self, key: bytes) -> bytes | None:
        self._open()
        entry = self._entries.get(key)
        return entry.blob if entry and entry.until_s > self._clock() else None

    def _put(self, key: bytes, blob: bytes, ttl_s: float) -> None:
        self._entries[key] = _Entry(blob, self._clock() + ttl_s)
        self._writes_until_sweep -= 1
        if self._writes_until_sweep <= 0:
            self._sweep()

    def _sweep(self) -> None:
        now = self._clock()
        self._entries = {key: entry for key, entry in self._entries.items() if entry.until_s > now}
        self._writes_until_sweep = len(self._entries)
