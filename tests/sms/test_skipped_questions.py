"""A question that may be skipped costs an SMS nothing: it is not asked back."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from ussd_engine import config
from ussd_engine.engine import read_menus
from ussd_engine.menu.edition import Edition
from ussd_engine.model import Mode, Submit
from ussd_engine.sms.filling import Sender, fill
from ussd_engine.sms.keywords import Ear

ROOT = Path(__file__).parent.parent.parent
SENDER = Sender("255700000001", "loopback", "sw", bytes(12), 1_768_455_000_000, "482173659", bytes(16))


@pytest.fixture
def edition(tmp_path: Path) -> Edition:
    """e-Mrejesho with a question that may be skipped behind the message."""
    shutil.copytree(ROOT / "menus", tmp_path / "menus")
    file = tmp_path / "menus/emrejesho/complaint.yaml"
    words = file.read_text(encoding="utf-8")
    words = words.replace("    - message\n    - where:", "    - message\n    - name2\n    - where:", 1)
    words = words.replace(
        "screens:\n", "screens:\n  name2:\n    input: Andika.\n    save: name2\n    skip: 1. Ruka\n", 1
    )
    file.write_text(words, encoding="utf-8")
    return read_menus(dataclasses.replace(config.load({}), menus=tmp_path / "menus"))


def test_what_may_be_skipped_is_left_out(edition: Edition) -> None:
    data, keywords = edition.data["emrejesho"], edition.services["emrejesho"].service.keywords
    assert keywords is not None
    heard = Ear(keywords, data).hear("LALAMIKO TANESCO umeme umekatika siku tatu", "sw")
    row = data.get(heard.institutions[0])
    assert row is not None
    act = fill(edition, "emrejesho", heard, row, SENDER)
    assert isinstance(act, Submit)
    assert (act.mode, act.institution) == (Mode.CONFIDENTIAL, "TANESCO")
    assert act.answers.get("name2") is None
