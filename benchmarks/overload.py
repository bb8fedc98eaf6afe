"""The gateway under several times what it can do: `python -m benchmarks.overload`. Exit code 1 where a bound is missed.

First its capacity is measured: so many dialogs in flight, each with its next request as soon as it is answered. Then
requests are due at a multiple of that rate, by the clock and not by the replies, and latencies count from there; a
caller who is told that the service is busy gives up, and another one dials. Every reply must be the one of its leg, or
the busy word.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import select
import socket
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from benchmarks.client import Phones
from benchmarks.complaint import PROVIDER, Caller, Leg, Proof, callers, complaint
from benchmarks.servers import CannotMeasure, Server, engine, new_token, on_cores, redis_server
from ussd_engine import config
from ussd_engine.channels.base import Kind, path
from ussd_engine.engine import read_menus
from ussd_engine.errors import EngineError

ADMITTED_S = 2.0
SHED_S = 0.5
"""The bounds of the 99th percentile: of who is served, and of who is told to try again."""
DRAIN_S = 20.0
"""After the last request: for replies that are still to come."""


class Plan(NamedTuple):
    """What is offered."""

    times: float = 5.0
    """Of the capacity."""
    seconds: float = 10.0
    lines: int = 1000
    """Connections that the provider keeps."""
    dialogs: int = 128
    """In flight while the capacity is measured."""


class Timing(NamedTuple):
    """Latencies from the moment at which a request was due, in seconds."""

    name: str
    seconds: list[float]
    bound_s: float

    def at(self, share: float) -> float:
        """The latency that `share` of them do not exceed."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    @property
    def met(self) -> bool:
        return self.at(0.99) <= self.bound_s

    def __str__(self) -> str:
        p50, p99, most = self.at(0.5), self.at(0.99), max(self.seconds, default=0.0)
        verdict = "met" if self.met else "MISSED"
        return (
            f"{self.name:9} {len(self.seconds):7}  p50 {p50:6.3f} s  p99 {p99:6.3f} s  max {most:6.3f} s  "
            f"bound {self.bound_s:g} s: {verdict}"
        )


@dataclass
class Line:
    """A connection, the dialog on it, and when its request was due."""

    socket: socket.socket
    caller: Caller
    next: int = 0
    due_s: float = 0.0


class Crowd:
    """Sends by the clock, over lines that stand; what finds none free waits for one, and its time runs."""

    def __init__(self, url: str, legs: Sequence[Leg], callers: Iterator[Caller], lines: int) -> None:
        self.admitted: list[float] = []
        self.shed: list[float] = []
        self.faults = 0
        """Callers who were let in and then let down."""
        self._legs = legs
        self._callers = callers
        self._busy, self._fault = _word("busy"), _word("fault")
        self._proof = Proof()
        self._due: deque[float] = deque()
        parts = urlsplit(url)
        opened = [socket.create_connection((parts.hostname, parts.port), timeout=DRAIN_S) for _ in range(lines)]
        self._lines = {one.fileno(): Line(one, next(callers)) for one in opened}
        self._idle = deque(self._lines.values())

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *_: object) -> None:
        for line in self._lines.values():
            line.socket.close()

    def run(self, rate: float, seconds: float) -> float:
        """Send `rate` requests a second for so long, and take all replies; how much of its core the client used."""
        gc.collect()
        cpu, start = time.process_time(), time.perf_counter()
        with select.epoll() as self._poll:
            for fd in self._lines:
                self._poll.register(fd, select.EPOLLIN)
            for number in range(int(rate * seconds)):
                due = start + number / rate
                while (now := time.perf_counter()) < due:
                    self._take(due - now)
                self._due.append(due)
                self._take(0.0)
            share = (time.process_time() - cpu) / (time.perf_counter() - start)
            ends = time.perf_counter() + DRAIN_S
            while self.waiting and time.perf_counter() < ends:
                self._take(0.1)
        return share

    @property
    def waiting(self) -> int:
        """Requests that are not answered yet, or not even sent."""
        return len(self._due) + len(self._lines) - len(self._idle)

    def _send(self) -> None:
        while self._due and self._idle:
            line = self._idle.popleft()
            line.due_s = self._due.popleft()
            line.socket.sendall(self._legs[line.next].request(*line.caller))

    def _take(self, timeout_s: float) -> None:
        """Send what is due, then take what comes in that time."""
        self._send()
        for fd, _ in self._poll.poll(timeout_s):
            line = self._lines[fd]
            data = line.socket.recv(65_536)
            head, _, body = data.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200 ") or b"Content-Length: %d\r\n" % len(body) not in head + b"\r\n":
                raise CannotMeasure(f"not a whole reply: {data[:80]!r}")
            self._told(line, body, time.perf_counter() - line.due_s)
            self._idle.append(line)
        self._send()

    def _told(self, line: Line, body: bytes, seconds: float) -> None:
        """Note a reply; who is not served gives up, and another caller has the line."""
        line.next += 1
        if self._busy.fullmatch(body):
            self.shed.append(seconds)
            if line.next == 1:  # nobody has heard of this caller yet: the same one dials again
                line.next = 0
                return
        elif self._fault.fullmatch(body):
            self.faults += 1
        else:
            self._proof.check(self._legs[line.next - 1], body)
            self.admitted.append(seconds)
            if line.next < len(self._legs):
                return
        line.next, line.caller = 0, next(self._callers)


def overload(plan: Plan, folder: Path) -> bool:
    """Measure and tell; whether every bound was met."""
    mine, others = _cores()
    token = new_token()
    with redis_server(folder, others) as redis, engine(folder, mine, redis.url, token) as server, on_cores(others):
        legs = complaint(config.load({}), urlsplit(server.url).netloc, path(PROVIDER, Kind.USSD, token))
        everybody = _endless()
        capacity = _capacity(server, legs, everybody, plan.dialogs)
        before = _memory_mib(server)
        with Crowd(server.url, legs, everybody, plan.lines) as crowd:
            cpu, start = server.cpu_s(), time.perf_counter()
            client = crowd.run(plan.times * capacity, plan.seconds)
            gateway = (server.cpu_s() - cpu) / (time.perf_counter() - start)
        after = _memory_mib(server)
    found = [Timing("admitted", crowd.admitted, ADMITTED_S), Timing("shed", crowd.shed, SHED_S)]
    _tell(f"capacity  {capacity:7.0f} requests a second, {plan.dialogs} dialogs in flight")
    _tell(f"offered   {plan.times * capacity:7.0f} a second for {plan.seconds:g} s over {plan.lines} lines")
    for one in found:
        _tell(str(one))
    _tell(f"served    {len(crowd.admitted) / plan.seconds:7.0f} a second")
    _tell(f"let down  {crowd.faults:7}; without answer {crowd.waiting}")
    _tell(f"memory    {before:7.0f} MiB before, {after:.0f} MiB after")
    _tell(f"cores     {gateway:7.0%} used by the gateway, {client:.0%} by the client")
    return all(one.met for one in found) and not crowd.faults + crowd.waiting


def _capacity(server: Server, legs: Sequence[Leg], everybody: Iterator[Caller], dialogs: int) -> float:
    with Phones(server.url, legs, everybody, Proof(), dialogs) as phones:
        phones.run(1.0)
        load = phones.run(3.0)
    return len(load.latencies) / load.seconds


def _endless() -> Iterator[Caller]:
    """Callers without end: after the last placeholder number they begin again, each with a new dialogue."""
    for round_ in range(1000):
        for caller in callers():
            yield caller._replace(dialogue=b"ATUid_%04x" % round_ + caller.dialogue[10:])
            if caller.number.endswith(b"99999"):
                break


def _word(name: str) -> re.Pattern[bytes]:
    """The end that the root shows under that name."""
    edition = read_menus(config.load({}))
    root = edition.services[next(iter(edition.codes.values()))].service
    words = re.sub(r"\\{[a-z]+\\}", ".+", re.escape(root.screens[root.system[name]].text))
    return re.compile(f"END {words}".encode())


def _cores() -> tuple[set[int], set[int]]:
    """One core for the gateway, the others for Redis and the phones."""
    first, *rest = sorted(os.sched_getaffinity(0))
    if not rest:
        raise CannotMeasure("one core is not enough: the phones would take from the gateway")
    return {first}, set(rest)


def _memory_mib(server: Server) -> float:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.findall(r"^VmRSS:\s*(\d+)", status, re.MULTILINE)[0]) / 1024


def _tell(words: str) -> None:
    print(words, flush=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="overload", description=__doc__)
    parser.add_argument("--times", type=float, default=Plan().times, help="of the capacity")
    parser.add_argument("--seconds", type=float, default=Plan().seconds, help="of overload")
    parser.add_argument("--lines", type=int, default=Plan().lines, help="connections that the provider keeps")
    asked = parser.parse_args(arguments)
    plan = Plan(asked.times, asked.seconds, asked.lines)
    try:
        with tempfile.TemporaryDirectory(prefix="overload-") as folder:
            return 0 if overload(plan, Path(folder)) else 1
    except EngineError as error:
        print(f"overload: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
