"""The verbs of a phone in a room: dialling and typing, and the trouble that may come between."""

from __future__ import annotations

import contextlib
from collections.abc import Coroutine
from typing import Any, Final

import msgspec

from simulator import officer
from simulator.clock import MovedClock
from simulator.floor import Floor, NotOpen, Way
from simulator.glance import Glance
from simulator.handset import Display, Handset
from simulator.speech import Note, told
from simulator.stage import DAY_S
from simulator.terms import FAULTS
from simulator.transcript import Step
from simulator.trouble import Fault
from simulator.watched import Dropped
from ussd_engine.channels.codes import Codes, NotACode
from ussd_engine.config import Config
from ussd_engine.errors import EngineError
from ussd_engine.model import Reply

MOST_TYPED: Final = 182
"""Characters of one answer, as the networks' longest string has them in GSM-7."""
MOST_PHONES: Final = 20
NEXT_OWNER_S: Final = 180 * 86_400.0
"""After how long a number that was given back is somebody else's."""


class Calls(Floor):
    """A room's phones. Every verb that waits leaves its words in `note`."""

    faults: set[Fault]
    """What the next leg meets, or the first that writes."""

    def __init__(self, settings: Config, way: Way, clock: MovedClock | None = None) -> None:
        super().__init__(settings, way, clock)
        self.faults = set()
        self._armed: set[Fault] = set()

    async def _open(self) -> Note:
        self.faults.clear()
        self._armed.clear()
        return await super()._open()

    # keys

    def press(self, keys: str) -> None:
        """Keys of the phone, or letters of a keyboard."""
        hand = self.hand
        if hand.display in (Display.ENDED, Display.LOST, Display.OVER):
            hand.clear()
        if hand.display is not Display.WAITING:
            hand.entry = (hand.entry + keys)[:MOST_TYPED]

    def erase(self) -> None:
        """The last character goes."""
        self.hand.entry = self.hand.entry[:-1]

    async def send(self) -> None:
        """The green key: dial what stands there, or answer with it."""
        hand = self.hand
        if hand.display is Display.WAITING or hand.sending:
            return
        # what is under way may take its time: another press sends nothing twice
        entry, hand.entry, hand.sending = hand.entry, "", True
        try:
            await self._send(hand, entry)
        finally:
            hand.sending = False

    async def _send(self, hand: Handset, entry: str) -> None:
        if hand.alive:
            await self.type(entry)
        elif hand.display in (Display.ENDED, Display.LOST, Display.OVER):
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
        await self._done(self._hang_up())

    async def _dial(self, code: str, step: Step) -> Note | None:
        hand = self.hand
        try:
            Codes(self.settings.codes).split(code)
            hand.dialled(self.now)
            return await self._say(step, hand.phone.dial(code))
        except (NotACode, NotOpen):
            hand.entry = hand.entry or code  # to be mended, or sent later
            raise

    async def _redial(self) -> Note | None:
        code = self.hand.phone.dialled
        return await self._dial(code, Step(redial=True)) if code else told("Nothing was dialled yet.")

    async def _type(self, text: str) -> Note | None:
        if not self.hand.alive:
            return told("Nothing waits for an answer. Dial first.")
        return await self._say(Step(type=self.recorder.typed(text)), self.hand.phone.type(text))

    async def _hang_up(self) -> Note:
        hand, live = self.hand, self.hand.alive
        hand.clear()
        if not live:
            return told("The phone is free.")
        self.recorder.gap(self.now)
        await hand.phone.hang_up()
        await self._written(Step(hang_up=True))
        return told("You hung up. Redial: it goes on where it stood.")

    async def _say(self, step: Step, asking: Coroutine[Any, Any, Reply]) -> Note | None:
        """A leg, in whatever trouble there is."""
        self.recorder.gap(self.now)
        hand = self.hand
        self._arm()
        try:
            reply = await self._leg(asking)
        except Dropped:
            self.recorder.remark("the line broke in mid-answer")
            await self._written(step)
            raise
        struck = self._struck()
        hand.show(reply, self.now, await self._glance())
        await self._written(msgspec.structs.replace(step, fault=struck) if struck else step, reply)
        return told("{fault}: it struck.", fault=FAULTS[struck]) if struck else None

    async def _glance(self) -> Glance | None:
        if not (self.local and self.behind and self.behind.glass):
            return None
        with contextlib.suppress(EngineError):
            return await self.behind.glass.look(self.local.engine)
        return None

    async def _written(self, step: Step, screen: Reply | None = None) -> None:
        """What was done goes into the transcript, with the SMS that have come by now."""
        await self._arrived()
        self.recorder.take(step, self.now, screen, self.hand.unwritten())

    # what a provider does, and time

    async def repeat(self) -> None:
        """The provider makes its last request once more."""
        await self._done(self._repeat())

    async def late(self) -> None:
        """The last request of the dialogue before this one arrives, late."""
        await self._done(self._late())

    async def wait(self, seconds: float) -> None:
        """Time passes, at once."""
        await self._done(self._wait(seconds))

    async def switch(self, provider: str) -> None:
        """The network changes: the same numbers by another provider."""
        await self._done(self._switch(provider))

    async def _repeat(self) -> Note:
        hand = self.hand
        if hand.phone.last is None:
            return told("Nothing was dialled yet.")
        before = hand.shown
        reply = await hand.phone.repeat()
        await self._written(Step(repeat=True), reply)
        if hand.alive or hand.display is Display.ENDED:
            hand.show(reply, self.now, await self._glance())
        same = reply == before
        return told("Repeated: the same screen came.") if same else told("Repeated: another screen came.")

    async def _late(self) -> Note:
        if self.hand.phone.left is None:
            return told("There is no dialogue before this one: redial first.")
        reply = await self.hand.phone.late()
        await self._written(Step(late=True), reply)
        return told("It came late, and was answered: {text}", text=reply.text.replace("\n", " / "))

    async def _wait(self, seconds: float) -> Note:
        if self.way.url:
            return told("That gateway has a clock of its own: wait yourself.")
        await self.clock.leave(seconds)
        await self._written(Step(wait=float(seconds)))
        if self.local and seconds >= DAY_S and not self.core_is_down:
            await officer.act(self.local, "", "tick", "")
            await self._written(Step(officer="tick"))
        for hand in self.handsets.values():
            if hand.left_s(self.now) == 0:
                return await self._expire(hand)
        return told("Time has passed.")

    async def _switch(self, provider: str) -> Note:
        for hand in self.handsets.values():
            if hand.alive:
                await self._over(hand)
        self.provider = provider
        self._rewire(heard=True)
        self.recorder.remark(f"the provider is {provider} from here on")
        return told("The provider is {provider} now.", provider=provider)

    # trouble

    def trouble(self, fault: Fault) -> None:
        """What the next leg meets; once more takes it back."""
        if not self.local:
            self.note = _NEEDS_OWN
            return
        self.faults ^= {fault}
        self.local.trouble.calm()
        self._armed.clear()
        self.note = told("{fault}: at the next answer.", fault=FAULTS[fault]) if fault in self.faults else None

    def drop(self) -> None:
        """The next answer breaks off; once more takes it back."""
        self.tap.dropping = not self.tap.dropping
        self.note = told("The next answer breaks off.") if self.tap.dropping else None

    def core(self, down: bool) -> None:
        """The core is taken away, or comes back."""
        if not (self.local and self.behind and self.behind.core):
            self.note = _NEEDS_OWN
            return
        self.behind.core.down = down
        self.recorder.remark("the core is down" if down else "the core is back")
        self.note = (
            told("The core is down.") if down else told("The core is back. It gets what waits in a minute or two.")
        )

    @property
    def core_is_down(self) -> bool:
        return bool(self.behind and self.behind.core and self.behind.core.down)

    async def kill(self) -> None:
        """The gateway ends, in the middle of whatever it does."""
        await self._done(self._kill())

    async def _kill(self) -> Note:
        if not self.local:
            return _NEEDS_OWN
        self.dead = True
        await self._gateway.aclose()
        return told("The gateway was killed.")

    def _arm(self) -> None:
        if not self.local:
            return
        self.local.trouble.begin_leg()
        for fault in self.faults - self._armed:
            self.local.trouble.arm(fault)
            if fault != "slow":
                self._armed.add(fault)

    def _struck(self) -> Fault | None:
        """The fault that this leg met."""
        if not self.local:
            return None
        struck: Fault | None = None
        if "slow" in self.faults and self.local.trouble.slowed:
            struck = "slow"
            self.faults.discard("slow")
        if self._armed and self.local.trouble.struck:
            struck = self._armed.pop()
            self.faults.clear()
            self._armed.clear()
        return struck

    # phones

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
        self.handsets[name] = Handset(self._phone(next(self._numbers)), name)
        return await self._take(self.handsets[name])

    async def _take(self, hand: Handset) -> Note:
        self.hand = hand
        self._known()
        await self._written(Step(caller=hand.name))
        return told("In hand: {number}", number=hand.number)

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
        return told("Half a year later somebody else has this number, on a new phone.")


_NEEDS_OWN: Final = told("That can be done to a gateway started here alone.")
