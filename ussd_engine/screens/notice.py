"""Words, and the way on.

last:
  notice: "Ujumbe wako wa mwisho umefika."
  go: {1. Endelea: start}
"""

from __future__ import annotations

from ussd_engine.screens.base import Chosen, Screen, Visible, Wrong, choose

KEYS = frozenset({"again", "go"})
PAGED = False


def take(screen: Screen, text: str, rows: int, more: str, visible: Visible) -> Chosen | Wrong:
    """The line chosen."""
    return choose(screen, text, visible)
