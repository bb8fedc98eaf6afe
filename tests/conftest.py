"""What holds for all tests: the long forms run where `CI` is `true`, and nowhere else unless they are asked for; how
long an example takes is the affair of the machine."""

from __future__ import annotations

import os

import hypothesis
import pytest

hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("CI") == "true" or config.getoption("markexpr"):
        return
    skipped = pytest.mark.skip(reason="a long form, run where CI=true")
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(skipped)
