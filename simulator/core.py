"""The feedback core behind a gateway started here, which can be taken away and brought back."""

from __future__ import annotations

import inspect
from typing import Any, Final, cast

from ussd_engine.errors import DeliveryError
from ussd_engine.feedback import FeedbackStore, Opener, Surroundings

ALWAYS: Final = ("close",)


class Core:
    """The switch of one core."""

    def __init__(self) -> None:
        self.down = False

    def opener(self, open_core: Opener) -> Opener:
        """Opens what `open_core` opens, under this switch."""

        async def opened(setting: str, surroundings: Surroundings) -> FeedbackStore:
            return cast(FeedbackStore, _Switched(await open_core(setting, surroundings), self))

        return opened


class _Switched:
    """A store whose calls fail while its core is down; what is known of it stays known."""

    def __init__(self, store: FeedbackStore, core: Core) -> None:
        self._store = store
        self._core = core

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if name in ALWAYS or not self._core.down or not inspect.iscoroutinefunction(found):
            return found

        async def away(*_: object, **__: object) -> None:
            raise DeliveryError("the core is down, on purpose")

        return away
