"""A form that is refused is told by SMS, but to those who want none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.gateway.collected import COMPLAINT, WORDS, collecting
from tests.gateway.house import NUMBER
from tests.gateway.test_forms_once import FAULT, stop
from tests.gateway.test_maintenance import SHUT
from ussd_engine.errors import LedgerUnavailable
from ussd_engine.tracking import SetSms


async def test_who_wants_no_sms_is_sent_none_that_refuses_her_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with collecting(tmp_path) as platform:
        at_ms = int(platform.edge.now * 1000)
        await platform.edge.engine.ledger.act(SetSms(key=b"k", msisdn=NUMBER, on=False, locale="sw", at_ms=at_ms))
        said = {"wrong": await platform.form(em_aina="1")}
        for number in range(5):
            await platform.form(**{**COMPLAINT, "em_maelezo": f"{WORDS} {number}"})
        said["full"] = await platform.form(**COMPLAINT)
        with monkeypatch.context() as patched:
            patched.setattr("ussd_engine.forms.fieldmap.FieldMap.fill", None)
            said["fault"] = await platform.form(**COMPLAINT)
        await stop(platform, "emrejesho", None)
        said["stopped"] = await platform.form(**{**COMPLAINT, "em_maelezo": WORDS + " tena"})
    assert {why: (one["success"], one["sms_reply"]) for why, one in said.items()} == dict.fromkeys(said, (False, False))
    starts = {"wrong": "Hujaandika", "full": "Umefikia", "fault": FAULT, "stopped": SHUT}
    words = {why: one["sms_text"][: len(starts[why])] for why, one in said.items()}
    assert words == starts, "the platform's screen may show them"


async def test_who_wants_no_sms_is_sent_none_that_tells_her_to_wait(tmp_path: Path) -> None:
    async with collecting(tmp_path, steps_a_minute="3") as platform:
        at_ms = int(platform.edge.now * 1000)
        await platform.edge.engine.ledger.act(SetSms(key=b"k", msisdn=NUMBER, on=False, locale="sw", at_ms=at_ms))
        said = [await platform.form(**COMPLAINT, em_jina=f"Asha {one}") for one in range(5)][-1]
    assert said["sms_text"].startswith("Umejibu mara nyingi")
    assert said["sms_reply"] is False


@pytest.mark.parametrize("error", [LedgerUnavailable, RuntimeError])
async def test_where_nobody_can_say_what_she_wants_she_is_told_that_her_form_was_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    async def silent(self: Any, msisdn: str) -> bool:
        raise error("away on purpose")

    async with collecting(tmp_path, steps_a_minute="3") as platform:
        monkeypatch.setattr("ussd_engine.ledger.Ledger.sms_on", silent)
        for said in [await platform.form(em_jina=f"Asha {one}") for one in range(5)]:
            assert (said["success"], said["sms_reply"]) == (False, True)
