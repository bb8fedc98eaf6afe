"""Takes up changed keys while the process runs: the file is read again each minute, and at SIGHUP."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from ussd_engine import keyfile
from ussd_engine.errors import ConfigError
from ussd_engine.keys import Keyring

LOOK_S = 60.0


class KeyWatch:
    """Runs in every process. `clock` gives Unix seconds; `renewed` is called after the keyring took up something, and
    `told` where the file cannot be used: the keys stay as they are then."""

    def __init__(
        self,
        keyring: Keyring,
        path: Path,
        clock: Callable[[], float],
        renewed: Callable[[Keyring], None],
        told: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        self._keyring = keyring
        self._path = path
        self._clock = clock
        self._renewed = renewed
        self._told = told

    async def run(self) -> None:
        """Until cancelled. The file counts as used meanwhile; one that was written anew does from the next look on."""
        using = contextlib.ExitStack()
        try:
            while True:
                try:
                    await self.look()
                    using = self._used(using)
                except ConfigError as error:
                    self._told(error)
                await asyncio.sleep(LOOK_S)
        finally:
            using.close()

    def _used(self, before: contextlib.ExitStack) -> contextlib.ExitStack:
        """Use the file that stands there now, and only then no more the one before. Not every file system knows how."""
        now = contextlib.ExitStack()
        with contextlib.suppress(OSError):
            now.enter_context(keyfile.used(self._path))
        before.close()
        return now

    async def look(self) -> bool:
        """Take up what stands in the file and what writes from now on; whether that was anything new.

        `ConfigError` where the file cannot be used.
        """
        file = await asyncio.to_thread(keyfile.load, self._path)
        changed = self._keyring.renew(file.settled(self._clock()))
        if changed:
            self._renewed(self._keyring)
        return changed
