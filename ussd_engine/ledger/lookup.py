"""Who may open a case: own phone, reference and PIN, and how often may be tried.

Every way to be refused takes the same statements and gives the same answer: an unknown reference, another person's, a
wrong PIN. Tries are counted before anything is compared; one that succeeds is not counted. Copies of one answer are one
try, however many come at the same moment.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date, timedelta
from secrets import token_bytes
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, case, delete, func, insert, select, update

from ussd_engine.keys import Keyring
from ussd_engine.ledger.database import hold
from ussd_engine.ledger.projection import case_of
from ussd_engine.ledger.tables import cases, contacts, tries
from ussd_engine.ledger.terms import DAY_MS, HOUR_MS
from ussd_engine.model import Case, Mode
from ussd_engine.reference import derive_pin
from ussd_engine.tracking import LookedUp, LookUp
from ussd_engine.vault import Vault

TRIES: Final = 5
"""Of a caller on one reference, in 24 hours."""
ALL_TRIES: Final = 20
"""Of everybody on one reference; the case's own phone is exempt."""
LOOKS: Final = 10
"""References that a caller may type in an hour."""
OWN_FOR: Final = timedelta(days=90)
"""So long after its last act a phone counts as the case's own: numbers are given out again."""
NEW_PIN_MS: Final = DAY_MS
"""Between asking for a new PIN and seeing it."""


class _Door(NamedTuple):
    """What opens a case. Where there is none of the reference the next one is read in its place, and opens nothing: one
    index entry and one row are looked at, whatever was typed, or the time would tell what there is."""

    reference: str
    case: bytes
    handle: str | None
    touched: date
    generation: int
    pin_seen: bool
    pin_asked_ms: int | None
    mode: str
    service: str


_DOOR = (
    select(*(cases.c[name] for name in _Door._fields))
    .where(cases.c.reference >= bindparam("reference"))
    .order_by(cases.c.reference)
    .limit(1)
)
_NO_CASE = _Door("", bytes(16), None, date(2000, 1, 1), 0, True, None, Mode.CONFIDENTIAL.value, "")
"""Behind the last one there is."""
_CASE = select(cases).where(cases.c.reference == bindparam("reference"))
_MINE = select(contacts.c.handle).where(
    contacts.c.handle == bindparam("handle"), contacts.c.tag.in_(bindparam("tags", expanding=True))
)
_ALL_OWN = (
    select(cases)
    .join(contacts, contacts.c.handle == cases.c.handle)
    .where(contacts.c.tag.in_(bindparam("tags", expanding=True)), cases.c.touched >= bindparam("since"))
    .order_by(cases.c.submitted.desc(), cases.c.sent_ms.desc(), cases.c.reference)
)
_OWN = _ALL_OWN.where(cases.c.service.not_in(bindparam("hosted", expanding=True)))
_CONTACTS = _ALL_OWN.with_only_columns(cases.c.reference, cases.c.handle)
_COUNT = select(func.count(), func.coalesce(func.sum(case((tries.c.once == bindparam("this"), 1), else_=0)), 0)).where(
    tries.c.tag.in_(bindparam("tags", expanding=True)),
    tries.c.what == bindparam("what"),
    tries.c.at_ms > bindparam("since"),
)
"""How many tries there are, and whether this one is among them already."""
_TRY = insert(tries)
_FORGIVE = delete(tries).where(
    tries.c.tag == bindparam("mine"), tries.c.what == bindparam("why"), tries.c.once == bindparam("this")
)
_TOUCH = update(cases).where(cases.c.reference == bindparam("this")).values(touched=bindparam("day"))
_KEEP_PIN = update(cases).where(cases.c.reference == bindparam("this")).values(pin_asked_ms=None)


class _Counted(NamedTuple):
    """What a try is counted as, and under which tags: that of the day it is made on, and those that may still count."""

    what: str
    most: int
    span_ms: int
    write: bytes
    read: Sequence[bytes]


class Contact(NamedTuple):
    """A case, and the random handle of its contact."""

    reference: str
    handle: str


class LookUps:
    """Opens cases. Every method runs inside a transaction that writes."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._vault = Vault(keyring)
        self.hosted: Callable[[], Collection[str]] = tuple
        """The services of other institutions: of what was sent there nothing is known here but that it was. Set by
        whoever has the menus."""

    def own(self, conn: Connection, msisdn: str, today: date) -> list[Case]:
        """A phone's own cases, the newest first."""
        tags = self._vault.vault_tags(msisdn)
        asked = {"tags": tags, "since": today - OWN_FOR, "hosted": sorted(self.hosted())}
        return [case_of(row) for row in conn.execute(_OWN, asked)]

    def look_up(self, conn: Connection, ask: LookUp, today: date) -> LookedUp:
        """Open a case, or say what it needs."""
        # Nothing else is read of a case before it is known to open: the time would tell that there is one.
        door = conn.execute(_DOOR, {"reference": ask.reference}).one_or_none() or _NO_CASE
        door = _NO_CASE if door.service in self.hosted() else door
        known = door.reference == ask.reference
        own = owns(conn, self._vault, ask.msisdn, door.handle, door.touched, today) and known
        if own and ask.pin is None:
            ready = door.pin_asked_ms is not None and ask.at_ms - door.pin_asked_ms >= NEW_PIN_MS
            if ready or not door.pin_seen:
                case = self._case(conn, ask.reference)
                return LookedUp("pin_new", case=case, own=True, generation=door.generation + door.pin_seen)
            if door.mode == Mode.NAMED:
                return self._found(conn, ask, door, own, today)
        if ask.pin is None:
            return self._asked(conn, ask, today)
        return self._tried(conn, ask, door, own, today)

    def _case(self, conn: Connection, reference: str) -> Case:
        return case_of(conn.execute(_CASE, {"reference": reference}).one())

    def _found(self, conn: Connection, ask: LookUp, door: Any, own: bool, today: date) -> LookedUp:
        if own:
            conn.execute(_TOUCH, {"this": ask.reference, "day": today})
        return LookedUp("found", case=self._case(conn, ask.reference), own=own, generation=door.generation)

    def _asked(self, conn: Connection, ask: LookUp, today: date) -> LookedUp:
        """A PIN is asked for whatever the reference is; only how many are typed is bounded."""
        if ask.msisdn:
            looks = self._tags("look", LOOKS, HOUR_MS, ask.msisdn, today)
            hold(conn, [looks.write])
            if self._counted(conn, looks, ask, self._once(ask, today)) > LOOKS:
                return LookedUp("locked", hours=1)
        return LookedUp("pin_needed")

    def _tried(self, conn: Connection, ask: LookUp, door: Any, own: bool, today: date) -> LookedUp:
        mine = self._tags("pin", TRIES, DAY_MS, f"{ask.msisdn or ''} {ask.reference}", today)
        everybodys = self._tags("reference", ALL_TRIES, DAY_MS, ask.reference, today)
        hold(conn, [mine.write, everybodys.write])
        once = self._once(ask, today)
        tried = self._counted(conn, mine, ask, once)
        # One caller alone must not lock it for all.
        all_tried = self._counted(conn, everybodys, ask, once, full=tried > TRIES)
        right = derive_pin(self._keyring.pin, door.case, door.generation).matches(ask.pin or "")
        if tried > TRIES or (all_tried > ALL_TRIES and not own):
            return LookedUp("locked", hours=24)
        if not right or door.reference != ask.reference:
            left = TRIES - tried
            return LookedUp("wrong", left=left, own=own) if left else LookedUp("locked", hours=24)
        for counted in (mine, everybodys):
            conn.execute(_FORGIVE, {"mine": counted.write, "why": counted.what, "this": once})
        conn.execute(_KEEP_PIN, {"this": ask.reference})
        return self._found(conn, ask, door, own, today)

    def _counted(self, conn: Connection, counted: _Counted, ask: LookUp, once: bytes, full: bool = False) -> int:
        """How many there are with this one, which is kept under the tag unless that is `full`.

        Who is locked, and a copy of what was counted, leave a row of nobody's: that takes as long, and what is counted
        never grows.
        """
        asked = {"tags": counted.read, "what": counted.what, "since": ask.at_ms - counted.span_ms, "this": once}
        found, copies = conn.execute(_COUNT, asked).one()
        nobodys = token_bytes(len(counted.write))
        tag = nobodys if full or copies or found >= counted.most else counted.write
        conn.execute(_TRY, {"tag": tag, "what": counted.what, "at_ms": ask.at_ms, "once": once})
        return int(found) + (not copies)

    def _once(self, ask: LookUp, today: date) -> bytes:
        """What this try shares with the copies of the same answer; another PIN in that answer is another try."""
        if not ask.answer:
            return token_bytes(len(_NO_CASE.case))
        return self._keyring.limit_tag(f"once {ask.answer.hex()} {ask.reference} {ask.pin or ''}", today)

    def _tags(self, what: str, most: int, span_ms: int, of: str, today: date) -> _Counted:
        now, before = (self._keyring.limit_tag(f"{what} {of}", day) for day in (today, today - timedelta(days=1)))
        return _Counted(what, most, span_ms, now, [now, before])


def owns(conn: Connection, vault: Vault, msisdn: str | None, handle: str | None, touched: date, today: date) -> bool:
    """Whether a phone is that of the case with this contact, and has done something on it in the last 90 days."""
    tags = vault.vault_tags(msisdn or "")
    mine = conn.scalar(_MINE, {"handle": handle or "", "tags": tags}) is not None
    return mine and bool(msisdn) and touched + OWN_FOR >= today


def contacts_of(conn: Connection, vault: Vault, msisdn: str | None, today: date) -> list[Contact]:
    """The contacts of a phone's own cases: what was its owner's before her is not hers to erase."""
    asked = {"tags": vault.vault_tags(msisdn or ""), "since": today - OWN_FOR}
    return [Contact(*row) for row in conn.execute(_CONTACTS, asked)]
