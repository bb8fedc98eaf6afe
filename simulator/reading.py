"""The menus and catalogues of a gateway started here, read again whenever a file of them is saved."""

from __future__ import annotations

import asyncio
from typing import Final

from simulator.faults import foreign
from simulator.speech import Note, told
from ussd_engine.config import Config
from ussd_engine.engine import Engine
from ussd_engine.errors import EngineError
from ussd_engine.menu.watch import Watch

GLANCE_S: Final = 1.0
"""How often the files are looked at."""


class Reading:
    """Sees what is saved after it was made."""

    def __init__(self, settings: Config) -> None:
        self._watch = Watch([settings.menus, settings.locales])
        self._one = asyncio.Lock()

    async def changed(self) -> bool:
        """Whether something was saved since the last look."""
        async with self._one:
            return await asyncio.to_thread(self._watch.changed)

    async def glance(self, engine: Engine) -> Note | None:
        """Where something was saved: the gateway has those menus if the proofs hold; what came of it."""
        async with self._one:
            if not await asyncio.to_thread(self._watch.changed):
                return None
            try:
                await engine.reload()
            except EngineError as error:
                return told("Menus not read: {fault}", fault=foreign(str(error)))
        return told("Menus read again. A dialogue that goes on keeps the old ones: redial.")
