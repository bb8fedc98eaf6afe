"""What may go wrong in a room, on purpose: what a provider does, what time brings, trouble behind the gateway."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from simulator import officer
from simulator.calls import Calls
from simulator.floor import NEEDS_OWN, NOT_OPEN, HungUp
from simulator.glance import Kept
from simulator.handset import Display
from simulator.speech import Note, told
from simulator.stage import DAY_S
from simulator.terms import FAULTS
from simulator.transcript import Step
from simulator.trouble import Fault
from simulator.watched import Dropped
from ussd_engine.model import Reply


class Mishaps(Calls):
    """A room's troubles."""

    _lost = False
    """Dialogs ended with the gateway that was killed."""

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
        before, shows = hand.shown, hand.alive or hand.display is Display.ENDED
        reply = await self._once_more(Step(repeat=True), hand.phone.repeat())
        if shows:
            hand.show(reply, self.now, await self._glance())
        same = reply == before
        return told("Repeated: the same screen came.") if same else told("Repeated: another screen came.")

    async def _late(self) -> Note:
        if self.hand.phone.left is None:
            return told("There is no dialogue before this one: redial first.")
        reply = await self._once_more(Step(late=True), self.hand.phone.late())
        return told("It came late, and was answered: {text}", text=reply.text.replace("\n", " / "))

    async def _once_more(self, step: Step, asking: Coroutine[Any, Any, Reply]) -> Reply:
        """A request that the provider makes by itself."""
        await self._before()
        try:
            reply = await self._beside(asking)
        except (Dropped, HungUp):
            await self._broken_off(step)
            raise
        await self._written(step, reply)
        return reply

    async def _wait(self, seconds: float) -> Note:
        if self.way.url:
            return told("That gateway has a clock of its own: wait yourself.")
        await self._before()
        if self.dead:
            self.recorder.owe(seconds)
            await self.clock.leave(seconds)
            return told("Time has passed.")
        step = self.recorder.wait(seconds, self.clock.real)
        await self.clock.leave(seconds)
        await self._written(step)
        if self.local and seconds >= DAY_S and not self.core_is_down:
            await officer.act(self.local, "", "tick", "")
            await self._written(Step(officer="tick"))
        for hand in self.handsets.values():
            if hand.left_s(self.now) == 0:
                return await self._expire(hand)
        return told("Time has passed.")

    async def _switch(self, provider: str) -> Note:
        await self._before()
        for hand in self.handsets.values():
            if hand.alive:
                await self._over(hand)
        self.provider = provider
        self._rewire(heard=True)
        await self._written(Step(provider=provider))
        return told("The provider is {provider} now.", provider=provider)

    # trouble

    @property
    def _needs(self) -> Note:
        """Why nothing can be done to a gateway."""
        return NEEDS_OWN if self.way.url else self.failed or NOT_OPEN

    def trouble(self, fault: Fault) -> None:
        """What the next leg meets; once more takes it back."""
        if not self.local:
            self.note = self._needs
            return
        self.faults = set() if fault in self.faults else {fault}
        self.note = told("{fault}: at the next answer.", fault=FAULTS[fault]) if fault in self.faults else None

    def drop(self) -> None:
        """The next answer breaks off; once more takes it back."""
        self.tap.dropping = not self.tap.dropping
        self.note = told("The next answer breaks off.") if self.tap.dropping else None

    async def core(self, down: bool) -> None:
        """The core is taken away, or comes back."""
        await self._done(self._core(down))

    async def _core(self, down: bool) -> Note:
        if not self.local:
            return self._needs
        await self._before()
        if down:
            self.local.core.down = True
        else:
            await self.local.core_back()
        await self._written(Step(core="down" if down else "back"))
        return told("The core is down.") if down else told("The core is back, and has what waited.")

    @property
    def core_is_down(self) -> bool:
        return self.central.down

    async def kill(self) -> None:
        """The gateway ends, in the middle of whatever it does."""
        await self._done(self._kill())

    async def _kill(self) -> Note:
        if not self.local:
            return self._needs
        await self._before()
        found = [await self._finds(hand) for hand in self.handsets.values()]
        self._lost = any(hand.alive for hand in self.handsets.values()) or any(
            one is not None and one.kept is not Kept.NOTHING for one in found
        )
        self.dead = True
        await self._gateway.aclose()
        return told("The gateway was killed.")

    async def start_again(self) -> None:
        """The gateway is started again: what is stored stays, dialogs that were under way are gone."""
        await self._done(self._start_again())

    async def _start_again(self) -> Note:
        ready = await self._open()
        if self.recorder.steps:
            self.recorder.take(Step(restart=True))
            await self._before()
        lost, self._lost = self._lost, False
        return told("{ready}. The dialog that was under way is gone.", ready=ready) if lost else ready
