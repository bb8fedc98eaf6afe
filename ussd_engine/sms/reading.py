"""What is known of an SMS before its transaction begins: the service that it is for, its language, what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection

from ussd_engine import reference
from ussd_engine.editions import Editions
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Clock, Ledger
from ussd_engine.ledger.smsinbox import Guards
from ussd_engine.menu.edition import Edition
from ussd_engine.sms.filling import Sender
from ussd_engine.sms.keywords import Heard
from ussd_engine.sms.message import Incoming
from ussd_engine.sms.services import Services
from ussd_engine.sms.wording import AskCore
from ussd_engine.sms.written import Written


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


class Reader:
    """Reads SMS. Holds nothing of any citizen."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self.services = Services(around.prefixes)

    async def read(self, incoming: Incoming, at_ms: int) -> Written | None:
        """The SMS with what must be known of it; `None` where nobody can be answered, or no service takes SMS."""
        edition = self._around.editions.current
        service = await self._service(edition, incoming, at_ms)
        if not service or not incoming.msisdn:
            return None
        chosen = await self._around.ledger.language(incoming.msisdn) or ""
        spoken = chosen or await self._spoken(edition, service, incoming, at_ms)
        ear = self.services.ear(edition, service)
        heard = ear.hear(incoming.text, spoken)
        return Written(
            edition=edition,
            service=service,
            ear=ear,
            sender=self._sender(incoming, heard, chosen or heard.locale or spoken, at_ms),
            heard=heard,
            today=self.day(at_ms),
            core_can=self._around.core_can,
            chosen=chosen,
        )

    async def _spoken(self, edition: Edition, service: str, incoming: Incoming, at_ms: int) -> str:
        """What she speaks who has chosen no language: that of her last keyword, else that of her words, else ours."""
        talks = self._around.ledger.notices.talks
        before = await self._around.ledger.database.read(lambda conn: talks.spoken(conn, incoming.msisdn, at_ms))
        known = before if before in edition.languages[service] else ""
        tongues = self.services.tongues(edition, service)
        return known or tongues.of(incoming.text) or edition.services[service].service.language

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

    async def _service(self, edition: Edition, incoming: Incoming, at_ms: int) -> str:
        """The service that an SMS is for: by its prefix; an answer or a bare number by what is open with the phone and
        what it sent; else the first."""
        services, ledger, msisdn = self.services, self._around.ledger, incoming.msisdn
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

    def day(self, at_ms: int) -> date:
        """The country's day of a time."""
        return self._around.editions.current.country.today(at_ms)
