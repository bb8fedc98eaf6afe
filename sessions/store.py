"""What a session store promises."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final, Protocol

import msgspec

from sessions.session import Session

BATCH: Final = 500
"""So many keys at a time: a store that is scanned must go on answering callers."""


class StoreUnavailable(Exception):
    """The store did not answer, or refused. After a `commit` the outcome is then unknown."""


class Sealed(msgspec.Struct, frozen=True):
    """A session as it was read, with the version (the nonce of its seal) that a later commit must still find."""

    session: Session
    version: bytes


class SessionStore(Protocol):
    """Keeps sealed sessions under short keys until their time is over.

    All of it may be lost without a submission being lost.

    Every method raises `StoreUnavailable` where the store cannot tell, after at most the time the store was given.
    Whatever is cancelled, no caller gets what was meant for another.
    """

    async def load(self, key: bytes) -> Sealed | None:
        """The session under `key`; `None` where there is none, or none that can be opened.

        What cannot be opened (another key, moved from another place, damaged) counts as absent, here and for
        `commit`: it is never shown, and locks nobody out.
        """

    async def commit(self, key: bytes, session: Session, expect: bytes | None, ttl_s: float) -> bytes | None:
        """Compare-and-set with a new time to live. `expect` is the version read, `None` where `load` found nothing.

        Returns the new version, or `None` where something else stands there (or nothing, where a version was expected).
        With `expect=None` a value that cannot be opened is replaced, provided that it is still the same at that moment.
        An unknown outcome is looked at and repeated with the same nonce before `StoreUnavailable` is raised.
        """

    async def link(self, key: bytes, target: bytes, ttl_s: float) -> None:
        """Write the small key of a dialogue, which leads to the session's key and never to a number."""

    async def follow(self, key: bytes) -> bytes | None:
        """The session's key behind a small key; `None` where there is none, or none that can be opened."""

    async def check(self) -> list[str]:
        """What keeps this store from production, in words for the operator; empty where it is fit."""

    async def count(self) -> int:
        """How much is held: sessions, and the small keys that lead to them."""

    def scan(self, count: int = BATCH) -> AsyncIterator[Sequence[Session | None]]:
        """Every session, in batches of about `count`, while callers go on; `None` for each that cannot be opened.

        None is given twice. One that begins, ends or moves to another node meanwhile may be left out.
        """

    async def ping(self) -> None:
        """Return if the store answers and takes what is written."""

    async def close(self) -> None:
        """Give back what is held. Whatever is asked later is `StoreUnavailable`."""
