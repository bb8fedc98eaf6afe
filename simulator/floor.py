"""What every verb of a room stands on: the gateway behind it, the phones in it, and words for whatever goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import aiohttp

from simulator.behind import Behind, elsewhere, morning, own
from simulator.clock import Clock, MovedClock
from simulator.core import Core
from simulator.faults import what_failed
from simulator.glance import Finds, Kept, kept
from simulator.handset import Display, Handset
from simulator.local import Local, wire
from simulator.phone import NoAnswer, Phone
from simulator.player import Numbering
from simulator.recording import Recorder
from simulator.speech import Note, told
from simulator.stage import Kind
from simulator.status import Status, status_of
from simulator.terms import KEPT
from simulator.watched import Dropped, WatchedLine, Wiretap
from ussd_engine.channels.base import Channel, UnreadableReply
from ussd_engine.channels.codes import NotACode
from ussd_engine.config import Config
from ussd_engine.country import Country
from ussd_engine.errors import EngineError
from ussd_engine.model import Reply

T = TypeVar("T")
OWN_KIND = Kind(sms=True)
STARTING = told("The gateway is starting.")
NOT_OPEN = told("There is no gateway to call: start it (Trouble).")
NEEDS_OWN = told("SMS, desk and inner trouble need a gateway started here: leave out --url.")


class HungUp(Exception):
    """She hung up while an answer was on its way."""


class NotSent(HungUp):
    """She hung up before anything was sent."""


class NotOpen(Exception):
    """There is no gateway to call."""


class Way(NamedTuple):
    """Where a room calls: `url` is empty for a gateway of its own. `msisdn` is the first caller's number, `None` where
    it is withheld."""

    provider: str
    msisdn: str | None
    url: str = ""
    token: str = ""


class Floor:
    """The state of a room. Nothing here raises but what a programmer did wrong: what fails is told by `note`."""

    def __init__(self, settings: Config, way: Way, clock: MovedClock | None = None) -> None:
        self.settings = settings
        self.way = way
        self.provider = way.provider
        self.kind = Kind() if way.url else OWN_KIND
        country = Country.load(settings.country)
        self.zone = country.time_zone
        self.clock = clock or MovedClock(morning(country))
        self.behind: Behind | None = None
        self.central = Core()
        """Of the core, which outlives the gateway."""
        self.dead = False
        """The gateway of one's own was stopped."""
        self.failed: Note | None = None
        """Why the gateway did not start, where it did not; it starts once that is mended."""
        self.note: Note | None = None
        """What the last verb has to say."""
        self.recorder = Recorder()
        self.handsets: dict[str, Handset] = {}
        self._numbers = Numbering(country.numbers, way.msisdn)
        self.hand = Handset(Phone(wire(way.provider, settings), _nowhere(), self.clock, self._number()))
        self.handsets[""] = self.hand
        self._folder = Path(tempfile.mkdtemp(prefix="ussd-engine-phone-"))
        self._client: aiohttp.ClientSession | None = None
        self._gateway = contextlib.AsyncExitStack()
        self._home: Path | None = None
        """Of what the gateway stores; `None` where the next one begins with nothing."""
        self._homes = itertools.count(1)
        self._lock = asyncio.Lock()
        self._under_way: asyncio.Task[Any] | None = None

    # what views ask

    @property
    def local(self) -> Local | None:
        """The gateway, where it was started here and runs."""
        return self.behind.local if self.behind and not self.dead else None

    @property
    def tap(self) -> Wiretap:
        """What went over the wire last."""
        return self.line.tap

    @property
    def line(self) -> WatchedLine:
        return self.behind.line if self.behind else _nowhere()

    @property
    def providers(self) -> list[str]:
        """Whose wire can be spoken."""
        return [one.name for one in self.settings.ussd_channels]

    @property
    def busy(self) -> bool:
        return self._lock.locked()

    @property
    def now(self) -> float:
        """The time of this room: of its gateway, where that is its own; Unix seconds."""
        return self.clock_there.now()

    @property
    def clock_there(self) -> Clock:
        """The clock of the gateway."""
        return self.behind.clock if self.behind else self.clock

    @property
    def status(self) -> Status | None:
        """What stands under the screen of the phone in hand."""
        return status_of(self.hand, self.now)

    # opening and closing

    async def open(self) -> None:
        """Start the gateway, or begin to call the one elsewhere."""
        await self._done(self._open())

    async def close(self) -> None:
        """Give everything back; what was kept in the gateway's folder is gone."""
        await self._gateway.aclose()
        if self._client:
            await self._client.close()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _open(self) -> Note:
        self.failed = None
        try:
            return await self._opened()
        except Exception as error:
            self.failed = what_failed(error)
            raise

    async def _opened(self) -> Note:
        way, self.dead = self.way, not self.way.url
        await self._gateway.aclose()
        self._client = self._client or aiohttp.ClientSession()
        self._home = self._home or self._folder / f"gateway-{next(self._homes)}"
        async with contextlib.AsyncExitStack() as stack:
            opening = (
                elsewhere(way.url, way.token, self._waits)
                if way.url
                else own(self.settings, self._home, self.kind, self.clock, self.central)
            )
            behind = await stack.enter_async_context(opening)
            self._gateway = stack.pop_all()
        line = dataclasses.replace(behind.line, client=self._client, token=way.token, tap=Wiretap(token=way.token))
        self.behind, self.dead = dataclasses.replace(behind, line=line), False
        self._rewire()
        if way.url:
            return told("The phone calls {url}.", url=way.url)
        return told("The gateway is ready. Dial {code}", code=next(iter(self.settings.codes)))

    async def _open_anew(self, kind: Kind, at: float) -> None:
        """A gateway of one's own that has seen nothing, at a time in Unix seconds; its callers are counted anew."""
        await self._gateway.aclose()
        self.kind, self._home, self.central.down = kind, None, False
        self._numbers = Numbering(self._numbers.of, self.way.msisdn)
        self.clock.go()
        await self.clock.leave(at - self.clock.now())
        await self._open()

    def _rewire(self, heard: bool = False) -> None:
        """Every phone on the way as it is now; what it showed is gone. `heard`: the exchange of SMS is the same."""
        for hand in self.handsets.values():
            hand.phone = hand.phone.through(self._wire(), self.line, self.clock_there)
            hand.heard = hand.heard if heard else 0
            if hand.display is not Display.IDLE:
                hand.clear()
        self._known()

    def _begin(self) -> None:
        """Something is done; the first time is where the transcript begins."""
        self.recorder.begin(self.now, self.clock.real, self.provider)

    def _known(self) -> None:
        """In a transcript, the number of the phone in hand is a hole."""
        self.recorder.holes.calls(self.hand.phone.msisdn, self._numbers.of)

    def _phone(self, msisdn: str | None) -> Phone:
        return Phone(self._wire(), self.line, self.clock_there, msisdn)

    def _number(self) -> str | None:
        """That of a new caller; where the first one's is withheld, so is hers."""
        return None if self.way.msisdn is None else next(self._numbers)

    def _wire(self) -> Channel:
        return wire(self.provider, self.settings)

    # one thing at a time

    async def _done(self, work: Coroutine[Any, Any, Note | None]) -> None:
        """Do it when what is under way is done; whatever fails becomes words."""
        async with self._lock:
            try:
                self.note = await work
            except Dropped:
                self.note = told("The line broke in mid-answer. {then}", then=await self._then(self.hand))
            except Exception as error:
                self.note = self._words_for(error)
            await self._afterwards()

    def _waits(self, why: Note) -> None:
        self.note = why

    async def _afterwards(self) -> None:
        """What is brought up to date by whatever was done."""

    async def _leg(self, asking: Coroutine[Any, Any, Reply]) -> Reply:
        """One request and its answer; where none comes, the phone says so."""
        hand = self.hand
        if self.behind is None:
            asking.close()
            raise NotOpen
        hand.display = Display.WAITING
        try:
            return await self._beside(asking)
        except (asyncio.CancelledError, HungUp):
            hand.clear()
            raise
        except Exception:
            hand.clear(Display.LOST)
            raise

    async def _beside(self, asking: Coroutine[Any, Any, T]) -> T:
        """A request that is none of the phone's own; who hangs up does not wait for it."""
        self._under_way = under_way = asyncio.ensure_future(asking)
        try:
            return await under_way
        except asyncio.CancelledError:
            if under_way.cancelled() and not _cancelling():
                raise HungUp from None
            raise
        finally:
            self._under_way = None

    def _words_for(self, error: Exception) -> Note:
        """What is told where something failed."""
        if isinstance(error, NotOpen):
            return self.failed or NOT_OPEN
        if isinstance(error, NotSent):
            return told("You hung up before it was sent.")
        if isinstance(error, HungUp):
            return told("You hung up before an answer came.")
        if isinstance(error, NoAnswer | UnreadableReply):
            return self._no_answer()
        if isinstance(error, NotACode):
            return told("That is no code that can be dialled. Try {code}", code=next(iter(self.settings.codes)))
        return what_failed(error)

    async def _then(self, hand: Handset) -> Note:
        """What a redial finds, as far as it is known."""
        found = await self._finds(hand)
        if found is None:
            return told("Redial: what its gateway has kept is there.")
        if found.kept is Kept.DRAFT and hand.phone.dialled == found.behind:
            return told("It is kept. Redial shows the first menu; {way} goes on where it stood.", way=found.way)
        return KEPT[found.kept]

    async def _finds(self, hand: Handset) -> Finds | None:
        """What a redial finds; `None` where nobody can know."""
        last = hand.phone.last
        if self.local and last:
            with contextlib.suppress(EngineError):
                return await kept(self.local.engine, hand.phone.channel.parse(last))
        return None

    def _no_answer(self) -> Note:
        if self.failed:
            return self.failed
        answer = self.tap.answer
        if answer is not None and answer.status == 404 and self.way.url:
            return told("The gateway answers 404: nothing is there. Are --url, --provider and --token right?")
        if answer is not None:
            return told(
                "The gateway answered with {status} and no screen: see its raw answer.", status=str(answer.status)
            )
        if self.way.url:
            return told("{url} does not answer. Redial when it runs again.", url=self.way.url)
        return told("The gateway does not answer. Start it again (Trouble), then redial.")


def _nowhere() -> WatchedLine:
    """The line of a room that is not open yet."""
    return WatchedLine(None, "")  # type: ignore[arg-type]  # nothing is sent before the room is open


def _cancelling() -> bool:
    task = asyncio.current_task()
    return bool(task and task.cancelling())
