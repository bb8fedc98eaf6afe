"""The processes of a run: the gateway, the floor, and a Redis of their own, each on the cores it is given."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import IO

from benchmarks.complaint import PROVIDER
from ussd_engine.errors import EngineError
from ussd_engine.given import PREFIX
from ussd_engine.keys import Keyring

ROOT = Path(__file__).parent.parent
LEDGER = "ledger.db"
"""The file of the gateway's ledger, in the folder that it is given."""
STOP_S = 15.0
QUIET_S = 0.3
SETTLE_S = 60.0
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class CannotMeasure(EngineError):
    """Something that the bench needs is not here, or does not start."""


class Server:
    """A process that was started here and has said where it listens."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url

    def cpu_s(self) -> float:
        """CPU time of all its threads so far, in the system's ticks, mostly of 10 ms."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = stat[stat.rindex(")") + 2 :].split()
        return (int(fields[11]) + int(fields[12])) * _TICK_S

    def settle(self) -> None:
        """Return when it does nothing any more: what it put off while it was busy belongs to that time."""
        until = time.monotonic() + SETTLE_S
        before = -1.0
        while (now := self.cpu_s()) > before + _TICK_S:
            if time.monotonic() > until:
                raise CannotMeasure(f"{self.url} is still busy {SETTLE_S:g} s after the last request")
            before = now
            time.sleep(QUIET_S)


@contextmanager
def redis_server(folder: Path, cores: Set[int]) -> Iterator[Server]:
    """A Redis that keeps nothing on disk. Its address is that of database 0."""
    program = shutil.which("redis-server")
    if program is None:
        raise CannotMeasure("redis-server is not installed here, and without it nothing can be measured")
    port = _free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with _started(command, folder, cores, "Ready to accept connections()") as server:
        server.url = f"redis://127.0.0.1:{port}"
        yield server


@contextmanager
def engine(folder: Path, cores: Set[int], redis_url: str, token: str, **changed: object) -> Iterator[Server]:
    """The gateway as an operator runs it: in production, one process that answers and delivers, SQLite, its log on.
    `changed` are settings by their names."""
    keys = folder / "keys.json"
    Keyring.create(keys, date.today())
    settings = {
        "env": "production",
        "var": folder / "var",
        "keys": keys,
        "database": f"sqlite:///{folder / LEDGER}",
        "sessions": redis_url,
        "channels": f"{PROVIDER}:{token}",
        **changed,
    }
    command = [sys.executable, "-c", "from ussd_engine.cli import main; main()", "serve", "--port", "0"]
    variables = {PREFIX + name.upper(): str(value) for name, value in settings.items()}
    with _started(command, folder, cores, r"listens on (http://\S+)", variables) as server:
        yield server


@contextmanager
def floor(folder: Path, cores: Set[int], redis_url: str, *, pool: int, value: int, screen: int) -> Iterator[Server]:
    """The bare handler with so many connections, a value of so many octets, an answer of so many characters."""
    sizes = {"--redis": redis_url, "--pool": pool, "--value": value, "--screen": screen}
    arguments = [str(part) for pair in sizes.items() for part in pair]
    command = [sys.executable, "-m", "benchmarks.floor", *arguments]
    with _started(command, folder, cores, r"listens on (http://\S+)") as server:
        yield server


def new_token() -> str:
    """What stands behind the address of a channel in production."""
    return secrets.token_hex(16)


@contextmanager
def on_cores(cores: Set[int]) -> Iterator[None]:
    """This thread, and every process that it starts meanwhile, on those cores alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def _started(
    command: list[str], folder: Path, cores: Set[int], said: str, variables: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """The program, once it has said what is waited for. Its output goes to a file, as an operator would have it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    environment = {**kept, "PYTHONPATH": str(ROOT), **(variables or {})}
    output = folder / f"{secrets.token_hex(4)}.log"
    with output.open("w") as file, output.open() as reading:
        with on_cores(cores):
            process = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=file, stderr=subprocess.STDOUT, text=True
            )
        try:
            yield Server(process, _awaited(process, reading, said))
        finally:
            _stop(process)


def _awaited(process: subprocess.Popen[str], reading: IO[str], said: str) -> str:
    """What the first group of `said` finds in the output."""
    words = ""
    while True:
        running = process.poll() is None
        words += reading.read()
        found = re.search(said, words)
        if found:
            return found[1]
        if not running:
            raise CannotMeasure(f"a server did not start: exit code {process.returncode}\n{words}")
        time.sleep(0.05)


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port
