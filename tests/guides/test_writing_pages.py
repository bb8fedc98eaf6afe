"""The pages for people who write menus, followed from an empty folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guides.guide import Reader


@pytest.mark.timeout(300)
def test_a_menu_is_written_by_its_page_alone(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    reader.follow("writing-menus.md")
    dialled = [said for line, said in reader.said.items() if line.startswith("ussd-engine dial")]
    assert len(dialled) == 3
    assert all("Namba: " in said and "PIN: " in said for said in dialled)
    assert "Watu wangapi wameathirika?" in dialled[1]
    assert "Hakiki: taarifa ya hatari" in dialled[2]
    assert "2 as written, 0 not" in reader.said["ussd-engine replay --twice menus"]


@pytest.mark.timeout(300)
def test_a_service_is_translated_by_its_page_alone(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    reader.follow("translating.md")
    assert "fr/LC_MESSAGES/maji.po" in reader.said["ussd-engine messages"]
    (dialled,) = [said for line, said in reader.said.items() if line.startswith("ussd-engine dial")]
    assert "Thank you. Received." in dialled
