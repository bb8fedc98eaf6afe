"""How a command shows what it lists: as a table with ages for people, as one JSON object a line for programs."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

import click
from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ussd_engine.premises import now_ms

WIDTH: Final = 104
WRAPS: Final = frozenset({"reason", "waits for", "why"})
"""Columns of words; no other one is broken."""

as_json = click.option("--json", "as_json", is_flag=True, help="For other programs: one JSON object a line.")


def show(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table."""
    table = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, no_wrap=column not in WRAPS)
    for row in rows:
        table.add_row(*row)
    Console(width=max(Console().width, WIDTH)).print(table)


@contextlib.contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """How far long work is, so much done of so much: a bar on the terminal's error side, gone when the work is done."""
    # Through the bar, what is printed meanwhile would leave by the error side: only where both are one terminal.
    console, one = Console(stderr=True), sys.stdout.isatty()
    with Progress(console=console, transient=True, redirect_stdout=one, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def iso(at_ms: int) -> str:
    """A Unix time in milliseconds for programs."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).isoformat()


def clock_time(at_ms: int) -> str:
    """A time of the next hours."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%H:%M} UTC"


def second_time(at_ms: int) -> str:
    """A time of the next minutes, to the second."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%H:%M:%S} UTC"


def age(at_ms: int) -> str:
    """How long ago that was."""
    return f"{span(now_ms() - at_ms)} ago"


def span(span_ms: int) -> str:
    """A length of time in its largest unit."""
    seconds = max(0, span_ms // 1000)
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
