"""What came of sending, written: how far each part is, and whether the message goes again, elsewhere, or no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, delete, select, update

from ussd_engine import lifecycle
from ussd_engine.ledger.database import insert_new, upsert
from ussd_engine.ledger.projection import case_of
from ussd_engine.ledger.smsrows import EMPTIED, SmsScribe, settle
from ussd_engine.ledger.smstables import sms, sms_parts, sms_reports
from ussd_engine.ledger.tables import cases
from ussd_engine.ledger.talks import OPENS, Kind, Talks
from ussd_engine.model import CaseState
from ussd_engine.sms import lattice
from ussd_engine.sms.message import FINAL, Progress, Sent

ATTEMPTS: Final = 8
"""On one route."""
ROUNDS_MS: Final = (15 * 60_000, 2 * 3_600_000)
"""How long after a report of its failure a message goes again by the same route: a phone was off, a mast was down."""
Happened = Literal["accepted", "retried", "rerouted", "dead", "stale"]
"""Taken by the gateway; goes again later; goes to the next route; given up; settled by another sender meanwhile."""
KNOWN: Final = ""
"""The status of a row of `sms_reports` that stands only while somebody holds an id."""
NONE: Final = "none"
"""What is kept of a report that names no status."""

_OURS = select(sms).where(sms.c.id.in_(bindparam("ids", expanding=True))).order_by(sms.c.id).with_for_update()
_CASE = select(cases).where(cases.c.reference == bindparam("reference"))
_PARTS = select(sms_parts).where(sms_parts.c.sms.in_(bindparam("ids", expanding=True))).order_by("part")
_THIS = update(sms).where(sms.c.id == bindparam("this")).values(sending=False, lease_ms=0)
_ACCEPT = _THIS.values(state=bindparam("stands"), route=bindparam("by"), changed_ms=bindparam("at"), reason="")
_BACK = _THIS.values(not_before_ms=bindparam("when"), attempts=bindparam("tries"), reason=bindparam("why"))
_EARLY = select(sms_reports).where(
    sms_reports.c.route == bindparam("name"), sms_reports.c.provider_id.in_(bindparam("ids", expanding=True))
)
_DROP = delete(sms_reports).where(
    sms_reports.c.route == bindparam("name"),
    sms_reports.c.provider_id.in_(bindparam("ids", expanding=True)),
    (sms_reports.c.status == KNOWN) | sms_reports.c.progress.is_not(None),
)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one lent message. Printing it shows nothing of the citizen's."""

    id: bytes
    token: int
    attempts: int
    route: str
    now_ms: int
    later_ms: int
    """When it may be tried again, where it may."""
    said: Mapping[int, Sent]
    """Of each part that was asked for, what the gateway said."""
    parts: int
    """How many there are in all."""
    again: bool = False
    """What `said` does not tell of was not taken, and may be tried again."""
    counts: bool = True
    """Whether this was an attempt: it is none where the whole route was at fault."""
    elsewhere: bool = True
    """Whether the next route may do better."""
    reason: str = ""
    opens: tuple[str, str, str, str] | None = None
    """Template, number, service and reference: what it asks of the citizen once it is out."""

    def __repr__(self) -> str:
        return "Outcome(…)"


class _Changes(NamedTuple):
    """What is written of many messages at once: those that are taken, those of them that are over, those that wait."""

    accepted: list[dict[str, Any]]
    over: list[dict[str, Any]]
    back: list[dict[str, Any]]

    def write(self, conn: Connection) -> None:
        statements = ((_ACCEPT, self.accepted), (_ACCEPT.values(**EMPTIED), self.over), (_BACK, self.back))
        for statement, rows in statements:
            if rows:
                conn.execute(statement, rows)


class Outcomes:
    """Writes them. `routes` is their order."""

    def __init__(self, scribe: SmsScribe, talks: Talks, routes: Sequence[str]) -> None:
        self._scribe = scribe
        self._talks = talks
        self._routes = tuple(routes)

    def after(self, route: str) -> str | None:
        """The route that follows another; `None` after the last."""
        at = self._routes.index(route) + 1 if route in self._routes else len(self._routes)
        return self._routes[at] if at < len(self._routes) else None

    def write(self, conn: Connection, outcomes: Sequence[Outcome]) -> Iterable[Happened]:
        """One word an outcome, in their order. Hundreds take no more statements than one, but for what is given up or
        asks a question: what is written too slowly is sent again.
        """
        # One order for everybody: the ids of providers first, then our rows.
        ids = {(one.route, sent.provider_id) for one in outcomes for sent in one.said.values() if sent.provider_id}
        hold(conn, ids, max(one.now_ms for one in outcomes))
        rows = {row.id: row for row in conn.execute(_OURS, {"ids": sorted({one.id for one in outcomes})})}
        live = [one for one in outcomes if _is_lent(one, rows.get(one.id))]
        known, changes = _heard(conn, live), _Changes([], [], [])
        happened = {id(one): self._write(conn, one, rows[one.id], known[one.id], changes) for one in live}
        changes.write(conn)
        join(conn, self, ids, max(one.now_ms for one in outcomes))
        return [happened.get(id(one), "stale") for one in outcomes]

    def _write(
        self, conn: Connection, outcome: Outcome, row: Any, known: Mapping[int, Progress], changes: _Changes
    ) -> Happened:
        taken = [state for state in known.values() if state not in FINAL or state is Progress.DELIVERED]
        if outcome.parts and len(known) >= outcome.parts and taken:
            return self._accepted(conn, outcome, list(known.values()), changes)
        repeats = outcome.again or any(sent.again for sent in outcome.said.values())
        if repeats and (outcome.attempts < ATTEMPTS or not outcome.counts):
            when = self._scribe.earliest(outcome.later_ms, row.priority, row.queued_ms)
            tries = outcome.attempts if outcome.counts else outcome.attempts - 1
            changes.back.append({"this": outcome.id, "when": when, "tries": tries, "why": outcome.reason})
            return "retried"
        refused = Progress.REJECTED in known.values()
        return self.give_up(
            conn,
            row,
            outcome.route,
            Progress.REJECTED if refused else Progress.FAILED,
            outcome.now_ms,
            outcome.reason or next((sent.reason for sent in outcome.said.values() if sent.reason), ""),
            elsewhere=outcome.elsewhere and not refused and not taken,
        )

    def _accepted(self, conn: Connection, outcome: Outcome, states: Sequence[Progress], changes: _Changes) -> Happened:
        state = lattice.message(states)
        taken = {"this": outcome.id, "stands": state.value, "by": outcome.route, "at": outcome.now_ms}
        (changes.over if state in FINAL else changes.accepted).append(taken)
        if outcome.opens is not None and outcome.opens[0] in OPENS:
            template, msisdn, service, reference = outcome.opens
            if _still_asks(conn, OPENS[template], reference):
                self._talks.open(conn, msisdn, OPENS[template], service, outcome.now_ms, reference=reference)
        return "accepted"

    def give_up(
        self,
        conn: Connection,
        row: Any,
        route: str,
        state: Progress,
        now_ms: int,
        reason: str,
        *,
        elsewhere: bool,
    ) -> Happened:
        """A route cannot send a message: it goes to the next one, or no more. Its row must be held."""
        follows = self.after(route) if elsewhere and row.sealed is not None else None
        if follows is None:
            settle(conn, [row.id], state, now_ms, reason)
            return "dead"
        self._begin(conn, row, now_ms, now_ms, reason, route=follows, rounds=0)
        return "rerouted"

    def come_back(self, conn: Connection, row: Any, route: str, state: Progress, now_ms: int, reason: str) -> None:
        """A message that went out was reported as failed or expired: it goes again later, by the same route and then
        by the next one. Its row must be held."""
        if row.sealed is None or row.rounds >= len(ROUNDS_MS):
            self.give_up(conn, row, route, state, now_ms, reason, elsewhere=True)
        else:
            wanted_ms = now_ms + ROUNDS_MS[row.rounds]
            self._begin(conn, row, now_ms, wanted_ms, reason, route=route, rounds=row.rounds + 1)

    def _begin(
        self, conn: Connection, row: Any, now_ms: int, wanted_ms: int, reason: str, *, route: str, rounds: int
    ) -> None:
        """Queue a message anew; what is told of the SMS that it was before is told of nothing any longer. Under which
        ids its gateway had them stays in the reason: its provider is asked by them."""
        known = conn.execute(_PARTS, {"ids": [row.id]}).all()
        ids = ", ".join(f"{one.provider_id} at {one.route}" for one in known if one.provider_id)
        reason = f"{reason}, of {ids}" if reason and ids else reason
        conn.execute(delete(sms_parts).where(sms_parts.c.sms == row.id))
        when = self._scribe.earliest(wanted_ms, row.priority, row.queued_ms)
        begins = {
            "state": Progress.QUEUED.value,
            "route": route,
            "attempts": 0,
            "not_before_ms": when,
            "rounds": rounds,
        }
        rest = {"sending": False, "lease_ms": 0, "changed_ms": now_ms, "reason": reason}
        conn.execute(update(sms).where(sms.c.id == row.id).values(**begins, **rest))


def _still_asks(conn: Connection, kind: Kind, reference: str) -> bool:
    """Whether the case asks by now what an SMS asked that was queued before."""
    row = conn.execute(_CASE, {"reference": reference}).one_or_none()
    if row is None:
        return False
    case = case_of(row)
    return lifecycle.may_rate(case) if kind == "rate" else case.state is CaseState.NEED_INFO


def _is_lent(outcome: Outcome, row: Any) -> bool:
    """Whether it is still lent to whoever brings this."""
    return row is not None and row.token == outcome.token and row.sending


def _heard(conn: Connection, outcomes: Sequence[Outcome]) -> dict[bytes, dict[int, Progress]]:
    """Write what was said of parts; how all parts of these messages stand then."""
    known: dict[bytes, dict[int, Progress]] = {one.id: {} for one in outcomes}
    heard = [
        _part(one, part, sent)
        for one in outcomes
        for part, sent in sorted(one.said.items())
        if not (sent.again and sent.progress in (Progress.FAILED, Progress.REJECTED))
    ]
    upsert(conn, sms_parts, heard, *_PART_VALUES)
    for each in conn.execute(_PARTS, {"ids": sorted(known)}) if known else ():
        known[each.sms][each.part] = Progress(each.state)
    return known


_PART_VALUES = ("route", "provider_id", "state", "status", "changed_ms")


def _part(outcome: Outcome, part: int, sent: Sent) -> dict[str, Any]:
    return {
        "sms": outcome.id,
        "part": part,
        "route": outcome.route,
        "provider_id": sent.provider_id,
        "state": sent.progress.value,
        "status": sent.reason,
        "changed_ms": outcome.now_ms,
    }


def hold(conn: Connection, ids: Iterable[tuple[str, str]], now_ms: int) -> None:
    """Whoever sends under an id and whoever reports of it take turns: else each could miss the other."""
    rows = [{"route": route, "provider_id": one, "status": KNOWN, "at_ms": now_ms} for route, one in sorted(set(ids))]
    upsert(conn, sms_reports, rows, "at_ms")


def join(conn: Connection, outcomes: Outcomes, ids: Iterable[tuple[str, str]], now_ms: int) -> None:
    """Apply what was reported of these ids before they were known, and let go of them. They must be held."""
    by_route: dict[str, list[str]] = {}
    for route, one in sorted(set(ids)):
        by_route.setdefault(route, []).append(one)
    for route, some in by_route.items():
        early = [row for row in conn.execute(_EARLY, {"name": route, "ids": some}) if row.progress is not None]
        for row in sorted(early, key=lambda row: (row.at_ms, row.status)):
            apply(conn, outcomes, route, row.provider_id, row.status, Progress(row.progress), now_ms)
        conn.execute(_DROP, {"name": route, "ids": some})


def apply(
    conn: Connection,
    outcomes: Outcomes,
    route: str,
    provider_id: str,
    status: str,
    progress: Progress | None,
    now_ms: int,
) -> bool | None:
    """Write what was told of one SMS; whether that changed anything, `None` where nobody knows the id."""
    here = (sms_parts.c.route == route, sms_parts.c.provider_id == provider_id)
    parts = conn.execute(select(sms_parts).where(*here).order_by(sms_parts.c.sms)).all()
    changed = False
    for part in parts:
        row = conn.execute(_OURS, {"ids": [part.sms]}).one_or_none()
        stands = Progress(part.state)
        state = lattice.further(stands, progress)
        this = (sms_parts.c.sms == part.sms, sms_parts.c.part == part.part)
        if state is stands:
            continue
        conn.execute(update(sms_parts).where(*this).values(state=state.value, status=status, changed_ms=now_ms))
        changed = True
        if row is not None and row.state != Progress.QUEUED.value:
            _follow(conn, outcomes, row, route, status, now_ms)
    return changed if parts else None


def _follow(conn: Connection, outcomes: Outcomes, row: Any, route: str, status: str, now_ms: int) -> None:
    """The message goes as far as its parts have come."""
    states = [Progress(each.state) for each in conn.execute(_PARTS, {"ids": [row.id]})]
    state = lattice.message(states)
    if state.value == row.state or Progress(row.state) in FINAL:
        return
    if state is Progress.DELIVERED:
        settle(conn, [row.id], state, now_ms, "")
    elif state in FINAL:
        if state is Progress.REJECTED or Progress.DELIVERED in states:
            outcomes.give_up(conn, row, route, state, now_ms, status, elsewhere=False)
        else:
            outcomes.come_back(conn, row, route, state, now_ms, status)
    else:
        conn.execute(update(sms).where(sms.c.id == row.id).values(state=state.value, changed_ms=now_ms))


def keep(conn: Connection, route: str, provider_id: str, status: str, progress: Progress | None, now_ms: int) -> None:
    """A report that cannot be applied, or whose status nobody knows."""
    told = None if progress is None else progress.value
    row = {"route": route, "provider_id": provider_id, "status": status or NONE, "progress": told, "at_ms": now_ms}
    insert_new(conn, sms_reports, [row])
