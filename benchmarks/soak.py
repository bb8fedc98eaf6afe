"""Memory of a gateway under steady load: `python -m benchmarks.soak`.

The gateway as an operator runs it, with Redis and a SQLite file, takes 200 legs a second, whatever it answers and when
(open loop), of 1,000 dialogs on as many connections; who has sent her complaint is followed by another citizen. Every
second the process is looked at from outside, and after the warm-up a line is laid through its resident memory.

It fails where the memory passes 150 MiB at any time or grows by more than 1 MiB an hour, and at a wrong reply.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import select
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from benchmarks.client import Line
from benchmarks.complaint import PROVIDER, Leg, Proof, WrongReply, callers, complaint
from benchmarks.servers import engine, new_token, redis_server
from ussd_engine import config
from ussd_engine.channels.base import path

RESULTS = Path(__file__).parent / "results"
LIVE = 1000
MOST_MIB = 150.0
MOST_GROWTH = 1.0
"""MiB an hour."""
BLOCK_S = 10.0
"""Samples are averaged over so long before a line is laid through them: neighbours are too much alike."""


class Sample(NamedTuple):
    """A process, seen from outside."""

    at_s: float
    resident_mib: float
    anonymous_mib: float
    """What no file stands behind: without programs and libraries."""
    files: int
    threads: int


class Trend(NamedTuple):
    """A line by least squares, and its standard error, in MiB an hour."""

    growth: float
    error: float


class Load:
    """The dialogs, each on a connection of its own."""

    def __init__(self, url: str, legs: Sequence[Leg]) -> None:
        self._url, self._legs = url, legs
        self._proof, self._callers = Proof(), callers()
        self._poll = select.epoll()
        self._places: dict[int, int] = {}
        self._asked: set[int] = set()
        self._lines = [self._line(place) for place in range(LIVE)]
        for place, line in enumerate(self._lines):
            # Where each stands in her dialog, so that not all send in the same seconds.
            for _ in range(place % len(legs)):
                line.ask()
        self.legs = self.left_out = self.wrong = 0

    def _line(self, place: int) -> Line:
        line = Line(self._url, self._legs, self._callers, self._proof)
        self._places[line.socket.fileno()] = place
        self._poll.register(line.socket.fileno(), select.EPOLLIN)
        return line

    @property
    def complaints(self) -> int:
        return len(self._proof.references)

    def run(self, pid: int, rate: float, seconds: float) -> list[Sample]:
        """So many legs a second, each at its time; a sample each second. Raises `Silent`."""
        samples = []
        began = time.monotonic()
        for leg in range(int(rate * seconds)):
            self._receive_until(began + leg / rate)
            self._send(self._lines[leg % LIVE])
            if leg % round(rate) == 0:
                samples.append(look(pid, time.monotonic() - began))
        return samples

    def close(self) -> None:
        """Hang up."""
        for line in self._lines:
            line.socket.close()
        self._poll.close()

    def _send(self, line: Line) -> None:
        fd = line.socket.fileno()
        if fd in self._asked:
            self.left_out += 1
            return
        self._asked.add(fd)
        line.send()

    def _receive_until(self, moment: float) -> None:
        while (left := moment - time.monotonic()) > 0:
            for fd, _ in self._poll.poll(left):
                self._receive(fd)

    def _receive(self, fd: int) -> None:
        place = self._places[fd]
        try:
            if not self._lines[place].receive():
                return
            self.legs += 1
        except WrongReply as error:
            # Her dialog is lost; another takes her place, and the run is judged with it.
            self.wrong += 1
            print(error, file=sys.stderr)
            self._poll.unregister(fd)
            self._lines[place].socket.close()
            self._lines[place] = self._line(place)
        self._asked.remove(fd)


def look(pid: int, at_s: float) -> Sample:
    """A sample of a process."""
    process = Path(f"/proc/{pid}")
    kib = dict(re.findall(r"^(\w+): +(\d+) kB", (process / "smaps_rollup").read_text(), re.MULTILINE))
    files, threads = (sum(1 for _ in (process / name).iterdir()) for name in ("fd", "task"))
    return Sample(at_s, int(kib["Rss"]) / 1024, int(kib["Anonymous"]) / 1024, files, threads)


def trend(samples: Sequence[Sample]) -> Trend:
    """The growth of the resident memory. Raises `ValueError` for fewer than three blocks."""
    blocks: dict[int, list[Sample]] = {}
    for sample in samples:
        blocks.setdefault(int(sample.at_s // BLOCK_S), []).append(sample)
    if len(blocks) < 3:
        raise ValueError(f"a trend needs {3 * BLOCK_S:g} s after the warm-up")
    hours = [fmean(sample.at_s / 3600 for sample in block) for block in blocks.values()]
    sizes = [fmean(sample.resident_mib for sample in block) for block in blocks.values()]
    hour, size = fmean(hours), fmean(sizes)
    spread = sum((x - hour) ** 2 for x in hours)
    growth = sum((x - hour) * (y - size) for x, y in zip(hours, sizes, strict=True)) / spread
    rest = sum((y - size - growth * (x - hour)) ** 2 for x, y in zip(hours, sizes, strict=True))
    return Trend(growth, (rest / (len(hours) - 2) / spread) ** 0.5)


def soak(folder: Path, rate: float, seconds: float) -> tuple[list[Sample], Load]:
    """The samples of a run, and what was sent."""
    token, cores = new_token(), set(range(64))
    with redis_server(folder, cores) as redis, engine(folder, cores, redis.url, token) as served:
        host = served.url.removeprefix("http://")
        load = Load(served.url, complaint(config.load({}), host, path(PROVIDER, token=token)))
        with contextlib.closing(load):
            return load.run(served.process.pid, rate, seconds), load


def drawn(samples: Sequence[Sample], warm_s: float) -> str:
    """The resident memory over time, as SVG."""
    low, high = min(s.resident_mib for s in samples), max(s.resident_mib for s in samples)
    room, last = max(high - low, 1.0), samples[-1].at_s
    points = " ".join(
        f"{40 + 550 * s.at_s / last:.1f},{130 - 110 * (s.resident_mib - low) / room:.1f}" for s in samples
    )
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="600" height="160" font-family="sans-serif" font-size="10">
<rect width="600" height="160" fill="white"/>
<rect x="40" y="20" width="{550 * warm_s / last:.1f}" height="110" fill="#eee"/><text x="44" y="32">warm-up</text>
<polyline points="{points}" fill="none" stroke="#06c"/>
<text x="2" y="24">{low + room:.1f}</text><text x="2" y="134">{low:.1f}</text>
<text x="40" y="150">resident memory in MiB over {last / 60:.1f} minutes</text>
</svg>
"""


def write(folder: Path, samples: Sequence[Sample], load: Load, found: Trend, warm_s: float) -> None:
    """The result as JSON and as a picture."""
    folder.mkdir(parents=True, exist_ok=True)
    result = {
        "limits": {"mib": MOST_MIB, "mib_an_hour": MOST_GROWTH},
        "legs": load.legs,
        "complaints": load.complaints,
        "left_out": load.left_out,
        "wrong": load.wrong,
        "trend": found._asdict(),
        "fields": Sample._fields,
        "samples": samples,
    }
    (folder / "soak.json").write_text(json.dumps(result) + "\n")
    (folder / "soak.svg").write_text(drawn(samples, warm_s))


def main() -> int:
    """Run, print, write, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=200.0, help="legs a second")
    parser.add_argument("--warm", type=float, default=3.0, help="minutes of warm-up, which the trend leaves out")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ussd-engine-soak-") as folder:
        samples, load = soak(Path(folder), given.rate, given.minutes * 60)
    found = trend([sample for sample in samples if sample.at_s >= given.warm * 60])
    most = max(sample.resident_mib for sample in samples)
    print(f"{load.legs} legs, {load.complaints} complaints, {load.wrong} wrong replies; ", end="")
    print(f"{load.left_out} legs were left out, as the one before had no reply yet")
    print(f"resident memory {samples[-1].resident_mib:.1f} MiB at the end, {most:.1f} at most (limit {MOST_MIB:g})")
    print(f"growth after {given.warm:g} min {found.growth:+.2f} ± {found.error:.2f} MiB/h (limit {MOST_GROWTH:g})")
    print(f"open files {max(s.files for s in samples)}, threads {max(s.threads for s in samples)} at most")
    write(given.out, samples, load, found, given.warm * 60)
    return 0 if most <= MOST_MIB and found.growth <= MOST_GROWTH and not load.wrong else 1


if __name__ == "__main__":
    sys.exit(main())
