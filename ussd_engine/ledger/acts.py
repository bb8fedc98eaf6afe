"""Acts, many in one transaction: each key once, each caller so many cases a day, each reference one case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from functools import cache
from hashlib import blake2b
from operator import itemgetter

import msgspec
from sqlalchemy import Connection, bindparam, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError

from ussd_engine.errors import RolledBack
from ussd_engine.keys import Keyring
from ussd_engine.ledger import switches
from ussd_engine.ledger.database import insert_new, inserting, refused, upsert
from ussd_engine.ledger.followups import REFUSED, FollowUps
from ussd_engine.ledger.lookup import Contact, contacts_of
from ussd_engine.ledger.notices import Notices
from ussd_engine.ledger.projection import change, standing
from ussd_engine.ledger.queue import enqueue, outbox_row
from ussd_engine.ledger.references import Drawn, References, Stored
from ussd_engine.ledger.retention import forget
from ussd_engine.ledger.rows import Rows, Scribe, effect, unknown
from ussd_engine.ledger.smstables import sms
from ussd_engine.ledger.tables import cases, contacts, effects, languages, limits, outbox, submissions
from ussd_engine.ledger.undo import undo_of
from ussd_engine.messages import Erasure
from ussd_engine.model import Cancel, Case, Committed, Submit
from ussd_engine.tracking import Append, AskHigher, Effect, Erase, FinishBySms, OnCase, SetSms
from ussd_engine.vault import Vault

NEW_CASES, ERASED = "cases", "erased"
SENT_AN_HOUR = 5
"""Submissions of any kind, of a caller in one hour of the clock."""
LIMIT, HOUR = Committed("limit"), Committed("hour")
ATTEMPTS = 3
"""How often an act that met another process is tried again, alone."""
_ORDER = (effects, submissions, contacts, cases)
_BY_KEY = {table: itemgetter(table.primary_key.columns[0].name) for table in _ORDER}
_INSERT = {table: insert(table) for table in _ORDER}
_KNOWN = select(effects.c.key, effects.c.result).where(effects.c.key.in_(bindparam("keys", expanding=True)))
_FORGET_LANGUAGE = delete(languages).where(languages.c.tag.in_(bindparam("tags", expanding=True)))
_2020_S = 1_577_836_800

_decode = msgspec.msgpack.Decoder(Committed).decode
Counted = tuple[bytes, str]
"""A caller's tag of the day, and what is counted under it."""


class Plan(msgspec.Struct, frozen=True):
    """An effect, the day it counts for, and the day's tag under which its caller is counted (`None`: nobody is).

    `before` is the tag of the day before: an `Erase` is marked there too, for what was begun before midnight.
    """

    act: Effect
    day: date
    tag: bytes | None
    before: bytes | None = None

    @property
    def counts(self) -> dict[Counted, int]:
        """What it adds to its caller's counters. Those of 0 are held and read, for `Erase` leaves its time in them."""
        if self.tag is None:
            return {}
        hour = f"sent {self.act.at_ms // 3_600_000}"
        match self.act:
            case Submit(msisdn=None):
                return {(self.tag, NEW_CASES): 1, (self.tag, hour): 1}
            case Submit():
                return {(self.tag, NEW_CASES): 1, (self.tag, hour): 1, (self.tag, ERASED): 0}
            case Append() | AskHigher():
                return {(self.tag, hour): 1}
            case FinishBySms():
                return {(self.tag, f"finish {self.act.at_ms // 3_600_000}"): 1, (self.tag, ERASED): 0}
            case Erase():
                return {(tag, ERASED): 0 for tag in (self.tag, self.before) if tag is not None}
        return {}

    @property
    def kept(self) -> date:
        """The last day of its counters. What was begun before an erasure may come on the day after it."""
        return self.day + timedelta(days=1) if isinstance(self.act, Erase) else self.day


class Acts:
    """Writes plans. Holds no state of its own, so a job may be run again from the start."""

    def __init__(
        self,
        keyring: Keyring,
        draw_reference: Callable[[], str],
        cases_a_day: int,
        sent_an_hour: int = SENT_AN_HOUR,
        notices: Notices | None = None,
    ) -> None:
        self.notices = notices or Notices(keyring)
        self._keyring = keyring
        self._scribe = Scribe(keyring)
        self.followups = FollowUps(keyring, sends=self.notices.sends)
        self._vault = Vault(keyring)
        self._draw = draw_reference
        self._cases_a_day = cases_a_day
        self._sent_an_hour = sent_an_hour

    def write(self, conn: Connection, plans: Sequence[Plan]) -> list[Committed | Exception]:
        """One result a plan. All go together; where that meets an obstacle each goes alone, and fails alone."""
        try:
            return [*self._together(conn, plans, Drawn())]
        except Exception as error:
            if _transaction_gone(conn, error):
                raise
            conn.rollback()
            # The locks of one plan are held to the end: one order for every process here too.
            order = sorted(range(len(plans)), key=lambda at: plans[at].tag or b"")
            alone = {at: self._alone(conn, plans[at]) for at in order}
            return [alone[at] for at in range(len(plans))]

    def one(self, conn: Connection, plan: Plan) -> Committed:
        """Write one plan in a transaction that holds other things too. Raises where that meets an obstacle: then all of
        it is to be given up."""
        committed = self._alone(conn, plan)
        if isinstance(committed, Exception):
            raise committed
        return committed

    def _alone(self, conn: Connection, plan: Plan) -> Committed | Exception:
        failure: Exception = RolledBack("the act met other processes each time it was tried")
        for _ in range(ATTEMPTS):
            try:
                with conn.begin_nested():
                    return self._together(conn, [plan], Stored(conn, self._draw))[0]
            except Exception as error:
                if _transaction_gone(conn, error):
                    raise
                failure = RolledBack(f"the act was refused: {type(error).__name__}")
                if not (isinstance(error, IntegrityError) or refused(error)):
                    break
        return failure

    def _together(self, conn: Connection, plans: Sequence[Plan], references: References) -> list[Committed]:
        # The counters are locked before the keys are read: a repeat that waited here for its first copy must see it.
        asked = _asked(plans)
        counted = _count(conn, asked, plans)
        counts = {of: count - asked[of] for of, count in counted.items()}
        known = _known(conn, plans)
        standing = self._standing(conn, plans)
        before = dict(standing)
        rows, results = Rows(), dict[int, Committed]()
        # Erasures first: of what comes with them no number is written that they would not find yet.
        for at in sorted(range(len(plans)), key=lambda at: not isinstance(plans[at].act, Erase)):
            plan = plans[at]
            result = known.get(plan.act.key)
            if result is None:
                result = self._done(conn, plan, counts, standing, references, rows)
            results[at] = result
            if result not in (LIMIT, HOUR) and not (result is REFUSED and isinstance(plan.act, FinishBySms)):
                known[plan.act.key] = result
        # What changed comes first: a message gets its turn while its case is held.
        change(conn, [case for reference, case in standing.items() if case != before[reference]])
        _insert(conn, rows)
        _correct(conn, counts, counted, plans)
        return [results[at] for at in range(len(plans))]

    def _standing(self, conn: Connection, plans: Sequence[Plan]) -> dict[str, Case]:
        """The cases that these acts are about, held until the end of the transaction."""
        about = [plan.act.reference for plan in plans if isinstance(plan.act, OnCase)]
        # Those of an erasure with them: one order of references for everybody who holds cases.
        for plan in plans:
            if isinstance(plan.act, Erase):
                about += [one.reference for one in self._contacts(conn, plan.act, plan.day)]
        return standing(conn, about, lock=True) if about else {}

    def _done(
        self,
        conn: Connection,
        plan: Plan,
        counts: dict[Counted, int],
        standing: dict[str, Case],
        references: References,
        rows: Rows,
    ) -> Committed:
        """Decide one act, and gather what it leaves behind."""
        act, tag = plan.act, plan.tag
        if full := self._full(plan, counts):
            return full
        if isinstance(act, Submit):
            if tag is not None and counts.get((tag, ERASED), 0) > _second(act.at_ms):
                act = unknown(act)
            result = Committed("submit", references.take(act.reference), act.case, act.due, act.mode.value)
            written = self._scribe.write(act, result, plan.day)
            _extend(rows, written | {sms: self.notices.submitted(conn, act, result, written[cases][0]["handle"])})
        elif isinstance(act, OnCase):
            result = self._on_case(conn, act, plan.day, standing, rows)
        elif isinstance(act, Erase):
            result = self._erased(conn, act, plan.day, rows)
            for of in plan.counts:
                counts[of] = max(counts[of], _second(act.at_ms) + 1)
        elif isinstance(act, FinishBySms):
            erased = tag is not None and counts[tag, ERASED] > _second(act.at_ms)
            result = REFUSED if erased else self._to_be_finished(conn, act, rows)
        elif isinstance(act, SetSms):
            result = Committed("set_sms")
            self.notices.chosen(conn, act)
            _extend(rows, {effects: [effect(act, result)]})
            # What stands under the tags of older keys would be read with it.
            conn.execute(_FORGET_LANGUAGE, {"tags": self._scribe.language_tags(act.msisdn or "")[1:]})
            upsert(conn, languages, self._scribe.choices(act, plan.day), "locale", "touched", "muted")
        else:
            result = Committed("cancel" if isinstance(act, Cancel) else "set_language")
            _extend(rows, self._scribe.write(act, result, plan.day))
        if result is not REFUSED:
            for of, more in plan.counts.items():
                counts[of] += more
        return result

    def _full(self, plan: Plan, counts: dict[Counted, int]) -> Committed | None:
        """What the caller has had as much of as she may, her day before her hour."""
        asked = [of for of, more in plan.counts.items() if more]
        if any(counts[of] >= self._cases_a_day for of in asked if of[1] == NEW_CASES):
            return LIMIT
        return HOUR if any(counts[of] >= self._sent_an_hour for of in asked if of[1] != NEW_CASES) else None

    def _on_case(self, conn: Connection, act: OnCase, day: date, standing: dict[str, Case], rows: Rows) -> Committed:
        case = standing.get(act.reference)
        committed = REFUSED
        if case is not None:
            committed, after, messages = self.followups.decide(conn, act, case, day)
            standing[act.reference] = after = msgspec.structs.replace(after, refused="") if messages else after
            undone = [(message, undo_of(message, case, after)) for message in messages]
            told = [outbox_row(self._keyring, message, act.at_ms, undo) for message, undo in undone]
            _extend(rows, {outbox: told})
            if committed is not REFUSED:
                _extend(rows, {sms: self.notices.acted(conn, act, after)})
        _extend(rows, {effects: [effect(act, committed)]})
        return committed

    def _to_be_finished(self, conn: Connection, act: FinishBySms, rows: Rows) -> Committed:
        told = self.notices.to_be_finished(conn, act)
        if told is None:
            return REFUSED  # without a trace: the same run of the form can still be sent
        committed = Committed("finish_by_sms")
        _extend(rows, {sms: told, effects: [effect(act, committed)]})
        return committed

    def _contacts(self, conn: Connection, act: Erase, day: date) -> Sequence[Contact]:
        return contacts_of(conn, self._vault, act.msisdn, day)

    def _erased(self, conn: Connection, act: Erase, day: date, rows: Rows) -> Committed:
        """Number and names go, here and at a core that was given them; so does what was remembered of the caller."""
        committed = Committed("erase")
        handles = [one.handle for one in self._contacts(conn, act, day)]
        forgotten = forget(conn, self._keyring, handles, act.at_ms)
        _extend(rows, {sms: self.notices.erased(conn, act, forgotten.all)})
        for reference in forgotten.named:
            key = blake2b(act.key + reference.encode(), digest_size=16).hexdigest()
            told = Erasure(idempotency_key=key, reference=reference, at_ms=act.at_ms)
            _extend(rows, {outbox: [outbox_row(self._keyring, told, act.at_ms)]})
        conn.execute(_FORGET_LANGUAGE, {"tags": self._scribe.language_tags(act.msisdn or "")})
        switches.forget(conn, self._keyring, act.msisdn or "")
        _extend(rows, {effects: [effect(act, committed)]})
        return committed


def _second(at_ms: int) -> int:
    """Seconds since 2020: a counter has 32 bits."""
    return at_ms // 1000 - _2020_S


def _asked(plans: Sequence[Plan]) -> Counter[Counted]:
    asked: Counter[Counted] = Counter()
    for plan in plans:
        asked.update(plan.counts)
    return asked


def _count(conn: Connection, asked: Counter[Counted], plans: Sequence[Plan]) -> dict[Counted, int]:
    """Lock the counters of each caller, as if each of her plans counted. Returns how far they stand then."""
    if not asked:
        return {}
    rows = conn.execute(_counting(conn.dialect.name), _counters(asked, plans))
    return {(tag, what): count for tag, what, count in rows}


def _correct(conn: Connection, counts: dict[Counted, int], counted: dict[Counted, int], plans: Sequence[Plan]) -> None:
    """Set the counters of those whose plans did not all count."""
    differing = Counter({of: count for of, count in counts.items() if count != counted[of]})
    upsert(conn, limits, _counters(differing, plans), "count", "day")


def _counters(counts: Counter[Counted], plans: Sequence[Plan]) -> list[dict[str, object]]:
    # One order of tags for every process, or two of them would wait for each other.
    days: dict[Counted, date] = {}
    for plan in plans:
        days |= {of: max(plan.kept, days.get(of, plan.kept)) for of in plan.counts}
    return [{"tag": of[0], "what": of[1], "day": days[of], "count": counts[of]} for of in sorted(counts)]


@cache
def _counting(dialect: str) -> postgresql.Insert | sqlite.Insert:
    statement = inserting(dialect, limits)
    more = {"count": limits.c.count + statement.excluded.count}
    added = statement.on_conflict_do_update(index_elements=list(limits.primary_key), set_=more)
    return added.returning(limits.c.tag, limits.c.what, limits.c.count)  # type: ignore[return-value]  # still an insert


def _known(conn: Connection, plans: Iterable[Plan]) -> dict[bytes, Committed]:
    keys = sorted({plan.act.key for plan in plans})
    return {key: _decode(result) for key, result in conn.execute(_KNOWN, {"keys": keys})}


def _extend(rows: Rows, more: Rows) -> None:
    for table, some in more.items():
        rows.setdefault(table, []).extend(some)


def _insert(conn: Connection, rows: Rows) -> None:
    # One order of tables and of keys for every process, or two of them would wait for each other.
    for table in _ORDER:
        if table in rows:
            conn.execute(_INSERT[table], sorted(rows[table], key=_BY_KEY[table]))
    enqueue(conn, rows.get(outbox, []))
    insert_new(conn, sms, rows.get(sms, []))
    latest = {row["tag"]: row for row in rows.get(languages, [])}
    upsert(conn, languages, [latest[tag] for tag in sorted(latest)], "locale", "touched")


def _transaction_gone(conn: Connection, error: Exception) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    # On a full disk SQLite ends the whole transaction by itself; a savepoint after that would be a commit of its own.
    return getattr(conn.connection.driver_connection, "in_transaction", True) is False
