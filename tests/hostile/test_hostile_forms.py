"""Whoever plays a platform that collects forms: never a fault of the server's, nothing stored, nothing written down."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tests.hostile import rows_forms
from tests.hostile.front import Front, opened
from tests.hostile.rows import Row
from tests.hostile.rows_forms import JSON, WORDS
from tests.hostile.test_callbacks import knock
from tests.hostile.test_canary import NAME, NUMBER, SEARCHED, found
from tests.hostile.test_canary import WORDS as HERS

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOT = Path(__file__).parents[2]
TABLE = [*rows_forms.bodies(), *rows_forms.checks(), *rows_forms.addresses()]
FIELDS = {
    "em_aina": {"answer": "form", "values": {"1": "complaint", "2": "opinion"}},
    "em_taasisi": "institution",
    "em_maelezo": "message",
    "em_utambulisho": "identity",
    "em_jina": "name",
}


def settings(folder: Path) -> dict[str, str]:
    """A gateway that takes collected forms."""
    country = folder / "country.yaml"
    country.write_text((ROOT / "menus/countries/tanzania.yaml").read_text().replace('sc: ""', "sc: 15200"))
    forms = {"mgov": {"forms": {"service": "emrejesho", "fields": FIELDS}}}
    return {
        "country": str(country),
        "channels": "mgov africastalking generic",
        "channel_settings": json.dumps(forms),
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def platform(tmp_path_factory: Any) -> AsyncIterator[Front]:
    folder = tmp_path_factory.mktemp("forms")
    async with opened(folder, **settings(folder)) as found:
        yield found


@pytest.mark.parametrize("row", TABLE, ids=[row.label for row in TABLE])
async def test_a_hostile_form_gets_its_status_and_changes_nothing(platform: Front, row: Row) -> None:
    await knock(platform, row)


async def test_an_honest_form_goes_its_way_after_all_that(platform: Front) -> None:
    """Last of those on this front."""
    body = rows_forms.dumped(msisdn="255700000001", em_maelezo=WORDS)
    async with (
        aiohttp.ClientSession() as client,
        client.post(f"{platform.url}/forms/mgov", data=body, headers={"Content-Type": JSON}) as answer,
    ):
        assert (await answer.json())["status"] is True
    assert (await platform.rows())["submissions"] == 1


async def test_nothing_of_a_citizen_is_written_of_her_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {"em_aina": "1", "em_taasisi": SEARCHED, "em_maelezo": HERS, "em_utambulisho": "named", "em_jina": NAME}
    references = []
    async with opened(tmp_path, **settings(tmp_path)) as front, aiohttp.ClientSession() as client:

        async def post(where: str, **fields: object) -> dict[str, Any]:
            body = json.dumps(fields).encode()
            async with client.post(f"{front.url}{where}", data=body, headers={"Content-Type": JSON}) as answer:
                return json.loads(await answer.text()) if answer.status == 200 else {}

        for number in (NUMBER, f"+{NUMBER}", f"0{NUMBER[3:]}"):
            said = await post("/forms/mgov", msisdn=number, **whole)
            references.append(next(word for word in said["sms_text"].split() if word[:9].isdecimal())[:9])
        for field in whole:
            await post("/forms/mgov", msisdn=NUMBER, **{**whole, field: f"{HERS} {NUMBER}" * 40})
            await post(f"/forms/mgov/check?field={field}", data=f"{HERS} {NAME}")
        await post("/forms/mgov", msisdn=[NUMBER], **whole)
        await post(f"/forms/mgov/{NUMBER}", **whole)
        await post(f"/forms/mgov/check?field={NUMBER}", data=HERS)
        with monkeypatch.context() as patched:
            patched.setattr("ussd_engine.sms.filling.begun", None)
            assert (await post("/forms/mgov", msisdn=NUMBER, **{**whole, "em_maelezo": f"{HERS} tena"}))["sms_text"]
        async with client.get(f"{front.url}/metrics") as answer:
            numbers = await answer.text()
        written = front.said()
    assert written.count('"event":"turn"') == 10
    assert '"event":"fault"' in written
    assert len(set(references)) == 1
    for text in (written, numbers):
        assert found(text, references[0]) == []
