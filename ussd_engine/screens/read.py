"""A long text, cut into pages at word ends; the lines below stand on its last page.

answer:
  read: "{answer}"
  slow: later
  go: {1. Endelea: {if: {can: rate}, go: rate}}
"""

from __future__ import annotations

from ussd_engine.screens.base import Chosen, Screen, Visible, Wrong, choose

KEYS = frozenset({"go", "slow", "again"})
PAGED = True


def take(screen: Screen, text: str, rows: int, more: str, visible: Visible) -> Chosen | Wrong:
    """The line chosen."""
    return choose(screen, text, visible)
