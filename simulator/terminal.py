"""The terminal under the view, and what becomes of it: it may be gone at any moment, and then the program ends."""

from __future__ import annotations

import contextlib
import os
import select
from typing import IO, Any

from textual.drivers.linux_driver import LinuxDriver


class Enduring:
    """A terminal to write to, for a thread that must not end with it: then nobody would take what the view draws, and
    the view would wait for ever."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Write, if anything is there."""
        with self._enduring():
            self._file.write(text)

    def flush(self) -> None:
        """As `write`."""
        with self._enduring():
            self._file.flush()

    @contextlib.contextmanager
    def _enduring(self) -> Any:
        try:
            yield
        except OSError:
            # what stands in a buffer still goes somewhere when the process ends
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._file.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class Terminal(LinuxDriver):
    """Textual's own, but for a terminal that is gone."""

    def __init__(self, *about: Any, **more: Any) -> None:
        super().__init__(*about, **more)
        self._file: Any = Enduring(self._file)

    def _run_input_thread(self) -> None:
        with contextlib.suppress(OSError):  # `gone` tells
            self.run_input_thread()


def gone(fd: int) -> bool:
    """Whether a terminal has hung up."""
    watch = select.poll()
    watch.register(fd, 0)
    return any(told & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, told in watch.poll(0))
