"""A terminal at which an officer types `ussd-engine case …`, on the smallest service that has institutions."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.feedback.desks import KINDS, shipped_offices
from ussd_engine import cli, config
from ussd_engine.feedback.sql import SqlStore
from ussd_engine.keys import Keyring
from ussd_engine.ledger.schema import connect
from ussd_engine.model import Submission
from ussd_engine.testing.feedback_contract import submission

SERVICE = """
service: emrejesho
language: sw
start: home
keys: {back: 0. Rudi, more: 98. Zaidi, home: "00"}
tries: 3
too_many: sorry
system: {fault: sorry, old: sorry, busy: sorry, maint: sorry}
errors: {choice: Chaguo si sahihi., empty: Hujaandika kitu.}
screens:
  home:
    menu: Karibu
    go: {1. Msaada: help, 2. Jibu: answer}
  help: {notice: Msaada}
  answer:
    read: "{answer}"
    slow: sorry
    go: {1. Endelea: {if: {can: rate}, go: home}}
  sorry: {end: Piga tena baadaye.}
"""
OFFICER = "officer@DUWASA"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tmp_path: Path, sqlite_template: bytes, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which a gateway has run."""
    shipped = config.load({})
    home = tmp_path / "menus" / "emrejesho"
    home.mkdir(parents=True)
    (tmp_path / "locales").mkdir()
    (tmp_path / "var").mkdir()
    (home / "service.yaml").write_text(SERVICE)
    for table in (shipped.menus / "emrejesho").glob("*.csv"):
        shutil.copy(table, home)
    (tmp_path / "var" / "ussd-engine.db").write_bytes(sqlite_template)
    Keyring.create(tmp_path / "var" / "keys.json", shipped_offices().day(int(time.time() * 1000)))
    monkeypatch.chdir(tmp_path)
    for name, value in (("MENUS", "menus"), ("LOCALES", "locales"), ("CODES", "*152*00#=emrejesho")):
        monkeypatch.setenv(f"USSD_ENGINE_{name}", value)
    monkeypatch.setenv("USSD_ENGINE_COUNTRY", str(shipped.country))
    monkeypatch.setenv("USSD_ENGINE_OFFICER", OFFICER)
    return tmp_path


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["ussd-engine", "case", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return command


def in_core(folder: Path, work: Callable[[SqlStore], Any]) -> Any:
    """Do something at the core beside the commands."""

    async def opened() -> Any:
        database = connect(f"sqlite:///{folder}/var/ussd-engine.db")
        offices = shipped_offices()
        try:
            return await work(SqlStore(database, Keyring.load(folder / "var" / "keys.json"), lambda: offices))
        finally:
            await database.close()

    return asyncio.run(opened())


def sent(folder: Path, kind: str = "complaint", **changes: Any) -> Submission:
    today = shipped_offices().day(int(time.time() * 1000))
    made = submission(**{"submitted": today, "due": today + timedelta(days=30), **KINDS[kind], **changes})
    in_core(folder, lambda store: store.submit(made))
    return made


def rows_of(printed: str) -> dict[str, str]:
    return dict(re.findall(r"^ *(\S[^\n]*?)  (.+)$", printed, re.MULTILINE))
