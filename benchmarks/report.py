"""What the rounds say: medians, the bounds that they must keep, a table, a file and a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import msgspec

from benchmarks import plot
from benchmarks.rounds import Pair, Result, Round

LEAST_ROUNDS = 9
LEAST_SHARE = 0.9
"""Of its core a server must have had under full load, or something else was measured with it."""
PAGE = "docs/speed.md"


def not_shown(heading: str) -> str:
    """Where a person reads what a figure does not show. `heading` is one of the page, as its link spells it."""
    return f"what this does not show: {PAGE}#{heading}"


class Measure(NamedTuple):
    """A figure of both sides, and what the gateway's must be as a multiple of the floor's."""

    name: str
    field: str
    """Of `Round`."""
    digits: int
    higher: bool
    """Whether more is better."""
    bound: float
    aim: float


MEASURES = (
    Measure("requests a second", "rate", 0, True, 1.2, 1.7),
    Measure("CPU a request, us", "cpu_us", 0, False, 0.8, 0.55),
    Measure("p99, ms", "p99_ms", 1, False, 1.0, 0.75),
)


class Spread(msgspec.Struct, frozen=True):
    """The middle of some values, and the least and the greatest of them."""

    median: float
    least: float
    most: float


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One measure over all rounds."""

    name: str
    engine: Spread
    floor: Spread
    ratio: float
    """The gateway's median divided by the floor's."""
    ratios: Spread
    """The same of each round."""
    bound: float
    aim: float
    met: bool
    aim_met: bool


def findings(pairs: Sequence[Pair]) -> list[Finding]:
    """One finding for each of `MEASURES`."""
    return [_finding(measure, pairs) for measure in MEASURES]


def _finding(measure: Measure, pairs: Sequence[Pair]) -> Finding:
    engine = [getattr(pair.engine, measure.field) for pair in pairs]
    floor = [getattr(pair.floor, measure.field) for pair in pairs]
    ratio = median(engine) / median(floor)
    return Finding(
        name=measure.name,
        engine=_spread(engine),
        floor=_spread(floor),
        ratio=ratio,
        ratios=_spread([one / other for one, other in zip(engine, floor, strict=True)]),
        bound=measure.bound,
        aim=measure.aim,
        met=_keeps(measure, ratio, measure.bound),
        aim_met=_keeps(measure, ratio, measure.aim),
    )


def _keeps(measure: Measure, ratio: float, bound: float) -> bool:
    return ratio >= bound if measure.higher else ratio <= bound


def _spread(values: Sequence[float]) -> Spread:
    return Spread(median(values), min(values), max(values))


def table(result: Result, found: Sequence[Finding]) -> str:
    """What a person reads; the last line is the ratio."""
    lines = [f"{'medians':<20}{'engine':>10}{'floor':>10}{'ratio':>9}  {'of each round':<18}{'must be':<21}aim"]
    for measure, one in zip(MEASURES, found, strict=True):
        sides = "".join(f"{side.median:>10,.{measure.digits}f}" for side in (one.engine, one.floor))
        ratios = f"{one.ratios.least:.3f} to {one.ratios.most:.3f}"
        bound = f"{_sign(measure)} {one.bound:g} {_word(one.met)}"
        lines.append(f"{one.name:<20}{sides}{one.ratio:>9.3f}  {ratios:<18}{bound:<21}{_aim(measure, one)}")
    lines += ["", *_notes(result), not_shown("what-it-does-not-show"), f"ratio {found[0].ratio:.3f}"]
    return "\n".join(lines)


def _sign(measure: Measure) -> str:
    return "at least" if measure.higher else "at most"


def _word(met: bool) -> str:
    return "met" if met else "MISSED"


def _aim(measure: Measure, one: Finding) -> str:
    return f"{_sign(measure)} {one.aim:g} {'met' if one.aim_met else 'not met'}"


def _notes(result: Result) -> list[str]:
    """What says how far the figures can be believed."""
    sides = {"engine": [pair.engine for pair in result.rounds], "floor": [pair.floor for pair in result.rounds]}
    notes = [
        f"{name}: {_share(rounds, 'server_share')} of its core; beside it "
        f"the client {_share(rounds, 'client_share')} of one, Redis {_share(rounds, 'redis_share')}"
        for name, rounds in sides.items()
    ]
    if min(one.server_share for rounds in sides.values() for one in rounds) < LEAST_SHARE:
        notes.append(f"a server had less than {LEAST_SHARE:.0%} of its core: something else ran there, or the client")
    notes.append(f"HTTP alone takes {result.settings.http_share:.0%} of the floor's CPU: the floor without its Redis")
    requests = sum(one.requests for rounds in sides.values() for one in rounds)
    notes.append(f"{requests:,} replies checked; {result.complaints:,} complaints, each once in the ledger")
    if result.machine["filesystem"] == "tmpfs":
        notes.append("the ledger lies on tmpfs: commits wait for no disk here, so this is no measure of durability")
    if len(result.rounds) < LEAST_ROUNDS:
        notes.append(f"{len(result.rounds)} rounds decide nothing: at least {LEAST_ROUNDS} are needed")
    return notes


def _share(rounds: Sequence[Round], field: str) -> str:
    return f"{median(getattr(one, field) for one in rounds):.0%}"


def write(result: Result, found: Sequence[Finding], folder: Path) -> Path:
    """The file of a run, and beside it the picture; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    name = str(result.machine["time"]).replace(":", "").replace("+0000", "Z")
    file = folder / f"{name}.json"
    content: dict[str, Any] = {"findings": found, **msgspec.structs.asdict(result)}
    file.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
    panels = [_panel(measure, one, result.rounds) for measure, one in zip(MEASURES, found, strict=True)]
    file.with_suffix(".svg").write_text(plot.svg(_title(result), panels), encoding="utf-8")
    return file


def _panel(measure: Measure, one: Finding, pairs: Sequence[Pair]) -> plot.Panel:
    return plot.Panel(
        title=measure.name,
        verdict=f"{one.ratio:.3f} of the floor, {_sign(measure)} {one.bound:g}: {_word(one.met).lower()}",
        digits=measure.digits,
        series={
            "engine": [getattr(pair.engine, measure.field) for pair in pairs],
            "floor": [getattr(pair.floor, measure.field) for pair in pairs],
        },
    )


def _title(result: Result) -> str:
    facts, plan = result.machine, result.plan
    return f"{plan.dialogs} dialogs, {len(result.rounds)} rounds, one core of {facts['cpu']}, Python {facts['python']}"
