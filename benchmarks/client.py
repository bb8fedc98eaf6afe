"""The phones: so many dialogs at once, each on a connection of its own, every reply checked.

One thread, one epoll, requests cut beforehand: the client must not be what a run measures.
"""

from __future__ import annotations

import gc
import select
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

from benchmarks.complaint import Caller, Leg, Proof, WrongReply
from ussd_engine.errors import EngineError

PATIENCE_S = 20.0
_MOST = 65_536
_OK = b"HTTP/1.1 200 "
_LENGTH = b"\r\nContent-Length: "


class Silent(EngineError):
    """A server that answers no more."""


class Load(NamedTuple):
    """What a while of load has shown."""

    latencies: list[float]
    """In seconds, of each reply before the time was over."""
    seconds: float
    """From the first request to the last of these replies."""
    requests: int
    """All that were answered, those after the time too: no dialog is left half-way."""
    whole_s: float
    """From the first request to the last reply of all."""
    client_cpu_s: float
    """CPU time of the client meanwhile."""


class Line:
    """One connection and the dialog on it."""

    def __init__(self, url: str, legs: Sequence[Leg], callers: Iterator[Caller], proof: Proof) -> None:
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._legs = legs
        self._callers = callers
        self._proof = proof
        self._caller = next(callers)
        self._next = 0
        self._buffer = b""
        self.waits = False
        self.sent = 0.0

    @property
    def over(self) -> bool:
        """Whether the dialog has had its last reply."""
        return self._next == len(self._legs)

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def send(self) -> None:
        """The next request; after the last one of a dialog the first of a new one. Raises `Silent`."""
        if self.over:
            self._next, self._caller = 0, next(self._callers)
        request = self._legs[self._next].request(*self._caller)
        self.waits = True
        self.sent = time.perf_counter()
        with _heard():
            self.socket.sendall(request)

    def receive(self) -> bool:
        """Take what has come; true where it made a whole reply. Raises `WrongReply`, `Silent`."""
        with _heard():
            data = self.socket.recv(_MOST)
        if not data:
            raise Silent("the server hung up")
        self._buffer += data
        body = _body(self._buffer)
        if body is None:
            return False
        self._buffer = b""
        self.waits = False
        self._proof.check(self._legs[self._next], body)
        self._next += 1
        return True

    def ask(self) -> None:
        """Send the next request and wait for its reply."""
        self.send()
        while not self.receive():
            pass


class Phones:
    """The lines to one server. A context: all are hung up at its end."""

    def __init__(self, url: str, legs: Sequence[Leg], callers: Iterator[Caller], proof: Proof, dialogs: int) -> None:
        self._lines = [Line(url, legs, callers, proof) for _ in range(dialogs)]
        self._legs = len(legs)

    def __enter__(self) -> Phones:
        return self

    def __exit__(self, *_: object) -> None:
        for line in self._lines:
            line.close()

    def spread(self) -> None:
        """Bring each line to another place of its dialog, so that no step comes from all at once."""
        for index, line in enumerate(self._lines):
            for _ in range(index % self._legs):
                line.ask()

    def run(self, seconds: float) -> Load:
        """Keep every line busy for so long, then finish what was begun. Raises `WrongReply`, `Silent`."""
        gc.collect()
        latencies: list[float] = []
        late = 0
        cpu, start = time.process_time(), time.perf_counter()
        until, end = start + seconds, start
        for line in self._lines:
            line.send()
        for line in self._replied():
            now = time.perf_counter()
            if now < until:
                latencies.append(now - line.sent)
                end = now
            else:
                late += 1
            if now < until or not line.over:
                line.send()
        whole = time.perf_counter() - start
        return Load(latencies, end - start, len(latencies) + late, whole, time.process_time() - cpu)

    def _replied(self) -> Iterator[Line]:
        """Each line whose reply has come, until none waits for one; whoever takes a line may send on it."""
        lines = {line.socket.fileno(): line for line in self._lines}
        waiting = len(lines)
        with select.epoll() as poll:
            for fd in lines:
                poll.register(fd, select.EPOLLIN)
            while waiting:
                ready = poll.poll(PATIENCE_S)
                if not ready:
                    raise Silent(f"no reply for {PATIENCE_S:g} s")
                for fd, _ in ready:
                    line = lines[fd]
                    if line.receive():
                        yield line
                        waiting -= not line.waits


@contextmanager
def _heard() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Silent(f"the connection failed ({type(error).__name__})") from None


def _body(data: bytes) -> bytes | None:
    """The body of a whole reply; `None` while some of it is missing."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    if not data.startswith(_OK):
        raise WrongReply(f"not 200: {data[:60].decode(errors='replace')}")
    at = data.find(_LENGTH, 0, end)
    if at < 0:
        raise WrongReply("a reply without its length")
    at += len(_LENGTH)
    size = int(data[at : data.index(b"\r\n", at)])
    body = data[end + 4 :]
    if len(body) > size:
        raise WrongReply("more than one reply to one request")
    return body if len(body) == size else None
