"""The migrations and the tables say the same."""

import asyncio
import sys

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, select

from ussd_engine.feedback.kept import metadata as kept
from ussd_engine.feedback.sql import metadata as core
from ussd_engine.keys import Keyring
from ussd_engine.ledger import Ledger
from ussd_engine.ledger.schema import connect, newest, upgrade
from ussd_engine.ledger.tables import metadata as tables
from ussd_engine.ledger.tables import outbox
from ussd_engine.ledger.upgrading import config
from ussd_engine.testing.specimens import DAY, StoppedClock, submit


def all_tables() -> MetaData:
    together = MetaData()
    for metadata in (tables, core, kept):
        for table in metadata.sorted_tables:
            table.to_metadata(together)
    return together


def differences(conn: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(conn, opts={"compare_type": True}), all_tables()))


async def test_the_newest_migration_makes_the_tables_of_the_code(sqlite_url: str) -> None:
    database = connect(sqlite_url)
    found = await database.read(differences)
    await database.close()
    assert found == []


async def test_an_upgrade_of_the_newest_changes_nothing(sqlite_url: str) -> None:
    await upgrade(sqlite_url)
    database = connect(sqlite_url)
    assert await database.read(differences) == []
    await database.close()


async def test_what_waits_gets_the_service_of_its_case(sqlite_url: str) -> None:
    ledger = await Ledger.open(sqlite_url, Keyring.random(DAY), StoppedClock())
    act = submit(caller=None, service="maji")
    await ledger.act(act)
    await ledger.close()
    database = connect(sqlite_url)
    await database.write(lambda conn: command.downgrade(at(conn), "0014"))
    await database.write(lambda conn: command.upgrade(at(conn), "0015"))
    found = await database.read(lambda conn: conn.execute(select(outbox.c.reference, outbox.c.service)).all())
    await database.close()
    assert [tuple(row) for row in found] == [(act.reference, "maji")]


def at(conn: Connection) -> Config:
    settings = config()
    settings.attributes["connection"] = conn
    return settings


def test_the_newest_version_is_that_of_the_last_migration() -> None:
    assert newest() == ScriptDirectory.from_config(config()).get_current_head()


async def test_alembic_is_not_loaded_where_nothing_is_to_be_upgraded(sqlite_url: str) -> None:
    code = (
        "import asyncio, sys, ussd_engine.serve\n"
        "from ussd_engine.ledger import upgrade\n"
        f"asyncio.run(upgrade({sqlite_url!r}))\n"
        "assert 'alembic' not in sys.modules"
    )
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await child.wait() == 0
