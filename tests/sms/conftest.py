"""Empty databases, and stories in an office of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sms.leaping import LeapingLoop, leap
from tests.sms.sms_provider import Story, Tell, office
from ussd_engine.testing.databases import sqlite_template

__all__ = ["sqlite_template"]


@pytest.fixture
def tell(sqlite_template: bytes, tmp_path: Path) -> Tell:
    """Runs a story in an office of its own."""

    def told(story: Story) -> None:
        async def job(loop: LeapingLoop) -> None:
            async with office(loop, sqlite_template, tmp_path / "office") as made:
                await story(made, loop)

        leap(job)

    return told
