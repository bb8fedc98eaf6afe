"""The reference that a new case gets: the one that was drawn for it, where no case has that one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sqlalchemy import Connection, bindparam, select

from ussd_engine.ledger.tables import cases

_STORED = select(cases.c.reference).where(cases.c.reference == bindparam("reference"))


class References(Protocol):
    def take(self, reference: str) -> str:
        """The reference that a case gets: the one that was drawn for it, or another where that one is taken."""


class Drawn:
    """As they were drawn: of so many hardly any is taken, and where one is the database says so."""

    def take(self, reference: str) -> str:
        return reference


class Stored:
    """Only those that no case has."""

    def __init__(self, conn: Connection, draw: Callable[[], str]) -> None:
        self._conn = conn
        self._draw = draw

    def take(self, reference: str) -> str:
        while self._conn.scalar(_STORED, {"reference": reference}) is not None:
            reference = self._draw()
        return reference
