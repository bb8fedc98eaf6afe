"""The built-in core, on both databases."""

from collections.abc import AsyncIterator
from pkgutil import resolve_name

import pytest

from ussd_engine.errors import ConfigError, DeliveryError, Rejected
from ussd_engine.feedback import STORES, Surroundings, open_feedback
from ussd_engine.feedback.sql import SqlStore
from ussd_engine.keys import CannotOpen, Keyring
from ussd_engine.ledger import Database
from ussd_engine.ledger.schema import connect
from ussd_engine.model import CaseState, Mode
from ussd_engine.testing.databases import dump
from ussd_engine.testing.feedback_contract import FeedbackContract, Held, submission
from ussd_engine.testing.specimens import DAY, NAME, SPELLINGS, TEXT, StoppedClock

NUMBER = "255700000001"


@pytest.fixture
def keyring() -> Keyring:
    return Keyring.random(DAY)


class SqlContract(FeedbackContract):
    @pytest.fixture
    async def database(self, url: str) -> AsyncIterator[Database]:
        database = connect(url)
        yield database
        await database.close()

    @pytest.fixture
    def store(self, database: Database, keyring: Keyring) -> SqlStore:
        return SqlStore(database, keyring)

    @pytest.fixture
    def held(self, store: SqlStore) -> Held:
        async def count() -> int:
            return len(await store.list())

        return count

    async def test_a_case_is_shown_whole_to_who_has_the_key(self, store: SqlStore) -> None:
        named = submission(mode=Mode.NAMED, number=NUMBER, name=NAME)
        for sent in (named, submission(), submission(mode=Mode.ANONYMOUS, handle="")):
            await store.submit(sent)
            shown = await store.show(sent.reference)
            assert shown is not None
            case, opened = shown
            assert opened == sent
            assert (case.institution, case.state, case.received) == ("DUWASA", CaseState.RECEIVED, sent.submitted)
            assert case.handle == (sent.handle or None)
        assert await store.show("000000000") is None

    async def test_cases_are_listed_by_institution_and_state(self, store: SqlStore) -> None:
        here, there = submission(), submission(institution="TANESCO")
        await store.submit(here)
        await store.submit(there)
        assert [case.reference for case in await store.list("DUWASA")] == [here.reference]
        assert len(await store.list(state=CaseState.RECEIVED, limit=1)) == 1
        assert await store.list(state=CaseState.CLOSED) == []

    async def test_another_case_under_the_same_reference_is_rejected(self, store: SqlStore) -> None:
        first = submission()
        await store.submit(first)
        with pytest.raises(Rejected):
            await store.submit(submission(reference=first.reference))

    async def test_without_the_key_nobody_reads_words_number_or_name(self, store: SqlStore, database: Database) -> None:
        await store.submit(submission(mode=Mode.NAMED, number=NUMBER, name=NAME, answers={"message": TEXT}))
        seen = await dump(database)
        assert "DUWASA" in seen
        assert not [secret for secret in (*SPELLINGS, TEXT, NAME, TEXT.encode().hex()) if secret in seen]

    async def test_with_another_key_nothing_opens(self, store: SqlStore, database: Database) -> None:
        sent = submission()
        await store.submit(sent)
        with pytest.raises(CannotOpen):
            await SqlStore(database, Keyring.random(DAY)).show(sent.reference)


class TestSqlStoreOnSqlite(SqlContract):
    @pytest.fixture
    def url(self, sqlite_url: str) -> str:
        return sqlite_url


@pytest.mark.postgres
class TestSqlStoreOnPostgres(SqlContract):
    @pytest.fixture
    def url(self, postgres_url: str) -> str:
        return postgres_url


async def test_a_database_that_does_not_answer_is_tried_again_later(keyring: Keyring) -> None:
    database = connect("postgresql://127.0.0.1:1/none")
    with pytest.raises(DeliveryError) as failed:
        await SqlStore(database, keyring).submit(submission())
    await database.close()
    assert failed.value.retry
    assert not failed.value.pause


async def test_a_store_is_opened_by_its_name(sqlite_url: str, keyring: Keyring) -> None:
    database = connect(sqlite_url)
    surroundings = Surroundings(database, keyring, StoppedClock())
    assert isinstance(await open_feedback("sql", surroundings), SqlStore)
    with pytest.raises(ConfigError, match="uses the ledger's"):
        await open_feedback("sql://elsewhere", surroundings)
    with pytest.raises(ConfigError, match=r"no store is named 'pigeon'; there are: .*sql"):
        await open_feedback("pigeon+https://example.org", surroundings)
    await database.close()


@pytest.mark.parametrize("name", STORES)
def test_every_built_in_store_is_at_hand(name: str) -> None:
    assert callable(resolve_name(STORES[name]))
