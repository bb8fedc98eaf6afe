"""A Redis in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path
from types import TracebackType

import pytest

from tests.servers.process import ServerProcess, free_port

BINARY = "redis-server"
READY = "Ready to accept connections"


class RedisServer:
    """One server; its port and folder outlive its process. `options` are lines of its configuration, without `--`."""

    def __init__(self, folder: Path, **options: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self._folder = folder
        self._options = {"save": "", **options}
        self._process: ServerProcess | None = None

    def __enter__(self) -> RedisServer:
        if shutil.which(BINARY) is None and os.environ.get("CI") != "true":
            pytest.skip(f"no {BINARY} on this machine")
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start, and return when it answers with all that it had kept."""
        options = [word for name, value in self._options.items() for word in (f"--{name}", value)]
        place = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)]
        self._process = ServerProcess([BINARY, *place, *options], READY)

    def kill(self) -> None:
        """SIGKILL, as a machine's memory runs out; nothing where it does not run."""
        process, self._process = self._process, None
        if process is not None:
            process.end(signal.SIGKILL)

    def stop(self) -> None:
        """Stand still: it holds its connections and answers nobody."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Answer what has come meanwhile, and what comes."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.signal(number)
