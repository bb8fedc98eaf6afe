"""Which store a URL names. Packages outside add theirs under the entry-point group `ussd_engine.sessions`."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from urllib.parse import urlsplit

from sessions import plugins
from sessions.memory import MemorySessions
from sessions.seal import Seal
from sessions.store import SessionStore

Factory = Callable[[str, Seal], SessionStore]
GROUP = "ussd_engine.sessions"


def _memory(url: str, seal: Seal) -> SessionStore:
    return MemorySessions(seal)


def _redis(url: str, seal: Seal) -> SessionStore:
    # Imported when asked for: whoever only steps through menus need not load a Redis client.
    from sessions.redis import RedisSessions

    return RedisSessions.from_url(url, seal)


STORES: dict[str, Factory] = {
    "memory": _memory,
    "redis": _redis,
    "rediss": _redis,
    "redis+sentinel": _redis,
    "redis+cluster": _redis,
}


def open_sessions(url: str, seal: Seal) -> SessionStore:
    """The store that `url` names by its scheme. Raises `ValueError` with the known schemes, or why the package that has
    it does not load or start; never with the URL."""
    return known(url)(url, seal)


def known(url: str) -> Factory:
    """What makes the store that `url` names; nothing is made yet. Raises as `open_sessions` does."""
    scheme = urlsplit(url).scheme
    factory: Factory | None = STORES.get(scheme) or plugins.factory(GROUP, scheme, ValueError)
    if factory is None:
        names = ", ".join([*STORES, *entry_points(group=GROUP).names])
        raise ValueError(f"no session store is called {scheme!r}; known are {names}")
    return factory
