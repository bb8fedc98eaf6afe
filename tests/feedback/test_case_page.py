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
WRITTEN, PIN = "482173659", "0962"
COMMAND = Path(sys.executable).parent / "ussd-engine"


def commands() -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]


@pytest.mark.timeout(600)
def test_every_command_of_the_page_runs_in_its_order(tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("USSD_ENGINE_")}
    reference, pin, screens, printed = "", "", list[str](), {}
    for line in commands():
        words = shlex.split(line.replace(PIN, pin or PIN).replace(WRITTEN, reference or WRITTEN))
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            environ[name] = value
            continue
        assert words[0] == "ussd-engine"
        done = subprocess.run(
            [COMMAND, *words[1:]], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        printed[" ".join(words[1:])] = printed[" ".join(words[1:3])] = done.stdout
        if words[1] == "dial" and not reference:
            ((reference, pin),) = re.findall(r"Namba: (\d{9})\n *PIN: (\d{4})", done.stdout)
        if words[1] == "dial":
            screens.append(done.stdout)
    assert reference in printed["case inbox"]
    assert "Umeme umekatika siku tatu" in printed[f"case show {reference} --purpose handling"]
    assert f"Ujumbe namba {reference} umefungwa." in " ".join(" ".join(screens).split())
    assert f"Rufaa imepokelewa na Wizara ya Nishati. Namba ni ile ile: {reference}." in " ".join(screens[-1].split())
    assert re.search(r"state  closed\n(.*\n)* *content  partly\n", printed[f"case show {reference}"])
    assert "0 faults" in printed["case verify"]
