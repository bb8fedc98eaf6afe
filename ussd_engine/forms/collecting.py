"""What becomes of a form that was collected elsewhere: it is filled, committed and answered, once.

It goes the way of the menu: the same act, in one transaction with what knows it again; the same limits, doors and
words. Where the database is away it is tried again for as long as the platform waits. What is committed too late for
the answer leaves its receipt like any other, and the same form brought again gets its answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from sessions import Outcome as Shown
from sessions import Session
from ussd_engine import acts, doorway, reference
from ussd_engine.acts import Random
from ussd_engine.channels.base import Response
from ussd_engine.channels.forms import Asked, Collected, Collector
from ussd_engine.doors import Doors
from ussd_engine.editions import Editions
from ussd_engine.errors import EngineError
from ussd_engine.forms.attempts import WAIT_S, Attempts
from ussd_engine.forms.became import Became
from ussd_engine.forms.checking import Right, Wrong
from ussd_engine.forms.fieldmap import FieldMap, Filled
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Clock, Ledger
from ussd_engine.ledger.forms import FormInbox
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.keywords import MESSAGE
from ussd_engine.model import Committed, Mode, Profile, Submit
from ussd_engine.sms import filling
from ussd_engine.sms.filling import Sender
from ussd_engine.sms.matrix import Happening, say
from ussd_engine.sms.message import Notice
from ussd_engine.sms.templates import SMS, WARNING, truthful
from ussd_engine.sms.wording import Wording
from ussd_engine.view import Seen, View

SURE_S: Final = 1.0
"""What is written in the last second may come too late for the answer, so it leaves its receipt."""
ASKED_S: Final = 0.4
"""How long may be asked whether she wants the SMS that refuses a form: who is shed is answered within half a second."""


class Surroundings(NamedTuple):
    """What collecting asks of the engine. `wants`: what the core asks for that a form may leave out."""

    editions: Editions
    ledger: Ledger
    keyring: Keyring
    clock: Clock
    random: Random
    doors: Doors
    view: View
    wording: Wording
    wants: frozenset[str]
    core_lacks: frozenset[str]


class Answered(NamedTuple):
    """What is said of a form, and what became of it. `place`: `service/form`, as far as it is known, and behind it the
    answer that is wrong."""

    response: Response
    became: Became
    place: str


class Done(NamedTuple):
    """What the ledger holds of a form."""

    committed: Committed
    again: bool


class Collecting:
    """Takes forms. Holds nothing of any citizen but what is under way."""

    def __init__(self, around: Surroundings, collectors: Mapping[str, Collector]) -> None:
        self.collectors = collectors
        self._around = around
        self._inbox = FormInbox(around.keyring, lambda at_ms: around.editions.current.country.today(at_ms))
        self._maps: dict[str, tuple[bytes, FieldMap]] = {}
        self.attempts = Attempts()

    def check(self, collector: Collector, asked: Asked) -> tuple[Response, bool] | None:
        """Whether a field may stand; `None` for a field that the settings do not know."""
        edition = self._around.editions.current
        fieldmap = self._map(collector, edition)
        found = fieldmap.check(asked.field, asked.text, edition.services[fieldmap.service].service.language)
        match found:
            case Right(_, shown):
                return collector.right(shown), True
            case Wrong(words):
                return collector.wrong(words), False
        return None

    async def take(self, collector: Collector, collected: Collected) -> Answered:
        """Take a form. Raises for a fault of our own alone."""
        around, edition = self._around, self._around.editions.current
        fieldmap, at_ms = self._map(collector, edition), around.clock()
        ends_s = asyncio.get_running_loop().time() + WAIT_S
        chosen = await self._chosen(edition, fieldmap.service, collected.msisdn)
        locale = chosen or edition.services[fieldmap.service].service.language
        read = fieldmap.read(collected, locale)
        what = [collector.name, fieldmap.service, collected.msisdn or collected.number, *read.same]
        key = self._inbox.key(what, at_ms, collector.options.window_s * 1000)
        sender = Sender(
            msisdn=collected.msisdn,
            channel=collector.name,
            locale=locale,
            key=key,
            at_ms=at_ms,
            reference=reference.draw(),
            case=around.random(16),
        )
        filled = fieldmap.fill(read, sender, around.wants)
        if not chosen and isinstance(filled.act, Submit):
            filled = filled._replace(act=msgspec.structs.replace(filled.act, chose=False))
        one = _One(self, collector, edition, sender, filled, fieldmap, what, ends_s)
        return await one.answered()

    async def wants_sms(self, msisdn: str, until_s: float) -> bool | None:
        """`None` where it cannot be asked by then, in the loop's time."""
        try:
            async with asyncio.timeout_at(until_s):
                return await self._around.ledger.sms_on(msisdn)
        except (EngineError, TimeoutError):
            return None

    async def tells(self, msisdn: str) -> bool:
        """Whether a form that is refused is refused by SMS too. After STOP she is answered her own SMS and sent nothing
        else, and a form is none: its receipt is silenced as well. Where that cannot be asked she is told, since the
        trouble that keeps us from asking is what keeps the forms of all from being taken, and nobody else says so."""
        if not msisdn:
            return False
        return await self.wants_sms(msisdn, asyncio.get_running_loop().time() + ASKED_S) is not False

    def words(self, edition: Edition, service: str, screen: str, locale: str, shown: Shown | None = None) -> str:
        """The words of an end screen of a service, as a phone would show them."""
        session = Session(b"", edition.version, service, screen, locale, outcome=shown)
        return self._around.view.show(edition, session, Profile(), Seen()).text

    def _map(self, collector: Collector, edition: Edition) -> FieldMap:
        """The fields of a collector on the current menus."""
        version, found = self._maps.get(collector.name, (b"", None))
        if found is None or version != edition.version:
            found = FieldMap(edition, collector.name, collector.options)
            self._maps[collector.name] = edition.version, found
        return found

    async def _chosen(self, edition: Edition, service: str, msisdn: str) -> str:
        """The language that she chose before; empty where she chose none of the service's, or it cannot be asked."""
        if not msisdn:
            return ""
        try:
            async with asyncio.timeout(SURE_S):
                chosen = await self._around.ledger.language(msisdn)
        except (EngineError, TimeoutError):
            chosen = None
        return chosen if chosen in edition.languages[service] else ""


class _One:
    """One form while it is taken."""

    def __init__(
        self,
        collecting: Collecting,
        collector: Collector,
        edition: Edition,
        sender: Sender,
        filled: Filled,
        fieldmap: FieldMap,
        what: list[str],
        ends_s: float,
    ) -> None:
        self._collecting = collecting
        self._around = collecting._around
        self._inbox = collecting._inbox
        self._collector = collector
        self._edition = edition
        self._sender = sender
        self._filled = filled
        self._service = service = fieldmap.service
        self._fieldmap = fieldmap
        self._what = what
        self._attempts = collecting.attempts
        self._ends_s = ends_s
        self._place = f"{service}/{filled.form}" if filled.form else service

    async def answered(self) -> Answered:
        """What is said. What is known already is told whatever is wrong by now."""
        barred = self._barred()
        act = self._filled.act
        if barred is not None or isinstance(act, Wrong):
            known = await self._attempts.within(self._ends_s, self._known)
            if known:
                return await self._taken(known, again=True)
            if barred is not None:
                return await self._refused(Became.STOPPED, barred)
            assert isinstance(act, Wrong)
            return await self._wrong(act)
        done = await self._attempts.within(self._ends_s, lambda: self._act(act))
        if done is None:
            self._receipt_later(act)
            return await self._refused(Became.UNKEPT, self._busy())
        if done.committed.kind != "submit":
            return await self._refused(Became.LIMIT, self._full(done.committed))
        return await self._taken(done.committed, again=done.again)

    async def _known(self) -> Committed | None:
        sender = self._sender
        return await self._around.ledger.database.read(lambda conn: self._inbox.known(conn, self._what, sender.at_ms))

    async def _act(self, act: Submit) -> Done:
        """One transaction: the act, and what knows the form again."""
        ledger, span_ms = self._around.ledger, self._collector.options.window_s * 1000
        now_s = asyncio.get_running_loop().time

        def job(conn: Connection) -> Done:
            known = self._inbox.known(conn, self._what, act.at_ms)
            if known is not None:
                return Done(known, True)
            # Decided while others who bring this form wait: `_receipt_later` finds either the receipt or the form.
            committed = ledger.within(conn, act, receipt=now_s() > self._ends_s - SURE_S)
            if committed.kind == "submit":
                self._inbox.keep(conn, self._what, act.at_ms, span_ms)
            return Done(committed, False)

        done = await ledger.database.write(job)
        ledger.outbox.added.set()
        ledger.sms.added.set()
        return done

    def _receipt_later(self, act: Submit) -> None:
        """She was not told of what is stored, or is being stored: her receipt leaves like any other."""
        ledger = self._around.ledger

        def job(conn: Connection) -> None:
            known = self._inbox.known(conn, self._what, act.at_ms)
            if known is not None:
                ledger.notices.untold(conn, act, known)

        async def attempt() -> None:
            await ledger.database.write(job)
            ledger.sms.added.set()

        if ledger.notices.sends:
            self._attempts.later(attempt)

    # words

    async def _taken(self, committed: Committed, *, again: bool) -> Answered:
        """The receipt. Who is anonymous gets none, and who wants no SMS is sent none."""
        mode, msisdn = Mode(committed.mode), self._sender.msisdn
        words, wanted = await self._receipt(committed, mode), None
        if words and msisdn:
            in_time_s = min(self._ends_s, asyncio.get_running_loop().time() + SURE_S)
            wanted = await self._collecting.wants_sms(msisdn, in_time_s)
            if wanted is None and isinstance(self._filled.act, Submit):
                self._receipt_later(self._filled.act)
        response = self._collector.taken(words, by_sms=bool(wanted))
        return Answered(response, Became.REPEAT if again else Became.TAKEN, self._place)

    async def _receipt(self, committed: Committed, mode: Mode) -> str:
        said, sender, act = say(Happening.SENT_BY_USSD, mode), self._sender, self._filled.act
        template = truthful(said.template, self._around.core_lacks) if said else ""
        if said is None or not template:
            return ""
        due = committed.due.isoformat() if committed.due else ""
        values = {"ref": committed.reference, "institution": await self._institution(committed), "due": due}
        text = act.answers.get(MESSAGE) if isinstance(act, Submit) else None
        warning = filling.warning(self._edition, self._service, "form", text or "", sender.msisdn)
        if warning and SMS[template].warns:
            values[WARNING] = warning
        notice = Notice(
            key=sender.key,
            service=self._service,
            template=template,
            values={name: value for name, value in values.items() if value},
            locale=sender.locale,
            priority=said.priority,
            push=said.push,
            at_ms=sender.at_ms,
            msisdn=sender.msisdn,
        )
        return self._around.wording.of_notice(notice, sender.locale)

    async def _institution(self, committed: Committed) -> str:
        act = self._filled.act
        if isinstance(act, Submit):
            return act.institution
        try:
            case = await self._around.ledger.case(committed.reference)
        except EngineError:
            case = None
        return case.institution if case else ""

    async def _wrong(self, wrong: Wrong) -> Answered:
        """What is wrong, and where: the platform is told by its own name, the log by ours."""
        where, by_sms = self._fieldmap.called(wrong.answer), await self._collecting.tells(self._sender.msisdn)
        response = self._collector.refused(wrong.words, where, by_sms=by_sms)
        return Answered(response, Became.REFUSED, f"{self._place}/{wrong.answer}")

    async def _refused(self, became: Became, words: str) -> Answered:
        response = self._collector.refused(words, by_sms=await self._collecting.tells(self._sender.msisdn))
        return Answered(response, became, self._place)

    def _barred(self) -> str | None:
        """What is said at the door of a service, or of a channel, that lets her not in."""
        doors, service = self._around.doors, self._edition.services[self._service].service
        facts = {**doors.facts(int(self._sender.msisdn or 0)), **doors.dialled(self._collector.name, self._service)}
        barred = doorway.barred(service, facts)
        return self._words(*barred) if barred else None

    def _busy(self) -> str:
        return self._around.view.system_of(self._service, "busy", self._edition, self._sender.locale, {})

    def _full(self, committed: Committed) -> str:
        """The words of the menu for a caller whose day or hour is full."""
        service = self._edition.services[self._service].service
        action = next((one for one in service.actions.values() if one.do == "submit"), None)
        if action is None or committed.kind not in action.outcomes:
            return self._busy()
        screen = action.outcomes[committed.kind][-1].dest.name
        session = Session(b"", self._edition.version, self._service, screen, self._sender.locale)
        return self._words(screen, acts.result(self._edition, session, "submit", committed, self._sender.at_ms))

    def _words(self, screen: str, shown: Shown | None) -> str:
        return self._collecting.words(self._edition, self._service, screen, self._sender.locale, shown)
