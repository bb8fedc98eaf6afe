"""The ledger on PostgreSQL: the contract, and what only several processes can show. Each `Ledger` is one of them."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg  # type: ignore[import-untyped]
import msgspec
import pytest
from sqlalchemy import text

from ussd_engine import reference
from ussd_engine.errors import ConfigError, LedgerUnavailable, RolledBack, Unknown
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger, postgres, upgrade
from ussd_engine.testing.databases import POSTGRES
from ussd_engine.testing.ledger_contract import LedgerContract
from ussd_engine.testing.specimens import DAY, StoppedClock, cancel, cases_of, submit

pytestmark = pytest.mark.postgres


class TestPostgresLedger(LedgerContract):
    @pytest.fixture
    def url(self, postgres_url: str) -> str:
        return postgres_url


@pytest.fixture
async def processes(postgres_url: str) -> AsyncIterator[list[Ledger]]:
    keyring = Keyring.random(DAY)
    ledgers = [await Ledger.open(postgres_url, keyring, StoppedClock()) for _ in range(3)]
    yield ledgers
    for ledger in ledgers:
        await ledger.close()


async def test_one_key_in_three_processes_has_one_result(processes: list[Ledger]) -> None:
    for _ in range(10):
        act = submit(caller=None)
        rival = msgspec.structs.replace(act, case=b"r" * 16, reference=reference.draw())
        results = await asyncio.gather(*(ledger.act(a) for ledger in processes for a in (act, cancel(act.key), rival)))
        assert len(set(results)) == 1


async def test_one_key_of_one_caller_in_three_processes_is_counted_once(processes: list[Ledger]) -> None:
    acts = [submit() for _ in range(5)]
    results = await asyncio.gather(*(ledger.act(act) for ledger in processes for act in acts))
    assert {result.kind for result in results} == {"submit"}
    assert (await processes[0].act(submit())).kind == "limit"


async def test_a_callers_day_is_full_for_all_processes_together(processes: list[Ledger]) -> None:
    results = await asyncio.gather(*(ledger.act(submit()) for ledger in processes for _ in range(4)))
    assert [result.kind for result in results].count("submit") == 5


async def test_one_reference_in_three_processes_becomes_three(processes: list[Ledger]) -> None:
    same = reference.draw()
    results = await asyncio.gather(*(ledger.act(submit(caller=None, reference=same)) for ledger in processes))
    assert len({result.reference for result in results}) == 3


async def test_connections_that_the_server_ended_are_replaced(processes: list[Ledger]) -> None:
    ledger = processes[0]
    await ledger.act(submit(caller=None))
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> $1"
    await on_a_connection_of_its_own(ledger, others)
    assert (await ledger.act(submit(caller=None))).kind == "submit"
    assert len(await cases_of(ledger)) == 2


async def test_a_connection_that_ends_inside_a_transaction_wrote_nothing(processes: list[Ledger]) -> None:
    ending = text("SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(RolledBack):
        await processes[0].database.write(lambda conn: conn.execute(ending).all())
    with pytest.raises(LedgerUnavailable):
        await processes[0].database.read(lambda conn: conn.execute(ending).all())


async def test_a_transaction_that_takes_too_long_wrote_nothing(
    processes: list[Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "WRITE_S", 0.2)
    with pytest.raises(RolledBack):
        await processes[0].database.write(lambda conn: conn.execute(text("SELECT pg_sleep(60)")).all())


async def test_a_commit_that_takes_too_long_is_unknown(
    processes: list[Ledger], postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = submit(caller=None)
    admin = await asyncpg.connect(postgres_url)
    try:
        await admin.execute(SLOW_COMMIT)
        monkeypatch.setattr(postgres, "WRITE_S", 0.5)
        with pytest.raises(Unknown):
            await processes[0].act(act)
    finally:
        await admin.execute("DROP TRIGGER slow ON effects; DROP FUNCTION slow")
        await admin.close()
    monkeypatch.undo()
    assert (await processes[0].act(cancel(act.key))).kind == "cancel"


SLOW_COMMIT = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON effects DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION slow();
"""


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(LedgerUnavailable):
        await Ledger.open("postgresql://127.0.0.1:1/none", Keyring.random(DAY), StoppedClock())


async def test_an_upgrade_by_two_processes_at_once_happens_once(postgres_url: str) -> None:
    name = postgres_url.rpartition("/")[2] + "_two"
    admin = await asyncpg.connect(f"{POSTGRES}/postgres")
    await admin.execute(f'CREATE DATABASE "{name}"')
    try:
        with pytest.raises(ConfigError, match="ussd-engine db upgrade"):
            await Ledger.open(f"{POSTGRES}/{name}", Keyring.random(DAY), StoppedClock())
        await asyncio.gather(upgrade(f"{POSTGRES}/{name}"), upgrade(f"{POSTGRES}/{name}"))
        await (await Ledger.open(f"{POSTGRES}/{name}", Keyring.random(DAY), StoppedClock())).close()
    finally:
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await admin.close()


async def on_a_connection_of_its_own(ledger: Ledger, statement: str) -> None:
    url = ledger.database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(url)
    try:
        await connection.fetch(statement, connection.get_server_pid())
    finally:
        await connection.close()
