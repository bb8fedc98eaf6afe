"""Words with which the dialog is over.

cancelled: {end: Umeacha. Hakuna kilichotumwa wala kuhifadhiwa.}
"""

from __future__ import annotations

from ussd_engine.screens.base import Screen, Visible, Wrong

KEYS: frozenset[str] = frozenset()
PAGED = False


def take(screen: Screen, text: str, rows: int, more: str, visible: Visible) -> Wrong:
    """Nothing: the dialog is over."""
    return Wrong("choice")
