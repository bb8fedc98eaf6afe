"""A form that comes again is the same form; and what keeps one from being taken: limits, doors, trouble."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from sqlalchemy import func, select

from tests.gateway.collected import COMPLAINT, WORDS, Platform, collecting
from tests.gateway.house import NUMBER
from tests.gateway.test_maintenance import MAINT, SHUT, TWO
from tests.gateway.texting import JSON, count
from ussd_engine.errors import LedgerUnavailable, RolledBack, Unknown
from ussd_engine.ledger.smstables import sms
from ussd_engine.ledger.switches import Kind, Stop
from ussd_engine.testing.databases import postgres_database

FAULT = "Samahani, kuna hitilafu. Piga tena *152*00*9*2#"
BUSY = "Huduma ina shughuli nyingi. Jaribu tena baada ya dakika 1."
ROUTE = {"url": "http://127.0.0.1:9", "account": "em", "api_key": "K", "service_id": "9", "sender": "15200"}


async def told(platform: Platform) -> int:
    """How many SMS wait to leave."""
    query = select(func.count()).select_from(sms)
    return await platform.edge.engine.ledger.database.read(lambda conn: conn.execute(query).scalar_one())


# once


async def test_the_same_form_again_is_the_same_answer_and_no_other_case(tmp_path: Path) -> None:
    async with collecting(tmp_path) as platform:
        first = await platform.form(**COMPLAINT)
        platform.edge.now += 599
        mixed = dict(reversed(COMPLAINT.items()))
        assert await platform.form(NUMBER, **mixed, lat=7) == first
        assert await count(platform.edge) == 1
        other = await platform.form("255700000002", **COMPLAINT)
        assert other["sms_text"] != first["sms_text"]
        platform.edge.now += 2
        later = await platform.form(**COMPLAINT)
        assert later["status"]
        assert later["sms_text"] != first["sms_text"], "after its window it is a form of its own"
        assert await count(platform.edge) == 3


@pytest.mark.parametrize(
    ("number", "again"),
    [
        (NUMBER, {"em_taasisi": "tanesco"}),
        (NUMBER, {"em_taasisi": "  Tanesco "}),
        (NUMBER, {"em_maelezo": f" {WORDS}\n"}),
        (NUMBER, {"em_aina": 1}),
        (NUMBER, {"em_mkoa": " dodoma"}),
        (f"+{NUMBER}", {}),
        (f"0{NUMBER[3:]}", {}),
    ],
)
async def test_a_form_is_the_same_as_it_is_stored_and_not_as_it_was_typed(
    tmp_path: Path, number: str, again: dict[str, object]
) -> None:
    async with collecting(tmp_path) as platform:
        form = {**COMPLAINT, "em_mkoa": "Dodoma"}
        first = await platform.form(**form)
        assert first["status"]
        assert await platform.form(number, **{**form, **again}) == first
        assert await count(platform.edge) == 1


async def test_copies_that_come_together_are_one(tmp_path: Path) -> None:
    async with collecting(tmp_path) as platform:
        answers = await asyncio.gather(*(platform.form(**COMPLAINT) for _ in range(12)))
        assert len({one["sms_text"] for one in answers}) == 1
        assert await count(platform.edge) == 1


async def test_a_gateway_that_was_started_again_knows_the_form(tmp_path: Path) -> None:
    async with collecting(tmp_path) as platform:
        first = await platform.form(**COMPLAINT)
    async with collecting(tmp_path) as platform:
        assert await platform.form(**COMPLAINT) == first
        assert await count(platform.edge) == 1


@pytest.fixture
def database() -> Iterator[str]:
    """One that several gateways share."""
    with postgres_database() as url:
        yield url


@pytest.mark.postgres
async def test_copies_at_two_gateways_of_one_database_are_one(tmp_path: Path, database: str) -> None:
    async with collecting(tmp_path, database=database) as one, collecting(tmp_path, database=database) as other:
        answers = await asyncio.gather(*(at.form(**COMPLAINT) for at in (one, other) * 8))
        assert len({answer["sms_text"] for answer in answers}) == 1
        assert await count(one.edge) == 1


async def test_the_window_is_a_setting_and_reaches_over_midnight(tmp_path: Path) -> None:
    async with collecting(tmp_path, own={"window_s": 86_400}) as platform:
        first = await platform.form(**COMPLAINT)
        platform.edge.now += 86_000
        assert await platform.form(**COMPLAINT) == first
        assert await count(platform.edge) == 1


async def test_what_was_taken_is_told_again_though_it_is_stopped_by_now(tmp_path: Path) -> None:
    async with collecting(tmp_path) as platform:
        first = await platform.form(**COMPLAINT)
        await stop(platform, "emrejesho", None)
        assert await platform.form(**COMPLAINT) == first
        refused = await platform.form(**{**COMPLAINT, "em_maelezo": WORDS + " tena"})
        assert refused == {"success": False, "sms_reply": True, "sms_text": SHUT}


# limits, doors, trouble


async def test_her_day_and_her_hour_have_an_end_as_in_the_menu(tmp_path: Path) -> None:
    async with collecting(tmp_path) as platform:
        for number in range(5):
            assert (await platform.form(**{**COMPLAINT, "em_maelezo": f"{WORDS} {number}"}))["status"]
        said = await platform.form(**COMPLAINT)
        assert said["sms_text"].startswith("Umefikia kikomo cha leo.")
        assert (await platform.form(**{**COMPLAINT, "em_maelezo": f"{WORDS} 0"}))["status"], "a copy counts nowhere"
        assert await count(platform.edge) == 5


async def test_who_sends_form_upon_form_is_told_to_wait(tmp_path: Path) -> None:
    async with collecting(tmp_path, steps_a_minute="3") as platform:
        answers = [await platform.form(**COMPLAINT, em_jina=f"Asha {one}") for one in range(5)]
        assert answers[-1]["sms_text"].startswith("Umejibu mara nyingi ndani ya muda mfupi.")
        assert (await platform.form("255700000002", **COMPLAINT))["status"]


async def test_a_number_of_another_country_has_the_limits_of_any_other(tmp_path: Path) -> None:
    async with collecting(tmp_path, dials_a_day="3") as platform:
        answers = [await platform.form("254700000001", **COMPLAINT, em_jina=f"Asha {one}") for one in range(4)]
        assert [said.get("status") for said in answers] == [True, True, True, None]
        assert answers[-1]["sms_text"].startswith("Umefikia kikomo cha leo.")
        assert (await platform.form("254700000002", **COMPLAINT))["status"]


async def test_those_whose_number_is_withheld_share_a_pace_and_no_day(tmp_path: Path) -> None:
    async with collecting(tmp_path, steps_a_minute="3", dials_a_day="3") as platform:
        answers = [await platform.form("withheld", **COMPLAINT, em_jina=f"Asha {one}") for one in range(4)]
        assert [said.get("status") for said in answers] == [True, True, True, None]
        assert answers[-1]["sms_text"].startswith("Umejibu mara nyingi ndani ya muda mfupi.")
        assert (await platform.form(**COMPLAINT))["status"]
        platform.edge.now += 60
        assert (await platform.form("withheld", **COMPLAINT))["status"]


async def stop(platform: Platform, name: str, until_ms: int | None, kind: Kind = Kind.SERVICE) -> None:
    engine = platform.edge.engine
    at_ms = int(platform.edge.now * 1000)
    await engine.ledger.switches.stop(Stop(kind=kind, name=name, until_ms=until_ms, why="", at_ms=at_ms))
    await engine.gateway.doors.look()


async def test_a_service_in_maintenance_takes_nothing_and_says_until_when(tmp_path: Path) -> None:
    async with collecting(tmp_path) as platform:
        await stop(platform, "emrejesho", TWO)
        assert (await platform.form(**COMPLAINT))["sms_text"] == MAINT.format("14:00")
        assert (await platform.form(em_aina="1"))["sms_text"] == MAINT.format("14:00")
        assert await count(platform.edge) == 0


async def test_a_channel_that_is_stopped_takes_nothing(tmp_path: Path) -> None:
    async with collecting(tmp_path) as platform:
        await stop(platform, "mgov", None, Kind.CHANNEL)
        assert (await platform.form(**COMPLAINT))["sms_text"] == SHUT


@pytest.mark.parametrize("error", [RolledBack, Unknown])
@pytest.mark.parametrize("behind", [False, True], ids=["instead of it", "behind it"])
async def test_a_database_that_is_away_for_a_moment_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception], behind: bool
) -> None:
    async with collecting(tmp_path) as platform:
        away(monkeypatch, platform, [error, error], behind=behind)
        assert (await platform.form(**COMPLAINT))["status"]
        assert await count(platform.edge) == 1


async def test_where_it_cannot_be_stored_nothing_is_promised_and_her_next_try_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with collecting(tmp_path) as platform:
        with monkeypatch.context() as patched:
            patched.setattr("ussd_engine.forms.collecting.WAIT_S", 0.5)
            away(patched, platform, [Unknown] * 9, behind=True)
            assert await platform.form(**COMPLAINT) == {"success": False, "sms_reply": True, "sms_text": BUSY}
        assert await count(platform.edge) == 1
        assert (await platform.form(**COMPLAINT))["status"]
        assert await count(platform.edge) == 1


async def test_what_may_be_too_late_for_the_answer_leaves_its_receipt_by_sms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with collecting(tmp_path, sms=ROUTE) as platform:
        await platform.form(**COMPLAINT)
        assert await told(platform) == 0
        monkeypatch.setattr("ussd_engine.forms.collecting.SURE_S", 60)
        await platform.form("255700000002", **COMPLAINT)
        assert await told(platform) == 1


async def test_what_waits_for_another_writer_is_late_though_it_was_asked_for_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with collecting(tmp_path, sms=ROUTE) as platform:
        monkeypatch.setattr("ussd_engine.forms.collecting.WAIT_S", 0.5)
        monkeypatch.setattr("ussd_engine.forms.collecting.SURE_S", 0.2)
        path = str(platform.edge.engine.ledger.database.engine.url.database)
        with contextlib.closing(sqlite3.connect(path, uri=True)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert (await platform.form(**COMPLAINT))["sms_text"] == BUSY
            assert await count(platform.edge) == 0
            other.rollback()
        await platform.edge.engine.collecting.attempts.drain()
        assert (await count(platform.edge), await told(platform)) == (1, 1)


@pytest.mark.postgres
async def test_what_is_committed_too_late_for_the_answer_leaves_its_receipt_afterwards(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with collecting(tmp_path, sms=ROUTE, database=database) as platform:
        monkeypatch.setattr("ussd_engine.forms.collecting.WAIT_S", 1.0)
        monkeypatch.setattr("ussd_engine.forms.collecting.SURE_S", 0.0)
        other = await asyncpg.connect(database)
        try:
            await other.execute("BEGIN; LOCK TABLE submissions IN EXCLUSIVE MODE")
            assert (await platform.form(**COMPLAINT))["sms_text"] == BUSY
            await other.execute("ROLLBACK")
        finally:
            await other.close()
            monkeypatch.undo()
        await platform.edge.engine.collecting.attempts.drain()
        assert (await count(platform.edge), await told(platform)) == (1, 1)
        assert (await platform.form(**COMPLAINT))["status"]
        assert (await count(platform.edge), await told(platform)) == (1, 1)


async def test_where_nobody_can_say_whether_she_wants_sms_we_ask_again_and_tell_her(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with collecting(tmp_path, sms=ROUTE) as platform:

        async def silent(self: Any, msisdn: str) -> bool:
            raise LedgerUnavailable("away on purpose")

        monkeypatch.setattr("ussd_engine.ledger.Ledger.sms_on", silent)
        said = await platform.form(**COMPLAINT)
        assert (said["status"], said["sms_reply"]) == (True, False)
        await platform.form(**COMPLAINT)
        await platform.edge.engine.collecting.attempts.drain()
        assert (await count(platform.edge), await told(platform)) == (1, 1)


def away(
    patched: pytest.MonkeyPatch, platform: Platform, errors: list[type[Exception]], *, behind: bool = False
) -> None:
    """The database says so often that it is not there; `behind`: it has written all the same."""
    database, left = type(platform.edge.engine.ledger.database), list(errors)
    real = database.write

    async def write(self: Any, job: Any) -> Any:
        if "_act" not in job.__qualname__ or not left:
            return await real(self, job)
        if behind:
            await real(self, job)
        raise left.pop()("away on purpose")

    patched.setattr(database, "write", write)


async def test_a_fault_of_our_own_is_words_for_her_and_a_line_without_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with collecting(tmp_path) as platform:
        monkeypatch.setattr("ussd_engine.forms.fieldmap.FieldMap.fill", None)
        assert await platform.form(**COMPLAINT) == {"success": False, "sms_reply": True, "sms_text": FAULT}
        log = platform.edge.lines.getvalue().decode()
        assert '"event":"fault"' in log
        assert '"outcome":"fault"' in log


async def test_a_fault_in_the_check_of_a_field_is_words_for_her_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with collecting(tmp_path) as platform:
        monkeypatch.setattr("ussd_engine.forms.fieldmap.FieldMap.check", None)
        assert await platform.check("em_taasisi", "tanesco") == {"success": False, "message": FAULT}
        assert '"event":"fault"' in platform.edge.lines.getvalue().decode()


async def test_what_became_of_forms_is_counted(tmp_path: Path) -> None:
    async with collecting(tmp_path) as platform:
        for fields in (COMPLAINT, COMPLAINT, {}):
            await platform.form(**fields)
        await platform.check("em_taasisi", "tanesco")
        await platform.check("em_taasisi", "qqqq")
        assert (await platform.edge.post("/forms/mgov", b"{}", headers=JSON))[0] == 400
        numbers = (await platform.edge.get("/metrics"))[1]
        for line in (
            'ussd_forms_total{became="taken",channel="mgov"} 1.0',
            'ussd_forms_total{became="repeat",channel="mgov"} 1.0',
            'ussd_forms_total{became="refused",channel="mgov"} 1.0',
            'ussd_form_checks_total{channel="mgov",said="right"} 1.0',
            'ussd_form_checks_total{channel="mgov",said="wrong"} 1.0',
            'ussd_not_a_callback_total{channel="mgov"} 1.0',
        ):
            assert line in numbers
