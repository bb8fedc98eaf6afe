"""One request of a citizen's phone, from the provider's callback to the next screen: the only place that orders
load, step, perform, outcome, commit, reply.

The rules are those of "A turn" in the architecture page; the numbers in comments are its steps.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import msgspec

from sessions import Pending, Sealed, Session, SessionStore, StoreUnavailable, dialogue_key, link_key, session_key
from ussd_engine import acts, machine
from ussd_engine.errors import LedgerUnavailable, RolledBack, Unknown
from ussd_engine.leg import KEPT_DIALOGUES, RESTART_S, Kind, Leg, Teller
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Act, Committed, LegKind, Phase, Profile, Reply, Turn
from ussd_engine.reference import derive_pin
from ussd_engine.registry import ACTIONS
from ussd_engine.render import render
from ussd_engine.scope import Facts, draft_of

TTL_S = 600.0
LAST_S = 180.0
"""How long a redial shows reference and PIN again."""
LOOK_S = 1.5
DEADLINE_S = 4.0
BUSY_MINUTES = "1"
RACES = 8
"""Lost races in one turn after which something is wrong that another try will not mend."""


class Ledger(Protocol):
    """What the gateway asks of the ledger."""

    async def act(self, act: Act) -> Committed: ...
    async def language(self, msisdn: str) -> str | None: ...


class Keys(Protocol):
    """What the gateway asks of the keyring."""

    @property
    def dialogue(self) -> bytes: ...
    @property
    def pin(self) -> bytes: ...


class Editions:
    """The current edition, and the older ones on which dialogs still run."""

    def __init__(self, current: Edition) -> None:
        self.current = current
        self._kept = {current.version: current}

    def swap(self, edition: Edition) -> None:
        """Make a checked edition the current one. Those of dialogs that may still run are kept: the last eight."""
        self._kept.pop(edition.version, None)
        self._kept[edition.version] = edition
        self._kept = dict(list(self._kept.items())[-8:])
        self.current = edition

    def of(self, version: bytes) -> Edition | None:
        return self._kept.get(version)


@dataclass
class Seen:
    """What a turn leaves for metrics and the log: no number, no text, no reference."""

    screen: str = ""
    kind: str = ""
    locale: str = ""
    counts: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    """What of the menu was taken: `screen SERVICE/NAME`, `line SERVICE/NAME 1`, `outcome SERVICE/ACTION ok`."""


@dataclass
class _Work:
    """One turn under way."""

    turn: Turn
    profile: Profile
    key: bytes
    deadline: float
    seen: Seen
    anonymous: bool
    """The number did not reach us: the session stands under the provider's dialogue."""
    found: Sealed | None = None
    edition: Edition | None = None


class Gateway:
    """Takes turns. Shared by all requests; holds nothing of any citizen."""

    def __init__(
        self,
        editions: Editions,
        sessions: SessionStore,
        ledger: Ledger,
        keys: Keys,
        *,
        random: Callable[[int], bytes],
        clock: Callable[[], float] = time.time,
        core_wants: frozenset[str] = frozenset(),
    ) -> None:
        self.editions = editions
        self.sessions = sessions
        self.ledger = ledger
        self.keys = keys
        self.random = random
        self.clock = clock
        self.core_wants = core_wants
        self.teller = Teller(keys.dialogue)
        self._commits: set[asyncio.Task[Committed]] = set()

    def now_ms(self) -> int:
        return int(self.clock() * 1000)

    async def take_turn(self, turn: Turn, profile: Profile, seen: Seen | None = None) -> Reply:
        """The next screen. Never raises for anything that a citizen or a store can do."""
        seen = seen or Seen()
        if turn.phase is Phase.CLOSED:
            seen.counts.append("closed")
            return Reply("", True)
        deadline = asyncio.get_running_loop().time() + DEADLINE_S
        work: _Work | None = None
        try:
            async with asyncio.timeout_at(deadline):
                work = await self._locate(turn, profile, deadline, seen)
                return await self._take(work)
        except TimeoutError:
            seen.counts.append("deadline")
        except StoreUnavailable:
            seen.counts.append("session_unavailable")
        return self.system("fault", turn, profile, work.found.session if work and work.found else None)

    # finding the session

    async def _locate(self, turn: Turn, profile: Profile, deadline: float, seen: Seen) -> _Work:
        """The key under which this dialog stands: caller and code, else what the small key says, else the dialogue."""
        secret = self.keys.dialogue
        code = turn.service_code or profile.code
        link = link_key(secret, turn.channel, turn.dialogue)
        if turn.msisdn and code:
            key = session_key(secret, turn.msisdn, code)
            if turn.phase is Phase.START and not profile.complete:
                await self.sessions.link(link, key, TTL_S)
            return _Work(turn, profile, key, deadline, seen, False)
        linked = await self.sessions.follow(link) if turn.phase is not Phase.START else None
        if linked:
            return _Work(turn, profile, linked, deadline, seen, False)
        if turn.msisdn:
            key = session_key(secret, turn.msisdn, next(iter(self.editions.current.codes)))
            return _Work(turn, profile, key, deadline, seen, False)
        seen.counts.append("no_number")
        return _Work(turn, profile, dialogue_key(secret, turn.channel, turn.dialogue), deadline, seen, True)

    # one turn

    async def _take(self, work: _Work) -> Reply:
        """Load, tell what the request is, and do it; who loses a race begins again or gets the screen that is there."""
        lost = False
        for _ in range(RACES):
            work.found = await self.sessions.load(work.key)
            session = work.found.session if work.found else None
            leg = self.teller.tell(session, work.turn, work.profile, self.now_ms())
            if work.anonymous and leg.kind in (Kind.REDIAL, Kind.REPEAT) and work.turn.phase is Phase.START:
                leg = self._again(session, leg)
            work.seen.kind = leg.kind.value
            reply = await self._do(work, session, leg, lost)
            if reply is not None:
                return reply
            lost = True
            work.seen.counts.append("race")
        raise StoreUnavailable("races without end")

    def _again(self, session: Session | None, leg: Leg) -> Leg:
        """A start without number never meets what stands there: an END while it is young, else it begins anew."""
        young = session is not None and self.now_ms() - session.touched_ms < RESTART_S * 1000
        return leg._replace(kind=Kind.OLD_DIALOGUE if young else Kind.NEW)

    async def _do(self, work: _Work, session: Session | None, leg: Leg, lost: bool) -> Reply | None:
        work.seen.counts.extend(leg.counts)
        if leg.kind is Kind.OLD_DIALOGUE:
            work.seen.counts.append("old_dialogue")
            return self.system("old", work.turn, work.profile, session)
        if session is None or leg.kind is Kind.NEW:
            return await self._new(work, leg)
        session = self._on_edition(work, session)
        if leg.kind is Kind.OLDER:
            return await self._older(work, session, leg)
        if leg.kind is Kind.REDIAL:
            return await self._redial(work, session, leg)
        if session.pending is not None:
            return await self._claim(work, session)
        if leg.kind is Kind.REPEAT or lost or session.menu != self._edition(work).version:
            work.seen.counts.append("callback_replay" if leg.kind is Kind.REPEAT else "not_applied")
            return self._show(work, session)
        return await self._answer(work, session, leg)

    def _on_edition(self, work: _Work, session: Session) -> Session:
        """The session on the edition that it runs on; where that is gone, brought to the current one."""
        edition = self.editions.of(session.menu)
        work.edition = edition or self.editions.current
        if edition is not None:
            return session
        work.seen.counts.append("menu_moved")
        return machine.move(work.edition, session, self.facts(session), work.profile)

    def _edition(self, work: _Work) -> Edition:
        return work.edition or self.editions.current

    # starts

    async def _new(self, work: _Work, leg: Leg) -> Reply | None:
        """A dialog begins."""
        edition = work.edition = self.editions.current
        turn = work.turn
        session = Session(
            self.random(8),
            edition.version,
            edition.codes.get(turn.service_code or work.profile.code or "", next(iter(edition.codes.values()))),
            "",
            await self._language(turn),
            msisdn=int(turn.msisdn or 0),
        )
        return await self._begin(work, session, leg)

    async def _language(self, turn: Turn) -> str:
        """The language that this caller chose before; empty where it is not known or cannot be read in time."""
        if not turn.msisdn:
            return ""
        try:
            async with asyncio.timeout(LOOK_S):
                return await self.ledger.language(turn.msisdn) or ""
        except (TimeoutError, LedgerUnavailable):
            return ""

    async def _redial(self, work: _Work, session: Session, leg: Leg) -> Reply | None:
        """A start where a session stands: a pending act's outcome, else reference and PIN again, else the door."""
        work.seen.counts.append("redial")
        session = machine.own(session)
        session.left = [*dict.fromkeys([session.dialogue, *session.left])][:KEPT_DIALOGUES]
        self._stamp(session, leg, work.turn)
        if session.pending is not None:
            session.began = session.step
            return await self._claim(work, session)
        session.dialog = self.random(8)
        session.waiting, session.line, session.wrong, session.held = "", "", 0, False
        session.values, session.trail, session.recent = {}, [], []
        if self._shows_last(work, session):
            session.screen, session.page = self._edition(work).services[session.service].service.last, 0
            session.began = session.step
            return await self._commit_and_show(work, session)
        self._leave(session)
        session.page, session.outcome = 0, None
        edition = work.edition = self.editions.current
        if session.menu != edition.version:
            session = machine.move(edition, session, self.facts(session), work.profile)
        session.service = edition.codes.get(
            work.turn.service_code or work.profile.code or "", next(iter(edition.codes.values()))
        )
        return await self._begin(work, session, leg)

    def _shows_last(self, work: _Work, session: Session) -> bool:
        service = self._edition(work).services[session.service].service
        shown = session.outcome is not None and session.outcome.case
        if not shown or not service.last:
            return False
        assert session.outcome is not None
        still = session.screen == service.last or service.screens[session.screen].kind == "end"
        return still and self.now_ms() - session.outcome.at_ms <= LAST_S * 1000

    @staticmethod
    def _leave(session: Session) -> None:
        """What was on the screen when the line broke is where her draft goes on."""
        draft = draft_of(session)
        if draft is not None and not draft.left:
            draft.left, draft.page = session.screen, session.page

    async def _begin(self, work: _Work, session: Session, leg: Leg) -> Reply | None:
        """Through the root and the service's door, by the digits that were dialled."""
        edition = self._edition(work)
        session.screen = edition.services[session.service].service.start
        session.menu = edition.version
        self._stamp(session, leg, work.turn)
        session.predialled = bool(leg.text)
        digits = tuple(leg.text.split("*")) if leg.text else ()
        found = machine.enter(edition, session, self.facts(session), work.profile, digits)
        found.session.began = found.session.step
        return await self._commit_and_show(work, found.session)

    # answers

    async def _older(self, work: _Work, session: Session, leg: Leg) -> Reply | None:
        """An older leg gets the screen that stands, and runs nothing."""
        work.seen.counts.append("out_of_order")
        if leg.hash:
            session = machine.own(session)
            session.leg, session.leg_length = leg.hash, leg.length
            return await self._commit_and_show(work, session)
        return self._show(work, session)

    async def _answer(self, work: _Work, session: Session, leg: Leg) -> Reply | None:
        facts, edition = self.facts(session), self._edition(work)
        if work.turn.leg_kind is LegKind.CUMULATIVE:
            found = machine.feed(edition, session, facts, leg.text, work.profile)
        else:
            found = machine.step(edition, session, facts, leg.text, work.profile)
        acts_now = found.intent is not None and ACTIONS[found.intent.do].acts
        equal = self._equal_recent(work, session, leg)
        if acts_now and (equal or session.held):
            return await self._hold(work, session, leg, equal)
        work.seen.taken.extend(found.taken)
        after = found.session
        self._draw(after)
        self._stamp(after, leg, work.turn)
        after.predialled = False
        after.step += 1
        after.held = equal
        self._remember(work, after, leg)
        if after.outcome is session.outcome and after.screen != session.screen:
            after.outcome = None
        if found.intent is None:
            return await self._commit_and_show(work, after)
        after.pending = acts.begin(after, found.intent, self.random, self.now_ms())
        return await self._pend(work, after)

    def _draw(self, session: Session) -> None:
        """Draw the ids that the pure step left open."""
        if not session.dialog:
            session.dialog = self.random(8)
        for draft in session.drafts:
            if not draft.run:
                draft.run = self.random(8)

    def _stamp(self, session: Session, leg: Leg, turn: Turn) -> None:
        session.dialogue = self.teller.dialogue(turn)
        session.leg, session.leg_length = leg.hash, leg.length
        session.touched_ms = self.now_ms()
        if turn.msisdn:
            session.msisdn = int(turn.msisdn)

    # channels without leg identity

    def _equal_recent(self, work: _Work, session: Session, leg: Leg) -> bool:
        """Whether an equal answer of this dialog arrived less than `hold_s` ago."""
        if work.turn.leg_kind is not LegKind.WINDOW:
            return False
        since = self.now_ms() - work.profile.hold_s * 1000
        return any(found == leg.hash and at > since for found, at in session.recent)

    def _remember(self, work: _Work, session: Session, leg: Leg) -> None:
        if work.turn.leg_kind is LegKind.WINDOW and work.profile.hold_s:
            now = self.now_ms()
            young = [(found, at) for found, at in session.recent if at > now - work.profile.hold_s * 1000]
            session.recent = [*young, (leg.hash, now)]

    async def _hold(self, work: _Work, session: Session, leg: Leg, equal: bool) -> Reply | None:
        """The input may be a late repeat and would act: the screen once more, and the input is no answer."""
        work.seen.counts.append("held")
        session = machine.own(session)
        self._stamp(session, leg, work.turn)
        if not equal:
            session.held = False
        return await self._commit_and_show(work, session)

    # acts: pending, commit by key, outcome

    async def _pend(self, work: _Work, session: Session) -> Reply | None:
        """(a) The session says what is about to be done before anything is."""
        if not await self._commit(work, session):
            return None
        return await self._perform(work, session)

    async def _claim(self, work: _Work, session: Session) -> Reply | None:
        """A pending act that was found is taken over before it is run again."""
        work.seen.counts.append("pending_resumed")
        session = machine.own(session)
        assert session.pending is not None
        session.pending = msgspec.structs.replace(session.pending, attempt=session.pending.attempt + 1)
        return await self._pend(work, session)

    async def _perform(self, work: _Work, session: Session) -> Reply | None:
        """(b) One transaction by the act's key, whatever becomes of the request; (c) its outcome."""
        pending, edition = session.pending, self._edition(work)
        assert pending is not None
        do = self._do_of(edition, session, pending)
        act = acts.effect(edition, session, do, work.turn.channel)
        if act is None:
            return self._in_doubt(work, session)
        try:
            committed = await self._act(act, work.deadline)
        except RolledBack:
            return await self._failed(work, session, do)
        except (Unknown, TimeoutError):
            return self._in_doubt(work, session)
        name = acts.outcome_of(do, committed)
        result = acts.result(edition, session, do, committed, self.now_ms())
        found = machine.outcome(edition, session, self.facts(session), work.profile, pending.action, name, result)
        work.seen.taken.extend(found.taken)
        after = self._settled(work, found.session)
        # What is known to be committed is shown, whatever becomes of this compare-and-set.
        try:
            if not await self._commit(work, after):
                work.seen.counts.append("effect_race")
        except StoreUnavailable:
            work.seen.counts.append("session_unavailable")
        return self._show(work, after)

    def _settled(self, work: _Work, session: Session) -> Session:
        self._draw(session)
        session.touched_ms = self.now_ms()
        return session

    @staticmethod
    def _do_of(edition: Edition, session: Session, pending: Pending) -> str:
        if pending.action == machine.FORGET:
            return "cancel"
        action = edition.services[session.service].service.actions.get(pending.action)
        return action.do if action else "submit"

    async def _act(self, act: Act, deadline: float) -> Committed:
        """Run the transaction in a task of its own: neither the deadline nor a lost connection stops a commit."""
        task = asyncio.ensure_future(self.ledger.act(act))
        self._commits.add(task)
        task.add_done_callback(self._commits.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        left = deadline - asyncio.get_running_loop().time() - 0.2
        async with asyncio.timeout(max(left, 0.05)):
            return await asyncio.shield(task)

    async def _failed(self, work: _Work, session: Session, do: str) -> Reply | None:
        """Rolled back: said only at the first attempt, and only once the session is known to have left pending."""
        pending = session.pending
        assert pending is not None
        if pending.attempt != 1 or "failed" not in ACTIONS[do].outcomes:
            return self._in_doubt(work, session)
        result = acts.nothing(self.now_ms())
        edition, facts = self._edition(work), self.facts(session)
        found = machine.outcome(edition, session, facts, work.profile, pending.action, "failed", result)
        work.seen.taken.extend(found.taken)
        after = self._settled(work, found.session)
        try:
            settled = await self._commit(work, after)
        except StoreUnavailable:
            settled = False
        return self._show(work, after) if settled else self._in_doubt(work, session)

    def _in_doubt(self, work: _Work, session: Session) -> Reply:
        """Not known: the session stays pending, so that a redial can tell."""
        work.seen.counts.append("in_doubt")
        pending, edition = session.pending, self._edition(work)
        assert pending is not None
        service = edition.services[session.service].service
        if pending.action not in service.actions and pending.action != machine.FORGET:
            return self.system("fault", work.turn, work.profile, session)
        result = acts.nothing(self.now_ms())
        facts = self.facts(session)
        found = machine.outcome(edition, session, facts, work.profile, pending.action, "in_doubt", result)
        work.seen.taken.extend(found.taken)
        return self._show(work, found.session)

    # committing and showing

    async def _commit(self, work: _Work, session: Session) -> bool:
        """Compare-and-set; the version found is the one that must still stand. False where another was faster."""
        expect = work.found.version if work.found else None
        version = await self.sessions.commit(work.key, session, expect, TTL_S)
        if version is None:
            return False
        work.found = Sealed(session, version)
        return True

    async def _commit_and_show(self, work: _Work, session: Session) -> Reply | None:
        return self._show(work, session) if await self._commit(work, session) else None

    def _show(self, work: _Work, session: Session) -> Reply:
        edition = self._edition(work)
        seen = work.seen
        seen.screen = f"{session.service}/{session.screen}"
        seen.taken.append(f"screen {seen.screen}")
        seen.locale = session.locale or edition.services[session.service].service.language
        if session.line:
            seen.taken.append(f"above {session.service}/{session.line}")
        return render(edition, session, self.facts(session), work.profile, self._extra(edition, session, work.profile))

    def facts(self, session: Session) -> Facts:
        """What is known of the caller and of the core."""
        can = frozenset({"be_reached"}) if session.msisdn else frozenset()
        return {"can": can, "core_wants": self.core_wants}

    def _extra(self, edition: Edition, session: Session, profile: Profile) -> Mapping[str, str]:
        """What only the engine knows and a screen may show."""
        kept = draft_of(session) is not None
        extra = {
            "code": edition.code(session.service, profile.passes_digits),
            "minutes": str(int(TTL_S // 60)) if kept else "",
        }
        if session.outcome and session.outcome.case:
            extra["pin"] = derive_pin(self.keys.pin, session.outcome.case, 0).reveal()
        return extra

    def system(
        self, name: str, turn: Turn, profile: Profile, session: Session | None = None, until: date | None = None
    ) -> Reply:
        """A screen that the engine itself must show, in the caller's language where it is known."""
        edition = self.editions.current
        code = turn.service_code or profile.code or ""
        service = session.service if session and session.service in edition.services else edition.codes.get(code, "")
        menu = edition.services[service or next(iter(edition.codes.values()))]
        locale = session.locale if session else ""
        shown = Session(b"", edition.version, menu.name, menu.service.system[name], locale)
        extra = {
            "code": edition.code(menu.name, profile.passes_digits),
            "minutes": BUSY_MINUTES,
            "date": until.strftime("%d/%m/%Y") if until else "",
        }
        return render(edition, shown, {}, profile, extra)

    async def drain(self) -> None:
        """Wait for the commits that are under way."""
        if self._commits:
            await asyncio.wait(self._commits)
