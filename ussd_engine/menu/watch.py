"""Whether files of menus or catalogues were saved, made or removed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

PATTERNS: Final = ("*.yaml", "*.csv", "*.po")
State = dict[Path, tuple[int, int]]


class Watch:
    """Looks at the files under some folders. What is saved after it is made is seen."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._seen = self._state()

    def changed(self) -> bool:
        """Whether anything is different from the last look."""
        before, self._seen = self._seen, self._state()
        return self._seen != before

    def _state(self) -> State:
        found: State = {}
        for folder in self._folders:
            for file in (file for pattern in PATTERNS for file in folder.rglob(pattern)):
                try:
                    state = file.stat()
                except OSError:  # an editor writes another file and renames it
                    continue
                found[file] = (state.st_mtime_ns, state.st_size)
        return found
