"""The provider that the page about adding one writes passes the contract of channels, and dials."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from guide import File, steps


@pytest.mark.timeout(300)
def test_the_provider_of_the_page_passes_the_contract_of_channels(tmp_path: Path) -> None:
    written = [step for step in steps("adding.md") if isinstance(step, File)]
    assert [file.name for file in written] == ["acme.py", "test_acme.py"]
    for file in written:
        (tmp_path / file.name).write_text(file.text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", "."]
    done = subprocess.run([*command, "test_acme.py"], cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "failed" not in done.stdout
