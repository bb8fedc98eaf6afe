"""The report for test servers: of the shape that they read, whatever a screen holds."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from simulator.junit import Played, report, write
from simulator.player import Difference

# What servers read in common: element to its attributes, those that must be there first, and to what it may hold.
SHAPE: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": (set(), {"name", "tests", "failures", "errors", "time"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors"},
        {"skipped", "time", "timestamp", "hostname", "id", "package"},
        {"testcase", "properties", "system-out", "system-err"},
    ),
    "testcase": (
        {"name", "classname"},
        {"time", "assertions", "status"},
        {"failure", "error", "skipped", "system-out", "system-err"},
    ),
    "failure": (set(), {"message", "type"}, set()),
    "error": (set(), {"message", "type"}, set()),
    "skipped": (set(), {"message"}, set()),
}
COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}
CONTROLS = "a\x00b\x1b[2J\u200b\ud800\ufffe]]>&<"


def check(root: ElementTree.Element) -> None:
    """Raise where a document is not of the common shape, or counts wrongly."""
    for element in root.iter():
        needed, allowed, inner = SHAPE[element.tag]
        assert needed <= set(element.keys()) <= needed | allowed, element.tag
        assert {child.tag for child in element} <= inner
        assert float(element.get("time", "0")) >= 0
    for suite in root.iter("testsuite"):
        assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
        for name, tag in COUNTED.items():
            assert int(suite.attrib[name]) == len([case for case in suite if case.find(tag) is not None])


def read(played: list[Played], file: Path) -> ElementTree.Element:
    write(played, file)
    return ElementTree.parse(file).getroot()


@pytest.fixture
def played() -> list[Played]:
    path = Path("menus/demo/transcripts/a.yaml")
    difference = Difference(2, "type 9", "one\ntwo", f"one\n{CONTROLS}")
    return [
        Played(path, "as written", "generic", 0.25),
        Played(path, f"differs {CONTROLS}", "africastalking", 0.5, [difference]),
        Played(path, "left out", "", left_out="it needs a gateway started here"),
        Played(path, "broke", "generic", 0.125, broke="http://127.0.0.1:1 does not answer"),
    ]


def test_each_transcript_and_provider_is_a_case_of_the_common_shape(played: list[Played], tmp_path: Path) -> None:
    root = read(played, tmp_path / "report.xml")
    check(root)
    cases = root.findall("testsuite/testcase")
    assert [case.get("name") for case in cases][::2] == ["as written [generic]", "left out"]
    assert {case.get("classname") for case in cases} == {"menus/demo/transcripts/a.yaml"}
    assert root.get("time") == "0.875"


def test_a_failure_holds_the_two_phones(played: list[Played], tmp_path: Path) -> None:
    failure = read(played, tmp_path / "report.xml").find("testsuite/testcase/failure")
    assert failure is not None
    assert failure.get("message") == "step 2 (type 9)"
    assert "| two                               | ! | a\\x00b\\x1b[2J\\u200b\\ud800" in (failure.text or "")


def test_nothing_played_is_a_report_too(tmp_path: Path) -> None:
    root = read([], tmp_path / "report.xml")
    check(root)
    assert root.findall("testsuite/testcase") == []


def test_a_document_of_another_shape_is_told_apart(played: list[Played]) -> None:
    root = report(played)
    root[0].set("failures", "7")
    with pytest.raises(AssertionError):
        check(root)
