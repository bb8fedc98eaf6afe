"""A core that cannot do all that it could: as an outside one that says so."""

from __future__ import annotations

from typing import Any, cast

from ussd_engine.feedback import FeedbackStore, Opener, Surroundings, open_feedback


class Lacking:
    """A store without some of its capabilities; all else is its own."""

    def __init__(self, store: FeedbackStore, lacks: frozenset[str]) -> None:
        self._store = store
        self.capabilities = store.capabilities - lacks

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def lacking(lacks: frozenset[str]) -> Opener:
    """Opens the store of a setting, without `lacks`."""

    async def opened(setting: str, surroundings: Surroundings) -> FeedbackStore:
        store = await open_feedback(setting, surroundings)
        return cast(FeedbackStore, Lacking(store, lacks)) if lacks else store

    return opened
