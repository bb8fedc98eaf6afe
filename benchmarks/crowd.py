"""How long the first screen takes where 512 citizens dial at the same moment: `python -m benchmarks.crowd`.

The gateway as an operator runs it, on one core, with Redis; 512 connections are opened and send their first leg at
once. The time of each begins before it connects. Every round has new citizens; the rounds' middle p99 is judged.

It fails where that passes 750 ms.
"""

from __future__ import annotations

import argparse
import gc
import os
import select
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.client import PATIENCE_S, Line, Silent
from benchmarks.complaint import PROVIDER, Caller, Leg, Proof, callers, complaint
from benchmarks.report import not_shown
from benchmarks.rounds import percentile
from benchmarks.servers import CannotMeasure, engine, new_token, redis_server
from ussd_engine import config
from ussd_engine.channels.base import path

CROWD = 512
MOST_MS = 750.0


def burst(url: str, legs: Sequence[Leg], waiting: Iterator[Caller], proof: Proof) -> list[float]:
    """The sorted latencies, in seconds, of a crowd that dials at once. Raises `WrongReply`, `Silent`."""
    gc.collect()
    latencies: list[float] = []
    began: dict[int, tuple[Line, float]] = {}
    with select.epoll() as poll:
        for _ in range(CROWD):
            now = time.perf_counter()
            line = Line(url, legs, waiting, proof)
            line.send()
            began[line.socket.fileno()] = line, now
            poll.register(line.socket.fileno(), select.EPOLLIN)
        while began:
            ready = poll.poll(PATIENCE_S)
            if not ready:
                raise Silent(f"no reply for {PATIENCE_S:g} s")
            for fd, _ in ready:
                line, since = began[fd]
                if line.receive():
                    latencies.append(time.perf_counter() - since)
                    poll.unregister(fd)
                    del began[fd]
                    line.socket.close()
    return sorted(latencies)


class Round(NamedTuple):
    """One crowd. In milliseconds."""

    p50: float
    p99: float
    most: float
    cpu: float
    """What the gateway worked for it: far below `most`, its core was shared with something else."""


def rounds(folder: Path, times: int) -> Iterator[Round]:
    """So many, after one that warms the gateway."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise CannotMeasure("a core for the gateway and one for those who dial are needed")
    token = new_token()
    with (
        redis_server(folder, set(cores[:-1])) as redis,
        engine(folder, {cores[-1]}, redis.url, token) as served,
    ):
        os.sched_setaffinity(0, set(cores[:-1]))
        host = served.url.removeprefix("http://")
        legs = complaint(config.load({}), host, path(PROVIDER, token=token))
        waiting, proof = callers(), Proof()
        for index in range(times + 1):
            cpu = served.cpu_s()
            latencies = burst(served.url, legs, waiting, proof)
            served.settle()
            if index:
                p50, p99, most = (percentile(latencies, share) * 1000 for share in (0.5, 0.99, 1.0))
                yield Round(p50, p99, most, (served.cpu_s() - cpu) * 1000)


def main(arguments: list[str] | None = None) -> int:
    """Run, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args(arguments)
    tails = []
    with tempfile.TemporaryDirectory(prefix="ussd-engine-crowd-") as folder:
        for found in rounds(Path(folder), given.rounds):
            tails.append(found.p99)
            print("p50 {:6.0f} ms   p99 {:6.0f} ms   max {:6.0f} ms   CPU {:6.0f} ms".format(*found))
    print(f"{CROWD} dialogs opened at once, one core: p99 {median(tails):.0f} ms in the middle, ", end="")
    print(f"{min(tails):.0f} to {max(tails):.0f} ms over {len(tails)} rounds (limit {MOST_MS:g})")
    print(not_shown("make-crowd"))
    return 0 if median(tails) <= MOST_MS else 1


if __name__ == "__main__":
    sys.exit(main())
