"""The numbers that Prometheus reads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ussd_engine.counts import Count, Outcome
from ussd_engine.metrics import CONTENT_TYPE, Metrics, markdown

DOCS = Path(__file__).parent.parent / "docs"

IN_A_PROCESS = """
import sys
from ussd_engine.counts import Count
from ussd_engine.metrics import Metrics
metrics = Metrics()
metrics.count(Count.HELD, "beem")
metrics.outbox_age("emrejesho", 7)
sys.stdout.write(metrics.exposition().decode())
"""


def test_turns_are_counted_and_timed_by_channel_and_screen() -> None:
    metrics = Metrics()
    metrics.turn("beem", Outcome.CONTINUED, 0.02, "emrejesho/home")
    metrics.turn("beem", Outcome.CONTINUED, 3, "emrejesho/home")
    metrics.turn("beem", Outcome.ENDED, 3, "emrejesho/done")
    metrics.turn("beem", Outcome.CLOSED, 0)
    told = metrics.exposition().decode().splitlines()
    assert 'ussd_turns_total{channel="beem",outcome="continued"} 2.0' in told
    assert 'ussd_turns_total{channel="beem",outcome="ended"} 1.0' in told
    assert 'ussd_turn_seconds_bucket{channel="beem",le="0.025",screen="emrejesho/home"} 1.0' in told
    assert 'ussd_turn_seconds_bucket{channel="beem",le="4.0",screen="emrejesho/home"} 2.0' in told
    assert 'ussd_turn_seconds_count{channel="beem",screen="emrejesho/done"} 1.0' in told
    assert 'ussd_turn_seconds_count{channel="beem",screen=""}' not in "\n".join(told)
    assert CONTENT_TYPE.startswith("text/plain")


@pytest.mark.parametrize("count", Count)
def test_everything_that_is_named_can_be_counted(count: Count) -> None:
    metrics = Metrics()
    metrics.count(count, "beem")
    metrics.count(count)
    told = metrics.exposition().decode().splitlines()
    assert f'ussd_{count}_total{{channel="beem"}} 1.0' in told
    assert f'ussd_{count}_total{{channel=""}} 1.0' in told
    assert f"# HELP ussd_{count}_total {count.help}" in told


def test_screens_are_counted_as_asked_and_as_answered() -> None:
    metrics = Metrics()
    metrics.asked("emrejesho/home")
    metrics.asked("emrejesho/home")
    metrics.answered("emrejesho/home")
    told = metrics.exposition().decode().splitlines()
    assert 'ussd_screen_asked_total{screen="emrejesho/home"} 2.0' in told
    assert 'ussd_screen_answered_total{screen="emrejesho/home"} 1.0' in told


def test_every_series_is_documented() -> None:
    assert (DOCS / "metrics.md").read_text() == markdown(), "run `make docs`"
    told = {line.split()[2] for line in Metrics().exposition().decode().splitlines() if line.startswith("# HELP")}
    assert {row.name for row in Metrics().rows} == {name for name in told if not name.endswith("_created")}


def test_what_nobody_named_is_not_counted() -> None:
    with pytest.raises(ValueError, match="not a valid Count"):
        Metrics().count("helt")


def test_deliveries_are_counted_by_what_became_of_them() -> None:
    metrics = Metrics()
    metrics.delivered("retried")
    assert 'ussd_deliveries_total{outcome="retried"} 1.0' in metrics.exposition().decode().splitlines()


def test_the_age_of_the_outbox_is_the_last_one_told() -> None:
    metrics = Metrics()
    metrics.outbox_age("emrejesho", 12.5)
    metrics.outbox_age("emrejesho", 0)
    assert 'ussd_outbox_age_seconds{service="emrejesho"} 0.0' in metrics.exposition().decode().splitlines()


def test_two_gateways_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.count(Count.HELD, "beem")
    assert b'ussd_held_total{channel="beem"}' not in other.exposition()


def test_any_worker_tells_the_numbers_of_all(tmp_path: Path) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _ in range(2):
        told = subprocess.run(
            [sys.executable, "-c", IN_A_PROCESS], env=environment, check=True, capture_output=True, text=True
        ).stdout
    assert 'ussd_held_total{channel="beem"} 2.0' in told
    assert 'ussd_outbox_age_seconds{service="emrejesho"} 7.0' in told
