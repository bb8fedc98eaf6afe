"""The pluggable core: which stores there are, and how one is opened from its setting."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from pkgutil import resolve_name
from typing import Final

from ussd_engine import plugins
from ussd_engine.errors import ConfigError
from ussd_engine.feedback.base import FeedbackStore, Opener, Surroundings

__all__ = ["STORES", "FeedbackStore", "Opener", "Surroundings", "known_store", "open_feedback"]

GROUP: Final = "ussd_engine.feedback"
STORES: dict[str, str] = {
    "sql": "ussd_engine.feedback.sql:open_store",
    "webhook": "ussd_engine.feedback.webhook:open_store",
}
"""Built-in stores: name to opener. Packages outside name theirs in the entry-point group `ussd_engine.feedback`."""


async def open_feedback(setting: str, surroundings: Surroundings) -> FeedbackStore:
    """The store of a setting: `NAME`, `NAME:…` or `NAME+SCHEME://…`. `ConfigError` for a name that nobody has, or
    whose package does not load or start."""
    return await known_store(setting)(setting, surroundings)


def known_store(setting: str) -> Opener:
    """What opens the store of a setting; nothing is opened yet. Raises as `open_feedback` does."""
    name = re.split(r"[+:?]", setting, maxsplit=1)[0]
    if name in STORES:
        opener: Opener = resolve_name(STORES[name])
        return opener
    installed: Opener | None = plugins.factory(GROUP, name)
    if installed is None:
        known = ", ".join(sorted({*STORES, *entry_points(group=GROUP).names}))
        raise ConfigError(f"feedback: no store is named {name!r}; there are: {known}")
    return installed
