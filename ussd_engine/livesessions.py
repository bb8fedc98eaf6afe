"""The session store as a process opens it, by its settings."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable

from sessions import Seal, SessionStore, StoreUnavailable
from ussd_engine.config import Config
from ussd_engine.errors import ConfigError


@contextlib.asynccontextmanager
async def live_sessions(
    config: Config, seal: Seal, open_store: Callable[[str, Seal], SessionStore]
) -> AsyncIterator[SessionStore]:
    """The session store; in production one that keeps what it was given."""
    try:
        sessions = open_store(config.sessions.reveal(), seal)
    except ValueError as error:
        raise ConfigError(f"sessions: {error}") from None
    try:
        if config.env == "production":
            await _check_sessions(sessions)
        yield sessions
    finally:
        await sessions.close()


async def _check_sessions(sessions: SessionStore) -> None:
    try:
        complaints = await sessions.check()
    except StoreUnavailable as error:
        complaints = [str(error)]
    if complaints:
        raise ConfigError("sessions: " + "; ".join(complaints))
