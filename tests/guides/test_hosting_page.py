"""The page about hosting another institution's service, followed: its menus are proven."""

from __future__ import annotations

from pathlib import Path

import pytest
from guide import Reader


@pytest.mark.timeout(300)
def test_the_service_of_the_page_passes_the_proofs(tmp_path: Path) -> None:
    with Reader(tmp_path) as reader:
        reader.follow("hosting.md")
    assert "no faults" in reader.said["ussd-engine check"]
