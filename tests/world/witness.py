"""What happened: every leg, every copy of it, what was written, acted and shown. The promises are read from here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from sessions import Session
from sessions.seal import version_of
from tests.world.plan import Person
from ussd_engine.model import Case, Committed, SetLanguage
from ussd_engine.tracking import Effect, LookedUp, LookUp
from ussd_engine.view import Seen


@dataclass(eq=False)
class Leg:
    """One request that a phone made: a dial or an answer. Its copies are the same request."""

    number: int
    person: Person
    dialogue: str
    index: int
    """0 is the dial."""
    text: str
    inputs: tuple[str, ...]
    at_s: float
    read: Copy | None = None
    """What stood on her phone when she made it."""
    shown: Copy | None = None
    """The copy whose answer reached her."""
    copies: list[Copy] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.person.name}{self.number} {self.text!r}" if self.index else f"{self.person.name}{self.number} dials"
        )


@dataclass(eq=False)
class Copy:
    """A leg as it was delivered once."""

    leg: Leg
    number: int
    worker: int
    came_s: float
    answered_s: float | None = None
    text: str = ""
    ends: bool = False
    seen: Seen = field(default_factory=Seen)
    session: Session | None = None
    """The session whose screen was answered; `None` where the engine itself spoke."""
    acts: list[Effect] = field(default_factory=list)
    committed: list[Committed] = field(default_factory=list)
    looked: list[tuple[LookUp, LookedUp]] = field(default_factory=list)
    """The cases that it tried to open, and what came of that."""
    cases: list[Case] = field(default_factory=list)
    """What it was told of cases, by a look that came in time."""
    known: tuple[Committed, ...] = ()
    """What was known to be committed when the turn was answered."""
    at_hand: frozenset[bytes] = frozenset()
    """The editions that its worker had from the beginning of the turn to its end."""
    current: tuple[bytes, bytes] = (b"", b"")
    """On which edition a dialog began there, when the turn began and when it ended."""
    escaped: str = ""
    killed: bool = False

    @property
    def screen(self) -> str:
        return self.seen.screen.rpartition("/")[2]

    def __str__(self) -> str:
        return f"{self.leg} copy {self.number}" if self.number else str(self.leg)


@dataclass(frozen=True, eq=False)
class Written:
    """A session that was given to the store under a new version."""

    copy: Copy
    session: Session
    base: bytes | None
    """The version that the turn had read."""


CURRENT: ContextVar[Copy] = ContextVar("copy")


class Witness:
    """Keeps the record of a run and its trace, a line an event."""

    def __init__(self, clock: Callable[[], float], start_s: float) -> None:
        self._clock = clock
        self._start_s = start_s
        self.trace: list[str] = []
        self.legs: list[Leg] = []
        self.written: dict[bytes, Written] = {}
        self.keys: defaultdict[bytes, set[int]] = defaultdict(set)
        """Whose phones wrote under a key of the store."""
        self.said: dict[str, str] = {}
        """The case of an institution's words, by the mark that stands in them."""

    def note(self, line: str) -> None:
        self.trace.append(f"{self._clock() - self._start_s:9.3f}  {line}")

    # what a worker lets us see

    def watch_sessions(self, sessions: Any) -> None:
        """Every version that is given out, with the turn that wrote it and the version that it had read."""
        dump, commit, link = sessions._codec.dump, sessions.commit, sessions.link
        expected: ContextVar[bytes | None] = ContextVar("expected")

        def dumped(session: Session, key: bytes) -> bytes:
            blob: bytes = dump(session, key)
            self.written[version_of(blob)] = Written(CURRENT.get(), session, expected.get())
            return blob

        async def committed(key: bytes, session: Session, expect: bytes | None, ttl_s: float) -> bytes | None:
            expected.set(expect)
            self.keys[key].add(CURRENT.get().leg.person.phone)
            version: bytes | None = await commit(key, session, expect, ttl_s)
            self.note(f"     {CURRENT.get()}: {_stands(session)} {'' if version else '-- another was faster'}")
            return version

        async def linked(key: bytes, target: bytes, ttl_s: float) -> None:
            self.keys[key].add(CURRENT.get().leg.person.phone)
            await link(key, target, ttl_s)

        sessions._codec.dump, sessions.commit, sessions.link = dumped, committed, linked

    def watch_view(self, view: Any) -> None:
        """The session behind every screen."""
        show = view.show

        def shown(edition: Any, session: Session, *args: Any, **options: Any) -> Any:
            CURRENT.get().session = session
            return show(edition, session, *args, **options)

        view.show = shown

    def watch_ledger(self, ledger: Any) -> None:
        """Every act, and what came of it."""
        act = ledger.act

        async def acted(effect: Effect) -> Committed:
            copy = CURRENT.get()
            copy.acts.append(effect)
            self.note(f"     {copy}: {_named(effect)} asked")
            try:
                committed: Committed = await act(effect)
            except Exception as error:
                self.note(f"     {copy}: {_named(effect)}: {type(error).__name__}")
                raise
            copy.committed.append(committed)
            self.note(f"     {copy}: {_named(effect)}: {committed.kind} {committed.reference}")
            return committed

        ledger.act = acted
        look_up, case, own_cases = ledger.look_up, ledger.case, ledger.own_cases

        async def looked_up(ask: LookUp) -> LookedUp:
            looked: LookedUp = await look_up(ask)
            copy = CURRENT.get()
            copy.looked.append((ask, looked))
            copy.cases += [looked.case] if looked.case else []
            self.note(f"     {copy}: {ask.reference} {'with' if ask.pin else 'without'} PIN: {looked.outcome}")
            return looked

        async def seen(reference: str) -> Case | None:
            found: Case | None = await case(reference)
            CURRENT.get().cases += [found] if found else []
            return found

        async def listed(msisdn: str) -> list[Case]:
            found: list[Case] = await own_cases(msisdn)
            CURRENT.get().cases += found
            return found

        ledger.look_up, ledger.case, ledger.own_cases = looked_up, seen, listed


def _stands(session: Session) -> str:
    pending = f", pending {session.pending.action} attempt {session.pending.attempt}" if session.pending else ""
    return f"step {session.step} at {session.screen}{pending}"


def _named(act: Effect) -> str:
    kind = "language" if isinstance(act, SetLanguage) else type(act).__name__.lower()
    return f"{kind} {act.key.hex()[:8]}"
