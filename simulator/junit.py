"""What was played, as the XML that test servers read: a suite, in it one case for each transcript and provider."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

import click

from simulator.player import Difference
from simulator.side_by_side import side_by_side, visible

SUITE = "transcripts"


@dataclass
class Played:
    """One transcript on one provider, or, where it was left out, on none.

    `left_out` says why it was not played, `broke` what ended it too early.
    """

    path: Path
    title: str
    provider: str
    seconds: float = 0.0
    differences: Sequence[Difference] = field(default_factory=list)
    left_out: str = ""
    broke: str = ""


def write(played: Iterable[Played], path: Path) -> None:
    """Write the report. Raises `OSError`."""
    text = ElementTree.tostring(report(list(played)), encoding="unicode")
    path.write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n', encoding="utf-8")


def report(played: Sequence[Played]) -> ElementTree.Element:
    """The whole document."""
    counts = {
        "tests": str(len(played)),
        "failures": str(sum(bool(one.differences) for one in played)),
        "errors": str(sum(bool(one.broke) for one in played)),
        "skipped": str(sum(bool(one.left_out) for one in played)),
        "time": _seconds(sum(one.seconds for one in played)),
    }
    # the outer element counts nothing that is left out: servers know no such attribute there
    outer = {name: value for name, value in counts.items() if name != "skipped"}
    suites = ElementTree.Element("testsuites", outer)
    suite = ElementTree.SubElement(suites, "testsuite", {"name": SUITE, **counts})
    for one in played:
        suite.append(_case(one))
    ElementTree.indent(suites)
    return suites


def _case(one: Played) -> ElementTree.Element:
    provider = f" [{one.provider}]" if one.provider else ""
    about = {"classname": one.path.as_posix(), "name": _plain(f"{one.title}{provider}")}
    case = ElementTree.Element("testcase", {**about, "time": _seconds(one.seconds)})
    for difference in one.differences:
        message = _plain(f"step {difference.step} ({difference.what})")
        failure = ElementTree.SubElement(case, "failure", {"message": message, "type": "difference"})
        failure.text = "\n".join(["", *map(click.unstyle, side_by_side(difference)), ""])
    if one.broke:
        ElementTree.SubElement(case, "error", {"message": _plain(one.broke), "type": "no answer"})
    if one.left_out:
        ElementTree.SubElement(case, "skipped", {"message": _plain(one.left_out)})
    return case


def _plain(text: str) -> str:
    """A text without the characters that XML cannot hold."""
    return visible(text.replace("\n", " "))


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"
