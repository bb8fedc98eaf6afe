"""One request of a citizen's phone, from the provider's callback to the next screen: the only place that orders
load, step, perform, outcome, commit, reply.

The rules are those of "A turn" in the architecture page; the letters in comments are its steps.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import msgspec

from sessions import Outcome, Sealed, Session, SessionStore, StoreUnavailable
from ussd_engine import acts, dialog, doorway, machine
from ussd_engine.actions import ACTIONS
from ussd_engine.apology import sorry
from ussd_engine.commits import Commits, Ledger
from ussd_engine.doors import ALL_OPEN, Doors
from ussd_engine.editions import Editions
from ussd_engine.errors import RolledBack, Unknown
from ussd_engine.ledger.terms import NUMBER_KEPT
from ussd_engine.leg import Kind, Leg, equals_recent, remember
from ussd_engine.looks import AskCore, AskHosted, Looks
from ussd_engine.model import LegKind, Phase, Profile, Reply, Turn
from ussd_engine.place import Keys, Places, Work
from ussd_engine.view import KEPT_S, Seen, View

__all__ = ["Gateway", "Seen"]

DEADLINE_S = 4.0
COMMIT_S = 0.3
"""What is left of the deadline for the outcome, once an act is given up."""
SHOW_S = 0.1
RACES = 8
"""Lost races in one turn after which something is wrong that another try will not mend."""


class Gateway:
    """Takes turns. Shared by all requests; holds nothing of any citizen. `clock` gives Unix seconds."""

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
        core_can: frozenset[str] = frozenset(),
        ask_core: AskCore | None = None,
        ask_hosted: AskHosted | None = None,
        deadline_s: float = DEADLINE_S,
        sends: bool = False,
        doors: Doors = ALL_OPEN,
    ) -> None:
        self.editions = editions
        self.sessions = sessions
        self.ledger = ledger
        self.random = random
        self.clock = clock
        self.deadline_s = deadline_s
        self.places = Places(sessions, keys, clock, editions)
        self.doors = doors
        self.view = View(keys.pin, core_wants, core_can, NUMBER_KEPT.days, sends=sends, doors=doors.facts)
        self.commits = Commits(ledger)
        self.looks = Looks(ledger, self.view, self.now_ms, ask_core, ask_hosted)

    def now_ms(self) -> int:
        return int(self.clock() * 1000)

    async def take_turn(self, turn: Turn, profile: Profile, seen: Seen | None = None) -> Reply:
        """The next screen. Never raises for anything that a citizen or a store can do."""
        seen = seen or Seen()
        if turn.phase is Phase.CLOSED:
            seen.counts.append("closed")
            return Reply("", True)
        work = Work(turn, profile, seen, self.editions.current, self.now_ms(), self.places.teller)
        try:
            async with asyncio.timeout(self.deadline_s) as timeout:
                work.deadline = timeout.when() or 0.0
                return await self._take(work)
        except TimeoutError:
            seen.counts.append("deadline")
        except StoreUnavailable:
            seen.counts.append("session_unavailable")
            seen.locale = seen.locale or await self.looks.language(work)
        return sorry(work, self.view, self.doors)

    async def _take(self, work: Work) -> Reply:
        """Load, tell what the request is, and do it; who loses a race begins again or gets the screen that is there."""
        work.key = await self.places.locate(work)
        for attempt in range(RACES):
            leg = await self.places.load(work)
            work.seen.kind = leg.kind
            work.seen.counts.extend(leg.counts)
            if (reply := await self._do(work, leg, again=attempt > 0)) is not None:
                return reply
            work.count("race")
        raise StoreUnavailable("races without end")

    # one turn

    async def _do(self, work: Work, leg: Leg, again: bool) -> Reply | None:
        """`None` where another was faster. `again`: this turn has lost a race before."""
        if leg.kind is Kind.OLD_DIALOGUE:
            work.count("old_dialogue")
            return self.system("old", work.turn, work.profile, work.seen)
        if work.session is None or leg.kind is Kind.NEW:
            return await self._dialled(work, leg)
        session, moved = self._on_edition(work, work.session)
        if leg.kind is Kind.REDIAL:
            return await self._redialled(work, session, leg)
        if leg.kind is Kind.OLDER:
            return await self._show(work, session) if moved else await self._older(work, session, leg)
        if session.pending is not None:
            return await self._claim(work, session)
        if leg.kind is Kind.REPEAT:
            work.count("callback_replay")
            if work.turn.phase is Phase.START:
                # Since the first copy the id may have led another caller's legs elsewhere.
                await self.places.adopt(work)
            return await self._show(work, session)
        if again or moved:
            return await self._not_applied(work, session, leg)
        return await self._answered(work, session, leg)

    def _on_edition(self, work: Work, session: Session) -> tuple[Session, bool]:
        """The session on the edition that it runs on; where that is gone, brought to the current one."""
        edition = self.editions.of(session.menu)
        if edition is not None:
            work.edition = edition
            return session, False
        work.count("menu_moved")
        return dialog.brought(work.edition, session, self.view.facts, work.profile), True

    def _on_current(self, work: Work, session: Session) -> Session:
        """The session on the current edition, where its next dialog begins."""
        work.edition = self.editions.current
        if session.menu == work.edition.version:
            return session
        if session.drafts:
            work.count("menu_moved")
        return machine.move(work.edition, session, self.view.facts(work.edition, session), work.profile)

    async def _dialled(self, work: Work, leg: Leg) -> Reply | None:
        """A dialog begins."""
        await self.places.adopt(work)
        work.edition, work.seen.locale = self.editions.current, await self.looks.language(work)
        session = dialog.dialled(work.edition, work.code, work.seen.locale, work.turn.msisdn, self.random)
        session.predialled = bool(leg.text)
        self._stamp(work, session, leg)
        return await self._enter(work, session, leg)

    async def _redialled(self, work: Work, session: Session, leg: Leg) -> Reply | None:
        """A start where a session stands: a pending act's outcome, else reference and PIN again, else the door."""
        work.count("redial")
        await self.places.adopt(work)
        menu = work.edition.services[session.service]
        last = dialog.shows_last(menu, session, work.arrived_ms)
        session = dialog.left(session, work.teller.dialogue(work.turn))
        session.predialled = bool(leg.text)
        self._stamp(work, session, leg)
        if session.pending is not None:
            return await self._claim(work, session)
        if dialog.ended(menu, session):
            session.dialog, session.recent = self.random(dialog.ID_LENGTH), []
        if not last:
            dialog.closed(session)
        session = self._on_current(work, session)
        menu = work.edition.services[session.service]
        if last and menu.service.last:
            session.screen, session.page, session.line = menu.service.last, 0, ""
            return await self._commit_and_show(work, session)
        session.service = dialog.root_of(work.edition, work.code)
        return await self._enter(work, session, leg)

    async def _enter(self, work: Work, session: Session, leg: Leg) -> Reply | None:
        """Through the root and the service's door, by the digits that were dialled."""
        session.screen = work.edition.services[session.service].service.start
        digits = tuple(leg.text.split("*")) if leg.text else ()
        facts = {**self.view.facts(work.edition, session), **self.doors.dialled(work.turn.channel, session.service)}
        found = await self.looks.follow(work, machine.enter(work.edition, session, facts, work.profile, digits))
        work.seen.counts += doorway.counted(work.edition, found.session)
        return await self._commit_and_show(work, found.session)

    async def _older(self, work: Work, session: Session, leg: Leg) -> Reply | None:
        """An older leg gets the screen that stands, and runs nothing."""
        work.count("out_of_order")
        if not leg.hash or session.pending is not None:
            return await self._show(work, session)
        session = machine.own(session)
        session.leg, session.leg_length = leg.hash, leg.length
        return await self._commit_and_show(work, session)

    async def _not_applied(self, work: Work, session: Session, leg: Leg) -> Reply | None:
        """An input that was meant for another screen: it gets the one that stands, and so does its repeat."""
        work.count("not_applied")
        session = machine.own(session)
        session.predialled = False
        self._stamp(work, session, leg)
        return await self._commit_and_show(work, session)

    async def _answered(self, work: Work, session: Session, leg: Leg) -> Reply | None:
        """An answer: one step, and the act that it asks for."""
        menu = work.edition.services[session.service]
        equal = equals_recent(session, work.turn, leg, work.profile, work.arrived_ms)
        facts = self.view.facts(work.edition, session)
        if (equal or session.held) and acts.acting(work.edition, session, facts):
            return await self._hold(work, session, leg, equal)
        work.seen.answered = f"{session.service}/{session.screen}"
        cumulative = work.turn.leg_kind is LegKind.CUMULATIVE
        if cumulative and "*" in leg.text and menu.screen(session.screen).kind != "input":
            work.count("legs_lost")
        take = machine.feed if cumulative else machine.step
        found = take(work.edition, session, facts, leg.text, work.profile)
        found = await self.looks.follow(work, found)
        work.seen.taken.extend(found.taken)
        after = found.session
        dialog.draw(after, self.random)
        self._stamp(work, after, leg)
        after.predialled, after.held, after.step = False, equal, after.step + 1
        if after.outcome is session.outcome and after.screen != session.screen:
            after.outcome = None
        work.seen.counts += doorway.counted(work.edition, after)
        if found.intent is None:
            return await self._commit_and_show(work, after)
        after.pending = acts.begin(after, found.intent, self.random, self.now_ms())
        return await self._pend(work, after)

    async def _hold(self, work: Work, session: Session, leg: Leg, equal: bool) -> Reply | None:
        """The input may be a late repeat and could act: the screen once more, and the input is no answer."""
        work.count("held")
        session = machine.own(session)
        self._stamp(work, session, leg, answers=False)
        if not equal:
            session.held = False
        return await self._commit_and_show(work, session)

    def _stamp(self, work: Work, session: Session, leg: Leg, *, answers: bool = True) -> None:
        """Note the leg that is answered now; an input that counts as an answer holds its late repeats."""
        turn = work.turn
        dialog.stamp(session, work.teller.dialogue(turn), leg, turn.msisdn, self.now_ms())
        if answers:
            remember(session, turn, leg, work.profile, work.arrived_ms)

    # acts: pending, commit by key, outcome

    async def _pend(self, work: Work, session: Session) -> Reply | None:
        """(a) The session says what is about to be done before anything is."""
        return await self._perform(work, session) if await self._commit(work, session) else None

    async def _claim(self, work: Work, session: Session) -> Reply | None:
        """A pending act that was found is taken over before it is run again."""
        work.count("pending_resumed")
        session = machine.own(session)
        assert session.pending is not None
        session.pending = msgspec.structs.replace(session.pending, attempt=session.pending.attempt + 1)
        return await self._pend(work, session)

    async def _perform(self, work: Work, session: Session) -> Reply | None:
        """(b) One transaction by the act's key, whatever becomes of the request; (c) its outcome."""
        assert session.pending is not None
        do = session.pending.do
        act = acts.effect(work.edition, session, do, work.turn.channel)
        if act is None:
            return await self._in_doubt(work, session)
        try:
            committed = await self.commits.run(act, work.deadline - COMMIT_S)
        except RolledBack:
            return await self._failed(work, session, do)
        except (Unknown, TimeoutError):
            return await self._in_doubt(work, session)
        menu = work.edition.services[session.service]
        action, outcome = acts.outcome_of(menu, session.pending, committed)
        result = acts.result(work.edition, session, do, committed, self.now_ms())
        after = await self._outcome(work, session, action, outcome, result)
        if not await self._settle(work, after) or acts.overtaken(session.pending, committed):
            work.count("effect_race")
        # What is known to be committed is shown, whatever became of the compare-and-set.
        return await self._show(work, after)

    async def _failed(self, work: Work, session: Session, do: str) -> Reply | None:
        """Rolled back: said only at the first attempt, and only once the session is known to have left pending."""
        assert session.pending is not None
        if session.pending.attempt != 1 or "failed" not in ACTIONS[do].outcomes:
            return await self._in_doubt(work, session)
        work.count("act_failed")
        after = await self._outcome(work, session, session.pending.action, "failed", acts.nothing(self.now_ms()))
        return await self._show(work, after) if await self._settle(work, after) else await self._in_doubt(work, session)

    async def _in_doubt(self, work: Work, session: Session) -> Reply:
        """Not known: the session stays pending, so that a redial can tell."""
        work.count("in_doubt")
        assert session.pending is not None
        nothing = acts.nothing(self.now_ms())
        after = await self._outcome(work, session, session.pending.action, "in_doubt", nothing)
        return await self._show(work, after, kept=True)

    async def _outcome(self, work: Work, session: Session, action: str, name: str, result: Outcome) -> Session:
        """Where the outcome of an action leads."""
        facts = self.view.facts(work.edition, session)
        found = machine.outcome(work.edition, session, facts, work.profile, action, name, result)
        found = await self.looks.follow(work, found, rounds=1)
        work.seen.taken += found.taken
        dialog.draw(found.session, self.random)
        found.session.touched_ms = self.now_ms()
        return found.session

    async def _settle(self, work: Work, session: Session) -> bool:
        """Compare-and-set from pending; false where that failed, or where it is not known in time."""
        try:
            async with asyncio.timeout_at(work.deadline - SHOW_S):
                return await self._commit(work, session)
        except (StoreUnavailable, TimeoutError):
            work.count("session_unavailable")
            return False

    # committing and showing

    async def _commit(self, work: Work, session: Session) -> bool:
        """Compare-and-set; the version found is the one that must still stand. False where another was faster."""
        expect = work.found.version if work.found else None
        version = await self.sessions.commit(work.key, session, expect, KEPT_S)
        if version is None:
            return False
        work.found = Sealed(session, version)
        return True

    async def _commit_and_show(self, work: Work, session: Session) -> Reply | None:
        return await self._show(work, session) if await self._commit(work, session) else None

    async def _show(self, work: Work, session: Session, kept: bool = False) -> Reply:
        session, words = await self.looks.words(work, session)
        return self.view.show(work.edition, session, work.profile, work.seen, kept=kept, words=words)

    def system(self, name: str, turn: Turn, profile: Profile, seen: Seen | None = None) -> Reply:
        """A screen that the engine itself must show, in the caller's language where it is known."""
        return self.view.system(name, self.editions.current, turn, profile, seen or Seen())

    async def drain(self) -> None:
        """Wait for the commits that are under way."""
        await self.commits.drain()
