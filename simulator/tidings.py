"""What comes to a room by itself: the end of a dialogue's time, SMS, and why none come."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from simulator.clock import MovedClock
from simulator.floor import Floor, HungUp, Way
from simulator.handset import Display, Handset, Message
from simulator.silence import Silence, mute
from simulator.speech import Note, told
from ussd_engine.config import Config
from ussd_engine.errors import EngineError

NOTICE_S: Final = 1.0
SETTLES_S: Final = 5.0
"""How long SMS are waited for; what comes later is found by `tick`."""


class Tidings(Floor):
    """A room's clock and post."""

    def __init__(self, settings: Config, way: Way, clock: MovedClock | None = None) -> None:
        super().__init__(settings, way, clock)
        self.slow_post = False
        """SMS that should have come by now have not."""
        self.kept_back: list[Note] = []
        """Why SMS did not come, as far as nobody was told."""
        self._silence = Silence()

    @property
    def mute(self) -> Note | None:
        """Why no SMS is answered by the menus of a gateway started here; `None` where they take some."""
        return mute(self.local.engine.editions.current) if self.local else None

    async def tick(self) -> None:
        """Look at the clock and at the post; views call it once a second."""
        if self.busy or not self.behind:
            return
        self._gather()
        if self.clock.held:
            return
        for hand in self.handsets.values():
            if hand.left_s(self.now) == 0:
                await self._done(self._expire(hand))

    async def _expire(self, hand: Handset) -> Note:
        """The operator ends a dialogue that has lasted too long, and its provider tells."""
        hand.clear(Display.OVER)
        await self._over(hand)
        return told("The operator ended the session: its time is over. {then}", then=await self._then(hand))

    async def _over(self, hand: Handset) -> None:
        """The provider tells that a dialogue is over; a gateway that does not hear it will see."""
        with contextlib.suppress(EngineError, HungUp):
            await self._closed(hand)

    async def _closed(self, hand: Handset) -> None:
        """The provider's notice; it needs no answer, so a gateway that gives none keeps nobody."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(NOTICE_S):
                await self._beside(hand.phone.hang_up())

    async def _afterwards(self) -> None:
        kept, self.kept_back = self.kept_back, []
        for why in kept:
            self.note = Note("{note}\n{why}", {"note": self.note, "why": why}) if self.note else why

    async def _arrived(self) -> None:
        """Let the SMS come that leave now."""
        if self.local:
            self.slow_post = True
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SETTLES_S):
                    await self.local.settled()
                self.slow_post = False
            with contextlib.suppress(EngineError):
                self.kept_back += await self._silence.since(self.local)
        self._gather()

    def _gather(self) -> None:
        """What came for each phone since the last time."""
        exchange = self.local.exchange if self.local else None
        if exchange is None:
            return
        for hand in self.handsets.values():
            for one in exchange.inboxes.get(hand.number, [])[hand.heard :]:
                hand.heard += 1
                hand.came += 1
                hand.inbox.append(Message(one.text, self.now, other=one.sender, id=one.id, place=hand.came))
