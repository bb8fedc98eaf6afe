"""Rows from a source, numbered through all pages; any number of the list is valid, shown or not.

region:
  list: "Chagua mkoa:"
  again: ""
  from: regions
  save: region
"""

from __future__ import annotations

from ussd_engine.screens.base import Chosen, Row, Screen, Visible, Wrong, choose, index_of

KEYS = frozenset({"again", "from", "row", "most", "none", "slow", "save", "then", "go"})
PAGED = True


def take(screen: Screen, text: str, rows: int, more: str, visible: Visible) -> Row | Chosen | Wrong:
    """The row of that number, else the numbered line below the rows."""
    index = index_of(text, more)
    if index is not None and index < rows:
        return Row(index)
    return choose(screen, text, visible)
