"""A gateway with real sessions and a real ledger behind it, and callers who dial it; time moves when it is told to."""

from __future__ import annotations

import asyncio
import itertools
import os
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import func, select

from sessions import MemorySessions, Seal, Session, StoreUnavailable
from ussd_engine.doors import Doors
from ussd_engine.editions import Editions
from ussd_engine.errors import LedgerUnavailable
from ussd_engine.feedback.base import CAPABILITIES
from ussd_engine.gateway import Gateway
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Faults, Ledger
from ussd_engine.ledger.tables import cases, effects
from ussd_engine.menu.edition import Edition
from ussd_engine.messages import View
from ussd_engine.model import Case, Committed, LegKind, Phase, Profile, Reply, Turn
from ussd_engine.tracking import Effect, LookedUp, LookUp
from ussd_engine.view import Seen

CODE = "*152*00#"
NUMBER = "255700000001"
WORDS = "Umeme umekatika mtaani kwetu"
HOME = ("9", "2", "1")
"""Through the root to the service, with a language."""
COMPLAINT = ("1", "1", "tanesco", "1", "1", WORDS)
REVIEW = (*HOME, *COMPLAINT, "1")
ANONYMOUS_REVIEW = (*HOME, *COMPLAINT, "3")
SEND, LEAVE = "1", "9"

PROFILES = {
    LegKind.CUMULATIVE: Profile(hold_s=0.0),
    LegKind.SEQUENCE: Profile(hold_s=0.0),
    LegKind.WINDOW: Profile(),
}


class TroubledSessions(MemorySessions):
    """Sessions in memory; a call named in `fails` is refused, one in `lost` is done and not answered."""

    def __init__(self, seal: Seal, clock: Any) -> None:
        super().__init__(seal, clock)
        self.fails: list[str] = []
        self.lost: list[str] = []
        self.slow: dict[str, asyncio.Event] = {}
        self.calls: list[str] = []

    async def _trouble(self, call: str) -> None:
        self.calls.append(call)
        if call in self.slow:
            await self.slow[call].wait()
        if call in self.fails:
            self.fails.remove(call)
            raise StoreUnavailable("refused on purpose")

    def _answer(self, call: str) -> None:
        if call in self.lost:
            self.lost.remove(call)
            raise StoreUnavailable("not answered on purpose")

    async def load(self, key: bytes) -> Any:
        await self._trouble("load")
        return await super().load(key)

    async def commit(self, key: bytes, session: Session, expect: bytes | None, ttl_s: float) -> bytes | None:
        call = "settle" if session.pending is None and self._pends(key) else "commit"
        await self._trouble(call)
        version = await super().commit(key, session, expect, ttl_s)
        self._answer(call)
        return version

    async def link(self, key: bytes, target: bytes, ttl_s: float) -> None:
        await self._trouble("link")
        await super().link(key, target, ttl_s)

    async def follow(self, key: bytes) -> bytes | None:
        await self._trouble("follow")
        return await super().follow(key)

    def _pends(self, key: bytes) -> bool:
        found = self._codec.find(self._get(key), key)
        return found is not None and found.session.pending is not None

    def snapshot(self) -> dict[bytes, Any]:
        """All that stands, to be put back later: a fail-over that lost the last writes."""
        return dict(self._entries)

    def put_back(self, entries: dict[bytes, Any]) -> None:
        self._entries = dict(entries)

    def only(self) -> Session:
        """The one session that stands."""
        found = [self._codec.find(self._get(key), key) for key in self._entries if key[:1] != b"l"]
        (one,) = [each for each in found if each]
        return one.session


class TroubledLedger:
    """The real ledger; `gate` holds acts back until it is set, `mute` makes looking fail, `asleep` makes it endless."""

    def __init__(self, ledger: Ledger) -> None:
        self.real = ledger
        self.gate: asyncio.Event | None = None
        self.begun = asyncio.Semaphore(0)
        self.mute = False
        self.asleep = False

    async def act(self, act: Effect) -> Committed:
        self.begun.release()
        if self.gate:
            await self.gate.wait()
        return await self.real.act(act)

    async def language(self, msisdn: str) -> str | None:
        await self._trouble()
        return await self.real.language(msisdn)

    async def sms_on(self, msisdn: str) -> bool:
        await self._trouble()
        return await self.real.sms_on(msisdn)

    async def own_cases(self, msisdn: str) -> list[Case]:
        await self._trouble()
        return await self.real.own_cases(msisdn)

    async def look_up(self, ask: LookUp) -> LookedUp:
        await self._trouble()
        return await self.real.look_up(ask)

    async def case(self, reference: str) -> Case | None:
        await self._trouble()
        return await self.real.case(reference)

    async def seen(self, reference: str, msisdn: str) -> None:
        await self._trouble()
        await self.real.seen(reference, msisdn)

    async def _trouble(self) -> None:
        if self.mute:
            raise LedgerUnavailable("silent on purpose")
        if self.asleep:
            await asyncio.Event().wait()


class Core:
    """What the core shows of cases; `asleep`: it does not answer."""

    def __init__(self) -> None:
        self.views: dict[str, View] = {}
        self.asked: list[str] = []
        self.asleep = False

    async def view(self, reference: str) -> View | None:
        self.asked.append(reference)
        if self.asleep:
            await asyncio.Event().wait()
        return self.views.get(reference)


@dataclass
class House:
    """One gateway."""

    edition: Edition
    sessions: TroubledSessions
    ledger: TroubledLedger
    faults: Faults
    keyring: Keyring
    now: list[float]
    gateway: Gateway
    core: Core
    dialogues: Any = field(default_factory=lambda: itertools.count(1))

    def move(self, seconds: float) -> None:
        self.now[0] += seconds

    async def references(self) -> list[str]:
        return [row.reference for row in await self.rows(cases)]

    async def rows(self, table: Any) -> list[Any]:
        return await self.ledger.real.database.read(lambda conn: list(conn.execute(select(table)).all()))

    async def effects(self) -> int:
        count = select(func.count()).select_from(effects)
        found = await self.ledger.real.database.read(lambda conn: conn.scalar(count))
        return int(found or 0)

    def caller(self, kind: LegKind = LegKind.CUMULATIVE, msisdn: str | None = NUMBER, **profile: Any) -> Caller:
        return Caller(self, kind, msisdn, msgspec.structs.replace(PROFILES[kind], **profile))


@dataclass
class Caller:
    """A handset on a channel of one kind. `code` is sent with every leg, `number` too, unless told otherwise."""

    house: House
    kind: LegKind
    msisdn: str | None
    profile: Profile
    code: str | None = CODE
    dialogue: str = ""
    inputs: tuple[str, ...] = ()
    seen: Seen = field(default_factory=Seen)
    last: Turn | None = None

    async def dial(self, digits: str = "", dialogue: str | None = None) -> Reply:
        self.dialogue = dialogue or f"D{next(self.house.dialogues)}"
        self.inputs = (digits,) if digits and self.kind is LegKind.CUMULATIVE else ()
        return await self.send(self.turn(Phase.START, digits, 1))

    async def type(self, *texts: str, after: float = 8.0) -> Reply:
        """Answers, each `after` seconds from the screen."""
        for text in texts:
            self.house.move(after)
            self.inputs = (*self.inputs, text)
            reply = await self.send(self.input(text))
        return reply

    async def at(self, *texts: str) -> Reply:
        """Dial and come to a screen."""
        await self.dial()
        return await self.type(*texts)

    async def repeat(self, after: float = 0.5) -> Reply:
        """The provider sends its last request again."""
        assert self.last is not None
        self.house.move(after)
        return await self.send(self.last)

    def input(self, text: str) -> Turn:
        whole = "*".join(self.inputs)
        return self.turn(Phase.INPUT, whole if self.kind is LegKind.CUMULATIVE else text, len(self.inputs) + 1)

    def turn(self, phase: Phase, text: str, sequence: int = 0, **changes: Any) -> Turn:
        sequence = sequence if self.kind is LegKind.SEQUENCE else 0
        turn = Turn("test", self.dialogue, phase, text, self.code, self.msisdn, self.kind, sequence)
        return msgspec.structs.replace(turn, **changes)

    async def send(self, turn: Turn) -> Reply:
        self.last, self.seen = turn, Seen()
        return await self.house.gateway.take_turn(turn, self.profile, self.seen)

    @property
    def counts(self) -> list[str]:
        """What the last leg was counted as."""
        return self.seen.counts

    @property
    def screen(self) -> str:
        """The name of the last screen, without its service."""
        return self.seen.screen.partition("/")[2]


def reference(reply: Reply) -> str:
    """The reference on a last screen."""
    (line,) = [line for line in reply.text.split("\n") if line.startswith("Namba:")]
    return line.removeprefix("Namba: ")


def make(edition: Edition, ledger: Ledger, faults: Faults, keyring: Keyring, now: list[float]) -> House:
    """A house on a ledger; `now` is its one clock, in Unix seconds."""

    def clock() -> float:
        return now[0]

    sessions = TroubledSessions(Seal({1: os.urandom(32)}, 1, clock), clock)
    troubled = TroubledLedger(ledger)
    core = Core()
    gateway = Gateway(
        Editions(edition),
        sessions,
        troubled,
        keyring,
        random=os.urandom,
        clock=clock,
        core_can=CAPABILITIES,
        ask_core=core.view,
        sends=ledger.notices.sends,
        doors=Doors(ledger.switches, lambda: int(now[0] * 1000), lambda: edition.country.time_zone),
    )
    return House(edition, sessions, troubled, faults, keyring, now, gateway, core)
