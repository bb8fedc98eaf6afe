"""What a gateway says when it begins to listen: a line that can be typed as it stands, and dials what is there."""

from __future__ import annotations

import asyncio
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.processes import COMMAND, ROOT, environment, served

SECOND = ROOT / "tests" / "second" / "menus"


@pytest.mark.parametrize(
    ("settings", "dialled", "shows"),
    [
        ({}, ["*152*00#", "9", "2"], "e-Mrejesho"),
        (
            {"menus": str(SECOND), "country": str(SECOND / "countries" / "ruritania.yaml"), "codes": "*77#=voz"},
            ["*77#"],
            "1. ",
        ),
    ],
    ids=["of-this-country", "of-another-one"],
)
async def test_the_line_that_is_told_dials_what_the_menus_have(
    tmp_path: Path, settings: dict[str, Any], dialled: list[str], shows: str
) -> None:
    async with served(tmp_path, **settings) as gateway:
        words = shlex.split((await gateway.says(r"dial it:\n  (.*)\n"))[1])
        url = await gateway.url()
        assert words[words.index("dial") + 1 :] == [*dialled, "--url", url]
        typed = await asyncio.to_thread(
            subprocess.run,
            [*COMMAND, "dial", *dialled, "--url", url],
            env=environment(**settings),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert typed.returncode == 1, typed.stderr
    assert len(re.findall(r"^> ", typed.stdout, re.MULTILINE)) == len(dialled)
    assert shows in typed.stdout
