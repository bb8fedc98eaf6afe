"""The page of an officer's day does what it says, typed in its order in an empty folder."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent.parent / "docs" / "officers.md"
WRITTEN = "482173659"
COMMAND = Path(sys.executable).parent / "ussd-engine"


def commands() -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]


@pytest.mark.timeout(600)
def test_every_command_of_the_page_runs_in_its_order(tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("USSD_ENGINE_")}
    reference, printed = "", {}
    for line in commands():
        words = shlex.split(line.replace(WRITTEN, reference or WRITTEN))
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            environ[name] = value
            continue
        assert words[0] == "ussd-engine"
        done = subprocess.run(
            [COMMAND, *words[1:]], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        printed[" ".join(words[1:3])] = done.stdout
        if words[1] == "dial":
            reference = re.findall(r"Namba: (\d{9})", done.stdout)[-1]
    assert reference in printed["case inbox"]
    assert "Umeme umekatika siku tatu" in printed["case show"]
    assert printed["case close"] == f"{reference} closed, at TANESCO\n"
    assert "0 faults" in printed["case verify"]
