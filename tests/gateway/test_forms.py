"""Forms that the national platform has collected: filled by the menu's own rules, committed once, answered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.gateway.collected import COMPLAINT, WORDS, Platform, collecting
from tests.gateway.house import NUMBER
from tests.gateway.texting import JSON, count, reference_in
from ussd_engine.forms.finding import FINDERS, Found
from ussd_engine.ledger.smstables import sms
from ussd_engine.model import Mode, SetLanguage, Submission
from ussd_engine.registry import Place
from ussd_engine.tracking import SetSms

RECEIVED = "Tumepokea. Namba: {ref}. Kufuatilia piga *152*00*9*2# au tuma HALI {ref} kwenda 15200"
NAMED = "Tumepokea ujumbe wako kwa TANESCO. Namba: {ref}."
FAULT = "Samahani, kuna hitilafu. Piga tena *152*00*9*2#"
KINDS = (
    "Chaguo si sahihi.\n1. Lalamiko au kero\n2. Maoni au pendekezo\n3. Swali au ulizo\n4. Pongezi\n5. Sema na Kiongozi"
)
NATURE = "Ni kero ya aina gani?\n1. Ucheleweshaji\n3. Rushwa\n7. Nyingine"
BUSY = "Huduma ina shughuli nyingi. Jaribu tena baada ya dakika 1."


async def submission(platform: Platform, said: dict[str, Any]) -> Submission:
    return await platform.edge.submission(reference_in(said["sms_text"]))


async def told(platform: Platform) -> int:
    """How many SMS wait to leave."""
    query = select(func.count()).select_from(sms)
    return await platform.edge.engine.ledger.database.read(lambda conn: conn.execute(query).scalar_one())


# what it is


async def test_a_collected_complaint_is_a_case_like_any_other(tmp_path: Path) -> None:
    async with collecting(tmp_path) as platform:
        said = await platform.form(**COMPLAINT)
        reference = reference_in(said["sms_text"])
        assert said == {"status": True, "sms_reply": True, "sms_text": RECEIVED.format(ref=reference)}
        stored, case = await submission(platform, said), await platform.edge.case(reference)
        assert (stored.type, stored.institution, stored.mode) == ("complaint", "TANESCO", Mode.CONFIDENTIAL)
        assert (stored.answers["message"], stored.answers["nature"], stored.number) == (WORDS, "other", None)
        assert case.due is not None
        (own,) = await platform.edge.engine.ledger.own_cases(NUMBER)
        assert own.reference == reference
        assert (await platform.edge.engine.ledger.outbox.backlog()).waiting == 1
        assert await told(platform) == 0, "the platform sends the receipt"


async def test_what_she_says_of_herself_is_kept_as_in_the_menu(tmp_path: Path) -> None:
    async with collecting(tmp_path) as platform:
        said = await platform.form(**COMPLAINT, em_utambulisho="2", em_jina="Asha Juma")
        stored = await submission(platform, said)
        assert stored.mode is Mode.NAMED
        assert said["sms_text"].startswith(NAMED.format(ref=stored.reference))
        hidden = await submission(platform, await platform.form(**COMPLAINT, em_utambulisho="1", em_jina="Asha Juma"))
        assert hidden.mode is Mode.CONFIDENTIAL
        assert "Asha Juma" not in hidden.answers.values(), "a name whose question does not apply is forgotten"


async def test_who_is_anonymous_gets_no_sms_and_leaves_no_number(tmp_path: Path) -> None:
    async with collecting(tmp_path) as platform:
        said = await platform.form(**COMPLAINT, em_utambulisho="3")
        assert said == {"status": True, "sms_reply": False, "sms_text": ""}
        assert await count(platform.edge) == 1
        assert await platform.edge.engine.ledger.own_cases(NUMBER) == []


async def test_a_number_of_another_country_can_only_be_anonymous(tmp_path: Path) -> None:
    async with collecting(tmp_path) as platform:
        assert (await platform.form("254700000001", **COMPLAINT))["sms_reply"] is False
        said = await platform.form("254700000002", **COMPLAINT, em_utambulisho="1")
        assert (said["success"], said["sms_reply"]) == (False, False)
        assert said["sms_text"].startswith("Chaguo si sahihi.\nNani ajue")
        # Two of them are two, whatever is equal beside that.
        await platform.form("254700000003", **COMPLAINT)
        assert await count(platform.edge) == 2


@pytest.mark.parametrize("number", ["", None, ..., "withheld"])
async def test_a_form_without_number_is_anonymous(tmp_path: Path, number: object) -> None:
    async with collecting(tmp_path) as platform:
        fields = {**COMPLAINT, **({} if number is ... else {"msisdn": number})}
        assert await platform.post("", fields) == {"status": True, "sms_reply": False, "sms_text": ""}
        assert await count(platform.edge) == 1
        said = await platform.post("", {**fields, "em_utambulisho": "1"})
        assert (said["success"], said["field"], said["sms_reply"]) == (False, "em_utambulisho", False)
        assert said["sms_text"], "the platform may show it"


async def test_bribery_is_never_named(tmp_path: Path) -> None:
    async with collecting(tmp_path) as platform:
        bribe = {**COMPLAINT, "em_kero": "3"}
        assert (await submission(platform, await platform.form(**bribe))).mode is Mode.CONFIDENTIAL
        said = await platform.form(**bribe, em_utambulisho="2")
        assert said["success"] is False
        assert said["sms_text"].startswith("Chaguo si sahihi.\nRushwa:")


async def test_a_message_to_a_leader_goes_to_an_office_that_has_one(tmp_path: Path) -> None:
    async with collecting(tmp_path) as platform:
        said = await platform.form(em_aina="5", em_taasisi="Wizara ya Maji", em_maelezo=WORDS)
        stored = await submission(platform, said)
        assert (stored.type, stored.institution, stored.answers["level"]) == ("complaint", "MAJI", "minister")
        refused = await platform.form(em_aina="5", em_taasisi="TANESCO", em_maelezo=WORDS)
        assert refused["sms_text"] == "Chaguo si sahihi.\nSema na Kiongozi:"


async def test_what_the_core_would_like_to_know_is_asked_where_the_platform_has_a_field(tmp_path: Path) -> None:
    async with collecting(tmp_path, core_wants="place") as platform:
        said = await platform.form(**COMPLAINT)
        assert said["sms_text"].startswith("Hujaandika kitu.\nChagua mkoa:")
        where = {"em_mkoa": "dodoma", "em_halmashauri": "Bahi DC", "em_mahali": "Mundemu"}
        stored = await submission(platform, await platform.form(**COMPLAINT, **where))
        assert (stored.answers["region"], stored.answers["place"]) == ("Dodoma", "Mundemu")
        other = await platform.form(**COMPLAINT, **{**where, "em_mkoa": "Mwanza"})
        assert other["sms_text"].startswith("Chaguo si sahihi.\nChagua halmashauri:"), "no council of that region"
    fields = {"f": "form", "t": "institution", "m": "message"}
    async with collecting(tmp_path, own={"fields": fields}, core_wants="place") as platform:
        assert (await platform.form(f="complaint", t="TANESCO", m=WORDS))["status"]


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({}, "em_aina", KINDS),
        ({"em_aina": "9"}, "em_aina", KINDS),
        ({"em_aina": "complaint"}, "em_aina", KINDS),
        ({"em_aina": "1"}, "em_taasisi", "Hujaandika kitu.\nUnamwandikia nani?"),
        ({"em_aina": "1", "em_taasisi": "qqqq"}, "em_taasisi", 'Hatukupata "qqqq".'),
        (
            {"em_aina": "1", "em_taasisi": "maji"},
            "em_taasisi",
            "Chagua taasisi: Wizara ya Maji, RUWASA, Chuo cha Maji, NWF, EWURA",
        ),
        ({"em_aina": "1", "em_taasisi": "rafiki"}, "em_taasisi", "Chagua taasisi: Polisi"),
        (
            {"em_aina": "1", "em_taasisi": "TANESCO"},
            "em_maelezo",
            "Hujaandika kitu.\nAndika ujumbe wako, hadi herufi 480.",
        ),
        ({**COMPLAINT, "em_maelezo": "umeme hakuna"}, "em_maelezo", "Eleza kwa maneno 3 au zaidi.\nAndika ujumbe wako"),
        (
            {**COMPLAINT, "em_maelezo": "a b " + "x" * 480},
            "em_maelezo",
            "Herufi zimezidi 480. Fupisha.\nAndika ujumbe wako",
        ),
        ({**COMPLAINT, "em_kero": "8"}, "em_kero", f"Chaguo si sahihi.\n{NATURE}"),
        ({**COMPLAINT, "em_kero": 1.5}, "em_kero", f"Chaguo si sahihi.\n{NATURE}"),
        ({**COMPLAINT, "em_maelezo": 12.5}, "em_maelezo", "Eleza kwa maneno 3 au zaidi.\nAndika ujumbe wako"),
        (
            {**COMPLAINT, "em_utambulisho": "4"},
            "em_utambulisho",
            "Chaguo si sahihi.\nNani ajue wewe ni nani?\n1. Siri:",
        ),
        (
            {**COMPLAINT, "em_utambulisho": "2", "em_jina": "A"},
            "em_jina",
            "Andika herufi 2 au zaidi.\nAndika jina lako kamili.",
        ),
    ],
)
async def test_what_is_wrong_is_said_as_the_menu_says_it_and_where(
    tmp_path: Path, fields: dict[str, object], field: str, words: str
) -> None:
    async with collecting(tmp_path) as platform:
        said = await platform.form(**fields)
        assert said["success"] is False
        assert said["field"] == field
        assert said["sms_reply"] is True
        assert said["sms_text"].startswith(words)
        assert len(said["sms_text"]) <= 160
        assert await count(platform.edge) == 0


async def test_a_number_with_a_fraction_is_a_text_as_it_is_written_or_a_choice(tmp_path: Path) -> None:
    where = {"em_mkoa": "Dodoma", "em_halmashauri": "Bahi DC", "em_mahali": 12.5}
    async with collecting(tmp_path, core_wants="place") as platform:
        stored = await submission(
            platform, await platform.form(float(NUMBER), **{**COMPLAINT, **where, "em_aina": 1.0, "em_kero": 3.0})
        )
        assert (stored.answers["place"], stored.answers["nature"]) == ("12.5", "bribery")
        assert (await platform.check("em_kero", 1.0))["success"]
        assert not (await platform.check("em_kero", 1.5))["success"]


async def test_she_is_answered_in_the_language_that_she_chose(tmp_path: Path) -> None:
    async with collecting(tmp_path) as platform:
        ledger = platform.edge.engine.ledger
        await ledger.act(SetSms(key=b"k", msisdn=NUMBER, on=True, locale="en", at_ms=int(platform.edge.now * 1000)))
        assert (await platform.form(em_aina="1"))["sms_text"] == "You wrote nothing.\nWho is it for?"
        assert (await platform.form(**COMPLAINT))["sms_text"].startswith("Received. Number: ")


async def test_what_is_wrong_stands_in_the_log_by_its_place_alone(tmp_path: Path) -> None:
    async with collecting(tmp_path) as platform:
        await platform.form(**{**COMPLAINT, "em_maelezo": "Umeme hakuna"})
        await platform.form(em_aina="9")
        log = platform.edge.lines.getvalue().decode()
        assert '"screen":"emrejesho/complaint/message"' in log
        assert '"screen":"emrejesho/form"' in log
        assert "Umeme" not in log


async def test_a_form_remembers_no_language_that_she_did_not_choose(tmp_path: Path) -> None:
    async with collecting(tmp_path) as platform:
        ledger, at_ms = platform.edge.engine.ledger, int(platform.edge.now * 1000)
        assert (await platform.form(**COMPLAINT))["status"]
        assert await ledger.language(NUMBER) is None, "the menu asks her"
        await ledger.act(SetLanguage(key=b"k", msisdn=NUMBER, locale="en", at_ms=at_ms))
        assert (await platform.form(**{**COMPLAINT, "em_maelezo": WORDS + " tena"}))["status"]
        assert await ledger.language(NUMBER) == "en"


async def test_who_wants_no_sms_is_sent_none(tmp_path: Path) -> None:
    async with collecting(tmp_path) as platform:
        ledger = platform.edge.engine.ledger
        await ledger.act(SetSms(key=b"k", msisdn=NUMBER, on=False, locale="sw", at_ms=int(platform.edge.now * 1000)))
        said = await platform.form(**COMPLAINT)
        assert (said["status"], said["sms_reply"]) == (True, False)


async def test_who_wrote_a_pin_is_warned_above_the_receipt(tmp_path: Path) -> None:
    async with collecting(tmp_path) as platform:
        said = await platform.form(**{**COMPLAINT, "em_maelezo": "PIN yangu ni 4821 na umeme umekatika"})
        assert said["sms_text"].startswith("Umeandika PIN au namba ya simu.\nTumepokea.")


# who may call


async def test_a_token_opens_both_addresses_and_no_other_does(tmp_path: Path) -> None:
    token = "0123456789abcdef0123456789abcdef"
    async with collecting(tmp_path, channels=f"mgov:{token} africastalking") as platform:
        body = json.dumps({"msisdn": NUMBER, "data": "x", **COMPLAINT}).encode()
        for place in ("/forms/mgov", "/forms/mgov/check"):
            for tail, status in ((f"/{token}", 200), ("", 404), (f"/{token[:-1]}0", 404), ("/check", 404)):
                assert (await platform.edge.post(place + tail, body, headers=JSON))[0] == status, place + tail
        assert (await platform.edge.post(f"/forms/africastalking/{token}", body, headers=JSON))[0] == 404
        assert (await platform.edge.post("/forms", body, headers=JSON))[0] == 404
        assert (await platform.edge.get(f"/forms/mgov/{token}"))[0] == 405


# checks of one field


@pytest.mark.parametrize(
    ("field", "text", "answer"),
    [
        ("em_taasisi", "tanesco", {"success": True, "code": "TANESCO", "name": "TANESCO"}),
        ("", "Wizara ya maji", {"success": True, "code": "MAJI", "name": "Wizara ya Maji"}),
        ("em_taasisi", "", {"success": False, "message": "Hujaandika kitu.\nChagua taasisi:"}),
        ("em_taasisi", "qqqq", {"success": False, "message": 'Hatukupata "qqqq".'}),
        ("em_aina", "1", {"success": True}),
        ("em_aina", "7", {"success": False, "message": KINDS}),
        ("em_utambulisho", "2", {"success": True}),
        ("em_maelezo", WORDS, {"success": True}),
        ("em_jina", "A", {"success": False, "message": "Andika herufi 2 au zaidi.\nAndika jina lako kamili."}),
        ("em_mkoa", "dar es salaam", {"success": True, "code": "Dar es Salaam", "name": "Dar es Salaam"}),
        ("em_mkoa", "Nairobi", {"success": False, "message": "Chaguo si sahihi.\nChagua mkoa:"}),
        ("em_kero", "", {"success": False, "message": f"Hujaandika kitu.\n{NATURE}"}),
    ],
)
async def test_a_field_is_checked_while_she_types(
    tmp_path: Path, field: str, text: str, answer: dict[str, object]
) -> None:
    async with collecting(tmp_path) as platform:
        assert await platform.check(field, text) == answer


async def test_what_a_check_shows_of_an_institution_is_taken_in_the_form(tmp_path: Path) -> None:
    async with collecting(tmp_path) as platform:
        for typed in ("maji dodoma", "nhif", "Bima ya Afya"):
            shown = await platform.check("em_taasisi", typed)
            for text in (typed, shown["name"]):
                fields = {**COMPLAINT, "em_taasisi": text, "em_maelezo": f"{WORDS} {text}"}
                assert (await submission(platform, await platform.form(**fields))).institution == shown["code"]
            platform.edge.now += 86_400


async def test_a_name_that_no_screen_would_take_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, real = list[str](), FINDERS["institution"]

    def finder(place: Place, text: str) -> Found:
        read.append(text)
        return real(place, text)

    monkeypatch.setitem(FINDERS, "institution", finder)
    async with collecting(tmp_path) as platform:
        for name in ("q" * 5_000, "maji " * 1_000):
            read.clear()
            assert (await platform.check("em_taasisi", name))["success"] is False
            assert (await platform.form(**{**COMPLAINT, "em_taasisi": name}))["success"] is False
            assert [len(text) for text in read if len(text) > 100] == [481, 481]
        assert await count(platform.edge) == 0


async def test_a_field_that_nobody_knows_is_no_callback(tmp_path: Path) -> None:
    async with collecting(tmp_path) as platform:
        status, _ = await platform.edge.post("/forms/mgov/check?field=other", b'{"data":"x"}', headers=JSON)
        assert status == 400
