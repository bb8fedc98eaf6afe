"""`ussd-engine draw`: the flowchart, and the page with what the transcripts beside the menus take."""

from __future__ import annotations

import configparser
import json
import re
import shutil
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from tests.transcripts.conftest import ROOT, Told

Command = Callable[..., Told]
KEPT = ("short.sw.yaml", "finish-by-sms.en.yaml", "follow-add.sw.yaml")


DRAWN: list[dict[str, Any]] = []
"""What the page of `drawn` knows, once it was made."""


@pytest.fixture
def menus(tmp_path: Path) -> Path:
    """The shipped menus with a few transcripts."""
    folder = tmp_path / "menus"
    shutil.copytree(ROOT / "menus", folder, ignore=shutil.ignore_patterns("transcripts", "*.py", "__pycache__"))
    (folder / "emrejesho/transcripts").mkdir()
    for name in KEPT:
        shutil.copy(ROOT / "menus/emrejesho/transcripts" / name, folder / "emrejesho/transcripts")
    return folder


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    loaded: dict[str, Any] = json.loads(found[1])
    return loaded


@pytest.fixture
def drawn(command: Command, menus: Path) -> dict[str, Any]:
    if not DRAWN:
        code, out, err = command("draw", str(menus), "--format", "html")
        assert (code, err) == (0, "")
        DRAWN.append(data_of(out))
    return DRAWN[0]


def test_the_page_tells_which_screen_each_step_of_a_transcript_takes(drawn: dict[str, Any]) -> None:
    traces = {Path(trace["file"]).name: trace for trace in drawn["traces"]}
    assert sorted(traces) == sorted(KEPT)
    short = traces["short.sw.yaml"]
    assert short["file"] == "emrejesho/transcripts/short.sw.yaml"
    assert [step["screen"].rpartition("/")[2] for step in short["steps"]][:5] == [
        *("gmp_root", "gmp_feedback", "lang", "home", "inst_how")
    ]
    last = short["steps"][-1]
    assert (last["does"], last["screen"], last["locale"], last["ends"]) == ("type 1", "emrejesho/done", "sw", True)
    assert "Namba: <ref>" in last["text"]
    assert {"line emrejesho/review 1", "outcome emrejesho/send ok", "screen emrejesho/done"} <= set(last["taken"])


def test_a_step_on_which_no_screen_comes_shows_none(drawn: dict[str, Any]) -> None:
    added = next(trace for trace in drawn["traces"] if trace["file"].endswith("follow-add.sw.yaml"))
    acts = [step for step in added["steps"] if step["does"].startswith("officer ")]
    assert acts
    assert not any("screen" in step for step in acts)


def test_what_is_typed_most_often_is_the_example(drawn: dict[str, Any]) -> None:
    screens = drawn["services"]["emrejesho"]["screens"]
    rows = [row[0] for row in screens["review"]["shown"]["sw"]["pages"][0]["rows"]]
    assert '"umeme umekatika siku tatu"' in rows


def test_a_transcript_that_breaks_off_is_named_and_shown_as_far_as_it_went(command: Command, menus: Path) -> None:
    folder = menus / "emrejesho/transcripts"
    for name in KEPT:
        (folder / name).unlink()
    file = folder / "broken.yaml"
    file.write_text("title: broken\nsteps:\n- dial: '*152*00#'\n- officer: open\n- type: '9'\n")
    code, out, err = command("draw", str(menus), "--format", "html")
    assert code == 0
    assert err.startswith(f"{file}: step 2: ")
    (trace,) = data_of(out)["traces"]
    assert [step["does"] for step in trace["steps"]] == ["dial *152*00#"]


def test_the_wheel_carries_every_file_of_the_page() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    carried = [pattern.strip() for pattern in setup["options.package_data"]["ussd_engine"].split(",")]
    files = [file for file in (ROOT / "ussd_engine/menu/page").iterdir() if file.suffix in (".html", ".css", ".js")]
    assert len(files) >= 4
    for file in files:
        name = file.relative_to(ROOT / "ussd_engine").as_posix()
        assert any(fnmatch(name, pattern) for pattern in carried), name


def test_without_transcripts_the_page_says_nothing_of_them(command: Command) -> None:
    code, out, err = command("draw", "--format", "html", "--no-transcripts")
    assert (code, err) == (0, "")
    assert data_of(out)["traces"] == []


def test_the_flowchart_is_what_is_drawn_unless_asked_otherwise(command: Command) -> None:
    code, out, _ = command("draw", "--service", "gmp", "--lang", "en")
    assert code == 0
    assert out.startswith("flowchart TD\n")


@pytest.mark.parametrize("option", ["--service", "--lang"])
def test_the_page_is_not_of_one_service_or_language(command: Command, option: str) -> None:
    code, _, err = command("draw", "--format", "html", option, "gmp")
    assert code == 2
    assert "the page holds every service and language" in err
