"""What is to be sent by SMS, lent to the sender of a route, and what came of it.

A row is lent in one transaction with a last look at whether it may leave: whether its contact is still there, whether
she wants SMS, whether the hour is one for it. It is lent for `LEASE_MS` under a token; whoever comes back with an older
one changes nothing. To one addressee goes one message of a kind at a time, in the order in which they were queued; only
a reply does not wait for one that came back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, func, or_, select, update

from ussd_engine.errors import EngineError
from ussd_engine.ledger.database import Database
from ussd_engine.ledger.group import Group
from ussd_engine.ledger.lookup import OWN_FOR
from ussd_engine.ledger.smsoutcome import Outcome, Outcomes
from ussd_engine.ledger.smsrows import Content, SmsScribe, enqueue, settle
from ussd_engine.ledger.smstables import sms, sms_parts
from ussd_engine.ledger.tables import cases, contacts, languages
from ussd_engine.ledger.talks import Talks
from ussd_engine.model import Mode, Quiet
from ussd_engine.sms.message import FINAL, Notice, Priority, Progress
from ussd_engine.sms.templates import ASKS, NEWS

LEASE_MS: Final = 30_000
STOPPED, ERASED, ANONYMOUS = "stopped", "erased", "anonymous"
"""Why a row was withheld."""

_other = sms.alias("other")
# By no index of the state: where PostgreSQL has not counted lately how much waits, it would take that of what is due
# and read all of it for each row.
_waits = func.coalesce(_other.c.state, "") == Progress.QUEUED.value
# Who writes now has her phone on: her reply does not wait the hours that one does which did not find it.
_holds = or_(_other.c.rounds == 0, sms.c.priority != Priority.REPLY.value)
_mine = (_waits, _other.c.priority == sms.c.priority, _other.c.id < sms.c.id, _holds)
_first_for_case = ~exists().where(_other.c.handle == sms.c.handle, *_mine)
_first_for_number = ~exists().where(_other.c.tag == sms.c.tag, *_mine)
FIRST: Final = and_(_first_for_case, _first_for_number)
"""No earlier message of its kind waits for its addressee."""
_DUE = (
    select(sms)
    .where(
        sms.c.state == Progress.QUEUED.value,
        sms.c.not_before_ms <= bindparam("now"),
        sms.c.lease_ms <= bindparam("now"),
        FIRST,
    )
    .order_by(sms.c.priority, sms.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_LEND = (
    update(sms)
    .where(sms.c.id == bindparam("this"))
    .values(lease_ms=bindparam("until"), token=sms.c.token + 1, attempts=sms.c.attempts + 1, sending=True)
)
_WAIT = update(sms).where(sms.c.id == bindparam("this")).values(not_before_ms=bindparam("when"), sending=False)
_HANDLES: Any = bindparam("handles", expanding=True)
_CONTACTS = (
    select(contacts.c.handle, contacts.c.sealed, cases.c.mode, cases.c.state, cases.c.touched)
    .join(cases, cases.c.handle == contacts.c.handle)
    .where(contacts.c.handle.in_(_HANDLES))
)
_CHOICES = select(languages.c.tag, languages.c.locale, languages.c.muted).where(
    languages.c.tag.in_(bindparam("tags", expanding=True))
)
_TAKEN = select(sms_parts.c.sms, sms_parts.c.part, sms_parts.c.state).where(
    sms_parts.c.sms.in_(bindparam("ids", expanding=True)), sms_parts.c.route == bindparam("name")
)


class Lent(Quiet, frozen=True, kw_only=True):
    """One message lent to a sender. `attempts` counts this one."""

    id: bytes
    token: int
    attempts: int
    priority: int
    push: bool
    queued_ms: int
    lease_ms: int
    service: str
    template: str
    values: dict[str, str]
    locale: str
    """That of the message, else the one that she chose; empty where there is neither."""
    msisdn: str
    link: str
    """Of the message, at its first attempt alone."""
    rounds: int
    """How often it was reported as failed before."""
    parts: dict[int, Progress]
    """What this route has taken of it already."""

    @property
    def notice(self) -> Notice:
        """For whoever makes words of it."""
        return Notice(
            key=self.id,
            service=self.service,
            template=self.template,
            values=self.values,
            locale=self.locale,
            priority=Priority(self.priority),
            push=self.push,
            at_ms=self.queued_ms,
            msisdn=self.msisdn,
        )


class Taken(NamedTuple):
    """What was lent; why others were withheld, a word each; of how many that go again, now or later, a request may have
    got through; how many could not be opened and wait."""

    lent: list[Lent]
    withheld: list[str]
    perhaps_twice: int
    closed: int


class SmsQueue:
    """The queue of one database. `routes` is their order: what one cannot send goes to the next.

    `added` is set whenever this process has queued a message.
    """

    def __init__(self, database: Database, scribe: SmsScribe, talks: Talks, routes: Sequence[str]) -> None:
        self._database = database
        self._scribe = scribe
        self.outcomes = Outcomes(scribe, talks, routes)
        self._group: Group[Outcome, str] = Group(
            lambda some: database.write(lambda conn: [*self.outcomes.write(conn, some)]),
        )
        self.routes = tuple(routes)
        self._due = {route: _DUE.where(self._of(route)) for route in routes}
        self.added = asyncio.Event()

    async def close(self) -> None:
        """Finish what is under way."""
        await self._group.close()

    def put(self, conn: Connection, notices: Sequence[Notice], route: str | None = None) -> None:
        """Queue messages in the transaction of what they tell; `route`: by which they go, where that is known.

        Whoever calls sets `added` once that is committed.
        """
        enqueue(conn, [self._scribe.row(notice, route) for notice in notices])

    async def take(self, route: str, now_ms: int, most: int) -> Taken:
        """At most so many messages for a route, which it is to send now. `EngineError` as `Database.write`."""
        return await self._database.write(lambda conn: self._take(conn, route, now_ms, most))

    async def settle(self, outcome: Outcome) -> str:
        """Write what came of a message; the word for it, of `smsoutcome.Happened`."""
        return await self._group.add(outcome)

    async def hand_over(self, route: str, now_ms: int, *, replies_alone: bool = False) -> int:
        """All that waits for a route goes to the next one, or its replies; how many, 0 where there is none."""
        follows = self.outcomes.after(route)
        if follows is None:
            return 0
        waits = (sms.c.state == Progress.QUEUED.value, sms.c.lease_ms <= now_ms, self._of(route))
        of_these = sms.c.priority <= (Priority.REPLY if replies_alone else Priority.BULK)
        # What waited as long as this route asked need not; who takes it looks at the hour of the day again.
        moved = update(sms).where(*waits, of_these).values(route=follows, attempts=0, not_before_ms=now_ms)
        count = await self._database.write(lambda conn: conn.execute(moved).rowcount)
        if count:  # else its sender would wake itself, without end
            self.added.set()
        return count

    def _of(self, route: str) -> ColumnElement[bool]:
        """What goes by a route; by the first one also what is given none, or one that is configured no longer."""
        if route != self.routes[0]:
            return sms.c.route == route
        return or_(sms.c.route.is_(None), sms.c.route.not_in(self.routes[1:]))

    def _take(self, conn: Connection, route: str, now_ms: int, most: int) -> Taken:
        rows = conn.execute(self._due[route], {"now": now_ms, "most": most}).all()
        if not rows:
            return Taken([], [], 0, 0)
        look = _Look(conn, self._scribe, rows, route, now_ms)
        lent, withheld, put_off = list[Lent](), dict[bytes, str](), dict[bytes, int]()
        closed = twice = 0
        for row in rows:
            if (why := look.withheld(row)) is not None:
                withheld[row.id] = why
                continue
            twice += row.sending
            if (when := self._scribe.earliest(now_ms, row.priority, row.queued_ms)) > now_ms:
                put_off[row.id] = when
            elif (content := look.content(row)) is None:
                closed += 1
                put_off[row.id] = now_ms + LEASE_MS
            else:
                lent.append(look.lent(row, content, now_ms + LEASE_MS))
        for why in sorted(set(withheld.values())):
            settle(conn, [one for one, word in withheld.items() if word == why], Progress.WITHHELD, now_ms, why)
        if put_off:
            conn.execute(_WAIT, [{"this": one, "when": put_off[one]} for one in sorted(put_off)])
        if lent:
            until = now_ms + LEASE_MS
            conn.execute(_LEND, [{"this": one, "until": until} for one in sorted(each.id for each in lent)])
        return Taken(lent, list(withheld.values()), twice, closed)


class _Look:
    """What decides whether these rows may leave, as it stands in this transaction."""

    def __init__(self, conn: Connection, scribe: SmsScribe, rows: Sequence[Any], route: str, now_ms: int) -> None:
        self._scribe = scribe
        self._today = scribe.day(now_ms)
        handles = sorted({row.handle for row in rows if row.handle})
        self._contacts = {row.handle: row for row in conn.execute(_CONTACTS, {"handles": handles})} if handles else {}
        self._numbers = {row.id: self._number(row) for row in rows}
        tags = {number: scribe.language_tags(number) for number in set(self._numbers.values()) if number}
        asked = sorted({tag for some in tags.values() for tag in some})
        choices = {row.tag: row for row in conn.execute(_CHOICES, {"tags": asked})} if asked else {}
        self._choices = {number: [choices[tag] for tag in some if tag in choices] for number, some in tags.items()}
        self._taken = dict[bytes, dict[int, Progress]]()
        for one, part, state in conn.execute(_TAKEN, {"ids": sorted(row.id for row in rows), "name": route}):
            if Progress(state) not in FINAL or state == Progress.DELIVERED:
                self._taken.setdefault(one, {})[part] = Progress(state)

    def withheld(self, row: Any) -> str | None:
        """Why a row must never leave."""
        if row.handle and row.handle not in self._contacts:
            return ERASED
        if row.handle and self._contacts[row.handle].mode == Mode.ANONYMOUS:
            return ANONYMOUS
        number = self._numbers[row.id]
        muted = row.push and number is not None and any(choice.muted for choice in self._choices[number])
        return STOPPED if muted else None

    def content(self, row: Any) -> Content | None:
        """What a row holds; `None` where it cannot be opened here and now."""
        try:
            opened = self._scribe.content(row.id, row.sealed or b"")
        except EngineError:
            return None
        return opened if self._numbers[row.id] else None

    def lent(self, row: Any, content: Content, until_ms: int) -> Lent:
        number = self._numbers[row.id] or ""
        chosen = next((choice.locale for choice in self._choices[number]), "")
        return Lent(
            id=row.id,
            token=row.token + 1,
            attempts=row.attempts + 1,
            rounds=row.rounds,
            priority=row.priority,
            push=row.push,
            queued_ms=row.queued_ms,
            lease_ms=until_ms,
            service=row.service,
            template=self._template(row),
            values=content.values,
            locale=content.locale or chosen,
            msisdn=number,
            link="" if row.attempts or row.rounds else content.link,
            parts=self._taken.get(row.id, {}),
        )

    def _template(self, row: Any) -> str:
        """What is said by now: no more than that there is news where the case moved on, or where her phone may be
        another's."""
        case = self._contacts.get(row.handle)
        if case is None or not row.push:
            return str(row.template)
        moved_on = case.state != ASKS.get(row.template, case.state)
        silent = case.mode == Mode.NAMED and case.touched + OWN_FOR < self._today
        return NEWS if moved_on or silent else str(row.template)

    def _number(self, row: Any) -> str | None:
        try:
            if row.handle is None:
                return self._scribe.number(row.id, row.number or b"")
            contact = self._contacts.get(row.handle)
            return None if contact is None else self._scribe.contact(row.handle, contact.sealed)
        except EngineError:
            return None
