"""The measurements of size and memory: what they conclude, and the size of a session, which no machine changes."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

import pytest
from redis import Redis

from benchmarks.servers import redis_server
from benchmarks.sizes import EXPIRY, MOST, codec, memory, reached, sealed
from benchmarks.soak import Sample, drawn, look, trend

MESSAGE = "umeme umekatika siku tatu"


@pytest.mark.redis
def test_a_live_session_at_review_is_as_small_as_promised(tmp_path: Path) -> None:
    found = reached(tmp_path)
    rows = list(sealed(found, 100))
    opened = [codec(found.keyring).load(value, key).session for key, value in rows]
    assert [session.drafts[-1].answers["message"] for session in opened] == [MESSAGE] * 100
    assert len({session.msisdn for session in opened}) == len({key for key, _ in rows}) == 100
    for key, value in rows:
        assert len(key) + len(value) + EXPIRY - len(MESSAGE) <= MOST


@pytest.mark.redis
def test_what_redis_takes_is_more_than_what_it_was_given(tmp_path: Path) -> None:
    with redis_server(tmp_path, os.sched_getaffinity(0)) as server, Redis.from_url(server.url) as redis:
        taken, octets = memory(redis, iter([(b"%013d" % index, bytes(200)) for index in range(1000)]), 60_000)
        assert redis.dbsize() == 0
    assert octets == 213
    assert octets < taken < 3 * octets


def samples(mib_an_hour: float, wave: float = 0.0) -> list[Sample]:
    """Ten minutes of a process that grows so fast, with a wave of so many MiB every other sample."""
    sizes = (100 + mib_an_hour * second / 3600 + wave * (second % 2) for second in range(600))
    return [Sample(second, size, size - 10, 20, 5) for second, size in enumerate(sizes)]


@pytest.mark.parametrize("growth", [-3.0, 0.0, 0.5, 12.0])
def test_the_trend_is_the_growth(growth: float) -> None:
    assert trend(samples(growth)).growth == pytest.approx(growth, abs=1e-6)
    assert trend(samples(growth, wave=0.4)).growth == pytest.approx(growth, abs=1e-3)
    assert trend(samples(growth)).error == pytest.approx(0, abs=1e-6)


def test_too_few_samples_make_no_trend() -> None:
    with pytest.raises(ValueError, match="30 s"):
        trend(samples(1.0)[:20])


def test_a_process_is_looked_at_from_outside() -> None:
    before = look(os.getpid(), 0.0)
    with mmap.mmap(-1, 64 << 20) as held:
        for page in range(0, len(held), mmap.PAGESIZE):
            held[page] = 1
        after = look(os.getpid(), 1.0)
    assert 56 < after.resident_mib - before.resident_mib < 72
    assert 0 < after.anonymous_mib < after.resident_mib


def test_the_picture_shows_every_sample() -> None:
    assert drawn(samples(3.0), 180).count(",") >= 600
