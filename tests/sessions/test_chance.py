"""Random octets are drawn once: by no second thread, by no forked child."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from sessions import chance

ROOT = Path(__file__).parents[2]
NONCE = 12
DRAWS = 20_000
THREADS = 4

FORKED = """
import os, signal, sys, threading
from sessions import chance

chance.draw(12)
held = threading.Event()

def hold():
    with chance._pool._lock:
        held.set()
        threading.Event().wait()

if "held" in sys.argv:
    threading.Thread(target=hold, daemon=True).start()
    held.wait()
ours, theirs = os.pipe()
child = os.fork()
if child == 0:
    signal.alarm(20)
    os.write(theirs, b"".join(chance.draw(12) for _ in range(100)))
    os._exit(0)
os.close(theirs)
with os.fdopen(ours, "rb") as pipe:
    print(pipe.read().hex())
if "held" not in sys.argv:
    print(b"".join(chance.draw(12) for _ in range(100)).hex())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def forked(*arguments: str) -> list[set[str]]:
    """What the child drew and what its parent drew after the fork, in nonces."""
    command = [sys.executable, "-W", "ignore", "-c", FORKED, *arguments]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert found.returncode == 0, found.stderr
    return [{line[at : at + 2 * NONCE] for at in range(0, len(line), 2 * NONCE)} for line in found.stdout.split()]


def test_a_forked_child_draws_nothing_that_its_parent_draws() -> None:
    child, parent = forked()
    assert len(child) == len(parent) == 100
    assert not child & parent


def test_a_child_forked_while_a_thread_draws_can_draw() -> None:
    (child,) = forked("held")
    assert len(child) == 100


class Told:
    """A lock that tells who comes to it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.came: Callable[[], None] = lambda: None

    def __enter__(self) -> None:
        self.came()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class Interrupted(int):
    """A count that calls `meanwhile` in the middle of a draw, where its place was read and is not yet moved on."""

    meanwhile: Callable[[], None]

    def __radd__(self, at: int) -> int:
        self.meanwhile()
        return at + int(self)


def test_a_thread_that_draws_in_the_middle_of_a_draw_gets_other_octets(monkeypatch: pytest.MonkeyPatch) -> None:
    pool, lock, drawn, met = chance._Pool(), Told(), [], threading.Event()
    monkeypatch.setattr(pool, "_lock", lock)
    drawn.append(pool.draw(NONCE))

    def draw() -> None:
        drawn.append(pool.draw(NONCE))
        met.set()

    other = threading.Thread(target=draw)

    def meanwhile() -> None:
        """Until the other thread waits for the lock, or has drawn without one."""
        lock.came = met.set
        other.start()
        met.wait()

    count = Interrupted(NONCE)
    count.meanwhile = meanwhile
    drawn.append(pool.draw(count))
    other.join()
    assert len(set(drawn)) == 3


def test_threads_never_draw_the_same_octets() -> None:
    drawn: list[bytes] = []
    start = threading.Barrier(THREADS)

    def draw_many() -> None:
        start.wait()
        drawn.extend([chance.draw(NONCE) for _ in range(DRAWS)])

    threads = [threading.Thread(target=draw_many) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(drawn)) == THREADS * DRAWS


@pytest.mark.parametrize("count", [0, 1, NONCE, chance.FETCHED - 1, chance.FETCHED, chance.FETCHED + 1])
def test_as_many_octets_as_were_asked_for(count: int) -> None:
    assert [len(chance.draw(count)) for _ in range(3)] == [count] * 3
