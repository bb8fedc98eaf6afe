"""The verbs of a phone in a room: keys, dialling and typing."""

from __future__ import annotations

import contextlib
from collections.abc import Coroutine
from typing import Any, Final

import msgspec

from simulator.clock import MovedClock
from simulator.floor import HungUp, NotOpen, NotSent, Way
from simulator.glance import Glance
from simulator.handset import PUT_AWAY, Display, Handset
from simulator.speech import Note, told
from simulator.terms import FAULTS
from simulator.tidings import Tidings
from simulator.transcript import Step
from simulator.trouble import Fault
from simulator.watched import Dropped
from ussd_engine.channels.codes import Codes, NotACode
from ussd_engine.config import Config
from ussd_engine.errors import EngineError
from ussd_engine.model import Reply

MOST_TYPED: Final = 182
"""Characters of one answer, as the networks' longest string has them in GSM-7."""


class Calls(Tidings):
    """A room's phones. Every verb that waits leaves its words in `note`."""

    faults: set[Fault]
    """What the next leg meets, or the first that writes: one at most."""

    def __init__(self, settings: Config, way: Way, clock: MovedClock | None = None) -> None:
        super().__init__(settings, way, clock)
        self.faults = set()

    async def _open(self) -> Note:
        self.faults.clear()
        return await super()._open()

    # keys

    def press(self, keys: str) -> None:
        """Keys of the phone, or letters of a keyboard."""
        self.hand.press(keys, MOST_TYPED)

    def erase(self) -> None:
        """The last character goes."""
        self.hand.erase()

    async def send(self) -> None:
        """The green key: dial what stands there, or answer with it."""
        hand = self.hand
        if hand.display is Display.WAITING or hand.sending:
            return
        # what is under way may take its time: another press sends nothing twice
        hand.sending = True
        try:
            await self._send(hand, hand.entry)
        finally:
            hand.sending = False

    async def _send(self, hand: Handset, entry: str) -> None:
        if hand.alive:
            await self.type(entry)
        elif hand.display in PUT_AWAY:
            hand.clear()
        elif entry:
            await self.dial(entry)
        else:
            self.note = told("Dial a code first, like {code}", code=next(iter(self.settings.codes)))

    # dialogues

    async def dial(self, code: str) -> None:
        """A new dialogue."""
        await self._done(self._dial(code, Step(dial=code)))

    async def redial(self) -> None:
        """The last code once more."""
        await self._done(self._redial())

    async def type(self, text: str) -> None:
        """An answer to the screen."""
        await self._done(self._type(text))

    async def hang_up(self) -> None:
        """The red key, also while an answer is on its way."""
        if self._under_way:
            self._under_way.cancel()
            await self._done(self._put_down())
        else:
            await self._done(self._hang_up())

    async def _dial(self, code: str, step: Step) -> Note | None:
        hand = self.hand
        try:
            Codes(self.settings.codes).split(code)
            hand.dialled(self.now)
            return await self._say(step, hand.phone.dial(code))
        except (NotACode, NotOpen):
            hand.refuse(code)
            raise

    async def _redial(self) -> Note | None:
        code = self.hand.phone.dialled
        if not code:
            return told("Nothing was dialled yet.")
        return await self._dial(code, Step(redial=True) if code == self.recorder.dialled else Step(dial=code))

    async def _type(self, text: str) -> Note | None:
        if not self.hand.alive:
            self.hand.refuse()
            return told("Nothing waits for an answer. Dial first.")
        return await self._say(Step(type=self.recorder.typed(text)), self.hand.phone.type(text))

    async def _put_down(self) -> Note | None:
        """What became of what was under way has been told."""
        said = self.note
        await self._hang_up()
        return said

    async def _hang_up(self) -> Note:
        hand, live = self.hand, self.hand.alive
        hand.clear()
        if not live:
            return told("The phone is free.")
        await self._before()
        await self._closed(hand)
        await self._written(Step(hang_up=True))
        return told("You hung up. {then}", then=await self._then(hand))

    async def _say(self, step: Step, asking: Coroutine[Any, Any, Reply]) -> Note | None:
        """A leg, in whatever trouble there is."""
        hand, before = self.hand, self.hand.phone.last
        await self._before()
        self._arm()
        try:
            reply = await self._leg(asking)
        except (Dropped, HungUp) as error:
            if isinstance(error, HungUp) and hand.phone.last is before:
                raise NotSent from None
            await self.line.heard_out()
            await self._broken_off(msgspec.structs.replace(step, fault=self._struck()))
            raise
        struck = self._struck()
        hand.show(reply, self.now, await self._glance())
        await self._written(msgspec.structs.replace(step, fault=struck), reply)
        return told("{fault}: it struck.", fault=FAULTS[struck]) if struck else None

    async def _broken_off(self, step: Step) -> None:
        """Nobody heard the answer. A provider's request is not taken back, so the gateway hears it to its end."""
        await self.line.heard_out()
        if self.local:
            await self._written(msgspec.structs.replace(step, breaks_off=True))

    async def _glance(self) -> Glance | None:
        if not (self.local and self.behind and self.behind.glass):
            return None
        with contextlib.suppress(EngineError):
            return await self.behind.glass.look(self.local.engine)
        return None

    async def _written(self, step: Step, screen: Reply | None = None) -> None:
        """What was done goes into the transcript, with the SMS that have come by now."""
        await self._arrived()
        self.recorder.take(step, screen, self.hand.unwritten())

    async def _before(self, by_hand: bool = True) -> None:
        """Before something is done: the time that has passed goes into the transcript, and the SMS that came in it.
        What is done `by_hand` lets time go on where a transcript held it."""
        if by_hand:
            self.clock.go()
        self._begin()
        if self.dead:
            return  # told when there is a gateway again
        slow = self.slow_post
        await self._arrived()
        came = self.hand.unwritten()
        if slow:
            self.recorder.late(came)
            came = []
        waits = any(hand.fresh for hand in self.handsets.values())
        self.recorder.gap(self.clock.real, came, waits)

    def _arm(self) -> None:
        """A fault waits for a leg that meets it; nothing else does."""
        if self.local:
            self.local.trouble.begin_leg()
            for fault in self.faults:
                self.local.trouble.arm(fault)

    def _struck(self) -> Fault | None:
        """The fault that this leg met."""
        if not self.local:
            return None
        trouble = self.local.trouble
        met = [fault for fault in self.faults if (trouble.slowed if fault == "slow" else trouble.struck)]
        trouble.calm()
        self.faults.difference_update(met)
        return met[0] if met else None
