"""`make bench`: the gateway and the floor in interleaved rounds; exit code 1 where a bound is missed."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import report
from benchmarks.rounds import Plan, run
from benchmarks.servers import ROOT
from ussd_engine.errors import EngineError

RESULTS = ROOT / "benchmarks" / "results"
ON_DISK = Path("/var/tmp")
"""For the ledger: the usual temporary folder lies in memory on many machines."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=Plan().rounds, help="how many; at least 9 decide something")
    parser.add_argument("--seconds", type=float, default=Plan().seconds, help="of load on each server in each round")
    parser.add_argument("--dialogs", type=int, default=Plan().dialogs, help="in flight at once")
    asked = parser.parse_args(arguments)
    plan = Plan(rounds=max(1, asked.rounds), seconds=asked.seconds, dialogs=max(1, asked.dialogs))
    try:
        return bench(plan, RESULTS)
    except EngineError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2


def bench(plan: Plan, results: Path) -> int:
    """Measure, tell, write. 1 where a bound is missed. Raises what `run` raises."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=ON_DISK if ON_DISK.is_dir() else None) as folder:
        result = run(plan, Path(folder), _tell)
    found = report.findings(result.rounds)
    file = report.write(result, found, results)
    _tell(f"\n{file} and .svg\n\n{report.table(result, found)}")
    return 0 if all(one.met for one in found) else 1


def _tell(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    sys.exit(main())
