"""The ledger on SQLite: the contract, and what only a file can show."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ussd_engine.errors import ConfigError, LedgerUnavailable, RolledBack
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger, upgrade
from ussd_engine.testing.ledger_contract import LedgerContract
from ussd_engine.testing.specimens import (
    DAY,
    NAME,
    SPELLINGS,
    TEXT,
    StoppedClock,
    anonymous,
    cancel,
    cases_of,
    named,
    submit,
)

CHILD = Path(__file__).with_name("child.py")


class TestSqliteLedger(LedgerContract):
    @pytest.fixture
    def url(self, sqlite_url: str) -> str:
        return sqlite_url


async def open_ledger(url: str) -> Ledger:
    return await Ledger.open(url, Keyring.random(DAY), StoppedClock())


async def open_and_close(url: str) -> None:
    await (await open_ledger(url)).close()


async def test_what_was_confirmed_survives_a_process_killed_at_once(sqlite_url: str, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    Keyring.create(keys, DAY)
    command = (sys.executable, str(CHILD), sqlite_url, str(keys))
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=paths)
    assert child.stdout is not None
    reference = json.loads(await child.stdout.readline())
    child.send_signal(signal.SIGKILL)
    assert await child.wait() == -signal.SIGKILL
    ledger = await Ledger.open(sqlite_url, Keyring.load(keys), StoppedClock())
    stored = await ledger.submission(reference)
    await ledger.close()
    assert stored is not None
    assert stored.answers["message"] == TEXT


async def test_the_files_hold_no_number_no_text_no_name(sqlite_url: str, sqlite_path: Path) -> None:
    ledger = await open_ledger(sqlite_url)
    for act in (named(), submit(), anonymous()):
        await ledger.act(act)
    written = {path.name: path.read_bytes() for path in sqlite_path.parent.glob("ledger.db*")}
    await ledger.close()
    assert "ledger.db-wal" in written
    assert any(b"DUWASA" in octets for octets in written.values())
    for secret in (*SPELLINGS, TEXT, TEXT[:12], NAME):
        for octets in written.values():
            assert secret.encode() not in octets
            assert secret.encode("utf-16-le") not in octets


async def test_every_commit_is_synced_in_full_and_readers_do_not_wait(sqlite_url: str) -> None:
    ledger = await open_ledger(sqlite_url)
    pragmas = ("synchronous", "journal_mode")
    found = await ledger.database.write(
        lambda conn: [conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas]
    )
    await ledger.close()
    assert found == [2, "wal"]


async def test_a_full_disk_is_known_to_have_stored_nothing(sqlite_url: str) -> None:
    ledger = await open_ledger(sqlite_url)
    pages = await ledger.database.write(lambda conn: conn.exec_driver_sql("PRAGMA page_count").scalar_one())
    await ledger.database.write(lambda conn: conn.exec_driver_sql(f"PRAGMA max_page_count = {pages + 4}").scalar())
    large = [submit(caller=None, answers={"message": "m" * 20_000}) for _ in range(3)]
    results = await asyncio.gather(*map(ledger.act, large), return_exceptions=True)
    assert [type(result) for result in results] == [RolledBack] * 3
    assert await cases_of(ledger) == []
    await ledger.database.write(lambda conn: conn.exec_driver_sql("PRAGMA max_page_count = 10000").scalar())
    assert (await ledger.act(large[0])).kind == "submit"
    await ledger.close()


async def test_a_transaction_that_sqlite_ended_by_itself_is_not_gone_on_with(sqlite_url: str) -> None:
    ledger = await open_ledger(sqlite_url)
    await ledger.database.write(lambda conn: conn.exec_driver_sql(ENDS_ALL).rowcount)
    acts = [submit(caller=None), submit(caller=None, institution="ENDS"), submit(caller=None)]
    results = await asyncio.gather(*map(ledger.act, acts), return_exceptions=True)
    assert [type(result) for result in results] == [RolledBack] * 3
    assert await cases_of(ledger) == []
    assert (await ledger.act(acts[0])).kind == "submit"
    await ledger.close()


ENDS_ALL = """
CREATE TRIGGER ends BEFORE INSERT ON cases WHEN NEW.institution = 'ENDS' BEGIN SELECT RAISE(ROLLBACK, 'ended'); END
"""


async def test_a_database_without_tables_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").touch()
    with pytest.raises(ConfigError, match="ussd-engine db upgrade"):
        await open_ledger(f"sqlite:///{tmp_path}/ledger.db")


@pytest.mark.parametrize("place", ["new/ledger.db", "ledger.db", "100% ?#.db"])
def test_who_opens_a_ledger_makes_none_and_an_upgrade_does(tmp_path: Path, place: str) -> None:
    url = f"sqlite:///{quote(str(tmp_path / place))}"
    with pytest.raises(LedgerUnavailable, match="the file is not there"):
        asyncio.run(open_ledger(url))
    assert list(tmp_path.iterdir()) == []
    asyncio.run(upgrade(url))
    asyncio.run(open_and_close(url))
    assert len(list(tmp_path.rglob("*.db"))) == 1


async def test_a_ledger_in_memory_is_refused() -> None:
    with pytest.raises(ConfigError, match="needs a file"):
        await open_ledger("sqlite://")


async def test_a_database_of_another_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match="use sqlite or postgresql"):
        await open_ledger("mysql://host/name")


async def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(os.urandom(8192))
    with pytest.raises(LedgerUnavailable):
        await open_ledger(f"sqlite:///{tmp_path}/ledger.db")


ACTS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["submit", "cancel"])), max_size=12)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS, together=st.booleans())
def test_the_first_act_of_a_key_decides_every_later_one(
    sqlite_template: bytes, tmp_path: Path, acts: list[tuple[str, str]], together: bool
) -> None:
    path = tmp_path / "property.db"
    for old in tmp_path.glob("property.db*"):
        old.unlink()
    path.write_bytes(sqlite_template)
    kinds = asyncio.run(results_of(f"sqlite:///{path}", acts, together))
    first: dict[str, str] = {}
    expected = [first.setdefault(key, kind) for key, kind in acts]
    assert kinds == expected


async def results_of(url: str, acts: list[tuple[str, str]], together: bool) -> list[str]:
    ledger = await open_ledger(url)
    made = [submit(key=key.encode(), caller=None) if kind == "submit" else cancel(key.encode()) for key, kind in acts]
    if together:
        results = await asyncio.gather(*map(ledger.act, made))
    else:
        results = [await ledger.act(act) for act in made]
    await ledger.close()
    return [result.kind for result in results]
