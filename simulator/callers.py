"""Who calls in a room: other phones, and others on the same phone or with the same number."""

from __future__ import annotations

import contextlib
from typing import Final

from simulator.handset import Handset
from simulator.mishaps import Mishaps
from simulator.speech import Note, told
from simulator.transcript import Step
from ussd_engine.errors import EngineError

MOST_PHONES: Final = 20
NEXT_OWNER_S: Final = 180 * 86_400.0
"""After how long a number that was given back is somebody else's."""


class Callers(Mishaps):
    """A room's callers."""

    async def another(self) -> None:
        """A second caller, on a phone of her own."""
        await self._done(self._another())

    async def take(self, name: str) -> None:
        """Another of the phones that are here."""
        await self._done(self._take(self.handsets[name]))

    async def share(self) -> None:
        """A second caller on this phone: its number, its SMS, and whatever stands there."""
        await self._done(self._share())

    async def recycle(self) -> None:
        """A second caller with this number, given to her half a year after the first gave it back."""
        await self._done(self._recycle())

    async def _another(self) -> Note:
        if len(self.handsets) >= MOST_PHONES:
            return told("A room has {most} phones at most. Take one of them.", most=str(MOST_PHONES))
        name = str(len(self.handsets) + 1)
        self.handsets[name] = Handset(self._phone(self._number()), name)
        return await self._take(self.handsets[name])

    async def _take(self, hand: Handset) -> Note:
        await self._before()
        self.hand = hand
        self._known()
        await self._written(Step(caller=hand.name))
        return told("In hand: {number}", number=hand.number or told("number withheld"))

    async def _share(self) -> Note:
        await self._let_go()
        return told("Somebody else holds this phone now: the same number, the same SMS.")

    async def _let_go(self) -> None:
        """The first caller puts the phone down."""
        with contextlib.suppress(EngineError):
            await self._hang_up()

    async def _recycle(self) -> Note:
        if self.way.url:
            return told("That gateway has a clock of its own: it cannot be moved by half a year.")
        await self._let_go()
        await self._wait(NEXT_OWNER_S)
        self.hand.inbox.clear()
        self.hand.written = 0
        return told("Half a year later somebody else has this number, on a new phone.")
