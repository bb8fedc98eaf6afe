"""How a route stands and why an SMS is where it is, in words for an operator; nothing of a citizen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from ussd_engine.ledger.smsroutes import Route
from ussd_engine.ledger.smsview import LONG_ACCEPTED_MS, Figures, Message, Part
from ussd_engine.listing import age, clock_time, iso, show, span
from ussd_engine.sms.message import FINAL, Priority, Progress

STOPPED, NOT_BOUND = "stopped", "not bound"
SHOWN_DIGITS: Final = 18
"""Of an id: its time and its turn there."""


def plain_route(name: str, names: Sequence[str], route: Route | None, figures: Figures, now: int) -> dict[str, Any]:
    """How a route stands. What is given to no route yet is the first one's."""
    states: dict[str, int] = {}
    for (of, state), count in figures.states.items():
        if (of or next(iter(names), "")) == name:
            states[state] = states.get(state, 0) + count
    stands, reason, since_ms = _stands(route, now)
    if name not in names:
        stands = "not configured"
    return {
        "route": name,
        "is": stands,
        "since": iso(since_ms) if since_ms else None,
        "reason": reason,
        "states": states,
    }


def kept_from_sending(route: Route | None, now: int) -> dict[str, str]:
    """What keeps a route from sending that somebody must mend, and why: that it is stopped, that its bind does not
    stand. It may be both. Of a bind only a running gateway tells."""
    if route is None:
        return {}
    unbound = route.unbound if route.lease_ms > now else ""
    return ({STOPPED: route.reason} if route.stopped else {}) | ({NOT_BOUND: unbound} if unbound else {})


def _stands(route: Route | None, now: int) -> tuple[str, str, int]:
    """How it stands, why, and since when; 0: that is not known, or is not told."""
    kept = kept_from_sending(route, now)
    if route is not None and kept:
        why = [words if at == 0 else f"{name}: {words}" for at, (name, words) in enumerate(kept.items())]
        return " and ".join(kept), "; ".join(why), route.stopped_ms if route.stopped else route.unbound_ms
    if route is None or route.lease_ms <= now:
        return "no gateway runs that sends", "", 0
    if route.not_before_ms <= now:
        return "sends", "", 0
    since = f"its provider has not answered since {clock_time(route.down_ms)}"
    reason = since if route.down_ms else "its provider asks to be left alone"
    return f"rests until {clock_time(route.not_before_ms)}", reason, route.down_ms


def print_routes(routes: Sequence[dict[str, Any]]) -> None:
    """Those of `plain_route`, as a table."""
    rows = []
    for one in routes:
        states: dict[str, int] = one["states"]
        counts = [f"{states[state.value]} {state}" for state in Progress if state.value in states]
        rows.append((one["route"], one["is"], since(one["since"]), ", ".join(counts) or "none", one["reason"]))
    if rows:
        show(("route", "is", "since", "SMS of the last 72 hours", "why"), rows)


def since(moment: str | None) -> str:
    """How long ago a moment of `iso` was; empty where there is none."""
    return age(round(datetime.fromisoformat(moment).timestamp() * 1000)) if moment else ""


class Why:
    """Says what a message waits for, or why it ended, as the routes stand."""

    def __init__(self, names: Sequence[str], routes: dict[str, Route], now: int) -> None:
        self._names = names
        self._kept = {name: kept for name, route in routes.items() if (kept := kept_from_sending(route, now))}
        self._now = now

    def route(self, one: Message) -> str:
        """By which a message goes or went: the first, where it was given no other; so is what waits for one that is
        configured no longer. Empty where there is none."""
        gone = one.state is Progress.QUEUED and one.route not in self._names
        return next(iter(self._names), "") if gone or not one.route else one.route

    def age(self, one: Message) -> str:
        """Since it was queued."""
        return span(self._now - one.queued_ms)

    def told(self, one: Message) -> str:
        """Nothing of a citizen."""
        if one.state is not Progress.QUEUED:
            return one.reason if one.state in FINAL else self._report(one)
        last = f"; the last try: {one.reason}" if one.reason else ""
        route = self.route(one)
        if one.sending and one.lease_ms > self._now:
            return "nothing: a sender has it in hand"
        if one.behind:
            return "an earlier message to the same phone"
        if not route:
            return "a channel that carries SMS: none is configured"
        if route in self._kept:
            return f"its route, which is {' and '.join(self._kept[route])}{last}"
        if one.not_before_ms > self._now:
            hour = "its next try" if one.attempts or one.reason else "the hours of the day"
            return f"{hour}, at {clock_time(one.not_before_ms)}{last}"
        return f"a sender: a running gateway takes it within seconds{last}"

    def _report(self, one: Message) -> str:
        silent_ms = self._now - one.changed_ms
        if one.state is Progress.ACCEPTED and silent_ms >= LONG_ACCEPTED_MS:
            return f"a report, for {span(silent_ms)}: ask the provider"
        return "a report" if one.state is Progress.ACCEPTED else "a report, where its provider sends any"


def short(one: Message) -> str:
    """An id as it is listed; its beginning names a message."""
    return one.id.hex()[:SHOWN_DIGITS]


def plain(one: Message, to: str, why: Why) -> dict[str, Any]:
    """A message as programs have it in a list, with its masked number."""
    times = {"queued": iso(one.queued_ms), "changed": iso(one.changed_ms), "not_before": iso(one.not_before_ms)}
    shown = {"id": one.id.hex(), "to": to, "route": why.route(one), "state": one.state.value}
    return {**shown, "attempts": one.tries, **times, "reason": why.told(one)}


def print_messages(messages: Sequence[Message], to: Sequence[str], why: Why) -> None:
    """The same as a table."""
    rows = [
        (short(one), to_, why.route(one), one.state, why.age(one), str(one.tries), why.told(one))
        for one, to_ in zip(messages, to, strict=True)
    ]
    if rows:
        show(("id", "to", "route", "state", "age", "attempts", "reason"), rows)


def told_count(listed: int, there: int, figures: Figures, now: int) -> str:
    """How many are listed of how many, how the others are seen, and how long the oldest has waited."""
    cut = f" of {there}: --limit {there} lists all, --state and --route fewer" if there > listed else ""
    oldest = figures.oldest_ms
    since = "" if oldest is None else f"; the oldest that may leave has waited for {span(now - oldest)}"
    return f"{listed} listed{cut}{since}"


def details(one: Message, why: Why) -> dict[str, object]:
    """A message alone: what kind of text it is, and not to whom it goes."""
    return {
        "id": one.id.hex(),
        "service": one.service,
        "template": one.template,
        "priority": Priority(one.priority).name.lower(),
        "push": one.push,
        "state": one.state.value,
        "route": why.route(one),
        "attempts": one.tries,
        "queued": iso(one.queued_ms),
        "changed": iso(one.changed_ms),
        "not_before": iso(one.not_before_ms),
        "reason": why.told(one),
    }


def plain_part(part: Part) -> dict[str, object]:
    """One SMS of it; parts count from 1."""
    known = {"part": part.part + 1, "route": part.route, "provider_id": part.provider_id}
    return {**known, "state": part.state.value, "status": part.status, "changed": iso(part.changed_ms)}
