"""Who may open a case: own phone, reference and PIN, and how often may be tried.

Every way to be refused takes the same statements and gives the same answer: an unknown reference, another person's, a
wrong PIN. Tries are counted before anything is compared; one that succeeds is not counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from secrets import token_bytes
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from ussd_engine.keys import Keyring
from ussd_engine.ledger.database import upsert
from ussd_engine.ledger.projection import case_of
from ussd_engine.ledger.tables import cases, contacts, limits, tries
from ussd_engine.model import Case, Mode
from ussd_engine.reference import derive_pin
from ussd_engine.tracking import LookedUp, LookUp
from ussd_engine.vault import Vault

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
TRIES: Final = 5
"""Of a caller on one reference, in 24 hours."""
ALL_TRIES: Final = 20
"""Of everybody on one reference; the case's own phone is exempt."""
TRIED: Final = "tried"
LOOKS: Final = 10
"""References that a caller may type in an hour."""
OWN_FOR: Final = timedelta(days=90)
"""So long after its last act a phone counts as the case's own: numbers are given out again."""
NEW_PIN_MS: Final = DAY_MS
"""Between asking for a new PIN and seeing it."""

_CASE = select(cases).where(cases.c.reference == bindparam("reference"))
_MINE = select(contacts.c.handle).where(
    contacts.c.handle == bindparam("handle"), contacts.c.tag.in_(bindparam("tags", expanding=True))
)
_OWN = (
    select(cases)
    .join(contacts, contacts.c.handle == cases.c.handle)
    .where(contacts.c.tag.in_(bindparam("tags", expanding=True)), cases.c.touched >= bindparam("since"))
    .order_by(cases.c.submitted.desc(), cases.c.reference)
)
_CONTACTS = _OWN.with_only_columns(cases.c.reference, cases.c.handle)
_COUNT = select(func.count()).where(
    tries.c.tag.in_(bindparam("tags", expanding=True)),
    tries.c.what == bindparam("what"),
    tries.c.at_ms > bindparam("since"),
)
_TRY = insert(tries)
_FORGIVE = delete(tries).where(
    tries.c.tag == bindparam("mine"), tries.c.what == bindparam("why"), tries.c.at_ms == bindparam("at")
)
_TOUCH = update(cases).where(cases.c.reference == bindparam("this")).values(touched=bindparam("day"))
_KEEP_PIN = update(cases).where(cases.c.reference == bindparam("this")).values(pin_asked_ms=None)
_NOBODY = bytes(16)
"""Stands for the case of an unknown reference, so that as much is worked out for it."""


class _Tags(NamedTuple):
    """What a try is counted under: the tag of the day it is made on, and those that may still count."""

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

    def own(self, conn: Connection, msisdn: str, today: date) -> list[Case]:
        """A phone's own cases, the newest first."""
        tags = self._vault.vault_tags(msisdn)
        return [case_of(row) for row in conn.execute(_OWN, {"tags": tags, "since": today - OWN_FOR})]

    def look_up(self, conn: Connection, ask: LookUp, today: date) -> LookedUp:
        """Open a case, or say what it needs."""
        # Nothing is worked out of a row before it is known to open: the time would tell that there is one.
        row = conn.execute(_CASE, {"reference": ask.reference}).one_or_none()
        handle, touched = (row.handle, row.touched) if row else (None, today)
        own = owns(conn, self._vault, ask.msisdn, handle, touched, today)
        if row is not None and own and ask.pin is None:
            ready = row.pin_asked_ms is not None and ask.at_ms - row.pin_asked_ms >= NEW_PIN_MS
            if ready or not row.pin_seen:
                return LookedUp("pin_new", case=case_of(row), own=True, generation=row.generation + row.pin_seen)
            if row.mode == Mode.NAMED:
                return self._found(conn, row, own, today)
        if ask.pin is None:
            return self._asked(conn, ask, today)
        return self._tried(conn, ask, row, own, today)

    def _found(self, conn: Connection, row: Any, own: bool, today: date) -> LookedUp:
        if own:
            conn.execute(_TOUCH, {"this": row.reference, "day": today})
        return LookedUp("found", case=case_of(row), own=own, generation=row.generation)

    def _asked(self, conn: Connection, ask: LookUp, today: date) -> LookedUp:
        """A PIN is asked for whatever the reference is; only how many are typed is bounded."""
        if ask.msisdn:
            tags = self._tags("look", ask.msisdn, today)
            self._hold(conn, [tags.write], today)
            if self._counted(conn, tags, "look", ask.at_ms, HOUR_MS) > LOOKS:
                return LookedUp("locked", hours=1)
        return LookedUp("pin_needed")

    def _tried(self, conn: Connection, ask: LookUp, row: Any, own: bool, today: date) -> LookedUp:
        mine = self._tags("pin", f"{ask.msisdn or ''} {ask.reference}", today)
        everybodys = self._tags("reference", ask.reference, today)
        self._hold(conn, [mine.write, everybodys.write], today)
        tried = self._counted(conn, mine, "pin", ask.at_ms, DAY_MS)
        # One caller alone must not lock it for all. Who is locked leaves a row of nobody's: it takes as long.
        fair = everybodys if tried <= TRIES else everybodys._replace(write=token_bytes(len(everybodys.write)))
        all_tried = self._counted(conn, fair, "reference", ask.at_ms, DAY_MS)
        case, generation = (row.case, row.generation) if row else (_NOBODY, 0)
        right = derive_pin(self._keyring.pin, case, generation).matches(ask.pin or "") and row is not None
        if tried > TRIES or (all_tried > ALL_TRIES and not own):
            return LookedUp("locked", hours=24)
        if not right:
            return LookedUp("wrong", left=TRIES - tried, own=own)
        for tags, what in ((mine, "pin"), (everybodys, "reference")):
            conn.execute(_FORGIVE, {"mine": tags.write, "why": what, "at": ask.at_ms})
        conn.execute(_KEEP_PIN, {"this": row.reference})
        return self._found(conn, row, own, today)

    def _hold(self, conn: Connection, tags: Sequence[bytes], today: date) -> None:
        """Who tries the same at the same moment waits: else each would count without the other."""
        upsert(conn, limits, [{"tag": tag, "what": TRIED, "day": today, "count": 0} for tag in sorted(tags)], "day")

    def _counted(self, conn: Connection, tags: _Tags, what: str, at_ms: int, span_ms: int) -> int:
        """Count this one, and say how many there are with it."""
        conn.execute(_TRY, {"tag": tags.write, "what": what, "at_ms": at_ms})
        return conn.scalar(_COUNT, {"tags": tags.read, "what": what, "since": at_ms - span_ms}) or 0

    def _tags(self, what: str, counted: str, today: date) -> _Tags:
        now, before = (self._keyring.limit_tag(f"{what} {counted}", day) for day in (today, today - timedelta(days=1)))
        return _Tags(now, [now, before])


def owns(conn: Connection, vault: Vault, msisdn: str | None, handle: str | None, touched: date, today: date) -> bool:
    """Whether a phone is that of the case with this contact, and has done something on it in the last 90 days."""
    tags = vault.vault_tags(msisdn or "")
    mine = conn.scalar(_MINE, {"handle": handle or "", "tags": tags}) is not None
    return mine and bool(msisdn) and touched + OWN_FOR >= today


def contacts_of(conn: Connection, vault: Vault, msisdn: str | None, today: date) -> list[Contact]:
    """The contacts of a phone's own cases: what was its owner's before her is not hers to erase."""
    asked = {"tags": vault.vault_tags(msisdn or ""), "since": today - OWN_FOR}
    return [Contact(*row) for row in conn.execute(_CONTACTS, asked)]
