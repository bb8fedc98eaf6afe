"""The editions that are at hand: the current one, and the older ones on which dialogs still run."""

from __future__ import annotations

from ussd_engine.menu.edition import Edition

KEPT = 8
"""Editions at hand, the current one among them; a dialog on an older one is brought to the current one."""


class Editions:
    """One current edition, the last ones beside it."""

    def __init__(self, current: Edition) -> None:
        self.current = current
        self._kept = {current.version: current}

    def keep(self, edition: Edition) -> None:
        """Let dialogs run on an edition that other processes may already have made their current one."""
        self._kept.pop(edition.version, None)
        self._kept[edition.version] = edition
        for version in [version for version in self._kept if version != self.current.version][: 1 - KEPT]:
            del self._kept[version]

    def swap(self, edition: Edition) -> None:
        """Make an edition the current one."""
        self.current = edition
        self.keep(edition)

    def of(self, version: bytes) -> Edition | None:
        """The edition of a version; `None` where it is no longer at hand."""
        return self._kept.get(version)
