"""The migrations and the tables say the same."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from ussd_engine.feedback.kept import metadata as kept
from ussd_engine.feedback.sql import metadata as core
from ussd_engine.ledger.schema import connect, upgrade
from ussd_engine.ledger.tables import metadata as ledger


def all_tables() -> MetaData:
    together = MetaData()
    for metadata in (ledger, core, kept):
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
