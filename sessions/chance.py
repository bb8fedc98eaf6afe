"""Random octets of the operating system, fetched many at a time: a system call costs more than what is drawn by it."""

from __future__ import annotations

import os
from threading import Lock

FETCHED = 4096


class _Pool:
    """What was fetched and not yet drawn. Nothing is ever drawn twice: not by two threads, not by a forked child."""

    def __init__(self) -> None:
        self._octets = b""
        self._at = 0
        self._lock = Lock()

    def draw(self, count: int) -> bytes:
        with self._lock:
            start, end = self._at, self._at + count
            if end > len(self._octets):
                self._octets = os.urandom(max(FETCHED, count))
                start, end = 0, count
            self._at = end
            return self._octets[start:end]


_pool = _Pool()


def draw(count: int) -> bytes:
    """So many octets that nobody has seen."""
    return _pool.draw(count)


# A child has its parent's octets, and perhaps its lock, held by a thread that is not in the child.
os.register_at_fork(after_in_child=_pool.__init__)  # type: ignore[misc]
