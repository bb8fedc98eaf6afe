"""The providers: they carry legs to the workers, and do to them what providers do."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Coroutine, Sequence
from typing import Any

import msgspec

from tests.world.editions import CODE
from tests.world.people import GIVE_UP_S
from tests.world.plan import Person
from tests.world.weather import Weather
from tests.world.witness import CURRENT, Copy, Leg, Witness
from ussd_engine.channels import create
from ussd_engine.channels.base import Dial, Settings
from ussd_engine.channels.codes import Codes
from ussd_engine.country import Country
from ussd_engine.gateway import Gateway
from ussd_engine.model import LegKind, Phase, Profile, Turn
from ussd_engine.view import Seen

COPIES_S = {"again": 0.4, "mute": 0.4, "late": 3.0, "stale": 35.0}
"""How long after the answer another copy of the leg comes."""
ON_THE_WAY_S = {"slow": 1.2, "behind": 16.0}
CLOSED_S = (0.0, 4.0), (15.0, 60.0)
"""When a notice comes: early, in the midst of the dialogue, or late."""
NUMBERED = Profile(hold_s=0.0)


class Provider:
    """Every provider of the world, in front of its workers."""

    def __init__(
        self, gateways: Sequence[Gateway], weather: Weather, witness: Witness, country: Country, seed: int
    ) -> None:
        self._gateways = gateways
        self._weather = weather
        self._witness = witness
        self._chance = random.Random(seed)
        codes = Codes([CODE])
        self._channels = {
            kind: create(Settings(name=name, msisdn=country.msisdn, codes=codes))
            for kind, name in (("cumulative", "africastalking"), ("window", "generic"))
        }
        self._copies: set[asyncio.Task[None]] = set()

    # the wire

    def turn(self, leg: Leg) -> Turn:
        """The leg as the gateway's door would hand it on."""
        if leg.person.channel == "numbered":
            return self._numbered(leg)
        channel = self._channels[leg.person.channel]
        turn = channel.parse(channel.build(self._dialled(leg)))
        return msgspec.structs.replace(turn, text=self._spoilt(leg, turn.text))

    def _dialled(self, leg: Leg) -> Dial:
        person = leg.person
        tells = person.number == "always" or (person.number == "first" and leg.index == 0)
        dialled = f"*152*00*{person.predials}#" if person.predials else CODE
        number = f"2557000000{person.phone:02}" if tells else None
        return Dial(dialogue=leg.dialogue, dialled=dialled, msisdn=number, inputs=leg.inputs)

    def _spoilt(self, leg: Leg, text: str) -> str:
        """Cumulative text as some send it: earlier answers trimmed, or without the digits that were dialled."""
        if leg.person.quirk == "trims":
            *before, newest = [leg.person.predials, *leg.inputs]
            return "*".join([*(part.strip() for part in before), newest])
        if leg.person.quirk == "bare" and leg.inputs:
            return "*".join(leg.inputs)
        return text

    def _numbered(self, leg: Leg) -> Turn:
        dial = self._dialled(leg)
        return Turn(
            channel="numbered",
            dialogue=leg.dialogue,
            phase=Phase.INPUT if leg.index else Phase.START,
            text=leg.text if leg.index else leg.person.predials,
            service_code=CODE if leg.person.number == "always" or not leg.index else None,
            msisdn=dial.msisdn,
            leg_kind=LegKind.SEQUENCE,
            sequence=leg.index + 1,
        )

    def profile(self, person: Person) -> Profile:
        return NUMBERED if person.channel == "numbered" else self._channels[person.channel].profile

    # carrying

    def leg(
        self, person: Person, dialogue: str, index: int, text: str, inputs: tuple[str, ...], read: Copy | None
    ) -> Leg:
        leg = Leg(len(self._witness.legs), person, dialogue, index, text, inputs, _now(), read)
        self._witness.legs.append(leg)
        return leg

    async def ask(self, leg: Leg) -> Copy | None:
        """Carry a leg, and show her what is answered; `None` where the line broke."""
        what = self._weather.strikes("leg", str(leg))
        what = "" if _ambiguous(leg, what) else what
        if what == "closed":
            self._spawn(self._close(leg))
        first = self._deliver(leg, wait_s=ON_THE_WAY_S.get(what, 0.0))
        second = self._deliver(leg) if what == "twice" else None
        again = asyncio.create_task(self._again(leg, first, COPIES_S[what])) if what in COPIES_S else None
        if again:
            self._spawn(_quiet(again))
        if what == "kill":
            self._spawn(self._kill(first))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GIVE_UP_S):
                leg.shown = await self._shown(what, first, again if what == "mute" else second)
        self._witness.note(f"{leg}: {_screen(leg.shown)}")
        return leg.shown

    async def _shown(self, what: str, first: asyncio.Task[Copy], other: asyncio.Task[Copy] | None) -> Copy | None:
        """What reaches her phone: the first answer to come, but where that is lost."""
        if what in ("drop", "kill"):
            return None
        if what == "mute" and other:
            return await asyncio.shield(other)
        done, _ = await asyncio.wait([first, *([other] if other else [])], return_when=asyncio.FIRST_COMPLETED)
        return min((task.result() for task in done), key=lambda copy: copy.number)

    def _deliver(self, leg: Leg, wait_s: float = 0.0) -> asyncio.Task[Copy]:
        worker = self._chance.randrange(len(self._gateways))
        copy = Copy(leg, len(leg.copies), worker, _now() + wait_s)
        leg.copies.append(copy)
        task = asyncio.create_task(self._turn(copy, wait_s + self._chance.uniform(0.0, 0.02)))
        self._spawn(_quiet(task))
        return task

    async def _turn(self, copy: Copy, wait_s: float) -> Copy:
        CURRENT.set(copy)
        await asyncio.sleep(wait_s)
        copy.came_s = _now()
        turn, profile = self.turn(copy.leg), self.profile(copy.leg.person)
        self._witness.note(f"  -> {copy} at worker {copy.worker}")
        gateway = self._gateways[copy.worker]
        before = gateway.editions
        at_hand, current = set(before._kept), before.current.version
        try:
            reply = await gateway.take_turn(turn, profile, copy.seen)
        except asyncio.CancelledError:
            copy.killed = True
            raise
        except Exception as error:
            copy.escaped = repr(error)
            return copy
        copy.at_hand = frozenset(at_hand.intersection(gateway.editions._kept))
        copy.current = (current, gateway.editions.current.version)
        copy.answered_s, copy.text, copy.ends, copy.known = _now(), reply.text, reply.ends, tuple(copy.committed)
        self._witness.note(f"  <- {copy}: {_screen(copy)} {' '.join(copy.seen.counts)} ({copy.seen.kind})")
        return copy

    async def _again(self, leg: Leg, first: asyncio.Task[Copy], wait_s: float) -> Copy:
        await asyncio.wait([first])
        return await self._deliver(leg, wait_s=wait_s)

    async def _kill(self, first: asyncio.Task[Copy]) -> None:
        """The worker's answer is no longer wanted, somewhere on its way."""
        await asyncio.sleep(self._chance.uniform(0.0, 0.06))
        first.cancel()

    async def _close(self, leg: Leg) -> None:
        """A notice that the dialogue is over, at any moment."""
        await asyncio.sleep(self._chance.uniform(*self._chance.choice(CLOSED_S)))
        turn = msgspec.structs.replace(self.turn(leg), phase=Phase.CLOSED, text="")
        copy = Copy(leg, 0, 0, _now())
        CURRENT.set(copy)
        await self._chance.choice(self._gateways).take_turn(turn, self.profile(leg.person), Seen())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._copies.add(task)
        task.add_done_callback(self._copies.discard)

    async def settle(self) -> None:
        """Wait until no copy is on its way."""
        while self._copies:
            await asyncio.wait(set(self._copies))


async def _quiet(task: asyncio.Task[Copy]) -> None:
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()


def _ambiguous(leg: Leg, what: str) -> bool:
    """Copies that nobody could tell from something else, and that no provider is known to send."""
    used_again = leg.person.ids != "own" and what in ("late", "stale", "behind")
    unseen = leg.index == 0 and what == "behind"
    return used_again or unseen or (leg.person.quirk == "bare" and leg.index == 0 and what in COPIES_S)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _screen(copy: Copy | None) -> str:
    if copy is None:
        return "(nothing came)"
    return f"[{copy.screen}{' END' if copy.ends else ''}] {copy.text[:120]!r}"
