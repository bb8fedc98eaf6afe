"""Trouble made on purpose behind a gateway started here: in its ledger, and in its session store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Literal

from sessions import BATCH, Sealed, Session, SessionStore, StoreUnavailable
from ussd_engine.counts import Count
from ussd_engine.ledger import Fault as LedgerFault
from ussd_engine.ledger import Faults
from ussd_engine.looks import LOOK_S, Looks

Fault = LedgerFault | Literal["sessions", "slow"]
"""`lost`, `unanswered`, `unknown_rolled`: the ledger's connection ends before, after, or at its commit. `sessions`: the
session store refuses to write. `slow`: nothing that is looked for, in the ledger or the core, comes in time."""
KEPT_S = 600.0


class Forgetful:
    """A session store that can lose what the last leg wrote, as after a fail-over, and refuse a write. `inner` is the
    store that it stands before."""

    def __init__(self, inner: SessionStore) -> None:
        self._inner = inner
        self._before: dict[bytes, Sealed | None] = {}
        self.refusing = False

    def begin_leg(self) -> None:
        """What is read first from now on is what `forget` brings back."""
        self._before.clear()

    async def forget(self) -> None:
        """Put every session that the last leg found back to what it was before that leg."""
        for key, before in self._before.items():
            standing = await self._inner.load(key)
            if before and standing:
                await self._inner.commit(key, before.session, standing.version, KEPT_S)

    async def load(self, key: bytes) -> Sealed | None:
        """As `SessionStore.load`."""
        if key not in self._before:
            self._before[key] = await self._inner.load(key)
        return await self._inner.load(key)

    async def commit(self, key: bytes, session: Session, expect: bytes | None, ttl_s: float) -> bytes | None:
        """As `SessionStore.commit`."""
        if self.refusing:
            self.refusing = False
            raise StoreUnavailable("refused on purpose")
        return await self._inner.commit(key, session, expect, ttl_s)

    async def link(self, key: bytes, target: bytes, ttl_s: float) -> None:
        """As `SessionStore.link`."""
        await self._inner.link(key, target, ttl_s)

    async def follow(self, key: bytes) -> bytes | None:
        """As `SessionStore.follow`."""
        return await self._inner.follow(key)

    async def check(self) -> list[str]:
        """As `SessionStore.check`."""
        return await self._inner.check()

    async def count(self) -> int:
        """As `SessionStore.count`."""
        return await self._inner.count()

    def scan(self, count: int = BATCH) -> AsyncIterator[Sequence[Session | None]]:
        """As `SessionStore.scan`."""
        return self._inner.scan(count)

    async def ping(self) -> None:
        """As `SessionStore.ping`."""
        await self._inner.ping()

    async def close(self) -> None:
        """As `SessionStore.close`."""
        await self._inner.close()


class Trouble:
    """What can go wrong on purpose; each armed fault strikes once. `counted` is what turns have counted lately."""

    def __init__(self, ledger: Faults, sessions: Forgetful, looks: Looks, counted: set[str]) -> None:
        self.ledger = ledger
        self.sessions = sessions
        self.looks = looks
        self._counted = counted

    def begin_leg(self) -> None:
        """A leg begins, and looks come in time again."""
        self.sessions.begin_leg()
        self.looks.look_s = LOOK_S

    def arm(self, fault: Fault) -> None:
        """Let the next write, or the looks of this leg, meet `fault`."""
        if fault == "sessions":
            self.sessions.refusing = True
        elif fault == "slow":
            self.looks.look_s = 0.0
            self._counted.clear()
        else:
            self.ledger.arm(fault)

    def calm(self) -> None:
        """Let what is armed and has not struck come to nothing."""
        self.sessions.refusing = False
        self.ledger.disarm()
        self.looks.look_s = LOOK_S

    @property
    def slowed(self) -> bool:
        """Whether a look has not come in time since `slow` was armed."""
        return Count.SLOW in self._counted

    @property
    def struck(self) -> bool:
        """Whether every armed fault has met a write."""
        return not self.sessions.refusing and not self.ledger.armed
