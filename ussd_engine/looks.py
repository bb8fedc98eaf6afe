"""Looking before a screen is shown: what a case is, what was sent from a phone, what the institution said.

A look changes nothing that would have to be done once, so it has no key and stands in no session. Whatever does not
come within `LOOK_S` is `slow`: the menu says what is shown then. A turn looks `ROUNDS` times at most before its act and
once after it, and asks once for the words of a screen that stood before. All end `LEFT_S` before the turn's deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

import msgspec

from sessions import About, Outcome, Session
from ussd_engine import found, machine
from ussd_engine.actions import ACTIONS
from ussd_engine.commits import Ledger
from ussd_engine.errors import DeliveryError, EngineError
from ussd_engine.lifecycle import MayAppeal, may_appeal
from ussd_engine.machine import Intent, Step
from ussd_engine.messages import View as CaseView
from ussd_engine.model import Case
from ussd_engine.place import Work
from ussd_engine.scope import Scope, about_of
from ussd_engine.screens.base import From
from ussd_engine.tracking import LookUp
from ussd_engine.view import View
from ussd_engine.walk import SMS

LOOK_S = 1.5
ROUNDS = 2
LEFT_S = 0.3
"""What is left of the deadline for the commit, once a look is given up."""
ASKING = frozenset({"rate", "reply"})
"""What she may do about a case of which something was asked."""
SEEN = "seen"
"""Of a case in a session: which of its words it was written of that she has seen them."""
MOST_SPOKEN = 8000
"""Letters of what an institution said that are shown."""

T = TypeVar("T")
AskCore = Callable[[str], Awaitable[CaseView | None]]
"""What a core shows of the case of a reference."""
AskHosted = Callable[[str, str, str], Awaitable[list[list[str]]]]
"""What the institution of a service says of an answer, by its name, and of what was typed: the columns of one row."""


class Looked(NamedTuple):
    """What came of a look: the outcome that the menu knows, what its screen shows, what is known of the case now."""

    outcome: str
    about: About | None
    values: dict[str, str | None] = {}


async def nothing_to_show(reference: str) -> CaseView | None:
    """A core that shows nothing."""
    return None


async def nobody_to_ask(service: str, answer: str, text: str) -> list[list[str]]:
    """No service is hosted."""
    raise DeliveryError(f"nobody is to be asked of {answer}")


class Looks:
    """Looks for the turns of a gateway; holds nothing of any citizen."""

    look_s = LOOK_S
    """How long a look is waited for."""

    def __init__(
        self,
        ledger: Ledger,
        view: View,
        now_ms: Callable[[], int],
        ask_core: AskCore | None = None,
        ask_hosted: AskHosted | None = None,
    ) -> None:
        self._ledger = ledger
        self._view = view
        self._now_ms = now_ms
        self._ask_core = ask_core or nothing_to_show
        self._ask_hosted = ask_hosted or nobody_to_ask

    async def language(self, work: Work) -> str:
        """The language that this caller chose before; empty where it is not known or cannot be read in time."""
        if not work.turn.msisdn:
            return ""
        return await self._in_time(work, self._ledger.language(work.turn.msisdn), left_s=0.0) or ""

    async def follow(self, work: Work, step: Step, rounds: int = ROUNDS) -> Step:
        """What a step wants to know, until its screen can be shown or an act is to begin; a round too many is slow."""
        while True:
            if step.intent is not None and not ACTIONS[step.intent.do].acts:
                after = await self._looked(work, step.session, step.intent, rounds > 0)
            elif step.intent is None and step.arrives:
                after = await self._fetched(work, step.session, rounds > 0)
            else:
                return step
            rounds -= 1
            step = after._replace(taken=(*step.taken, *after.taken))

    async def words(self, work: Work, session: Session) -> tuple[Session, str | None]:
        """What the screen of a session shows of the institution's words, which are asked for each time they are shown.

        Where they do not come, the session on the screen that stands for it.
        """
        screen = work.edition.services[session.service].screen(session.screen)
        if screen.kind != "read" or screen.slow is None:
            return session, None
        if work.words is None:
            session = (await self._fetched(work, session, True)).session
        return session, work.words

    # looks of the menu

    async def _looked(self, work: Work, session: Session, intent: Intent, may: bool) -> Step:
        looked = await self._in_time(work, self._look(work, session, intent)) if may else None
        looked = looked or Looked("slow", None)
        session = machine.own(session)
        session.about = looked.about
        facts, result = self._view.facts(work.edition, session), Outcome(self._now_ms(), looked.values)
        edition, profile = work.edition, work.profile
        return machine.outcome(edition, session, facts, profile, intent.action, looked.outcome, result)

    async def _look(self, work: Work, session: Session, intent: Intent) -> Looked | None:
        """`None` where nothing came of it."""
        match intent.do:
            case "look_up" | "check_pin":
                return await self._opened(work, session, intent)
            case "see_case" | "may_appeal":
                return await self._seen(work, session, intent.do)
            case "has_cases":
                found = await self._ledger.own_cases(str(session.msisdn)) if session.msisdn else []
                return Looked("ok" if found else "none", session.about)
            case "see_settings":
                asks = self._view.sends and session.msisdn
                on = await self._ledger.sms_on(str(session.msisdn)) if asks else None
                return Looked("ok", session.about, {} if on is None else {SMS: "on" if on else "off"})
        raise AssertionError(f"{intent.do} is no look")

    async def _opened(self, work: Work, session: Session, intent: Intent) -> Looked:
        """A case is opened, or not; what is not says nothing of it."""
        reference = Scope(work.edition, session, {}).answers.get("ref") or ""
        msisdn = str(session.msisdn) if session.msisdn else None
        ask = LookUp(
            reference=reference,
            msisdn=msisdn,
            pin=intent.secret.get("pin"),
            at_ms=self._now_ms(),
            answer=session.dialog and session.dialog + session.step.to_bytes(4, "big"),
        )
        looked = await self._ledger.look_up(ask)
        if looked.case is not None:
            outcome = "ok" if intent.do == "check_pin" else looked.outcome
            return Looked(outcome, self._about(work, session, looked.case))
        # Asked whosever the case is: the time must not tell.
        warned = self._view.sends and msisdn is not None and await self._ledger.sms_on(msisdn)
        about = About(reference, can=["new_pin"] if looked.own and warned else [])
        match looked.outcome:
            case "wrong":
                return Looked("wrong", about, {"n": str(looked.left)})
            case "locked":
                return Looked("locked", about, {"hours": str(looked.hours)})
        return Looked(looked.outcome, about)

    async def _seen(self, work: Work, session: Session, do: str) -> Looked | None:
        """The case that is open, as it is now."""
        about = about_of(session)
        case = await self._ledger.case(about.ref) if about and about.opened else None
        if case is None:
            return None
        now = self._about(work, session, case)
        if about and SEEN in about.values:
            now.values[SEEN] = about.values[SEEN]
        if do == "see_case":
            return Looked("ok", now)
        may = may_appeal(case, work.edition.country.today(self._now_ms()), found.higher(work.edition, case))
        return None if may is MayAppeal.NEVER else Looked(str(may), now)

    def _about(self, work: Work, session: Session, case: Case) -> About:
        locale = Scope(work.edition, session, {}).locale
        return found.about(work.edition, case, locale, work.edition.country.today(self._now_ms()))

    # what screens show

    async def _fetched(self, work: Work, session: Session, may: bool) -> Step:
        """A session on a screen that shows what stands elsewhere, with what it shows."""
        screen = work.edition.services[session.service].screen(session.screen)
        edition, facts, profile = work.edition, self._view.facts(work.edition, session), work.profile
        if screen.kind == "read":
            view = await self._in_time(work, self._asked(session)) if may else None
            work.words = view.words[:MOST_SPOKEN] if view else None
            return await self._seen_by_her(work, machine.spoken(edition, session, facts, profile, work.words))
        assert screen.source is not None
        rows = await self._in_time(work, self._rows(work, session, screen.source)) if may else None
        return machine.fetched(edition, session, facts, profile, rows)

    async def _seen_by_her(self, work: Work, step: Step) -> Step:
        """What the words ask of her may be answered by SMS from now on; that is written once, whichever page she is on
        and however often she comes back to it."""
        session, about = step.session, about_of(step.session)
        if not (self._view.sends and work.words and about and session.msisdn and ASKING.intersection(about.can)):
            return step
        words = session.rows[0][0]
        if about.values.get(SEEN) == words:
            return step
        written = await self._in_time(work, self._seen_now(about.ref, str(session.msisdn)))
        if written and session.about is about:
            session = machine.own(session)
            session.about = msgspec.structs.replace(about, values={**about.values, SEEN: words})
        return step._replace(session=session)

    async def _seen_now(self, reference: str, msisdn: str) -> bool:
        await self._ledger.seen(reference, msisdn)
        return True

    async def _rows(self, work: Work, session: Session, source: From) -> list[list[str]] | None:
        if source.source == "checked":
            name = source.args["typed"]
            return await self._ask_hosted(
                session.service, name, Scope(work.edition, session, {}).answers.get(name) or ""
            )
        if source.source == "my_cases":
            return found.cases(await self._ledger.own_cases(str(session.msisdn)) if session.msisdn else [])
        view = await self._asked(session)
        locale = Scope(work.edition, session, {}).locale
        return None if view is None else found.history(work.edition, session.service, view.history, locale)

    async def _asked(self, session: Session) -> CaseView | None:
        about = about_of(session)
        if about is None or not about.opened:
            return None
        try:
            return await self._ask_core(about.ref)
        except EngineError:
            raise
        except Exception as error:
            raise DeliveryError(type(error).__name__) from None

    async def _in_time(self, work: Work, looking: Awaitable[T], left_s: float = LEFT_S) -> T | None:
        """What a look gives; `None` where it fails, or is not there in time."""
        until = min(asyncio.get_running_loop().time() + self.look_s, work.deadline - left_s)
        try:
            async with asyncio.timeout_at(until):
                return await looking
        except (TimeoutError, EngineError):
            work.count("slow")
            return None
