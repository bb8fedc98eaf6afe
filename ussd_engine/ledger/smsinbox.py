"""What arrives by SMS: once each, within bounds, and never answered into a loop.

Counters stand where others do: those of a day in `limits`, those of hours in `tries`, under tags of the day's key.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select

from ussd_engine.keys import Keyring
from ussd_engine.ledger.database import hold, inserting
from ussd_engine.ledger.smstables import sms_in
from ussd_engine.ledger.tables import contacts, languages, limits, tries
from ussd_engine.ledger.terms import DAY_MS, HOUR_MS
from ussd_engine.sms.message import Incoming, Way

MINUTE_MS: Final = HOUR_MS // 60
ID_MS: Final = 30 * DAY_MS
"""A provider may bring what it gave an id to again for so long."""
CONTENT_MS: Final = 2_000
"""Without an id, what is equal within this is a copy."""
SECOND_MS: Final = 1_000
"""As exactly providers say when an SMS was written."""
KNOWN_MS: Final = 365 * DAY_MS
"""For so long a phone that was told what its number is kept for is not told again."""
SAME_REPLY: Final = ((2, HOUR_MS),)
REPLIES: Final = {"unknown": ((1, HOUR_MS),)}
"""How often a number gets a reply of this template, whatever it says: so many in such a time."""
STATUS: Final = ((1, 10 * MINUTE_MS), (5, DAY_MS))
"""How often a number is told where one case stands."""
MACHINE: Final = ((1, DAY_MS),)
AGAIN: Final = ((5, DAY_MS),)
"""How often the copies of one SMS are given its reply again."""
BLOCK: Final = 4
"""Numbers that differ in so many last digits are one block: who pumps SMS rents them in a row."""

# At the start of a sentence: further on a person tells of a machine, or of somebody who said so.
_MACHINES = re.compile(
    r"(?:^|[.!?\n])\W*(?:sorry\W+|samahani\W+|i can['\u2019]?t talk (?:right )?now\W+)*(?:"
    r"(?:this is an? )?auto(?:matic(?:ally)?|mated)?[ -]*(?:repl|respon|generat|messag)"
    r"|out of (?:the )?office|(?:this is an )?unattended|(?:please )?do[ -]*not[ -]*repl|no-?reply"
    r"|i(?:['\u2019]| a)?m (?:driving|in a meeting|away|on leave)"
    r"|(?:i['\u2019]?ll|i will|will|can i) (?:call|text|get back to) you (?:later|back|soon)"
    r"|(?:message |sms )?(?:delivery (?:failed|status)|undeliver)|you have [0-9]+ (?:new )?missed call"
    r"|jibu la moja kwa moja|(?:tafadhali )?usijibu (?:ujumbe|sms)"
    r"|n(?:in)?aendesha gari\W*(?:$|sasa|kwa sasa|nita)|nipo (?:kwenye|katika) (?:kikao|mkutano)"
    r"|nitakupigia (?:baadaye|baadae))",
    re.IGNORECASE,
)

Bounds = tuple[tuple[int, int], ...]
"""So many in so many milliseconds, all of them at once."""


class Guards(msgspec.Struct, frozen=True, kw_only=True):
    """Ceilings of a day, and whose SMS are read."""

    calling_code: str
    """The country's."""
    number: int = 30
    block: int = 1_000
    route: int = 100_000
    abroad: tuple[str, ...] = ()
    """Calling codes of other countries whose numbers are read too."""

    def reads(self, msisdn: str) -> bool:
        """Whether what a number writes is read."""
        return msisdn.startswith((self.calling_code, *self.abroad))


class Arrival(StrEnum):
    """What becomes of an SMS. A stop word takes effect whatever this is, but for a copy."""

    NEW = "new"
    REPEAT = "repeat"
    """A copy of what is known: nothing is done."""
    PART = "part"
    """Of a long SMS that is not whole yet: it waits for the others."""
    AUTOMATIC = "automatic"
    """A machine's answer, the first of the day: it is told that it was not understood, and nothing else is done."""
    MACHINE = "machine"
    """Another one: nothing is done."""
    ABROAD = "abroad"
    """Of another country, or of no number: nothing is done."""
    LIMIT = "limit"
    """The first above the number's day: she is told so."""
    OVER = "over"
    """Above the day of the number, its block or the route, and told: nothing is done."""


class Unsaid(StrEnum):
    """By which rule an SMS that came gets no reply."""

    REPEAT = "repeat"
    """It is a copy."""
    MACHINE = "machine"
    """A machine's answer is answered once a day."""
    ABROAD = "abroad"
    OVER = "over"
    """More than the SMS of a day."""
    OFTEN = "often"
    """A reply of this kind goes so often at most, whatever it says: that something was not understood, once an hour."""
    SAME = "same"
    """The same reply, word for word, goes twice an hour at most."""
    STATUS = "status"
    """Where one case stands is told so often at most."""


class SmsInbox:
    """Guards the way in, inside the transaction of what an SMS causes. `day_of` is the country's day of a time."""

    def __init__(self, keyring: Keyring, guards: Guards, day_of: Callable[[int], date]) -> None:
        self._keyring = keyring
        self._guards = guards
        self._day_of = day_of

    def arrived(self, conn: Connection, incoming: Incoming, now_ms: int, *, asks: bool = False) -> Arrival:
        """Count an SMS that came now, and say what becomes of it. `asks`: a keyword stands in front of it."""
        if not self._new(conn, incoming, now_ms):
            return Arrival.REPEAT
        msisdn, guards = incoming.msisdn, self._guards
        if not guards.reads(msisdn):
            return Arrival.ABROAD
        counted = self._count(conn, f"number {msisdn}", now_ms)
        if counted > guards.number:
            return Arrival.LIMIT if counted == guards.number + 1 else Arrival.OVER
        block = self._count(conn, f"block {msisdn[:-BLOCK]}", now_ms)
        if block > guards.block or self._count(conn, f"route {incoming.channel}", now_ms) > guards.route:
            return Arrival.OVER
        if looks_automatic(incoming.text, asks):
            first = self._within(conn, f"machine {msisdn}", MACHINE, now_ms)
            return Arrival.AUTOMATIC if first else Arrival.MACHINE
        return Arrival.NEW

    def unsaid(self, conn: Connection, msisdn: str, template: str, said: str, now_ms: int) -> Unsaid | None:
        """Why a number is not sent this reply now; `None` where it is, which counts then. `said`: its values, or its
        text."""
        if not self._within(conn, f"reply {msisdn} {template}", REPLIES.get(template, ()), now_ms):
            return Unsaid.OFTEN
        within = self._within(conn, f"said {msisdn} {template} {said}", SAME_REPLY, now_ms)
        return None if within else Unsaid.SAME

    def may_ask(self, conn: Connection, msisdn: str, reference: str, now_ms: int) -> bool:
        """Whether a number is told now where a case stands, which counts then."""
        return self._within(conn, f"status {msisdn} {reference}", STATUS, now_ms)

    def may_repeat(self, conn: Connection, incoming: Incoming, now_ms: int) -> bool:
        """Whether a copy of an SMS is given its reply now, which counts then: so a provider that never has enough of
        copies does not pour replies over her."""
        return self._within(conn, f"again {incoming.channel} {incoming.id}", AGAIN, now_ms)

    def first_use(self, conn: Connection, msisdn: str, now_ms: int) -> bool:
        """Whether a phone is new to us, and is told now what its number is kept for; true once."""
        contact = self._keyring.tags("vault_tag", "contact", msisdn.encode())
        language = self._keyring.tags("vault_tag", "language", msisdn.encode())
        known = select(exists().where(contacts.c.tag.in_(contact)) | exists().where(languages.c.tag.in_(language)))
        return not conn.scalar(known) and self._once(conn, _told(self._keyring, msisdn), now_ms, KNOWN_MS)

    def _new(self, conn: Connection, incoming: Incoming, now_ms: int) -> bool:
        if incoming.id:
            what, span_ms = f"id\0{incoming.channel}\0{incoming.id}", ID_MS
        else:
            what = f"text\0{incoming.channel}\0{incoming.msisdn}\0{incoming.to}\0{incoming.text}"
            span_ms = CONTENT_MS
        new = self._once(conn, self._tags(what), now_ms, span_ms)
        return new and (incoming.came is None or self._new_that_way(conn, incoming, now_ms))

    def _new_that_way(self, conn: Connection, incoming: Incoming, now_ms: int) -> bool:
        """Whether it did not come the other way before: there it may have had another id."""
        if incoming.at_ms is None:
            return True
        text = " ".join(incoming.text.split())
        what = f"{incoming.channel}\0{incoming.msisdn}\0{incoming.at_ms // SECOND_MS}\0{text}"
        tags = {way: self._tags(f"{way}\0{what}") for way in Way}
        hold(conn, tags[Way.CALLED][:1])
        other = tags[Way.FETCHED if incoming.came is Way.CALLED else Way.CALLED]
        if self._stands(conn, other, now_ms):
            return False
        self._once(conn, tags[incoming.came or Way.CALLED], now_ms, ID_MS)
        return True

    def _tags(self, what: str) -> list[bytes]:
        return self._keyring.tags("vault_tag", "sms in", what.encode("utf-8", "surrogatepass"))

    def _stands(self, conn: Connection, tags: list[bytes], now_ms: int) -> bool:
        stands = select(sms_in.c.tag).where(sms_in.c.tag.in_(tags), sms_in.c.until_ms > now_ms)
        return bool(tags) and conn.scalar(stands.limit(1)) is not None

    def _once(self, conn: Connection, tags: list[bytes], now_ms: int, span_ms: int) -> bool:
        """Whether nothing stands under these tags now; for the span something does afterwards."""
        if self._stands(conn, tags[1:], now_ms):  # under older keys
            return False
        row = {"tag": tags[0], "until_ms": now_ms + span_ms, "now": now_ms}
        return conn.execute(_arriving(conn.dialect.name), row).one_or_none() is not None

    def _count(self, conn: Connection, what: str, now_ms: int) -> int:
        """How many there are of the day, with this one."""
        day = self._day_of(now_ms)
        row = {"tag": self._keyring.limit_tag(f"sms {what}", day), "what": "sms", "day": day, "count": 1}
        return int(conn.execute(_counting(conn.dialect.name), row).scalar_one())

    def _within(self, conn: Connection, counted: str, bounds: Bounds, now_ms: int) -> bool:
        """Whether one more is within all bounds; it counts only then."""
        if not bounds:
            return True
        day = self._day_of(now_ms)
        tags = [self._keyring.limit_tag(f"sms {counted}", one) for one in (day, day - timedelta(days=1))]
        # Who asks the same at the same moment waits: else each would count without the other.
        hold(conn, tags[:1])
        for most, span_ms in bounds:
            if (conn.scalar(_COUNT, {"tags": tags, "since": now_ms - span_ms}) or 0) >= most:
                return False
        conn.execute(insert(tries).values(tag=tags[0], what="sms", at_ms=now_ms, once=tags[0]))
        return True


_COUNT = (
    select(func.count())
    .select_from(tries)
    .where(
        tries.c.tag.in_(bindparam("tags", expanding=True)), tries.c.what == "sms", tries.c.at_ms > bindparam("since")
    )
)


def forget(conn: Connection, keyring: Keyring, msisdn: str) -> None:
    """It is not known any longer that a phone ever wrote."""
    conn.execute(delete(sms_in).where(sms_in.c.tag.in_(_told(keyring, msisdn))))


def _told(keyring: Keyring, msisdn: str) -> list[bytes]:
    """The tags of a phone that was told what its number is kept for."""
    return keyring.tags("vault_tag", "sms first", msisdn.encode())


def looks_automatic(text: str, asks: bool = False) -> bool:
    """Whether a text reads as a machine's answer: it is answered once, for two machines would never end. Behind a
    keyword a person tells of one (`asks`), unless the keyword is itself a word of the machine's (`Jibu la moja kwa
    moja`)."""
    found = _MACHINES.search(text)
    return found is not None and not (asks and text[: found.start()].strip())


@cache
def _arriving(dialect: str) -> Any:
    asked = inserting(dialect, sms_in).values(tag=bindparam("tag"), until_ms=bindparam("until_ms"))
    again = {"until_ms": asked.excluded.until_ms}
    over = asked.on_conflict_do_update(
        index_elements=[sms_in.c.tag], set_=again, where=sms_in.c.until_ms <= bindparam("now")
    )
    return over.returning(sms_in.c.tag)


@cache
def _counting(dialect: str) -> Any:
    asked = inserting(dialect, limits)
    more = {"count": limits.c.count + asked.excluded.count}
    return asked.on_conflict_do_update(index_elements=list(limits.primary_key), set_=more).returning(limits.c.count)
