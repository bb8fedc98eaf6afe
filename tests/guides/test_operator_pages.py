"""An operator's first day, followed from an empty folder, in both languages."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.guides.guide import File, Reader, Typed, steps

PAGES = ("first-day.md", "siku-ya-kwanza.md")
PORT = "18080"


def free_port() -> str:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", PAGES)
def test_an_operator_s_first_day_ends_with_a_case_in_the_inbox(tmp_path: Path, page: str) -> None:
    with Reader(tmp_path, **{f"_{PORT}": free_port()}) as reader:
        reader.follow(page)
    said = reader.said
    (dialled,) = [text for line, text in said.items() if line.startswith("ussd-engine dial")]
    assert "Namba: " in dialled
    assert "TANESCO" in said["ussd-engine case inbox"]
    assert "***" in said["ussd-engine config"]
    assert "0f3c2a9be1d8" not in said["ussd-engine config"]
    assert (tmp_path / "gateway/keys.json").stat().st_mode & 0o077 == 0


def test_both_pages_say_the_same() -> None:
    english, swahili = (list(steps(page)) for page in PAGES)
    assert english == swahili
    assert {type(step) for step in english} == {Typed, File}
