"""Numbered lines, each with the value that it saves or with where it leads.

nature:
  menu: Ni kero ya aina gani?
  save: nature
  choose:
    1. Ucheleweshaji: delay
    2. Huduma mbovu: poor_service
"""

from __future__ import annotations

from ussd_engine.screens.base import Chosen, Screen, Skipped, Visible, Wrong, choose

KEYS = frozenset({"again", "choose", "go", "save", "then", "skip", "offer", "none"})
PAGED = True


def take(screen: Screen, text: str, rows: int, more: str, visible: Visible) -> Chosen | Skipped | Wrong:
    """The line chosen, or the line that skips."""
    if screen.skip and text == screen.skip.number:
        return Skipped()
    return choose(screen, text, visible)
