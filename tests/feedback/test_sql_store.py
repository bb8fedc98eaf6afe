"""The built-in core as the gateway sees it, on both databases."""

import secrets
from collections.abc import AsyncIterator
from pkgutil import resolve_name

import pytest
from sqlalchemy import func, select

from tests.feedback.desks import KINDS, WORDS, House, shipped_offices
from ussd_engine.errors import ConfigError, DeliveryError, Rejected
from ussd_engine.feedback import STORES, Surroundings, open_feedback
from ussd_engine.feedback.access import Officer
from ussd_engine.feedback.desk import Desk
from ussd_engine.feedback.sql import SqlStore
from ussd_engine.feedback.tables import core_cases, core_record
from ussd_engine.keys import CannotOpen, Keyring
from ussd_engine.ledger import Database
from ussd_engine.ledger.schema import connect
from ussd_engine.messages import Erasure
from ussd_engine.model import CaseState, Mode
from ussd_engine.testing.databases import dump
from ussd_engine.testing.feedback_contract import Acts, FeedbackContract, Held, submission
from ussd_engine.testing.specimens import DAY, NAME, NOON_MS, SPELLINGS, TEXT, StoppedClock

NUMBER = "255700000001"
OFFICER = Officer("officer", "DUWASA")
ACTS = {"addition": "append", "rated": "rate", "withdrawn": "withdraw", "appealed": "appeal", "erased": "erase"}


class AnOfficer:
    """Works at DUWASA."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._who = OFFICER

    async def open(self, reference: str) -> None:
        await self._desk.open(self._who, reference)
        await self._desk.progress(self._who, reference)

    async def answer(self, reference: str, words: str) -> None:
        await self._desk.answer(self._who, reference, words)


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
    def house(self, database: Database, keyring: Keyring) -> House:
        return House(database, keyring)

    @pytest.fixture
    def store(self, house: House) -> SqlStore:
        return house.store

    @pytest.fixture
    async def away(self, keyring: Keyring) -> AsyncIterator[SqlStore]:
        database = connect("postgresql://127.0.0.1:1/none")
        yield SqlStore(database, keyring)
        await database.close()

    @pytest.fixture
    def officer(self, house: House) -> AnOfficer:
        return AnOfficer(house.desk)

    @pytest.fixture
    def held(self, database: Database) -> Held:
        async def count() -> int:
            query = select(func.count()).select_from(core_cases)
            return await database.read(lambda conn: conn.scalar(query)) or 0

        return count

    @pytest.fixture
    def acts(self, database: Database) -> Acts:
        async def done(reference: str) -> list[str]:
            query = select(core_record.c.act).join(core_cases, core_cases.c.key == core_record.c.key)
            query = query.where(core_cases.c.reference == reference).order_by(core_record.c.number)
            rows = await database.read(lambda conn: conn.scalars(query).all())
            return [ACTS[act] for act in rows if act in ACTS]

        return done

    async def test_a_case_is_shown_whole_to_who_has_the_key(self, store: SqlStore, house: House) -> None:
        named = submission(mode=Mode.NAMED, number=NUMBER, name=NAME)
        for sent in (named, submission(), submission(mode=Mode.ANONYMOUS, handle="")):
            await store.submit(sent)
            case, _ = await house.desk.look(OFFICER, sent.reference)
            assert (case.institution, case.state, case.submitted) == ("DUWASA", CaseState.RECEIVED, sent.submitted)
            assert case.handle == (sent.handle or None)
            await house.desk.open(OFFICER, sent.reference)
            assert (await house.desk.read(OFFICER, sent.reference, "handling")).submission == sent

    async def test_another_case_under_the_same_reference_is_rejected(self, store: SqlStore, house: House) -> None:
        first = submission()
        await store.submit(first)
        with pytest.raises(Rejected):
            await store.submit(submission(reference=first.reference, **KINDS["bribery"]))
        assert await house.record() == []

    async def test_without_the_key_nobody_reads_what_was_written(self, house: House, database: Database) -> None:
        reference = await house.submit(mode=Mode.NAMED, number=NUMBER, name=NAME, answers={"message": TEXT})
        await house.play("open progress ask append answer rate:no appeal:other decide", reference)
        seen = await dump(database)
        assert "DUWASA" in seen
        secrets_ = (*SPELLINGS, TEXT, NAME, TEXT.encode().hex(), WORDS, WORDS.encode().hex())
        assert not [secret for secret in secrets_ if secret in seen]

    async def test_with_another_key_nothing_opens(self, house: House, database: Database) -> None:
        reference = await house.submit()
        stranger = House(database, Keyring.random(DAY))
        await stranger.desk.open(OFFICER, reference)
        with pytest.raises(CannotOpen):
            await stranger.desk.read(OFFICER, reference, "handling")

    async def test_number_and_name_are_forgotten_and_the_case_stays(self, store: SqlStore, house: House) -> None:
        sent = submission(mode=Mode.NAMED, number=NUMBER, name=NAME)
        await store.submit(sent)
        erasure = Erasure(idempotency_key=secrets.token_hex(16), reference=sent.reference, at_ms=NOON_MS)
        for _ in range(2):
            await store.erase(erasure)
        assert await house.record() == ["citizen erased"]
        await house.desk.open(OFFICER, sent.reference)
        kept = (await house.desk.read(OFFICER, sent.reference, "handling")).submission
        assert (kept.number, kept.name, kept.answers) == (None, None, sent.answers)

    async def test_a_report_of_bribery_is_told_once_with_who_holds_it(self, store: SqlStore, house: House) -> None:
        sent = submission(**KINDS["bribery"])
        for _ in range(2):
            await store.submit(sent)
        (event,) = (await store.events("", 10)).events
        assert (event.reference, event.institution, event.due) == (sent.reference, "RS-DODOMA", sent.due)
        assert await house.record() == ["core reported"]

    async def test_a_case_that_is_not_there_yet_is_tried_again_later(self, house: House) -> None:
        house.projected["482173659"] = house.projected[await house.submit()]
        with pytest.raises(DeliveryError) as failed:
            await house.citizen("append", "", "482173659")
        assert failed.value.retry

    async def test_an_appeal_crosses_a_due_date_that_was_moved_the_same_day(self, house: House) -> None:
        reference = await house.submit()
        await house.play("open progress +35", reference)
        await house.hear()
        await house.step("due:30/01/2026", reference)
        await house.step("appeal:late", reference)
        assert (await house.case(reference)).state is CaseState.APPEALED

    @pytest.mark.parametrize(
        ("kind", "steps", "asked", "goes_to"),
        [
            ("complaint", "open progress answer", "DUWASA", "MAJI"),
            ("complaint", "open progress answer", "NONE", "MAJI"),
            ("complaint", "appeal:leak decide", "DUWASA", "KMK"),
            ("bribery", "open progress answer", "RS-DODOMA", "TAMISEMI"),
        ],
    )
    async def test_an_appeal_to_who_cannot_decide_it_goes_one_higher(
        self, house: House, kind: str, steps: str, asked: str, goes_to: str
    ) -> None:
        """The gateway may not have heard of a move yet, and has told the citizen that the appeal was received."""
        reference = await house.submit(kind)
        await house.play(f"{steps} appeal:unhappy@{asked}", reference)
        assert (await house.case(reference)).institution == goes_to

    async def test_who_read_without_acting_is_shown_once(self, house: House) -> None:
        reference = await house.submit("minister")
        await house.desk.transfer(Officer("desk", "MAJI"), reference, "DUWASA")
        await house.play("open progress", reference)
        for _ in range(2):
            await house.desk.read(Officer("ministry", "MAJI"), reference, "supervision")
            await house.desk.read(Officer("officer", "DUWASA"), reference, "handling")
        view = await house.store.view(reference)
        assert view is not None
        assert [(line.role, line.office, line.act) for line in view.history] == [
            ("desk", "MAJI", "transferred"),
            ("officer", "DUWASA", "opened"),
            ("officer", "DUWASA", "in_progress"),
            ("ministry", "MAJI", "opened"),
        ]


class TestSqlStoreOnSqlite(SqlContract):
    @pytest.fixture
    def url(self, sqlite_url: str) -> str:
        return sqlite_url


@pytest.mark.postgres
class TestSqlStoreOnPostgres(SqlContract):
    @pytest.fixture
    def url(self, postgres_url: str) -> str:
        return postgres_url


async def test_a_store_is_opened_by_its_name(sqlite_url: str, keyring: Keyring) -> None:
    database = connect(sqlite_url)
    surroundings = Surroundings(database, keyring, StoppedClock())
    assert isinstance(await open_feedback("sql", surroundings), SqlStore)
    with pytest.raises(ConfigError, match="uses the ledger's"):
        await open_feedback("sql://elsewhere", surroundings)
    with pytest.raises(ConfigError, match="has none"):
        await open_feedback("sql", surroundings._replace(settings={"secret": "x"}))
    with pytest.raises(ConfigError, match=r"no store is named 'pigeon'; there are: .*sql"):
        await open_feedback("pigeon+https://example.org", surroundings)
    await database.close()


@pytest.mark.parametrize("name", STORES)
def test_every_built_in_store_is_at_hand(name: str) -> None:
    assert callable(resolve_name(STORES[name]))


def test_a_report_goes_above_the_office_and_at_the_top_to_the_desk() -> None:
    offices = shipped_offices()
    above = {code: offices.above("emrejesho", code) for code in ("LGA-BAHI-DC", "DUWASA", "KMK", "UTUMISHI", "THBUB")}
    assert above == {
        "LGA-BAHI-DC": "RS-DODOMA",
        "DUWASA": "MAJI",
        "KMK": "UTUMISHI",
        "UTUMISHI": "KMK",
        "THBUB": "UTUMISHI",
    }
