"""The ledger: what a citizen confirmed, on the disk before it is shown."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import partial

import msgspec
from sqlalchemy import Connection, bindparam, delete, select

from ussd_engine import reference
from ussd_engine.keys import Keyring
from ussd_engine.ledger import projection
from ussd_engine.ledger.acts import Acts, Plan
from ussd_engine.ledger.database import Database, upsert
from ussd_engine.ledger.faults import Faults
from ussd_engine.ledger.followups import muted
from ussd_engine.ledger.group import Group
from ussd_engine.ledger.lookup import LookUps
from ussd_engine.ledger.notices import Notices
from ussd_engine.ledger.outbox import Outbox
from ussd_engine.ledger.projection import Heard
from ussd_engine.ledger.purge import NOTHING, Purge, PurgeLog
from ussd_engine.ledger.retention import LANGUAGE_KEPT, Job
from ussd_engine.ledger.rows import Scribe
from ussd_engine.ledger.schema import check, connect
from ussd_engine.ledger.smsqueue import SmsQueue
from ussd_engine.ledger.smsreports import SmsReports
from ussd_engine.ledger.smsroutes import SmsRoutes
from ussd_engine.ledger.smstables import sms
from ussd_engine.ledger.smsview import SmsView
from ussd_engine.ledger.switches import Switches
from ussd_engine.ledger.tables import cases, languages, limits, submissions
from ussd_engine.lifecycle import Due, Knows, anybody
from ussd_engine.messages import CaseEvent
from ussd_engine.model import Case, Committed, Mode, Submission, Submit
from ussd_engine.tracking import Append, AskHigher, Effect, Erase, FinishBySms, LookedUp, LookUp

Clock = Callable[[], int]
"""The time in Unix milliseconds."""

CASES_A_DAY = 5
REFUSED_S = 0.02
"""What is refused is told after so long, or twice so long and so on: microseconds would tell what there was to read."""
CARRIED = frozenset({"submit", "append", "rate", "withdraw", "appeal", "erase"})
"""Kinds of acts of which the core is told."""
TELLING = frozenset({"submit", "ask_pin", "erase", "finish_by_sms"})
"""Kinds of acts that may leave an SMS."""
PROBE = "probe"
"""What a row of `limits` counts that belongs to nobody."""


_LANGUAGE = (
    select(languages.c.locale)
    .where(languages.c.tag.in_(bindparam("tags", expanding=True)), languages.c.touched >= bindparam("since"))
    .order_by(languages.c.touched.desc())
    .limit(1)
)


_UNPROBE = delete(limits).where(limits.c.what == PROBE)


class Ledger:
    """Effects, submissions, contacts, cases and the outbox of one database."""

    def __init__(self, database: Database, keyring: Keyring, clock: Clock, zone: tzinfo, acts: Acts) -> None:
        self.database = database
        self.outbox = Outbox(database, keyring)
        self.purging = Purge(database, keyring, clock, self._day)
        self.notices = acts.notices
        self.sms = SmsQueue(database, self.notices.scribe, self.notices.talks, self.notices.routes)
        self.sms_reports = SmsReports(database, self.sms.outcomes)
        self.sms_routes = SmsRoutes(database)
        self.sms_view = SmsView(database, self.notices.scribe)
        self.switches = Switches(database, keyring)
        self._acts = acts
        self._keyring = keyring
        self._clock = clock
        self._zone = zone
        self._scribe = Scribe(keyring)
        self.lookups = LookUps(keyring)
        self.due: Due = _never
        """Our own table of deadlines; whoever has the menus sets it."""
        self.knows: Knows = anybody
        """Which institutions there are; set by the same."""
        self.followups = acts.followups
        self._group: Group[Plan, Committed] = Group(
            lambda plans: database.write(lambda conn: acts.write(conn, plans)),
        )

    @classmethod
    async def open(
        cls,
        url: str,
        keyring: Keyring,
        clock: Clock,
        *,
        draw_reference: Callable[[], str] = reference.draw,
        zone: tzinfo = UTC,
        cases_a_day: int = CASES_A_DAY,
        faults: Faults | None = None,
        routes: Sequence[str] = (),
    ) -> Ledger:
        """A ledger on `sqlite:///PATH` or `postgresql://…`; `zone` says when a day begins. `routes`: the channels that
        send SMS, in the order in which they are tried; where there is none, nothing is told by SMS.

        `ConfigError` where the tables are not of this version, `LedgerUnavailable` where the database does not answer.
        """
        database = connect(url, faults)
        try:
            await check(database)
        except BaseException:
            await database.close()
            raise
        notices = Notices(keyring, zone, routes)
        return cls(database, keyring, clock, zone, Acts(keyring, draw_reference, cases_a_day, notices=notices))

    async def close(self) -> None:
        """Finish what is under way, then give the database back."""
        await self._group.close()
        await self.outbox.close()
        await self.sms.close()
        await self.database.close()

    async def act(self, act: Effect) -> Committed:
        """Write an act and return what its key holds: the first effect that came with it, whatever this one is.

        `Committed("limit")` where the caller's day is full, `Committed("hour")` where her hour is, and nothing was
        written. `RolledBack` where it is known that nothing was, `Unknown` where that is not known. A caller who is
        cancelled stops nothing.
        """
        committed = await self._group.add(self._plan(act))
        if committed.kind in CARRIED:
            self.outbox.added.set()
        if committed.kind in TELLING:
            self.sms.added.set()
        return committed

    def within(self, conn: Connection, act: Effect, *, receipt: bool = False) -> Committed:
        """As `act`, in a transaction of an SMS, or of a form that was collected elsewhere, whose answer is for whoever
        calls: no receipt is left beside it, but where that is wanted."""
        committed = self._acts.one(conn, self._plan(act))
        if isinstance(act, Submit) and not receipt:
            mine = select(cases.c.handle).where(cases.c.reference == committed.reference)
            conn.execute(delete(sms).where(sms.c.handle.in_(mine)))
        return committed

    def own_within(self, conn: Connection, msisdn: str, now_ms: int) -> list[Case]:
        """As `own_cases`, in a transaction."""
        return self.lookups.own(conn, msisdn, self._day(now_ms))

    async def probe(self) -> None:
        """Write something, and take it away. `EngineError` where the database takes no writing."""
        row = {"tag": b"", "what": PROBE, "day": self._day(self._clock()), "count": 0}
        await self.database.write(lambda conn: _probe(conn, row))

    async def language(self, msisdn: str) -> str | None:
        """The locale that a caller chose in the last 12 months."""
        tags, since = self._scribe.language_tags(msisdn), self._day(self._clock()) - LANGUAGE_KEPT
        return await self.database.read(lambda conn: conn.scalar(_LANGUAGE, {"tags": tags, "since": since}))

    async def own_cases(self, msisdn: str) -> list[Case]:
        """What was sent from a phone, the newest first; a phone that was silent for 90 days has none."""
        today = self._day(self._clock())
        return await self.database.read(lambda conn: self.lookups.own(conn, msisdn, today))

    async def look_up(self, ask: LookUp) -> LookedUp:
        """Open a case, or say what it needs; the try is counted. Raises as `act` does."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        found = await self.database.write(lambda conn: self.lookups.look_up(conn, ask, self._day(ask.at_ms)))
        if found.case is None:
            taken = loop.time() - began
            await asyncio.sleep(began + REFUSED_S * math.ceil(taken / REFUSED_S) - loop.time())
        return found

    async def seen(self, reference: str, msisdn: str) -> None:
        """Its phone has read the words of a confidential case, which no SMS told: what they ask is open from now on.

        Raises as `act` does.
        """
        if self.notices.sends:
            await self.database.write(lambda conn: self._seen(conn, reference, msisdn))

    async def tell(self, events: Sequence[CaseEvent], source: str, mark: str | None = None) -> list[Heard]:
        """Apply what a core told, in its order, and note with it how far the source was read. Raises as `act` does."""
        heard = await self.database.write(lambda conn: self._tell(conn, events, source, mark))
        self.sms.added.set()
        return heard

    async def mark(self, source: str) -> str:
        """How far a core's events were read; empty at first."""
        return await self.database.read(lambda conn: projection.mark_of(conn, source))

    async def overdue(self) -> list[Case]:
        """The cases whose citizens are told today that their answer is late; at most 500 a call."""
        return await self.database.write(self._overdue)

    async def remind(self) -> None:
        """Tell by SMS what time has brought: an answer of which nothing was said, a new PIN that can be seen."""
        for telling in (self._unrated, self.notices.pins_ready):
            after: str | None = ""
            while after is not None:
                after = await self.database.write(partial(telling, now_ms=self._clock(), after=after))
        self.sms.added.set()

    async def sms_on(self, msisdn: str) -> bool:
        """Whether a phone is sent SMS; it is unless its owner said otherwise."""
        tags = self._scribe.language_tags(msisdn)
        return not await self.database.read(lambda conn: muted(conn, tags))

    async def relay(self, submission: Submission, words: str) -> None:
        """Tell whoever sent a form by name what its institution says to it; once, and nothing after STOP or an erasure.
        Raises as `act` does."""
        if self.notices.sends and submission.mode is Mode.NAMED and submission.number:
            now_ms = self._clock()
            await self.database.write(lambda conn: self.notices.relayed(conn, submission, words, now_ms))
            self.sms.added.set()

    async def case(self, reference: str) -> Case | None:
        """The case of a reference."""
        query = select(cases).where(cases.c.reference == reference)
        found = await self.database.read(lambda conn: conn.execute(query).one_or_none())
        return None if found is None else projection.case_of(found)

    async def submission(self, reference: str) -> Submission | None:
        """What was sent under a reference, opened; never the number. `CannotOpen` where the data key is not held."""
        query = select(submissions).join(cases, cases.c.case == submissions.c.case)
        mine = query.where(cases.c.reference == reference)
        found = await self.database.read(lambda conn: conn.execute(mine).one_or_none())
        if found is None:
            return None
        plain = self._keyring.open("submission", found.case, found.sealed)
        return msgspec.msgpack.decode(plain, type=Submission)

    async def purge(self, log: PurgeLog, more: Mapping[str, Job] = NOTHING) -> dict[str, int]:
        """Drop what is kept no longer, and `more`; how many rows of each kind. `EngineError` where the log cannot be
        used."""
        return await self.purging.all(log, more)

    def _tell(self, conn: Connection, events: Sequence[CaseEvent], source: str, mark: str | None) -> list[Heard]:
        heard = projection.tell(conn, events, self._day, self.due, source, mark, self.knows)
        self.notices.heard(conn, heard, self._clock())
        return heard

    def _seen(self, conn: Connection, reference: str, msisdn: str) -> None:
        now_ms = self._clock()
        mine = self.lookups.own(conn, msisdn, self._day(now_ms))
        self.notices.seen(conn, [case for case in mine if case.reference == reference], msisdn, now_ms)

    def _overdue(self, conn: Connection) -> list[Case]:
        now_ms = self._clock()
        late = projection.overdue(conn, self._day(now_ms))
        self.notices.overdue(conn, late, now_ms)
        return late

    def _unrated(self, conn: Connection, now_ms: int, after: str) -> str | None:
        return self.notices.unrated(conn, self._day(now_ms), now_ms, after)

    def _plan(self, act: Effect) -> Plan:
        day = self._day(act.at_ms)
        caller = None
        if isinstance(act, Submit):
            caller = act.caller
        elif isinstance(act, Append | AskHigher | Erase | FinishBySms):
            caller = act.msisdn
        if not caller:
            return Plan(act, day, None)
        before = self._keyring.limit_tag(caller, day - timedelta(days=1)) if isinstance(act, Erase) else None
        return Plan(act, day, self._keyring.limit_tag(caller, day), before)

    def _day(self, at_ms: int) -> date:
        return datetime.fromtimestamp(at_ms / 1000, self._zone).date()


def _never(service: str, institution: str, type: str, day: date) -> date | None:
    return None


def _probe(conn: Connection, row: dict[str, object]) -> None:
    upsert(conn, limits, [row], "day")
    conn.execute(_UNPROBE)
