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
from hashlib import blake2b
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Connection

from ussd_engine import reference
from ussd_engine.editions import Editions
from ussd_engine.errors import EngineError
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Clock, Ledger
from ussd_engine.ledger.smsinbox import Arrival, Guards, SmsInbox
from ussd_engine.ledger.smsreports import Joined
from ussd_engine.menu.edition import Edition
from ussd_engine.sms.deeds import Deeds
from ussd_engine.sms.filling import Sender
from ussd_engine.sms.keywords import CHOICE, Ear, Heard
from ussd_engine.sms.matrix import Anyway
from ussd_engine.sms.message import Incoming, Notice, Report
from ussd_engine.sms.talk import Act
from ussd_engine.sms.wording import AskCore, Wording
from ussd_engine.sms.written import Reply, Written, anyway
from ussd_engine.words import split

T = TypeVar("T")
WAIT_S: Final = 4.0
"""How long a provider waits for its answer."""
TRIES_S: Final = 600.0
FIRST_S: Final = 0.2
LONGEST_S: Final = 15.0
CORE_S: Final = 2.0
MOST: Final = 1_000
"""SMS and reports that wait for the database at once; what comes on top is tried once."""
READS: Final = frozenset({"read", CHOICE})
"""What may ask for the words of a core."""


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


class Answering:
    """Answers SMS. Holds nothing of any citizen but what is under way. `told` hears faults of our own."""

    def __init__(self, around: Surroundings, told: Callable[[Exception], None]) -> None:
        self._around = around
        self._told = told
        self._inbox = SmsInbox(around.keyring, around.guards, self._day)
        self._wording = Wording(around.editions, around.ask_core)
        self._ears: dict[tuple[bytes, str], Ear] = {}
        self._under_way: set[asyncio.Task[Any]] = set()

    async def take(self, incoming: Incoming, *, in_band: bool) -> Answered:
        """Take an SMS, within `WAIT_S`; what is not kept by then is tried on. Never raises."""
        at_ms = self._around.clock()

        async def attempt() -> Answered:
            try:
                return await self._once(incoming, in_band, at_ms)
            except EngineError:
                raise
            except Exception as error:
                self._told(error)
                return await self._sorry(incoming, in_band, at_ms)

        return await self._insisted(attempt) or Answered(False)

    async def reported(self, reports: Sequence[Report]) -> list[Joined] | None:
        """Take what a gateway tells, likewise; `None` where it is not kept by then."""
        around = self._around
        return await self._insisted(lambda: around.ledger.sms_reports.take(reports, around.clock()))

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
        if written is not None and (written.heard.action in READS or written.heard.alone):
            written = await self._with_words(written)
        return await self._write(incoming, in_band, at_ms, written, self._replies)

    async def _sorry(self, incoming: Incoming, in_band: bool, at_ms: int) -> Answered:
        """A fault of our own: she is asked to send it again."""
        written = await self._written(incoming, at_ms)
        return await self._write(incoming, in_band, at_ms, written, lambda *_: [anyway(Anyway.FAULT)])

    async def _write(
        self,
        incoming: Incoming,
        in_band: bool,
        at_ms: int,
        written: Written | None,
        replies: Callable[[Connection, Written], list[Reply]],
    ) -> Answered:
        ledger = self._around.ledger

        def job(conn: Connection) -> Answered:
            arrival = self._inbox.arrived(conn, incoming, at_ms)
            if arrival is Arrival.REPEAT or written is None:
                return Answered(True, arrival)
            if arrival is not Arrival.NEW:
                return Answered(True, arrival, self._say(conn, written, self._beyond(conn, written, arrival), in_band))
            first = self._inbox.first_use(conn, incoming.msisdn, at_ms)
            said = replies(conn, written)
            return Answered(True, arrival, self._say(conn, written, said, in_band, first=first))

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
        heard = written.heard
        if heard.action == "stop" and heard.sure and not heard.numbered:
            Deeds(conn, self._around.ledger, written).stopped()
        return [anyway(Anyway.LIMIT)] if arrival is Arrival.LIMIT else []

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
            text = self._wording.of_notice(notices[0], notices[0].locale or sender.locale)
        self._around.ledger.sms.put(conn, notices[1:] if text else notices, sender.channel)
        return text or None

    def _may_say(self, conn: Connection, sender: Sender, reply: Reply) -> bool:
        said = "\0".join(reply.values[name] for name in sorted(reply.values))
        return self._inbox.may_reply(conn, sender.msisdn, reply.say.template, said, sender.at_ms)

    @staticmethod
    def _notice(written: Written, reply: Reply, number: int) -> Notice:
        sender = written.sender
        return Notice(
            key=blake2b(sender.key + number.to_bytes(2, "big"), digest_size=16, person=b"sms reply").digest(),
            service=written.service,
            template=reply.say.template,
            values=reply.values,
            locale=reply.locale,
            priority=reply.say.priority,
            push=reply.say.push,
            at_ms=sender.at_ms,
            msisdn=sender.msisdn,
        )

    # what is known before

    async def _written(self, incoming: Incoming, at_ms: int) -> Written | None:
        """The SMS with what must be known of it; `None` where nobody can be answered, or no service takes SMS."""
        edition = self._around.editions.current
        service = self._service(edition, incoming.text)
        if not service or not incoming.msisdn:
            return None
        chosen = await self._around.ledger.language(incoming.msisdn) or ""
        spoken = edition.services[service].service.language
        ear = self._ear(edition, service)
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

    def _service(self, edition: Edition, text: str) -> str:
        """The service that an SMS is for: by its prefix, else the first that needs none; empty where there is none."""
        first = next(iter(split(text)), "")
        taking = [name for name, menu in edition.services.items() if menu.service.keywords is not None]
        prefixes = {name: "".join(split(self._around.prefixes.get(name, ""))) for name in taking}
        named = [name for name in taking if prefixes[name] and prefixes[name] == first]
        free = [name for name in taking if not prefixes[name]]
        return next(iter([*named, *free, *taking]), "")

    def _ear(self, edition: Edition, service: str) -> Ear:
        ear = self._ears.get((edition.version, service))
        if ear is None:
            keywords = edition.services[service].service.keywords
            assert keywords is not None
            ear = Ear(keywords, edition.data.get(service), self._around.prefixes.get(service, ""))
            self._ears = {key: one for key, one in self._ears.items() if key[0] == edition.version}
            self._ears[edition.version, service] = ear
        return ear

    def _day(self, at_ms: int) -> date:
        return self._around.editions.current.country.today(at_ms)
