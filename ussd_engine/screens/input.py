"""A text that the citizen types, with the rules it must keep.

place:
  input: Ilitokea wapi? Andika kata, kijiji au mtaa.
  save: place
  check: {letters: [2, 80]}
  skip: 1. Ruka
"""

from __future__ import annotations

from ussd_engine.screens.base import Screen, Skipped, Typed, Visible, Wrong

KEYS = frozenset({"again", "save", "then", "check", "warn", "skip", "full", "secret"})
PAGED = False


def take(screen: Screen, text: str, rows: int, more: str, visible: Visible) -> Typed | Skipped | Wrong:
    """The text; its rules are run by the machine, which knows what it may be joined to."""
    if not text.strip():
        return Wrong("empty")
    if screen.skip and text == screen.skip.number:
        return Skipped()
    return Typed(text)
