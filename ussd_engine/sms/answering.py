"""What becomes of an SMS that came: it is heard, done and answered in one transaction, once.

Its arrival, its act and the rows of its answer are written together. So a copy is nothing new, what is acknowledged is
kept, and a process that ends in the midst leaves nothing half done. Where the database is away it is tried again, for
as long as this process runs and `TRIES_S` at most, whatever became of the provider's request.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from sqlalchemy import Connection

from ussd_engine import reference
from ussd_engine.editions import Editions
from ussd_engine.errors import EngineError
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Clock, Ledger
from ussd_engine.ledger.smsanswers import SmsAnswers
from ussd_engine.ledger.smsinbox import Arrival, Guards, SmsInbox
from ussd_engine.ledger.smsreports import Joined
from ussd_engine.menu.edition import Edition
from ussd_engine.sms.deeds import Deeds
from ussd_engine.sms.filling import Sender
from ussd_engine.sms.keywords import CHOICE, Heard
from ussd_engine.sms.matrix import Anyway
from ussd_engine.sms.message import Incoming, Notice, Report
from ussd_engine.sms.services import Services
from ussd_engine.sms.talk import Act
from ussd_engine.sms.wording import AskCore, Wording
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


class Answered(NamedTuple):
    """What became of an SMS. `kept`: it is stored, or known. `reply`: what travels in the answer to the provider."""

    kept: bool
    arrival: Arrival | None = None
    reply: str | None = None


class Surroundings(NamedTuple):
    """What answering an SMS asks of the engine. `prefixes`: by service, what stands before its keywords."""

    editions: Editions
    ledger: Ledger
    keyring: Keyring
    clock: Clock
    random: Callable[[int], bytes]
    guards: Guards
    prefixes: Mapping[str, str]
    core_can: frozenset[str]
    ask_core: AskCore
    turns_away: Callable[[Edition, str, str], str | None] = lambda *_: None
    """Until when a service takes nothing from a number: empty for no end, `None` where it does."""


class Answering:
    """Answers SMS. Holds nothing of any citizen but what is under way. `told` hears faults of our own."""

    def __init__(self, around: Surroundings, told: Callable[[Exception], None]) -> None:
        self._around = around
        self._told = told
        self._inbox = SmsInbox(around.keyring, around.guards, self._day)
        self._answers = SmsAnswers(around.ledger.notices.scribe)
        self.wording = Wording(around.editions, around.ask_core, around.prefixes)
        self._services = Services(around.prefixes)
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
            service = self._services.first(edition)
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
        written = await self._written(incoming, at_ms)
        ends = None if written is None else self._around.turns_away(written.edition, written.service, incoming.msisdn)
        if ends is not None:
            return await self._write(incoming, in_band, at_ms, written, partial(self._turned_away, ends), taken=False)
        if written is not None and (written.heard.action in READS or written.heard.alone):
            written = await self._with_words(written)
        return await self._write(incoming, in_band, at_ms, written, self._replies)

    async def _sorry(self, incoming: Incoming, in_band: bool, at_ms: int) -> Answered:
        """A fault of our own: she is asked to send it again."""
        written = await self._written(incoming, at_ms)
        return await self._write(incoming, in_band, at_ms, written, lambda *_: [anyway(Anyway.FAULT)], taken=False)

    async def _write(
        self,
        incoming: Incoming,
        in_band: bool,
        at_ms: int,
        written: Written | None,
        replies: Callable[[Connection, Written], list[Reply]],
        taken: bool = True,
    ) -> Answered:
        """What is not taken leaves nothing of which a phone that is new to us had to be told."""
        ledger = self._around.ledger

        def job(conn: Connection) -> Answered:
            asks = written is not None and written.heard.asks
            arrival = self._inbox.arrived(conn, incoming, at_ms, asks=asks)
            if written is None:
                return Answered(True, arrival)
            if arrival is Arrival.REPEAT:
                return Answered(True, arrival, self._again(conn, incoming, written) if in_band else None)
            if arrival is not Arrival.NEW:
                return Answered(True, arrival, self._say(conn, written, self._beyond(conn, written, arrival), in_band))
            first = taken and self._inbox.first_use(conn, incoming.msisdn, at_ms)
            return Answered(True, arrival, self._say(conn, written, replies(conn, written), in_band, first=first))

        answered = await ledger.database.write(job)
        ledger.sms.added.set()
        ledger.outbox.added.set()
        return answered

    def _replies(self, conn: Connection, written: Written) -> list[Reply]:
        deeds, sender = Deeds(conn, self._around.ledger, written), written.sender
        decision = deeds.decided()
        if isinstance(decision, Act) and decision.name == "status":
            asked = decision.reference or decision.heard.core_reference
            if asked and not self._inbox.may_ask(conn, sender.msisdn, asked, sender.at_ms):
                return []
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
    ) -> str | None:
        """Queue what may be said; what travels in the answer is given back instead."""
        sender = written.sender
        may = [reply for reply in replies if self._may_say(conn, sender, reply)]
        if first and may:
            may.append(anyway(Anyway.FIRST_USE)._replace(locale=written.heard.locale))
        notices = [self._notice(written, reply, number) for number, reply in enumerate(may)]
        text = ""
        if in_band and notices:
            said = msgspec.structs.replace(notices[0], locale=notices[0].locale or sender.locale)
            text = self.wording.of_notice(said, said.locale)
            if text:
                self._answers.keep(conn, said, sender.channel)
        self._around.ledger.sms.put(conn, notices[1:] if text else notices, sender.channel)
        return text or None

    def _again(self, conn: Connection, incoming: Incoming, written: Written) -> str | None:
        """What was said to the SMS of which this is a copy: the answer that held it may have been lost."""
        sender = written.sender
        said = self._answers.said(conn, sender.reply_key(0), sender.channel)
        if said is None or not self._inbox.may_repeat(conn, incoming, sender.at_ms):
            return None
        return self.wording.of_notice(said, said.locale) or None

    def _may_say(self, conn: Connection, sender: Sender, reply: Reply) -> bool:
        said = "\0".join(reply.values[name] for name in sorted(reply.values))
        return self._inbox.may_reply(conn, sender.msisdn, reply.say.template, said, sender.at_ms)

    @staticmethod
    def _notice(written: Written, reply: Reply, number: int) -> Notice:
        sender = written.sender
        return Notice(
            key=sender.reply_key(number),
            service=written.service,
            template=reply.say.template,
            values=reply.values,
            locale=reply.locale,
            priority=reply.say.priority,
            push=reply.say.push,
            at_ms=sender.at_ms,
            msisdn=sender.msisdn,
            link=sender.link,
        )

    # what is known before

    async def _written(self, incoming: Incoming, at_ms: int) -> Written | None:
        """The SMS with what must be known of it; `None` where nobody can be answered, or no service takes SMS."""
        edition = self._around.editions.current
        service = await self._service(edition, incoming, at_ms)
        if not service or not incoming.msisdn:
            return None
        chosen = await self._around.ledger.language(incoming.msisdn) or ""
        spoken = edition.services[service].service.language
        ear = self._services.ear(edition, service)
        heard = ear.hear(incoming.text, chosen or spoken)
        return Written(
            edition=edition,
            service=service,
            ear=ear,
            sender=self._sender(incoming, heard, chosen or heard.locale or spoken, at_ms),
            heard=heard,
            today=self._day(at_ms),
            core_can=self._around.core_can,
            chosen=chosen,
        )

    def _sender(self, incoming: Incoming, heard: Heard, locale: str, at_ms: int) -> Sender:
        # Without an id two equal SMS that are no copies are two acts.
        what = [incoming.channel, incoming.id] if incoming.id else [incoming.channel, incoming.msisdn, str(at_ms)]
        whole = "\0".join([*what, "" if incoming.id else incoming.text])
        return Sender(
            msisdn=incoming.msisdn,
            channel=incoming.channel,
            locale=locale,
            key=self._around.keyring.tag("vault_tag", "sms act", whole.encode("utf-8", "surrogatepass")),
            at_ms=at_ms,
            reference=reference.draw(),
            case=self._around.random(16),
            link=incoming.link,
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

    async def _service(self, edition: Edition, incoming: Incoming, at_ms: int) -> str:
        """The service that an SMS is for: by its prefix; an answer or a bare number by what is open with the phone and
        what it sent; else the first."""
        services, ledger, msisdn = self._services, self._around.ledger, incoming.msisdn
        named, first, taking = services.named(edition, incoming.text), services.first(edition), services.taking(edition)
        if named or not msisdn or len(taking) < 2:
            return named or first
        heard = services.ear(edition, first).hear(incoming.text, edition.services[first].service.language)
        if heard.asks:
            return first

        def look(conn: Connection) -> str:
            cases = (case for case in ledger.own_within(conn, msisdn, at_ms) if case.reference == heard.reference)
            talks = () if heard.reference else ledger.notices.talks.of(conn, msisdn, at_ms)
            return next((one.service for one in (*cases, *talks) if one.service in taking), first)

        return await ledger.database.read(look)

    def _day(self, at_ms: int) -> date:
        return self._around.editions.current.country.today(at_ms)
