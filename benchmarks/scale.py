"""What a step costs at 10,000 screens beside 10, a list page and a search at 50,000 institutions beside 500.

`python -m benchmarks.scale` counts the processor's instructions with valgrind's callgrind, which load on the machine
does not touch; misses of its caches do not count either. Each size is a process of its own, where every screen was
shown once before; it takes some steps and then twice as many, and the difference is what the steps cost, without what
comes before and after. The one clock is for the search, in the process itself: the median of many.

Prints a table and exits 1 where a bound is missed, 2 without valgrind.
"""

from __future__ import annotations

import argparse
import itertools
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import IO, NamedTuple

from sessions import Session
from tests.scale.journey import FACTS, FORM, PROFILE, Caller, down
from tests.scale.large import ROOT, edition, name_of
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.lint import prove
from ussd_engine.render import render

FLOOR = 1.10
"""The most that the large size may cost, as a multiple of the small one."""
SEARCH_S = 0.002
"""The longest that a search may take at the large size."""
SCREENS = (11, 10_000)
INSTITUTIONS = (500, 50_000)
ROUNDS = 10
SEARCHES = 200
FORM_STEPS, OFFICE = FORM[:-3], 3
"""The answers to a form from its first question to its review, and how many lead to the long list."""


def queries(at: int) -> list[str]:
    """Searches for one institution: by its name, with a slip, by a beginning, among those that share a word."""
    name = name_of(at)
    return [name, name[1:], f"{name[:3]}x{name[4:]}", name[:3], f"{name} agency", f"borough {name}"]


class Size(NamedTuple):
    screens: int
    institutions: int

    def __str__(self) -> str:
        return f"{self.screens:,} screens, {self.institutions:,} institutions"


SMALL = Size(SCREENS[0], INSTITUTIONS[0])
MANY_SCREENS = Size(SCREENS[1], INSTITUTIONS[0])
MANY_INSTITUTIONS = Size(SCREENS[0], INSTITUTIONS[1])
SIZES = (SMALL, MANY_SCREENS, MANY_INSTITUTIONS)


# in the process that is measured


class Work:
    """What is measured: rounds of steps, each from where the session stands at its begin."""

    def __init__(self, size: Size) -> None:
        self.caller = Caller(edition(*size))
        self.at_form = self.after(*down(self.caller.edition))
        self.at_list = self.after(*FORM_STEPS[:OFFICE])
        self.names = itertools.count(10)

    def after(self, *texts: str) -> Session:
        for text in texts:
            self.caller.answer(text)
        return self.caller.session

    def steps(self, rounds: int) -> None:
        self.repeat(rounds, self.at_form, FORM_STEPS)

    def pages(self, rounds: int) -> None:
        self.repeat(rounds, self.at_list, ("98", "98", "x", "3"))

    def searches(self, rounds: int) -> None:
        """Nothing that was asked before: what was found is remembered."""
        for at in itertools.islice(self.names, rounds):
            for query in queries(at):
                self.caller.session = self.at_form
                self.caller.answer(query)

    def repeat(self, rounds: int, begin: Session, texts: Sequence[str]) -> None:
        for _ in range(rounds):
            self.caller.session = begin
            for text in texts:
                self.caller.answer(text)


def show_all(edition: Edition) -> None:
    """Show every screen once, as it has been some time after a start."""
    for name, menu in edition.services.items():
        for screen in menu.service.screens:
            session = Session(b"d", edition.version, name, screen, "")
            render(edition, session, FACTS, PROFILE, {"code": "*1#"})


def child(size: Size) -> None:
    """Load, say so, then do what the lines of the standard input ask for: `KIND ROUNDS`."""
    work = Work(size)
    show_all(work.caller.edition)
    for kind in MEASURED:
        getattr(work, kind)(2)
    print("ready", flush=True)
    for line in sys.stdin:
        kind, rounds = line.split()
        getattr(work, kind)(int(rounds))
        print("done", flush=True)


MEASURED = {"steps": len(FORM_STEPS), "pages": 4, "searches": len(queries(1))}
"""Each kind of work, and the steps of its round."""


def clock(size: Size) -> None:
    """Print what loading and proving cost, and how long a search takes, by the clock."""
    before_s = time.process_time()
    found = edition(*size)
    load_s = time.process_time() - before_s
    search_s = max(_searched(found))
    loaded_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    before_s = time.process_time()
    faults = prove(found, {"generic": PROFILE})
    assert not faults, faults[:3]
    print(load_s, time.process_time() - before_s, loaded_mib, search_s)


def _searched(found: Edition) -> Iterator[float]:
    """Of each kind of query: the median of searches that nobody made before, in seconds."""
    data = found.data["large"]
    for kind in range(len(queries(1))):
        taken = []
        for at in range(10, 10 + SEARCHES):
            before_s = time.perf_counter()
            data.search(queries(at)[kind], "sw")
            taken.append(time.perf_counter() - before_s)
        yield median(taken)


# in the process that measures


class Counter:
    """A process of one size under callgrind, which counts only while it is told to."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process = process
        self.folder = folder
        self.dumps = 0
        self.expect("ready")
        self.control("--instr=on")

    def expect(self, word: str) -> None:
        line = _pipe(self.process.stdout).readline()
        if line.strip() != word:
            raise RuntimeError(f"the measured process said {line!r} instead of {word!r}")

    def control(self, order: str) -> None:
        subprocess.run(["callgrind_control", order, str(self.process.pid)], check=True, capture_output=True)

    def count(self, kind: str, rounds: int) -> int:
        """The instructions of some rounds, with what asking for them costs."""
        self.control("--zero")
        _pipe(self.process.stdin).write(f"{kind} {rounds}\n")
        _pipe(self.process.stdin).flush()
        self.expect("done")
        self.control("--dump")
        self.dumps += 1
        written = (self.folder / f"counts.{self.dumps}").read_text()
        found = re.search(r"^(?:totals|summary): (\d+)", written, re.MULTILINE)
        assert found, "callgrind writes a summary"
        return int(found[1])

    def a_step(self, kind: str) -> float:
        """The instructions of one step."""
        few, many = (self.count(kind, rounds) for rounds in (ROUNDS, 2 * ROUNDS))
        return (many - few) / (ROUNDS * MEASURED[kind])


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


@contextmanager
def counter(size: Size) -> Iterator[Counter]:
    with tempfile.TemporaryDirectory() as folder:
        valgrind = ["valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no"]
        command = [*valgrind, f"--callgrind-out-file={folder}/counts", *_python("child", size)]
        process = subprocess.Popen(
            command, cwd=ROOT, env=_ENVIRONMENT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        try:
            yield Counter(process, Path(folder))
        finally:
            process.kill()
            process.communicate()


_ENVIRONMENT = {"PYTHONHASHSEED": "0", "PATH": "/usr/bin:/bin"}


def _python(role: str, size: Size) -> list[str]:
    return [sys.executable, "-m", "benchmarks.scale", "--role", role, *map(str, size)]


def counted(size: Size) -> dict[str, float]:
    """The instructions of a step of each kind."""
    with counter(size) as found:
        return {kind: found.a_step(kind) for kind in MEASURED}


def clocked(size: Size) -> list[float]:
    """Seconds to load, seconds to prove, MiB once loaded, seconds of the slowest search."""
    command = _python("clock", size)
    done = subprocess.run(command, cwd=ROOT, env=_ENVIRONMENT, text=True, check=True, stdout=subprocess.PIPE)
    return [float(figure) for figure in done.stdout.split()]


def compare(costs: dict[Size, dict[str, float]]) -> bool:
    """Print the instructions of a step at both sizes; whether all bounds hold."""
    print(f"{'instructions of a step':30} {'small':>12} {'large':>12} {'ratio':>7}   at most {FLOOR:.2f}")
    held = True
    for kind, large in (("steps", MANY_SCREENS), ("pages", MANY_INSTITUTIONS), ("searches", MANY_INSTITUTIONS)):
        few, many = costs[SMALL][kind], costs[large][kind]
        held &= many <= FLOOR * few
        size = f"{large.screens:,} screens" if large is MANY_SCREENS else f"{large.institutions:,} institutions"
        verdict = "" if many <= FLOOR * few else "   missed"
        print(f"{kind + ', ' + size:30} {few:12,.0f} {many:12,.0f} {many / few:7.3f}{verdict}")
    return held


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--role", choices=("child", "clock"), help=argparse.SUPPRESS)
    parser.add_argument("size", nargs="*", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.role:
        {"child": child, "clock": clock}[given.role](Size(*given.size))
        return 0
    if not shutil.which("callgrind_control"):
        print("valgrind is not installed: it counts the instructions", file=sys.stderr)
        return 2
    with ThreadPoolExecutor(max_workers=2) as threads:
        held = compare(dict(zip(SIZES, threads.map(counted, SIZES), strict=True)))
    search_s = 0.0
    print(f"\n{'by the clock':46} {'load':>8} {'proofs':>8} {'memory':>10} {'search':>9}")
    for size in SIZES:
        load_s, prove_s, loaded_mib, search_s = clocked(size)
        print(f"{size!s:46} {load_s:6.2f} s {prove_s:6.2f} s {loaded_mib:6.0f} MiB {search_s * 1000:6.3f} ms")
    held &= search_s <= SEARCH_S
    kinds = ", ".join(queries(10))
    print(f"\nThe slowest kind of search, such as {kinds}: at most {SEARCH_S * 1000:g} ms at the last size.")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
