"""What becomes of an SMS that came: it is heard, done and answered in one transaction, once.

Its arrival, its act and the rows of its answer are written together. So a copy is nothing new, what is acknowledged is
kept, and a process that ends in the midst leaves nothing half done. Where the database is away it is tried again, for
as long as this process runs and `TRIES_S` at most, whatever became of the provider's request.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Connection

from ussd_engine.errors import EngineError
from ussd_engine.ledger.smsanswers import SmsAnswers
from ussd_engine.ledger.smsinbox import Arrival, SmsInbox, Unsaid
from ussd_engine.ledger.smsreports import Joined
from ussd_engine.sms.deeds import Deeds
from ussd_engine.sms.filling import Sender
from ussd_engine.sms.keywords import CHOICE
from ussd_engine.sms.matrix import Anyway
from ussd_engine.sms.message import Incoming, Notice, Report
from ussd_engine.sms.reading import Reader, Surroundings
from ussd_engine.sms.talk import Act
from ussd_engine.sms.wording import Wording
from ussd_engine.sms.written import Reply, Written, anyway, turned_away
from ussd_engine.tracking import SetSms

T = TypeVar("T")
WAIT_S: Final = 4.0
"""How long a provider waits for its answer."""
TRIES_S: Final = 600.0
FIRST_S: Final = 0.2
LONGEST_S: Final = 15.0
CORE_S: Final = 2.0
MOST: Final = 1_000
"""SMS and reports that wait for the database at once; what comes on top is tried once."""
READS: Final = frozenset({"read", "add", CHOICE})
"""What may ask for the words of a core: `JIBU` with what may be the core's own reference is heard as words to add."""
SAID: Final = {Arrival.LIMIT: Anyway.LIMIT, Arrival.AUTOMATIC: Anyway.UNKNOWN}
"""What is said of an SMS that is not read."""

UNREAD: Final = {one: Unsaid(one.value) for one in (Arrival.REPEAT, Arrival.MACHINE, Arrival.ABROAD, Arrival.OVER)}
"""What is never replied to."""


class Answered(NamedTuple):
    """What became of an SMS. `kept`: it is stored, or known. `reply`: what travels in the answer to the provider.
    `unsaid`: the rule by which nothing is replied at all."""

    kept: bool
    arrival: Arrival | None = None
    reply: str | None = None
    unsaid: Unsaid | None = None


class Answering:
    """Answers SMS. Holds nothing of any citizen but what is under way. `told` hears faults of our own."""

    def __init__(self, around: Surroundings, told: Callable[[Exception], None]) -> None:
        self._around = around
        self._told = told
        self._reader = Reader(around)
        self._inbox = SmsInbox(around.keyring, around.guards, self._reader.day)
        self._answers = SmsAnswers(around.ledger.notices.scribe)
        self.wording = Wording(around.editions, around.ask_core, around.prefixes)
        self._under_way: set[asyncio.Task[Any]] = set()

    async def take(self, incoming: Incoming, *, in_band: bool) -> Answered:
        """Take an SMS, within `WAIT_S`; what is not kept by then is tried on. Never raises."""
        at_ms, now_s = self._around.clock(), asyncio.get_running_loop().time
        ends_s = now_s() + WAIT_S

        async def attempt() -> Answered:
            # A reply to a provider that waits no longer leaves like any other.
            with_answer = in_band and now_s() < ends_s
            try:
                return await self._once(incoming, with_answer, at_ms)
            except EngineError:
                raise
            except Exception as error:
                self._told(error)
                return await self._sorry(incoming, with_answer, at_ms)

        return await self._insisted(attempt) or Answered(False)

    async def reported(self, reports: Sequence[Report]) -> list[Joined] | None:
        """Take what a gateway tells, likewise; `None` where it is not kept by then."""
        around = self._around
        return await self._insisted(lambda: around.ledger.sms_reports.take(reports, around.clock()))

    async def stopped(self, channel: str, msisdn: str) -> bool:
        """Her provider sends this number nothing any more, for she told it so: as if she had sent STOP to us, but that
        nothing is said. Likewise; false where it is not kept by then."""
        at_ms = self._around.clock()
        what = f"{channel}\0{msisdn}\0{at_ms}".encode()
        key = self._around.keyring.tag("vault_tag", "sms stop", what)

        async def attempt() -> bool:
            ledger, edition = self._around.ledger, self._around.editions.current
            service = self._reader.services.first(edition)
            spoken = edition.services[service].service.language if service else ""
            locale = await ledger.language(msisdn) or spoken
            act = SetSms(key=key, msisdn=msisdn, on=False, locale=locale, at_ms=at_ms)
            await ledger.database.write(lambda conn: ledger.within(conn, act))
            return True

        return await self._insisted(attempt) or False

    async def drain(self) -> None:
        """Wait a moment for what is under way; the rest is let go."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=WAIT_S)
        for task in self._under_way:
            task.cancel()

    async def _insisted(self, attempt: Callable[[], Awaitable[T]]) -> T | None:
        task = asyncio.create_task(self._insist(attempt))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        try:
            async with asyncio.timeout(WAIT_S):
                return await asyncio.shield(task)
        except TimeoutError:
            return None

    async def _insist(self, attempt: Callable[[], Awaitable[T]]) -> T | None:
        """What an attempt gives, once the database lets it; `None` where it is given up."""
        loop, rest_s = asyncio.get_running_loop(), FIRST_S
        ends = loop.time() + TRIES_S
        while True:
            try:
                return await attempt()
            except Exception as error:
                over = loop.time() + rest_s >= ends or len(self._under_way) > MOST
                if over or not isinstance(error, EngineError):
                    self._told(error)
                    return None
            await asyncio.sleep(rest_s)
            rest_s = min(LONGEST_S, rest_s * 2)

    # one SMS

    async def _once(self, incoming: Incoming, in_band: bool, at_ms: int) -> Answered:
        written = await self._reader.read(incoming, at_ms)
        ends = None if written is None else self._around.turns_away(written.edition, written.service, incoming.msisdn)
        if ends is not None:
            return await self._write(incoming, in_band, at_ms, written, partial(self._turned_away, ends), taken=False)
        if written is not None and (written.heard.action in READS or written.heard.alone):
            written = await self._with_words(written)
        return await self._write(incoming, in_band, at_ms, written, self._replies)

    async def _sorry(self, incoming: Incoming, in_band: bool, at_ms: int) -> Answered:
        """A fault of our own: she is asked to send it again."""
        written = await self._reader.read(incoming, at_ms)
        return await self._write(incoming, in_band, at_ms, written, lambda *_: [anyway(Anyway.FAULT)], taken=False)

    async def _write(
        self,
        incoming: Incoming,
        in_band: bool,
        at_ms: int,
        written: Written | None,
        replies: Callable[[Connection, Written], list[Reply] | Unsaid],
        taken: bool = True,
    ) -> Answered:
        """What is not taken leaves nothing of which a phone that is new to us had to be told."""
        ledger = self._around.ledger

        def job(conn: Connection) -> Answered:
            asks = written is not None and written.heard.asks
            arrival = self._inbox.arrived(conn, incoming, at_ms, asks=asks)
            unsaid = UNREAD.get(arrival)
            if written is None:
                return Answered(True, arrival, None, unsaid)
            if arrival is Arrival.REPEAT:
                again = self._again(conn, incoming, written) if in_band else None
                return Answered(True, arrival, again, None if again else unsaid)
            if arrival is not Arrival.NEW:
                reply, why = self._say(conn, written, self._beyond(conn, written, arrival), in_band)
                return Answered(True, arrival, reply, unsaid or why)
            if asks and not written.chosen:
                ledger.notices.talks.speaks(conn, written.sender.msisdn, written.service, written.heard.locale, at_ms)
            first = taken and self._inbox.first_use(conn, incoming.msisdn, at_ms)
            said = replies(conn, written)
            if isinstance(said, Unsaid):
                return Answered(True, arrival, None, said)
            return Answered(True, arrival, *self._say(conn, written, said, in_band, first=first))

        answered = await ledger.database.write(job)
        ledger.sms.added.set()
        ledger.outbox.added.set()
        return answered

    def _replies(self, conn: Connection, written: Written) -> list[Reply] | Unsaid:
        deeds, sender = Deeds(conn, self._around.ledger, written), written.sender
        decision = deeds.decided()
        if isinstance(decision, Act) and decision.name == "status":
            asked = decision.reference or decision.heard.core_reference
            if asked and not self._inbox.may_ask(conn, sender.msisdn, asked, sender.at_ms):
                return Unsaid.STATUS
        return deeds.done(decision)

    def _beyond(self, conn: Connection, written: Written, arrival: Arrival) -> list[Reply]:
        """What is not read any more: a stop word takes effect all the same."""
        if written.heard.stops:
            Deeds(conn, self._around.ledger, written).stopped()
        return [anyway(said) for said in filter(None, [SAID.get(arrival)])]

    def _turned_away(self, ends: str, conn: Connection, written: Written) -> list[Reply]:
        """She is asked to send it again, but for a stop word."""
        return [Deeds(conn, self._around.ledger, written).stopped() if written.heard.stops else turned_away(ends)]

    def _say(
        self, conn: Connection, written: Written, replies: list[Reply], in_band: bool, *, first: bool = False
    ) -> tuple[str | None, Unsaid | None]:
        """Queue what may be said; what travels in the answer is given back instead, and why nothing may be said."""
        sender = written.sender
        why = [self._unsaid(conn, sender, reply) for reply in replies]
        may = [reply for reply, held in zip(replies, why, strict=True) if held is None]
        if first and may:
            may.append(anyway(Anyway.FIRST_USE)._replace(locale=may[0].locale))
        notices = [self._notice(written, reply, number) for number, reply in enumerate(may)]
        text = ""
        if in_band and notices:
            text = self.wording.of_notice(notices[0], notices[0].locale)
            if text:
                self._answers.keep(conn, notices[0], sender.channel)
        self._around.ledger.sms.put(conn, notices[1:] if text else notices, sender.channel)
        return text or None, None if may else next(iter(why), None)

    def _again(self, conn: Connection, incoming: Incoming, written: Written) -> str | None:
        """What was said to the SMS of which this is a copy: the answer that held it may have been lost."""
        sender = written.sender
        said = self._answers.said(conn, sender.reply_key(0), sender.channel)
        if said is None or not self._inbox.may_repeat(conn, incoming, sender.at_ms):
            return None
        return self.wording.of_notice(said, said.locale) or None

    def _unsaid(self, conn: Connection, sender: Sender, reply: Reply) -> Unsaid | None:
        said = "\0".join(reply.values[name] for name in sorted(reply.values))
        return self._inbox.unsaid(conn, sender.msisdn, reply.say.template, said, sender.at_ms)

    @staticmethod
    def _notice(written: Written, reply: Reply, number: int) -> Notice:
        sender = written.sender
        return Notice(
            key=sender.reply_key(number),
            service=written.service,
            template=reply.say.template,
            values=reply.values,
            locale=reply.locale or written.heard.locale or sender.locale,
            priority=reply.say.priority,
            push=reply.say.push,
            at_ms=sender.at_ms,
            msisdn=sender.msisdn,
            link=sender.link,
        )

    async def _with_words(self, written: Written) -> Written:
        """What the institution said, where that is what she asks for."""
        around = self._around

        def look(conn: Connection) -> str:
            deeds = Deeds(conn, around.ledger, written)
            return deeds.wanted(deeds.decided())

        wanted = await around.ledger.database.read(look)
        if not wanted:
            return written
        try:
            async with asyncio.timeout(CORE_S):
                view = await around.ask_core(wanted)
        except Exception as error:
            self._told(error)
            view = None
        return dataclasses.replace(written, view=view)
