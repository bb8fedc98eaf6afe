"""An SMSC on npm's package `smpp`, which knows nothing of ours: told what to do, and tells what it saw."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from tests.servers.process import free_port

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ROOT / "build" / "smsc" / "node_modules"
SCRIPT = Path(__file__).parent / "smsc.js"
PATIENCE_S = 30.0


class NodeSmsc:
    """Listens at `url` as long as it is entered."""

    def __init__(self) -> None:
        self._port = free_port()
        self.url = f"smpp://127.0.0.1:{self._port}"
        self._said: queue.Queue[dict[str, Any]] = queue.Queue()

    def __enter__(self) -> NodeSmsc:
        node = shutil.which("node")
        if node is None or not (PACKAGES / "smpp").exists():
            words = "no SMSC of npm here: `make smsc` fetches it (needs node and npm)"
            if os.environ.get("CI") == "true" and os.environ.get("WITHOUT_SMSC") != "true":
                pytest.fail(words)
            pytest.skip(words)
        command = [node, str(SCRIPT), str(PACKAGES), str(self._port)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self.told("listens")
        return self

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.put(json.loads(line))

    def told(self, name: str, value: object = None) -> dict[str, Any]:
        """The next thing that it tells under a name, and with a value where one is given."""
        while True:
            said = self._said.get(timeout=PATIENCE_S)
            if name in said and (value is None or said[name] == value):
                return said

    def ask(self, **what: object) -> None:
        """Let it do something."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._listener.join()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
