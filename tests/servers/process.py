"""A server's process: started until it is ready, listened to as long as it runs, ended by its id."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Sequence
from typing import Any

import pytest


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


class ServerProcess:
    """Runs until it is ended. `options` are those of `Popen`."""

    def __init__(self, command: Sequence[str], ready: str, **options: Any) -> None:
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
        )
        assert self._process.stdout is not None
        self._said = self._process.stdout
        begun = []
        for line in self._said:
            begun.append(line)
            if ready in line:
                break
        else:
            self._process.wait()
            pytest.fail("".join(begun))
        # Nobody reads what it says from here on, and it must not wait until somebody does.
        self._listener = threading.Thread(target=self._said.read, daemon=True)
        self._listener.start()

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def end(self, number: int) -> None:
        """Send a signal that ends it, and return when it has ended."""
        self.signal(number)
        self._process.wait()
        self._listener.join()
        self._said.close()
