from __future__ import annotations

from pathlib import Path

import pytest

from tests.catalog.demo_service import Demo


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    return Demo(tmp_path)
