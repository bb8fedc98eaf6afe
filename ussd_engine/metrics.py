"""The numbers for Prometheus. Labels are channels, outcomes and our own names, never anything of a citizen.

With several workers each process writes its numbers under `PROMETHEUS_MULTIPROC_DIR`, which must be set before this
module is imported; any of them then tells the numbers of all.
"""

from __future__ import annotations

import math
import os
import textwrap
from collections.abc import Callable
from functools import cache
from typing import Final, NamedTuple, get_args

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from ussd_engine.counts import Count, Outcome
from ussd_engine.delivery import Happening
from ussd_engine.forms.became import Became
from ussd_engine.ledger.smsinbox import Arrival, Unsaid
from ussd_engine.ledger.smsreports import Joined
from ussd_engine.ledger.smsview import Figures
from ussd_engine.smpp.bind import Change
from ussd_engine.sms import sender

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
"""1 s is the goal for 99 of 100 answers, 4 s the hard deadline."""
SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"


class Row(NamedTuple):
    """A series as Prometheus reads it."""

    name: str
    labels: tuple[str, ...]
    help: str


class Metrics:
    """The numbers of one process. What a turn counts is looked up by its labels once, then kept at hand."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.rows: list[Row] = []
        """All that is told, in order."""
        self._turns = cache(self._counter("ussd_turns", "Turns, by how they were answered.", "channel", "outcome"))
        took = "From callback to answer in seconds, by the screen that was shown; refusals are not timed."
        self._seconds = cache(self._histogram("ussd_turn_seconds", took, "channel", "screen"))
        asked = "Times that a screen was shown anew and waited for an answer."
        self._asked = cache(self._counter("ussd_screen_asked", asked, "screen"))
        answered = "Times that an answer to a screen came, right or wrong."
        self._answered = cache(self._counter("ussd_screen_answered", answered, "screen"))
        counts = {str(count): self._counter(f"ussd_{count}", count.help, "channel") for count in Count}
        self._counts = cache(lambda count, channel: counts[Count(count)](channel))
        became = "What became of a submission on its way to the core."
        self._deliveries = self._counter("ussd_deliveries", became, "outcome")
        told = "Events that a core told, by what became of them; refused and unknown ones are kept for the operator."
        self._news = self._counter("ussd_news", told, "verdict")
        age = "Age of the oldest message of a service that its core, or its institution, has not taken."
        self._outbox_age = self._gauges("ussd_outbox_age_seconds", age, "service")
        dead = "Messages that were given up and wait for somebody: see `ussd-engine outbox list`."
        self._dead_letters = self._gauge("ussd_dead_letters", dead)
        going = "Of what no core has taken, or read, how much the purge drops within 30 days; counted once a day."
        self._unsent_going = self._gauge("ussd_unsent_going", going)
        live = "Live sessions, and the small keys that lead to them, in the session store; NaN where it cannot count."
        self._live_sessions = self._gauge("ussd_live_sessions", live)
        self._live_sessions.set(math.nan)
        stopped = "Services, and channels as to their dials, that an operator has stopped: see `ussd-engine stopped`."
        self._stopped = self._gauge("ussd_stopped", stopped)
        self._told_sms: set[tuple[str, str]] = set()
        self._add_sms()
        self._add_binds()
        self._add_forms()

    def _add_forms(self) -> None:
        came = "Forms that a platform collected, by what became of them."
        self._forms = self._counter("ussd_forms", came, "channel", "became")
        asked = "Fields of collected forms that were checked, by what was said."
        self._checks = self._counter("ussd_form_checks", asked, "channel", "said")

    def _add_sms(self) -> None:
        came = "SMS of citizens, by what became of them."
        self._sms_in = self._counter("ussd_sms_in", came, "channel", "arrival")
        unsaid = "SMS of citizens that got no reply, by the rule that says so."
        self._sms_unsaid = self._counter("ussd_sms_unsaid", unsaid, "channel", "rule")
        sent = "What became of messages on their way to a phone; of one message several things may happen."
        self._sms_out = self._counter("ussd_sms_out", sent, "channel", "outcome")
        reports = "What gateways told later of SMS that were sent, by what came of it."
        self._sms_reports = self._counter("ussd_sms_reports", reports, "channel", "outcome")
        state = "Messages of the last 30 days by how far they are; an empty channel stands for the first one."
        self._sms_states = self._gauges("ussd_sms_messages", state, "channel", "state")
        age = "Age of the oldest message that may leave and has not."
        self._sms_age = self._gauge("ussd_sms_queue_age_seconds", age)
        long = "Messages that a gateway has had for more than an hour without a word."
        self._sms_silent = self._gauges("ussd_sms_silent", long, "channel")
        unknown = "Kinds of reports whose status nobody knows; they are kept for whoever runs the gateway."
        self._sms_unknown = self._gauge("ussd_sms_unknown_statuses", unknown)

    def _add_binds(self) -> None:
        stand = "Binds to a provider's SMSC that stand, one a process at most; `medium` is ussd or sms."
        self.rows.append(Row("ussd_binds", ("channel", "medium"), stand))
        labels, registry = ("channel", "medium"), self.registry
        self._binds = Gauge("ussd_binds", stand, labels, registry=registry, multiprocess_mode="livesum")
        changes = "What became of binds."
        self._bind_changes = self._counter("ussd_bind_changes", changes, "channel", "medium", "change")

    def _counter(self, name: str, help: str, *labels: str) -> Callable[..., Counter]:
        """From the values of its labels to what is counted."""
        self.rows.append(Row(f"{name}_total", labels, help))
        return Counter(name, help, labels, registry=self.registry).labels

    def _histogram(self, name: str, help: str, *labels: str) -> Callable[..., Histogram]:
        self.rows.append(Row(name, labels, help))
        return Histogram(name, help, labels, buckets=BUCKETS_S, registry=self.registry).labels

    def _gauge(self, name: str, help: str) -> Gauge:
        """A number of the whole gateway: of several workers' the one that was told last."""
        self.rows.append(Row(name, (), help))
        return Gauge(name, help, registry=self.registry, multiprocess_mode="mostrecent")

    def _gauges(self, name: str, help: str, *labels: str) -> Gauge:
        """As `_gauge`, a number for each set of labels."""
        self.rows.append(Row(name, labels, help))
        return Gauge(name, help, labels, registry=self.registry, multiprocess_mode="mostrecent")

    def turn(self, channel: str, outcome: Outcome, seconds: float, screen: str = "") -> None:
        """One turn, answered after `seconds` with `screen`, as `service/screen`; timed where there is one."""
        self._turns(channel, outcome).inc()
        if screen:
            self._seconds(channel, screen).observe(seconds)

    def asked(self, screen: str) -> None:
        """A screen waits for an answer that it did not wait for before."""
        self._asked(screen).inc()

    def answered(self, screen: str) -> None:
        """An answer to a screen came."""
        self._answered(screen).inc()

    def count(self, count: str, channel: str = "") -> None:
        """One more of a `Count`, or of its name. `channel` is empty where none is concerned."""
        self._counts(count, channel).inc()

    def delivered(self, outcome: str) -> None:
        """One row of the outbox was handled; `outcome` as `delivery` names it."""
        self._deliveries(outcome).inc()

    def heard(self, verdict: str) -> None:
        """One event of a core; `verdict` as `lifecycle` names it."""
        self._news(verdict).inc()

    def outbox_age(self, service: str, seconds: float) -> None:
        """The age of a service's oldest row in the outbox; 0 where none waits."""
        self._outbox_age.labels(service).set(seconds)

    def dead_letters(self, count: int) -> None:
        """How many messages were given up."""
        self._dead_letters.set(count)

    def unsent_going(self, count: int) -> None:
        """How many messages are purged soon that no core has."""
        self._unsent_going.set(count)

    def live_sessions(self, count: int) -> None:
        """How much the session store holds."""
        self._live_sessions.set(count)

    def stopped(self, count: int) -> None:
        """How many services and channels are stopped."""
        self._stopped.set(count)

    def bind_stands(self, channel: str, medium: str, stands: bool) -> None:
        """Whether this process's bind of a channel stands."""
        self._binds.labels(channel, medium).set(float(stands))

    def bind_changed(self, channel: str, medium: str, change: Change) -> None:
        """Something became of a bind."""
        self._bind_changes(channel, medium, change).inc()

    def sms_arrived(self, channel: str, arrival: str) -> None:
        """One SMS of a citizen; `arrival` as `smsinbox` names it, or as `sms/door.py` does."""
        self._sms_in(channel, arrival).inc()

    def sms_unsaid(self, channel: str, rule: Unsaid) -> None:
        """One SMS of a citizen gets no reply."""
        self._sms_unsaid(channel, rule).inc()

    def sms_sent(self, channel: str, outcome: str) -> None:
        """What became of a message; `outcome` as `sender` names it."""
        self._sms_out(channel, outcome).inc()

    def sms_reported(self, channel: str, outcome: str) -> None:
        """One report; `outcome` as `smsreports` names it, or `unkept`."""
        self._sms_reports(channel, outcome).inc()

    def form(self, channel: str, became: str) -> None:
        """One collected form; `became` as `forms/collecting.py` names it."""
        self._forms(channel, became).inc()

    def field_checked(self, channel: str, right: bool) -> None:
        """One field of a collected form was checked."""
        self._checks(channel, "right" if right else "wrong").inc()

    def sms_figures(self, figures: Figures, now_ms: int) -> None:
        """How the queue of messages stands."""
        for labels in self._told_sms - figures.states.keys():
            self._sms_states.labels(*labels).set(0)
        self._told_sms |= figures.states.keys()
        for labels, count in figures.states.items():
            self._sms_states.labels(*labels).set(count)
        for channel in {channel for channel, _ in self._told_sms}:
            self._sms_silent.labels(channel).set(figures.long_accepted.get(channel, 0))
        oldest_ms = figures.oldest_ms
        self._sms_age.set(0.0 if oldest_ms is None else max(0.0, (now_ms - oldest_ms) / 1000))
        self._sms_unknown.set(figures.unknown_statuses)

    def exposition(self) -> bytes:
        """What `/metrics` answers, of type `CONTENT_TYPE`."""
        if SHARED not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # prometheus-client leaves it untyped
        return generate_latest(together)


def markdown() -> str:
    """The page `docs/metrics.md`."""
    rows = [f"| `{row.name}` | {', '.join(row.labels)} | {row.help} |" for row in Metrics().rows]
    turns, deliveries = (", ".join(f"`{word}`" for word in words) for words in (Outcome, get_args(Happening)))
    sent, reported = (", ".join(f"`{word}`" for word in get_args(words)) for words in (sender.Happening, Joined))
    arrived, forms = (", ".join(f"`{word}`" for word in words) for words in ((*Arrival, "unkept"), Became))
    changed, unsaid = (", ".join(f"`{word}`" for word in words) for words in (Change, Unsaid))
    words = (
        f"`outcome` of turns: {turns}; of deliveries: {deliveries}; of SMS out: {sent}; of reports: {reported}, "
        f"`unkept`. `arrival` of SMS in: {arrived}; `unkept` could not be stored while the gateway waited. "
        f"`rule` of SMS without a reply: {unsaid} ([what is not answered](sms-keywords.md#what-is-not-answered)). "
        f"`change` of binds: {changed}. `became` of forms: {forms}; `said` of their fields: `right`, `wrong`."
    )
    return "\n".join([_PAGE, *rows, "", *textwrap.wrap(words, 120), ""])


_PAGE = """# Metrics

`GET /metrics` tells these numbers in Prometheus' text format, of all workers together. `channel` is a channel's name,
`screen` is `service/screen` as the menus have it, `outcome` is one of the words below: nothing of a citizen is in
any of them. How to read them: [when it is too much](overload.md).

This page is written by `make docs`.

| series | labels | what it tells |
| --- | --- | --- |"""

if __name__ == "__main__":
    print(markdown(), end="")
