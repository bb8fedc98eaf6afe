"""What comes of one answer, for whoever must see to it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from sessions import Session


class Intent(NamedTuple):
    """What the step asks the gateway to do. The session stays where it is until the outcome is known."""

    action: str
    """The action of the menu, or `forget`."""
    do: str
    """The registered action."""
    secret: Mapping[str, str] = MappingProxyType({})
    """What was typed for this action alone, by name; it stands in no session."""


class Step(NamedTuple):
    """What came of an answer."""

    session: Session
    intent: Intent | None = None
    taken: tuple[str, ...] = ()
    """The lines and outcomes of the menu that were taken: `line SERVICE/SCREEN 1`, `outcome SERVICE/ACTION ok`."""
    arrives: bool = False
    """She comes to a screen that shows what stands elsewhere, and it has to be asked for."""
