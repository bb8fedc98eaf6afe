"""What a platform that collects forms does that nobody would expect: each quirk a test by its name."""

from __future__ import annotations

import json
from typing import Any

from ussd_engine.channels import create_collector
from ussd_engine.channels.base import Kind, Request
from ussd_engine.channels.forms import Asked, Collected, Collector, FormSettings
from ussd_engine.testing.channel_contract import NUMBER, settings

FIELDS = {"em_aina": "form", "em_maelezo": "message"}


def mgov(**own: object) -> Collector:
    options = {"service": "emrejesho", "fields": FIELDS, **own}
    return create_collector(FormSettings(name="mgov", msisdn=settings("generic").msisdn, options=options))


def collected(made: Collector, **fields: Any) -> Collected:
    body = json.dumps(fields).encode()
    headers = {"content-type": "application/json"}
    return made.collected(Request(method="POST", kind=Kind.FORMS, headers=headers, body=body))


def test_mgov_does_not_say_of_which_field_it_asks_so_the_address_does() -> None:
    headers, body = {"content-type": "application/json"}, b'{"data":"x"}'
    request = Request(method="POST", kind=Kind.CHECK, query="field=em_maelezo", headers=headers, body=body)
    assert mgov().asked(request) == Asked("em_maelezo", "x")


def test_mgov_gives_its_fields_names_of_its_own_and_all_but_the_number_are_settings() -> None:
    found = collected(mgov(fields={"jina la kwanza": "name"}), msisdn=NUMBER, **{"jina la kwanza": "Asha"})
    assert found == Collected(NUMBER, {"jina la kwanza": "Asha"}, NUMBER)


def test_mgov_may_leave_a_field_empty_that_was_not_asked() -> None:
    assert collected(mgov(), msisdn=NUMBER, em_aina="", em_maelezo=None).fields == {}


def test_mgov_says_no_by_a_word_in_the_body_and_never_by_a_status() -> None:
    made = mgov()
    for response in (made.wrong("Chaguo si sahihi."), made.refused("Chaguo si sahihi.", by_sms=True)):
        assert response.status == 200
        assert json.loads(response.body)["success"] is False


def test_mgov_sends_the_receipt_itself_unless_it_is_told_not_to() -> None:
    said = json.loads(mgov().taken("Tumepokea.", by_sms=False).body)
    assert said == {"status": True, "sms_reply": False, "sms_text": "Tumepokea."}


def test_mgov_sends_nothing_where_there_is_no_number() -> None:
    said = json.loads(mgov().refused("Chaguo si sahihi.", "em_aina", by_sms=False).body)
    assert said == {"success": False, "field": "em_aina", "sms_reply": False, "sms_text": "Chaguo si sahihi."}


def test_mgov_gives_a_form_no_id_so_it_is_known_by_what_it_holds() -> None:
    one = collected(mgov(), msisdn=NUMBER, em_aina="complaint", em_maelezo="Umeme")
    same = collected(mgov(), em_maelezo=" Umeme ", other=1, em_aina="complaint", msisdn=NUMBER)
    assert (one, list(one.fields)) == (same, list(same.fields))
