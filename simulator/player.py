"""Plays a transcript on one channel, and tells where what is shown is not what is written."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from simulator import officer
from simulator.clock import Clock
from simulator.holes import Holes
from simulator.local import Local
from simulator.phone import Line, Phone
from simulator.transcript import INSIDE, LEGS, Step, Transcript
from ussd_engine.channels.base import Channel
from ussd_engine.model import Reply
from ussd_engine.msisdn import Numbers

Wires = Callable[[str], Channel]
"""The wire of a provider, by its name."""


class Numbering(Iterator[str]):
    """Numbers for callers, a new one each time; `first`, where it is given, is the first caller's. `of`: how their
    country writes them."""

    def __init__(self, of: Numbers, first: str | None = None) -> None:
        self.of = of
        fresh = (number for number in map(of.specimen, itertools.count(1)) if number != first)
        self._left = itertools.chain([] if first is None else [first], fresh)

    def __next__(self) -> str:
        return next(self._left)


@dataclass(frozen=True)
class Difference:
    """Something that is not as written."""

    step: int
    """Counted from 1."""
    what: str
    expected: str
    found: str


class Player:
    """One run of a transcript. `local` is the gateway, where it was started here."""

    def __init__(
        self,
        transcript: Transcript,
        channel: Channel,
        line: Line,
        clock: Clock,
        numbers: Numbering,
        wires: Wires,
        local: Local | None = None,
    ) -> None:
        self.transcript = transcript
        self.channel = channel
        self.line = line
        self.clock = clock
        self.numbers = numbers
        self.wires = wires
        self.local = local
        self.holes = Holes()
        self._ids = itertools.count(1)
        self._sms = ""
        """The id of the SMS that was written last."""
        self.at = 1
        """The step that is done, from 1."""
        self.phones: dict[str, Phone] = {}
        self.phone = self._phone("")

    @property
    def references(self) -> list[str]:
        """The references that were shown."""
        return [value for name, value in self.holes.values.items() if name.startswith("ref")]

    async def play(self, twice: bool = False) -> list[Difference]:
        """Every step up to the first difference; with `twice` each callback comes a second time and changes nothing."""
        for number, step in enumerate(self.transcript.steps, 1):
            found = await self.step(number, step, twice)
            if found:
                return found
        return []

    async def renew(self) -> Transcript:
        """The transcript with what is shown and arrives now, where it is not what is written."""
        steps = []
        for number, step in enumerate(self.transcript.steps, 1):
            self.at = number
            screen, texts = await self.do(step), await self._arrived()
            if screen is not None and (step.expected is None or self._compare(number, step, screen)):
                step = step.showing(Reply(self.holes.cut(screen.text), screen.ends))
            if self._got(number, step, texts):
                step = msgspec.structs.replace(step, gets=[self.holes.cut(text) for text in texts])
            steps.append(step)
        return msgspec.structs.replace(self.transcript, steps=steps)

    async def step(self, number: int, step: Step, twice: bool = False) -> list[Difference]:
        """One step, the `number`-th, and what it shows otherwise than written."""
        self.at = number
        screen = await self.do(step)
        found = [] if screen is None else self._compare(number, step, screen)
        if self.local and not self.local.trouble.struck:
            found.append(Difference(number, f"{step.words}: the fault", f"{step.fault} strikes", "nothing was written"))
            self.local.trouble.calm()
        if twice and not step.fault:
            found += await self._twice(number, step, screen)
        found = found or self._got(number, step, await self._arrived())
        if self.local and step.stored and not found:
            found = await self._stored(self.local, number, step)
        return found

    async def do(self, step: Step) -> Reply | None:
        """What a step does; the screen that came, where one did."""
        if self.local and step.does in LEGS:
            self.local.trouble.begin_leg()
        if self.local and step.fault:
            self.local.trouble.arm(step.fault)
        screen = await self._leg(step)
        if self.local and step.fault == "slow":
            self.local.trouble.calm()
        return None if step.breaks_off else screen

    async def _leg(self, step: Step) -> Reply | None:
        match step.does:
            case "dial":
                return await self.phone.dial(step.dial or "", heard=not step.breaks_off)
            case "redial":
                return await self.phone.dial(self.phone.dialled, heard=not step.breaks_off)
            case "type":
                text = self.holes.fill(step.type or "")
                return await self.phone.type(text, step.after, heard=not step.breaks_off)
            case "repeat":
                return await self.phone.repeat()
            case "late":
                return await self.phone.late()
        await self._aside(step)
        return None

    async def _aside(self, step: Step) -> None:
        """What is done and shows no screen."""
        if step.caller is not None:
            self.phone = self._phone(step.caller)
        elif step.wait is not None:
            await self.clock.leave(step.wait)
        elif step.provider is not None:
            self.channel = self.wires(step.provider)
            self._rewire()
        elif step.does in INSIDE and self.local:
            await self._inside(self.local, step)
        elif step.hang_up:
            await self.phone.hang_up()
        elif step.sms is not None:
            self._sms = f"{self.phone.msisdn}-{next(self._ids)}"
            await self._write(step.sms)

    async def _inside(self, local: Local, step: Step) -> None:
        """What is done to the gateway itself."""
        if step.forget:
            await local.trouble.sessions.forget()
        elif step.report and local.exchange:
            ids = [one.id for one in local.exchange.inboxes.get(self.phone.msisdn or "", [])]
            if len(ids) >= max(1, step.of):
                await local.exchange.report(self.line, self.clock, ids[step.of - 1], step.report)
        elif step.core == "down":
            local.core.down = True
        elif step.core:
            await local.core_back()
        elif step.restart:
            await local.restart()
            self._rewire()
        elif step.officer:
            await officer.act(local, (self.references or [""])[-1], step.officer, step.says)

    def moves(self, channel: Channel, line: Line, local: Local | None) -> None:
        """Another way, or the gateway started anew: every phone goes on there."""
        self.channel, self.line, self.local = channel, line, local
        self._rewire()

    def _rewire(self) -> None:
        """Every phone on the way as it is now."""
        held = next(name for name, phone in self.phones.items() if phone is self.phone)
        moved = {name: phone.through(self.channel, self.line, self.clock) for name, phone in self.phones.items()}
        self.phones.update(moved)
        self.phone = self.phones[held]

    def _phone(self, caller: str) -> Phone:
        if caller not in self.phones:
            number = next(self.numbers) if self.transcript.number else None
            self.phones[caller] = Phone(self.channel, self.line, self.clock, number)
        phone = self.phones[caller]
        self.holes.calls(phone.msisdn, self.numbers.of)
        return phone

    def _compare(self, number: int, step: Step, screen: Reply) -> list[Difference]:
        expected, text = step.expected, self.phone.as_one_code(screen.text)
        if expected is None or (screen.ends is expected.ends and self.holes.match(expected.text, text)):
            return []
        wanted = Reply(self.holes.fill(expected.text), expected.ends)
        return [Difference(number, step.words, shown(wanted), shown(screen))]

    async def _twice(self, number: int, step: Step, screen: Reply | None) -> list[Difference]:
        """What the provider's callback does when it comes once more; an SMS that it brings is told by `gets`."""
        if step.sms is not None:
            await self._write(step.sms)
        if screen is None or step.does not in LEGS:
            return []
        again = await self.phone.repeat()
        if self.phone.msisdn is None and step.does != "type":
            # Nothing tells whose such a start is, so its repeat must not meet what stands there.
            return [] if again.ends else [Difference(number, f"{step.words}, twice", "(END)", shown(again))]
        return [] if again == screen else [Difference(number, f"{step.words}, twice", shown(screen), shown(again))]

    async def _write(self, text: str) -> None:
        if self.local and self.local.exchange and self.phone.msisdn:
            await self.local.exchange.bring(self.line, self.phone.msisdn, self.holes.fill(text), self._sms)

    async def _arrived(self) -> list[str]:
        """The SMS that came to this phone and were not read yet."""
        if not self.local or not self.local.exchange or not self.phone.msisdn:
            return []
        await self.local.settled()
        return [one.text for one in self.local.exchange.new(self.phone.msisdn)]

    def _got(self, number: int, step: Step, texts: list[str]) -> list[Difference]:
        same = len(texts) == len(step.gets) and all(map(self.holes.match, step.gets, texts))
        if same:
            return []
        wanted = [self.holes.fill(text) for text in step.gets]
        return [Difference(number, f"{step.words}: SMS", _one_below_the_other(wanted), _one_below_the_other(texts))]

    async def _stored(self, local: Local, number: int, step: Step) -> list[Difference]:
        """What the ledger holds under the last reference shown, beside what is written."""
        submission = await local.engine.ledger.submission(self.references[-1]) if self.references else None
        fields = {} if submission is None else msgspec.to_builtins(submission)
        has = {**fields.get("answers", {}), **fields}
        wanted = {name: self.holes.fill(value) for name, value in step.stored.items()}
        found = {name: str(has.get(name) or "") for name in wanted}
        if found == wanted:
            return []
        return [Difference(number, f"{step.words}: stored", _rows(wanted), _rows(found))]


def shown(screen: Reply) -> str:
    """A screen for the reader of a difference."""
    return screen.text + ("\n(END)" if screen.ends else "")


def _one_below_the_other(texts: list[str]) -> str:
    return "\n\n".join(texts) or "(none)"


def _rows(values: dict[str, str]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in values.items())
