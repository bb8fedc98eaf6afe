"""What a change tells by SMS: the rows of it, written in the transaction of the change itself.

`sms.matrix` decides whether and how. Nothing is queued while no route is configured: nothing is promised that cannot be
sent. The words are made when it leaves; the values are those of this moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, timedelta, tzinfo
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, select

from ussd_engine import lifecycle
from ussd_engine.keys import Keyring
from ussd_engine.ledger.followups import muted
from ussd_engine.ledger.lookup import NEW_PIN_MS
from ussd_engine.ledger.projection import MOST, Heard, case_of
from ussd_engine.ledger.smsinbox import forget
from ussd_engine.ledger.smsrows import SmsScribe, enqueue, withhold
from ussd_engine.ledger.smstables import sms
from ussd_engine.ledger.tables import cases, contacts, languages
from ussd_engine.ledger.talks import Kind, Talks
from ussd_engine.model import Case, CaseState, Committed, Mode, Submission, Submit, Told
from ussd_engine.sms.matrix import Happening, say
from ussd_engine.sms.message import Notice, Priority
from ussd_engine.sms.templates import RELAYED, SMS, truthful
from ussd_engine.tracking import (
    FINISH_HOURS,
    Append,
    AskHigher,
    AskNewPin,
    Erase,
    FinishBySms,
    OnCase,
    Rate,
    SetSms,
    Withdraw,
)
from ussd_engine.vault import Vault

Higher = Callable[[str, str], str]
"""Service and code: the code of the next higher level, empty where there is none."""
BY_SMS: Final = "sms:"
"""What the channel of an act begins with that came by SMS; the channel's name follows."""
NOT_RATED: Final = timedelta(days=3)
"""After the answer its citizen is asked once more whether she is content."""
LATE_MS: Final = 3 * 24 * 3_600_000
"""What became ready longer ago is told no more."""

Row = dict[str, Any]

_CASE = [cases.c[name] for name in Case.__struct_fields__]
_UNRATED = (
    select(*_CASE)
    .where(
        cases.c.state == CaseState.ANSWERED.value,
        cases.c.rating == "",
        cases.c.mode == Mode.NAMED.value,
        cases.c.ended <= bindparam("last"),
        cases.c.ended > bindparam("open"),
        cases.c.handle.is_not(None),
        cases.c.reference > bindparam("after"),
    )
    .order_by(cases.c.reference)
    .limit(MOST)
)
_READY = (
    select(*_CASE, cases.c.pin_asked_ms)
    .where(
        cases.c.pin_asked_ms > bindparam("since"),
        cases.c.pin_asked_ms <= bindparam("until"),
        cases.c.handle.is_not(None),
        cases.c.reference > bindparam("after"),
    )
    .order_by(cases.c.reference)
    .limit(MOST)
)
_ASKED = select(cases.c.pin_asked_ms).where(cases.c.reference == bindparam("reference"))
_ANSWERS: Final[dict[type, tuple[Kind, ...]]] = {
    Append: ("need_info",),
    Rate: ("rate",),
    Withdraw: ("need_info", "rate"),
    AskHigher: ("need_info", "rate"),
}
"""What is open no longer after an act."""
_HANDLES = select(contacts.c.handle).where(contacts.c.tag.in_(bindparam("tags", expanding=True)))
_SERVICE = select(cases.c.service).where(cases.c.reference.in_(bindparam("references", expanding=True))).limit(1)
_LOCALE = select(languages.c.locale).where(languages.c.tag.in_(bindparam("tags", expanding=True))).limit(1)


class Notices:
    """Writes them. `routes` are those that are configured, in their order. Holds no state of its own."""

    def __init__(self, keyring: Keyring, zone: tzinfo = UTC, routes: Sequence[str] = ()) -> None:
        self._keyring = keyring
        self._vault = Vault(keyring)
        self.scribe = SmsScribe(keyring, zone)
        self.talks = Talks(keyring)
        self.routes = tuple(routes)
        self.lacks = frozenset[str]()
        """What the core cannot do, by the words of `core_can`; whoever opens the core sets it."""
        self.higher: Higher = lambda service, institution: institution
        """The level above an institution; whoever has the menus sets it."""
        self.speaks: Callable[[str], bool] = lambda service: True
        """Whether a service words what is said by SMS; set by the same."""

    @property
    def sends(self) -> bool:
        """Whether anything is told at all."""
        return bool(self.routes)

    def submitted(self, conn: Connection, act: Submit, committed: Committed, handle: str | None) -> list[Row]:
        """The receipt; it answers an SMS where she sent it by one."""
        by_sms = act.channel.startswith(BY_SMS)
        if not self.sends or not handle or (not by_sms and self._muted(conn, act.msisdn)):
            return []
        happened = Happening.SENT_BY_SMS if by_sms else Happening.SENT_BY_USSD
        values = {"ref": committed.reference, "institution": act.institution, "due": _iso(act.due)}
        about = _About(act.service, act.mode, handle, values, act.locale if by_sms else "")
        return self._rows(happened, about, (act.key.hex(),), act.at_ms)

    def untold(self, conn: Connection, act: Submit, committed: Committed) -> None:
        """The receipt of what was stored without one, where nobody has told her by now."""
        handle = conn.scalar(select(cases.c.handle).where(cases.c.reference == committed.reference))
        told = select(sms.c.id).where(sms.c.handle == handle).limit(1)
        if handle and _stands(conn, handle) and conn.scalar(told) is None:
            enqueue(conn, self.submitted(conn, act, committed, handle))

    def heard(self, conn: Connection, heard: Sequence[Heard], now_ms: int) -> None:
        """What a core told; each change once. A question that its case no longer asks is open no longer."""
        if not self.sends:
            return
        cases_ = {one.event.reference: one.case for one in heard if one.case is not None}
        rated = [reference for reference, case in cases_.items() if not lifecycle.may_rate(case)]
        self.talks.moved_on(conn, rated, ["rate"])
        gone_on = [reference for reference, case in cases_.items() if case.state is not CaseState.NEED_INFO]
        self.talks.moved_on(conn, gone_on, ["need_info"])
        told = [
            self._told(one.told, one.before, one.case, one.event.id, now_ms)
            for one in heard
            if one.told is not None and one.before is not None and one.case is not None
        ]
        enqueue(conn, [row for rows in told for row in rows])

    def seen(self, conn: Connection, read: Sequence[Case], msisdn: str, now_ms: int) -> None:
        """Confidential cases whose words their phone has read: what they ask may be answered by SMS."""
        for case in read:
            if case.mode is Mode.CONFIDENTIAL and lifecycle.may_rate(case) and "rate" not in self.lacks:
                self.talks.open(conn, msisdn, "rate", case.service, now_ms, reference=case.reference)
            elif case.mode is Mode.CONFIDENTIAL and case.state is CaseState.NEED_INFO and "append" not in self.lacks:
                self.talks.open(conn, msisdn, "need_info", case.service, now_ms, reference=case.reference)

    def overdue(self, conn: Connection, late: Sequence[Case], now_ms: int) -> None:
        """Whose answer is late from today on."""
        if self.sends:
            rows = [self._told(Told.OVERDUE, case, case, _iso(case.due), now_ms) for case in late]
            enqueue(conn, [row for some in rows for row in some])

    def unrated(self, conn: Connection, today: date, now_ms: int, after: str) -> str | None:
        """Ask those once who had their answer three days ago and said nothing; `after`: the last reference of the call
        before, empty at first. Returns that of this one, `None` once all were looked at."""
        if not self.sends:
            return None
        span = {"last": today - NOT_RATED, "open": today - lifecycle.STAYS_OPEN[""], "after": after}
        found = [case_of(row) for row in conn.execute(_UNRATED, span)]
        rows = [self._happened(Happening.NOT_RATED, case, _iso(case.ended), now_ms) for case in found]
        enqueue(conn, [row for some in rows for row in some])
        return found[-1].reference if len(found) == MOST else None

    def pins_ready(self, conn: Connection, now_ms: int, after: str) -> str | None:
        """Tell those whose new PIN can be seen by now, once; `after` and what is returned as in `unrated`."""
        if not self.sends:
            return None
        span = {"since": now_ms - NEW_PIN_MS - LATE_MS, "until": now_ms - NEW_PIN_MS, "after": after}
        found = conn.execute(_READY, span).all()
        rows = [self._happened(Happening.PIN_READY, _case(row), str(row.pin_asked_ms), now_ms) for row in found]
        enqueue(conn, [row for some in rows for row in some])
        return str(found[-1].reference) if len(found) == MOST else None

    def acted(self, conn: Connection, act: OnCase, case: Case) -> list[Row]:
        """She did something on a case: what it asked of her is answered. That a new PIN was asked for is told once."""
        if self.sends and isinstance(act, Append | Rate | Withdraw | AskHigher):
            self.talks.moved_on(conn, [act.reference], _ANSWERS[type(act)])
        if not self.sends or not isinstance(act, AskNewPin):
            return []
        asked_ms = conn.scalar(_ASKED, {"reference": case.reference})
        return self._happened(Happening.PIN_ASKED, case, str(asked_ms), act.at_ms)

    def relayed(self, conn: Connection, submission: Submission, words: str, now_ms: int) -> None:
        """What the institution of a hosted service says to a form, in its own words."""
        if self._muted(conn, submission.number) or not _stands(conn, submission.handle):
            return
        notice = Notice(
            key=_key(RELAYED, submission.idempotency_key),
            service=submission.service,
            template=RELAYED,
            values={"ref": submission.reference, "part": words},
            locale=submission.locale,
            priority=Priority.NOTICE,
            push=True,
            at_ms=now_ms,
            handle=submission.handle,
        )
        enqueue(conn, [self.scribe.row(notice)])

    def to_be_finished(self, conn: Connection, act: FinishBySms) -> list[Row] | None:
        """Her draft waits for her SMS, and she is told how; `None` where she cannot be told, and nothing waits."""
        if not self.sends or not act.msisdn or self._muted(conn, act.msisdn):
            return None
        self.talks.open(conn, act.msisdn, "finish", act.service, act.at_ms, content=act.content)
        values = {"hours": str(FINISH_HOURS)}
        about = _About(act.service, Mode.CONFIDENTIAL, None, values, act.locale, act.msisdn)
        return self._rows(Happening.TO_BE_FINISHED, about, (act.key.hex(),), act.at_ms)

    def chosen(self, conn: Connection, act: SetSms) -> None:
        """She wants SMS, or none: what waits for her was queued before STOP, or while she was not to be told."""
        if act.msisdn and (not act.on or self._muted(conn, act.msisdn)):
            handles, tags = self._addressed(conn, act.msisdn)
            withhold(conn, handles, tags, act.at_ms, "stopped", pushes=True)

    def erased(self, conn: Connection, act: Erase, references: Sequence[str]) -> list[Row]:
        """Her number goes from all that waits, and what is open is ended; the last message tells her.

        It is asked before her contacts and choices go.
        """
        if not act.msisdn:
            return []
        language_tags = self.scribe.language_tags(act.msisdn)
        stopped, locale = muted(conn, language_tags), conn.scalar(_LOCALE, {"tags": language_tags}) or ""
        _, tags = self._addressed(conn, act.msisdn)
        withhold(conn, [], tags, act.at_ms, "erased", pushes=False)
        self.talks.forget(conn, act.msisdn)
        forget(conn, self._keyring, act.msisdn)
        service = conn.scalar(_SERVICE, {"references": sorted(references)}) if references else None
        if not self.sends or stopped or service is None:
            return []
        about = _About(service, Mode.CONFIDENTIAL, None, {}, locale, act.msisdn)
        return self._rows(Happening.ERASED, about, (act.key.hex(),), act.at_ms)

    def _told(self, told: Told, before: Case, after: Case, key: str, now_ms: int) -> list[Row]:
        values = _values(after) | {"from": before.institution}
        about = _About(after.service, after.mode, after.handle, values)
        return self._rows(told, about, (after.reference, key), now_ms)

    def _happened(self, happened: Happening, case: Case, key: str, now_ms: int) -> list[Row]:
        about = _About(case.service, case.mode, case.handle, _values(case))
        return self._rows(happened, about, (case.reference, key), now_ms)

    def _rows(self, what: Told | Happening, about: _About, key: tuple[str, ...], now_ms: int) -> list[Row]:
        """The row of what happened; none where the matrix or the service says nothing, or nobody can be told."""
        said = say(what, about.mode)
        if said is None or not (about.handle or about.msisdn) or not self.speaks(about.service):
            return []
        above = self.higher(about.service, about.values.get("institution", ""))
        template = truthful(said.template, self.lacks if above else self.lacks | {"appeal"})
        if not template:
            return []
        notice = Notice(
            key=_key(what.value, *key),
            service=about.service,
            template=template,
            values={name: about.values[name] for name in SMS[template].values if about.values.get(name)},
            locale=about.locale,
            priority=said.priority,
            push=said.push,
            at_ms=now_ms,
            handle=about.handle,
            msisdn=about.msisdn,
        )
        return [self.scribe.row(notice)]

    def _muted(self, conn: Connection, msisdn: str | None) -> bool:
        return bool(msisdn) and muted(conn, self.scribe.language_tags(msisdn or ""))

    def _addressed(self, conn: Connection, msisdn: str) -> tuple[list[str], list[bytes]]:
        """By what rows lead to a phone: the contacts of its cases, the tags of its number."""
        handles = conn.scalars(_HANDLES, {"tags": self._vault.vault_tags(msisdn)}).all()
        return sorted(handles), self.scribe.tags(msisdn)


class _About(NamedTuple):
    """What is told about, and to whom."""

    service: str
    mode: Mode
    handle: str | None
    values: Mapping[str, str]
    locale: str = ""
    msisdn: str | None = None


def _stands(conn: Connection, handle: str) -> bool:
    """Whether a contact was not erased."""
    return conn.scalar(select(contacts.c.handle).where(contacts.c.handle == handle)) is not None


def _values(case: Case) -> dict[str, str]:
    """All that a text may show of a case, as it is stored."""
    return {
        "ref": case.reference,
        "institution": case.institution,
        "higher": case.institution,
        "level": case.leader,
        "due": _iso(case.due),
        "date": _iso(case.changed),
        "appeal_until": _iso(lifecycle.appeal_until(case)),
    }


def _case(row: Any) -> Case:
    return msgspec.convert({name: getattr(row, name) for name in Case.__struct_fields__}, Case)


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _key(*parts: str) -> bytes:
    """What is told, in 16 octets. Whoever has the table has the cases too: it hides nothing, and need not."""
    return blake2b("\0".join(parts).encode(), digest_size=16).digest()
