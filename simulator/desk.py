"""The desk of the officer who holds the case that was sent last: what lies there, and what he does with it."""

from __future__ import annotations

import contextlib

from simulator import officer
from simulator.callers import Callers
from simulator.clock import MovedClock
from simulator.floor import Way
from simulator.glance import Kept
from simulator.officer import Act, Sheet
from simulator.speech import Note, told
from simulator.terms import ACTS, SPEAKS
from simulator.transcript import Step
from ussd_engine.config import Config
from ussd_engine.feedback.handling import LONGEST
from ussd_engine.feedback.offices import Offices


class Desk(Callers):
    """A room's desk. `sheet` is the case that lies there; once somebody has looked, it is renewed after all that is
    done."""

    def __init__(self, settings: Config, way: Way, clock: MovedClock | None = None) -> None:
        super().__init__(settings, way, clock)
        self.sheet: Sheet | None = None
        self.in_doubt = False
        """Something was sent, and whether it was taken nobody knows before she redials."""
        self._watched = self._fresh = False

    @property
    def references(self) -> list[str]:
        """Of the cases that were sent here, the newest last."""
        return [value for name, value in self.recorder.holes.values.items() if name.startswith("ref")]

    @property
    def reference(self) -> str:
        """Of the case that was sent last; empty where none was."""
        return (self.references or [""])[-1]

    async def look(self) -> None:
        """Put the case that was sent last on the desk."""
        self._watched = True
        await self._done(self._look())

    async def act(self, does: Act, says: str = "") -> None:
        """What the officer who holds it does with it; `says` are his words, or the code of an institution."""
        self._watched = True
        await self._done(self._act(does, says.strip()))

    async def _afterwards(self) -> None:
        await super()._afterwards()
        if self._watched and not self._fresh:
            # what cannot be read is told to whoever looks
            with contextlib.suppress(Exception):
                await self._look(waits=False)
        self._fresh = False

    async def _look(self, waits: bool = True) -> Note | None:
        """Why nothing lies there. `waits`: for what is on its way to the core."""
        self._fresh, sheet, why = True, None, self._nothing()
        found = await self._finds(self.hand)
        self.in_doubt = found is not None and found.kept is Kept.ACT
        try:
            if self.local and not why:
                sheet = await officer.look(self.local, self.reference, waits=waits)
        finally:
            self.sheet = sheet
        return why

    def _nothing(self) -> Note | None:
        if not self.local:
            return self._needs
        if not self.reference:
            return told("No case was sent yet.")
        return told("The core is down: nobody works there.") if self.core_is_down else None

    async def _act(self, does: Act, says: str) -> Note | None:
        if note := await self._look():
            return note
        assert self.local is not None
        if does in SPEAKS and not says:
            return told("Write first: {what}", what=SPEAKS[does])
        if does == "transfer" and (note := self._no_office(says)):
            return note
        if does in SPEAKS and len(says) > LONGEST:
            return told(
                "That has {count} letters, {most} at most: shorten it.", count=str(len(says)), most=str(LONGEST)
            )
        if does != "tick" and (self.sheet is None or does not in self.sheet.offers):
            return told("Not now: {act}. The desk shows what may be done.", act=ACTS[does])
        await self._before()
        await officer.act(self.local, self.reference, does, says)
        await self._written(Step(officer=does, says=says))
        self._fresh = False
        return told("Done: {act}", act=ACTS[does])

    def _no_office(self, code: str) -> Note | None:
        """Why a case cannot go to an institution."""
        assert self.local is not None
        offices = Offices.of(self.local.engine.editions.current)
        case = self.sheet.case if self.sheet else None
        if case and case.institution == code:
            return told("The case lies with {code} already.", code=code)
        if case and code in case.hidden:
            return told("The case reports {code}, which must not see it: name another institution.", code=code)
        if code in offices.codes:
            return None
        if near := offices.near(code):
            return told("There is no institution {code}. Is it {near}?", code=code, near=", ".join(near))
        return told("There is no institution {code}.", code=code)
