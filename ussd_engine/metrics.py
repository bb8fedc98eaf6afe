"""The numbers for Prometheus. Labels are channels, outcomes and our own names, never anything of a citizen.

With several workers each process writes its numbers under `PROMETHEUS_MULTIPROC_DIR`, which must be set before this
module is imported; any of them then tells the numbers of all.
"""

from __future__ import annotations

import os
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from ussd_engine.counts import Count, Outcome

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
"""1 s is the goal for 99 of 100 answers, 4 s the hard deadline."""
SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"


class Metrics:
    """The numbers of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._turns = Counter(
            "ussd_turns", "Turns, by how they were answered.", ["channel", "outcome"], registry=self.registry
        )
        self._seconds = Histogram(
            "ussd_turn_seconds", "From callback to answer.", ["channel"], buckets=BUCKETS_S, registry=self.registry
        )
        self._counts = {
            count: Counter(f"ussd_{count}", count.help, ["channel"], registry=self.registry) for count in Count
        }
        self._deliveries = Counter(
            "ussd_deliveries",
            "What became of a submission on its way to the core.",
            ["outcome"],
            registry=self.registry,
        )
        self._outbox_age = Gauge(
            "ussd_outbox_age_seconds",
            "Age of the oldest submission that the core has not taken.",
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )

    def turn(self, channel: str, outcome: Outcome, seconds: float) -> None:
        """One turn, answered after `seconds`."""
        self._turns.labels(channel, outcome).inc()
        self._seconds.labels(channel).observe(seconds)

    def count(self, count: str, channel: str = "") -> None:
        """One more of a `Count`, or of its name. `channel` is empty where none is concerned."""
        self._counts[Count(count)].labels(channel).inc()

    def delivered(self, outcome: str) -> None:
        """One row of the outbox was handled; `outcome` as `delivery` names it."""
        self._deliveries.labels(outcome).inc()

    def outbox_age(self, seconds: float) -> None:
        """The age of the oldest row of the outbox; 0 where it is empty."""
        self._outbox_age.set(seconds)

    def exposition(self) -> bytes:
        """What `/metrics` answers, of type `CONTENT_TYPE`."""
        if SHARED not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]  # prometheus-client leaves it untyped
        return generate_latest(together)
