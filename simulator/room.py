"""One tester's room: phones, their SMS, an officer's desk, trouble on demand, and a transcript of it all.

A view calls its verbs and shows its state; it is not told how. No verb raises: what came of one stands in `note`. Where
a gateway is started here it is a scratch one, with sessions, ledger, keys and a core of its own.

    room = Room(config.load(), Way("generic", "255700000001"))
    await room.open()
    await room.dial("*152*00#")
    room.hand.shown.text, room.status, room.note
    await room.close()
"""

from __future__ import annotations

import asyncio
import itertools
from functools import partial
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from simulator import transcript
from simulator.callers import MOST_PHONES
from simulator.clock import MovedClock
from simulator.desk import Desk
from simulator.exchange import Report
from simulator.floor import NEEDS_OWN, OWN_KIND, STARTING, Way
from simulator.handset import Display, Handset, Message
from simulator.local import wire
from simulator.player import Player
from simulator.reading import GLANCE_S, Reading
from simulator.recording import Recorder
from simulator.rehearsal import Rehearsal
from simulator.speech import Note, told
from simulator.stage import MORNING, Kind
from simulator.transcript import LEGS, Step
from ussd_engine.config import Config
from ussd_engine.model import Reply

DIALS: Final = ("dial", "redial")
MOST_SMS: Final = 459
"""Characters of one SMS, in three parts."""


class Room(Desk):
    """All that a tester can do. `rehearsal` is the transcript that is open."""

    def __init__(self, settings: Config, way: Way, clock: MovedClock | None = None) -> None:
        super().__init__(settings, way, clock)
        self.rehearsal: Rehearsal | None = None
        self._for_transcript = False
        """The gateway was started for one."""
        self._ids = itertools.count(1)
        self._reading: Reading | None = None
        self._glancing: asyncio.Task[None] | None = None

    @property
    def unsaved(self) -> int:
        """How many steps stand in no file."""
        return len(self.recorder.steps) - self.recorder.kept

    # opening and closing

    async def close(self) -> None:
        if self._glancing:
            self._glancing.cancel()
            await asyncio.gather(self._glancing, return_exceptions=True)
        await super().close()

    async def _open(self) -> Note:
        if not self.way.url:
            self.note = STARTING
            # before the menus are read, so that nothing is saved unseen
            self._reading = await asyncio.to_thread(Reading, self.settings)
            self._glancing = self._glancing or asyncio.create_task(self._glances())
        return await super()._open()

    async def _glances(self) -> None:
        while True:
            await asyncio.sleep(GLANCE_S)
            await self.glance()

    async def glance(self) -> None:
        """Read the menus again where one of their files was saved, and start the gateway with them where it could not
        before; it is done once a second by the room itself."""
        if self.failed and self._reading and await self._reading.changed():
            await self.start_again()
        if not (self.local and self._reading):
            return
        try:
            note = await self._reading.glance(self.local.engine)
        except Exception as error:
            note = self._words_for(error)
        self.note = note or self.note

    async def anew(self) -> None:
        """Everything from the beginning: a new number, an empty phone, a new transcript."""
        await self._done(self._anew())

    async def _anew(self) -> Note | None:
        self.rehearsal = self.sheet = None
        self.faults.clear()
        self.tap.dropping = False
        if self._for_transcript or self.dead:
            await self._open_anew(OWN_KIND, self.clock.real)
        elif self.core_is_down and self.local:
            await self.local.core_back()
        self._for_transcript = False
        self.recorder = Recorder()
        self.handsets.clear()
        self.hand = self.handsets[""] = Handset(self._phone(self._number()))
        self._known()
        return told("Anew, with the number {number}.", number=self.hand.number or told("number withheld"))

    # SMS

    async def write(self, text: str) -> None:
        """An SMS to the service."""
        await self._done(self._write(text))

    async def report(self, message: Message, how: Report) -> None:
        """What becomes of an SMS on its way to the phone: `delivered`, `failed`, `late`, `twice`."""
        await self._done(self._report(message, how))

    async def _write(self, text: str) -> Note:
        exchange = self.local.exchange if self.local else None
        if exchange is None:
            return self._needs if self.way.url or self.dead else told("The gateway of this transcript carries no SMS.")
        if not self.hand.number:
            return told("SMS need a number, and this phone withholds its own.")
        if not text.strip():
            return told("Write the words first.")
        await self._before()
        typed = self.recorder.typed(text)
        mine = Message(text, self.now, mine=True, other=exchange.shortcode)
        self.hand.inbox.append(mine)
        await exchange.bring(self.line, self.hand.number, text, f"{self.hand.number}-{next(self._ids)}")
        known = len(self.kept_back)
        await self._written(Step(sms=typed))
        mine.silence = next(iter(self.kept_back[known:]), self.mute)
        sent = told("Sent to {number}.", number=exchange.shortcode)
        return Note("{sent}\n{why}", {"sent": sent, "why": self.mute}) if self.mute else sent

    async def _report(self, message: Message, how: Report) -> Note:
        exchange = self.local.exchange if self.local else None
        if exchange is None or message.mine or not message.id:
            return told("Only what came from the gateway is reported to it.")
        await self._before()
        await exchange.report(self.line, self.clock, message.id, how)
        message.report = how
        await self._written(Step(report=how, of=message.place))
        return told("The report has reached the gateway.")

    # transcripts

    async def save(self, path: Path, title: str) -> None:
        """Write down what was done since the room was opened, or since `anew`."""
        await self._done(self._save(path, title))

    async def open_transcript(self, path: Path) -> None:
        """Get ready to step through one: where the gateway is one's own, on one that has seen nothing, at the hour of
        the file, with the first caller's number. From one step to the next its time stands still."""
        await self._done(self._open_transcript(path))

    async def step(self) -> None:
        """Its next step."""
        await self._done(self._step())

    async def written(self, title: str) -> str:
        """What was done, as a file."""
        async with self._lock:
            await self._before(by_hand=False)
            return self._text(title)

    async def _save(self, path: Path, title: str) -> Note:
        if not self.recorder.steps:
            return told("Nothing was done yet.")
        await self._before(by_hand=False)
        text = self._text(title)
        if await asyncio.to_thread(_written_new, path, text):
            self.recorder.kept = len(self.recorder.steps)
            return told("Saved: {path}", path=str(path))
        return told("{path} is there already: choose another name.", path=str(path))

    async def _open_transcript(self, path: Path) -> Note:
        try:
            written = transcript.load(path)
        except transcript.Unreadable:
            return told("Not opened: {path} cannot be read. Look at its name.", path=str(path))
        if len({"", *(step.caller for step in written.steps if step.caller)}) > MOST_PHONES:
            return told("Not opened: it has more than {most} phones.", most=str(MOST_PHONES))
        if self.way.url and written.needs_local:
            return told("Not opened: {why}", why=NEEDS_OWN)
        if not self.way.url:
            begins = written.begun(self.zone)
            kind = Kind(frozenset(written.core_wants), frozenset(written.core_lacks), written.sms)
            self.rehearsal, self._for_transcript = None, True
            await self._open_anew(kind, MORNING if begins is None else begins)
            self.clock.hold()
        self.provider = self._through(written)
        assert self.behind is not None
        wires = partial(wire, config=self.settings)
        player = Player(written, self._wire(), self.line, self.behind.clock, self._numbers, wires, self.local)
        self.rehearsal, self.sheet = Rehearsal(path, player), None
        self.recorder = Recorder(player.holes)
        self.handsets = {"": Handset(player.phone)}
        self.hand = self.handsets[""]
        return told("Open: {title}, {count} steps.", title=written.title, count=str(len(written.steps)))

    def _through(self, written: transcript.Transcript) -> str:
        """Whose wire a transcript is stepped through on: the one in hand where the file names it, else the first that
        it names; where it names none, the first served, as `replay` has it. One elsewhere may serve no other."""
        if written.channels:
            return self.provider if self.provider in written.channels else written.channels[0]
        return self.way.provider if self.way.url else self.providers[0]

    async def _step(self) -> Note:
        rehearsal = self.rehearsal
        if rehearsal is None or rehearsal.over:
            return told("No step is left.")
        if self.local:
            self.clock.hold()
        self._begin()
        step = await rehearsal.step()
        self.provider = rehearsal.player.channel.name
        self._now_in_hand(rehearsal.player)
        hand, screen = self.hand, self.hand.phone.screen
        if step.does in DIALS:
            hand.dialled(self.now)
        if step.breaks_off:
            hand.clear(Display.LOST)
        elif step.does in LEGS and screen is not None:
            hand.show(screen, self.now, await self._glance())
        elif step.does == "hang_up":
            hand.clear()
        for one in self.handsets.values():
            if one.left_s(self.now) == 0:
                one.clear(Display.OVER)  # no notice: what a provider tells stands in the transcript
        await self._arrived()
        came = hand.unwritten()
        kept = self.recorder.kept == len(self.recorder.steps)
        self.recorder.steps.append(self._as_played(step, screen, came))
        self.recorder.kept += kept and not rehearsal.found
        self.recorder.dialled = step.dial or self.recorder.dialled
        if rehearsal.over:
            self.clock.go()
        done, count = str(rehearsal.done), str(len(rehearsal.steps))
        if rehearsal.found:
            return told("Step {done} of {count}: otherwise than written.", done=done, count=count)
        return told("Step {done} of {count}: as written.", done=done, count=count)

    def _as_played(self, step: Step, screen: Reply | None, came: list[str]) -> Step:
        """A step as it was now, where that is not as written: what is saved tells what was done here."""
        if self.rehearsal is None or not self.rehearsal.found:
            return step
        if screen is not None and step.does in LEGS and not step.breaks_off:
            step = step.showing(Reply(self.recorder.holes.cut(screen.text), screen.ends))
        return replace(step, gets=[self.recorder.holes.cut(text) for text in came], fault=None, stored={})

    def _rewire(self, heard: bool = False) -> None:
        super()._rewire(heard)
        if self.rehearsal:
            player = self.rehearsal.player
            player.moves(self._wire(), self.line, self.local)
            for name, phone in player.phones.items():
                self.handsets[name].phone = phone

    def _now_in_hand(self, player: Player) -> None:
        """The phone that the step took, and every one on the way on which it is now."""
        for name, phone in player.phones.items():
            hand = self.handsets.setdefault(name, Handset(phone, name))
            if hand.phone is not phone:
                hand.phone = phone
                hand.clear()
            if phone is player.phone:
                self.hand = hand

    def _text(self, title: str) -> str:
        number = self.way.msisdn is not None
        if self.rehearsal:
            number = self.rehearsal.player.transcript.number
        channels = [self.recorder.provider] if self.recorder.provider else []
        return transcript.dump(self.recorder.transcript(title, self.kind, channels, self.zone, number))


def _written_new(path: Path, text: str) -> bool:
    """False where there is such a file."""
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return True
